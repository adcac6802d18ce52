#include "store/near_texts.h"

#include "graph/embedding_text.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/unresolved.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;

void compare_new_vectors(std::int64_t graph_id) {
  if (execute_generic("SELECT FROM kg_batch_internal.embedding e WHERE e.graph_id = $1 AND e.to_compare LIMIT 1", {graph_id}).processed() == 0) return;
  const Rows rows = execute_generic("SELECT n.key FROM kg_batch_internal.find_near_texts($1, $2) n (key)", {graph_id, graph::near_floor});
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < rows.size(); ++i) keys.push_back(rows.text(i, 0));
  if (!keys.empty()) mark_unresolved(graph_id, keys);
}

std::vector<std::pair<std::string, std::string>> near_pairs(std::int64_t graph_id, const std::vector<std::string>& keys) {
  const Rows rows = execute_generic(
      "SELECT DISTINCT u.key, k.key FROM unnest($2::uuid[]) AS u (key) "
      "CROSS JOIN LATERAL (SELECT x.identity_id FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.key = u.key OFFSET 0) i "
      "CROSS JOIN LATERAL (SELECT x.embedding_id FROM kg_batch_internal.identity_text x WHERE x.graph_id = $1 AND x.identity_id = i.identity_id "
      "  AND x.embedding_id IS NOT NULL OFFSET 0) t "
      "CROSS JOIN LATERAL ((SELECT x.b AS other FROM kg_batch_internal.near_text x WHERE x.graph_id = $1 AND x.a = t.embedding_id) UNION ALL "
      "  (SELECT x.a FROM kg_batch_internal.near_text x WHERE x.graph_id = $1 AND x.b = t.embedding_id)) n "
      "CROSS JOIN LATERAL (SELECT x.identity_id FROM kg_batch_internal.identity_text x WHERE x.graph_id = $1 AND x.embedding_id = n.other OFFSET 0) o "
      "CROSS JOIN LATERAL (SELECT x.key FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.identity_id = o.identity_id OFFSET 0) k "
      "WHERE k.key <> u.key",
      {graph_id, keys});
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i < rows.size(); ++i) pairs.emplace_back(rows.text(i, 0), rows.text(i, 1));
  return pairs;
}

}  // namespace kg_batch::store
