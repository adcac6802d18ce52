-- Percent, time left and what is said of a job, on states that are made: each
-- number here follows from the rows above it.
\ir fixtures/two_graphs.sql
SELECT * FROM no_plan();

-- A job of ten chunks of 20 sentences, by batch, as it goes.
DELETE FROM kg_batch_internal.ready;
UPDATE kg_batch_internal.job SET state = 'running', ended_at = NULL, started_at = now() - interval '1 hour',
    options = '{"model": "gpt-6-luna", "extraction": "combined", "use_batch_api": true, "batch_min_requests": 5}' WHERE graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = 'pets');
CREATE VIEW pets AS SELECT * FROM kg_batch.progress WHERE graph = 'pets';
CREATE TABLE k AS SELECT graph_id, job_id, conversation_id, segment_id, chunk_id AS first FROM kg_batch_internal.chunk
    WHERE graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = 'pets');
DELETE FROM kg_batch_internal.chunk WHERE chunk_id = (SELECT first FROM k);
INSERT INTO kg_batch_internal.chunk (graph_id, conversation_id, segment_id, job_id, state, stage, participants, cast_seen, context_size, message_ids, starts, ends,
    shown, countable, tokens)
SELECT graph_id, conversation_id, segment_id, job_id, 'ready', 'kg_extract', 1, '{}', 0, '{1}', '{0}', '{1}', '{0}', 20, 10 FROM k, generate_series(1, 10);
INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id)
SELECT c.graph_id, 2, 3, 1, c.chunk_id, c.job_id FROM kg_batch_internal.chunk c JOIN k USING (graph_id);
CREATE FUNCTION said() RETURNS text LANGUAGE sql AS $$
    SELECT format('%s %s eta %s; %s', p.percent, p.bar, COALESCE(round(EXTRACT(epoch FROM p.eta))::text, 'unknown'), p.doing) FROM pets p $$;

SELECT is(said(), '0.0 .................... eta unknown; 10 questions wait to go out', 'before anything is known of batches');

-- They go out, in one batch with two of another job.
DELETE FROM kg_batch_internal.ready;
UPDATE kg_batch_internal.chunk SET state = 'asking' WHERE graph_id = (SELECT graph_id FROM k);
INSERT INTO kg_batch_internal.batch (token, model, state, requests, input_tokens) VALUES (gen_random_uuid(), 'gpt-6-luna', 'uploading', 12, 100);
INSERT INTO kg_batch_internal.batch_job SELECT b.batch_id, k.graph_id, k.job_id, 10 FROM kg_batch_internal.batch b, k;
SELECT is(said(), '0.0 .................... eta unknown; 10 questions are on their way to the API', 'while they are uploaded');
UPDATE kg_batch_internal.batch SET state = 'submitted', submitted_at = clock_timestamp() - interval '10 minutes', remote_total = 12;
SELECT is(said(), '0.0 .................... eta unknown; 0 of 10 answers in, the API works on the rest', 'no batch of the model has ended: nothing is known');

-- Three of the model ended, one of another model took longer, one failed at once.
INSERT INTO kg_batch_internal.batch (token, model, state, requests, input_tokens, submitted_at, ended_at)
SELECT gen_random_uuid(), model, state, 1, 1, now() - interval '1 day', now() - interval '1 day' + took
FROM (VALUES ('gpt-6-luna', 'done', interval '20 minutes'), ('gpt-6-luna', 'done', '40 minutes'), ('gpt-6-luna', 'done', '3 hours'),
    ('gpt-5.4', 'done', '10 hours'), ('gpt-6-luna', 'failed', '1 minute')) AS d (model, state, took);
