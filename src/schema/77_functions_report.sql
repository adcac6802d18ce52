-- A page to look at. What it shows comes from the views, with the rights of
-- whoever calls; the page around it is the same for all (web/README.md).

-- Each answer looks up its request: see node_fact in 70_views.sql.
CREATE VIEW kg_batch.answers WITH (security_barrier) AS
SELECT g.name AS graph, j.name AS job, a.received_at, r.stage, a.mode, a.outcome, a.attempt, a.latency_ms, r.sent_at, a.model, a.cost,
    a.input_tokens, a.cached_tokens, a.output_tokens, a.reasoning_tokens, a.request_id, r.batch_id, a.graph_id, r.job_id
FROM kg_batch_internal.answer a
CROSS JOIN LATERAL (
    SELECT q.job_id, q.stage, q.sent_at, q.batch_id FROM kg_batch_internal.request q
    WHERE q.graph_id = a.graph_id AND q.request_id = a.request_id OFFSET 0) r
JOIN kg_batch_internal.job j ON j.graph_id = a.graph_id AND j.job_id = r.job_id
JOIN kg_batch_internal.graph g ON g.graph_id = a.graph_id
WHERE a.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.answers IS 'the ledger answer by answer, without their words: when it came, after how long, what it cost';
COMMENT ON COLUMN kg_batch.answers.outcome IS 'answered, refused, length, content_filter, empty, bad, error or lost (its worker died while it was in flight)';
COMMENT ON COLUMN kg_batch.answers.latency_ms IS 'of a direct request: from sending to the last byte; null by batch';
COMMENT ON COLUMN kg_batch.answers.sent_at IS 'when its request was sent last';
COMMENT ON COLUMN kg_batch.answers.cost IS 'US dollars; null where the model has no price; for lost ones the most it can have cost';
COMMENT ON COLUMN kg_batch.answers.input_tokens IS 'cached ones included';
COMMENT ON COLUMN kg_batch.answers.output_tokens IS 'reasoning included';

-- The planner has no statistics of graph_id (20_tables_graph.sql) and takes what it
-- reads here for a row or two: nested loops over whole graphs, a minute for 500
-- nodes. Hashed they are a pass over each table, whatever their size. What is still
-- a loop then counts as so dear that all would be compiled first, for 20 seconds.
CREATE FUNCTION kg_batch.report_data(job text, graph text DEFAULT NULL) RETURNS json
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres SET enable_nestloop = off SET jit = off AS $$
DECLARE
    most_nodes CONSTANT int := 2000;
    most_facts CONSTANT int := 20;
    most_rows CONSTANT int := 500;
    most_times CONSTANT int := 240;
    the_graph CONSTANT bigint := kg_batch.graph_id(graph);
    the_job bigint;
    started timestamptz;
    ended timestamptz;
    bucket interval;
    nodes_in_all bigint;
    edges_in_all bigint;
    things bigint[];
    shown bigint[];
    links_of bigint[];
    links_to bigint[];
    kept bigint[];
    is_auditor CONSTANT boolean := COALESCE(the_graph = ANY (kg_batch.my_graphs(current_user, 'auditor')), false);
