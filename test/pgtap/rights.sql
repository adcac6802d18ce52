-- Who may what: nothing without a grant, one graph with one, no writing at all;
-- and what every object of the extension has to have.
\ir fixtures/two_graphs.sql
INSERT INTO kg_batch_internal.request (graph_id, job_id, stage, prompt_id, model, mode, state, input_hash, input_tokens, max_output)
SELECT graph_id, job_id, 'kg_extract', 1, 'gpt-6-luna', 'direct', 'answered', sha256(name::bytea), 1, 1 FROM kg_batch_internal.job;
INSERT INTO kg_batch_internal.answer (graph_id, request_id, attempt, mode, status, outcome)
SELECT graph_id, request_id, 1, mode, 200, 'answered' FROM kg_batch_internal.request;
INSERT INTO kg_batch_internal.answer_minute (graph_id, minute, stage, mode) SELECT graph_id, now(), stage, mode FROM kg_batch_internal.request;
SELECT * FROM no_plan();

-- Roles are the server's, tests run side by side: names of this database.
SELECT current_database() || '_nobody' AS nobody, current_database() || '_reader' AS reader, current_database() || '_auditor' AS auditor,
    current_database() || '_writer' AS writer, current_database() || '_admin' AS admin, current_database() || '_member' AS member \gset
CREATE ROLE :"nobody"; CREATE ROLE :"reader"; CREATE ROLE :"auditor"; CREATE ROLE :"writer"; CREATE ROLE :"admin"; CREATE ROLE :"member";
GRANT USAGE ON SCHEMA tap TO PUBLIC;
\ir fixtures/four_levels.sql
GRANT :"reader" TO :"member";
CREATE FUNCTION pets() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT graph_id FROM kg_batch_internal.graph WHERE name = 'pets' $$;
CREATE FUNCTION work() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT graph_id FROM kg_batch_internal.graph WHERE name = 'work' $$;
GRANT CREATE ON SCHEMA public TO PUBLIC;

-- ---- objects ----

CREATE VIEW object AS
SELECT c.oid, 'pg_class'::regclass AS catalog, c.oid::regclass::text AS name, c.relnamespace::regnamespace::text AS schema, c.relkind::text AS kind
FROM pg_class c WHERE c.relnamespace IN ('kg_batch'::regnamespace, 'kg_batch_internal'::regnamespace) AND c.relkind IN ('r', 'v', 'S', 'm', 'p')
UNION ALL
SELECT p.oid, 'pg_proc', p.oid::regprocedure::text, p.pronamespace::regnamespace::text, p.prokind::text
FROM pg_proc p WHERE p.pronamespace IN ('kg_batch'::regnamespace, 'kg_batch_internal'::regnamespace);
CREATE TABLE role_name AS SELECT current_database() || '_' || level AS name, level
FROM unnest(ARRAY['nobody', 'reader', 'auditor', 'writer', 'admin', 'member']) AS level;

SELECT cmp_ok(count(*), '>', 60::bigint, 'there are objects to look at') FROM object;
SELECT is_empty($$SELECT name FROM object o WHERE kind <> 'S' AND obj_description(o.oid, o.catalog::name) IS NULL$$, 'each has a comment');
SELECT is_empty($$SELECT p.polname FROM pg_policy p WHERE obj_description(p.oid, 'pg_policy') IS NULL$$, 'so has each policy');
-- PostgreSQL lets no procedure with a SET clause commit, and a query that a caller
-- hands in means what it says by the caller's search_path: those are C, and pin it
-- themselves for what is their own.
SELECT set_eq($$SELECT DISTINCT p.proname::text FROM pg_proc p JOIN object o ON o.oid = p.oid AND o.catalog = 'pg_proc'::regclass
    WHERE NOT 'search_path=pg_catalog, pg_temp' = ANY (COALESCE(p.proconfig, '{}'))$$, ARRAY['wait', 'enqueue_query', 'estimate_query'],
    'every function has a pinned search_path, except those that cannot');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN object o ON o.oid = p.oid
    AND o.catalog = 'pg_proc'::regclass WHERE p.proconfig IS NULL AND l.lanname <> 'c' AND p.prosqlbody IS NULL$$,
    'and those are C, or had their names bound when they were made');
