-- Two graphs, and a role of each level on "pets". Every text, list and document of
-- the other graph bears a mark. Whatever the roles read or call, with ids of the
-- other graph too, they never meet the mark, and change nothing of that graph.
\ir fixtures/two_graphs.sql
SELECT * FROM no_plan();
DO $$ BEGIN PERFORM kg_batch.stop(); END $$;

-- ---- every table has something of the other graph ----

CREATE FUNCTION work() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT graph_id FROM kg_batch_internal.graph WHERE name ~ '^work' $$;
CREATE TABLE of_graph AS SELECT c.oid::regclass AS name, c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'graph_id'
WHERE c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relkind = 'r';
CREATE FUNCTION rows_of_work(name regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s WHERE graph_id = work()', name) INTO n;
    RETURN n;
END $$;

-- Rows that belong together, so that views find their way through them.
INSERT INTO kg_batch_internal.request (graph_id, job_id, stage, prompt_id, model, mode, state, input_hash, input_tokens, max_output)
SELECT graph_id, job_id, 'kg_extract', 1, 'gpt-6-luna', 'batch', 'answered', sha256(name::bytea), 1, 1 FROM kg_batch_internal.job;
INSERT INTO kg_batch_internal.answer (graph_id, request_id, attempt, mode, status, outcome, body, error)
SELECT graph_id, request_id, 1, mode, 200, 'answered', 'said', 'said' FROM kg_batch_internal.request;
INSERT INTO kg_batch_internal.batch (token, model, requests, input_tokens, state, error, ended_at)
SELECT gen_random_uuid(), 'gpt-6-luna', 1, 1, 'failed', 'batch of ' || name, now() FROM kg_batch_internal.graph;
INSERT INTO kg_batch_internal.batch_job (batch_id, graph_id, job_id, requests)
SELECT b.batch_id, g.graph_id, j.job_id, 1 FROM kg_batch_internal.graph g JOIN kg_batch_internal.job j USING (graph_id)
JOIN kg_batch_internal.batch b ON b.error = 'batch of ' || g.name;
UPDATE kg_batch_internal.request r SET batch_id = m.batch_id FROM kg_batch_internal.batch_job m WHERE m.graph_id = r.graph_id;
INSERT INTO kg_batch_internal.node_redirect SELECT graph_id, 1000000, max(node_id) FROM kg_batch_internal.node GROUP BY 1;
INSERT INTO kg_batch_internal.decision (graph_id, key_a, key_b, made_by, verdict, confidence, reason)
SELECT a.graph_id, a.key, b.key, 'model', 'unsure', 500, 'who knows' FROM kg_batch_internal.identity a
JOIN kg_batch_internal.identity b ON b.graph_id = a.graph_id AND b.key > a.key AND b.is_statement = a.is_statement;
INSERT INTO kg_batch_internal.word (graph_id, verb, field, value, reason) SELECT graph_id, 'correct', 'label', 'x', 'y' FROM kg_batch_internal.graph;
INSERT INTO kg_batch_internal.word_key (graph_id, decision_id, key) SELECT w.graph_id, w.decision_id, i.key FROM kg_batch_internal.word w
JOIN kg_batch_internal.identity i USING (graph_id) WHERE NOT i.is_statement;
INSERT INTO kg_batch_internal.taxon (graph_id, path, definition, aliases) SELECT graph_id, 'entity > gryphon', 'a beast', '{}' FROM kg_batch_internal.graph;
INSERT INTO kg_batch_internal.taxon_suggestion (graph_id, parent, name) SELECT graph_id, 'entity', 'jabberwock' FROM kg_batch_internal.graph;
INSERT INTO kg_batch_internal.follow (graph_id, source, name, role, columns, deletions, job_id, priority)
SELECT graph_id, 'kg_batch_internal.graph', 'x', current_user::regrole, '{}', false, min(job_id), 2 FROM kg_batch_internal.job GROUP BY graph_id;
SELECT kg_batch_internal.note_kinds(graph_id, array_agg(chunk_id)) FROM kg_batch_internal.chunk GROUP BY graph_id;
UPDATE kg_batch_internal.kind k SET taxon_id = t.taxon_id, decided_by = 'person', confidence = 1000 FROM kg_batch_internal.taxon t
WHERE t.graph_id = k.graph_id AND k.category = 'thing';
INSERT INTO kg_batch_internal.fact (graph_id, chunk_id, n, conversation_id, text, modality, negated, first_message_id, live)
SELECT graph_id, min(chunk_id), 4000, min(conversation_id), 'read otherwise before', 'asserted', false, min(message_ids[1]), false FROM kg_batch_internal.chunk GROUP BY graph_id;
INSERT INTO kg_batch_internal.chunk
SELECT (jsonb_populate_record(c, jsonb_build_object('chunk_id', c.chunk_id + 1000000, 'rereads', c.chunk_id, 'reading', c.reading + 1))).*
FROM kg_batch_internal.chunk c WHERE c.chunk_id IN (SELECT min(chunk_id) FROM kg_batch_internal.chunk GROUP BY graph_id);
INSERT INTO kg_batch_internal.chunk
SELECT (jsonb_populate_record(c, jsonb_build_object('chunk_id', c.chunk_id + 2000000, 'state', 'failed', 'error', 'it failed'))).*
FROM kg_batch_internal.chunk c WHERE c.chunk_id IN (SELECT min(chunk_id) FROM kg_batch_internal.chunk GROUP BY graph_id);

-- The rest as its columns allow it; what they refer to does not matter here.
SET session_replication_role = replica;
DO $$
DECLARE
    empty record;
BEGIN
    FOR empty IN
        SELECT t.name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns, string_agg(
            CASE WHEN a.attname = 'graph_id' THEN 'work()'
                WHEN a.attname = 'key_a' THEN '''00000000-0000-0000-0000-000000000000''' WHEN a.attname = 'a' THEN '0'
                WHEN a.attname = 'made_by' THEN '''model''' WHEN a.attname = 'told_by' THEN '''model''' WHEN a.attname = 'mode' THEN '''batch'''
                WHEN a.attname = 'state' THEN '''open''' WHEN a.attname = 'sort' THEN '''kind''' WHEN a.attname = 'hash' THEN 'sha256(''x'')'
                WHEN a.attname = 'role' THEN '''pg_monitor''::regrole'
                WHEN a.atttypid = 'uuid'::regtype THEN 'gen_random_uuid()'
                WHEN t2.typcategory = 'S' THEN '''x''' WHEN t2.typcategory = 'N' THEN '1' WHEN t2.typcategory = 'B' THEN 'false'
                WHEN t2.typcategory = 'D' THEN 'now()' WHEN t2.typcategory = 'A' THEN '''{}''' WHEN a.atttypid = 'jsonb'::regtype THEN '''{}'''
                WHEN a.atttypid = 'regclass'::regtype THEN '''pg_class''' ELSE 'NULL' END, ', ' ORDER BY a.attnum) AS values
        FROM of_graph t JOIN pg_attribute a ON a.attrelid = t.oid JOIN pg_type t2 ON t2.oid = a.atttypid
        WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity = ''
          AND (a.attnotnull AND NOT a.atthasdef OR a.attname IN ('detail', 'text', 'error') AND t2.typcategory = 'S' OR a.attname = 'graph_id')
          AND rows_of_work(t.name) = 0 AND t.name <> 'kg_batch_internal.access'::regclass
        GROUP BY t.name
    LOOP
        EXECUTE format('INSERT INTO %s (%s) VALUES (%s)', empty.name, empty.columns, empty.values);
    END LOOP;
END $$;
SELECT is_empty($$SELECT name FROM of_graph WHERE rows_of_work(name) = 0 AND name <> 'kg_batch_internal.access'::regclass$$,
    'every table has rows of the other graph');

-- ---- all of them bear the mark, where a check does not say what may stand there ----

CREATE TABLE marked (name text, done boolean);
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN
        SELECT t.name, a.attname, CASE WHEN a.atttypid = 'jsonb'::regtype THEN '%2$I || ''{"note": "ZEBRA"}''' WHEN ty.typcategory = 'A' THEN '%2$I || ''ZEBRA''::text'
            ELSE 'concat(%2$I, '' ZEBRA'')' END AS value
        FROM (SELECT name, oid FROM of_graph UNION SELECT 'kg_batch_internal.batch', 'kg_batch_internal.batch'::regclass) t
        JOIN pg_attribute a ON a.attrelid = t.oid JOIN pg_type ty ON ty.oid = a.atttypid
        WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.atttypid IN ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype)
          -- What code looks things up by.
          AND a.attname NOT IN ('stage', 'outcome', 'type', 'class', 'modality', 'role', 'skipped', 'message_key', 'sort', 'verb', 'field', 'barred')
    LOOP
        BEGIN
            EXECUTE format('UPDATE %1$s SET %2$I = ' || c.value || ' WHERE ' || CASE WHEN c.name = 'kg_batch_internal.batch'::regclass
                THEN 'batch_id IN (SELECT batch_id FROM kg_batch_internal.batch_job WHERE graph_id = work())' ELSE 'graph_id = work()' END, c.name, c.attname);
            INSERT INTO marked VALUES (c.name || '.' || c.attname, true);
        EXCEPTION WHEN check_violation THEN
            INSERT INTO marked VALUES (c.name || '.' || c.attname, false);
        END;
    END LOOP;
END $$;
UPDATE kg_batch_internal.kind SET category = kg_batch_internal.category_key(category) WHERE graph_id = work();
UPDATE kg_batch_internal.graph SET name = 'work of ZEBRA' WHERE graph_id = work();
SET session_replication_role = origin;
SELECT cmp_ok(count(*), '>', 80::bigint, 'what is marked') FROM marked WHERE done;
SELECT is_empty($$SELECT name FROM marked WHERE NOT done AND name !~ '\.(state|mode|source|made_by|verdict|told_by|decided_by|canonical)$|word\.conversation$'$$,
    'only what is one of a few words is not');

-- ---- who asks ----

SELECT current_database() || '_reader' AS reader, current_database() || '_auditor' AS auditor, current_database() || '_writer' AS writer,
    current_database() || '_admin' AS admin \gset
CREATE ROLE :"reader"; CREATE ROLE :"auditor"; CREATE ROLE :"writer"; CREATE ROLE :"admin";
\ir fixtures/four_levels.sql
CREATE TABLE level AS SELECT level, current_database() || '_' || level AS role FROM unnest(ARRAY['reader', 'auditor', 'writer', 'admin']) AS level;

-- All that a statement shows a role: its rows, or its error with detail and hint.
-- What it did is undone.
CREATE FUNCTION shown(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
    message text; detail text; hint text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    BEGIN
        EXECUTE format('SELECT string_agg(q::text, chr(10)) FROM (%s) q', statement) INTO found;
        RAISE SQLSTATE 'KG000' USING MESSAGE = COALESCE(found, '');
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        found := concat_ws(chr(10), CASE WHEN SQLSTATE <> 'KG000' THEN 'ERROR ' || SQLSTATE END, message, detail, hint);
    END;
    RESET ROLE;
    RETURN found;
END $$;

-- ---- every view ----

CREATE TABLE view_shown AS
SELECT c.relname::text AS name, l.level, shown(l.role, format('TABLE kg_batch.%I', c.relname)) AS shown
FROM pg_class c, (SELECT * FROM level UNION ALL SELECT 'superuser', current_user::text) l
WHERE c.relnamespace = 'kg_batch'::regnamespace AND c.relkind = 'v';
SELECT is_empty($$SELECT name, level FROM view_shown WHERE shown ~* 'zebra' AND level <> 'superuser'$$, 'no view shows a word of another graph');
SELECT is_empty($$SELECT name, shown FROM view_shown WHERE shown ~ '^ERROR'$$, 'each view can be read');
-- Where not even a superuser meets the mark, nothing was tried.
SELECT set_eq($$SELECT name FROM view_shown WHERE level = 'superuser' AND shown !~* 'zebra'$$, ARRAY['pipelines', 'throughput', 'node_redirect'],
    'the mark is in every view, but those that have no words');
SELECT is_empty($$SELECT name FROM view_shown v WHERE level = 'auditor' AND shown = '' AND name NOT IN ('pipelines', 'throughput')$$,
    'and of every view there is something to see of one''s own graph, but of what workers do for all');

-- ---- every function, with ids of the other graph ----

-- An argument by its name and type: the own graph with ids of the other one, and
-- names that are near the other one's.
CREATE FUNCTION argument(name text, type regtype) RETURNS text LANGUAGE sql AS $$
SELECT CASE
    WHEN name IN ('graph', 'graph_a', 'graph_b') THEN '''pets'''
    WHEN name = 'name' AND type = 'text'::regtype THEN '''pets'''
    WHEN name IN ('node', 'a') THEN (SELECT min(node_id)::text FROM kg_batch_internal.node WHERE graph_id = work())
    WHEN name = 'b' THEN (SELECT max(node_id)::text FROM kg_batch_internal.node WHERE graph_id = work() AND NOT is_statement)
    WHEN name = 'nodes' THEN (SELECT quote_literal(array_agg(node_id)) FROM kg_batch_internal.node WHERE graph_id = work())
    WHEN name = 'identity_ids' THEN (SELECT quote_literal(array_agg(identity_id)) FROM kg_batch_internal.identity WHERE graph_id = work())
    WHEN name = 'fact_id' THEN (SELECT min(fact_id)::text FROM kg_batch_internal.fact WHERE graph_id = work())
    WHEN name = 'fact_ids' THEN (SELECT quote_literal(array_agg(fact_id)) FROM kg_batch_internal.fact WHERE graph_id = work())
    WHEN name = 'suggestion_id' THEN (SELECT min(suggestion_id)::text FROM kg_batch_internal.taxon_suggestion WHERE graph_id = work())
    WHEN name = 'decision' THEN (SELECT min(decision_id)::text FROM kg_batch_internal.word WHERE graph_id = work())
    WHEN name = 'chunk' THEN (SELECT min(chunk_id)::text FROM kg_batch_internal.chunk WHERE graph_id = work())
    WHEN name = 'job' AND type = 'bigint'::regtype THEN (SELECT min(job_id)::text FROM kg_batch_internal.job WHERE graph_id = work())
    WHEN name = 'job' THEN (SELECT quote_literal(min(job_id)) FROM kg_batch_internal.job WHERE graph_id = work())
    WHEN name IN ('conversation', 'key') THEN '''chat-Bob'''
    WHEN name = 'message_id' THEN '''m1'''
    WHEN name IN ('text', 'about') THEN '''Initech'''
    WHEN name = 'query' THEN '$q$SELECT ''Bob'' AS speaker, ''I work at Initech.'' AS content, ''work of ZEBR'' AS graph$q$'
    WHEN name = 'transcript' THEN '''Bob: I work at Initech.'''
    WHEN name = 'messages' THEN '''[{"speaker": "Bob", "content": "I work at Initech last May.", "id": "m1"}]'''
    WHEN name = 'format' THEN '''jsonl''' WHEN name = 'on_error' THEN '''skip''' WHEN name = 'data' THEN '''''' WHEN name = 'field' THEN '''label''' WHEN name = 'level' THEN '''reader'''
    WHEN name = 'role' THEN quote_literal(current_database() || '_reader') WHEN name = 'taxonomy' THEN '''[]'''
    WHEN type = 'jsonb'::regtype THEN '''{}''' WHEN type = 'text'::regtype THEN '''x''' WHEN type = 'boolean'::regtype THEN 'true'
    WHEN type IN ('bigint'::regtype, 'integer'::regtype, 'numeric'::regtype, 'double precision'::regtype) THEN '2'
    WHEN type = 'timestamptz'::regtype THEN 'now()' WHEN type = 'date'::regtype THEN 'current_date' ELSE 'NULL' END $$;
-- The same with the name of the other graph, or one like it, in place of the own one.
CREATE TABLE call AS
SELECT p.oid::regprocedure AS name, p.provolatile, g.name AS graph, format('SELECT * FROM kg_batch.%I(%s)', p.proname, (
    SELECT COALESCE(string_agg(CASE WHEN argument(a.name, a.type) = '''pets''' THEN quote_literal(g.name) ELSE argument(a.name, a.type) END || '::' || a.type, ', ' ORDER BY a.nth), '')
    FROM (SELECT n.name, t.type::regtype AS type, t.nth FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t (type, nth)
          LEFT JOIN unnest(p.proargnames) WITH ORDINALITY AS n (name, nth) USING (nth)) a)) AS statement
FROM pg_proc p, (VALUES ('pets'), ('work of ZEBRA'), ('work of ZEBR'), ('pet')) AS g (name) WHERE p.pronamespace = 'kg_batch'::regnamespace AND p.prokind = 'f';
CREATE FUNCTION state_of_work() RETURNS TABLE (name text, hash text) LANGUAGE plpgsql AS $$
DECLARE
    t regclass;
BEGIN
    FOR t IN SELECT o.name FROM of_graph o LOOP
        name := t::text;
        EXECUTE format('SELECT md5(string_agg(r::text, '';'' ORDER BY r::text)) FROM %s r WHERE graph_id = work()', t) INTO hash;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT cmp_ok(count(DISTINCT name), '>', 50::bigint, 'there are functions to call') FROM call;
CREATE TABLE state_before AS SELECT * FROM state_of_work();
CREATE TABLE call_shown AS SELECT c.*, l.level, shown(l.role, c.statement) AS shown FROM call c, level l;
-- The caller's own words come back in an error: "work of ZEBRA" does not exist.
SELECT is_empty($$SELECT statement, level, shown FROM call_shown WHERE replace(shown, 'graph "work of ZEBRA" does not exist', '') ~* 'zebra'$$,
    'no function gives a word of another graph, whatever ids and names it is called with');
SELECT is_empty($$SELECT statement, level, shown FROM call_shown WHERE graph <> 'pets' AND statement ~ graph AND shown !~ '^ERROR'$$,
    'and none works on another graph by its name');
SELECT is_empty($$SELECT statement, level, shown FROM call_shown WHERE name::text ~ '\((bigint|jsonb, ?bigint)' AND name::text !~ 'explain|validity|neighbors|reread|find'
    AND graph = 'pets' AND shown !~ '^ERROR'$$, 'an id of another graph is an error');
SELECT is_empty($$SELECT 1 WHERE (SELECT count(*) FROM call_shown WHERE level = 'admin' AND graph = 'pets' AND shown !~ '^ERROR') < 15$$,
    'many of these calls do work, on the own graph');
SELECT cmp_ok(count(*), '>', 8::bigint, 'and would show the mark to who may see it')
FROM call c WHERE c.graph = 'work of ZEBRA' AND shown(current_user::text, c.statement) ~* 'zebra';
-- The calls again, and this time what they do is kept.
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT statement, role FROM call, level WHERE provolatile = 'v' AND name::text !~ '(stop|start|import)\(' ORDER BY level, statement LOOP
        EXECUTE format('SET LOCAL ROLE %I', c.role);
        BEGIN
            EXECUTE c.statement;
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
        RESET ROLE;
    END LOOP;
END $$;
SELECT set_eq('SELECT * FROM state_of_work()', 'SELECT * FROM state_before', 'and none changed anything of the other graph');
-- What is said to be stable writes nothing.
SELECT is_empty(format($$SELECT statement FROM call WHERE provolatile <> 'v' AND graph = 'pets' AND shown(%L, 'SELECT set_config(''transaction_read_only'', ''on'', true) FROM pg_database LIMIT 1') = '(on)'
    AND shown(%L, statement) ~ 'ERROR 25006'$$, :'admin', :'admin'), 'what is stable does not write');

SELECT * FROM finish();
DROP OWNED BY :"reader", :"auditor", :"writer", :"admin";
DROP ROLE :"reader", :"auditor", :"writer", :"admin";
