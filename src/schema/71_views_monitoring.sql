-- What goes on: jobs, workers, batches, money, trouble.

CREATE FUNCTION kg_batch_internal.live_workers(OUT kind text, OUT pid int, OUT worker_id bigint, OUT in_flight int, OUT last_beat timestamptz)
    RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_live_workers';
COMMENT ON FUNCTION kg_batch_internal.live_workers() IS 'background workers of this database as shared memory has them';

-- Progress is counted in sentences, because chunks differ in size. What is not
-- cut yet counts two sentences a message.
CREATE VIEW kg_batch.progress WITH (security_barrier) AS
SELECT j.job_id, j.name AS job, g.name AS graph, j.state, j.reason,
    v.conversations, v.conversations_done, v.settling, v.settles_at, c.chunks, c.chunks_done, c.chunks_failed,
    p.percent, repeat('#', (p.percent / 5)::int) || repeat('.', 20 - (p.percent / 5)::int) AS bar,
    CASE WHEN j.state = 'running' AND c.sentences > 0 THEN round(r.per_minute * c.chunks / c.sentences, 1) END AS rate,
    CASE WHEN j.state = 'running' AND r.per_minute > 0
        THEN make_interval(secs => round((s.total - s.finished) * 60 / r.per_minute)::float8) END AS eta,
    u.cost,
    CASE WHEN s.total = s.finished THEN 0 WHEN u.cost > 0 AND c.sentences_done > 0
        THEN round(u.cost * (s.total - s.finished) / c.sentences_done, 6) END AS cost_to_finish,
    u.saved, j.budget, j.reserved, j.started_at, j.ended_at, c.sentences, c.sentences_done, u.requests, u.lost_cost, j.graph_id,
    j.options
FROM kg_batch_internal.job j
JOIN kg_batch_internal.graph g ON g.graph_id = j.graph_id
CROSS JOIN LATERAL (
    SELECT count(*) AS chunks, count(*) FILTER (WHERE k.state = 'done') AS chunks_done,
        count(*) FILTER (WHERE k.state = 'failed') AS chunks_failed,
        COALESCE(sum(k.countable), 0) AS sentences,
        COALESCE(sum(k.countable) FILTER (WHERE k.state = 'done'), 0) AS sentences_done,
        COALESCE(sum(k.countable) FILTER (WHERE k.state IN ('done', 'failed', 'cancelled')), 0) AS sentences_finished
    FROM kg_batch_internal.chunk k WHERE k.graph_id = j.graph_id AND k.job_id = j.job_id) c
CROSS JOIN LATERAL (
    SELECT count(*) AS conversations,
        count(*) FILTER (WHERE t.cut_deliveries >= t.deliveries AND t.settle_at IS NULL AND t.cut_error IS NULL AND NOT EXISTS (
            SELECT FROM kg_batch_internal.chunk k WHERE k.graph_id = t.graph_id AND k.conversation_id = t.conversation_id
                AND k.state <> 'done' AND k.rereads IS NULL)) AS conversations_done,
        count(*) FILTER (WHERE t.settle_at IS NOT NULL) AS settling, min(t.settle_at) AS settles_at,
        COALESCE(sum(t.messages) FILTER (WHERE t.cut_deliveries = 0 AND t.cut_error IS NULL), 0) AS messages_uncut
    FROM kg_batch_internal.conversation t WHERE t.graph_id = j.graph_id AND t.job_id = j.job_id) v
CROSS JOIN LATERAL (
    SELECT c.sentences_finished AS finished,
        c.sentences + CASE WHEN j.state = 'cancelled' THEN 0 ELSE 2 * v.messages_uncut END AS total) s
CROSS JOIN LATERAL (
    SELECT CASE WHEN s.total = 0 AND j.state = 'done' THEN 100.0 WHEN s.total = 0 THEN 0.0
        WHEN s.finished = s.total AND j.state IN ('done', 'cancelled') THEN 100.0 ELSE LEAST(floor(1000.0 * s.finished / s.total) / 10, 99.9) END::numeric(4, 1) AS percent) p
