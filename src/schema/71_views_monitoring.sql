-- What goes on: jobs, workers, batches, money, trouble.

CREATE FUNCTION kg_batch_internal.live_workers(OUT kind text, OUT pid int, OUT worker_id bigint, OUT in_flight int, OUT last_beat timestamptz,
                                              OUT doing text, OUT since timestamptz, OUT hangs boolean, OUT rests_until timestamptz)
    RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_live_workers';
COMMENT ON FUNCTION kg_batch_internal.live_workers() IS 'background workers of this database as shared memory has them; rests_until: when one that sleeps looks again, unless it is woken';

-- When a batch that is out will be read, by what the last ones of its model took.
-- Once the API says how far it is, it goes on as it went, or as usual if that is slower;
-- one that takes longer than usual and says nothing is given a quarter more than it has had.
CREATE VIEW kg_batch_internal.batch_outlook AS
SELECT b.batch_id, u.usual, CASE WHEN x.at IS NOT NULL THEN LEAST(b.deadline, x.at) END AS expected_end
FROM kg_batch_internal.batch b
CROSS JOIN LATERAL (SELECT clock_timestamp() AS at) t
CROSS JOIN LATERAL (SELECT b.remote_completed::float8 / NULLIF(GREATEST(b.remote_total, b.requests), 0) AS done) f
CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x.took) AS usual
    FROM (SELECT d.ended_at - d.submitted_at AS took FROM kg_batch_internal.batch d
          WHERE d.state = 'done' AND d.submitted_at IS NOT NULL AND d.model = b.model AND d.endpoint = b.endpoint
          ORDER BY d.batch_id DESC LIMIT 20) x) u
CROSS JOIN LATERAL (
    SELECT CASE WHEN b.submitted_at IS NULL OR b.state = 'reading' THEN t.at + CASE WHEN b.state = 'reading' THEN interval '0' ELSE u.usual END
        WHEN f.done >= 0.1 THEN t.at + (1 - f.done) * GREATEST(u.usual, (t.at - b.submitted_at) / f.done)
        WHEN u.usual IS NULL THEN NULL
        ELSE GREATEST(b.submitted_at + u.usual, t.at + CASE WHEN t.at - b.submitted_at > u.usual THEN (t.at - b.submitted_at) / 4 ELSE interval '0' END) END AS at) x
WHERE b.ended_at IS NULL;
COMMENT ON VIEW kg_batch_internal.batch_outlook IS 'of batches that are not over: what their like usually took, and when they are expected to end; null until one has ended';

-- Progress is work as it is estimated: sentences, because chunks differ in size;
-- what is not cut yet counts two a message. A chunk counts for nine tenths once its
-- last answer is there, and for its share of the steps before that.
-- What there is of a job is counted as it comes and goes (25_tables_counting.sql).
-- OFFSET 0: what is said once is computed once, and not wherever it is used.
CREATE VIEW kg_batch.progress WITH (security_barrier) AS
WITH counted AS MATERIALIZED (
    SELECT n.graph_id, n.job_id,
        sum(n.number) FILTER (WHERE starts_with(n.what, 'chunk '))::bigint AS chunks,
        sum(n.number) FILTER (WHERE n.what = 'chunk done')::bigint AS chunks_done,
        sum(n.number) FILTER (WHERE n.what = 'chunk failed')::bigint AS chunks_failed,
        sum(n.number) FILTER (WHERE n.what IN ('chunk ready', 'chunk asking'))::bigint AS chunks_open,
        sum(n.size) FILTER (WHERE starts_with(n.what, 'chunk '))::bigint AS sentences,
        sum(n.size) FILTER (WHERE n.what = 'chunk done')::bigint AS sentences_done,
        sum(n.size) FILTER (WHERE n.what IN ('chunk done', 'chunk failed', 'chunk cancelled'))::bigint AS sentences_finished,
        sum(n.size * (n.step - 1)) FILTER (WHERE n.what IN ('chunk ready', 'chunk asking'))::bigint AS steps_done,
        min(n.step) FILTER (WHERE n.what IN ('chunk ready', 'chunk asking') AND n.number > 0) AS first_step,
        sum(n.number) FILTER (WHERE n.what = 'conversation')::bigint AS conversations,
        sum(n.number) FILTER (WHERE n.what = 'conversation done')::bigint AS conversations_done,
        sum(n.number) FILTER (WHERE n.what = 'conversation settling')::bigint AS settling,
        sum(n.size) FILTER (WHERE n.what = 'conversation uncut')::bigint AS messages_uncut,
        sum(n.number) FILTER (WHERE n.what = 'queue' AND n.step = 1)::bigint AS to_cut,
        sum(n.number) FILTER (WHERE n.what = 'queue' AND n.step = 2)::bigint AS to_fold,
        sum(n.number) FILTER (WHERE n.what = 'queue' AND n.step = 3)::bigint AS to_ask,
        sum(n.number) FILTER (WHERE n.what = 'queue' AND n.step IN (4, 5))::bigint AS to_send,
        sum(n.number) FILTER (WHERE n.what = 'queue' AND n.step = 6)::bigint AS to_read,
        sum(n.number) FILTER (WHERE n.what = 'queue' AND n.step IN (7, 8))::bigint AS about_graph
    FROM kg_batch_internal.count_now n GROUP BY n.graph_id, n.job_id),