-- A statement that is put together when it runs holds names of the catalog, by %I, and no data.
SELECT set_eq($$SELECT p.proname::text FROM pg_proc p JOIN object o ON o.oid = p.oid AND o.catalog = 'pg_proc'::regclass
    WHERE p.prosrc ~* '\yEXECUTE\y'$$, ARRAY['grant_entry', 'analyze_grown', 'find_near_texts', 'near_taxa', 'find_by_trigrams',
    'note_all_gone', 'set_follow_triggers', 'drop_follow_triggers'],
    'what puts a statement together is known');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN object o ON o.oid = p.oid
    AND o.catalog = 'pg_proc'::regclass WHERE p.proparallel = 's' AND (p.provolatile <> 'i' OR l.lanname = 'c')$$,
    'what runs in parallel is a function of its arguments alone');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN object o ON o.oid = p.oid
    AND o.catalog = 'pg_proc'::regclass WHERE p.provolatile = 'i' AND (p.prosrc ~ 'kg_batch_internal\.(?!category_|has_word)' OR l.lanname = 'c')$$,
    'what is immutable reads no table');
SELECT is_empty($$SELECT t.oid::regtype FROM pg_type t WHERE t.typnamespace IN ('kg_batch'::regnamespace, 'kg_batch_internal'::regnamespace)
    AND NOT (t.typtype = 'c' AND t.typrelid <> 0 AND (SELECT c.relkind FROM pg_class c WHERE c.oid = t.typrelid) IN ('r', 'v'))
    AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)$$, 'there is no type but those of rows');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN object o ON o.oid = p.oid AND o.catalog = 'pg_proc'::regclass WHERE p.prosecdef$$,
    'none runs with its owner''s rights as a whole');
SELECT is_empty($$SELECT oid::regclass FROM pg_class WHERE relnamespace = 'kg_batch'::regnamespace AND relkind = 'v'
    AND NOT 'security_barrier=true' = ANY (COALESCE(reloptions, '{}'))$$, 'every view is a barrier');
SELECT is_empty($$SELECT oid::regclass FROM pg_class WHERE relnamespace = 'kg_batch'::regnamespace AND relkind NOT IN ('v', 'i')$$,
    'what people read are views');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'graph_id'
    WHERE c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relkind = 'r' AND NOT (c.relrowsecurity AND EXISTS (
        SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*' AND pg_get_expr(p.polqual, c.oid) ~ 'my_graphs'))$$,
    'every table with graph_id has the second fence');
SELECT is_empty($$SELECT k.conrelid::regclass, k.conname FROM pg_constraint k
    WHERE k.connamespace = 'kg_batch_internal'::regnamespace AND k.contype = 'f' AND NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = k.conrelid
            AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] <@ k.conkey)$$,
    'every referencing column has an index');

-- ---- privileges in the catalog ----

SELECT is_empty($$SELECT o.name, p.privilege FROM object o, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (privilege),
    role_name r WHERE o.kind IN ('r', 'v') AND has_table_privilege(r.name, o.oid, p.privilege)$$, 'nobody can write any table or view');
SELECT is_empty($$SELECT r.name, o.name FROM object o, role_name r WHERE o.schema = 'kg_batch_internal' AND o.kind <> 'S' AND o.catalog = 'pg_class'::regclass
    AND has_table_privilege(r.name, o.oid, 'SELECT')$$, 'nobody can read what is inside');
SELECT is_empty($$SELECT r.name, o.name FROM object o, role_name r WHERE o.kind = 'S'
    AND (has_sequence_privilege(r.name, o.oid, 'USAGE') OR has_sequence_privilege(r.name, o.oid, 'SELECT'))$$, 'nor use a sequence');
SELECT is_empty($$SELECT r.name FROM role_name r WHERE has_schema_privilege(r.name, 'kg_batch_internal', 'USAGE')
    OR has_schema_privilege(r.name, 'kg_batch', 'CREATE')$$, 'nor enter the inner schema, nor create in the outer one');
