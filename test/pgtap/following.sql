-- What follow refuses, it refuses with one clear error and changes nothing by it.
SELECT * FROM no_plan();
SELECT current_database() || '_writer' AS writer, current_database() || '_other' AS other \gset
CREATE ROLE :"writer"; CREATE ROLE :"other";
SELECT lives_ok($$SELECT kg_batch.create_graph('pets')$$, 'a graph');
DO $$ BEGIN
    PERFORM kg_batch.stop();
    PERFORM kg_batch.grant_access(current_database() || '_writer', 'writer', 'pets');
    EXECUTE format('GRANT CREATE ON SCHEMA public TO PUBLIC; GRANT USAGE ON SCHEMA tap TO PUBLIC');
END $$;
SET ROLE :"writer";
CREATE TABLE public.talk (id bigint PRIMARY KEY, speaker text, content text, sent_at timestamptz, spoken text);
RESET ROLE;
CREATE TABLE public.loose (speaker text, content text);
CREATE TABLE public.pairs (a int, b int, speaker text, content text, PRIMARY KEY (a, b));
CREATE TABLE public.mute (id int PRIMARY KEY, content text);
CREATE TABLE public.silent (id int PRIMARY KEY, speaker text, words text);
CREATE TABLE public.elsewhere (id int PRIMARY KEY, speaker text, content text);
CREATE VIEW public.seen AS SELECT * FROM public.talk;
CREATE TEMPORARY TABLE brief (id int PRIMARY KEY, speaker text, content text);