made AS MATERIALIZED (SELECT m.graph_id, m.job_id, m.nodes, m.edges FROM kg_batch_internal.made_now m)
SELECT j.job_id, j.name AS job, g.name AS graph, i.state, j.reason,
    v.conversations, v.conversations_done, v.settling, v.settles_at, c.chunks, c.chunks_done, c.chunks_failed,
    p.percent, repeat('#', floor(p.percent / 5)::int) || repeat('.', 20 - floor(p.percent / 5)::int) AS bar,
    CASE WHEN i.state = 'running' AND c.sentences > 0 THEN round(r.per_minute * c.chunks / c.sentences, 1) END AS rate,
    CASE WHEN i.state = 'running' AND v.conversations > 0 THEN date_trunc('second', e.eta + interval '0.5 s') END AS eta,
    u.cost,
    CASE WHEN s.total = s.finished THEN 0 WHEN u.cost > 0 AND c.sentences_done > 0
        THEN round(u.cost * (s.total - s.finished) / c.sentences_done, 6) END AS cost_to_finish,
    u.saved, j.budget, j.reserved, j.started_at, j.ended_at, c.sentences, c.sentences_done, u.requests, u.lost_cost, j.graph_id,
    j.options,
    CASE i.state WHEN 'done' THEN 'done' || CASE WHEN c.chunks_failed > 0 THEN format(', %s chunks failed', c.chunks_failed) ELSE '' END
        WHEN 'running' THEN COALESCE(NULLIF(concat_ws('; ',
            CASE WHEN i.waiting > 0 THEN format('taking in %s changes of followed tables', i.waiting) END,
            CASE WHEN q.to_cut > 0 THEN format('cutting, %s conversations to go', q.to_cut) END,
            CASE WHEN q.to_ask + q.to_send > 0 THEN format('%s questions wait to go out', q.to_ask + q.to_send) END,
            CASE WHEN o.leaving > 0 THEN format('%s questions are on their way to the API', o.leaving) END,
            CASE WHEN o.out > 0 THEN format('%s of %s answers in, the API ' || CASE WHEN o.back < o.out THEN 'works on the rest' ELSE 'has yet to hand them over' END, o.back, o.out)
                || COALESCE(', usually ' || CASE WHEN o.usual_s < 90 THEN round(o.usual_s) || ' s' WHEN o.usual_s < 5400 THEN round(o.usual_s / 60) || ' minutes'
                    ELSE round(o.usual_s / 3600, 1) || ' hours' END, '') END,
            CASE WHEN q.direct > 0 THEN format('%s questions are out directly', q.direct) END,
            CASE WHEN q.to_read > 0 THEN format('reading %s answers', q.to_read) END,
            CASE WHEN q.to_fold > 0 THEN format('folding %s chunks into the graph', q.to_fold) END,
            CASE WHEN q.about_graph > 0 THEN 'asking about the graph' END,
            CASE WHEN v.settling > 0 THEN format('%s conversations wait until they settle', v.settling) END), ''),
            CASE WHEN v.conversations = 0 THEN 'nothing is handed in yet' ELSE 'about to end' END)
        WHEN 'following' THEN concat_ws('; ', CASE WHEN i.failing > 0 THEN format('%s followed tables cannot be read, see follows', i.failing)
                ELSE 'has caught up with the tables that it follows' END,
            CASE WHEN v.settling > 0 THEN format('%s conversations wait until they settle', v.settling) END)
        ELSE concat_ws(': ', j.state, NULLIF(j.reason, j.state)) END AS doing,
    u.requests + o.out + o.leaving + q.direct AS questions, COALESCE(b.nodes, 0) AS nodes, COALESCE(b.edges, 0) AS edges
FROM kg_batch_internal.job j
JOIN kg_batch_internal.graph g ON g.graph_id = j.graph_id
LEFT JOIN counted n ON n.graph_id = j.graph_id AND n.job_id = j.job_id
LEFT JOIN made b ON b.graph_id = j.graph_id AND b.job_id = j.job_id
CROSS JOIN LATERAL (
    SELECT COALESCE(n.chunks, 0) AS chunks, COALESCE(n.chunks_done, 0) AS chunks_done, COALESCE(n.chunks_failed, 0) AS chunks_failed,
        COALESCE(n.sentences, 0) AS sentences, COALESCE(n.sentences_done, 0) AS sentences_done,
        COALESCE(n.sentences_finished, 0) AS sentences_finished, COALESCE(n.chunks_open, 0) AS chunks_open,
        COALESCE(n.steps_done, 0) AS steps_done, n.first_step) c
CROSS JOIN LATERAL (
    SELECT COALESCE(n.conversations, 0) AS conversations, COALESCE(n.conversations_done, 0) AS conversations_done, COALESCE(n.settling, 0) AS settling,
        CASE WHEN n.settling > 0 THEN (SELECT t.settle_at FROM kg_batch_internal.conversation t WHERE t.graph_id = j.graph_id AND t.job_id = j.job_id
            AND t.settle_at IS NOT NULL ORDER BY t.settle_at LIMIT 1) END AS settles_at,
        COALESCE(n.messages_uncut, 0) AS messages_uncut OFFSET 0) v
-- What is in the queue and in hand. A round that is claimed is the whole graph's.
CROSS JOIN LATERAL (
    SELECT COALESCE(n.to_cut, 0) + h.to_cut AS to_cut, COALESCE(n.to_ask, 0) + h.to_ask AS to_ask, COALESCE(n.to_send, 0) + h.to_send AS to_send,
        h.direct, COALESCE(n.to_read, 0) + h.to_read AS to_read, COALESCE(n.to_fold, 0) + h.to_fold AS to_fold,
        COALESCE(n.about_graph, 0) + h.about_graph AS about_graph
    FROM (SELECT count(*) FILTER (WHERE w.kind = 1) AS to_cut, count(*) FILTER (WHERE w.kind = 3) AS to_ask,
              count(*) FILTER (WHERE w.kind = 4) AS to_send, count(*) FILTER (WHERE w.kind = 5) AS direct, count(*) FILTER (WHERE w.kind = 6) AS to_read,
              count(*) FILTER (WHERE w.kind = 2) AS to_fold, count(*) FILTER (WHERE w.kind IN (7, 8)) AS about_graph
          FROM kg_batch_internal.claimed w WHERE w.job_id = j.job_id) h) q
-- A job with followed tables is never done. What is open of it but conversations
-- that may go on is what it still works on (as kg_batch_internal.is_open has it).
CROSS JOIN LATERAL (
    SELECT count(*) AS tables, count(*) FILTER (WHERE f.error IS NOT NULL) AS failing,
        COALESCE(sum((SELECT count(*) FROM kg_batch_internal.follow_change y WHERE y.graph_id = f.graph_id AND y.follow_id = f.follow_id))
            FILTER (WHERE f.error IS NULL), 0) AS waiting
    FROM kg_batch_internal.follow f WHERE f.graph_id = j.graph_id AND f.job_id = j.job_id) fo
