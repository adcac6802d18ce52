#include "store/live_facts.h"

#include "backend/spi.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;

std::set<std::string> settle_facts(std::int64_t graph_id, const std::vector<std::int64_t>& chunks) {
  // count(*), not EXISTS: that the planner may hash, which reads the whole graph.
  const Rows facts = execute_generic(
      // Of several readings of a chunk the newest counts that is in the graph whole.
      "WITH chunks AS MATERIALIZED (SELECT c.chunk_id, (SELECT pg_catalog.count(*) FROM (SELECT r.reading, "
      "    pg_catalog.bool_and(r.folded OR r.chunk_id = o.chunk_id) AS whole FROM kg_batch_internal.chunk r "
      "    WHERE r.graph_id = $1 AND r.rereads = COALESCE(o.rereads, o.chunk_id) AND r.reading >= o.reading GROUP BY r.reading) x "
      "   WHERE x.whole <> (x.reading = o.reading)) = 0 AS counts "
      "  FROM unnest($2) AS c (chunk_id) CROSS JOIN LATERAL (SELECT k.chunk_id, k.rereads, k.reading FROM kg_batch_internal.chunk k "
      "   WHERE k.graph_id = $1 AND k.chunk_id = c.chunk_id OFFSET 0) o), "
      "changed AS MATERIALIZED (SELECT $1 AS graph_id, o.* FROM chunks c CROSS JOIN LATERAL ("
      "  SELECT f.chunk_id, f.n, f.live, c.counts AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.fact_source s WHERE s.graph_id = $1 "
      "    AND s.chunk_id = f.chunk_id AND s.fact = f.n AND (SELECT m.replaced FROM kg_batch_internal.message m "
      "     WHERE m.graph_id = $1 AND m.message_id = s.message_id)) = 0 "
      "   AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.word_fact x WHERE x.graph_id = $1 AND x.chunk_id = f.chunk_id AND x.fact = f.n "
      "     AND (SELECT w.verb = 'retract' AND w.undone_at IS NULL FROM kg_batch_internal.word w WHERE w.graph_id = $1 "
      "      AND w.decision_id = x.decision_id)) = 0 AS counts "
      "  FROM kg_batch_internal.fact f WHERE f.graph_id = $1 AND f.chunk_id = c.chunk_id OFFSET 0) o WHERE o.live <> o.counts) "
      "UPDATE kg_batch_internal.fact f SET live = c.counts FROM changed c "
      "WHERE f.graph_id = c.graph_id AND f.chunk_id = c.chunk_id AND f.n = c.n RETURNING f.chunk_id",
      {graph_id, chunks});
  std::set<std::int64_t> touched;
  for (std::size_t i = 0; i < facts.size(); ++i) touched.insert(facts.integer(i, 0));
  std::set<std::string> keys;
  if (touched.empty()) return keys;
  // Statements may stand on statements, so this goes on until nothing changes.
  // None stands on itself, so it ends the same from wherever it began.
  for (;;) {
    const Rows mentions = execute_generic(
        "WITH changed AS MATERIALIZED (SELECT $1 AS graph_id, o.* FROM unnest($2) AS c (chunk_id) CROSS JOIN LATERAL ("
        "  SELECT m.chunk_id, m.n, m.live, ("
        "    (SELECT pg_catalog.count(*) FROM kg_batch_internal.fact f WHERE f.graph_id = $1 AND f.chunk_id = m.chunk_id "
        "      AND f.n = ANY (m.facts) AND f.live) > 0 "
        "    OR (SELECT pg_catalog.count(*) FROM kg_batch_internal.edge_mention e WHERE e.graph_id = $1 AND e.chunk_id = m.chunk_id "
        "      AND e.target = m.n AND (SELECT s.live FROM kg_batch_internal.node_mention s WHERE s.graph_id = $1 "
        "       AND s.chunk_id = e.chunk_id AND s.n = e.statement)) > 0) AS counts "
        "  FROM kg_batch_internal.node_mention m WHERE m.graph_id = $1 AND m.chunk_id = c.chunk_id OFFSET 0) o WHERE o.live <> o.counts) "
        "UPDATE kg_batch_internal.node_mention m SET live = c.counts FROM changed c "
        "WHERE m.graph_id = c.graph_id AND m.chunk_id = c.chunk_id AND m.n = c.n RETURNING m.key",
        {graph_id, std::vector<std::int64_t>(touched.begin(), touched.end())});
    if (mentions.empty()) return keys;
    for (std::size_t i = 0; i < mentions.size(); ++i) keys.insert(mentions.text(i, 0));
  }
}

}  // namespace kg_batch::store