LEFT JOIN LATERAL (
    SELECT (max(a.done) - min(a.done)) * 60 / NULLIF(EXTRACT(epoch FROM max(a.at) - min(a.at)), 0) AS per_minute
    FROM kg_batch_internal.progress_sample a
    WHERE a.graph_id = j.graph_id AND a.job_id = j.job_id AND a.at > clock_timestamp() - interval '5 minutes') r ON true
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(y.cost), 0) AS cost, COALESCE(sum(y.direct_cost - y.cost), 0) AS saved,
        COALESCE(sum(y.requests), 0)::bigint AS requests, COALESCE(sum(y.lost_cost), 0) AS lost_cost
    FROM kg_batch_internal.usage y WHERE y.graph_id = j.graph_id AND y.job_id = j.job_id) u
WHERE j.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.progress IS 'a row a job: how far it is, how fast, what it costs';
COMMENT ON COLUMN kg_batch.progress.state IS 'running, done (nothing in it is open), paused or cancelled';
COMMENT ON COLUMN kg_batch.progress.reason IS 'why it is paused: budget, budget_per_day, a person''s word, trouble with key or account';
COMMENT ON COLUMN kg_batch.progress.settling IS 'conversations whose end is still open: read when they have settled, or on flush(graph)';
COMMENT ON COLUMN kg_batch.progress.settles_at IS 'when the next of them has settled';
COMMENT ON COLUMN kg_batch.progress.percent IS 'of sentences; what is not cut yet counts two a message; 100 only once the job is done';
COMMENT ON COLUMN kg_batch.progress.rate IS 'chunks a minute over the last five minutes';
COMMENT ON COLUMN kg_batch.progress.eta IS 'time left at that rate; null while it is unknown, as for a batch that is out';
COMMENT ON COLUMN kg_batch.progress.cost IS 'US dollars so far';
COMMENT ON COLUMN kg_batch.progress.cost_to_finish IS 'US dollars for the rest at the cost of what is done; null while nothing is';
COMMENT ON COLUMN kg_batch.progress.saved IS 'US dollars: what the same tokens cost in real time, less what they did cost';
COMMENT ON COLUMN kg_batch.progress.budget IS 'US dollars; null has only the day''s budget';
COMMENT ON COLUMN kg_batch.progress.reserved IS 'US dollars that requests in flight may cost at most';
COMMENT ON COLUMN kg_batch.progress.lost_cost IS 'US dollars, at most, of direct requests whose worker died: perhaps billed, never answered; not in cost';

CREATE VIEW kg_batch.pipelines WITH (security_barrier) AS
SELECT l.worker_id, l.kind, l.pid,
    CASE WHEN l.last_beat < clock_timestamp() - interval '60 seconds' THEN 'hung'
        WHEN l.in_flight > 0 THEN 'asking' WHEN COALESCE(c.claims, 0) > 0 THEN 'working' ELSE 'idle' END AS state,
    l.in_flight, COALESCE(c.claims, 0) AS claims, w.chunks_done, w.chunks_failed, w.requests, w.nodes, w.edges, w.started_at, l.last_beat
FROM kg_batch_internal.live_workers() l
LEFT JOIN kg_batch_internal.worker w ON w.worker_id = l.worker_id
LEFT JOIN LATERAL (SELECT count(*) AS claims FROM kg_batch_internal.claimed k WHERE k.worker_id = l.worker_id) c ON true
WHERE cardinality((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]) > 0;
COMMENT ON VIEW kg_batch.pipelines IS 'the background workers of this database: coordinator, batch manager, pipelines, with what each did since its start';
COMMENT ON COLUMN kg_batch.pipelines.state IS 'asking (requests in flight), working (has claims), idle, or hung (no sign of life for a minute)';
COMMENT ON COLUMN kg_batch.pipelines.in_flight IS 'requests that are out directly';
COMMENT ON COLUMN kg_batch.pipelines.claims IS 'conversations, chunks and requests in hand';

