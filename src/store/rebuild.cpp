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
  execute(
      "UPDATE kg_batch_internal.node_mention SET key = COALESCE(given_key, key), given_key = NULL, owner = COALESCE(given_owner, owner), "
      " given_owner = NULL, live = true WHERE graph_id = $1 AND (given_key IS NOT NULL OR given_owner IS NOT NULL OR NOT live)",
      {graph_id});
  execute("UPDATE kg_batch_internal.fact SET live = true WHERE graph_id = $1 AND NOT live", {graph_id});
}

}  // namespace

std::int64_t rebuild(std::int64_t graph_id, bool recompare) {
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
    execute("UPDATE kg_batch_internal.identity SET unresolved = true WHERE graph_id = $1 AND NOT is_statement AND NOT unresolved", {graph_id});
    resolve_now(graph_id);
  }
  return execute("SELECT pg_catalog.count(*) FROM kg_batch_internal.node WHERE graph_id = $1", {graph_id}).integer(0, 0);
}

}  // namespace kg_batch::store
