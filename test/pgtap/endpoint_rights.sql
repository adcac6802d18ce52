-- Where requests go and with which key is said in the server's configuration and
-- nowhere else: no role, session, database, job or graph can say otherwise, and
-- what the settings say of the key nobody but a superuser reads.
SELECT * FROM no_plan();
DO $$ BEGIN PERFORM kg_batch.create_graph('pets'); END $$;
SELECT current_database() || '_admin' AS admin, current_database() || '_owner' AS owner \gset
CREATE ROLE :"admin"; CREATE ROLE :"owner";
SELECT kg_batch.grant_access(:'admin', 'admin', 'pets');
DO $$ BEGIN EXECUTE format('GRANT CREATE ON SCHEMA public TO PUBLIC; GRANT USAGE ON SCHEMA tap TO PUBLIC; ALTER DATABASE %I OWNER TO %I', current_database(), current_database() || '_owner'); END $$;

\ir fixtures/attempt.sql

-- ---- which settings anybody may set ----

-- What can be set in a session stands in a job and says nothing of the network.
SELECT set_eq($$SELECT name FROM pg_settings WHERE name LIKE 'kg\_batch.%' AND context = 'user'$$, ARRAY[
    'kg_batch.batch_chunk_max', 'kg_batch.batch_chunk_size', 'kg_batch.batch_min_requests', 'kg_batch.batch_timeout', 'kg_batch.boundaries', 'kg_batch.budget',
    'kg_batch.chunk_max_tokens', 'kg_batch.context_sentences', 'kg_batch.embedding_model', 'kg_batch.extraction', 'kg_batch.graph',
    'kg_batch.learn_from_assistant', 'kg_batch.max_attempts', 'kg_batch.max_conversations_per_pipeline', 'kg_batch.max_output_tokens',
    'kg_batch.merge_by_batch', 'kg_batch.merge_confidence', 'kg_batch.merge_model', 'kg_batch.merge_reasoning_effort', 'kg_batch.model',
    'kg_batch.real_time_chunk_size', 'kg_batch.reasoning_effort', 'kg_batch.settle', 'kg_batch.use_batch_api', 'kg_batch.use_known'],
    'these are for everybody');
SELECT set_eq($$SELECT name FROM pg_settings WHERE name LIKE 'kg\_batch.%' AND context = 'superuser'$$, ARRAY['kg_batch.enabled'], 'this is for superusers');
SELECT set_eq($$SELECT DISTINCT context FROM pg_settings WHERE name LIKE 'kg\_batch.%'$$, ARRAY['user', 'superuser', 'sighup'],
    'and all else stands in the configuration');

CREATE TABLE guarded AS SELECT name FROM pg_settings WHERE name LIKE 'kg\_batch.%' AND context = 'sighup';
SELECT ok(name = ANY (ARRAY(SELECT g.name FROM guarded g)), name || ' is one of those')
FROM unnest(ARRAY['kg_batch.api_base_url', 'kg_batch.api_key_file', 'kg_batch.redact', 'kg_batch.models', 'kg_batch.budget_per_day']) AS name;
SELECT is_empty(format($$SELECT g.name, form, role, attempt(role, format(form, g.name)) FROM guarded g, unnest(ARRAY['SET %%s = ''1''', 'SET LOCAL %%s = ''1''',
    'SELECT set_config(%%L, ''1'', false)', 'ALTER ROLE CURRENT_USER SET %%s = ''1''', 'ALTER DATABASE %I SET %%s = ''1''',
    'CREATE FUNCTION public.f() RETURNS int LANGUAGE sql SET %%s = ''1'' AS ''SELECT 1''', 'UPDATE pg_settings SET setting = ''1'' WHERE name = %%L'])
    AS form, unnest(ARRAY[%L, %L]) AS role
    WHERE attempt(role, format(form, g.name)) NOT IN ('55P02', '42501', '22023') AND NOT (form ~ '^UPDATE' AND g.name = 'kg_batch.api_key_file')$$,
    current_database(), :'admin', :'owner'), 'none can be set for a session, a role, a function or a database');
SELECT is_empty(format($$SELECT g.name, role, p.privilege FROM guarded g, unnest(ARRAY[%L, %L]) AS role, unnest(ARRAY['SET', 'ALTER SYSTEM']) AS p (privilege)
    WHERE has_parameter_privilege(role, g.name, p.privilege)$$, :'admin', :'owner'), 'nor for the server');
SELECT is_empty(format($$SELECT g.name, form, role, attempt(role, format(form, substr(g.name, 10))) FROM guarded g, unnest(ARRAY[
    'SELECT kg_batch.create_job(NULL, jsonb_build_object(%%L, ''1''), ''pets'')', 'SELECT kg_batch.alter_graph(''pets'', jsonb_build_object(%%L, ''1''))',
    'SELECT kg_batch.reread(options => jsonb_build_object(%%L, ''1''), graph => ''pets'')']) AS form, unnest(ARRAY[%L, current_user::text]) AS role
    WHERE attempt(role, format(form, substr(g.name, 10))) <> '22023'$$, :'admin'), 'nor be an option of a job or a graph');
SELECT is(current_setting('kg_batch.api_base_url'), reset_val, 'it is what it was') FROM pg_settings WHERE name = 'kg_batch.api_base_url';

-- ---- what they say of the key ----

SELECT is(attempt(:'admin', $$SELECT current_setting('kg_batch.api_key_file')$$), '42501', 'where the key is, an admin does not learn');
SELECT is(attempt(:'admin', 'SHOW kg_batch.api_key_file'), '42501', 'in no way');
SET ROLE :"admin";
SELECT is_empty($$SELECT name FROM pg_settings WHERE name = 'kg_batch.api_key_file'$$, 'nor does pg_settings list it');
SELECT is_empty($$SELECT detail FROM kg_batch.health() WHERE concat(detail, hint) ~ 'key/|/key|tmp'$$, 'health does not say where it is');
RESET ROLE;
SELECT is_empty($$SELECT name FROM pg_settings WHERE name ~ '^kg_batch' AND name ~ 'key' AND name <> 'kg_batch.api_key_file'$$, 'there is no setting that holds a key');

SELECT * FROM finish();
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), session_user); END $$;
DROP OWNED BY :"admin", :"owner";
DROP ROLE :"admin", :"owner";
