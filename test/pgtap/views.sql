-- What the views say of two graphs written by hand, and the columns that people
-- rely on, in the order in which they would ask.
\ir fixtures/two_graphs.sql
SELECT * FROM no_plan();

CREATE FUNCTION first_columns(view_name text, number int) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = ('kg_batch.' || view_name)::regclass AND attnum BETWEEN 1 AND number $$;
\ir fixtures/shown.sql

SELECT is(first_columns(view_name, cardinality(string_to_array(names, ', '))), names, 'columns of ' || view_name)
FROM (VALUES
    ('graph', 'graph_id, name'),
    ('node', 'graph_id, node_id, type, class, label, category, aliases, attributes, hash_tags, start_date, start_how, end_date, end_how, goal_status, asserted_on, negated, modality, confidence, importance, mentions'),
    ('edge', 'graph_id, edge_id, source_id, target_id, predicate, negated'),
    ('fact', 'graph_id, fact_id, text, modality, negated, said_by, said_at'),
    ('links', 'graph_id, from_label, relation, to_label, since, until'),
    ('evidence', 'graph_id, node_id, edge_id, fact_id, conversation, message_id, speaker, sent_at, quote, matched, span_start, span_end, fact'),
    ('progress', 'job_id, job, graph, state, reason, conversations, conversations_done, settling, settles_at, chunks, chunks_done, chunks_failed, percent, bar, rate, eta, cost, cost_to_finish, saved, budget, reserved, started_at, ended_at'),
    ('pipelines', 'worker_id, kind, pid, state, in_flight, claims, chunks_done, chunks_failed, requests, nodes, edges, started_at, last_beat'),
    ('batches', 'batch_id, model, state, remote_status, requests, completed, failed, answered, jobs, age, deadline, cost, error'),
    ('summary', 'job_id, job, graph, total_time, chunks_processed, chunks_successful, chunks_failed, nodes, edges, nodes_per_second, edges_per_second'),
    ('errors', 'graph, job, what, conversation, chunk_id, batch_id, reason, at, hint')) AS v (view_name, names);

-- ---- the graph ----

