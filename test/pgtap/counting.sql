-- What is counted of jobs is what a plain count gives, whatever statement changed
-- the rows, before it is folded and after; and what progress reads does not grow
-- with what there is: pages are counted, not milliseconds.
\ir fixtures/two_graphs.sql
SELECT * FROM no_plan();

CREATE TABLE pets AS SELECT c.graph_id, c.job_id, c.conversation_id, c.segment_id, c.chunk_id FROM kg_batch_internal.chunk c
    JOIN kg_batch_internal.graph g USING (graph_id) WHERE g.name = 'pets';
CREATE PROCEDURE fold_all() LANGUAGE plpgsql AS $$ BEGIN WHILE kg_batch_internal.fold_counts(100000) > 0 LOOP END LOOP; END $$;
CREATE PROCEDURE more_conversations(first int, last int, chunks_each int) LANGUAGE sql AS $$
    INSERT INTO kg_batch_internal.conversation (graph_id, conversation_id, key, job_id, priority, messages, deliveries, cut_deliveries)
    SELECT graph_id, 1000000 + i, 'more-' || i, job_id, 2, 7, 1, 0 FROM pets, generate_series(first, last) i;
    INSERT INTO kg_batch_internal.chunk (graph_id, conversation_id, segment_id, job_id, stage, participants, cast_seen, context_size, message_ids, starts, ends,
        shown, countable, tokens)
    SELECT graph_id, 1000000 + i, segment_id, job_id, 'kg_extract', 1, '{}', 0, '{1}', '{0}', '{1}', '{0}', 10 + n, 10
    FROM pets, generate_series(first, last) i, generate_series(1, chunks_each) n $$;
-- As they were counted before there were counts.
CREATE VIEW plainly AS
SELECT j.job_id, c.*, v.*, q.*
FROM kg_batch_internal.job j
CROSS JOIN LATERAL (
    SELECT count(*) AS chunks, count(*) FILTER (WHERE state = 'done') AS chunks_done, count(*) FILTER (WHERE state = 'failed') AS chunks_failed,
        COALESCE(sum(countable), 0) AS sentences, COALESCE(sum(countable) FILTER (WHERE state = 'done'), 0) AS sentences_done
    FROM kg_batch_internal.chunk k WHERE k.job_id = j.job_id) c