CREATE VIEW kg_batch.batches WITH (security_barrier) AS
SELECT b.batch_id, b.model, b.state, b.remote_status, b.requests, b.remote_completed AS completed, b.remote_failed AS failed, b.answered,
    x.jobs, date_trunc('second', COALESCE(b.ended_at, clock_timestamp()) - b.planned_at) AS age, b.deadline,
    (SELECT sum(a.cost) FROM kg_batch_internal.request r
     JOIN kg_batch_internal.answer a ON a.graph_id = r.graph_id AND a.request_id = r.request_id AND a.mode = 'batch'
     WHERE r.batch_id = b.batch_id AND r.graph_id = ANY (x.graphs)) AS cost,
    b.error, b.cancel_requested, b.next_poll_at, b.polls, b.input_tokens, b.bytes, b.planned_at, b.submitted_at, b.ended_at, b.remote_id,
    b.input_file_id, b.output_file_id, b.error_file_id, x.job_ids
FROM kg_batch_internal.batch b
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT j.name ORDER BY j.name) AS jobs, array_agg(DISTINCT j.job_id) AS job_ids, array_agg(DISTINCT m.graph_id) AS graphs
    FROM kg_batch_internal.batch_job m
    LEFT JOIN kg_batch_internal.job j ON j.graph_id = m.graph_id AND j.job_id = m.job_id
    WHERE m.batch_id = b.batch_id AND m.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[])) x
WHERE x.graphs IS NOT NULL;
COMMENT ON VIEW kg_batch.batches IS 'batches of the Batch API in which requests of one''s graphs are';
COMMENT ON COLUMN kg_batch.batches.state IS 'here: planned, uploading, uploaded, creating, submitted, reading, done, failed, lost or unclear';
COMMENT ON COLUMN kg_batch.batches.remote_status IS 'at the API, as last seen: validating, in_progress, finalizing, completed, expired, cancelled and so on';
COMMENT ON COLUMN kg_batch.batches.requests IS 'in the whole batch';
COMMENT ON COLUMN kg_batch.batches.completed IS 'by the API''s count; answered are those that are stored here';
COMMENT ON COLUMN kg_batch.batches.jobs IS 'names of the jobs in it that one may see';
COMMENT ON COLUMN kg_batch.batches.job_ids IS 'ids of the jobs in it that one may see';
COMMENT ON COLUMN kg_batch.batches.deadline IS 'when it is cancelled and the rest asked directly (batch_timeout)';
COMMENT ON COLUMN kg_batch.batches.cost IS 'US dollars of the answers to one''s own requests';

CREATE VIEW kg_batch.errors WITH (security_barrier) AS
SELECT g.name AS graph, j.name AS job, e.what, e.conversation, e.chunk_id, e.batch_id, e.reason, e.at,
    CASE WHEN e.what = 'chunk' THEN format('SELECT kg_batch.retry(%L, chunk => %s, graph => %L)', j.name, e.chunk_id, g.name)
        WHEN e.what IN ('conversation', 'decision', 'kind', 'word', 'embedding') THEN format('SELECT kg_batch.retry(%L, graph => %L)', j.name, g.name)
        WHEN e.state = 'unclear' THEN 'Whether the API took this batch is not known. Its requests are asked again only by a person: '
            || format('SELECT kg_batch.retry(%L, graph => %L)', j.name, g.name)
        WHEN e.state = 'lost' THEN 'The API does not know this batch any more, its chunks failed. They are asked again only by a person: '
            || format('SELECT kg_batch.retry(%L, graph => %L)', j.name, g.name)
        ELSE 'Nothing to do: its requests are asked again by themselves.' END AS hint,
    e.graph_id, e.job_id
