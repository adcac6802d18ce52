#include "store/round.h"

#include "store/validity.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/canonical.h"
#include "store/classify_questions.h"
#include "store/embedding_questions.h"
#include "store/live_facts.h"
#include "store/merge_questions.h"
#include "store/predicate_questions.h"
#include "store/rereading.h"
#include "store/resolution.h"
#include "store/split.h"
#include "store/statement_resolution.h"
#include "store/unresolved.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;
using backend::Uuid;

namespace {

// A round fills tables that were small a moment ago, of a graph that no statistics know
// of, so the planner may take any of them for one of a row or two. Its statements are
// written, and planned (execute_generic), so that this does no harm: every table is
// looked up by index, row by row (LATERAL with OFFSET 0, or a scalar subquery), and
// what is joined is MATERIALIZED first and brings its graph_id along. A join that was
// free to choose took minutes for thirty chunks.

// Mentions to fold: the live ones of `chunks`, or all live ones of the identities
// `keys` in folded chunks.
struct Scope {
  std::vector<std::int64_t> chunks;
  std::vector<std::string> keys;  // uuids as text
};

#define FOLDED_MENTIONS                                                                                                       \
  "mentions AS MATERIALIZED (SELECT m.* FROM unnest($2::bigint[]) AS c (chunk_id) CROSS JOIN LATERAL ("                       \
  "   SELECT * FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id AND o.live OFFSET 0) m " \
  " UNION ALL SELECT m.* FROM unnest($3::uuid[]) AS k (key) CROSS JOIN LATERAL ("                                              \
  "   SELECT * FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.key = k.key AND o.live "                      \
  "    AND (SELECT c.folded FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.chunk_id = o.chunk_id) OFFSET 0) m)"

// A Goal is what is planned; of all else a plan says when it may be, not when it was.
#define DATES "(m.modality IN ('asserted', 'reported') OR m.type = 'Goal' AND m.modality = 'planned')"

// One identity for each key, with counts and bests added to what it has. What a
// key says is the same for all its mentions; where they differ in what no key
// says (Entity and Concept share theirs) the least one stands. Only what was
// asserted or reported dates, confirms or closes; planned Goals have dates.
void add_to_identities(std::int64_t graph_id, const Scope& scope) {
  execute_generic(
      "WITH " FOLDED_MENTIONS
      ", sums AS MATERIALIZED (SELECT key, pg_catalog.bool_or(is_statement) AS is_statement, pg_catalog.min(class COLLATE \"C\") AS class, "
      "  pg_catalog.min(type COLLATE \"C\") AS type, pg_catalog.min(category) AS kind, pg_catalog.min(label_key) AS label_key, "
      "  pg_catalog.bool_or(negated) AS negated, pg_catalog.bool_or(named) AS named, pg_catalog.min(scope) AS scope, "
      "  pg_catalog.min(ARRAY[chunk_id, n]) AS one, pg_catalog.count(*) AS mentions, pg_catalog.min(given_key::text)::uuid AS given_key, "
      "  pg_catalog.min(owner::text)::uuid AS owner, pg_catalog.min(relation COLLATE \"C\") AS relation, "
      "  pg_catalog.max(confidence) AS confidence, pg_catalog.max(importance) AS importance, "
      "  pg_catalog.min(pg_catalog.array_position(ARRAY['asserted', 'reported', 'planned', 'possible', 'hypothetical'], modality)) AS modality, "
      "  pg_catalog.max(order_key || E'\\x1f' || goal_status) FILTER (WHERE goal_status IS NOT NULL) AS goal, "
      "  COALESCE(pg_catalog.range_agg(pg_catalog.daterange((said_at AT TIME ZONE 'UTC')::date, (said_at AT TIME ZONE 'UTC')::date, '[]')) "
      "   FILTER (WHERE type = 'State' AND NOT negated AND modality IN ('asserted', 'reported') AND said_at IS NOT NULL), "
      "   '{}'::datemultirange) AS asserted_on "
      " FROM mentions GROUP BY key) "
      ", summed AS (INSERT INTO kg_batch_internal.identity AS i (graph_id, identity_id, key, is_statement, class, type, kind, label_key, negated, named, "
      " scope, roles, role_keys, mentions, confidence, importance, modality, goal, asserted_on, unresolved, given_key, first_node_id, owner, relation) "
      "SELECT $1, COALESCE(f.identity_id, pg_catalog.nextval('kg_batch_internal.identity_identity_id_seq')), s.key, s.is_statement, s.class, s.type, s.kind, s.label_key, s.negated, s.named, s.scope, "
      " COALESCE(r.roles, '{}'), COALESCE(r.role_keys, '{}'), s.mentions, s.confidence, s.importance, s.modality, s.goal, s.asserted_on, NOT s.is_statement, "
      " CASE WHEN s.is_statement THEN s.given_key END, f.node_id, s.owner, s.relation "
      "FROM sums s LEFT JOIN LATERAL (SELECT pg_catalog.array_agg(x.role ORDER BY x.role, x.key) AS roles, "
      "  pg_catalog.array_agg(x.key ORDER BY x.role, x.key) AS role_keys FROM ("
      "   SELECT DISTINCT e.role, (SELECT t.key FROM kg_batch_internal.node_mention t "
      "     WHERE t.graph_id = $1 AND t.chunk_id = s.one[1] AND t.n = e.target) AS key "
      "   FROM kg_batch_internal.edge_mention e "
      "   WHERE e.graph_id = $1 AND e.chunk_id = s.one[1] AND e.statement = s.one[2]::int) x) r ON s.is_statement "
      // What was there before comes back as what it was, if nobody has its node meanwhile.
      "LEFT JOIN LATERAL (SELECT o.identity_id, CASE WHEN (SELECT pg_catalog.count(*) FROM kg_batch_internal.node n WHERE n.graph_id = $1 "
      "   AND n.node_id = o.node_id) = 0 THEN o.node_id END AS node_id FROM kg_batch_internal.former_identity o "
      "  WHERE o.graph_id = $1 AND o.key = s.key OFFSET 0) f ON true "
      "ORDER BY s.key ON CONFLICT (graph_id, key) DO UPDATE SET mentions = i.mentions + EXCLUDED.mentions, "
      // Where mentions of one key differ in what no key says, the least stands, whichever came first.
      " type = CASE WHEN i.mentions = 0 THEN EXCLUDED.type ELSE LEAST(i.type COLLATE \"C\", EXCLUDED.type) END, "
      " class = CASE WHEN i.mentions = 0 THEN EXCLUDED.class ELSE LEAST(i.class COLLATE \"C\", EXCLUDED.class) END, "
      " kind = CASE WHEN i.mentions = 0 THEN EXCLUDED.kind ELSE LEAST(i.kind, EXCLUDED.kind) END, "
      " named = EXCLUDED.named OR (i.named AND i.mentions > 0), "
      " owner = CASE WHEN i.mentions = 0 THEN EXCLUDED.owner ELSE LEAST(i.owner, EXCLUDED.owner) END, "
      " relation = CASE WHEN i.mentions = 0 THEN EXCLUDED.relation ELSE LEAST(i.relation COLLATE \"C\", EXCLUDED.relation) END, "
      " unresolved = i.unresolved OR NOT i.is_statement AND (EXCLUDED.named AND NOT i.named "
      "  OR LEAST(i.owner, EXCLUDED.owner) IS DISTINCT FROM i.owner OR LEAST(i.relation COLLATE \"C\", EXCLUDED.relation) IS DISTINCT FROM i.relation), "
      " confidence = GREATEST(i.confidence, EXCLUDED.confidence), importance = GREATEST(i.importance, EXCLUDED.importance), "
      " modality = LEAST(i.modality, EXCLUDED.modality), goal = GREATEST(i.goal, EXCLUDED.goal), "
      " asserted_on = i.asserted_on + EXCLUDED.asserted_on, roles = EXCLUDED.roles, role_keys = EXCLUDED.role_keys, given_key = EXCLUDED.given_key "
      " RETURNING $1 AS graph_id, i.key, i.identity_id) "
      "DELETE FROM kg_batch_internal.former_identity f USING summed s WHERE f.graph_id = s.graph_id AND f.key = s.key AND f.identity_id = s.identity_id",
      {graph_id, scope.chunks, scope.keys});
  execute_generic(
      "WITH " FOLDED_MENTIONS
      ", said AS (SELECT key, v.sort, v.value FROM mentions m CROSS JOIN LATERAL ("
      "   VALUES ('label', m.label), ('category', m.category), ('type', m.type), ('class', m.class), "
      "    ('start', CASE WHEN " DATES " THEN m.start_date || ' ' || m.start_how END), "
      "    ('end', CASE WHEN " DATES " THEN m.end_date || ' ' || m.end_how END)) AS v (sort, value) "
      "  WHERE v.value IS NOT NULL "
      "  UNION ALL SELECT key, 'alias', a FROM mentions m CROSS JOIN LATERAL unnest(m.aliases) AS a "
      "  UNION ALL SELECT key, 'stated', a FROM mentions m CROSS JOIN LATERAL unnest(m.stated_aliases) AS a "
      "  UNION ALL SELECT key, 'tag', t FROM mentions m CROSS JOIN LATERAL unnest(m.hash_tags) AS t "
      "  UNION ALL SELECT key, 'attribute', t FROM mentions m CROSS JOIN LATERAL unnest(m.attributes) AS t), "
      "counted AS MATERIALIZED (SELECT (SELECT i.identity_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = c.key) AS identity_id, "
      "  c.sort, c.value, c.n FROM (SELECT key, sort, value, pg_catalog.count(*) AS n FROM said GROUP BY key, sort, value ORDER BY key, sort, value) c), "
      "given AS (INSERT INTO kg_batch_internal.alias AS a (graph_id, identity_id, sort, value, count) "
      " SELECT $1, c.identity_id, c.sort, c.value, c.n FROM counted c "
      " ON CONFLICT (graph_id, identity_id, sort, value) DO UPDATE SET count = a.count + EXCLUDED.count "
      " RETURNING identity_id, sort, xmax = 0 AS is_new), "
      // What is called otherwise now may be something else's other name. So may what has
      // another order of its names: the most frequent ones are what it is found by.
      "renamed AS MATERIALIZED (SELECT DISTINCT $1 AS graph_id, identity_id, sort IN ('start', 'end') AS is_date FROM given WHERE is_new AND sort IN ("
      "   'label', 'alias', 'stated', 'attribute', 'type', 'class', 'category', 'start', 'end') "
      "  UNION SELECT $1, c.identity_id, false FROM counted c CROSS JOIN LATERAL (SELECT o.count FROM kg_batch_internal.alias o WHERE o.graph_id = $1 "
      "    AND o.identity_id = c.identity_id AND o.sort = c.sort AND o.value = c.value OFFSET 0) before "
      "   WHERE c.sort IN ('label', 'alias') AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.alias o WHERE o.graph_id = $1 "
      "    AND o.identity_id = c.identity_id AND o.sort IN ('label', 'alias') AND (o.sort, o.value) <> (c.sort, c.value) "
      "    AND o.count BETWEEN before.count AND before.count + c.n) > 0) "
      "UPDATE kg_batch_internal.identity i SET unresolved = true FROM renamed r "
      "WHERE i.graph_id = r.graph_id AND i.identity_id = r.identity_id AND NOT i.unresolved "
      // Of what takes place the dates count, of a statement nothing else that its key leaves open.
      " AND CASE WHEN r.is_date THEN i.type = 'Event' AND i.node_id IS NOT NULL ELSE NOT i.is_statement END",
      {graph_id, scope.chunks, scope.keys});
}

// Where things occur. What comes into a conversation may be somebody there, or be
// kept from being somebody; it is looked at again if there is anybody it could be.
void add_occurrences(std::int64_t graph_id, const Scope& scope) {
  execute_generic(
      "WITH " FOLDED_MENTIONS
      ", placed AS MATERIALIZED (SELECT m.key, m.participant, m.addressed_by, (SELECT c.conversation_id FROM kg_batch_internal.chunk c "
      "   WHERE c.graph_id = $1 AND c.chunk_id = m.chunk_id) AS conversation_id FROM mentions m WHERE NOT m.is_statement), "
      "seen AS MATERIALIZED (SELECT p.key, p.conversation_id, pg_catalog.min(p.participant) AS participant, "
      "   COALESCE(pg_catalog.array_agg(DISTINCT a.speaker) FILTER (WHERE a.speaker IS NOT NULL), '{}') AS addressed_by "
      "  FROM placed p LEFT JOIN LATERAL unnest(p.addressed_by) AS a (speaker) ON true GROUP BY 1, 2), "
      "known AS MATERIALIZED (SELECT s.*, i.identity_id, i.node_id, o.conversation_id IS NOT NULL AS was_there, o.participant AS took_part_as, "
      "   COALESCE(o.addressed_by, '{}') AS was_addressed_by "
      "  FROM seen s CROSS JOIN LATERAL (SELECT x.identity_id, x.node_id FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.key = s.key OFFSET 0) i "
      "  LEFT JOIN LATERAL (SELECT * FROM kg_batch_internal.occurrence x WHERE x.graph_id = $1 AND x.identity_id = i.identity_id "
      "   AND x.conversation_id = s.conversation_id OFFSET 0) o ON true), "
      "news AS MATERIALIZED (SELECT k.* FROM known k WHERE NOT k.was_there OR k.participant < k.took_part_as "
      "  OR k.took_part_as IS NULL AND k.participant IS NOT NULL OR NOT k.addressed_by <@ k.was_addressed_by), "
      "put AS (INSERT INTO kg_batch_internal.occurrence AS o (graph_id, identity_id, conversation_id, participant, addressed_by) "
      "  SELECT $1, identity_id, conversation_id, participant, addressed_by FROM news ORDER BY identity_id, conversation_id "
      "  ON CONFLICT (graph_id, identity_id, conversation_id) DO UPDATE SET participant = LEAST(o.participant, EXCLUDED.participant), "
      "   addressed_by = ARRAY(SELECT DISTINCT s FROM unnest(o.addressed_by || EXCLUDED.addressed_by) AS s ORDER BY s)), "
      "somebody AS MATERIALIZED (SELECT DISTINCT $1 AS graph_id, n.identity_id FROM news n WHERE NOT n.addressed_by <@ n.was_addressed_by "
      "  OR (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.node_id = n.node_id LIMIT 2) two) > 1 "
      "  OR (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.block b CROSS JOIN LATERAL (SELECT FROM kg_batch_internal.block x "
      "    WHERE x.graph_id = $1 AND x.block_key = b.block_key AND x.key <> n.key LIMIT 1) other "
      "   WHERE b.graph_id = $1 AND b.key = n.key LIMIT 1) one) > 0 "
      "  OR (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.identity_text t WHERE t.graph_id = $1 AND t.identity_id = n.identity_id "
      "    AND kg_batch_internal.is_near_any($1, t.embedding_id) LIMIT 1) one) > 0) "
      "UPDATE kg_batch_internal.identity i SET unresolved = true FROM somebody s "
      "WHERE i.graph_id = s.graph_id AND i.identity_id = s.identity_id AND NOT i.unresolved",
      {graph_id, scope.chunks, scope.keys});
}

// What the nodes of these identities show, out of the identities' sums.
void refold_nodes(std::int64_t graph_id, const std::set<std::string>& keys) {
  if (keys.empty()) return;
  const Rows folded = execute_generic(
      "WITH touched AS MATERIALIZED (SELECT DISTINCT (SELECT i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = m.key) "
      "  AS node_id FROM unnest($2::uuid[]) AS m (key)), "
      "folded AS MATERIALIZED (SELECT $1 AS graph_id, t.node_id, s.*, f.*, c.*, COALESCE(c.said_label, f.label) AS shown_label FROM touched t "
      " CROSS JOIN LATERAL (SELECT pg_catalog.min(i.key::text)::uuid AS key, pg_catalog.sum(i.mentions)::bigint AS mentions, pg_catalog.max(i.confidence) AS confidence, "
      "   pg_catalog.max(i.importance) AS importance, pg_catalog.min(i.modality) AS modality, pg_catalog.max(i.goal) AS goal, "
      "   pg_catalog.range_agg(i.asserted_on) AS asserted_on, pg_catalog.bool_or(i.negated) AS negated "
      "  FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id = t.node_id) s "
      // Most frequent, then longest, then lowest; dates by how they are known, then the narrower.
      " CROSS JOIN LATERAL (SELECT "
      "   (pg_catalog.array_agg(value ORDER BY count DESC, pg_catalog.length(value) DESC, value) FILTER (WHERE sort = 'label'))[1] AS label, "
      "   (pg_catalog.array_agg(value ORDER BY count DESC, pg_catalog.length(value) DESC, value) FILTER (WHERE sort = 'category'))[1] AS category, "
      "   (pg_catalog.array_agg(value ORDER BY count DESC, pg_catalog.length(value) DESC, value) FILTER (WHERE sort = 'type'))[1] AS type, "
      "   (pg_catalog.array_agg(value ORDER BY count DESC, pg_catalog.length(value) DESC, value) FILTER (WHERE sort = 'class'))[1] AS class, "
      "   (pg_catalog.array_agg(value ORDER BY known, pg_catalog.length(value) DESC, value) FILTER (WHERE sort = 'start'))[1] AS start_date, "
      "   (pg_catalog.array_agg(value ORDER BY known, pg_catalog.length(value) DESC, value) FILTER (WHERE sort = 'end'))[1] AS end_date, "
      "   (pg_catalog.array_agg(value ORDER BY count DESC, value) FILTER (WHERE sort = 'label'))[1:21] AS labels, "
      "   (pg_catalog.array_agg(value ORDER BY count DESC, value) FILTER (WHERE sort = 'alias'))[1:21] AS aliases, "
      "   (pg_catalog.array_agg(value ORDER BY count DESC, value) FILTER (WHERE sort = 'tag'))[1:21] AS tags, "
      "   (pg_catalog.array_agg(value ORDER BY count DESC, value) FILTER (WHERE sort = 'attribute'))[1:20] AS attributes "
      "  FROM (SELECT a.sort, a.value, pg_catalog.sum(a.count)::bigint AS count, "
      "     pg_catalog.array_position(ARRAY['actual', 'inferred', 'estimated'], pg_catalog.split_part(a.value, ' ', 2)) AS known "
      "    FROM kg_batch_internal.identity i CROSS JOIN LATERAL (SELECT o.sort, o.value, o.count FROM kg_batch_internal.alias o "
      "      WHERE o.graph_id = $1 AND o.identity_id = i.identity_id OFFSET 0) a "
      "    WHERE i.graph_id = $1 AND i.node_id = t.node_id GROUP BY a.sort, a.value) forms) f "
      // What a person corrected: of each field what was said last, whichever of the identities it was said of.
      " CROSS JOIN LATERAL (SELECT pg_catalog.max(value) FILTER (WHERE field = 'label') AS said_label, "
      "   pg_catalog.max(value) FILTER (WHERE field = 'category') AS said_category, pg_catalog.max(value) FILTER (WHERE field = 'class') AS said_class, "
      "   COALESCE(pg_catalog.bool_or(field = 'start_date'), false) AS start_said, pg_catalog.max(value) FILTER (WHERE field = 'start_date') AS said_start, "
      "   COALESCE(pg_catalog.bool_or(field = 'end_date'), false) AS end_said, pg_catalog.max(value) FILTER (WHERE field = 'end_date') AS said_end, "
      "   COALESCE(pg_catalog.bool_or(field = 'goal_status'), false) AS goal_said, pg_catalog.max(value) FILTER (WHERE field = 'goal_status') AS said_goal, "
      "   COALESCE(pg_catalog.array_agg(value) FILTER (WHERE field = 'add_alias'), '{}') AS added_aliases, "
      "   COALESCE(pg_catalog.array_agg(value) FILTER (WHERE field = 'remove_alias'), '{}') AS removed_aliases "
      "  FROM (SELECT DISTINCT ON (w.what) w.field, w.value FROM kg_batch_internal.identity i "
      "    CROSS JOIN LATERAL (SELECT k.decision_id FROM kg_batch_internal.word_key k WHERE k.graph_id = $1 "
      "      AND k.key = ANY (ARRAY[i.key, i.given_key]) AND k.split_key IS NULL OFFSET 0) k "
      "    CROSS JOIN LATERAL (SELECT o.field, o.value, o.decision_id, "
      "      CASE WHEN o.field IN ('add_alias', 'remove_alias') THEN 'alias ' || o.value ELSE o.field END AS what "
      "      FROM kg_batch_internal.word o WHERE o.graph_id = $1 AND o.decision_id = k.decision_id AND o.undone_at IS NULL OFFSET 0) w "
      "    WHERE i.graph_id = $1 AND i.node_id = t.node_id ORDER BY w.what, w.decision_id DESC) corrections) c) "
      "UPDATE kg_batch_internal.node n SET key = f.key, mentions = f.mentions, confidence = f.confidence, importance = f.importance, negated = f.negated, "
      " modality = (ARRAY['asserted', 'reported', 'planned', 'possible', 'hypothetical'])[f.modality], "
      " goal_status = CASE WHEN f.goal_said THEN f.said_goal ELSE pg_catalog.regexp_replace(f.goal, E'^.*\\x1f', '') END, asserted_on = COALESCE(f.asserted_on, '{}'), "
      " label = f.shown_label, category = COALESCE(f.said_category, f.category), type = f.type, class = COALESCE(f.said_class, f.class), "
      " start_date = CASE WHEN f.start_said THEN f.said_start ELSE pg_catalog.split_part(f.start_date, ' ', 1) END, "
      " start_how = CASE WHEN NOT f.start_said THEN pg_catalog.split_part(f.start_date, ' ', 2) WHEN f.said_start IS NOT NULL THEN 'actual' END, "
      " end_date = CASE WHEN f.end_said THEN f.said_end ELSE pg_catalog.split_part(f.end_date, ' ', 1) END, "
      " end_how = CASE WHEN NOT f.end_said THEN pg_catalog.split_part(f.end_date, ' ', 2) WHEN f.said_end IS NOT NULL THEN 'actual' END, "
      // The label is none of its own aliases: twenty others of each sort.
      " aliases = ARRAY(SELECT DISTINCT v COLLATE \"C\" FROM unnest((pg_catalog.array_remove(f.aliases, f.shown_label))[1:20] "
      "  || (pg_catalog.array_remove(f.labels, f.shown_label))[1:20] || f.added_aliases) v WHERE v <> f.shown_label AND v <> ALL (f.removed_aliases) "
      "  ORDER BY 1), "
      " hash_tags = COALESCE((pg_catalog.array_remove(f.tags, f.shown_label))[1:20], '{}'), "
      " attributes = ARRAY(SELECT v FROM unnest(f.attributes) v ORDER BY v COLLATE \"C\") "
      "FROM folded f WHERE n.graph_id = f.graph_id AND n.node_id = f.node_id AND f.label IS NOT NULL "
      "RETURNING n.node_id, n.type = 'State' AND n.end_date IS NOT NULL",
      {graph_id, std::vector<std::string>(keys.begin(), keys.end())});
  // What ended may have been taken up again: then the latest of its periods is shown.
  std::vector<std::int64_t> ended;
  for (std::size_t i = 0; i < folded.size(); ++i)
    if (folded.boolean(i, 1)) ended.push_back(folded.integer(i, 0));
  show_latest_periods(graph_id, ended);
}

// But for those of the statements `except`.
std::int64_t add_edges(std::int64_t graph_id, const Scope& scope, const std::vector<std::string>& except = {}) {
  const Rows rows = execute_generic(
      "WITH " FOLDED_MENTIONS
      ", roles AS (SELECT r.source_id, r.target_id, r.predicate, pg_catalog.bool_or(r.negated) AS negated, pg_catalog.count(*) AS n "
      " FROM mentions m CROSS JOIN LATERAL (SELECT "
      "   (SELECT i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = m.key) AS source_id, "
      "   (SELECT i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = "
      "    (SELECT t.key FROM kg_batch_internal.node_mention t WHERE t.graph_id = $1 AND t.chunk_id = e.chunk_id AND t.n = e.target)) AS target_id, "
      "   " KG_BATCH_CANONICAL_ROLE("e.role", "m.category") " AS predicate, m.negated "
      "  FROM kg_batch_internal.edge_mention e WHERE e.graph_id = $1 AND e.chunk_id = m.chunk_id AND e.statement = m.n OFFSET 0) r "
      " WHERE m.is_statement AND m.key NOT IN (SELECT k.key FROM unnest($4::uuid[]) AS k (key)) AND r.source_id IS NOT NULL AND r.target_id IS NOT NULL GROUP BY 1, 2, 3) "
      "INSERT INTO kg_batch_internal.edge AS e (graph_id, source_id, target_id, predicate, negated, mentions) "
      "SELECT $1, source_id, target_id, predicate, negated, n FROM roles ORDER BY source_id, predicate, target_id "
      "ON CONFLICT (graph_id, source_id, predicate, target_id) DO UPDATE SET mentions = e.mentions + EXCLUDED.mentions "
      "RETURNING xmax = 0",
      {graph_id, scope.chunks, scope.keys, except});
  std::int64_t made = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) made += rows.boolean(i, 0) ? 1 : 0;
  return made;
}