BEGIN
    IF job IS NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = 'argument "job" must not be null';
    ELSIF job ~ '^[0-9]{1,18}$' THEN
        SELECT p.job_id INTO the_job FROM kg_batch.progress p WHERE p.graph_id = the_graph AND p.job_id = report_data.job::bigint;
    ELSE
        SELECT p.job_id INTO the_job FROM kg_batch.progress p WHERE p.graph_id = the_graph AND p.job = report_data.job;
    END IF;
    IF the_job IS NULL THEN
        RAISE undefined_object USING MESSAGE = format('job "%s" does not exist in this graph', job),
            HINT = 'The view kg_batch.progress has the jobs that there are.';
    END IF;

    -- All nodes while they can be drawn; else the things that most is said of, and
    -- the statements that lie wholly or mostly between those.
    SELECT count(*) INTO nodes_in_all FROM kg_batch.node n WHERE n.graph_id = the_graph;
    SELECT count(*) INTO edges_in_all FROM kg_batch.edge e WHERE e.graph_id = the_graph;
    IF nodes_in_all <= most_nodes THEN
        shown := ARRAY(SELECT n.node_id FROM kg_batch.node n WHERE n.graph_id = the_graph);
    ELSE
        things := ARRAY(
            SELECT n.node_id
            FROM kg_batch.node n
            LEFT JOIN (SELECT e.target_id, count(*) AS degree FROM kg_batch.edge e WHERE e.graph_id = the_graph GROUP BY e.target_id) d
                ON d.target_id = n.node_id
            WHERE n.graph_id = the_graph AND NOT n.is_statement
            ORDER BY COALESCE(d.degree, 0) DESC, n.mentions DESC, n.importance DESC, n.label, n.type, n.category, n.node_id
            LIMIT most_nodes * 2 / 5);
        shown := things || ARRAY(
            SELECT n.node_id
            FROM (SELECT e.source_id, count(*) AS roles, count(t.node_id) AS inside
                  FROM kg_batch.edge e LEFT JOIN unnest(things) AS t (node_id) ON t.node_id = e.target_id
                  WHERE e.graph_id = the_graph GROUP BY e.source_id) s
            JOIN kg_batch.node n ON n.graph_id = the_graph AND n.node_id = s.source_id
            WHERE s.inside > 0
            ORDER BY s.inside < 2, s.roles - s.inside, n.mentions DESC, n.importance DESC, n.label, n.type, n.category, n.node_id
            LIMIT most_nodes - cardinality(things));
    END IF;

    -- The latest facts of each node, as two arrays side by side.
    SELECT array_agg(l.node_id ORDER BY l.node_id, l.fact_id), array_agg(l.fact_id ORDER BY l.node_id, l.fact_id) INTO links_of, links_to
    FROM (SELECT x.node_id, x.fact_id, row_number() OVER (PARTITION BY x.node_id ORDER BY x.fact_id DESC) AS place
          FROM kg_batch.node_fact x WHERE x.graph_id = the_graph AND x.node_id = ANY (shown)) l
    WHERE l.place <= most_facts;
    kept := ARRAY(SELECT DISTINCT f.fact_id FROM unnest(links_to) AS f (fact_id));

    SELECT min(a.received_at), max(a.received_at) INTO started, ended FROM kg_batch.answers a
    WHERE a.graph_id = the_graph AND a.job_id = the_job;
    bucket := make_interval(secs => GREATEST(1, ceil(EXTRACT(epoch FROM ended - started) / most_times)));

    RETURN json_build_object(
        'made_at', clock_timestamp(),
        'database', current_database(),
        'job', (SELECT to_json(p) FROM kg_batch.progress p WHERE p.graph_id = the_graph AND p.job_id = the_job),
        'summary', (SELECT to_json(s) FROM kg_batch.summary s WHERE s.graph_id = the_graph AND s.job_id = the_job),
        'batches', COALESCE((
            SELECT json_agg(b ORDER BY b.planned_at, b.batch_id)
            FROM (SELECT x.batch_id, x.model, x.state, x.remote_status, x.requests, x.completed, x.failed, x.answered, x.cost, x.error,
                      x.planned_at, x.submitted_at, x.ended_at, x.deadline, x.remote_id
                  FROM kg_batch.batches x WHERE the_job = ANY (x.job_ids) ORDER BY x.planned_at DESC, x.batch_id DESC LIMIT most_rows) b), '[]'),
        'bucket_s', EXTRACT(epoch FROM bucket),
        'times', COALESCE((
            SELECT json_agg(json_build_array(EXTRACT(epoch FROM t.at), t.answers, t.failed, t.tokens, t.p50, t.p95, t.p99) ORDER BY t.at)
            FROM (SELECT date_bin(bucket, a.received_at, date_trunc('second', started)) AS at, count(*) AS answers,
                      count(*) FILTER (WHERE a.outcome <> 'answered') AS failed, sum(a.input_tokens + a.output_tokens) AS tokens,
                      percentile_disc(0.5) WITHIN GROUP (ORDER BY a.latency_ms) AS p50,
                      percentile_disc(0.95) WITHIN GROUP (ORDER BY a.latency_ms) AS p95,
                      percentile_disc(0.99) WITHIN GROUP (ORDER BY a.latency_ms) AS p99
                  FROM kg_batch.answers a WHERE a.graph_id = the_graph AND a.job_id = the_job GROUP BY 1) t), '[]'),
        'cost', COALESCE((
            SELECT json_agg(c ORDER BY c.stage, c.model, c.mode)
            FROM (SELECT x.stage, x.model, x.mode, sum(x.requests) AS requests, sum(x.cost) AS cost, sum(x.saved) AS saved,
                      sum(x.input_tokens) AS input_tokens, sum(x.cached_tokens) AS cached_tokens, sum(x.output_tokens) AS output_tokens,
                      sum(x.unpriced) AS unpriced
                  FROM kg_batch.cost x WHERE x.graph_id = the_graph AND x.job_id = the_job GROUP BY 1, 2, 3) c), '[]'),
        'is_auditor', is_auditor,
        'error_groups', COALESCE((
            SELECT json_agg(r ORDER BY r.times DESC, r.what, r.reason)
            FROM (SELECT e.what, e.reason, count(*) AS times, max(e.at) AS last_at
                  FROM kg_batch.errors e WHERE e.graph_id = the_graph AND e.job_id = the_job
                  GROUP BY e.what, e.reason ORDER BY count(*) DESC, e.what, e.reason LIMIT most_rows) r), '[]'),
        'errors', COALESCE((
            SELECT json_agg(r ORDER BY r.at DESC NULLS LAST, r.what, r.conversation, r.chunk_id)
            FROM (SELECT e.what, e.conversation, e.chunk_id, e.batch_id, e.reason, e.at, e.hint
                  FROM kg_batch.errors e WHERE e.graph_id = the_graph AND e.job_id = the_job
                  ORDER BY e.at DESC NULLS LAST, e.what, e.conversation, e.chunk_id LIMIT most_rows) r), '[]'),
        'most_rows', most_rows,
        'nodes_in_all', nodes_in_all,
        'edges_in_all', edges_in_all,
        'nodes', COALESCE((
            SELECT json_agg(json_strip_nulls(json_build_object('id', n.node_id, 'type', n.type, 'class', NULLIF(n.class, ''), 'label', n.label,
                'category', NULLIF(n.category, ''), 'aliases', NULLIF(to_jsonb(n.aliases), '[]'), 'attributes', NULLIF(n.attributes, '{}'),
                'start', n.start_date, 'end', n.end_date, 'goal', n.goal_status, 'negated', NULLIF(n.negated, false), 'modality', n.modality,
                'confidence', n.confidence, 'importance', n.importance, 'mentions', n.mentions)) ORDER BY n.node_id)
            FROM kg_batch.node n WHERE n.graph_id = the_graph AND n.node_id = ANY (shown)), '[]'),
        'edges', COALESCE((
            SELECT json_agg(json_build_array(e.source_id, e.target_id, e.predicate) ORDER BY e.edge_id)
            FROM kg_batch.edge e JOIN unnest(shown) AS s (node_id) ON s.node_id = e.source_id JOIN unnest(shown) AS t (node_id) ON t.node_id = e.target_id
            WHERE e.graph_id = the_graph), '[]'),
        'facts', COALESCE((
            SELECT json_agg(json_strip_nulls(json_build_object('id', f.fact_id, 'text', f.text, 'by', f.said_by, 'at', f.said_at,
                'conversation', f.conversation, 'modality', NULLIF(f.modality, 'asserted'), 'negated', NULLIF(f.negated, false)))
                ORDER BY f.said_at DESC NULLS LAST, f.fact_id)
            FROM kg_batch.fact f WHERE f.graph_id = the_graph AND f.fact_id = ANY (kept)), '[]'),
        'node_facts', COALESCE((
            SELECT json_agg(json_build_array(l.node_id, l.fact_id)) FROM unnest(links_of, links_to) AS l (node_id, fact_id)), '[]'),
        'quotes', COALESCE((
            SELECT json_agg(json_strip_nulls(json_build_object('fact', q.fact_id, 'quote', q.quote, 'by', q.speaker, 'at', q.sent_at,
                'message', q.message_id, 'position', q.position)) ORDER BY q.fact_id, q.position, q.span_start)
            FROM (SELECT DISTINCT v.fact_id, v.quote, v.speaker, v.sent_at, v.message_id, v.position, v.span_start
                  FROM kg_batch.evidence v
                  WHERE v.graph_id = the_graph AND v.node_id = ANY (shown) AND v.fact_id = ANY (kept)) q), '[]'));