FROM (SELECT c.graph_id, c.job_id, 'chunk' AS what, v.key AS conversation, c.chunk_id, NULL::bigint AS batch_id, c.error AS reason,
          c.error_at AS at, c.state
      FROM kg_batch_internal.chunk c
      JOIN kg_batch_internal.conversation v ON v.graph_id = c.graph_id AND v.conversation_id = c.conversation_id
      WHERE c.state = 'failed' AND NOT EXISTS (SELECT FROM kg_batch_internal.chunk r WHERE r.graph_id = c.graph_id
              AND r.rereads = COALESCE(c.rereads, c.chunk_id) AND r.reading > c.reading GROUP BY r.reading HAVING bool_and(r.folded))
          AND c.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'auditor'))::bigint[])
      UNION ALL
      SELECT v.graph_id, v.job_id, 'conversation', v.key, NULL, NULL, v.cut_error, NULL, NULL
      FROM kg_batch_internal.conversation v
      WHERE v.cut_error IS NOT NULL AND v.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'auditor'))::bigint[])
      UNION ALL
      SELECT d.graph_id, d.job_id, 'decision', NULL, NULL, NULL, d.error, d.at, d.verdict
      FROM kg_batch_internal.decision d
      WHERE d.error IS NOT NULL AND d.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'auditor'))::bigint[])
      UNION ALL
      SELECT w.graph_id, w.job_id, 'word', NULL, NULL, NULL, format('%s "%s": %s', w.sort, w.name, w.error), w.at, w.state
      FROM kg_batch_internal.predicate_mapping w
      WHERE w.error IS NOT NULL AND w.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'auditor'))::bigint[])
      UNION ALL
      SELECT k.graph_id, k.job_id, 'kind', NULL, NULL, NULL, format('%s "%s": %s', k.type, k.category, k.error), k.error_at, NULL
      FROM kg_batch_internal.kind k
      WHERE k.error IS NOT NULL AND k.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'auditor'))::bigint[])
      UNION ALL
      SELECT t.graph_id, t.job_id, 'embedding', NULL, NULL, NULL, format('"%s": %s', t.text, t.error), t.error_at, NULL
      FROM kg_batch_internal.embedding t
      WHERE t.error IS NOT NULL AND t.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'auditor'))::bigint[])
      UNION ALL
      SELECT m.graph_id, m.job_id, 'batch', NULL, NULL, b.batch_id, COALESCE(b.error, b.state), b.ended_at, b.state
      FROM kg_batch_internal.batch b
      JOIN kg_batch_internal.batch_job m ON m.batch_id = b.batch_id
      WHERE b.state IN ('failed', 'lost', 'unclear')
        AND m.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'auditor'))::bigint[])) e
JOIN kg_batch_internal.graph g ON g.graph_id = e.graph_id
LEFT JOIN kg_batch_internal.job j ON j.graph_id = e.graph_id AND j.job_id = e.job_id;
COMMENT ON VIEW kg_batch.errors IS 'what did not get into the graph: failed chunks, conversations that could not be cut, pairs, kinds and words of which a model would say nothing, names without an embedding, batches that went wrong; needs auditor';
COMMENT ON COLUMN kg_batch.errors.what IS 'chunk, conversation, decision (of two things, which stay apart and stand in review), kind (a type with a category, which stays out of the taxonomy), word (a kind or role of statements in a model''s own words, which stands for itself), embedding (of a name, by which nothing is found) or batch';
COMMENT ON COLUMN kg_batch.errors.conversation IS 'the key under which it was handed in';
COMMENT ON COLUMN kg_batch.errors.hint IS 'how to try again';

CREATE VIEW kg_batch.summary WITH (security_barrier) AS
SELECT j.job_id, j.name AS job, g.name AS graph,
    date_trunc('milliseconds', COALESCE(j.ended_at, clock_timestamp()) - j.started_at) AS total_time,
    c.processed AS chunks_processed, c.successful AS chunks_successful, c.failed AS chunks_failed, n.nodes, e.edges,
    round(n.nodes / t.seconds, 2) AS nodes_per_second, round(e.edges / t.seconds, 2) AS edges_per_second, j.graph_id
FROM kg_batch_internal.job j
JOIN kg_batch_internal.graph g ON g.graph_id = j.graph_id
CROSS JOIN LATERAL (
    SELECT NULLIF(EXTRACT(epoch FROM COALESCE(j.ended_at, clock_timestamp()) - j.started_at), 0) AS seconds) t
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE k.state IN ('done', 'failed')) AS processed, count(*) FILTER (WHERE k.state = 'done') AS successful,
        count(*) FILTER (WHERE k.state = 'failed') AS failed
    FROM kg_batch_internal.chunk k WHERE k.graph_id = j.graph_id AND k.job_id = j.job_id) c