SELECT is(shown('SELECT from_label, relation, to_label, since, said FROM kg_batch.links ORDER BY graph_id'),
    '(Alice,"Adoption (agent -> object)",Clyde,2022-05,2023-05-08)
(Bob,"Employment (employee -> employer)",Initech,2022-05,2023-05-08)', 'links read as people would say it');
SELECT is(shown($$SELECT attributes, confidence FROM kg_batch.node WHERE label = 'Clyde'$$), '("{""age"": ""3""}",0.900)', 'attributes are an object, confidence is from 0 to 1');
SELECT is(shown($$SELECT conversation, message_id, speaker, quote, fact FROM kg_batch.evidence e JOIN kg_batch.node n USING (graph_id, node_id)
    WHERE n.label = 'Alice'$$), '(chat-Alice,m1,Alice,"I adopted Clyde","Alice adopted a dog named Clyde in May 2022.")', 'a node leads to the words behind it');
SELECT is(shown('SELECT d.predicate, e.quote FROM kg_batch.evidence e JOIN kg_batch.edge d USING (graph_id, edge_id) ORDER BY 1'),
    '(agent,"I adopted Clyde")
(employee,"I work at Initech")
(employer,"I work at Initech")
(object,"I adopted Clyde")',
    'and so does each edge');
SELECT is_empty('SELECT FROM kg_batch.node n WHERE NOT EXISTS (SELECT FROM kg_batch.evidence e WHERE e.graph_id = n.graph_id AND e.node_id = n.node_id)',
    'no node without evidence');

-- A role that a person or model mapped to a canonical one still leads to its words.
UPDATE kg_batch_internal.edge_mention SET role = 'adopter' WHERE role = 'agent';
INSERT INTO kg_batch_internal.predicate (sort, name, canonical) VALUES ('role', 'adopter', 'agent');
SELECT is((SELECT count(*) FROM kg_batch.evidence e JOIN kg_batch.edge d USING (graph_id, edge_id) WHERE d.predicate = 'agent'), 1::bigint,
    'by its canonical form');

-- One role, two of the same kind, and a denied one.
DO $$
DECLARE
    graph bigint := (SELECT graph_id FROM kg_batch_internal.graph WHERE name = 'work');
    s bigint;
BEGIN
    INSERT INTO kg_batch_internal.node (graph_id, key, is_statement, type, label, negated)
    VALUES (graph, gen_random_uuid(), true, 'State', 'Vegetarian', true) RETURNING node_id INTO s;
    INSERT INTO kg_batch_internal.edge (graph_id, source_id, target_id, predicate, negated, mentions)
    SELECT graph, s, node_id, 'holder', true, 1 FROM kg_batch_internal.node WHERE graph_id = graph AND label = 'Bob';
    INSERT INTO kg_batch_internal.node (graph_id, key, is_statement, type, label) VALUES (graph, gen_random_uuid(), true, 'State', 'Friendship')
    RETURNING node_id INTO s;
    INSERT INTO kg_batch_internal.edge (graph_id, source_id, target_id, predicate, negated, mentions)
    SELECT graph, s, node_id, 'friend', false, 1 FROM kg_batch_internal.node WHERE graph_id = graph AND label IN ('Bob', 'Initech');
END $$;
SELECT is(shown($$SELECT from_label, relation, to_label FROM kg_batch.links WHERE type = 'State' ORDER BY 2$$),
    '(Bob,Friendship,Initech)
(Bob,"not Vegetarian",)', 'equal roles are not spelled out, denied statements say so');

-- ---- facts ----

SELECT is((SELECT string_agg(fact, '|') FROM kg_batch.facts(about, graph => 'pets')), 'Alice adopted a dog named Clyde in May 2022.', 'facts about ' || about)
FROM unnest(ARRAY['Alice', 'alice', 'CLYDE', 'cly', (SELECT node_id::text FROM kg_batch.node WHERE label = 'Alice')]) AS about;
INSERT INTO kg_batch_internal.node_redirect SELECT graph_id, 4711, node_id FROM kg_batch_internal.node WHERE label = 'Alice';
SELECT is((SELECT count(*) FROM kg_batch.facts('4711', graph => 'pets')), 1::bigint, 'facts about a node by an id it had before');
SELECT is((SELECT count(*) FROM kg_batch.facts('Zoe', graph => 'pets')), 0::bigint, 'none about a stranger');
SELECT is((SELECT count(*) FROM kg_batch.facts(since => '2023-05-08 15:56Z', graph => 'pets')), 1::bigint, 'since is inclusive');
SELECT is((SELECT count(*) FROM kg_batch.facts(until => '2023-05-08 15:56Z', graph => 'pets')), 0::bigint, 'until is exclusive');
SELECT is((SELECT count(*) FROM kg_batch.facts(current => true, graph => 'pets')), 0::bigint, 'an event is not current');
UPDATE kg_batch_internal.node SET type = 'State' WHERE label = 'Employment';
SELECT is((SELECT count(*) FROM kg_batch.facts('Bob', current => true, graph => 'work')), 1::bigint, 'a state without end is');
UPDATE kg_batch_internal.node_mention SET end_date = '2024-01', end_how = 'actual' WHERE label = 'Employment';
UPDATE kg_batch_internal.node SET end_date = '2024-01', end_how = 'actual' WHERE label = 'Employment';
SELECT is((SELECT count(*) FROM kg_batch.facts('Bob', current => false, graph => 'work')), 1::bigint, 'one that has ended is not');
SELECT throws_ok($$SELECT kg_batch.facts(graph => 'pet')$$, '42704', 'graph "pet" does not exist', 'an unknown graph is an error');
UPDATE kg_batch_internal.fact SET live = false;
SELECT is_empty('SELECT FROM kg_batch.fact UNION ALL SELECT FROM kg_batch.evidence UNION ALL SELECT FROM kg_batch.node_fact', 'facts that rest are not shown');
UPDATE kg_batch_internal.fact SET live = true;

-- ---- progress ----

SELECT is(shown($$SELECT state, conversations, conversations_done, chunks, chunks_done, percent, bar, cost, saved, cost_to_finish FROM kg_batch.progress WHERE graph = 'pets'$$),
    '(done,1,1,1,1,100.0,####################,0.001,0.001,0)', 'progress of a job that is done');
SELECT is(shown($$SELECT total_time, chunks_processed, chunks_successful, chunks_failed, nodes, edges, nodes_per_second FROM kg_batch.summary WHERE graph = 'pets'$$),
    '(00:01:00,1,1,0,3,2,0.05)', 'its summary');
INSERT INTO kg_batch_internal.chunk (graph_id, conversation_id, segment_id, job_id, state, stage, participants, cast_seen, context_size, message_ids,
    starts, ends, shown, countable, tokens, error)
SELECT graph_id, conversation_id, segment_id, job_id, state, stage, participants, cast_seen, context_size, message_ids, starts, ends, shown, c.n, tokens, c.error
FROM kg_batch_internal.chunk k, (VALUES ('ready', 2, NULL), ('failed', 1, 'refused')) AS c (new_state, n, error) WHERE graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = 'pets');
UPDATE kg_batch_internal.chunk SET state = CASE WHEN error IS NULL THEN 'ready' ELSE 'failed' END WHERE countable = 2 OR error IS NOT NULL;
UPDATE kg_batch_internal.job SET state = 'running', ended_at = NULL;
INSERT INTO kg_batch_internal.progress_sample
SELECT graph_id, job_id, clock_timestamp() - s.ago, s.done, 4 FROM kg_batch_internal.job, (VALUES (interval '60 s', 0), ('0 s', 1)) AS s (ago, done);
SELECT is(shown($$SELECT conversations_done, chunks, chunks_done, chunks_failed, percent, bar, cost_to_finish, round(extract(epoch FROM eta)) FROM kg_batch.progress WHERE graph = 'pets'$$),
    '(0,3,1,1,50.0,##########..........,0.002000,120)', 'half way: eta and cost of the rest');
SELECT is(shown($$SELECT what, conversation::text, reason, hint = format('SELECT kg_batch.retry(%L, chunk => %s, graph => %L)', 'first', chunk_id, 'pets') FROM kg_batch.errors$$),
    '(chunk,chat-Alice,refused,t)', 'an error says how to retry');

UPDATE kg_batch_internal.chunk SET request_id = 4711 WHERE state = 'failed';
INSERT INTO kg_batch_internal.request (graph_id, request_id, job_id, stage, prompt_id, model, mode, state, input_hash, attempt, input_tokens, max_output, error)
SELECT graph_id, i.id, job_id, 'kg_extract', 1, 'gpt-6-luna', 'direct', i.state, sha256(i.state::bytea), 2, 10, 10, i.error
FROM kg_batch_internal.chunk, (VALUES (4711, 'failed', 'refused'), (4712, 'planned', 'Rate limit reached in 20 s')) AS i (id, state, error) WHERE chunk.state = 'failed';
INSERT INTO kg_batch_internal.answer (graph_id, request_id, attempt, mode, received_at, status, outcome, error)
SELECT graph_id, request_id, a.n, 'direct', '2026-01-01 10:00Z'::timestamptz + a.n * interval '1 s', a.status, 'error', a.error
FROM kg_batch_internal.request, (VALUES (1, 500, 'The server had an error'), (2, 429, 'Rate limit reached')) AS a (n, status, error);
INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id, due_at)
SELECT graph_id, 2, 5, 1, 4712, job_id, '2126-01-01Z' FROM kg_batch_internal.request WHERE request_id = 4712;
SELECT is(shown($$SELECT what, reason, attempts, next_retry IS NULL AS waits_for_a_person, api_status, api_said, at AT TIME ZONE 'UTC' FROM kg_batch.errors ORDER BY what$$),
    '(chunk,refused,2,t,429,"Rate limit reached","2026-01-01 10:00:02")
(question,"Rate limit reached in 20 s",2,f,429,"Rate limit reached","2026-01-01 10:00:02")', 'what the API said, how often it was asked, when it is asked again');
INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id, due_at)
SELECT graph_id, 2, 5, 1, 4713, job_id, '2126-01-02Z' FROM kg_batch_internal.request WHERE request_id = 4712;
INSERT INTO kg_batch_internal.request (graph_id, request_id, job_id, stage, prompt_id, model, mode, state, input_hash, attempt, input_tokens, max_output, error)
SELECT graph_id, 4713, job_id, stage, 1, model, mode, state, sha256('z'), 1, 10, 10, 'Rate limit reached in 7 s' FROM kg_batch_internal.request WHERE request_id = 4712;
SELECT is(shown('SELECT what, reason, times, next_retry AT TIME ZONE ''UTC'', hint FROM kg_batch.error_groups ORDER BY what'),
    '(chunk,refused,1,,"SELECT kg_batch.retry(''first'', graph => ''pets'')")
(question,"Rate limit reached in N s",2,"2126-01-01 00:00:00","Nothing to do: it is asked again by itself.")', 'the same thing twice is one group');
DELETE FROM kg_batch_internal.ready WHERE kind = 5;

-- ---- money ----

INSERT INTO kg_batch_internal.usage (day, graph_id, job_id, stage, model, mode, requests, unpriced, input_tokens, cached_tokens, output_tokens, reasoning_tokens)
SELECT '2026-01-01', graph_id, job_id, 'kg_extract', 'unheard-of', 'direct', 3, 3, 30, 10, 20, 5 FROM kg_batch_internal.usage;
SELECT is(shown($$SELECT model, cost, real_time_cost, saved, unpriced, input_tokens, cached_tokens, output_tokens, reasoning_tokens FROM kg_batch.cost WHERE graph = 'pets' ORDER BY model$$),
    '(gpt-6-luna,0.001,0.002,0.001,0,0,0,0,0)
(unheard-of,,,,3,30,10,20,5)', 'what has no price costs null, not 0');

-- ---- history ----

UPDATE kg_batch_internal.job SET state = 'done';
SELECT kg_batch.pause('first', 'pets');
SELECT kg_batch.resume('first', graph => 'pets');
SELECT is(shown($$SELECT event, detail, role = session_user AS by_me FROM kg_batch.history WHERE graph = 'pets' ORDER BY at$$), '(made,,)
(running,,t)
(done,,t)
(paused,paused,t)
(running,,t)', 'every change of a job''s state');

-- ---- batches ----

INSERT INTO kg_batch_internal.batch (token, model, state, requests, input_tokens, remote_status) VALUES (gen_random_uuid(), 'gpt-6-luna', 'submitted', 7, 100, 'in_progress');
SELECT is_empty('SELECT FROM kg_batch.batches', 'a batch without a job of one''s graphs is not shown');
INSERT INTO kg_batch_internal.batch_job SELECT b.batch_id, j.graph_id, j.job_id, 3 FROM kg_batch_internal.batch b, kg_batch_internal.job j;
SELECT is(shown('SELECT state, remote_status, requests, jobs FROM kg_batch.batches'), '(submitted,in_progress,7,{first})',
    'one with such a job is');

-- ---- what comes with it ----

SELECT is((kg_batch_internal.price(model, '2026-10-01', tokens)).input, price, format('price of %s with %s tokens', model, tokens))
FROM (VALUES ('gpt-6-luna', 1, 0.10), ('gpt-6-luna-2026-08-01', 1, 0.10), ('gpt-4o-mini-2024-07-18', 1, 0.15), ('gpt-4o-2024-08-06', 1, 2.50),
    ('gpt-5.4', 272001, 5.00), ('gpt-5.4', 272000, 2.50), ('gpt-5.4-mini', 300000, 0.75), ('gpt-5-pro', 1, NULL), ('unheard-of', 1, NULL)) AS m (model, tokens, price);
SELECT kg_batch.set_model_price('unheard-of', 3, 9);
SELECT is(kg_batch_internal.cost('unheard-of-7b', now(), 'batch', 1000000, 0, 0, 1000000), 6.0, 'a price of one''s own, by batch at half');
SELECT kg_batch.set_model_price('gpt-6-luna', 1, 2, batch_input => 0.9, valid_from => '2026-01-01');
SELECT is((kg_batch_internal.price('gpt-6-luna', '2026-10-01', 1)).batch_input, 0.9, 'wins over the shipped one');
SELECT throws_ok('SELECT kg_batch.set_model_price(''m'', -1, 1)', '22023', NULL, 'a price is not negative');
SELECT is_empty($$SELECT name FROM kg_batch_internal.predicate WHERE shipped AND canonical NOT IN (SELECT name FROM kg_batch_internal.predicate c WHERE c.canonical = c.name)$$,
    'what a kind or role is mapped to stands for itself');
SELECT is_empty($$SELECT 'x' FROM kg_batch_internal.prompt WHERE shipped AND prompt_id >= 10000 UNION ALL SELECT 'x' FROM kg_batch_internal.predicate WHERE shipped AND predicate_id >= 10000
    UNION ALL SELECT 'x' FROM kg_batch_internal.model_price WHERE shipped AND model_price_id >= 10000$$, 'shipped rows have ids below 10,000');
SELECT is_empty('SELECT name FROM kg_batch.health() WHERE ok IS NULL OR detail IS NULL', 'every check says something');
SELECT is((SELECT ok FROM kg_batch.health() WHERE name = 'budget of the day'), true, 'health looks at the budget');

-- ---- who a nameless user is ----

UPDATE kg_batch_internal.conversation SET participant_names = '{""}' WHERE key = 'chat-Alice';
UPDATE kg_batch_internal.message SET skipped = 'empty' WHERE content = '' AND skipped IS NULL;
CREATE FUNCTION speakers() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', (SELECT DISTINCT said_by FROM kg_batch.fact WHERE conversation = 'chat-Alice'),
        (SELECT DISTINCT speaker FROM kg_batch.evidence WHERE conversation = 'chat-Alice'), (SELECT DISTINCT speaker FROM kg_batch.skipped WHERE conversation = 'chat-Alice'),
        (SELECT string_agg(DISTINCT line::jsonb ->> 'speaker', ' ') FROM kg_batch.export('jsonl', graph => 'pets') AS line),
        (SELECT string_agg(DISTINCT line::jsonb ->> 'said_by', ' ') FROM kg_batch.export('jsonl', graph => 'pets') AS line)) $$;
SELECT is(speakers(), 'user user user user user', 'a nameless user of a graph that does not say who it is');
UPDATE kg_batch_internal.graph SET options = options || '{"self": "Zoe"}' WHERE name = 'pets';
SELECT is(speakers(), 'Zoe Zoe Zoe Zoe Zoe', 'a nameless user is the graph''s self, wherever it is shown who spoke');

SELECT * FROM finish();