CROSS JOIN LATERAL (
    SELECT count(*) AS conversations, count(*) FILTER (WHERE cut_deliveries >= deliveries AND settle_at IS NULL AND cut_error IS NULL AND NOT EXISTS (
            SELECT FROM kg_batch_internal.chunk k WHERE k.conversation_id = t.conversation_id AND k.state <> 'done' AND k.rereads IS NULL)) AS conversations_done,
        count(*) FILTER (WHERE settle_at IS NOT NULL) AS settling, min(settle_at) AS settles_at
    FROM kg_batch_internal.conversation t WHERE t.job_id = j.job_id) v
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE kind IN (3, 4, 5)) AS questions FROM kg_batch_internal.ready r WHERE r.job_id = j.job_id) q;
CREATE FUNCTION counts_are_right(after text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    place text;
BEGIN
    FOREACH place IN ARRAY ARRAY['before it is folded', 'after'] LOOP
        RETURN NEXT is_empty('SELECT * FROM kg_batch_internal.count_difference', format('%s, %s: each count is that of the rows', after, place));
        RETURN NEXT results_eq(
            'SELECT job_id, chunks, chunks_done, chunks_failed, sentences, sentences_done, conversations, conversations_done, settling, settles_at,
                COALESCE((regexp_match(doing, ''(\d+) questions wait''))[1]::bigint, 0) FROM kg_batch.progress ORDER BY 1',
            'SELECT job_id, chunks, chunks_done, chunks_failed, sentences::bigint, sentences_done::bigint, conversations, conversations_done, settling, settles_at, questions FROM plainly ORDER BY 1',
            format('%s, %s: progress is that of a plain count', after, place));
        RETURN NEXT results_eq('SELECT chunks_successful, chunks_failed FROM kg_batch.summary ORDER BY job_id',
            'SELECT chunks_done, chunks_failed FROM plainly ORDER BY job_id', format('%s, %s: and summary', after, place));
        CALL fold_all();
    END LOOP;
    RETURN NEXT is_empty('SELECT 1 FROM kg_batch_internal.job_count_change UNION ALL SELECT 1 FROM kg_batch_internal.conversation_change', format('%s: all is folded', after));
END $$;

UPDATE kg_batch_internal.job SET state = 'running';
SELECT counts_are_right('what was there');

-- ---- what rounds made ----

CREATE FUNCTION made_is_right(after text, expected text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT is((SELECT string_agg(format('%s %s %s', graph, nodes, edges), ', ' ORDER BY graph) FROM kg_batch.progress), expected, format('%s: progress has what rounds made', after));
    RETURN NEXT is((SELECT string_agg(format('%s %s %s', graph, nodes, edges), ', ' ORDER BY graph) FROM kg_batch.summary), expected, format('%s: and summary', after));
END $$;
SELECT made_is_right('two rounds', 'pets 3 2, work 3 2');
CALL fold_all();
SELECT is((SELECT count(*) FROM kg_batch_internal.job_made), 4::bigint, 'few rows stay as they are');
INSERT INTO kg_batch_internal.job_made (graph_id, job_id, nodes, edges) SELECT graph_id, job_id, n, 2 * n FROM pets, generate_series(1, 200) n;
SELECT made_is_right('two hundred more', 'pets 20103 40202, work 3 2');
CALL fold_all();
SELECT is((SELECT count(*) FROM kg_batch_internal.job_made), 2::bigint, 'many become one a job');
SELECT made_is_right('summed up', 'pets 20103 40202, work 3 2');

-- ---- every way in which rows come, change and go ----

CALL more_conversations(1, 20, 3);
SELECT counts_are_right('handed in');
UPDATE kg_batch_internal.conversation SET cut_deliveries = 1 WHERE conversation_id > 1000005;
SELECT counts_are_right('most are cut');
UPDATE kg_batch_internal.conversation SET settle_at = '2030-01-01'::timestamptz + conversation_id * interval '1 s' WHERE conversation_id IN (1000007, 1000008);
SELECT counts_are_right('two settle');
UPDATE kg_batch_internal.conversation SET cut_error = 'no' WHERE conversation_id IN (1000003, 1000009);
SELECT counts_are_right('two cannot be cut');
UPDATE kg_batch_internal.conversation SET messages = 9, priority = 1 WHERE conversation_id < 1000003;
SELECT counts_are_right('two have more messages');
INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id)
SELECT graph_id, 2, 3, 1, chunk_id, job_id FROM kg_batch_internal.chunk WHERE state = 'ready';
SELECT counts_are_right('in the queue');
UPDATE kg_batch_internal.ready SET priority = priority + 1000;
SELECT counts_are_right('parked');
UPDATE kg_batch_internal.ready SET kind = 5 WHERE chunk_id % 2 = 0;
SELECT counts_are_right('some are sent directly');
INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id)
SELECT graph_id, 7, kind, 1, chunk_id, job_id FROM kg_batch_internal.ready WHERE kind = 5 ON CONFLICT (graph_id, kind, chunk_id) DO UPDATE SET priority = EXCLUDED.priority;
SELECT counts_are_right('put up twice');
UPDATE kg_batch_internal.chunk SET state = 'asking' WHERE state = 'ready' AND conversation_id > 1000001;
DELETE FROM kg_batch_internal.ready WHERE chunk_id IN (SELECT chunk_id FROM kg_batch_internal.chunk WHERE state = 'asking');
SELECT counts_are_right('asked');
UPDATE kg_batch_internal.chunk SET step = 2, state = 'ready' WHERE conversation_id = 1000012;
SELECT counts_are_right('at the next step');
UPDATE kg_batch_internal.chunk SET state = 'done' WHERE conversation_id > 1000012 AND state = 'asking';
SELECT counts_are_right('read');
UPDATE kg_batch_internal.chunk SET state = CASE WHEN chunk_id % 2 = 0 THEN 'failed' ELSE 'cancelled' END WHERE conversation_id IN (1000002, 1000011);
SELECT counts_are_right('failed and cancelled');
UPDATE kg_batch_internal.chunk SET folded = true, known = '{1}' WHERE state = 'done';
SELECT counts_are_right('what does not count was changed');
UPDATE kg_batch_internal.chunk SET countable = countable + 3 WHERE conversation_id = 1000013;
SELECT counts_are_right('chunks grew');
-- The last open chunk of a conversation in one statement with the first of another.
UPDATE kg_batch_internal.chunk SET state = CASE conversation_id WHEN 1000012 THEN 'done' ELSE 'ready' END WHERE conversation_id IN (1000012, 1000014);
SELECT counts_are_right('one is done and one no more');
INSERT INTO kg_batch_internal.chunk (graph_id, conversation_id, segment_id, job_id, stage, participants, cast_seen, context_size, message_ids, starts, ends,
    shown, countable, tokens, rereads, reading)