-- State, message and hint of what fails; nothing when it works.
CREATE FUNCTION refusal(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; said text; hint text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', who);
    EXECUTE statement;
    RESET ROLE;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, said = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(': ', state, said, NULLIF(hint, ''));
END $$;

SELECT is(refusal(who, format('SELECT kg_batch.follow(%s, graph => ''pets'')', arguments)), wanted, wanted) FROM (VALUES
    (:'writer', 'NULL', '22004: argument "source" must not be null'),
    (:'writer', '''public.nothing''', '42P01: relation "public.nothing" does not exist'),
    (:'writer', '4000000', '42P01: table with number 4000000 does not exist'),
    (:'writer', '''public.seen''', '42809: public.seen is no table that can be followed: Tables and partitioned tables of one''s own can be followed; hand in what views and foreign tables give with kg_batch.enqueue_query.'),
    (current_user::text, '''pg_catalog.pg_class''', '42809: pg_catalog.pg_class is no table that can be followed: Tables and partitioned tables of one''s own can be followed; hand in what views and foreign tables give with kg_batch.enqueue_query.'),
    (current_user::text, '''kg_batch_internal.message''', '42809: kg_batch_internal.message is no table that can be followed: Tables and partitioned tables of one''s own can be followed; hand in what views and foreign tables give with kg_batch.enqueue_query.'),
    (:'writer', '''public.elsewhere''', '42501: must be owner of table public.elsewhere to follow it'),
    (current_user::text, '''public.loose''', '42P16: table public.loose has no primary key: Add one with ALTER TABLE … ADD PRIMARY KEY.'),
    (current_user::text, '''public.pairs''', '42703: table public.pairs has no column "message_id", and its primary key is of several columns: Say which column it is, as kg_batch.follow(…, content => ''body'', speaker => ''author'').'),
    (current_user::text, '''public.mute''', '42703: table public.mute has no column "speaker" or "role": Say which column it is, as kg_batch.follow(…, content => ''body'', speaker => ''author'').'),
    (current_user::text, '''public.silent''', '42703: table public.silent has no column "content": Say which column it is, as kg_batch.follow(…, content => ''body'', speaker => ''author'').'),
    (:'writer', '''public.talk'', content => ''spokn''', '42703: table public.talk has no column "spokn": Perhaps you mean "spoken".'),
    (:'writer', '''public.talk'', sent_at => ''''', '42703: table public.talk has no column ""'),
    (:'writer', '''public.talk'', job => ''nope''', '42704: job "nope" does not exist in this graph: Jobs are listed in kg_batch.progress.'),
    (:'writer', '''public.talk'', priority => 1000', '22023: priority 1000 is out of range: Valid values are from 0 to 999; lower ones come first.'),
    (:'writer', '''public.talk'', deletions => true', '42501: permission denied for graph "pets": This needs the level admin: SELECT kg_batch.grant_access(role, level, graph).'))
    AS x (who, arguments, wanted);
SELECT is(refusal(:'writer', 'SELECT kg_batch.follow(''public.talk'', graph => ''nowhere'')'), '42704: graph "nowhere" does not exist: Create it with kg_batch.create_graph.', 'an unknown graph');
SELECT ok(refusal(current_user::text, 'SELECT kg_batch.follow(''pg_temp.brief'', graph => ''pets'')') LIKE '42809: pg_temp%.brief is a temporary table%', 'a temporary table');
SELECT ok(refusal(:'other', 'SELECT kg_batch.follow(''public.talk'', graph => ''pets'')') LIKE '42501: permission denied for schema kg_batch%', 'a stranger');
SELECT is(refusal(:'writer', 'SELECT kg_batch.unfollow(''public.talk'', graph => ''pets'')'), '42704: table public.talk is not followed into this graph: The view kg_batch.follows has those that are.', 'nothing to unfollow');
SELECT is_empty('SELECT FROM kg_batch_internal.follow UNION ALL SELECT FROM kg_batch_internal.follow_change', 'nothing of all that is followed');
SELECT is_empty($$SELECT FROM pg_trigger WHERE tgname LIKE 'kg\_batch\_follow%'$$, 'nor has it a trigger');

-- A right to the table's columns is looked at, not only who owns it.
REVOKE SELECT ON public.talk FROM :"writer";
SELECT is(refusal(:'writer', 'SELECT kg_batch.follow(''public.talk'', graph => ''pets'')'),
    '55000: role "' || :'writer' || '", which follows table public.talk, may not read it any more: Grant it the right, or call kg_batch.follow as one who has it.', 'who may not read it may not follow it');
GRANT SELECT ON public.talk TO :"writer";
SELECT is(refusal(:'writer', 'SELECT kg_batch.follow(''public.talk'', content => ''spoken'', graph => ''pets'')'), NULL, 'what is right works');
SELECT is(concat_ws(' ', source, graph, job, state, waiting, columns, role), 'public.talk pets inbox reading 1 '
    '{"log": "public.talk", "content": "spoken", "sent_at": "sent_at", "speaker": "speaker", "message_id": "id"} ' || :'writer', 'follows says how') FROM kg_batch.follows;
SELECT is(refusal(:'writer', 'SELECT kg_batch.follow(''public.talk'', existing => false, graph => ''pets'')'), NULL, 'said again');
SELECT is(concat_ws(' ', columns ->> 'content', waiting), 'content 1', 'it takes the place of what was said, and loses nothing') FROM kg_batch.follows;
SELECT is(count(*), 1::bigint, 'there is one trigger') FROM pg_trigger WHERE tgname LIKE 'kg\_batch\_follow%';
SELECT is_empty($$SELECT FROM pg_trigger WHERE tgname LIKE 'kg\_batch\_follow%' AND tgenabled <> 'A'$$, 'which fires for what is replicated, too');
INSERT INTO public.talk VALUES (1, 'Ann', 'Hello there.');
UPDATE public.talk SET sent_at = sent_at;
SELECT is(waiting, 2::bigint, 'a row that is written is noted, one that stays the same is not') FROM kg_batch.follows;
SET ROLE :"other";
SELECT throws_ok('SELECT * FROM kg_batch.follows', '42501', NULL, 'a stranger sees nothing of it');
RESET ROLE;
SELECT is(kg_batch.unfollow('public.talk', graph => 'pets'), 2::bigint, 'unfollow says how much was not taken in');
SELECT is_empty('SELECT FROM kg_batch_internal.follow UNION ALL SELECT FROM kg_batch_internal.follow_change', 'and nothing is left of it');

SELECT lives_ok($$SELECT kg_batch.follow('public.talk', graph => 'pets')$$, 'once more');
SELECT lives_ok($$SELECT kg_batch.drop_graph('pets')$$, 'a graph that is dropped …');
SELECT is_empty($$SELECT FROM pg_trigger WHERE tgname LIKE 'kg\_batch\_follow%'$$, '… follows nothing');

SELECT * FROM finish();
DROP VIEW public.seen;
DROP OWNED BY :"writer", :"other";
DROP ROLE :"writer", :"other";
