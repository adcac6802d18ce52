-- What performance and throughput show of minutes that are made: rates, quantiles,
-- shares, what is summed up after an hour, and that a reset forgets it.
\ir fixtures/two_graphs.sql
SELECT * FROM no_plan();

\ir fixtures/shown.sql

-- Two minutes long ago with what the rates are easily seen of: 120 requests a minute.
INSERT INTO kg_batch_internal.answer_minute (graph_id, minute, stage, mode, requests, answered, input_tokens, cached_tokens, output_tokens, reasoning_tokens, latency_histogram)
SELECT graph_id, date_trunc('minute', now()) - m.ago, 'kg_extract', m.mode, 120, 114, 6000, 1000, 1200, 200,
    kg_batch_internal.histogram(ARRAY(SELECT m.latency FROM generate_series(1, 90)) || ARRAY(SELECT m.latency * 16 FROM generate_series(1, 10)))
FROM kg_batch.graph, (VALUES (interval '3 hours', 'direct', 100::bigint), ('2 hours', 'direct', 100), ('30 minutes', 'direct', 1600), ('30 minutes', 'batch', 3600000)) AS m (ago, mode, latency)
WHERE name = 'pets';
-- Directly 180 of 300 lie between 64 and 128 ms, 110 between 1024 and 2048, 10 between 16384 and 32768.
SELECT is(shown($$SELECT mode, requests, failed, requests_per_second, p50_ms, p95_ms, p99_ms, input_tokens_per_second, output_tokens_per_second, cached_tokens, reasoning_tokens
        FROM kg_batch.performance WHERE period = 'all' ORDER BY mode$$),
    '(batch,120,6,2.000,3262236,50331648,63753421,100.0,20.0,1000,200)
(direct,360,18,2.000,117,2001,27853,100.0,20.0,3000,600)', 'all: rates over the minutes that there were, quantiles between the ends of a bucket');
SELECT is(shown($$SELECT mode, requests, requests_per_second BETWEEN 0.06 AND 0.07 AS spread_over_the_time_since, p50_ms FROM kg_batch.performance WHERE period = '1 hour' ORDER BY mode$$),
    '(batch,120,t,3262236)
(direct,120,t,1593)', 'the last hour has its own minutes only');
SELECT is_empty($$SELECT 1 FROM kg_batch.performance WHERE period = '1 minute'$$, 'nothing in the last minute');

INSERT INTO kg_batch_internal.worker (worker_id, kind, pid) OVERRIDING USER VALUE VALUES (1, 'pipeline', 1);
INSERT INTO kg_batch_internal.work_minute (worker_id, minute, chunks_done, nodes, edges, idle_ms, waiting_ms, cutting_ms, asking_ms, storing_ms, reading_ms, folding_ms, busy_ms)
SELECT w.id, date_trunc('minute', now()) - interval '2 minutes', 60, 120, 180, 6000, 30000, 600, 1200, 1800, 2400, 12000, 6000 FROM (VALUES (1), (2)) AS w (id);
SELECT is(shown($$SELECT chunks, nodes, edges, chunks_per_second, nodes_per_second, edges_per_second, workers, cutting, asking, storing, reading, folding, other, waiting, idle, all_ms
        FROM kg_batch.throughput WHERE period = 'all'$$),
    '(120,240,360,2.000,4.000,6.000,2,0.010,0.020,0.030,0.040,0.200,0.100,0.500,0.100,120000)', 'two workers in one minute');
SELECT is((SELECT count(*) FROM kg_batch.throughput WHERE period = '1 minute'), 0::bigint, 'no row for a time in which nothing was measured');

-- Another role sees its own graphs.
CREATE FUNCTION may_reset() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM kg_batch.reset_performance();
    RETURN true;
EXCEPTION WHEN insufficient_privilege THEN
    RETURN false;
END $$;
-- Roles are the server's, tests run side by side: a name of this database.
SELECT current_database() || '_reader' AS reader \gset
CREATE ROLE :"reader";
SELECT kg_batch.grant_access(:'reader', 'reader', 'work');
SET ROLE :"reader";
SELECT count(*) AS rows, may_reset() AS resets, (SELECT count(*) FROM kg_batch.throughput) AS minutes FROM kg_batch.performance \gset
RESET ROLE;
SELECT kg_batch.grant_access(:'reader', 'reader', name) FROM kg_batch.graph;
SET ROLE :"reader";
SELECT count(*) AS minutes_of_all FROM kg_batch.throughput \gset
RESET ROLE;
SELECT is(:rows, 0, 'of graphs that one may not read nothing is shown');
SELECT is(:minutes, 0, 'nor what workers did, who serve all graphs');
SELECT is(:minutes_of_all, (SELECT count(*)::int FROM kg_batch.throughput), 'who may read all sees that');
SELECT is(:'resets'::boolean, false, 'who only reads resets nothing');
SELECT kg_batch.grant_access(:'reader', 'none', name) FROM kg_batch.graph;
-- As many as there are is none of none.
BEGIN;
SELECT kg_batch.drop_graph(name) FROM kg_batch.graph;
SET LOCAL ROLE :"reader";
SELECT count(*) AS minutes_of_none FROM kg_batch.throughput \gset
ROLLBACK;
SELECT is(:minutes_of_none, 0, 'where there is no graph, who may read none sees nothing');
DROP OWNED BY :"reader";
DROP ROLE :"reader";

SELECT lives_ok('SELECT kg_batch.reset_performance()', 'reset');
SELECT is_empty('SELECT 1 FROM kg_batch.performance UNION ALL SELECT 1 FROM kg_batch.throughput', 'and nothing is left');
SELECT is((SELECT sum(requests) FROM kg_batch.cost), 2::numeric, 'but the ledger');

SELECT * FROM finish();