std::set<std::string> keys_in(std::int64_t graph_id, const std::vector<std::int64_t>& chunks) {
  const Rows rows = execute_generic(
      "SELECT DISTINCT m.key FROM unnest($2) AS c (chunk_id) CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.node_mention o "
      " WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id AND o.live OFFSET 0) m",
      {graph_id, chunks});
  std::set<std::string> keys;
  for (std::size_t i = 0; i < rows.size(); ++i) keys.insert(rows.text(i, 0));
  return keys;
}

// From identities on: nodes, what they show, edges. `chunks` are new; the edges of
// the statements `lost` were taken away.
RoundResult find_nodes(std::int64_t graph_id, const std::vector<std::int64_t>& chunks, std::set<std::string> touched,
                       std::set<std::string> lost, std::int64_t job_id, bool recompare = false) {
  RoundResult result;
  const std::vector<std::string> renamed = take_mappings(graph_id);
  touched.insert(renamed.begin(), renamed.end());
  lost.insert(renamed.begin(), renamed.end());
  mark_who_states_a_name(graph_id);
  for (bool more = true; more;) {
    const Resolved resolved = resolve_things(graph_id, job_id, recompare);
    result.nodes += resolved.made;
    touched.insert(resolved.things.begin(), resolved.things.end());
    touched.insert(resolved.statements.begin(), resolved.statements.end());
    lost.insert(resolved.statements.begin(), resolved.statements.end());
    more = resolved.more;
  }
  note_own_words(graph_id, job_id);
  const ResolvedStatements statements = resolve_statements(graph_id, job_id, recompare);
  result.nodes += statements.made;
  touched.insert(statements.freed.begin(), statements.freed.end());
  lost.insert(statements.freed.begin(), statements.freed.end());
  settle_statements(graph_id);
  refold_nodes(graph_id, touched);
  Scope fresh, again;
  fresh.chunks = chunks;
  again.keys.assign(lost.begin(), lost.end());
  if (!chunks.empty()) result.edges = add_edges(graph_id, fresh, again.keys);
  if (!lost.empty()) result.edges += add_edges(graph_id, again);
  return result;
}

