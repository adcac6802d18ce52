#include "store/rebuild.h"

#include <algorithm>
#include <vector>

#include "backend/spi.h"
#include "store/round.h"

namespace kg_batch::store {

using backend::execute;
using backend::Rows;

namespace {

constexpr std::size_t chunks_at_once = 2'000;

// All that follows from mentions, facts and decisions goes; ids are kept by key.
void clear(std::int64_t graph_id) {
  execute(
      "INSERT INTO kg_batch_internal.former_identity AS f (graph_id, key, identity_id, node_id) "
      "SELECT graph_id, key, identity_id, COALESCE(first_node_id, node_id) FROM kg_batch_internal.identity WHERE graph_id = $1 "
      "ON CONFLICT (graph_id, key) DO UPDATE SET identity_id = EXCLUDED.identity_id, node_id = EXCLUDED.node_id",
      {graph_id});
  execute("DELETE FROM kg_batch_internal.edge WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.identity WHERE graph_id = $1", {graph_id});  // with forms and blocks
  execute("DELETE FROM kg_batch_internal.node WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.crowded_block WHERE graph_id = $1", {graph_id});
  execute(
      "UPDATE kg_batch_internal.node_mention SET key = COALESCE(given_key, key), given_key = NULL, owner = COALESCE(given_owner, owner), "
      " given_owner = NULL, live = true WHERE graph_id = $1 AND (given_key IS NOT NULL OR given_owner IS NOT NULL OR NOT live)",
      {graph_id});
  execute("UPDATE kg_batch_internal.fact SET live = true WHERE graph_id = $1 AND NOT live", {graph_id});
}

struct Ids {
  std::vector<std::int64_t> nodes;
  std::vector<std::string> keys;
};

Ids ids_of_nodes(std::int64_t graph_id) {
  const Rows rows = execute("SELECT n.node_id, n.key FROM kg_batch_internal.node n WHERE n.graph_id = $1", {graph_id});
  Ids ids;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ids.nodes.push_back(rows.integer(i, 0));
    ids.keys.push_back(rows.text(i, 1));
  }
  return ids;
}

// Which of several ids a statement keeps can depend on the way to it; each of them
// leads to it still.
void lead_old_ids(std::int64_t graph_id, const Ids& before) {
  execute(
      "INSERT INTO kg_batch_internal.node_redirect AS r (graph_id, old_node_id, node_id) "
      "SELECT $1, u.node_id, i.node_id FROM unnest($2, $3::uuid[]) AS u (node_id, key) "
      "CROSS JOIN LATERAL (SELECT o.node_id FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.key = u.key AND o.node_id <> u.node_id OFFSET 0) i "
      "WHERE (SELECT pg_catalog.count(*) FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.node_id = u.node_id) = 0 "
      "ON CONFLICT (graph_id, old_node_id) DO UPDATE SET node_id = EXCLUDED.node_id",
      {graph_id, before.nodes, before.keys});
  execute(
      "UPDATE kg_batch_internal.node_redirect r SET node_id = t.node_id FROM kg_batch_internal.node_redirect t "
      "WHERE r.graph_id = $1 AND t.graph_id = $1 AND t.old_node_id = r.node_id",
      {graph_id});
  execute(
      "DELETE FROM kg_batch_internal.node_redirect r USING kg_batch_internal.node n WHERE r.graph_id = $1 AND n.graph_id = $1 AND n.node_id = r.old_node_id",
      {graph_id});
}

}  // namespace

std::int64_t rebuild(std::int64_t graph_id, bool recompare) {
  const Ids before = ids_of_nodes(graph_id);
  clear(graph_id);
  const Rows folded = execute(
      "UPDATE kg_batch_internal.chunk SET folded = false WHERE graph_id = $1 AND folded RETURNING chunk_id", {graph_id});
  std::vector<std::int64_t> chunks;
  for (std::size_t i = 0; i < folded.size(); ++i) chunks.push_back(folded.integer(i, 0));
  std::sort(chunks.begin(), chunks.end());
  for (std::size_t from = 0; from < chunks.size(); from += chunks_at_once) {
    const auto first = chunks.begin() + static_cast<std::ptrdiff_t>(from);
    fold_chunks(graph_id, {first, chunks.begin() + static_cast<std::ptrdiff_t>(std::min(chunks.size(), from + chunks_at_once))});
  }
  if (recompare) {
    execute("UPDATE kg_batch_internal.identity SET unresolved = true WHERE graph_id = $1 AND NOT unresolved", {graph_id});
    resolve_now(graph_id, 0, true);
  }
  lead_old_ids(graph_id, before);
  return execute("SELECT pg_catalog.count(*) FROM kg_batch_internal.node WHERE graph_id = $1", {graph_id}).integer(0, 0);
}

}  // namespace kg_batch::store