SELECT is(said(), '0.0 .................... eta 1800; 0 of 10 answers in, the API works on the rest, usually 40 minutes', 'the middle one of its like, less what it has had');
SELECT ok((SELECT EXTRACT(epoch FROM expected_end - clock_timestamp()) BETWEEN 1798 AND 1801 FROM kg_batch.batches WHERE state = 'submitted'), 'batches says the same');
UPDATE kg_batch_internal.batch SET submitted_at = clock_timestamp() - interval '2 hours' WHERE state = 'submitted';
SELECT is((SELECT round(EXTRACT(epoch FROM eta)) FROM pets), 1800::numeric, 'longer than usual: a quarter of what it has had');
UPDATE kg_batch_internal.batch SET submitted_at = clock_timestamp() - interval '10 minutes', remote_completed = 6 WHERE state = 'submitted';
SELECT is(said(), '45.0 #########........... eta 1200; 5 of 10 answers in, the API works on the rest, usually 40 minutes', 'half of it is answered: half is left, and nine tenths of half are done');
UPDATE kg_batch_internal.batch SET submitted_at = clock_timestamp() - interval '2 hours' WHERE state = 'submitted';
SELECT is((SELECT round(EXTRACT(epoch FROM eta)) FROM pets), 7200::numeric, 'one that is slower than usual goes on as it was');
SELECT is((SELECT percent FROM pets), 45.0, 'and its percent stays');
UPDATE kg_batch_internal.batch SET remote_completed = 12 WHERE state = 'submitted';
SELECT alike((SELECT doing FROM pets), '10 of 10 answers in, the API has yet to hand them over%', 'nothing is said to be worked on when all is');
UPDATE kg_batch_internal.batch SET remote_completed = 6 WHERE state = 'submitted';
UPDATE kg_batch_internal.batch SET deadline = clock_timestamp() + interval '10 minutes' WHERE state = 'submitted';
SELECT is((SELECT round(EXTRACT(epoch FROM eta)) FROM pets), 600::numeric, 'no later than batch_timeout ends it');

-- Half of them are not sent yet, since the account takes no more than five at once: once
-- the mean of 20, 40 and 180 minutes for those, and the middle one for the last to end.
UPDATE kg_batch_internal.batch_job SET requests = 5;
UPDATE kg_batch_internal.batch SET remote_completed = 0, input_tokens = 12 * 400000 WHERE state = 'submitted';
SELECT is((SELECT round(EXTRACT(epoch FROM eta)) FROM pets), (80 + 40) * 60::numeric, 'more than go at once: as often as it takes');
UPDATE kg_batch_internal.batch SET input_tokens = 0 WHERE state = 'submitted';
SELECT is((SELECT round(EXTRACT(epoch FROM eta)) FROM pets), 40 * 60::numeric, 'of which nobody knows how many tokens they have: all at once');
UPDATE kg_batch_internal.batch_job SET requests = 10;
UPDATE kg_batch_internal.batch SET remote_completed = 6, input_tokens = 100 WHERE state = 'submitted';

-- It ends with that, and what came is stored: neither is counted twice.
UPDATE kg_batch_internal.batch SET answered = 6, state = 'reading' WHERE state = 'submitted';
INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id)
SELECT c.graph_id, 2, 6, 1, c.chunk_id, c.job_id FROM kg_batch_internal.chunk c JOIN k USING (graph_id) ORDER BY c.chunk_id LIMIT 5;
SELECT is((SELECT percent FROM pets), 45.0, 'what is stored is as far as it was at the API');
DELETE FROM kg_batch_internal.ready;
UPDATE kg_batch_internal.batch SET answered = 0, state = 'submitted' WHERE state = 'reading';

-- All of it is answered, read, and put in, step by step: percent never goes back.
CREATE TABLE seen (n serial, percent numeric);
INSERT INTO seen (percent) SELECT percent FROM pets;
UPDATE kg_batch_internal.batch SET remote_completed = 12, state = 'reading', deadline = NULL WHERE state = 'submitted';
INSERT INTO seen (percent) SELECT percent FROM pets;
SELECT is((SELECT percent FROM pets), 90.0, 'all answered');
-- Stored: chunks to read, batch over.
UPDATE kg_batch_internal.batch SET answered = 12 WHERE state = 'reading';
INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id)
SELECT c.graph_id, 2, 6, 1, c.chunk_id, c.job_id FROM kg_batch_internal.chunk c JOIN k USING (graph_id);
INSERT INTO seen (percent) SELECT percent FROM pets;
UPDATE kg_batch_internal.batch SET state = 'done', ended_at = now() WHERE state = 'reading';
INSERT INTO seen (percent) SELECT percent FROM pets;
SELECT is(said(), '90.0 ##################.. eta 0; reading 10 answers', 'stored');
UPDATE kg_batch_internal.chunk SET state = 'done' WHERE chunk_id IN (SELECT chunk_id FROM kg_batch_internal.ready WHERE kind = 6 ORDER BY chunk_id LIMIT 4);
UPDATE kg_batch_internal.ready r SET kind = 2 FROM kg_batch_internal.chunk c WHERE c.chunk_id = r.chunk_id AND c.state = 'done';
INSERT INTO seen (percent) SELECT percent FROM pets;
SELECT is(said(), '94.0 ##################.. eta 0; reading 6 answers; folding 4 chunks into the graph', 'partly read');
UPDATE kg_batch_internal.chunk SET state = 'done' WHERE state = 'asking';
DELETE FROM kg_batch_internal.ready WHERE kind = 6;
INSERT INTO seen (percent) SELECT percent FROM pets;
SELECT is((SELECT percent FROM pets), 99.9, 'never 100 before it is done');
UPDATE kg_batch_internal.job SET state = 'done' WHERE graph_id = (SELECT graph_id FROM k);
SELECT is(said(), '100.0 #################### eta unknown; done', 'done');
SELECT is_empty('SELECT 1 FROM seen a JOIN seen b ON b.n = a.n + 1 WHERE b.percent < a.percent', 'percent never went back');