SELECT is_empty($$SELECT o.name FROM object o, role_name r WHERE r.level = 'nobody'
    AND CASE WHEN o.catalog = 'pg_proc'::regclass THEN has_function_privilege(r.name, o.oid, 'EXECUTE')
             WHEN o.kind <> 'S' THEN has_table_privilege(r.name, o.oid, 'SELECT') END$$, 'a role without a grant has a right on nothing');

-- ---- trying everything ----

\ir fixtures/attempt.sql
CREATE VIEW call AS
SELECT o.name, CASE WHEN o.kind = 'p' THEN 'CALL ' ELSE 'SELECT ' END || p.pronamespace::regnamespace::text || '.' || p.proname || '('
    || (SELECT COALESCE(string_agg('NULL::' || format_type(t, NULL), ', ' ORDER BY n), '') FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (t, n))
    || ')' AS statement, o.schema
FROM object o JOIN pg_proc p ON p.oid = o.oid WHERE o.catalog = 'pg_proc'::regclass;

SELECT is_empty(format($$SELECT name, attempt(%L, 'SELECT * FROM ' || name) FROM object WHERE kind IN ('r', 'v') AND attempt(%L, 'SELECT * FROM ' || name) <> '42501'$$,
    :'nobody', :'nobody'), 'a role without a grant can read nothing');
SELECT is_empty(format($$SELECT name, attempt(%L, statement) FROM call WHERE attempt(%L, statement) <> '42501'$$, :'nobody', :'nobody'),
    'and call nothing');
SELECT is_empty(format($$SELECT r.level, c.name, attempt(r.name, c.statement) FROM call c, role_name r WHERE c.schema = 'kg_batch_internal'
    AND r.level <> 'nobody' AND attempt(r.name, c.statement) <> '42501'$$), 'no role can call what is inside');
SELECT is_empty(format($$SELECT name, attempt(%L, 'SELECT * FROM ' || name) FROM object WHERE kind = 'v' AND schema = 'kg_batch' AND attempt(%L, 'SELECT * FROM ' || name) <> 'fine'$$,
    :'reader', :'reader'), 'a reader can read every view');

-- ---- one graph of two ----

-- How many rows of which graphs a role sees in a view.
CREATE FUNCTION seen(role text, view_name text) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    graphs bigint[];
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE format('SELECT array_agg(DISTINCT graph_id) FROM kg_batch.%I', view_name) INTO graphs;
    RESET ROLE;
    RETURN graphs;
END $$;
CREATE VIEW graph_view AS SELECT DISTINCT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'graph_id'
WHERE c.relnamespace = 'kg_batch'::regnamespace AND c.relkind = 'v';
INSERT INTO kg_batch_internal.node_redirect SELECT graph_id, 1000000, max(node_id) FROM kg_batch_internal.node GROUP BY 1;
INSERT INTO kg_batch_internal.decision (graph_id, key_a, key_b, made_by, verdict)
SELECT a.graph_id, a.key, b.key, 'model', 'open' FROM kg_batch_internal.identity a
JOIN LATERAL (SELECT o.key FROM kg_batch_internal.identity o WHERE o.graph_id = a.graph_id AND o.key > a.key AND o.node_id <> a.node_id
    ORDER BY o.key LIMIT 1) b ON true