CROSS JOIN LATERAL (
    SELECT fo.waiting, fo.failing,
        CASE WHEN fo.tables = 0 OR j.state NOT IN ('running', 'done') THEN j.state
            WHEN fo.waiting > 0
                OR EXISTS (SELECT FROM kg_batch_internal.ready y WHERE y.job_id = j.job_id OR y.graph_id = j.graph_id AND y.kind = 2)
                OR EXISTS (SELECT FROM kg_batch_internal.claimed y WHERE y.job_id = j.job_id OR y.graph_id = j.graph_id AND y.kind = 2)
                OR EXISTS (SELECT FROM kg_batch_internal.batch_job y JOIN kg_batch_internal.batch b USING (batch_id) WHERE y.job_id = j.job_id AND b.ended_at IS NULL)
                OR EXISTS (SELECT FROM kg_batch_internal.boundary_window y JOIN kg_batch_internal.conversation t USING (graph_id, conversation_id)
                           WHERE y.graph_id = j.graph_id AND y.waits AND t.job_id = j.job_id)
                OR EXISTS (SELECT FROM kg_batch_internal.chunk y WHERE y.graph_id = j.graph_id AND y.job_id = j.job_id AND y.state = 'asking')
                THEN 'running' ELSE 'following' END AS state OFFSET 0) i
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(m.requests) FILTER (WHERE b.submitted_at IS NOT NULL), 0)::bigint AS out,
        COALESCE(sum(m.requests) FILTER (WHERE b.submitted_at IS NULL), 0)::bigint AS leaving,
        -- Of a batch that is of several jobs its share.
        COALESCE(floor(sum(m.requests::float8 * LEAST(GREATEST(b.remote_completed + b.remote_failed, b.answered), b.requests) / b.requests)), 0)::bigint AS back,
        COALESCE(floor(sum(m.requests::float8 * LEAST(GREATEST(b.remote_completed - GREATEST(b.answered, CASE WHEN b.state = 'reading' THEN
                (SELECT sum(a.answered) FROM kg_batch_internal.batch_job a WHERE a.batch_id = b.batch_id) END), 0), b.requests) / b.requests)), 0)::bigint
            AS to_store,
        round(EXTRACT(epoch FROM max(l.usual))) AS usual_s, max(l.expected_end) AS expected_end, count(*) AS batches,
        NULLIF(sum(b.input_tokens)::float8 / NULLIF(sum(b.requests), 0), 0) AS tokens_a_request,
        bool_or(l.expected_end IS NULL) AS unknown
    FROM kg_batch_internal.batch_job m
    JOIN kg_batch_internal.batch b ON b.batch_id = m.batch_id AND b.ended_at IS NULL
    JOIN kg_batch_internal.batch_outlook l ON l.batch_id = b.batch_id
    WHERE m.graph_id = j.graph_id AND m.job_id = j.job_id) o
CROSS JOIN LATERAL (
    SELECT GREATEST(max(x.step), 1)::int AS steps FROM kg_batch_internal.prompt x WHERE x.plan = j.options ->> 'extraction') z
CROSS JOIN LATERAL (
    SELECT c.sentences_finished AS finished,
        c.sentences + CASE WHEN j.state = 'cancelled' THEN 0 ELSE 2 * v.messages_uncut END AS total,
        0.9 / z.steps * (c.steps_done + COALESCE(LEAST(q.to_read + o.to_store, c.chunks_open) * (c.sentences - c.sentences_finished) / NULLIF(c.chunks_open, 0), 0))
            AS under_way OFFSET 0) s
CROSS JOIN LATERAL (
    SELECT CASE WHEN s.total = 0 AND i.state IN ('done', 'following') THEN 100.0 WHEN s.total = 0 THEN 0.0
        WHEN s.finished = s.total AND i.state IN ('done', 'cancelled', 'following') THEN 100.0
        ELSE LEAST(floor(1000.0 * (s.finished + s.under_way) / s.total) / 10, 99.9) END::numeric(4, 1) AS percent OFFSET 0) p
LEFT JOIN LATERAL (
    SELECT (max(a.done) - min(a.done)) * 60 / NULLIF(EXTRACT(epoch FROM max(a.at) - min(a.at)), 0) AS per_minute
    FROM kg_batch_internal.progress_sample a
    WHERE a.graph_id = j.graph_id AND a.job_id = j.job_id AND a.at > clock_timestamp() - interval '5 minutes') r ON true
-- What goes by batch takes what batches take, a step after the other, and where the
-- account's tokens are too few for all at once, as many times as that; the last of several
-- that are out takes longer than one does. What goes
-- directly takes what it took so far. The longer of the two is left, and nothing is
-- known while one of them is not.
CROSS JOIN LATERAL (
    SELECT c.chunks_open - LEAST(q.to_read + o.out + o.leaving, c.chunks_open) AS chunks_unsent,
        (j.options ->> 'use_batch_api')::boolean AND (v.messages_uncut > 0
            OR c.chunks_open - q.to_read - o.out - o.leaving >= (j.options ->> 'batch_min_requests')::int) AS more_batches,
        c.chunks_open + 2.0 * v.messages_uncut * c.chunks / GREATEST(c.sentences, 1) - q.to_read - o.out - o.leaving AS unsent,
        NULLIF(NULLIF(current_setting('kg_batch.batch_enqueued_tokens', true), '')::float8, 0) / o.tokens_a_request AS at_once, took.usual, took.mean, took.last_of_all
    FROM (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x.took) AS usual, avg(x.took) AS mean,
              percentile_cont(power(0.5, 1.0 / GREATEST(o.batches, 1))) WITHIN GROUP (ORDER BY x.took) AS last_of_all
          FROM (SELECT d.ended_at - d.submitted_at AS took FROM kg_batch_internal.batch d
                WHERE d.state = 'done' AND d.submitted_at IS NOT NULL AND d.model = j.options ->> 'model' ORDER BY d.batch_id DESC LIMIT 20) x) took) h
CROSS JOIN LATERAL (
    SELECT CASE WHEN o.unknown THEN NULL
            WHEN h.more_batches THEN h.usual * (z.steps - 1)
                + CASE WHEN h.unsent > 0 AND h.at_once > 0 THEN h.mean * (h.unsent / h.at_once) + h.last_of_all ELSE h.usual END
            WHEN o.out + o.leaving > 0 THEN GREATEST(o.expected_end - clock_timestamp(), interval '0') + (z.steps - COALESCE(c.first_step, z.steps)) * h.usual
            ELSE interval '0' END AS by_batch,
        CASE WHEN h.more_batches OR h.chunks_unsent = 0 AND v.messages_uncut = 0 THEN interval '0'
            WHEN r.per_minute > 0 THEN make_interval(secs => (60 / r.per_minute
                * CASE WHEN o.out + o.leaving = 0 THEN s.total - s.finished ELSE (c.sentences - c.sentences_finished) * h.chunks_unsent / c.chunks_open END)::float8)
            END AS directly) d
CROSS JOIN LATERAL (
    SELECT CASE WHEN d.by_batch IS NOT NULL AND d.directly IS NOT NULL AND v.settling = 0 THEN GREATEST(d.by_batch, d.directly) END AS eta) e
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(y.cost), 0) AS cost, COALESCE(sum(y.direct_cost - y.cost), 0) AS saved,
        COALESCE(sum(y.requests), 0)::bigint AS requests, COALESCE(sum(y.lost_cost), 0) AS lost_cost
    FROM kg_batch_internal.usage y WHERE y.graph_id = j.graph_id AND y.job_id = j.job_id) u
