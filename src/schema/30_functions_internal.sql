-- Functions that the library's own statements use. Nobody else can call them:
-- their schema is closed.

CREATE FUNCTION kg_batch_internal.is_all_powerful(role oid) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = is_all_powerful.role AND r.rolsuper)
        OR pg_catalog.pg_has_role(is_all_powerful.role, (SELECT e.extowner FROM pg_catalog.pg_extension e WHERE e.extname = 'kg_batch'), 'USAGE');
COMMENT ON FUNCTION kg_batch_internal.is_all_powerful(oid) IS 'superusers and members of the extension''s owner';

-- Parameters are named in full: inside the sub-select a plain "role" is the column.
CREATE FUNCTION kg_batch_internal.graphs_of(role oid, least_level int) RETURNS bigint[]
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN CASE WHEN kg_batch_internal.is_all_powerful(graphs_of.role)
        THEN ARRAY(SELECT g.graph_id FROM kg_batch_internal.graph g)
        ELSE ARRAY(SELECT DISTINCT a.graph_id FROM kg_batch_internal.access a
                   WHERE a.level >= least_level AND EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = a.role)
                     AND pg_catalog.pg_has_role(graphs_of.role, a.role::oid, 'USAGE')) END;
COMMENT ON FUNCTION kg_batch_internal.graphs_of(oid, int) IS 'graphs on which a role has at least a level, its own or inherited';

-- Rights to enter: each function and view decides by itself what it shows whom.
CREATE FUNCTION kg_batch_internal.grant_entry(role_name text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA kg_batch TO %I', role_name);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA kg_batch TO %I', role_name);
    EXECUTE format('GRANT EXECUTE ON ALL ROUTINES IN SCHEMA kg_batch TO %I', role_name);
    -- The view pipelines calls it; without a right to its schema nobody can call it elsewhere.
    EXECUTE format('GRANT EXECUTE ON FUNCTION kg_batch_internal.live_workers() TO %I', role_name);
    -- So does the function report, and what it gives is the same for all.
    EXECUTE format('GRANT EXECUTE ON FUNCTION kg_batch_internal.report_page() TO %I', role_name);
END $$;
COMMENT ON FUNCTION kg_batch_internal.grant_entry(text) IS 'lets a role use views and functions, which check its access themselves';

-- The price row of a request: longest prefix, own before shipped, latest day, highest tier that it reaches.
-- A shipped one holds for its model and dated releases of it alone: gpt-5 says nothing of a gpt-5-pro.
-- In plpgsql, as everything here that is called for each answer: it keeps its plans.
CREATE FUNCTION kg_batch_internal.price(model text, at timestamptz, input_tokens bigint) RETURNS kg_batch_internal.model_price
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_price kg_batch_internal.model_price;
BEGIN
    SELECT p.* INTO found_price FROM kg_batch_internal.model_price p
    WHERE pg_catalog.starts_with(model, p.model_prefix) AND p.valid_from <= at::date AND p.tier_above < GREATEST(input_tokens, 1)
      AND (NOT p.shipped OR substr(model, length(p.model_prefix) + 1) ~ '^(-latest|-[0-9]{4}-[0-9]{2}-[0-9]{2})?$')
    ORDER BY pg_catalog.length(p.model_prefix) DESC, p.shipped, p.valid_from DESC, p.tier_above DESC LIMIT 1;
    RETURN found_price;
END $$;
COMMENT ON FUNCTION kg_batch_internal.price(text, timestamptz, bigint) IS 'what holds for a model on a day; null when nothing is known';

CREATE FUNCTION kg_batch_internal.cost(model text, at timestamptz, mode text, input_tokens bigint, cached_tokens bigint,
                                       cache_write_tokens bigint, output_tokens bigint) RETURNS numeric
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    p kg_batch_internal.model_price := kg_batch_internal.price(model, at, input_tokens);
BEGIN
    IF p.input IS NULL THEN
        RETURN NULL;
    ELSIF mode = 'batch' THEN
        RETURN ((input_tokens - cached_tokens) * COALESCE(p.batch_input, p.input)
                + cached_tokens * COALESCE(p.batch_cached_input, p.batch_input, p.input)
                + cache_write_tokens * COALESCE((p.cache_write - p.input) * COALESCE(p.batch_input / NULLIF(p.input, 0), 1), 0)
                + output_tokens * COALESCE(p.batch_output, p.output)) / 1000000;
    END IF;
    RETURN ((input_tokens - cached_tokens) * p.input
            + cached_tokens * COALESCE(p.cached_input, p.input)
            + cache_write_tokens * COALESCE(p.cache_write - p.input, 0)
            + output_tokens * p.output) / 1000000;
