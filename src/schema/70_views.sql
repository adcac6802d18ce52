-- What people read. Each view is the owner's, so nobody needs a right on a table,
-- and has one condition on the graphs of whoever asks. current_user is still the
-- caller inside a view, and the sub-select is evaluated once, before the scan
-- (an InitPlan), so the condition stays part of the index condition. Views whose
-- rows show words of a conversation want the level auditor.
--
-- Executing a function inside a view takes the caller's own right to it: views
-- use only pg_catalog's, my_graphs and live_workers (see grant_entry).

CREATE FUNCTION kg_batch.my_graphs(role name, level text) RETURNS bigint[]
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'kg_batch_my_graphs';
COMMENT ON FUNCTION kg_batch.my_graphs(name, text)
    IS 'ids of the graphs on which a role has at least a level (reader, auditor, writer, admin); answers for the current user and the roles whose rights it has';

CREATE FUNCTION kg_batch.graph_id(graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_graph_id';
COMMENT ON FUNCTION kg_batch.graph_id(text)
    IS 'the id of a graph by name, of the setting kg_batch.graph without one; an error with the nearest name when there is none that the caller may read; null for default before its first use';

CREATE VIEW kg_batch.graph WITH (security_barrier) AS
SELECT g.graph_id, g.name, g.options, g.icu_version, g.created_at
FROM kg_batch_internal.graph g
WHERE g.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.graph IS 'graphs that one may read';
COMMENT ON COLUMN kg_batch.graph.options IS 'self, names, timezone and defaults of its jobs';
COMMENT ON COLUMN kg_batch.graph.icu_version IS 'release of ICU and Unicode that made its keys; digests are compared within one';

CREATE VIEW kg_batch.node WITH (security_barrier) AS
SELECT n.graph_id, n.node_id, n.type, n.class, n.label, n.category, n.aliases,
    COALESCE((SELECT jsonb_object_agg(k.key, CASE WHEN jsonb_array_length(k.vals) = 1 THEN k.vals -> 0 ELSE k.vals END)
              FROM (SELECT split_part(a.pair, E'\t', 1) AS key,
                        jsonb_agg(substr(a.pair, strpos(a.pair, E'\t') + 1) ORDER BY a.nth) AS vals
                    FROM unnest(n.attributes) WITH ORDINALITY AS a (pair, nth) GROUP BY 1) k), '{}') AS attributes,
    n.hash_tags, n.start_date, n.start_how, n.end_date, n.end_how, n.goal_status, n.asserted_on, n.negated, n.modality,
    round(n.confidence / 1000.0, 3) AS confidence, round(n.importance / 1000.0, 3) AS importance, n.mentions, n.is_statement
FROM kg_batch_internal.node n
WHERE n.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.node IS 'things (Entity, Concept, Property) and statements about them (Event, State, Goal)';
COMMENT ON COLUMN kg_batch.node.type IS 'Entity, Concept or Property for a thing; Event, State or Goal for a statement';
COMMENT ON COLUMN kg_batch.node.class IS 'person, animal, organisation, place, work, product or other; empty for statements';
COMMENT ON COLUMN kg_batch.node.category IS 'what it is in itself, as dog; of a statement its kind, as ownership';
COMMENT ON COLUMN kg_batch.node.attributes IS 'numbers, addresses, amounts by name; an array where several values were given';
COMMENT ON COLUMN kg_batch.node.start_date IS 'YYYY, YYYY-MM, YYYY-MM-DD or with THH:MM: as precise as it is known. Of a State that ended and was taken up again that of the latest period by its own words, as end_date; validity has all periods';
COMMENT ON COLUMN kg_batch.node.start_how IS 'actual, inferred or estimated';
COMMENT ON COLUMN kg_batch.node.end_date IS 'as start_date; null for what has not ended or whose end is unknown';
COMMENT ON COLUMN kg_batch.node.goal_status IS 'of a Goal: active, completed or abandoned';
COMMENT ON COLUMN kg_batch.node.asserted_on IS 'the days on which it was said to hold';
COMMENT ON COLUMN kg_batch.node.negated IS 'the statement is denied: "does not like"';
COMMENT ON COLUMN kg_batch.node.modality IS 'asserted, reported, planned, possible or hypothetical';
COMMENT ON COLUMN kg_batch.node.confidence IS 'from 0 to 1';
COMMENT ON COLUMN kg_batch.node.importance IS 'from 0 to 1';
COMMENT ON COLUMN kg_batch.node.mentions IS 'how often conversations spoke of it';

CREATE VIEW kg_batch.edge WITH (security_barrier) AS
SELECT e.graph_id, e.edge_id, e.source_id, e.target_id, e.predicate, e.negated, e.mentions,
    s.label AS source_label, t.label AS target_label
FROM kg_batch_internal.edge e
LEFT JOIN kg_batch_internal.node s ON s.graph_id = e.graph_id AND s.node_id = e.source_id
LEFT JOIN kg_batch_internal.node t ON t.graph_id = e.graph_id AND t.node_id = e.target_id
WHERE e.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.edge IS 'who and what takes part in statements: from a statement to each, by role';
COMMENT ON COLUMN kg_batch.edge.source_id IS 'node_id of the statement';
COMMENT ON COLUMN kg_batch.edge.target_id IS 'node_id of what takes part: a thing or another statement';
COMMENT ON COLUMN kg_batch.edge.predicate IS 'the role: agent, object, owner, place and so on';

CREATE VIEW kg_batch.fact WITH (security_barrier) AS
SELECT f.graph_id, f.fact_id, f.text, f.modality, f.negated,
    CASE WHEN f.said_by IS NOT NULL THEN COALESCE(NULLIF(v.participant_names[f.said_by], ''), (SELECT NULLIF(o.options ->> 'self', '')
        FROM kg_batch_internal.graph o WHERE o.graph_id = f.graph_id), 'user') END AS said_by,
    f.said_at, v.key AS conversation
FROM kg_batch_internal.fact f
LEFT JOIN kg_batch_internal.conversation v ON v.graph_id = f.graph_id AND v.conversation_id = f.conversation_id
WHERE f.live AND f.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.fact IS 'self-contained sentences that were made out of conversations; without those whose message was edited or deleted since';
COMMENT ON COLUMN kg_batch.fact.modality IS 'asserted, reported, planned, possible or hypothetical';
COMMENT ON COLUMN kg_batch.fact.said_by IS 'who said it, by the name in the conversation; null for the assistant';
COMMENT ON COLUMN kg_batch.fact.said_at IS 'when the message was sent that says it first';
COMMENT ON COLUMN kg_batch.fact.conversation IS 'the key under which it was handed in';

-- This view and evidence follow the graph from table to table, row by row
-- (LATERAL … OFFSET 0), as rounds do: there are no statistics of graph_id (see
-- 20_tables_graph.sql), so a planner that is free to choose takes a join over
-- graph_id alone for one of a row or two and goes through the whole graph for
-- each of its rows. Conditions on node_id and edge_id come first of all. ORDER BY
-- does what OFFSET 0 does, and makes the index that has that order the better one
-- where a table is so small that all seem equal.
CREATE VIEW kg_batch.node_fact WITH (security_barrier) AS
SELECT DISTINCT i.graph_id, i.node_id, f.fact_id, n.label, n.type,
    CASE WHEN n.type IN ('State', 'Goal') THEN
        (n.end_date IS NULL OR n.end_date > to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD'))
        AND n.goal_status IS DISTINCT FROM 'completed' AND n.goal_status IS DISTINCT FROM 'abandoned' END AS current
FROM kg_batch_internal.identity i
CROSS JOIN LATERAL (
    SELECT n.label, n.type, n.end_date, n.goal_status FROM kg_batch_internal.node n
    WHERE n.graph_id = i.graph_id AND n.node_id = i.node_id OFFSET 0) n
CROSS JOIN LATERAL (
    SELECT m.chunk_id, m.facts FROM kg_batch_internal.node_mention m
    WHERE m.graph_id = i.graph_id AND m.key = i.key AND m.live OFFSET 0) m
CROSS JOIN LATERAL (
    SELECT f.fact_id FROM kg_batch_internal.fact f
    WHERE f.graph_id = i.graph_id AND f.chunk_id = m.chunk_id AND f.n = ANY (m.facts) AND f.live ORDER BY f.n) f
WHERE i.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.node_fact IS 'which facts speak of which nodes';
COMMENT ON COLUMN kg_batch.node_fact.current IS 'of a State or Goal: whether it has not ended; null for all else';

CREATE VIEW kg_batch.node_redirect WITH (security_barrier) AS
SELECT r.graph_id, r.old_node_id, r.node_id
FROM kg_batch_internal.node_redirect r
WHERE r.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.node_redirect IS 'ids that nodes had before they were joined with another';
COMMENT ON COLUMN kg_batch.node_redirect.node_id IS 'where it is now';

-- Pairs of a statement's roles, in the order in which people say them; what takes
-- part alone has nobody on the other side. Each half is one flat join, and the
-- order of roles stands in its condition and in no column: so from_id, to_id,
-- from_label and statement_id are found by index. Graphs come as a table of their
-- own, so that each index is offered them.
CREATE VIEW kg_batch.links WITH (security_barrier) AS
WITH role_order (roles) AS (VALUES (ARRAY[
    'agent', 'experiencer', 'owner', 'holder', 'employee', 'resident', 'student', 'member', 'spouse', 'partner', 'parent', 'friend',
    'sibling', 'colleague', 'manager', 'teacher', 'creator', 'host', 'subject', 'participant', 'attendee', 'child', 'cause',
    'object', 'owned', 'pet', 'employer', 'organisation', 'school', 'creation', 'content', 'topic', 'recipient', 'beneficiary',
    'goal', 'plan', 'result', 'instrument', 'origin', 'destination', 'place', 'location', 'time', 'other']))
SELECT s.graph_id, x.label AS from_label,
    CASE WHEN s.negated THEN 'not ' ELSE '' END || s.label
        || CASE WHEN a.predicate = b.predicate THEN '' ELSE ' (' || a.predicate || ' -> ' || b.predicate || ')' END AS relation,
    y.label AS to_label, s.start_date AS since, s.end_date AS until, s.negated, s.modality,
    CASE WHEN NOT isempty(s.asserted_on) THEN upper(s.asserted_on) - 1 END AS said,
    s.type, s.category, s.goal_status, a.target_id AS from_id, a.predicate AS from_role, b.target_id AS to_id, b.predicate AS to_role,
    s.node_id AS statement_id, s.mentions
FROM role_order o, unnest((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]) AS mine (graph_id)
JOIN kg_batch_internal.edge a ON a.graph_id = mine.graph_id
JOIN kg_batch_internal.edge b ON b.graph_id = a.graph_id AND b.source_id = a.source_id
JOIN kg_batch_internal.node s ON s.graph_id = a.graph_id AND s.node_id = a.source_id
JOIN kg_batch_internal.node x ON x.graph_id = a.graph_id AND x.node_id = a.target_id
CROSS JOIN LATERAL (
    SELECT y.label FROM kg_batch_internal.node y WHERE y.graph_id = b.graph_id AND y.node_id = b.target_id OFFSET 0) y
WHERE (COALESCE(array_position(o.roles, a.predicate), 99), a.predicate, a.target_id)
    < (COALESCE(array_position(o.roles, b.predicate), 99), b.predicate, b.target_id)
UNION ALL
SELECT s.graph_id, x.label, CASE WHEN s.negated THEN 'not ' ELSE '' END || s.label, NULL, s.start_date, s.end_date, s.negated, s.modality,
    CASE WHEN NOT isempty(s.asserted_on) THEN upper(s.asserted_on) - 1 END,
    s.type, s.category, s.goal_status, a.target_id, a.predicate, NULL, NULL, s.node_id, s.mentions
FROM unnest((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]) AS mine (graph_id)
JOIN kg_batch_internal.edge a ON a.graph_id = mine.graph_id
JOIN kg_batch_internal.node s ON s.graph_id = a.graph_id AND s.node_id = a.source_id
JOIN kg_batch_internal.node x ON x.graph_id = a.graph_id AND x.node_id = a.target_id
WHERE NOT EXISTS (SELECT FROM kg_batch_internal.edge b
                  WHERE b.graph_id = a.graph_id AND b.source_id = a.source_id AND b.edge_id <> a.edge_id);
COMMENT ON VIEW kg_batch.links IS 'thing, relation, thing, with the statement between them folded away: a row for each pair of its roles; to is null where only one takes part';
COMMENT ON COLUMN kg_batch.links.relation IS 'the statement with the roles of both: Adoption (agent -> object); "not" before what is denied';
COMMENT ON COLUMN kg_batch.links.since IS 'start of the statement, as precise as it is known; of what was taken up again that of the latest period';
COMMENT ON COLUMN kg_batch.links.until IS 'its end';
COMMENT ON COLUMN kg_batch.links.said IS 'the last day on which it was said to hold';
COMMENT ON COLUMN kg_batch.links.type IS 'Event, State or Goal';
COMMENT ON COLUMN kg_batch.links.category IS 'kind of the statement';
COMMENT ON COLUMN kg_batch.links.statement_id IS 'node_id of the statement: for evidence and edge';

CREATE VIEW kg_batch.evidence WITH (security_barrier) AS
SELECT b.graph_id, b.node_id, b.edge_id, f.fact_id, v.key AS conversation,
    CASE WHEN starts_with(g.message_key, 'i:') THEN substr(g.message_key, 3) END AS message_id,
    CASE WHEN g.role = 'user' THEN COALESCE(NULLIF(v.participant_names[g.participant], ''), (SELECT NULLIF(o.options ->> 'self', '')
        FROM kg_batch_internal.graph o WHERE o.graph_id = b.graph_id), 'user') ELSE g.role END AS speaker,
    g.sent_at, q.quote, q.matched, q.span_start, q.span_end, f.text AS fact, g.position, g.message_id AS message
FROM (SELECT i.graph_id, i.node_id, NULL::bigint AS edge_id, m.chunk_id, m.facts
      FROM kg_batch_internal.identity i
      CROSS JOIN LATERAL (
          SELECT m.chunk_id, m.facts FROM kg_batch_internal.node_mention m
          WHERE m.graph_id = i.graph_id AND m.key = i.key AND m.live OFFSET 0) m
      WHERE i.node_id IS NOT NULL AND i.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'auditor'))::bigint[])
      UNION ALL
      SELECT e.graph_id, NULL, e.edge_id, m.chunk_id, m.facts
      FROM kg_batch_internal.edge e
      CROSS JOIN LATERAL (
          SELECT i.key FROM kg_batch_internal.identity i WHERE i.graph_id = e.graph_id AND i.node_id = e.source_id OFFSET 0) i
      CROSS JOIN LATERAL (
          SELECT m.chunk_id, m.n, m.facts, m.category FROM kg_batch_internal.node_mention m
          WHERE m.graph_id = e.graph_id AND m.key = i.key AND m.live OFFSET 0) m
      WHERE e.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'auditor'))::bigint[])
        AND EXISTS (SELECT FROM kg_batch_internal.edge_mention r
                    CROSS JOIN LATERAL (
                        SELECT w.key FROM kg_batch_internal.node_mention w
                        WHERE w.graph_id = r.graph_id AND w.chunk_id = r.chunk_id AND w.n = r.target OFFSET 0) w
                    CROSS JOIN LATERAL (
                        SELECT t.node_id FROM kg_batch_internal.identity t WHERE t.graph_id = r.graph_id AND t.key = w.key OFFSET 0) t
                    WHERE r.graph_id = e.graph_id AND r.chunk_id = m.chunk_id AND r.statement = m.n AND t.node_id = e.target_id
                      -- What the role stands for, as in src/store/canonical.h.
                      AND e.predicate = (
                          SELECT CASE WHEN c.name IN ('agent', 'object') AND EXISTS (
                                  SELECT FROM kg_batch_internal.predicate_mapping k
                                  WHERE k.graph_id = e.graph_id AND k.sort = 'kind' AND k.name = m.category AND k.inverse AND NOT EXISTS (
                                      SELECT FROM kg_batch_internal.predicate p WHERE p.sort = 'kind' AND p.name = m.category))
                              THEN CASE c.name WHEN 'agent' THEN 'object' ELSE 'agent' END ELSE c.name END
                          FROM (SELECT COALESCE(
                                  (SELECT p.canonical FROM kg_batch_internal.predicate p
                                   WHERE p.sort = 'role' AND p.name = r.role ORDER BY p.shipped LIMIT 1),
                                  (SELECT k.canonical FROM kg_batch_internal.predicate_mapping k
                                   WHERE k.graph_id = e.graph_id AND k.sort = 'role' AND k.name = r.role), r.role) AS name OFFSET 0) c)
                    OFFSET 0)) b
