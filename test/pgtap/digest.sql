-- graph_digest: changes with every value that it covers, with nothing else.
\ir fixtures/two_graphs.sql
\ir fixtures/review_of_pets.sql
SELECT * FROM no_plan();

CREATE FUNCTION pets() RETURNS bigint LANGUAGE sql AS $$ SELECT graph_id FROM kg_batch_internal.graph WHERE name = 'pets' $$;
CREATE FUNCTION digest() RETURNS text LANGUAGE sql AS $$ SELECT kg_batch.graph_digest('pets') $$;

-- What the digest is after a change, which is taken back.
CREATE FUNCTION digest_after(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    BEGIN
        EXECUTE change;
        found := digest();
        RAISE EXCEPTION 'take it back' USING ERRCODE = 'KG001';
    EXCEPTION WHEN SQLSTATE 'KG001' THEN
        RETURN found;
    END;
END $$;

SELECT matches(digest(), '^[0-9a-f]{64}$', 'a digest is 64 hex digits');
SELECT is(digest(), digest(), 'the same graph has the same digest');
SELECT isnt(digest(), kg_batch.graph_digest('work'), 'another graph has another one');

-- Another value of the same type for one column of one row.
CREATE FUNCTION another(type text, name text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE type
        WHEN 'boolean' THEN format('NOT %I', name)
        WHEN 'integer' THEN format('COALESCE(%I, 0) + 1', name)
        WHEN 'bigint' THEN format('COALESCE(%I, 0) + 1', name)
        WHEN 'text' THEN format('COALESCE(%I, '''') || ''x''', name)
        WHEN 'uuid' THEN 'gen_random_uuid()'
        WHEN 'text[]' THEN format('%I || ''{x}''::text[]', name)
        WHEN 'integer[]' THEN format('%I || 7', name)
        WHEN 'timestamp with time zone' THEN format('COALESCE(%I, now()) + interval ''1 us''', name)
        WHEN 'datemultirange' THEN format('%I + ''{[2024-01-01,2024-01-02)}''::datemultirange', name)
    END $$;

CREATE TEMP TABLE covered (relation text, name text, value text);
INSERT INTO covered SELECT t.relation, a.attname, COALESCE(t.value, another(format_type(a.atttypid, NULL), a.attname))
FROM (VALUES
    ('node', '{key,is_statement,type,class,label,category,aliases,attributes,hash_tags,negated,modality,start_date,start_how,end_date,end_how,goal_status,asserted_on,confidence,importance,mentions}', NULL),
    ('edge', '{predicate,negated,mentions}', NULL),
    ('fact', '{text,negated,said_at}', NULL),
    ('fact', '{modality}', '''planned'''),
    ('fact', '{said_by}', 'NULL'),
    ('fact_source', '{sentence_start,sentence_end,quote,matched,span_start,span_end}', NULL),
    ('node_mention', '{key,is_statement,type,class,label,label_key,category,named,aliases,attributes,hash_tags,confidence,importance,start_date,start_how,end_date,end_how,replaces,goal_status,negated,modality,facts,said_at,participant,scope,owner,relation,given_key,given_owner}', NULL),
    ('edge_mention', '{role}', NULL),
    ('conversation', '{key}', NULL),
    ('conversation', '{participant_names,participant_ids}', '''{Zoe}'''),
    ('message', '{message_key,version}', NULL)) AS t (relation, names, value)
JOIN pg_attribute a ON a.attrelid = ('kg_batch_internal.' || t.relation)::regclass AND a.attname = ANY (t.names::name[]);

SELECT isnt(digest_after(format(
        'UPDATE kg_batch_internal.%1$I SET %2$I = %3$s WHERE ctid = (SELECT min(ctid) FROM kg_batch_internal.%1$I WHERE graph_id = pets())',
        relation, name, value)), digest(), format('it covers %s.%s', relation, name))
FROM covered ORDER BY relation, name;
SELECT cmp_ok((SELECT count(*) FROM covered), '=', 69::bigint, 'all columns of the list exist');

SELECT isnt(digest_after('UPDATE kg_batch_internal.edge e SET source_id = target_id, target_id = source_id WHERE graph_id = pets()'),
    digest(), 'it covers where an edge leads');
SELECT isnt(digest_after($$UPDATE kg_batch_internal.identity SET node_id = (SELECT min(node_id) FROM kg_batch_internal.node
    WHERE graph_id = pets()) WHERE graph_id = pets()$$), digest(), 'it covers which node a mention is part of');
SELECT isnt(digest_after(format('DELETE FROM kg_batch_internal.%I WHERE graph_id = pets()', relation)), digest(), 'it covers rows of ' || relation)
FROM unnest(ARRAY['edge', 'fact_source', 'edge_mention']) AS relation;
SELECT isnt(digest_after('UPDATE kg_batch_internal.fact SET live = false'), digest(), 'a fact that rests does not count');
SELECT isnt(digest_after('UPDATE kg_batch_internal.node_mention SET live = false'), digest(), 'a mention that rests does not count');
SELECT isnt(digest_after($$UPDATE kg_batch_internal.graph SET options = '{"self": "Alice"}'$$), digest(), 'it covers who the nameless user is');
SELECT isnt(digest_after($$UPDATE kg_batch_internal.graph SET options = '{"names": "shared"}'$$), digest(), 'it covers how names are scoped');
SELECT is(digest_after($$UPDATE kg_batch_internal.graph SET options = '{"names": "personal"}'$$), digest(), 'a default that is written out is the default');

-- What waits for a person.
SELECT is((SELECT string_agg(verdict, ' ' ORDER BY verdict) FROM kg_batch.review WHERE graph_id = pets()), 'block dates large unsure', 'review has a row of each sort');
SELECT isnt(digest_after(change), digest(), 'it covers ' || what)
FROM (VALUES
    ('what is said of two that may be one', $$UPDATE kg_batch_internal.decision SET verdict = 'open' WHERE graph_id = pets()$$),
    ('that nobody is sure of them', $$UPDATE kg_batch_internal.decision SET verdict = 'different' WHERE graph_id = pets()$$),
    ('that they cannot be joined', $$UPDATE kg_batch_internal.decision SET barred = 'numbers' WHERE graph_id = pets()$$),
    ('which two they are', $$UPDATE kg_batch_internal.decision SET key_a = LEAST(md5('Adoption')::uuid, md5('Clyde')::uuid), key_b = GREATEST(md5('Adoption')::uuid, md5('Clyde')::uuid) WHERE graph_id = pets()$$),
    ('pairs between large groups', $$DELETE FROM kg_batch_internal.held_apart$$),
    ('which groups those are', $$UPDATE kg_batch_internal.held_apart SET key_a = LEAST(md5('Adoption')::uuid, md5('Clyde')::uuid), key_b = GREATEST(md5('Adoption')::uuid, md5('Clyde')::uuid)$$),
    ('dates that contradict each other', $$UPDATE kg_batch_internal.alias SET value = '2022-05 actual' WHERE value = '2022-05-02 actual'$$),
    ('which dates those are', $$UPDATE kg_batch_internal.alias SET value = '2022-05-03 actual' WHERE value = '2022-05-02 actual'$$),
    ('whether they are starts', $$UPDATE kg_batch_internal.alias SET sort = 'end' WHERE value ~ '^2022-05-0'$$),
    ('that a block is too large', $$DELETE FROM kg_batch_internal.block WHERE sort = 'C'$$),
    ('how large it is', $$INSERT INTO kg_batch_internal.block SELECT graph_id, block_key, 'CC', key, kind FROM kg_batch_internal.block WHERE sort = 'C'$$),
    ('by what those in it meet', $$UPDATE kg_batch_internal.block SET kind = 'typo' WHERE sort = 'C'$$),
    ('who is its first', $$UPDATE kg_batch_internal.block SET key = md5('Clyde')::uuid WHERE sort = 'A'$$),
    ('who is its last', $$UPDATE kg_batch_internal.block SET key = md5('Adoption')::uuid WHERE sort = 'R'$$)) AS c (what, change);

-- Nothing else.
SELECT is(digest_after(change), digest(), 'not ' || what)
FROM (VALUES
    ('times of writing', $$UPDATE kg_batch_internal.chunk SET created_at = now() + interval '1 day', done_at = now()$$),
    ('the ledger', 'DELETE FROM kg_batch_internal.usage'),
    ('jobs', $$UPDATE kg_batch_internal.job SET name = 'x', spent = 1, state = 'paused'$$),
    ('settings of jobs', $$UPDATE kg_batch_internal.graph SET options = '{"budget": 1}'$$),
    ('how a model put it', $$UPDATE kg_batch_internal.decision SET reason = 'hm', confidence = 400, at = now(), asked = 2, evidence = 9, job_id = 7$$),
    ('blocks that are no longer too large', $$INSERT INTO kg_batch_internal.crowded_block SELECT pets(), 8$$),
    ('what was rejected', 'DELETE FROM kg_batch_internal.rejected'),
    ('messages that nothing cites', $$UPDATE kg_batch_internal.message SET content = 'x' WHERE skipped IS NOT NULL$$)) AS c (what, change);
CREATE TEMP TABLE before AS SELECT digest();
UPDATE kg_batch_internal.graph SET name = 'animals' WHERE name = 'pets';
SELECT is(kg_batch.graph_digest('animals'), (SELECT digest FROM before), 'not the name of the graph');

-- Ids: the same content again, in a database of other ids.
UPDATE kg_batch_internal.graph SET name = 'first pets' WHERE name = 'animals';
UPDATE kg_batch_internal.graph SET name = 'first work' WHERE name = 'work';
SET client_min_messages = error;
\ir fixtures/two_graphs.sql
\ir fixtures/review_of_pets.sql
SELECT is(digest(), (SELECT digest FROM before), 'not ids');

-- Settings of the session.
SET DateStyle = 'German, DMY'; SET TimeZone = 'Asia/Tokyo'; SET bytea_output = 'escape'; SET extra_float_digits = 0;
SELECT is(digest(), (SELECT digest FROM before), 'not how a session shows times');

SELECT * FROM finish();