END $$;
COMMENT ON FUNCTION kg_batch_internal.cost(text, timestamptz, text, bigint, bigint, bigint, bigint)
    IS 'US dollars; cached tokens are a part of the input; null without a price. By batch cached tokens count as batch input unless a price says otherwise, and written ones cost as much more as directly: an upper bound';

CREATE FUNCTION kg_batch_internal.day_is_full(per_day float8) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN per_day >= 0 AND EXISTS (SELECT FROM kg_batch_internal.spending s
        WHERE s.day = (pg_catalog.now() AT TIME ZONE 'UTC')::date AND s.spent + s.reserved >= per_day * 0.98);
COMMENT ON FUNCTION kg_batch_internal.day_is_full(float8) IS 'whether the day''s budget is as good as spent';

-- Something of a job is still to be done. Parked work counts: a job that is
-- paused is not done.
CREATE FUNCTION kg_batch_internal.is_open(graph bigint, job bigint) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (SELECT FROM kg_batch_internal.ready r WHERE r.job_id = job)
        OR EXISTS (SELECT FROM kg_batch_internal.claimed c WHERE c.job_id = job)
        OR EXISTS (SELECT FROM kg_batch_internal.batch_job b JOIN kg_batch_internal.batch USING (batch_id)
                   WHERE b.job_id = job AND batch.ended_at IS NULL)
        OR EXISTS (SELECT FROM kg_batch_internal.conversation v
                   WHERE v.graph_id = graph AND v.job_id = job AND v.settle_at IS NOT NULL)
        OR EXISTS (SELECT FROM kg_batch_internal.boundary_window w JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id)
                   WHERE w.graph_id = graph AND w.waits AND v.job_id = job)
        OR EXISTS (SELECT FROM kg_batch_internal.ready r WHERE r.graph_id = graph AND r.kind = 2)
        OR EXISTS (SELECT FROM kg_batch_internal.claimed c WHERE c.graph_id = graph AND c.kind = 2)
        -- What cannot be read waits for a person.
        OR EXISTS (SELECT FROM kg_batch_internal.follow f JOIN kg_batch_internal.follow_change w USING (graph_id, follow_id)
                   WHERE f.graph_id = graph AND f.job_id = job AND f.error IS NULL)
        -- Its question may be another job's, who asked the same before.
        OR EXISTS (SELECT FROM kg_batch_internal.chunk c WHERE c.graph_id = graph AND c.job_id = job AND c.state = 'asking');
COMMENT ON FUNCTION kg_batch_internal.is_open(bigint, bigint) IS 'whether a job has work that is ready, claimed, out in a batch or with another job, waiting to be taken in, to settle, for boundaries or to be folded';

-- What is open of every sort of question about the graph; a sort has a branch here.
CREATE VIEW kg_batch_internal.open_question AS
    SELECT d.graph_id, d.job_id, 'kg_merge' AS stage FROM kg_batch_internal.decision d WHERE d.verdict = 'open' AND d.request_id IS NULL
    UNION ALL
    SELECT m.graph_id, m.job_id, 'kg_predicate' FROM kg_batch_internal.predicate_mapping m WHERE m.state = 'open'
    UNION ALL
    SELECT k.graph_id, k.job_id, 'kg_classify' FROM kg_batch_internal.kind k WHERE k.taxon_id IS NULL AND k.request_id IS NULL AND k.error IS NULL
    UNION ALL
    SELECT e.graph_id, e.job_id, 'kg_embed' FROM kg_batch_internal.embedding e
    WHERE e.vector IS NULL AND e.request_id IS NULL AND e.error IS NULL AND e.job_id IS NOT NULL;
COMMENT ON VIEW kg_batch_internal.open_question IS 'a row for each thing about the graph that a model is still to be asked, and is not being asked';
COMMENT ON COLUMN kg_batch_internal.open_question.job_id IS 'who pays; null: whoever works on the graph next';