WHERE a.key = (SELECT min(m.key::text)::uuid FROM kg_batch_internal.identity m WHERE m.graph_id = a.graph_id);
INSERT INTO kg_batch_internal.word (graph_id, verb, field, value) SELECT graph_id, 'correct', 'label', 'x' FROM kg_batch_internal.graph;
INSERT INTO kg_batch_internal.taxon_suggestion (graph_id, parent, name) SELECT graph_id, 'entity', 'jabberwock' FROM kg_batch_internal.graph;
SELECT kg_batch_internal.note_kinds(graph_id, array_agg(chunk_id)) FROM kg_batch_internal.chunk GROUP BY graph_id;
INSERT INTO kg_batch_internal.follow (graph_id, source, name, role, columns, deletions, job_id, priority)
SELECT graph_id, 'kg_batch_internal.graph', 'of ' || graph_id, current_user::regrole, '{}', false, min(job_id), 2 FROM kg_batch_internal.job GROUP BY graph_id;
UPDATE kg_batch_internal.conversation SET cut_error = 'for the test';
-- Something that a former reading of the first chunk of each graph gave.
INSERT INTO kg_batch_internal.fact (graph_id, chunk_id, n, conversation_id, text, modality, negated, first_message_id, live)
SELECT graph_id, min(chunk_id), 4000, min(conversation_id), 'read otherwise before', 'asserted', false, min(message_ids[1]), false FROM kg_batch_internal.chunk GROUP BY graph_id;
INSERT INTO kg_batch_internal.chunk
SELECT (jsonb_populate_record(c, jsonb_build_object('chunk_id', c.chunk_id + 1000000, 'rereads', c.chunk_id, 'reading', c.reading + 1))).*
FROM kg_batch_internal.chunk c WHERE c.chunk_id IN (SELECT min(chunk_id) FROM kg_batch_internal.chunk GROUP BY graph_id);

SELECT is(seen(:'reader', name), CASE WHEN name IN ('evidence', 'rejected', 'errors', 'error_groups') THEN NULL ELSE ARRAY[pets()] END,
    'a reader sees of ' || name || (CASE WHEN name IN ('evidence', 'rejected', 'errors', 'error_groups') THEN ' nothing' ELSE ' the one graph' END)) FROM graph_view;
SELECT is(seen(:'auditor', name), ARRAY[pets()], 'an auditor sees of ' || name || ' the one graph') FROM graph_view;
DELETE FROM kg_batch_internal.chunk WHERE rereads IS NOT NULL;
DELETE FROM kg_batch_internal.fact WHERE n = 4000;
SELECT is(seen(:'member', 'node'), ARRAY[pets()], 'a member of the reader''s role sees the same');
SELECT is(seen(:'reader', 'graph'), ARRAY[pets()], 'a stranger''s graph is not even named');
SELECT is(seen(session_user, 'node'), ARRAY[pets(), work()], 'a superuser sees all');
UPDATE kg_batch_internal.conversation SET cut_error = NULL;

-- A definer function of somebody else's shows what its owner may see.
SET ROLE :"reader";
CREATE FUNCTION public.lend() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT count(DISTINCT graph_id) FROM kg_batch.node $$;
RESET ROLE;
SET ROLE :"nobody";
SELECT is(public.lend(), 1::bigint, 'a view inside a definer function asks for the function''s owner');
RESET ROLE;

-- ---- functions on the other graph ----