WHERE j.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.progress IS 'a row a job: how far it is, how fast, what it costs';
COMMENT ON COLUMN kg_batch.progress.state IS 'running, done (nothing in it is open), following (it has caught up with the tables that it follows), paused or cancelled';
COMMENT ON COLUMN kg_batch.progress.reason IS 'why it is paused: budget, budget_per_day, a person''s word, trouble with key or account';
COMMENT ON COLUMN kg_batch.progress.settling IS 'conversations whose end is still open: read when they have settled, or on flush(graph)';
COMMENT ON COLUMN kg_batch.progress.settles_at IS 'when the next of them has settled';
COMMENT ON COLUMN kg_batch.progress.chunks_failed IS 'errors says why, and how to retry them';
COMMENT ON COLUMN kg_batch.progress.percent IS 'of the work as it is estimated: of sentences, where what is not cut yet counts two a message and what is answered nine tenths; 100 only once the job is done';
COMMENT ON COLUMN kg_batch.progress.rate IS 'chunks a minute over the last five minutes';
COMMENT ON COLUMN kg_batch.progress.eta IS 'time left: of what goes directly at that rate, of batches by what the last ones of the model took, how far they are, and how many the tokens of the account let out at once; null while there is no ground for it';
COMMENT ON COLUMN kg_batch.progress.cost IS 'US dollars so far';
COMMENT ON COLUMN kg_batch.progress.cost_to_finish IS 'US dollars for the rest at the cost of what is done; null while nothing is';
COMMENT ON COLUMN kg_batch.progress.saved IS 'US dollars: what the same tokens cost in real time, less what they did cost';
COMMENT ON COLUMN kg_batch.progress.budget IS 'US dollars; null has only the day''s budget';
COMMENT ON COLUMN kg_batch.progress.reserved IS 'US dollars that requests in flight may cost at most';
COMMENT ON COLUMN kg_batch.progress.doing IS 'what it does now, in words: 342 of 500 answers in, the API works on the rest, usually 40 minutes';
COMMENT ON COLUMN kg_batch.progress.questions IS 'that were asked so far, with those that are out';
COMMENT ON COLUMN kg_batch.progress.nodes IS 'new ones that its chunks brought to the graph';
COMMENT ON COLUMN kg_batch.progress.edges IS 'new ones that its chunks brought to the graph';
COMMENT ON COLUMN kg_batch.progress.lost_cost IS 'US dollars, at most, of direct requests whose worker died: perhaps billed, never answered; not in cost';

-- A worker serves all graphs: what it did is shown to whoever may read them all.
CREATE VIEW kg_batch.pipelines WITH (security_barrier) AS
SELECT l.worker_id, l.kind, l.pid,
    CASE WHEN l.hangs THEN 'hung'
        WHEN l.in_flight > 0 THEN 'asking' WHEN COALESCE(c.claims, 0) > 0 THEN 'working' ELSE 'idle' END AS state,
    l.in_flight, COALESCE(c.claims, 0) AS claims, o.chunks_done, o.chunks_failed, o.requests, o.nodes, o.edges, w.started_at, l.last_beat,
    l.doing, l.since, round(o.nodes / t.seconds, 2) AS nodes_per_second, round(o.edges / t.seconds, 2) AS edges_per_second,
    m.waiting, d.restarts, o.last_error
FROM kg_batch_internal.live_workers() l
LEFT JOIN kg_batch_internal.worker w ON w.worker_id = l.worker_id
LEFT JOIN kg_batch_internal.worker o ON o.worker_id = w.worker_id
    AND (SELECT count(*) FROM kg_batch_internal.graph) = cardinality((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[])
LEFT JOIN LATERAL (SELECT count(*) AS claims FROM kg_batch_internal.claimed k WHERE k.worker_id = l.worker_id) c ON true
CROSS JOIN LATERAL (SELECT NULLIF(EXTRACT(epoch FROM clock_timestamp() - w.started_at), 0) AS seconds) t
LEFT JOIN LATERAL (
    SELECT round(sum(x.idle_ms + x.waiting_ms)
        / NULLIF(sum(x.idle_ms + x.waiting_ms + x.cutting_ms + x.asking_ms + x.storing_ms + x.reading_ms + x.folding_ms + x.busy_ms), 0), 3) AS waiting
    FROM kg_batch_internal.work_minute x WHERE x.worker_id = l.worker_id) m ON true
LEFT JOIN LATERAL (SELECT count(*) AS restarts FROM kg_batch_internal.worker x WHERE x.kind = l.kind AND x.died) d ON true
WHERE cardinality((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]) > 0;
COMMENT ON VIEW kg_batch.pipelines IS 'the background workers of this database: coordinator, batch manager, pipelines, with what each did since its start for whoever may read all graphs';
COMMENT ON COLUMN kg_batch.pipelines.state IS 'asking (requests in flight), working (has claims), idle, or hung (no sign of life for a minute, and no statement that runs)';
COMMENT ON COLUMN kg_batch.pipelines.in_flight IS 'requests that are out directly';
COMMENT ON COLUMN kg_batch.pipelines.claims IS 'conversations, chunks and requests in hand';
COMMENT ON COLUMN kg_batch.pipelines.doing IS 'what it does now, in words';
COMMENT ON COLUMN kg_batch.pipelines.since IS 'since when it does that';
COMMENT ON COLUMN kg_batch.pipelines.waiting IS 'share of its time that it waited, for answers or work, from 0 to 1; null while enable_performance_monitoring is off';
COMMENT ON COLUMN kg_batch.pipelines.restarts IS 'how many of its kind were ended by something else than themselves in the last week, and made place for others';

CREATE VIEW kg_batch.batches WITH (security_barrier) AS
SELECT b.batch_id, b.model, b.state, b.remote_status, b.requests, b.remote_completed AS completed, b.remote_failed AS failed, b.answered,
    x.jobs, date_trunc('second', COALESCE(b.ended_at, clock_timestamp()) - b.planned_at) AS age, b.deadline,
    x.cost,
    b.error, b.cancel_requested, b.next_poll_at, b.polls, b.input_tokens, b.bytes, b.planned_at, b.submitted_at, b.ended_at, b.remote_id,
    b.input_file_id, b.output_file_id, b.error_file_id, x.job_ids,
    (SELECT date_trunc('second', l.expected_end + interval '0.5 s') FROM kg_batch_internal.batch_outlook l WHERE l.batch_id = b.batch_id) AS expected_end,
    b.polled_at AS last_poll_at, b.last_error, b.last_error_at
FROM kg_batch_internal.batch b
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT j.name ORDER BY j.name) AS jobs, array_agg(DISTINCT j.job_id) AS job_ids, count(*) AS parts,
        sum(m.cost) AS cost
    FROM kg_batch_internal.batch_job m
    LEFT JOIN kg_batch_internal.job j ON j.graph_id = m.graph_id AND j.job_id = m.job_id
    WHERE m.batch_id = b.batch_id AND m.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[])) x
