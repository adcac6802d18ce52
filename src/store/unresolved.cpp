#include "store/unresolved.h"

#include "backend/bridge.h"
#include "backend/spi.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;

void mark_unresolved(std::int64_t graph_id, const std::vector<std::string>& keys) {
  execute_generic("UPDATE kg_batch_internal.identity i SET unresolved = true FROM ("
          " SELECT DISTINCT $1 AS graph_id, o.identity_id FROM (SELECT DISTINCT (SELECT x.node_id FROM kg_batch_internal.identity x "
          "   WHERE x.graph_id = $1 AND x.key = u.key) AS node_id FROM unnest($2::uuid[]) AS u (key)) n "
          " CROSS JOIN LATERAL (SELECT x.identity_id FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.node_id = n.node_id OFFSET 0) o) u "
          "WHERE i.graph_id = u.graph_id AND i.identity_id = u.identity_id",
          {graph_id, keys});
}

// A veto that comes matters to two that are one node, or that meet in a block or by embeddings; what
// is new is looked at anyway.
void mark_brought_together(std::int64_t graph_id, const std::vector<std::int64_t>& chunks) {
  execute_generic(
      "WITH roles AS MATERIALIZED (SELECT DISTINCT e.chunk_id, e.statement, t.key FROM unnest($2) AS c (chunk_id) "
      "  CROSS JOIN LATERAL (SELECT o.chunk_id, o.statement, o.target FROM kg_batch_internal.edge_mention o "
      "    WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id OFFSET 0) e "
      "  CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.chunk_id = e.chunk_id "
      "    AND o.n = e.target AND o.live OFFSET 0) t "
      "  WHERE (SELECT o.live FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.chunk_id = e.chunk_id AND o.n = e.statement)), "
      "pairs AS MATERIALIZED (SELECT DISTINCT a.key AS a, b.key AS b FROM (SELECT pg_catalog.array_agg(key) AS keys FROM roles "
      "   GROUP BY chunk_id, statement) r CROSS JOIN LATERAL unnest(r.keys) AS a (key) CROSS JOIN LATERAL unnest(r.keys) AS b (key) WHERE a.key < b.key), "
      "met AS MATERIALIZED (SELECT p.a, p.b FROM pairs p WHERE (SELECT x.node_id FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.key = p.a) "
      "   = (SELECT x.node_id FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.key = p.b) "
      "  OR (SELECT pg_catalog.count(*) FROM kg_batch_internal.block x WHERE x.graph_id = $1 AND x.key = p.a AND x.block_key IN "
      "   (SELECT y.block_key FROM kg_batch_internal.block y WHERE y.graph_id = $1 AND y.key = p.b)) > 0 "
      "  OR kg_batch_internal.are_near($1, p.a, p.b)), "
      "ends AS MATERIALIZED (SELECT DISTINCT $1 AS graph_id, v.key FROM met m CROSS JOIN LATERAL (VALUES (m.a), (m.b)) AS v (key)) "
      "UPDATE kg_batch_internal.identity i SET unresolved = true FROM ends e WHERE i.graph_id = e.graph_id AND i.key = e.key AND NOT i.unresolved",
      {graph_id, chunks});
}

// A veto that goes may have parted what is in no block together.
void mark_participants(std::int64_t graph_id, const std::vector<std::string>& statements) {
  execute_generic(
      "WITH things AS MATERIALIZED (SELECT DISTINCT $1 AS graph_id, t.key FROM unnest($2::uuid[]) AS u (key) "
      "  CROSS JOIN LATERAL (SELECT o.chunk_id, o.n FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.key = u.key AND o.is_statement OFFSET 0) s "
      "  CROSS JOIN LATERAL (SELECT o.target FROM kg_batch_internal.edge_mention o WHERE o.graph_id = $1 AND o.chunk_id = s.chunk_id "
      "    AND o.statement = s.n OFFSET 0) e "
      "  CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.chunk_id = s.chunk_id AND o.n = e.target OFFSET 0) t) "
      "UPDATE kg_batch_internal.identity i SET unresolved = true FROM things t WHERE i.graph_id = t.graph_id AND i.key = t.key AND NOT i.unresolved",
      {graph_id, statements});
}

void mark_who_states_a_name(std::int64_t graph_id) {
  execute_generic(
      "WITH fresh AS MATERIALIZED (SELECT i.identity_id, i.label_key FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.unresolved AND NOT i.is_statement), "
      "names AS MATERIALIZED (SELECT f.label_key AS value FROM fresh f UNION SELECT a.value FROM fresh f CROSS JOIN LATERAL ("
      "   SELECT o.value FROM kg_batch_internal.alias o WHERE o.graph_id = $1 AND o.identity_id = f.identity_id AND o.sort = 'stated' OFFSET 0) a), "
      "stating AS MATERIALIZED (SELECT DISTINCT $1 AS graph_id, s.identity_id FROM names n CROSS JOIN LATERAL ("
      "   SELECT o.identity_id FROM kg_batch_internal.alias o WHERE o.graph_id = $1 AND o.sort = 'stated' AND o.value = n.value OFFSET 0) s) "
      "UPDATE kg_batch_internal.identity i SET unresolved = true FROM stating s "
      "WHERE i.graph_id = s.graph_id AND i.identity_id = s.identity_id AND NOT i.unresolved",
      {graph_id});
}

void mark_addressed(std::int64_t graph_id, const std::vector<std::int64_t>& conversations) {
  if (conversations.empty()) return;
  execute_generic(
      "WITH addressed AS MATERIALIZED (SELECT DISTINCT $1 AS graph_id, o.identity_id FROM unnest($2) AS c (conversation_id) CROSS JOIN LATERAL ("
      "   SELECT x.identity_id FROM kg_batch_internal.occurrence x WHERE x.graph_id = $1 AND x.conversation_id = c.conversation_id "
      "    AND x.addressed_by <> '{}' OFFSET 0) o) "
      "UPDATE kg_batch_internal.identity i SET unresolved = true FROM addressed a "
      "WHERE i.graph_id = a.graph_id AND i.identity_id = a.identity_id AND NOT i.unresolved",
      {graph_id, conversations});
}

std::vector<std::int64_t> conversations_of(std::int64_t graph_id, const std::vector<std::int64_t>& chunks) {
  return execute_generic(
      "SELECT DISTINCT (SELECT o.conversation_id FROM kg_batch_internal.chunk o WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id) "
      "FROM unnest($2) AS c (chunk_id)",
      {graph_id, chunks}).column(0);
}

std::vector<std::int64_t> conversations_with(std::int64_t graph_id, const std::vector<std::string>& keys) {
  return execute_generic(
      "SELECT DISTINCT o.conversation_id FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("
      " SELECT x.conversation_id FROM kg_batch_internal.occurrence x WHERE x.graph_id = $1 AND x.identity_id = "
      "  (SELECT i.identity_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = u.key) OFFSET 0) o",
      {graph_id, keys}).column(0);
}

}  // namespace kg_batch::store