SELECT graph_id, conversation_id, segment_id, job_id, stage, participants, cast_seen, context_size, message_ids, starts, ends, shown, countable, tokens, chunk_id, 2
FROM kg_batch_internal.chunk WHERE conversation_id = 1000015;
SELECT counts_are_right('read again');
DELETE FROM kg_batch_internal.chunk WHERE conversation_id = 1000016;
SELECT counts_are_right('chunks are gone');
DELETE FROM kg_batch_internal.conversation WHERE conversation_id IN (1000001, 1000017);
SELECT counts_are_right('conversations are gone, with their chunks');
SELECT kg_batch.create_job('other', graph => 'pets');
UPDATE kg_batch_internal.job SET state = 'running' WHERE name = 'other';
UPDATE kg_batch_internal.conversation SET job_id = (SELECT job_id FROM kg_batch_internal.job WHERE name = 'other') WHERE conversation_id > 1000018;
UPDATE kg_batch_internal.chunk SET job_id = (SELECT job_id FROM kg_batch_internal.job WHERE name = 'other') WHERE conversation_id = 1000019;
UPDATE kg_batch_internal.ready SET job_id = (SELECT job_id FROM kg_batch_internal.job WHERE name = 'other') WHERE chunk_id % 3 = 0;
SELECT counts_are_right('another job''s');

SET session_replication_role = replica;
UPDATE kg_batch_internal.chunk SET state = 'ready' WHERE conversation_id = 1000018;
RESET session_replication_role;
SELECT counts_are_right('written as a replica writes');

-- Nobody's fault, and mended.
ALTER TABLE kg_batch_internal.chunk DISABLE TRIGGER count_updated;
UPDATE kg_batch_internal.chunk SET state = 'failed' WHERE conversation_id IN (1000018, 1000020);
ALTER TABLE kg_batch_internal.chunk ENABLE ALWAYS TRIGGER count_updated;
SELECT isnt_empty('SELECT * FROM kg_batch_internal.count_difference', 'what is written past the triggers is not counted');
SELECT kg_batch_internal.count_anew();
SELECT counts_are_right('counted anew');

-- A little at a time.
CALL more_conversations(21, 60, 2);
SELECT results_eq('SELECT kg_batch_internal.fold_counts(7)', ARRAY[7::bigint], 'no more are folded than are asked for');
SELECT counts_are_right('partly folded');

-- ---- what it costs ----

CREATE FUNCTION pages_of(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
    least bigint;
BEGIN
    -- The first time looks up in catalogs, too, and so does one after which somebody
    -- (autovacuum) changed what is known of a table.
    FOR n IN 1 .. 4 LOOP
        EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || query INTO plan;
        least := LEAST(least, (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint);
    END LOOP;
    RETURN least;
END $$;
CREATE TABLE cost_before AS SELECT v.name, 0::bigint AS pages FROM unnest('{progress,batches,errors,error_groups,cost,history,performance,throughput,summary}'::text[]) v (name);
CALL fold_all();
VACUUM kg_batch_internal.job_count, kg_batch_internal.job_count_change, kg_batch_internal.conversation_change, kg_batch_internal.ready;
UPDATE cost_before SET pages = pages_of(format('SELECT * FROM kg_batch.%I', name));
CALL more_conversations(1001, 4000, 3);
UPDATE kg_batch_internal.chunk SET state = 'done' WHERE conversation_id > 1001000 AND chunk_id % 3 <> 0;
INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id)
SELECT graph_id, 2, 3, 1, chunk_id, job_id FROM kg_batch_internal.chunk WHERE state = 'ready' ON CONFLICT DO NOTHING;
SELECT counts_are_right('9,000 chunks more');
VACUUM kg_batch_internal.job_count, kg_batch_internal.job_count_change, kg_batch_internal.conversation_change, kg_batch_internal.ready;
SELECT ok(pages_of(format('SELECT * FROM kg_batch.%I', name)) <= pages + 30, format('%s reads %s pages, with 9,000 chunks more %s', name, pages, pages_of(format('SELECT * FROM kg_batch.%I', name))))
FROM cost_before ORDER BY name;

-- What a restore or a large call notes has not to wait for a coordinator.
CALL more_conversations(20001, 32000, 1);
SELECT is_empty('SELECT 1 FROM kg_batch_internal.conversation_change', 'what is noted by the thousands is folded at once');
BEGIN ISOLATION LEVEL REPEATABLE READ;
DELETE FROM kg_batch_internal.conversation WHERE conversation_id > 1020000;
SELECT isnt_empty('SELECT 1 FROM kg_batch_internal.conversation_change', 'but for a transaction that could not see what is folded meanwhile');
COMMIT;
SELECT counts_are_right('12,000 came and went');

SELECT * FROM finish();