-- ---- directly, at the rate of what was done ----

UPDATE kg_batch_internal.job SET state = 'running', options = options || '{"use_batch_api": false}' WHERE graph_id = (SELECT graph_id FROM k);
DELETE FROM kg_batch_internal.ready;
UPDATE kg_batch_internal.chunk SET state = 'ready' WHERE chunk_id IN (SELECT chunk_id FROM kg_batch_internal.chunk JOIN k USING (graph_id) ORDER BY chunk_id LIMIT 6);
SELECT is((SELECT eta FROM pets), NULL, 'no sample, no time left');
INSERT INTO kg_batch_internal.progress_sample SELECT graph_id, job_id, clock_timestamp() - s.ago, s.done, 200
FROM k, (VALUES (interval '10 minutes', 0), ('60 s', 40), ('0 s', 80)) AS s (ago, done);
SELECT is((SELECT round(EXTRACT(epoch FROM eta)) FROM pets), 180::numeric, '120 sentences at 40 a minute: the last five minutes count');
SELECT is((SELECT rate FROM pets), 2.0, 'which are two chunks a minute');
SELECT is((SELECT percent FROM pets), 40.0, '80 of 200');
INSERT INTO kg_batch_internal.claimed (worker_id, graph_id, chunk_id, kind, priority, work, job_id) SELECT 1, graph_id, n, 5, 2, 1, job_id FROM k, generate_series(1, 3) AS n;
SELECT is((SELECT doing FROM pets), '3 questions are out directly', 'what is out directly');
SELECT is((SELECT questions FROM pets), 4::bigint, 'questions: those out, and the one that the ledger has');

-- ---- in several steps ----

DELETE FROM kg_batch_internal.claimed;
UPDATE kg_batch_internal.job SET options = options || '{"use_batch_api": true, "extraction": "staged"}' WHERE graph_id = (SELECT graph_id FROM k);
UPDATE kg_batch_internal.chunk c SET state = 'asking', step = 2 FROM k WHERE c.graph_id = k.graph_id;
INSERT INTO kg_batch_internal.batch (token, model, state, requests, input_tokens, submitted_at, remote_total)
VALUES (gen_random_uuid(), 'gpt-6-luna', 'submitted', 10, 100, clock_timestamp() - interval '4 minutes', 10);
INSERT INTO kg_batch_internal.batch_job SELECT max(b.batch_id), k.graph_id, k.job_id, 10 FROM kg_batch_internal.batch b, k GROUP BY 2, 3;
SELECT is((SELECT percent FROM pets), 30.0, 'the first of three steps is done: three tenths');
SELECT is((SELECT round(EXTRACT(epoch FROM eta) / 60) FROM pets), (80 - 4 + 80)::numeric, 'the rest of this step and one more, at 80 minutes now that one of 120 has ended');

-- ---- what stops it ----

UPDATE kg_batch_internal.job SET state = 'paused', reason = 'budget' WHERE graph_id = (SELECT graph_id FROM k);
SELECT is((SELECT doing || ' ' || COALESCE(eta::text, '-') FROM pets), 'paused: budget -', 'paused, and why');

SELECT * FROM finish();
