#include "store/resolution_caps.h"

#include <algorithm>
#include <string>

#include "backend/bridge.h"
#include "backend/spi.h"

namespace kg_batch::store {

using backend::execute_generic;

void note_crowded_blocks(std::int64_t graph_id, const std::vector<std::int64_t>& block_keys) {
  if (block_keys.empty()) return;
  std::vector<std::int64_t> keys = block_keys;
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  execute_generic("INSERT INTO kg_batch_internal.crowded_block (graph_id, block_key) SELECT $1, u.key FROM unnest($2) AS u (key) "
          "WHERE (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.block b WHERE b.graph_id = $1 AND b.block_key = u.key LIMIT $3) m) = $3 "
          "ON CONFLICT DO NOTHING",
          {graph_id, keys, whole_block + 1});
}

void note_held_apart(std::int64_t graph_id, const std::set<graph::Key>& members, const std::vector<graph::SkippedPair>& skipped) {
  std::vector<std::string> keys, as, bs;
  for (const graph::Key& key : members) keys.push_back(graph::text_of(key));
  for (const graph::SkippedPair& one : skipped) {
    if (one.reason != graph::one_of_two_needed) continue;
    as.push_back(graph::text_of(one.pair.a));
    bs.push_back(graph::text_of(one.pair.b));
  }
  execute_generic("DELETE FROM kg_batch_internal.held_apart h USING (SELECT $1 AS graph_id, o.key FROM unnest($2::uuid[]) AS o (key) OFFSET 0) u "
          "WHERE h.graph_id = u.graph_id AND h.key_a = u.key",
          {graph_id, keys});
  execute_generic("DELETE FROM kg_batch_internal.held_apart h USING (SELECT $1 AS graph_id, o.key FROM unnest($2::uuid[]) AS o (key) OFFSET 0) u "
          "WHERE h.graph_id = u.graph_id AND h.key_b = u.key",
          {graph_id, keys});
  if (as.empty()) return;
  execute_generic("INSERT INTO kg_batch_internal.held_apart (graph_id, key_a, key_b) SELECT DISTINCT $1, u.a::uuid, u.b::uuid FROM unnest($2, $3) AS u (a, b) "
          "ORDER BY 2, 3 ON CONFLICT DO NOTHING",
          {graph_id, as, bs});
}

void drop_uncrowded_blocks(std::int64_t graph_id) {
  execute_generic("DELETE FROM kg_batch_internal.crowded_block c WHERE c.graph_id = $1 AND (SELECT pg_catalog.count(*) FROM ("
          " SELECT FROM kg_batch_internal.block b WHERE b.graph_id = $1 AND b.block_key = c.block_key LIMIT $2) m) < $2",
          {graph_id, whole_block + 1});
}

}  // namespace kg_batch::store