CROSS JOIN LATERAL (
    SELECT f.fact_id, f.n, f.text FROM kg_batch_internal.fact f
    WHERE f.graph_id = b.graph_id AND f.chunk_id = b.chunk_id AND f.n = ANY (b.facts) AND f.live ORDER BY f.n) f
CROSS JOIN LATERAL (
    SELECT q.message_id, q.quote, q.matched, q.span_start, q.span_end FROM kg_batch_internal.fact_source q
    WHERE q.graph_id = b.graph_id AND q.chunk_id = b.chunk_id AND q.fact = f.n ORDER BY q.n) q
CROSS JOIN LATERAL (
    SELECT g.message_id, g.message_key, g.conversation_id, g.role, g.participant, g.sent_at, g.position FROM kg_batch_internal.message g
    WHERE g.graph_id = b.graph_id AND g.message_id = q.message_id OFFSET 0) g
CROSS JOIN LATERAL (
    SELECT v.key, v.participant_names FROM kg_batch_internal.conversation v
    WHERE v.graph_id = b.graph_id AND v.conversation_id = g.conversation_id OFFSET 0) v;
COMMENT ON VIEW kg_batch.evidence IS 'the words behind each node and edge: a row for each quote; needs auditor';
COMMENT ON COLUMN kg_batch.evidence.node_id IS 'the node it speaks for; null in rows of an edge';
COMMENT ON COLUMN kg_batch.evidence.edge_id IS 'the edge it speaks for; null in rows of a node';
COMMENT ON COLUMN kg_batch.evidence.conversation IS 'the key under which it was handed in';
COMMENT ON COLUMN kg_batch.evidence.message_id IS 'the id with which the message was handed in; null where it had none: then position says which';
COMMENT ON COLUMN kg_batch.evidence.quote IS 'as the model gave it';
COMMENT ON COLUMN kg_batch.evidence.matched IS 'whether the quote stands in its sentence, apart from case, white space, quotes and dashes';
COMMENT ON COLUMN kg_batch.evidence.span_start IS 'characters of the message from 0: of the quote, or of its sentence where it does not match';
COMMENT ON COLUMN kg_batch.evidence.span_end IS 'exclusive';
COMMENT ON COLUMN kg_batch.evidence.position IS 'place of the message within its conversation';
COMMENT ON COLUMN kg_batch.evidence.message IS 'kg_batch''s own id of the message';