WHERE x.parts > 0;
COMMENT ON VIEW kg_batch.batches IS 'batches of the Batch API in which requests of one''s graphs are';
COMMENT ON COLUMN kg_batch.batches.state IS 'here: planned, uploading, uploaded, creating, submitted, reading, done, failed, lost or unclear';
COMMENT ON COLUMN kg_batch.batches.remote_status IS 'at the API, as last seen: validating, in_progress, finalizing, completed, expired, cancelled and so on';
COMMENT ON COLUMN kg_batch.batches.requests IS 'in the whole batch';
COMMENT ON COLUMN kg_batch.batches.completed IS 'by the API''s count; answered are those that are stored here';
COMMENT ON COLUMN kg_batch.batches.jobs IS 'names of the jobs in it that one may see';
COMMENT ON COLUMN kg_batch.batches.job_ids IS 'ids of the jobs in it that one may see';
COMMENT ON COLUMN kg_batch.batches.deadline IS 'when it is cancelled and the rest asked directly (batch_timeout)';
COMMENT ON COLUMN kg_batch.batches.expected_end IS 'by what the last ones of its model took and how far it is; null while no such batch has ended';
COMMENT ON COLUMN kg_batch.batches.last_poll_at IS 'when the API was asked last how far it is';
COMMENT ON COLUMN kg_batch.batches.error IS 'what is wrong with it now, or why it failed';
COMMENT ON COLUMN kg_batch.batches.last_error IS 'what went wrong last, whether or not it went on since';
COMMENT ON COLUMN kg_batch.batches.cost IS 'US dollars of the answers that it gave to one''s own requests';

-- Whose graphs one may see is looked up once for all sorts.
CREATE VIEW kg_batch.errors WITH (security_barrier) AS
WITH mine AS MATERIALIZED (SELECT kg_batch.my_graphs(current_user, 'auditor') AS graphs)
SELECT g.name AS graph, j.name AS job, e.what, e.conversation, e.chunk_id, e.batch_id, e.reason, COALESCE(e.at, y.received_at) AS at,
    CASE WHEN e.what = 'chunk' THEN format('SELECT kg_batch.retry(%L, chunk => %s, graph => %L)', j.name, e.chunk_id, g.name)
        WHEN e.what IN ('conversation', 'decision', 'kind', 'word', 'embedding') THEN format('SELECT kg_batch.retry(%L, graph => %L)', j.name, g.name)
        WHEN e.what = 'follow' THEN e.state
        WHEN e.what = 'question' THEN 'Nothing to do: it is asked again by itself.'
        WHEN e.state = 'unclear' THEN format('Whether the API took this batch is not known. If it is in the account''s list of batches, '
            'SELECT kg_batch.resume(%1$L, graph => %2$L) takes it; if it is not, SELECT kg_batch.retry(%1$L, graph => %2$L) asks its requests again.', j.name, g.name)
        WHEN e.state = 'for a person' THEN 'What was in it failed with it, and is asked again only by a person: '
            || format('SELECT kg_batch.retry(%L, graph => %L)', j.name, g.name)
        ELSE 'Nothing to do: its requests are asked again by themselves.' END AS hint,
    e.graph_id, e.job_id, r.attempt AS attempts, e.next_retry, y.status AS api_status, y.error AS api_said, e.request_id
FROM (SELECT c.graph_id, c.job_id, 'chunk' AS what, v.key AS conversation, c.chunk_id, NULL::bigint AS batch_id, c.error AS reason,
          c.error_at AS at, c.state, c.request_id, NULL::timestamptz AS next_retry
      FROM kg_batch_internal.chunk c
      JOIN kg_batch_internal.conversation v ON v.graph_id = c.graph_id AND v.conversation_id = c.conversation_id
      WHERE c.state = 'failed' AND NOT EXISTS (SELECT FROM kg_batch_internal.chunk r WHERE r.graph_id = c.graph_id
              AND r.rereads = COALESCE(c.rereads, c.chunk_id) AND r.reading > c.reading GROUP BY r.reading HAVING bool_and(r.folded))
          AND c.graph_id = ANY ((SELECT m.graphs FROM mine m)::bigint[])
      UNION ALL
      SELECT v.graph_id, v.job_id, 'conversation', v.key, NULL, NULL, v.cut_error, NULL, NULL, NULL, NULL
      FROM kg_batch_internal.conversation v
      WHERE v.cut_error IS NOT NULL AND v.graph_id = ANY ((SELECT m.graphs FROM mine m)::bigint[])
      UNION ALL
      SELECT d.graph_id, d.job_id, 'decision', NULL, NULL, NULL, d.error, d.at, d.verdict, d.request_id, NULL
      FROM kg_batch_internal.decision d
      WHERE d.error IS NOT NULL AND d.graph_id = ANY ((SELECT m.graphs FROM mine m)::bigint[])
      UNION ALL
      SELECT w.graph_id, w.job_id, 'word', NULL, NULL, NULL, format('%s "%s": %s', w.sort, w.name, w.error), w.at, w.state, w.request_id, NULL
      FROM kg_batch_internal.predicate_mapping w
      WHERE w.error IS NOT NULL AND w.graph_id = ANY ((SELECT m.graphs FROM mine m)::bigint[])
      UNION ALL
      SELECT k.graph_id, k.job_id, 'kind', NULL, NULL, NULL, format('%s "%s": %s', k.type, k.category, k.error), k.error_at, NULL, k.request_id, NULL
      FROM kg_batch_internal.kind k
      WHERE k.error IS NOT NULL AND k.graph_id = ANY ((SELECT m.graphs FROM mine m)::bigint[])
      UNION ALL
      SELECT t.graph_id, t.job_id, 'embedding', NULL, NULL, NULL, format('"%s": %s', t.text, t.error), t.error_at, NULL, t.request_id, NULL
      FROM kg_batch_internal.embedding t
      WHERE t.error IS NOT NULL AND t.graph_id = ANY ((SELECT m.graphs FROM mine m)::bigint[])
      UNION ALL
      SELECT m.graph_id, m.job_id, 'batch', NULL, NULL, b.batch_id, COALESCE(b.error, b.state), COALESCE(b.ended_at, b.last_error_at),
          CASE WHEN b.state <> 'unclear' AND EXISTS (SELECT FROM kg_batch_internal.request r WHERE r.batch_id = b.batch_id
              AND r.graph_id = m.graph_id AND r.job_id = m.job_id AND r.state = 'failed') THEN 'for a person' ELSE b.state END, NULL, NULL
      FROM kg_batch_internal.batch b
      JOIN kg_batch_internal.batch_job m ON m.batch_id = b.batch_id
      WHERE b.state IN ('failed', 'lost', 'unclear')
        AND m.graph_id = ANY ((SELECT m.graphs FROM mine m)::bigint[])
      UNION ALL
      SELECT f.graph_id, f.job_id, 'follow', NULL, NULL, NULL, w.error, f.error_at, w.hint, NULL, f.retry_at
      FROM kg_batch_internal.follow f
      JOIN kg_batch_internal.follow_trouble w ON w.graph_id = f.graph_id AND w.follow_id = f.follow_id
      WHERE f.graph_id = ANY ((SELECT m.graphs FROM mine m)::bigint[])
      UNION ALL
      -- What went wrong and is tried again by itself.
      SELECT q.graph_id, q.job_id, 'question', v.key, c.chunk_id, NULL, COALESCE(r.error, 'no answer'), NULL, NULL, r.request_id, q.due_at
      FROM kg_batch_internal.ready q
      CROSS JOIN LATERAL (
          SELECT r.request_id, r.chunk_id, r.error FROM kg_batch_internal.request r
          WHERE r.graph_id = q.graph_id AND r.request_id = q.chunk_id AND r.attempt > 0 OFFSET 0) r
      LEFT JOIN kg_batch_internal.chunk c ON c.graph_id = q.graph_id AND c.chunk_id = r.chunk_id
      LEFT JOIN kg_batch_internal.conversation v ON v.graph_id = c.graph_id AND v.conversation_id = c.conversation_id
      WHERE q.kind IN (4, 5) AND q.due_at IS NOT NULL AND q.graph_id = ANY ((SELECT m.graphs FROM mine m)::bigint[])) e
