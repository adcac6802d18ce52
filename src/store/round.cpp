#include "store/round.h"

#include "backend/bridge.h"
#include "backend/spi.h"

namespace kg_batch::store {

using backend::execute;
using backend::Rows;
using backend::Uuid;

namespace {

// Mentions to fold are named in one way everywhere: those of `chunks` that are
// live, or, with keys, all live mentions of those identities in folded chunks.
struct Scope {
  std::vector<std::int64_t> chunks;
  std::vector<std::string> keys;  // uuids as text; empty: by chunk
  bool by_key = false;
};

#define FOLDED_MENTIONS                                                                                                  \
  "mentions AS MATERIALIZED (SELECT m.* FROM kg_batch_internal.node_mention m WHERE m.graph_id = $1 AND m.live "         \
  "  AND m.chunk_id = ANY ($2) AND NOT $4 "                                                                              \
  " UNION ALL SELECT m.* FROM kg_batch_internal.node_mention m JOIN kg_batch_internal.chunk c "                          \
  "  ON c.graph_id = m.graph_id AND c.chunk_id = m.chunk_id AND c.folded "                                               \
  "  WHERE m.graph_id = $1 AND m.live AND $4 AND m.key = ANY ($3::uuid[]))"

// One identity for each key. What a key says is the same for all its mentions,
// so it does not matter which of them is looked at.
void make_identities(std::int64_t graph_id, const Scope& scope) {
  execute(
      "WITH " FOLDED_MENTIONS
      ", one AS (SELECT DISTINCT ON (key) * FROM mentions ORDER BY key, order_key, chunk_id, n) "
      "INSERT INTO kg_batch_internal.identity (graph_id, key, is_statement, class, type, kind, label_key, negated, named, scope, roles, "
      " role_keys) "
      "SELECT $1, o.key, o.is_statement, o.class, o.type, o.category, o.label_key, o.negated, o.named, o.scope, "
      " COALESCE(r.roles, '{}'), COALESCE(r.role_keys, '{}') "
      "FROM one o LEFT JOIN LATERAL (SELECT pg_catalog.array_agg(x.role ORDER BY x.role, x.key) AS roles, "
      "  pg_catalog.array_agg(x.key ORDER BY x.role, x.key) AS role_keys FROM ("
      "   SELECT DISTINCT e.role, t.key FROM kg_batch_internal.edge_mention e JOIN kg_batch_internal.node_mention t "
      "    ON t.graph_id = $1 AND t.chunk_id = e.chunk_id AND t.n = e.target "
      "   WHERE e.graph_id = $1 AND e.chunk_id = o.chunk_id AND e.statement = o.n) x) r ON o.is_statement "
      "ORDER BY o.key ON CONFLICT (graph_id, key) DO NOTHING",
      {graph_id, scope.chunks, scope.keys, scope.by_key});
}

// Counts and bests are added to what the identity has. Only what was asserted or
// reported dates, confirms or closes.
void add_to_identities(std::int64_t graph_id, const Scope& scope) {
  execute(
      "WITH " FOLDED_MENTIONS
      ", sums AS (SELECT key, pg_catalog.count(*) AS n, pg_catalog.max(confidence) AS confidence, pg_catalog.max(importance) AS importance, "
      "  pg_catalog.min(pg_catalog.array_position(ARRAY['asserted', 'reported', 'planned', 'possible', 'hypothetical'], modality)) AS modality, "
      "  pg_catalog.max(order_key || E'\\x1f' || goal_status) FILTER (WHERE goal_status IS NOT NULL) AS goal, "
      "  COALESCE(pg_catalog.range_agg(pg_catalog.daterange((said_at AT TIME ZONE 'UTC')::date, (said_at AT TIME ZONE 'UTC')::date, '[]')) "
      "   FILTER (WHERE type = 'State' AND NOT negated AND modality IN ('asserted', 'reported') AND said_at IS NOT NULL), "
      "   '{}'::datemultirange) AS asserted_on "
      " FROM mentions GROUP BY key) "
      "UPDATE kg_batch_internal.identity i SET mentions = i.mentions + s.n, confidence = GREATEST(i.confidence, s.confidence), "
      " importance = GREATEST(i.importance, s.importance), modality = LEAST(i.modality, s.modality), goal = GREATEST(i.goal, s.goal), "
      " asserted_on = i.asserted_on + s.asserted_on FROM sums s WHERE i.graph_id = $1 AND i.key = s.key",
      {graph_id, scope.chunks, scope.keys, scope.by_key});
  execute(
      "WITH " FOLDED_MENTIONS
      ", said AS (SELECT key, v.sort, v.value FROM mentions m CROSS JOIN LATERAL ("
      "   VALUES ('label', m.label), ('category', m.category), ('type', m.type), ('class', m.class), "
      "    ('start', CASE WHEN m.modality IN ('asserted', 'reported') THEN m.start_date || ' ' || m.start_how END), "
      "    ('end', CASE WHEN m.modality IN ('asserted', 'reported') THEN m.end_date || ' ' || m.end_how END)) AS v (sort, value) "
      "  WHERE v.value IS NOT NULL "
      "  UNION ALL SELECT key, 'alias', a FROM mentions m CROSS JOIN LATERAL unnest(m.aliases) AS a "
      "  UNION ALL SELECT key, 'tag', t FROM mentions m CROSS JOIN LATERAL unnest(m.hash_tags) AS t "
      "  UNION ALL SELECT key, 'attribute', t FROM mentions m CROSS JOIN LATERAL unnest(m.attributes) AS t) "
      "INSERT INTO kg_batch_internal.alias AS a (graph_id, identity_id, sort, value, count) "
      "SELECT $1, i.identity_id, s.sort, s.value, pg_catalog.count(*) FROM said s "
      "JOIN kg_batch_internal.identity i ON i.graph_id = $1 AND i.key = s.key "
      "GROUP BY i.identity_id, s.sort, s.value ORDER BY i.identity_id, s.sort, s.value "
      "ON CONFLICT (graph_id, identity_id, sort, value) DO UPDATE SET count = a.count + EXCLUDED.count",
      {graph_id, scope.chunks, scope.keys, scope.by_key});
}

// Identities without a node get theirs. Equality of statements is derived here,
// over canonical kinds and roles and the nodes that take part, never stored in
// their keys; so a statement waits until what takes part in it has nodes.
std::int64_t make_nodes(std::int64_t graph_id) {
  std::int64_t made = 0;
  for (;;) {
    const Rows rows = execute(
        "WITH fresh AS MATERIALIZED (SELECT i.* FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id IS NULL), "
        // One look-up a role by unique index, whatever the planner thinks of the
        // tables' size: joined, it scanned all identities for each.
        "canon AS MATERIALIZED (SELECT sort, name, canonical FROM kg_batch_internal.canonical), "
        "derived AS MATERIALIZED (SELECT f.identity_id, f.is_statement, "
        "  CASE WHEN NOT f.is_statement THEN f.key ELSE pg_catalog.encode(pg_catalog.substr(pg_catalog.sha256(pg_catalog.convert_to("
        "    pg_catalog.concat_ws(E'\\x1f', f.type, COALESCE((SELECT c.canonical FROM canon c WHERE c.sort = 'kind' AND c.name = f.kind), f.kind), "
        "     f.negated::text, f.label_key, f.scope, r.roles), 'UTF8')), 1, 16), 'hex')::uuid END AS key "
        " FROM fresh f CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS expected, pg_catalog.count(y.key) AS there, "
        "   pg_catalog.string_agg(y.role || E'\\x1e' || y.key, E'\\x1d' ORDER BY y.role COLLATE \"C\", y.key) AS roles "
        "  FROM (SELECT COALESCE((SELECT c.canonical FROM canon c WHERE c.sort = 'role' AND c.name = x.role), x.role) AS role, "
        "    (SELECT n.key FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.node_id = "
        "     (SELECT t.node_id FROM kg_batch_internal.identity t WHERE t.graph_id = $1 AND t.key = x.key)) AS key "
        "   FROM unnest(f.roles, f.role_keys) AS x (role, key) OFFSET 0) y) r "
        " WHERE r.expected = r.there), "
        "made AS (INSERT INTO kg_batch_internal.node (graph_id, key, is_statement) SELECT DISTINCT ON (key) $1, key, is_statement FROM derived "
        "  ORDER BY key ON CONFLICT (graph_id, key) DO NOTHING RETURNING node_id, key), "
        "known AS (SELECT node_id, key FROM made UNION ALL SELECT n.node_id, n.key FROM kg_batch_internal.node n "
        "  WHERE n.graph_id = $1 AND n.key IN (SELECT key FROM derived)), "
        "linked AS (UPDATE kg_batch_internal.identity i SET node_id = k.node_id FROM derived d JOIN known k ON k.key = d.key "
        "  WHERE i.graph_id = $1 AND i.identity_id = d.identity_id RETURNING 1) "
        "SELECT (SELECT pg_catalog.count(*) FROM made), (SELECT pg_catalog.count(*) FROM linked)",
        {graph_id});
    made += rows.integer(0, 0);
    if (rows.integer(0, 1) == 0) return made;
  }
}

// What the nodes of these identities show, out of the identities' sums.
void refold_nodes(std::int64_t graph_id, const Scope& scope) {
  execute(
      "WITH " FOLDED_MENTIONS
      ", touched AS MATERIALIZED (SELECT DISTINCT i.node_id FROM kg_batch_internal.identity i "
      "  WHERE i.graph_id = $1 AND i.key IN (SELECT key FROM mentions)), "
      "members AS MATERIALIZED (SELECT i.* FROM kg_batch_internal.identity i JOIN touched t ON i.graph_id = $1 AND i.node_id = t.node_id), "
      "forms AS MATERIALIZED (SELECT m.node_id, a.sort, a.value, pg_catalog.sum(a.count)::bigint AS count FROM members m "
      "  JOIN kg_batch_internal.alias a ON a.graph_id = $1 AND a.identity_id = m.identity_id GROUP BY m.node_id, a.sort, a.value), "
      "best AS (SELECT DISTINCT ON (node_id, sort) node_id, sort, value FROM forms WHERE sort IN ('label', 'category', 'type', 'class') "
      "  ORDER BY node_id, sort, count DESC, pg_catalog.length(value) DESC, value), "
      "dates AS (SELECT DISTINCT ON (node_id, sort) node_id, sort, pg_catalog.split_part(value, ' ', 1) AS date, pg_catalog.split_part(value, ' ', 2) AS how "
      "  FROM forms WHERE sort IN ('start', 'end') "
      "  ORDER BY node_id, sort, pg_catalog.array_position(ARRAY['actual', 'inferred', 'estimated'], pg_catalog.split_part(value, ' ', 2)), "
      "   pg_catalog.length(value) DESC, value), "
      "ranked AS (SELECT f.*, pg_catalog.row_number() OVER (PARTITION BY f.node_id, f.sort ORDER BY f.count DESC, f.value) AS rank FROM forms f "
      "  LEFT JOIN best l ON l.node_id = f.node_id AND l.sort = 'label' AND f.value = l.value "
      "  WHERE f.sort IN ('alias', 'tag', 'attribute', 'label') AND l.value IS NULL), "
      "lists AS (SELECT node_id, "
      "  pg_catalog.array_agg(DISTINCT value) FILTER (WHERE sort IN ('alias', 'label')) AS aliases, "
      "  pg_catalog.array_agg(value ORDER BY rank) FILTER (WHERE sort = 'tag') AS tags, "
      "  pg_catalog.array_agg(value ORDER BY value) FILTER (WHERE sort = 'attribute') AS attributes FROM ranked WHERE rank <= 20 GROUP BY node_id), "
      "sums AS (SELECT node_id, pg_catalog.sum(mentions)::bigint AS mentions, pg_catalog.max(confidence) AS confidence, "
      "  pg_catalog.max(importance) AS importance, pg_catalog.min(modality) AS modality, pg_catalog.max(goal) AS goal, "
      "  pg_catalog.range_agg(asserted_on) AS asserted_on, pg_catalog.bool_or(negated) AS negated FROM members GROUP BY node_id) "
      "UPDATE kg_batch_internal.node n SET mentions = s.mentions, confidence = s.confidence, importance = s.importance, negated = s.negated, "
      " modality = (ARRAY['asserted', 'reported', 'planned', 'possible', 'hypothetical'])[s.modality], "
      " goal_status = pg_catalog.regexp_replace(s.goal, E'^.*\\x1f', ''), asserted_on = COALESCE(s.asserted_on, '{}'), "
      " label = l.value, category = c.value, type = t.value, class = k.value, "
      " start_date = b.date, start_how = b.how, end_date = e.date, end_how = e.how, "
      " aliases = COALESCE(x.aliases, '{}'), hash_tags = COALESCE(x.tags, '{}'), attributes = COALESCE(x.attributes, '{}') "
      "FROM sums s JOIN best l ON l.node_id = s.node_id AND l.sort = 'label' JOIN best c ON c.node_id = s.node_id AND c.sort = 'category' "
      "JOIN best t ON t.node_id = s.node_id AND t.sort = 'type' JOIN best k ON k.node_id = s.node_id AND k.sort = 'class' "
      "LEFT JOIN dates b ON b.node_id = s.node_id AND b.sort = 'start' LEFT JOIN dates e ON e.node_id = s.node_id AND e.sort = 'end' "
      "LEFT JOIN lists x ON x.node_id = s.node_id WHERE n.graph_id = $1 AND n.node_id = s.node_id",
      {graph_id, scope.chunks, scope.keys, scope.by_key});
}

std::int64_t add_edges(std::int64_t graph_id, const Scope& scope) {
  const Rows rows = execute(
      "WITH " FOLDED_MENTIONS
      // Look-ups by unique index, as in make_nodes.
      ", canon AS MATERIALIZED (SELECT name, canonical FROM kg_batch_internal.canonical WHERE sort = 'role') "
      ", roles AS (SELECT r.source_id, r.target_id, r.predicate, pg_catalog.bool_or(r.negated) AS negated, pg_catalog.count(*) AS n "
      " FROM mentions m CROSS JOIN LATERAL (SELECT "
      "   (SELECT i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = m.key) AS source_id, "
      "   (SELECT i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = "
      "    (SELECT t.key FROM kg_batch_internal.node_mention t WHERE t.graph_id = $1 AND t.chunk_id = e.chunk_id AND t.n = e.target)) AS target_id, "
      "   COALESCE((SELECT c.canonical FROM canon c WHERE c.name = e.role), e.role) AS predicate, m.negated "
      "  FROM kg_batch_internal.edge_mention e WHERE e.graph_id = $1 AND e.chunk_id = m.chunk_id AND e.statement = m.n OFFSET 0) r "
      " WHERE m.is_statement AND r.source_id IS NOT NULL AND r.target_id IS NOT NULL GROUP BY 1, 2, 3) "
      "INSERT INTO kg_batch_internal.edge AS e (graph_id, source_id, target_id, predicate, negated, mentions) "
      "SELECT $1, source_id, target_id, predicate, negated, n FROM roles ORDER BY source_id, predicate, target_id "
      "ON CONFLICT (graph_id, source_id, predicate, target_id) DO UPDATE SET mentions = e.mentions + EXCLUDED.mentions "
      "RETURNING xmax = 0",
      {graph_id, scope.chunks, scope.keys, scope.by_key});
  std::int64_t made = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) made += rows.boolean(i, 0) ? 1 : 0;
  return made;
}

RoundResult fold(std::int64_t graph_id, const Scope& scope) {
  RoundResult result;
  make_identities(graph_id, scope);
  add_to_identities(graph_id, scope);
  result.nodes = make_nodes(graph_id);
  refold_nodes(graph_id, scope);
  result.edges = add_edges(graph_id, scope);
  return result;
}

}  // namespace