// What was read more than once: one reading rests and another counts, in one go, so
// that nothing is there twice or not at all in between, and what both say keeps its
// ids and its evidence does not look doubled.
void change_readings(std::int64_t graph_id, const Readings& readings, std::int64_t job_id) {
  const std::vector<std::int64_t> all(readings.all.begin(), readings.all.end());
  spread_words(graph_id, all);
  std::set<std::string> keys = settle_facts(graph_id, all);
  const std::vector<std::int64_t> fresh(readings.several.begin(), readings.several.end());
  count_keys(graph_id, fresh);
  keys.merge(keys_in(graph_id, fresh));
  mark_brought_together(graph_id, fresh);
  mark_addressed(graph_id, conversations_of(graph_id, all));
  fold_again(graph_id, keys, {}, job_id);
  reopen_doubled(graph_id, job_id, {keys.begin(), keys.end()});
}

}  // namespace

RoundResult fold_chunks(std::int64_t graph_id, const std::vector<std::int64_t>& chunk_ids) {
  // A chunk that is folded already, or was taken back meanwhile, is left alone.
  const Rows rows = execute_generic(
      "UPDATE kg_batch_internal.chunk SET folded = true WHERE graph_id = $1 AND chunk_id = ANY ($2) AND state = 'done' AND NOT folded "
      "RETURNING chunk_id, job_id",
      {graph_id, chunk_ids});
  if (rows.empty()) return {};
  const std::int64_t job_id = rows.integer(0, 1);
  std::vector<std::int64_t> folded;
  for (std::size_t i = 0; i < rows.size(); ++i) folded.push_back(rows.integer(i, 0));
  const Readings readings = readings_of(graph_id, folded);
  Scope scope;
  for (const std::int64_t chunk : folded)
    if (!readings.several.contains(chunk)) scope.chunks.push_back(chunk);
  // A message that was edited while its chunk was out gives no live facts. Rounds of
  // a graph come one after the other, and what replaced the message asks for one
  // (rest_replaced), so one of the two sees both.
  settle_facts(graph_id, scope.chunks);
  count_keys(graph_id, scope.chunks);
  add_to_identities(graph_id, scope);
  note_embedding_models(graph_id, scope.chunks, {});
  add_occurrences(graph_id, scope);
  mark_brought_together(graph_id, scope.chunks);
  mark_addressed(graph_id, conversations_of(graph_id, scope.chunks));
  const std::set<std::string> touched = keys_in(graph_id, scope.chunks);
  reopen_doubled(graph_id, job_id, {touched.begin(), touched.end()});
  const RoundResult result = find_nodes(graph_id, scope.chunks, touched, {}, job_id);
  if (!readings.all.empty()) change_readings(graph_id, readings, job_id);
  folded.insert(folded.end(), readings.all.begin(), readings.all.end());
  note_kinds(graph_id, job_id, folded, {});
  return result;
}