JOIN kg_batch_internal.graph g ON g.graph_id = e.graph_id
LEFT JOIN kg_batch_internal.job j ON j.graph_id = e.graph_id AND j.job_id = e.job_id
LEFT JOIN LATERAL (
    SELECT r.attempt FROM kg_batch_internal.request r WHERE r.graph_id = e.graph_id AND r.request_id = e.request_id OFFSET 0) r ON true
LEFT JOIN LATERAL (
    SELECT a.status, a.error, a.received_at FROM kg_batch_internal.answer a WHERE a.graph_id = e.graph_id AND a.request_id = e.request_id
    ORDER BY a.attempt DESC LIMIT 1) y ON true;
COMMENT ON VIEW kg_batch.errors IS 'what did not get into the graph: failed chunks, conversations that could not be cut, pairs, kinds and words of which a model would say nothing, names without an embedding, batches that went wrong, followed tables that cannot be read; and questions that went wrong and are asked again by themselves; with why, and the call that retries; needs auditor';
COMMENT ON COLUMN kg_batch.errors.what IS 'chunk, conversation, decision (of two things, which stay apart and stand in review), kind (a type with a category, which stays out of the taxonomy), word (a kind or role of statements in a model''s own words, which stands for itself), embedding (of a name, by which nothing is found), batch, follow (a followed table that cannot be read) or question (that is asked again by itself)';
COMMENT ON COLUMN kg_batch.errors.conversation IS 'the key under which it was handed in';
COMMENT ON COLUMN kg_batch.errors.hint IS 'how to try again: a statement to run, where a person has to';
COMMENT ON COLUMN kg_batch.errors.attempts IS 'how often its question was sent; null where nothing was asked';
COMMENT ON COLUMN kg_batch.errors.next_retry IS 'when it is asked again by itself; null for what waits for a person';
COMMENT ON COLUMN kg_batch.errors.api_status IS 'HTTP status of the last answer to it';
COMMENT ON COLUMN kg_batch.errors.api_said IS 'what the API said the last time; null where it gave an answer that could not be used';

CREATE VIEW kg_batch.error_groups WITH (security_barrier) AS
SELECT e.graph, e.job, e.what, regexp_replace(e.reason, '[0-9]+', 'N', 'g') AS reason, count(*) AS times, min(e.at) AS first_at, max(e.at) AS last_at,
    min(e.next_retry) AS next_retry, min(e.chunk_id) AS example_chunk_id, min(e.api_said) AS example_api_said,
    CASE WHEN bool_and(e.what = 'chunk') THEN format('SELECT kg_batch.retry(%L, graph => %L)', e.job, e.graph) ELSE min(e.hint) END AS hint,
    e.graph_id, e.job_id
FROM kg_batch.errors e
GROUP BY e.graph_id, e.job_id, e.graph, e.job, e.what, regexp_replace(e.reason, '[0-9]+', 'N', 'g');
COMMENT ON VIEW kg_batch.error_groups IS 'errors of the same kind as one row, with how often and the call that retries them all; needs auditor';
COMMENT ON COLUMN kg_batch.error_groups.what IS 'as in errors';
COMMENT ON COLUMN kg_batch.error_groups.reason IS 'with N for numbers';
COMMENT ON COLUMN kg_batch.error_groups.next_retry IS 'when the first of them is asked again by itself; null for what waits for a person';
COMMENT ON COLUMN kg_batch.error_groups.example_chunk_id IS 'one of them: errors has all';
COMMENT ON COLUMN kg_batch.error_groups.example_api_said IS 'what the API said of one of them';
COMMENT ON COLUMN kg_batch.error_groups.hint IS 'how to try all of them again';

CREATE VIEW kg_batch.summary WITH (security_barrier) AS
WITH counted AS MATERIALIZED (
    SELECT n.graph_id, n.job_id, sum(n.number) FILTER (WHERE n.what = 'chunk done')::bigint AS done,
        sum(n.number) FILTER (WHERE n.what = 'chunk failed')::bigint AS failed
    FROM kg_batch_internal.count_now n GROUP BY n.graph_id, n.job_id),
made AS MATERIALIZED (SELECT m.graph_id, m.job_id, m.nodes, m.edges FROM kg_batch_internal.made_now m)
SELECT j.job_id, j.name AS job, g.name AS graph,
    date_trunc('milliseconds', COALESCE(j.ended_at, clock_timestamp()) - j.started_at) AS total_time,
    c.processed AS chunks_processed, c.successful AS chunks_successful, c.failed AS chunks_failed, b.nodes, b.edges,
    round(b.nodes / t.seconds, 2) AS nodes_per_second, round(b.edges / t.seconds, 2) AS edges_per_second, j.graph_id
FROM kg_batch_internal.job j
JOIN kg_batch_internal.graph g ON g.graph_id = j.graph_id
CROSS JOIN LATERAL (
    SELECT NULLIF(EXTRACT(epoch FROM COALESCE(j.ended_at, clock_timestamp()) - j.started_at), 0) AS seconds) t
LEFT JOIN counted k ON k.graph_id = j.graph_id AND k.job_id = j.job_id
CROSS JOIN LATERAL (
    SELECT COALESCE(k.done, 0) + COALESCE(k.failed, 0) AS processed, COALESCE(k.done, 0) AS successful, COALESCE(k.failed, 0) AS failed) c
LEFT JOIN made m ON m.graph_id = j.graph_id AND m.job_id = j.job_id
CROSS JOIN LATERAL (SELECT COALESCE(m.nodes, 0) AS nodes, COALESCE(m.edges, 0) AS edges) b
WHERE j.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.summary IS 'a row a job: what it took and what came of it';
COMMENT ON COLUMN kg_batch.summary.total_time IS 'from its start to its end, or to now';
COMMENT ON COLUMN kg_batch.summary.nodes IS 'new ones that its chunks brought to the graph';
COMMENT ON COLUMN kg_batch.summary.edges IS 'new ones that its chunks brought to the graph';