RoundResult fold_chunks(std::int64_t graph_id, const std::vector<std::int64_t>& chunk_ids) {
  // A chunk that is folded already, or was taken back meanwhile, is left alone.
  const Rows rows = execute(
      "UPDATE kg_batch_internal.chunk SET folded = true WHERE graph_id = $1 AND chunk_id = ANY ($2) AND state = 'done' AND NOT folded "
      "RETURNING chunk_id",
      {graph_id, chunk_ids});
  Scope scope;
  for (std::size_t i = 0; i < rows.size(); ++i) scope.chunks.push_back(rows.integer(i, 0));
  if (scope.chunks.empty()) return {};
  return fold(graph_id, scope);
}

void rest_replaced(std::int64_t graph_id) {
  const Rows resting = execute(
      "WITH messages AS (UPDATE kg_batch_internal.message SET rested = true WHERE graph_id = $1 AND replaced AND NOT rested RETURNING message_id) "
      "UPDATE kg_batch_internal.fact f SET live = false FROM kg_batch_internal.fact_source s JOIN messages m USING (message_id) "
      "WHERE s.graph_id = $1 AND f.graph_id = $1 AND f.chunk_id = s.chunk_id AND f.n = s.fact AND f.live RETURNING f.chunk_id",
      {graph_id});
  if (resting.empty()) return;
  std::vector<std::int64_t> chunks;
  for (std::size_t i = 0; i < resting.size(); ++i) chunks.push_back(resting.integer(i, 0));

  // A statement rests with its facts; a thing when neither its facts nor a
  // statement that stands on it is left. Statements may stand on statements, so
  // this goes on until nothing more rests.
  Scope scope;
  scope.by_key = true;
  std::set<std::string> keys;
  for (;;) {
    const Rows rested = execute(
        "UPDATE kg_batch_internal.node_mention m SET live = false WHERE m.graph_id = $1 AND m.chunk_id = ANY ($2) AND m.live "
        "AND NOT EXISTS (SELECT FROM kg_batch_internal.fact f WHERE f.graph_id = $1 AND f.chunk_id = m.chunk_id AND f.n = ANY (m.facts) "
        " AND f.live) "
        "AND NOT EXISTS (SELECT FROM kg_batch_internal.edge_mention e JOIN kg_batch_internal.node_mention s ON s.graph_id = $1 "
        " AND s.chunk_id = e.chunk_id AND s.n = e.statement WHERE e.graph_id = $1 AND e.chunk_id = m.chunk_id AND e.target = m.n AND s.live) "
        "RETURNING m.key",
        {graph_id, chunks});
    for (std::size_t i = 0; i < rested.size(); ++i) keys.insert(rested.text(i, 0));
    if (rested.empty()) break;
  }
  if (keys.empty()) return;
  scope.keys.assign(keys.begin(), keys.end());

  // From zero: their sums, their nodes' edges, then everything again from what is live.
  const std::vector<std::string> touched = scope.keys;
  execute(
      "WITH gone AS (SELECT identity_id, node_id FROM kg_batch_internal.identity WHERE graph_id = $1 AND key = ANY ($2::uuid[])), "
      "forms AS (DELETE FROM kg_batch_internal.alias a USING gone g WHERE a.graph_id = $1 AND a.identity_id = g.identity_id) "
      "DELETE FROM kg_batch_internal.edge e USING gone g WHERE e.graph_id = $1 AND e.source_id = g.node_id",
      {graph_id, touched});
  execute(
      "UPDATE kg_batch_internal.identity SET mentions = 0, confidence = 0, importance = 0, modality = 9, goal = NULL, asserted_on = '{}' "
      "WHERE graph_id = $1 AND key = ANY ($2::uuid[])",
      {graph_id, touched});
  add_to_identities(graph_id, scope);
  execute(
      "WITH gone AS (DELETE FROM kg_batch_internal.identity WHERE graph_id = $1 AND key = ANY ($2::uuid[]) AND mentions = 0 RETURNING node_id) "
      "SELECT node_id FROM gone",
      {graph_id, touched});
  execute(
      "DELETE FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND NOT EXISTS (SELECT FROM kg_batch_internal.identity i "
      "WHERE i.graph_id = $1 AND i.node_id = n.node_id) AND n.key = ANY ($2::uuid[])",
      {graph_id, touched});
  // Nodes of statements have derived keys: found by having no identity left.
  execute(
      "DELETE FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.is_statement AND NOT EXISTS (SELECT FROM kg_batch_internal.identity i "
      "WHERE i.graph_id = $1 AND i.node_id = n.node_id)",
      {graph_id});
  refold_nodes(graph_id, scope);
  // Edges of a node come from all its identities, so all of them are added again.
  const Rows members = execute(
      "SELECT DISTINCT o.key FROM kg_batch_internal.identity i JOIN kg_batch_internal.identity o ON o.graph_id = $1 AND o.node_id = i.node_id "
      "WHERE i.graph_id = $1 AND i.key = ANY ($2::uuid[]) AND i.is_statement",
      {graph_id, touched});
  scope.keys.clear();
  for (std::size_t i = 0; i < members.size(); ++i) scope.keys.push_back(members.text(i, 0));
  add_edges(graph_id, scope);
}

void analyze_grown() { execute("SELECT kg_batch_internal.analyze_grown()"); }

}  // namespace kg_batch::store
