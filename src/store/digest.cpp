#include "store/digest.h"

#include "store/validity.h"

#include "backend/spi.h"

namespace kg_batch::store {

namespace {

// A row's text is that of a composite value: null, empty and quoted values stay
// apart. Nothing in it may depend on a setting: times as microseconds, days as
// numbers. A chunk is known by its conversation and by where its first sentence
// begins and its last one ends. $1 is the graph, $2 its periods.
constexpr char content[] = R"(
WITH place AS MATERIALIZED (
    SELECT c.chunk_id, pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(ROW (v.key, a.message_key, a.version,
            c.starts[c.context_size + 1], b.message_key, b.version, c.ends[pg_catalog.cardinality(c.ends)])::text, 'UTF8')), 'hex') AS key,
        v.key AS conversation, v.participant_names, v.participant_ids
    FROM kg_batch_internal.chunk c
    JOIN kg_batch_internal.conversation v ON v.graph_id = c.graph_id AND v.conversation_id = c.conversation_id
    LEFT JOIN kg_batch_internal.message a ON a.graph_id = c.graph_id AND a.message_id = c.message_ids[c.context_size + 1]
    LEFT JOIN kg_batch_internal.message b ON b.graph_id = c.graph_id
        AND b.message_id = c.message_ids[pg_catalog.cardinality(c.message_ids)]
    WHERE c.graph_id = $1),
content (item) AS (
    SELECT ROW ('graph', COALESCE(g.options ->> 'self', ''), COALESCE(g.options ->> 'names', 'personal'))::text
    FROM kg_batch_internal.graph g WHERE g.graph_id = $1
    UNION ALL
    SELECT ROW ('node', n.key, n.is_statement, n.type, n.class, n.label, n.category, n.aliases, n.attributes, n.hash_tags, n.negated,
        n.modality, n.start_date, n.start_how, n.end_date, n.end_how, n.goal_status,
        (SELECT pg_catalog.string_agg(COALESCE((pg_catalog.lower(d.days) - '2000-01-01'::date)::text, '') || ' '
                || COALESCE((pg_catalog.upper(d.days) - '2000-01-01'::date)::text, ''), ',' ORDER BY d.days)
         FROM pg_catalog.unnest(n.asserted_on) AS d (days)),
        n.confidence, n.importance, n.mentions)::text
    FROM kg_batch_internal.node n WHERE n.graph_id = $1
    UNION ALL
    SELECT ROW ('edge', s.key, e.predicate, t.key, e.negated, e.mentions)::text
    FROM kg_batch_internal.edge e
    JOIN kg_batch_internal.node s ON s.graph_id = e.graph_id AND s.node_id = e.source_id
    JOIN kg_batch_internal.node t ON t.graph_id = e.graph_id AND t.node_id = e.target_id
    WHERE e.graph_id = $1
    UNION ALL
    SELECT ROW ('fact', p.key, f.n, f.text, f.modality, f.negated, f.said_by, p.participant_names[f.said_by],
        p.participant_ids[f.said_by], (EXTRACT(epoch FROM f.said_at) * 1000000)::bigint, m.message_key, m.version)::text
    FROM kg_batch_internal.fact f
    JOIN place p ON p.chunk_id = f.chunk_id
    LEFT JOIN kg_batch_internal.message m ON m.graph_id = f.graph_id AND m.message_id = f.first_message_id
    WHERE f.graph_id = $1 AND f.live
    UNION ALL
    SELECT ROW ('source', p.key, q.fact, q.n, m.message_key, m.version, q.sentence_start, q.sentence_end, q.quote, q.matched,
        q.span_start, q.span_end)::text
    FROM kg_batch_internal.fact_source q
    JOIN kg_batch_internal.fact f ON f.graph_id = q.graph_id AND f.chunk_id = q.chunk_id AND f.n = q.fact AND f.live
    JOIN place p ON p.chunk_id = q.chunk_id
    JOIN kg_batch_internal.message m ON m.graph_id = q.graph_id AND m.message_id = q.message_id
    WHERE q.graph_id = $1
    UNION ALL
    SELECT ROW ('mention', p.key, m.n, m.key, o.key, m.is_statement, m.type, m.class, m.label, m.label_key, m.category, m.named,
        m.aliases, m.attributes, m.hash_tags, m.confidence, m.importance, m.start_date, m.start_how, m.end_date, m.end_how, m.replaces,
        m.goal_status, m.negated, m.modality, m.facts, (EXTRACT(epoch FROM m.said_at) * 1000000)::bigint, m.participant, m.scope,
        m.owner, m.relation, m.given_key, m.given_owner)::text
    FROM kg_batch_internal.node_mention m
    JOIN place p ON p.chunk_id = m.chunk_id
    LEFT JOIN kg_batch_internal.identity i ON i.graph_id = m.graph_id AND i.key = m.key
    LEFT JOIN kg_batch_internal.node o ON o.graph_id = i.graph_id AND o.node_id = i.node_id
    WHERE m.graph_id = $1 AND m.live
    UNION ALL
    SELECT ROW ('role', p.key, r.n, r.statement, r.role, r.target)::text
    FROM kg_batch_internal.edge_mention r
    JOIN kg_batch_internal.node_mention m ON m.graph_id = r.graph_id AND m.chunk_id = r.chunk_id AND m.n = r.statement AND m.live
    JOIN place p ON p.chunk_id = r.chunk_id
    WHERE r.graph_id = $1
    UNION ALL
    SELECT ROW ('taxon', o.key, x.path, x.score, x.is_primary)::text
    FROM kg_batch_internal.node_taxon x
    JOIN kg_batch_internal.node o ON o.graph_id = x.graph_id AND o.node_id = x.node_id
    WHERE x.graph_id = $1
    UNION ALL
    SELECT ROW ('review', r.verdict, LEAST(a.key, b.key), GREATEST(a.key, b.key), r.finding)::text
    FROM kg_batch_internal.review_row r
    LEFT JOIN kg_batch_internal.node a ON a.graph_id = r.graph_id AND a.node_id = r.node_a
    LEFT JOIN kg_batch_internal.node b ON b.graph_id = r.graph_id AND b.node_id = r.node_b
    WHERE r.graph_id = $1
    UNION ALL
    SELECT ROW ('periods', u.text)::text FROM pg_catalog.unnest($2) AS u (text)))";