CREATE VIEW kg_batch.cost WITH (security_barrier) AS
SELECT u.day, g.name AS graph, j.name AS job, u.stage, u.model, u.mode, u.requests,
    CASE WHEN p.known THEN u.cost END AS cost, CASE WHEN p.known THEN u.direct_cost - u.cost END AS saved, u.lost,
    u.lost_cost, u.input_tokens, u.cached_tokens, u.cache_write_tokens, u.output_tokens, u.reasoning_tokens, u.unpriced, u.graph_id,
    u.job_id, CASE WHEN p.known THEN u.direct_cost END AS real_time_cost
FROM kg_batch_internal.usage u
CROSS JOIN LATERAL (SELECT u.unpriced = 0 OR u.unpriced < u.requests - u.lost AS known) p
JOIN kg_batch_internal.graph g ON g.graph_id = u.graph_id
LEFT JOIN kg_batch_internal.job j ON j.graph_id = u.graph_id AND j.job_id = u.job_id
WHERE u.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.cost IS 'the ledger, what was asked and paid: by day, job, stage, model and mode; US dollars';
COMMENT ON COLUMN kg_batch.cost.day IS 'in UTC';
COMMENT ON COLUMN kg_batch.cost.mode IS 'batch or direct';
COMMENT ON COLUMN kg_batch.cost.cost IS 'null where the model has no price';
COMMENT ON COLUMN kg_batch.cost.real_time_cost IS 'what the same tokens cost in real time; null where the model has no price';
COMMENT ON COLUMN kg_batch.cost.saved IS 'what the same tokens cost in real time, less what they did cost';
COMMENT ON COLUMN kg_batch.cost.lost IS 'direct requests in flight when their worker died: perhaps billed, never answered';
COMMENT ON COLUMN kg_batch.cost.lost_cost IS 'what those can have cost at most; not in cost';
COMMENT ON COLUMN kg_batch.cost.unpriced IS 'requests to models without a price: not in cost';

-- A row a change of state, written in the transaction that makes it; what goes well
-- with a batch is noted by the batch manager. Not for rows
-- that are made: what comes out of a dump is not made anew.
CREATE FUNCTION kg_batch_internal.note_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'job' THEN
        INSERT INTO kg_batch_internal.activity (event, graph_id, job_id, detail, role)
        SELECT NEW.state, NEW.graph_id, NEW.job_id, NEW.reason,
            CASE WHEN NOT EXISTS (SELECT FROM kg_batch_internal.worker w WHERE w.pid = pg_backend_pid() AND w.ended_at IS NULL) THEN session_user END;
    ELSE
        INSERT INTO kg_batch_internal.activity (event, batch_id, detail) VALUES ('batch ' || NEW.state, NEW.batch_id, NEW.error);
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION kg_batch_internal.note_change() IS 'keeps the history of jobs and batches';
CREATE TRIGGER note_change AFTER UPDATE OF state ON kg_batch_internal.job
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION kg_batch_internal.note_change();
CREATE TRIGGER note_change AFTER UPDATE OF state ON kg_batch_internal.batch
    FOR EACH ROW WHEN (OLD.state <> NEW.state AND NEW.state IN ('failed', 'lost', 'unclear'))
    EXECUTE FUNCTION kg_batch_internal.note_change();

CREATE VIEW kg_batch.history WITH (security_barrier) AS
SELECT h.at, g.name AS graph, j.name AS job, h.event, h.detail, h.role, h.batch_id, h.graph_id, h.job_id
FROM (SELECT j.created_at AS at, 'made' AS event, NULL AS detail, CASE WHEN j.made_by IS NOT NULL THEN pg_get_userbyid(j.made_by) END AS role,
          NULL::bigint AS batch_id, j.graph_id, j.job_id
      FROM kg_batch_internal.job j WHERE j.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[])
      UNION ALL
      SELECT a.at, a.event, a.detail, a.role, NULL, a.graph_id, a.job_id
      FROM kg_batch_internal.activity a WHERE a.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[])
      UNION ALL
      SELECT a.at, a.event, a.detail, NULL, a.batch_id, m.graph_id, m.job_id
      FROM kg_batch_internal.batch_job m JOIN kg_batch_internal.activity a ON a.batch_id = m.batch_id
      WHERE m.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[])) h
JOIN kg_batch_internal.graph g ON g.graph_id = h.graph_id
JOIN kg_batch_internal.job j ON j.graph_id = h.graph_id AND j.job_id = h.job_id;
COMMENT ON VIEW kg_batch.history IS 'what became of each job, a row a change: made, running, paused, done, cancelled, and its batches';
COMMENT ON COLUMN kg_batch.history.event IS 'made, running, paused, done or cancelled; batch planned, submitted, ended, failed, lost or unclear';
COMMENT ON COLUMN kg_batch.history.detail IS 'why';
COMMENT ON COLUMN kg_batch.history.role IS 'whose session it was; null for the workers';

-- Quantiles are read off histograms by powers of two, between the ends of a bucket
-- as if all were spread evenly in it.
CREATE VIEW kg_batch.performance WITH (security_barrier) AS
SELECT p.period, g.name AS graph, s.stage, s.mode, s.requests, s.requests - s.answered AS failed, round(s.requests / s.seconds, 3) AS requests_per_second,
    l.p50_ms, l.p95_ms, l.p99_ms, round(s.input_tokens / s.seconds, 1) AS input_tokens_per_second,
    round(s.output_tokens / s.seconds, 1) AS output_tokens_per_second, s.input_tokens, s.cached_tokens, s.output_tokens, s.reasoning_tokens, s.graph_id
FROM (VALUES ('1 minute', date_trunc('minute', clock_timestamp() - interval '1 minute')),
             ('1 hour', date_trunc('minute', clock_timestamp() - interval '1 hour')), ('all', '-infinity'::timestamptz)) AS p (period, since)
CROSS JOIN LATERAL (
    SELECT m.graph_id, m.stage, m.mode, sum(m.requests)::bigint AS requests, sum(m.answered)::bigint AS answered,
        sum(m.input_tokens)::bigint AS input_tokens, sum(m.cached_tokens)::bigint AS cached_tokens,
        sum(m.output_tokens)::bigint AS output_tokens, sum(m.reasoning_tokens)::bigint AS reasoning_tokens,
        CASE WHEN p.period = 'all' THEN 60.0 * sum(m.minutes)
            ELSE GREATEST(EXTRACT(epoch FROM clock_timestamp() - GREATEST(p.since, min(m.minute))), 1) END AS seconds
    FROM kg_batch_internal.answer_minute m
    WHERE m.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]) AND m.minute >= p.since
    GROUP BY m.graph_id, m.stage, m.mode) s