CREATE VIEW kg_batch.rejected WITH (security_barrier) AS
SELECT r.graph_id, r.rejected_id, r.source, r.item, r.reason, r.body, v.key AS conversation, j.name AS job, r.at, r.job_id, r.chunk_id,
    r.request_id
FROM kg_batch_internal.rejected r
LEFT JOIN kg_batch_internal.job j ON j.graph_id = r.graph_id AND j.job_id = r.job_id
LEFT JOIN kg_batch_internal.chunk c ON c.graph_id = r.graph_id AND c.chunk_id = r.chunk_id
LEFT JOIN kg_batch_internal.conversation v ON v.graph_id = c.graph_id AND v.conversation_id = c.conversation_id
WHERE r.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'auditor'))::bigint[]);
COMMENT ON VIEW kg_batch.rejected IS 'what was dropped, item by item, with the reason, while the rest of its answer or input counts; needs auditor';
COMMENT ON COLUMN kg_batch.rejected.source IS 'answer (of the model), input (of enqueue) or batch line';
COMMENT ON COLUMN kg_batch.rejected.item IS 'which: as thing 3, or row 17';
COMMENT ON COLUMN kg_batch.rejected.body IS 'what it said';

CREATE VIEW kg_batch.skipped WITH (security_barrier) AS
SELECT m.graph_id, v.key AS conversation, m.skipped AS reason,
    CASE WHEN starts_with(m.message_key, 'i:') THEN substr(m.message_key, 3) END AS message_id, m.position, m.role,
    CASE WHEN m.role = 'user' THEN COALESCE(NULLIF(v.participant_names[m.participant], ''), (SELECT NULLIF(o.options ->> 'self', '')
        FROM kg_batch_internal.graph o WHERE o.graph_id = v.graph_id), 'user') ELSE m.role END AS speaker,
    m.sent_at, length(m.content) AS characters, j.name AS job
FROM kg_batch_internal.message m
JOIN kg_batch_internal.conversation v ON v.graph_id = m.graph_id AND v.conversation_id = m.conversation_id
LEFT JOIN kg_batch_internal.job j ON j.graph_id = v.graph_id AND j.job_id = v.job_id
WHERE m.skipped IS NOT NULL AND m.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[])
UNION ALL
SELECT t.graph_id, NULL, 'forgotten', NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM kg_batch_internal.tombstone t
WHERE t.skipped > 0 AND t.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.skipped IS 'messages that are not read, with the reason';
COMMENT ON COLUMN kg_batch.skipped.reason IS 'empty, media, deleted (in an exported chat), html, role (system, developer and tool messages, and what an app says itself) or model (it found nothing worth reading), which are kept; forgotten: handed in again after forget, and of these nothing else is known';
COMMENT ON COLUMN kg_batch.skipped.message_id IS 'the id with which it was handed in, if any';