// The same with other numbers of its parameters.
std::string content_by(const char* graph, const char* periods) {
  std::string text = content;
  const auto put = [&](const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  };
  put("$2", periods);
  put("$1", graph);
  return text;
}

std::vector<std::string> periods_of(std::int64_t graph_id) {
  std::vector<std::string> periods;
  for (const StateValidity& state : validity_in(graph_id, std::nullopt)) periods.push_back(digest_text(state));
  return periods;
}

}  // namespace

std::string graph_digest(std::int64_t graph_id) {
  // A statement is known by its address, so it stays.
  static const std::string sql = std::string(content) + R"(,
hashed AS (
    SELECT pg_catalog.sha256(pg_catalog.convert_to(c.item, 'UTF8')) AS hash FROM content c),
buckets AS (
    SELECT pg_catalog.substr(h.hash, 1, 2) AS bucket,
        pg_catalog.sha256(pg_catalog.string_agg(h.hash, ''::bytea ORDER BY h.hash)) AS hash
    FROM hashed h GROUP BY 1)
SELECT pg_catalog.encode(pg_catalog.sha256('kg_batch digest 1'::bytea
    || COALESCE(pg_catalog.string_agg(b.hash, ''::bytea ORDER BY b.bucket), ''::bytea)), 'hex')
FROM buckets b)";
  return backend::execute(sql.c_str(), {graph_id, periods_of(graph_id)}).text(0, 0);
}

std::vector<Difference> compare(std::int64_t graph_a, std::int64_t graph_b) {
  // Items begin with what they are; quotes are an auditor's, so a source is shown by where it stands.
  static const std::string sql = "WITH a (item) AS MATERIALIZED (" + content_by("$1", "$2") + " SELECT item FROM content), b (item) AS MATERIALIZED (" +
                          content_by("$3", "$4") + " SELECT item FROM content), " + R"(
    differs (first, item) AS (
        SELECT true, o.item FROM (SELECT item FROM a EXCEPT ALL SELECT item FROM b) o
        UNION ALL SELECT false, o.item FROM (SELECT item FROM b EXCEPT ALL SELECT item FROM a) o)
    SELECT d.first, w.what, CASE WHEN w.what = 'source' THEN pg_catalog.substring(d.item, '^\(source,[^,]*,[0-9]+,[0-9]+') || ')' ELSE d.item END
    FROM differs d CROSS JOIN LATERAL (SELECT pg_catalog.substring(d.item, '^\(([a-z]+)') AS what) w
    ORDER BY pg_catalog.array_position(ARRAY['graph', 'node', 'edge', 'fact'], w.what), w.what COLLATE "C", d.item COLLATE "C", d.first DESC)";
  const auto rows = backend::execute(sql.c_str(), {graph_a, periods_of(graph_a), graph_b, periods_of(graph_b)});
  std::vector<Difference> differences;
  for (std::size_t i = 0; i < rows.size(); ++i) differences.push_back({rows.boolean(i, 0), rows.text(i, 1), rows.text(i, 2)});
  return differences;
}

}  // namespace kg_batch::store
