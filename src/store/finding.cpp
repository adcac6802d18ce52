#include "store/finding.h"

#include "backend/spi.h"
#include "graph/finding.h"

namespace kg_batch::store {

using backend::execute;
using backend::Rows;

// Of each way at most $4 nodes go on, in the order in which they are given back:
// nothing that is left out would have come. Equal facts keep each other company
// (WITH TIES), so that no id decides.
std::vector<Found> find(std::int64_t graph_id, const std::string& text, int most) {
  const graph::NameSearch search = graph::name_search(text);
  std::vector<std::int64_t> same, near;
  for (const graph::BlockKey& block : search.blocks)
    (block.kind == graph::BlockKind::name || block.kind == graph::BlockKind::alias ? same : near).push_back(block.key);
  const Rows rows = execute(
      R"(
WITH exact AS MATERIALIZED (
    SELECT n.node_id FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.label = $2
    ORDER BY n.mentions DESC, n.key LIMIT $4),
called AS MATERIALIZED (
    SELECT i.node_id, max(i.mentions) AS mentions
    FROM kg_batch_internal.alias a
    CROSS JOIN LATERAL (SELECT o.node_id, o.mentions FROM kg_batch_internal.identity o
        WHERE o.graph_id = a.graph_id AND o.identity_id = a.identity_id AND o.node_id IS NOT NULL OFFSET 0) i
    WHERE a.graph_id = $1 AND a.value = $2 AND a.sort IN ('label', 'alias')
    GROUP BY i.node_id),
said AS MATERIALIZED (
    SELECT DISTINCT i.node_id, w.value = $2 AS same
    FROM kg_batch_internal.word w
    CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.word_key o
        WHERE o.graph_id = w.graph_id AND o.decision_id = w.decision_id AND o.split_key IS NULL OFFSET 0) k
    CROSS JOIN LATERAL (SELECT o.node_id FROM kg_batch_internal.identity o
        WHERE o.graph_id = w.graph_id AND o.key = k.key AND o.node_id IS NOT NULL OFFSET 0) i
    CROSS JOIN LATERAL (SELECT o.label, o.aliases FROM kg_batch_internal.node o
        WHERE o.graph_id = w.graph_id AND o.node_id = i.node_id OFFSET 0) n
    WHERE w.graph_id = $1 AND lower(w.value COLLATE "default") = lower($2) AND w.field IN ('label', 'add_alias') AND w.undone_at IS NULL
      AND octet_length(w.value) <= 1000
      AND (n.label = w.value OR w.value = ANY (n.aliases))),
keyed AS MATERIALIZED (
    SELECT i.node_id, i.mentions, 900 AS score FROM kg_batch_internal.identity i
    WHERE i.graph_id = $1 AND i.label_key = $3 AND i.node_id IS NOT NULL
    UNION ALL
    SELECT i.node_id, i.mentions,
        CASE WHEN b.block_key = ANY ($5) AND b.kind IN ('name', 'alias') THEN 800 ELSE 600 END
    FROM kg_batch_internal.block b
    CROSS JOIN LATERAL (SELECT o.node_id, o.mentions FROM kg_batch_internal.identity o
        WHERE o.graph_id = b.graph_id AND o.key = b.key AND o.node_id IS NOT NULL OFFSET 0) i
    WHERE b.graph_id = $1 AND b.block_key = ANY ($5 || $6)),
told AS MATERIALIZED (
    SELECT f.chunk_id, f.n, f.text, (500 * ts_rank(to_tsvector('pg_catalog.simple', f.text), q.query, 32))::int AS score
    FROM websearch_to_tsquery('pg_catalog.simple', $2) AS q (query), kg_batch_internal.fact f
    WHERE f.graph_id = $1 AND f.live AND to_tsvector('pg_catalog.simple', f.text) @@ q.query
    ORDER BY 4 DESC, f.said_at DESC NULLS LAST, f.text COLLATE "C" FETCH FIRST $4 ROWS WITH TIES),
hit (node_id, how, score, fact) AS MATERIALIZED (
    SELECT e.node_id, 'exact', 1000, NULL FROM exact e
    UNION ALL (SELECT c.node_id, 'alias', 950, NULL FROM called c
        CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.node o WHERE o.graph_id = $1 AND o.node_id = c.node_id OFFSET 0) n
        ORDER BY c.mentions DESC, n.key LIMIT 2 * $4)
    UNION ALL SELECT s.node_id, CASE WHEN s.same THEN 'alias' ELSE 'loose' END, CASE WHEN s.same THEN 950 ELSE 900 END, NULL FROM said s
    UNION ALL (SELECT k.node_id, 'loose', max(k.score), NULL FROM keyed k
        CROSS JOIN LATERAL (SELECT o.mentions, o.key FROM kg_batch_internal.node o WHERE o.graph_id = $1 AND o.node_id = k.node_id OFFSET 0) n
        GROUP BY k.node_id, n.mentions, n.key ORDER BY max(k.score) DESC, n.mentions DESC, n.key LIMIT 2 * $4)
    UNION ALL SELECT t.node_id, 'trigram', t.score, NULL FROM kg_batch_internal.find_by_trigrams($1, $2, $4) t
    UNION ALL SELECT i.node_id, 'fact', t.score, t.text FROM told t
        CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.node_mention o
            WHERE o.graph_id = $1 AND o.chunk_id = t.chunk_id AND t.n = ANY (o.facts) AND o.live OFFSET 0) m
        CROSS JOIN LATERAL (SELECT o.node_id FROM kg_batch_internal.identity o
            WHERE o.graph_id = $1 AND o.key = m.key AND o.node_id IS NOT NULL OFFSET 0) i),
best AS MATERIALIZED (
    SELECT DISTINCT ON (h.node_id) h.* FROM hit h ORDER BY h.node_id, h.score DESC, h.how COLLATE "C", h.fact COLLATE "C")
SELECT b.node_id, n.label, n.type, n.class, n.category, b.how, b.score, b.fact
FROM best b
CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.node o WHERE o.graph_id = $1 AND o.node_id = b.node_id OFFSET 0) n
ORDER BY b.score DESC, b.how = 'fact' AND n.is_statement DESC, n.mentions DESC, n.key LIMIT $4)",
      {graph_id, text, search.label_key, most, same, near});
  std::vector<Found> found;
  for (std::size_t i = 0; i < rows.size(); ++i)
    found.push_back({rows.integer(i, 0), rows.text(i, 1), rows.text(i, 2), rows.text(i, 3), rows.text(i, 4), rows.text(i, 5),
                     static_cast<int>(rows.integer(i, 6)), rows.maybe_text(i, 7)});
  return found;
}

}  // namespace kg_batch::store