-- Full calls cost a third less than many of a few things each, so a call waits until
-- it is full, and no longer than there is anything that could still fill it. Nothing
-- waits for the place of a kind, and the later it is asked about, the more is known.
CREATE FUNCTION kg_batch_internal.is_time_to_ask(graph bigint, job bigint, about text DEFAULT NULL) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (SELECT FROM (VALUES ('kg_merge', 20), ('kg_predicate', 40), ('kg_classify', 100), ('kg_embed', 256)) s (stage, enough)
                WHERE (about IS NULL OR about = s.stage)
                  -- A kind is asked about once, so with all the candidates that it has.
                  AND (s.stage <> 'kg_classify' OR NOT EXISTS (SELECT FROM kg_batch_internal.embedding e WHERE e.graph_id = graph AND e.job_id = job
                       AND e.sort <> 'thing' AND e.vector IS NULL AND e.error IS NULL))
                  AND (SELECT count(*) = s.enough FROM (SELECT FROM kg_batch_internal.open_question q WHERE q.stage = s.stage AND q.graph_id = graph
                    AND (q.job_id = job OR q.job_id IS NULL) LIMIT s.enough) those))
        OR NOT EXISTS (SELECT FROM kg_batch_internal.ready r WHERE r.job_id = job AND r.kind <> 7)
        AND NOT EXISTS (SELECT FROM kg_batch_internal.claimed c WHERE c.job_id = job AND c.kind <> 7)
        AND NOT EXISTS (SELECT FROM kg_batch_internal.batch_job b JOIN kg_batch_internal.batch USING (batch_id)
                        WHERE b.job_id = job AND batch.ended_at IS NULL)
        AND NOT EXISTS (SELECT FROM kg_batch_internal.ready r WHERE r.graph_id = graph AND r.kind = 2)
        AND NOT EXISTS (SELECT FROM kg_batch_internal.claimed c WHERE c.graph_id = graph AND c.kind = 2)
        -- What embeddings find is asked about too.
        AND (about IS NULL OR about = 'kg_embed'
             OR NOT EXISTS (SELECT FROM kg_batch_internal.open_question q WHERE q.stage = 'kg_embed' AND q.graph_id = graph AND q.job_id = job));
COMMENT ON FUNCTION kg_batch_internal.is_time_to_ask(bigint, bigint, text) IS 'whether a job''s open questions about the graph, of any sort or of one, make a full call, or nothing else of the job is to come that could fill it';

CREATE FUNCTION kg_batch_internal.us(at timestamptz) RETURNS bigint
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN (EXTRACT(epoch FROM at) * 1000000)::bigint;
COMMENT ON FUNCTION kg_batch_internal.us(timestamptz) IS 'microseconds since 1970-01-01 UTC';

-- Element i counts latencies under 2^i milliseconds (and over the one before).
CREATE FUNCTION kg_batch_internal.histogram(latencies bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    latency bigint;
    bucket  int;
    counts  bigint[] := pg_catalog.array_fill(0::bigint, ARRAY[28]);
BEGIN
    FOREACH latency IN ARRAY latencies LOOP
        CONTINUE WHEN latency IS NULL;
        bucket := 1;
        WHILE bucket < 28 AND latency > 1::bigint << bucket LOOP
            bucket := bucket + 1;
        END LOOP;
        counts[bucket] := counts[bucket] + 1;
    END LOOP;
    RETURN counts;
END $$;
COMMENT ON FUNCTION kg_batch_internal.histogram(bigint[]) IS '28 buckets of latencies in milliseconds, by powers of two up to three days';

CREATE FUNCTION kg_batch_internal.add_histograms(a bigint[], b bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counts bigint[] := a;
BEGIN
    IF a = '{}' THEN
        RETURN b;
    ELSIF b <> '{}' THEN
        FOR i IN 1 .. 28 LOOP
            counts[i] := COALESCE(a[i], 0) + COALESCE(b[i], 0);
        END LOOP;
    END IF;
    RETURN counts;
END $$;
COMMENT ON FUNCTION kg_batch_internal.add_histograms(bigint[], bigint[]) IS 'two histograms as one';

-- What stands for what: own rows win over shipped ones.
CREATE VIEW kg_batch_internal.canonical AS
    SELECT DISTINCT ON (sort, name) sort, name, canonical
    FROM kg_batch_internal.predicate ORDER BY sort, name, shipped;
COMMENT ON VIEW kg_batch_internal.canonical IS 'canonical form of each role and kind that has one';

-- Autovacuum looks once a minute, and a table that was never looked at is planned
-- as if it had two or three rows of a graph: a first job's views would be nested
-- loops over everything. Workers call this after each round.
CREATE FUNCTION kg_batch_internal.analyze_grown() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    grown regclass;
BEGIN
    FOR grown IN
        SELECT c.oid FROM pg_class c
        WHERE c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relkind = 'r'
          AND pg_relation_size(c.oid) / current_setting('block_size')::int
              >= CASE WHEN c.reltuples < 0 THEN 4 ELSE GREATEST(10::bigint * c.relpages, 4) END
    LOOP
        EXECUTE format('ANALYZE (SKIP_LOCKED) %s', grown);
    END LOOP;
END $$;
COMMENT ON FUNCTION kg_batch_internal.analyze_grown() IS 'ANALYZE of the tables that have grown tenfold since the last one';

CREATE FUNCTION kg_batch_internal.begin_upgrade() RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_begin_upgrade';
COMMENT ON FUNCTION kg_batch_internal.begin_upgrade()
    IS 'first statement of every upgrade script: waits for the transactions that workers are in and keeps them out until the script is committed, then has those of the new version take up the work';