-- From table to table, row by row: see node_fact in 70_views.sql.
CROSS JOIN LATERAL (
    SELECT count(DISTINCT i.node_id) AS nodes
    FROM (SELECT k.chunk_id FROM kg_batch_internal.chunk k WHERE k.graph_id = j.graph_id AND k.job_id = j.job_id OFFSET 0) k
    CROSS JOIN LATERAL (
        SELECT m.key FROM kg_batch_internal.node_mention m
        WHERE m.graph_id = j.graph_id AND m.chunk_id = k.chunk_id AND m.live OFFSET 0) m
    CROSS JOIN LATERAL (
        SELECT i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = j.graph_id AND i.key = m.key OFFSET 0) i) n
CROSS JOIN LATERAL (
    SELECT count(DISTINCT (i.node_id, r.role, o.node_id)) AS edges
    FROM (SELECT k.chunk_id FROM kg_batch_internal.chunk k WHERE k.graph_id = j.graph_id AND k.job_id = j.job_id OFFSET 0) k
    CROSS JOIN LATERAL (
        SELECT r.statement, r.target, r.role FROM kg_batch_internal.edge_mention r
        WHERE r.graph_id = j.graph_id AND r.chunk_id = k.chunk_id OFFSET 0) r
    CROSS JOIN LATERAL (
        SELECT m.key FROM kg_batch_internal.node_mention m
        WHERE m.graph_id = j.graph_id AND m.chunk_id = k.chunk_id AND m.n = r.statement AND m.live OFFSET 0) m
    CROSS JOIN LATERAL (
        SELECT w.key FROM kg_batch_internal.node_mention w
        WHERE w.graph_id = j.graph_id AND w.chunk_id = k.chunk_id AND w.n = r.target OFFSET 0) w
    CROSS JOIN LATERAL (
        SELECT i.node_id FROM kg_batch_internal.identity i
        WHERE i.graph_id = j.graph_id AND i.key = m.key AND i.node_id IS NOT NULL OFFSET 0) i
    CROSS JOIN LATERAL (
        SELECT o.node_id FROM kg_batch_internal.identity o
        WHERE o.graph_id = j.graph_id AND o.key = w.key AND o.node_id IS NOT NULL OFFSET 0) o) e
WHERE j.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.summary IS 'a row a job: what it took and what came of it';
COMMENT ON COLUMN kg_batch.summary.total_time IS 'from its start to its end, or to now';
COMMENT ON COLUMN kg_batch.summary.nodes IS 'of the graph, that its conversations speak of';
COMMENT ON COLUMN kg_batch.summary.edges IS 'of the graph, that its conversations speak of';

CREATE VIEW kg_batch.cost WITH (security_barrier) AS
SELECT u.day, g.name AS graph, j.name AS job, u.stage, u.model, u.mode, u.requests, u.cost, u.direct_cost - u.cost AS saved, u.lost,
    u.lost_cost, u.input_tokens, u.cached_tokens, u.cache_write_tokens, u.output_tokens, u.reasoning_tokens, u.unpriced, u.graph_id,
    u.job_id
FROM kg_batch_internal.usage u
JOIN kg_batch_internal.graph g ON g.graph_id = u.graph_id
LEFT JOIN kg_batch_internal.job j ON j.graph_id = u.graph_id AND j.job_id = u.job_id
WHERE u.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.cost IS 'the ledger by day, job, stage, model and mode; US dollars';
COMMENT ON COLUMN kg_batch.cost.day IS 'in UTC';
COMMENT ON COLUMN kg_batch.cost.mode IS 'batch or direct';
COMMENT ON COLUMN kg_batch.cost.saved IS 'what the same tokens cost in real time, less what they did cost';
COMMENT ON COLUMN kg_batch.cost.lost IS 'direct requests in flight when their worker died: perhaps billed, never answered';
COMMENT ON COLUMN kg_batch.cost.lost_cost IS 'what those can have cost at most; not in cost';
COMMENT ON COLUMN kg_batch.cost.unpriced IS 'requests to models without a price: not in cost';