void fold_again(std::int64_t graph_id, const std::set<std::string>& keys, const std::vector<std::string>& freed, std::int64_t job_id) {
  if (keys.empty()) return;
  const std::vector<std::string> touched(keys.begin(), keys.end());
  // From zero: their sums, their nodes' edges, then everything again from what is live.
  // Whoever they were kept apart from, named or meant by may be another now.
  mark_unresolved(graph_id, touched);
  mark_participants(graph_id, touched);
  mark_who_states_a_name(graph_id);
  mark_addressed(graph_id, conversations_with(graph_id, touched));
  const Rows before = execute_generic(
      "SELECT DISTINCT i.node_id FROM (SELECT (SELECT COALESCE(o.node_id, o.former_node_id) FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.key = u.key) AS node_id "
      " FROM unnest($2::uuid[]) AS u (key)) i WHERE i.node_id IS NOT NULL",
      {graph_id, touched});
  std::vector<std::int64_t> nodes;
  for (std::size_t i = 0; i < before.size(); ++i) nodes.push_back(before.integer(i, 0));
  execute_generic(
      "WITH gone AS MATERIALIZED (SELECT $1 AS graph_id, i.identity_id FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("
      "  SELECT o.identity_id FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.key = u.key OFFSET 0) i), "
      "forms AS (DELETE FROM kg_batch_internal.alias a USING gone g WHERE a.graph_id = g.graph_id AND a.identity_id = g.identity_id), "
      "places AS (DELETE FROM kg_batch_internal.occurrence o USING gone g WHERE o.graph_id = g.graph_id AND o.identity_id = g.identity_id) "
      "UPDATE kg_batch_internal.identity i SET mentions = 0, confidence = 0, importance = 0, modality = 9, goal = NULL, asserted_on = '{}' "
      "FROM gone g WHERE i.graph_id = g.graph_id AND i.identity_id = g.identity_id",
      {graph_id, touched});
  execute_generic(
      "DELETE FROM kg_batch_internal.edge e USING (SELECT $1 AS graph_id, o.node_id FROM unnest($2) AS o (node_id) OFFSET 0) n "
      "WHERE e.graph_id = n.graph_id AND e.source_id = n.node_id",
      {graph_id, nodes});
  Scope scope;
  scope.keys = touched;
  add_to_identities(graph_id, scope);
  note_embedding_models(graph_id, {}, touched);
  add_occurrences(graph_id, scope);
  execute_generic(
      "WITH gone AS (DELETE FROM kg_batch_internal.identity i USING (SELECT $1 AS graph_id, o.key FROM unnest($2::uuid[]) AS o (key) OFFSET 0) u "
      "  WHERE i.graph_id = u.graph_id AND i.key = u.key AND i.mentions = 0 "
      "  RETURNING i.key, i.identity_id, COALESCE(i.first_node_id, i.node_id, i.former_node_id) AS node_id) "
      "INSERT INTO kg_batch_internal.former_identity AS f (graph_id, key, identity_id, node_id) SELECT $1, key, identity_id, node_id FROM gone "
      "ON CONFLICT (graph_id, key) DO UPDATE SET identity_id = EXCLUDED.identity_id, node_id = EXCLUDED.node_id",
      {graph_id, touched});
  execute_generic(
      "DELETE FROM kg_batch_internal.node n USING (SELECT $1 AS graph_id, o.node_id FROM unnest($2) AS o (node_id) OFFSET 0) u "
      "WHERE n.graph_id = u.graph_id AND n.node_id = u.node_id AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.identity i "
      " WHERE i.graph_id = $1 AND i.node_id = u.node_id) = 0 AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.identity i "
      " WHERE i.graph_id = $1 AND i.former_node_id = u.node_id) = 0",
      {graph_id, nodes});
  // Edges of a node come from all its identities, so all of them are added again. What
  // a node shows comes from all of them too, also where the one that was touched is gone.
  const Rows members = execute_generic(
      "SELECT o.key, o.is_statement FROM unnest($2) AS u (node_id) CROSS JOIN LATERAL (SELECT i.key, i.is_statement "
      " FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id = u.node_id OFFSET 0) o",
      {graph_id, nodes});
  std::set<std::string> shown = keys, lost;
  for (std::size_t i = 0; i < members.size(); ++i) {
    shown.insert(members.text(i, 0));
    if (members.boolean(i, 1)) lost.insert(members.text(i, 0));
  }
  // Of those that are new the edges are, too.
  lost.insert(touched.begin(), touched.end());
  lost.insert(freed.begin(), freed.end());
  find_nodes(graph_id, {}, shown, lost, job_id);
  note_kinds(graph_id, job_id, {}, touched);
}

void rest_replaced(std::int64_t graph_id, std::int64_t job_id) {
  const Rows citing = execute_generic(
      "WITH messages AS (UPDATE kg_batch_internal.message SET rested = true WHERE graph_id = $1 AND replaced AND NOT rested RETURNING message_id) "
      "SELECT DISTINCT s.chunk_id FROM messages m CROSS JOIN LATERAL (SELECT o.chunk_id FROM kg_batch_internal.fact_source o "
      " WHERE o.graph_id = $1 AND o.message_id = m.message_id OFFSET 0) s",
      {graph_id});
  if (citing.empty()) return;
  std::vector<std::int64_t> chunks;
  for (std::size_t i = 0; i < citing.size(); ++i) chunks.push_back(citing.integer(i, 0));
  fold_again(graph_id, settle_facts(graph_id, chunks), {}, job_id);
}

void show_again(std::int64_t graph_id, const std::set<std::string>& keys) { refold_nodes(graph_id, keys); }

RoundResult resolve_now(std::int64_t graph_id, std::int64_t job_id, bool recompare) { return find_nodes(graph_id, {}, {}, {}, job_id, recompare); }

void analyze_grown() { execute_generic("SELECT kg_batch_internal.analyze_grown()"); }

}  // namespace kg_batch::store