CREATE FUNCTION on_graph(call text, graph text) RETURNS text LANGUAGE sql AS $$ SELECT format(call, quote_literal(graph)) $$;
CREATE TABLE right_needed (level int, call text);
INSERT INTO right_needed VALUES
    (1, 'SELECT kg_batch.graph_digest(%s)'), (1, 'SELECT * FROM kg_batch.facts(graph => %s)'), (1, 'SELECT kg_batch.graph_id(%s)'),
    (1, 'SELECT kg_batch.find(''Alice'', graph => %s)'), (1, 'SELECT kg_batch.export(''jsonl'', %s)'), (1, 'SELECT kg_batch.report(''first'', %s)'),
    (3, 'SELECT kg_batch.create_job(graph => %s)'), (3, 'SELECT kg_batch.pause(''first'', %s)'), (3, 'SELECT kg_batch.resume(''first'', graph => %s)'),
    (3, 'SELECT kg_batch.retry(''first'', graph => %s)'), (3, 'SELECT kg_batch.cancel(''first'', %s)'),
    (4, 'SELECT kg_batch.load_taxonomy(''[]'', %s)'), (4, 'SELECT kg_batch.import(''jsonl'', '''', %s)'),
    (1, 'SELECT * FROM kg_batch.compare(%1$s, %1$s)'), (4, 'SELECT kg_batch.rebuild(%s)'), (4, 'SELECT kg_batch.alter_graph(%s, ''{}'')'),
    (4, format('SELECT kg_batch.undo(kg_batch.correct(%s, ''label'', ''Al'', graph => %%1$s), %%1$s)', (SELECT min(node_id) FROM kg_batch.node WHERE label = 'Alice'))),
    (4, format('SELECT kg_batch.undo(kg_batch.retract(%s, graph => %%1$s), %%1$s)', (SELECT min(fact_id) FROM kg_batch.fact WHERE said_by = 'Alice'))),
    (4, format('SELECT kg_batch.grant_access(%L, ''reader'', %%s)', :'member'));
CREATE TABLE level AS SELECT name, level, array_position(ARRAY['reader', 'auditor', 'writer', 'admin'], level) AS number FROM role_name
WHERE level NOT IN ('nobody', 'member');
SELECT is(attempt(l.name, on_graph(r.call, 'pets')), CASE WHEN l.number >= r.level THEN 'fine' ELSE '42501' END,
    format('%s: %s', l.level, on_graph(r.call, 'pets'))) FROM right_needed r, level l ORDER BY r.level, r.call, l.number;
SELECT is(attempt(l.name, on_graph(r.call, 'work')), '42704', format('%s: %s: no such graph', l.level, on_graph(r.call, 'work')))
FROM right_needed r, level l ORDER BY r.level, r.call, l.number;
SELECT is(attempt(l.name, 'SELECT kg_batch.forget(''nothing'', graph => ''pets'')'), CASE WHEN l.number = 4 THEN '42704' ELSE '42501' END,
    format('%s: forget', l.level)) FROM level l ORDER BY l.number;
SELECT is(attempt(l.name, 'SELECT kg_batch.drop_graph(''pets'')'), '42501', format('%s: drop_graph', l.level)) FROM level l ORDER BY l.number;
-- What nobody but an admin may say, even where there is nothing that could be split.
SELECT is(attempt(l.name, format('SELECT kg_batch.%s', call)), CASE WHEN l.number = 4 THEN '22023' ELSE '42501' END, format('%s: %s', l.level, call))
FROM level l, unnest(ARRAY['split((SELECT min(node_id) FROM kg_batch.node), ''chat-Alice'', graph => ''pets'')',
    'merge((SELECT min(node_id) FROM kg_batch.node), (SELECT min(node_id) FROM kg_batch.node), graph => ''pets'')',
    'keep_apart((SELECT min(node_id) FROM kg_batch.node), (SELECT min(node_id) FROM kg_batch.node), graph => ''pets'')',
    'unmerge((SELECT min(node_id) FROM kg_batch.node), ''{}'', graph => ''pets'')']) AS call ORDER BY call, l.number;
SELECT is(attempt(l.name, format('SELECT kg_batch.%s_suggestion(%s, %L)', verb, s.suggestion_id, 'pets')), CASE WHEN l.number = 4 THEN 'fine' ELSE '42501' END,
    format('%s: %s_suggestion', l.level, verb)) FROM level l, unnest(ARRAY['refuse', 'accept']) WITH ORDINALITY AS v (verb, nth), kg_batch_internal.taxon_suggestion s
WHERE s.graph_id = pets() ORDER BY v.nth, l.number;
SELECT is(attempt(:'admin', format('SELECT kg_batch.accept_suggestion(%s, ''pets'')', suggestion_id)), '42704', 'another graph''s suggestion does not exist')
FROM kg_batch_internal.taxon_suggestion WHERE graph_id = work();
SELECT is(attempt(l.name, format('SELECT kg_batch.neighbors(%s, graph => %L)', n.node_id, g.name)), CASE g.name WHEN 'pets' THEN 'fine' ELSE '42704' END,
    format('%s: neighbors in %s', l.level, g.name)) FROM level l, kg_batch_internal.node n JOIN kg_batch_internal.graph g USING (graph_id) WHERE n.label IN ('Alice', 'Bob')
ORDER BY g.name, l.number;
SELECT is(attempt(l.name, format('SELECT 1 / (count(*) FILTER (WHERE line ~ ''"quote":"I adopted Clyde"'') = %s)::int FROM kg_batch.export(%L, ''pets'') AS line',
    CASE WHEN l.number >= 2 THEN 1 ELSE 0 END, 'jsonl')), 'fine', format('%s: an export shows %s', l.level, CASE WHEN l.number >= 2 THEN 'quotes' ELSE 'no quotes' END))
FROM level l ORDER BY l.number;
SELECT is(attempt(:'admin', statement), '42501', statement || ' is for the owner') FROM unnest(ARRAY[
    'SELECT kg_batch.create_graph(''mine'')', 'SELECT kg_batch.start()', 'SELECT kg_batch.stop()', 'SELECT kg_batch.resume()',
    'SELECT kg_batch.set_model_price(''m'', 1, 1)', 'SELECT kg_batch.my_graphs(session_user, ''reader'')']) AS statement;
SELECT is(attempt(:'member', format('SELECT kg_batch.my_graphs(%L, ''reader'')', :'reader')), 'fine', 'one may ask for a role that one is a member of');
SELECT is(attempt(:'reader', 'SELECT * FROM kg_batch.health()'), 'fine', 'a reader may look at the health');
SELECT kg_batch.grant_access(:'reader', 'none', 'pets');
SELECT is(seen(:'reader', 'node'), NULL, 'none takes the right away');
SELECT is(attempt(:'reader', 'SELECT * FROM kg_batch.health()'), '42501', 'and health with it');
SELECT kg_batch.grant_access(:'reader', 'reader', 'pets');

-- ---- the second fence ----

GRANT USAGE ON SCHEMA kg_batch_internal TO :"writer", :"admin";
GRANT SELECT ON kg_batch_internal.node TO :"writer", :"admin";
SET ROLE :"writer";
SELECT is(count(*), 0::bigint, 'a table granted by mistake shows a writer nothing') FROM kg_batch_internal.node;
SET ROLE :"admin";
SELECT is(count(DISTINCT graph_id), 1::bigint, 'and an admin the own graph') FROM kg_batch_internal.node;
RESET ROLE;

-- ---- by index ----

INSERT INTO kg_batch_internal.graph (name, icu_version) SELECT 'g' || i, 'x' FROM generate_series(1, 200) i;
INSERT INTO kg_batch_internal.node (graph_id, key, is_statement, label)
SELECT graph_id, gen_random_uuid(), false, 'n' || i FROM kg_batch_internal.graph, generate_series(1, 100) i;
ANALYZE kg_batch_internal.node;
CREATE FUNCTION plan_of(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP RETURN NEXT line; END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION plan_of(text) TO PUBLIC;
SET ROLE :"reader";
SELECT ok('InitPlan 1 (returns $0)' = ANY (array_agg(btrim(l))) OR bool_or(l ~ 'InitPlan 1'), 'the graphs of the caller are asked for once') FROM plan_of('SELECT label FROM kg_batch.node') l;
SELECT ok(bool_or(l ~ 'Index Cond: .*graph_id = ANY') AND NOT bool_or(l ~ 'Seq Scan'), 'a graph is read by index') FROM plan_of('SELECT label FROM kg_batch.node') l;
SELECT ok(bool_or(l ~ 'Index Cond: .*graph_id = ANY.*node_id = 5'), 'a node is found by the whole key') FROM plan_of('SELECT label FROM kg_batch.node WHERE node_id = 5') l;
SELECT ok(bool_or(l ~ 'Index Cond: .*graph_id = ANY.*label = '), 'or by its label') FROM plan_of('SELECT node_id FROM kg_batch.node WHERE label = ''n7''') l;
RESET ROLE;

SELECT * FROM finish();
DROP FUNCTION public.lend();
DROP OWNED BY :"nobody", :"reader", :"auditor", :"writer", :"admin", :"member";
DROP ROLE :"nobody", :"reader", :"auditor", :"writer", :"admin", :"member";