JOIN kg_batch_internal.graph g ON g.graph_id = s.graph_id
CROSS JOIN LATERAL (
    SELECT max(v.ms) FILTER (WHERE v.q = 0.5) AS p50_ms, max(v.ms) FILTER (WHERE v.q = 0.95) AS p95_ms, max(v.ms) FILTER (WHERE v.q = 0.99) AS p99_ms
    FROM (SELECT q.q, round(b.low + (b.high - b.low) * (q.q * b.total - (b.upto - b.n)) / b.n) AS ms,
              row_number() OVER (PARTITION BY q.q ORDER BY b.high) AS place
          FROM (VALUES (0.5), (0.95), (0.99)) AS q (q)
          JOIN (SELECT h.n, sum(h.n) OVER (ORDER BY h.i) AS upto, sum(h.n) OVER () AS total,
                    CASE WHEN h.i = 1 THEN 0 ELSE 1::bigint << (h.i::int - 1) END AS low, 1::bigint << h.i::int AS high
                FROM (SELECT u.i, sum(u.n) AS n
                      FROM kg_batch_internal.answer_minute m CROSS JOIN LATERAL unnest(m.latency_histogram) WITH ORDINALITY AS u (n, i)
                      WHERE m.graph_id = s.graph_id AND m.stage = s.stage AND m.mode = s.mode AND m.minute >= p.since
                      GROUP BY u.i HAVING sum(u.n) > 0) h) b ON b.upto >= q.q * b.total) v
    WHERE v.place = 1) l;
COMMENT ON VIEW kg_batch.performance IS 'how fast answers come, by stage and mode, over the last minute, the last hour and since the last reset_performance()';
COMMENT ON COLUMN kg_batch.performance.period IS '1 minute, 1 hour (both with the minute that is not over) or all';
COMMENT ON COLUMN kg_batch.performance.failed IS 'of the requests: without an answer that can be used';
COMMENT ON COLUMN kg_batch.performance.requests_per_second IS 'of all: over the minutes in which there were any';
COMMENT ON COLUMN kg_batch.performance.p50_ms IS 'half of them were quicker: directly from sending to the last byte, by batch from sending until it is stored; to within a factor of two';
COMMENT ON COLUMN kg_batch.performance.p95_ms IS '95 of 100 were quicker';
COMMENT ON COLUMN kg_batch.performance.p99_ms IS '99 of 100 were quicker';
COMMENT ON COLUMN kg_batch.performance.input_tokens IS 'cached ones included';
COMMENT ON COLUMN kg_batch.performance.output_tokens IS 'reasoning included';

CREATE VIEW kg_batch.throughput WITH (security_barrier) AS
SELECT p.period, s.chunks, s.chunks_failed, s.nodes, s.edges, round(s.chunks / s.seconds, 3) AS chunks_per_second,
    round(s.nodes / s.seconds, 3) AS nodes_per_second, round(s.edges / s.seconds, 3) AS edges_per_second, s.workers,
    round(s.cutting_ms / s.all_ms, 3) AS cutting, round(s.asking_ms / s.all_ms, 3) AS asking, round(s.storing_ms / s.all_ms, 3) AS storing,
    round(s.reading_ms / s.all_ms, 3) AS reading, round(s.folding_ms / s.all_ms, 3) AS folding, round(s.busy_ms / s.all_ms, 3) AS other,
    round(s.waiting_ms / s.all_ms, 3) AS waiting, round(s.idle_ms / s.all_ms, 3) AS idle, s.all_ms
FROM (VALUES ('1 minute', date_trunc('minute', clock_timestamp() - interval '1 minute')),
             ('1 hour', date_trunc('minute', clock_timestamp() - interval '1 hour')), ('all', '-infinity'::timestamptz)) AS p (period, since)
CROSS JOIN LATERAL (
    SELECT sum(w.chunks_done)::bigint AS chunks, sum(w.chunks_failed)::bigint AS chunks_failed, sum(w.nodes)::bigint AS nodes,
        sum(w.edges)::bigint AS edges, count(DISTINCT w.worker_id) FILTER (WHERE w.worker_id <> 0) AS workers, sum(w.cutting_ms) AS cutting_ms, sum(w.asking_ms) AS asking_ms,
        sum(w.storing_ms) AS storing_ms, sum(w.reading_ms) AS reading_ms, sum(w.folding_ms) AS folding_ms, sum(w.busy_ms) AS busy_ms,
        sum(w.waiting_ms) AS waiting_ms, sum(w.idle_ms) AS idle_ms,
        NULLIF(sum(w.cutting_ms + w.asking_ms + w.storing_ms + w.reading_ms + w.folding_ms + w.busy_ms + w.waiting_ms + w.idle_ms), 0)::bigint AS all_ms,
        CASE WHEN p.period = 'all' THEN 60.0 * (count(DISTINCT w.minute) FILTER (WHERE w.minute > '-infinity') + COALESCE(max(w.minutes) FILTER (WHERE w.minute = '-infinity'), 0))
            ELSE GREATEST(EXTRACT(epoch FROM clock_timestamp() - GREATEST(p.since, min(w.minute))), 1) END AS seconds
    FROM kg_batch_internal.work_minute w WHERE w.minute >= p.since HAVING count(*) > 0) s
WHERE (SELECT NULLIF(count(*), 0) FROM kg_batch_internal.graph) = cardinality((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.throughput IS 'for whoever may read all graphs: what the workers of this database got done, and what their time went into, over the last minute, the last hour and since the last reset_performance()';
COMMENT ON COLUMN kg_batch.throughput.period IS '1 minute, 1 hour (both with the minute that is not over) or all';
COMMENT ON COLUMN kg_batch.throughput.chunks IS 'that were read';
COMMENT ON COLUMN kg_batch.throughput.nodes IS 'new ones';
COMMENT ON COLUMN kg_batch.throughput.edges IS 'new ones';
COMMENT ON COLUMN kg_batch.throughput.workers IS 'that were there; of all without those whose minutes are summed up';
COMMENT ON COLUMN kg_batch.throughput.cutting IS 'share of the time of all workers, from 0 to 1: cutting conversations';
COMMENT ON COLUMN kg_batch.throughput.asking IS 'claiming work and putting questions together';
COMMENT ON COLUMN kg_batch.throughput.storing IS 'storing answers and noting what is sent';
COMMENT ON COLUMN kg_batch.throughput.reading IS 'reading answers';
COMMENT ON COLUMN kg_batch.throughput.folding IS 'folding chunks into the graph';
COMMENT ON COLUMN kg_batch.throughput.other IS 'batches, supervising';
COMMENT ON COLUMN kg_batch.throughput.waiting IS 'waiting for answers';
COMMENT ON COLUMN kg_batch.throughput.idle IS 'waiting for work';
COMMENT ON COLUMN kg_batch.throughput.all_ms IS 'the time of all workers that the shares are of';