END $$;
COMMENT ON FUNCTION kg_batch.report_data(text, text)
    IS 'what report shows, as JSON, to make a page of one''s own of. Needs reader; errors and quotes are there for auditors only';
CREATE FUNCTION kg_batch.report_data(job bigint, graph text DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp BEGIN ATOMIC SELECT kg_batch.report_data(job::text, graph); END;
COMMENT ON FUNCTION kg_batch.report_data(bigint, text) IS 'the same by the job''s id';

-- The Makefile puts the page in here.
CREATE FUNCTION kg_batch_internal.report_page() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $sql$ SELECT $page$
@report_page.html@
$page$ $sql$;
COMMENT ON FUNCTION kg_batch_internal.report_page() IS 'the page of report before its data, which stand where @data@ is';

-- Outside of strings JSON has none of these characters, and inside of them each
-- may be written so: then no text ends the element that it stands in. The name of
-- report_page is bound here, so that the caller needs no right to its schema.
CREATE FUNCTION kg_batch.report(job text, graph text DEFAULT NULL) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT split_part(p.page, '@data@', 1)
        || replace(replace(replace(replace(replace(kg_batch.report_data(job, graph)::text, '<', '\u003c'), '>', '\u003e'), '&', '\u0026'),
               chr(8232), '\u2028'), chr(8233), '\u2029')
        || split_part(p.page, '@data@', 2)
    FROM (SELECT ltrim(kg_batch_internal.report_page(), chr(10)) AS page) p;
END;
COMMENT ON FUNCTION kg_batch.report(text, text)
    IS 'one HTML page that needs nothing else: progress, batches, throughput, latency, cost, errors, and the graph to look through: psql -Atc "SELECT kg_batch.report(1)" > report.html. Of more than 2,000 nodes it draws those that most is said of. Needs reader; errors and quotes are there for auditors only';
CREATE FUNCTION kg_batch.report(job bigint, graph text DEFAULT NULL) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp BEGIN ATOMIC SELECT kg_batch.report(job::text, graph); END;
COMMENT ON FUNCTION kg_batch.report(bigint, text) IS 'the same by the job''s id';
