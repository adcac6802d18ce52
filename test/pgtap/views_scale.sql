-- What a view costs follows what it shows: no row of it makes the planner go
-- through the graph, whether the tables have just grown, were analyzed before or
-- after they did, and however large they are. Rows are counted, not milliseconds.
\ir fixtures/two_graphs.sql
SELECT * FROM no_plan();

-- The graph "pets" once more, so many times: other chunks, things and statements of the same conversation.
CREATE FUNCTION copy_pets(first int, last int) RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE
    pets bigint := (SELECT graph_id FROM kg_batch_internal.graph WHERE name = 'pets');
    copied text;
BEGIN
    FOREACH copied IN ARRAY ARRAY['chunk', 'fact', 'fact_source', 'node_mention', 'edge_mention', 'node', 'identity', 'edge'] LOOP
        EXECUTE (SELECT format('INSERT INTO kg_batch_internal.%1$I (%2$s) SELECT %3$s FROM kg_batch_internal.%1$I, generate_series(%4$s, %5$s) AS i WHERE graph_id = %6$s AND %7$s < 10000',
            copied, string_agg(attname, ', ' ORDER BY attnum),
            string_agg(CASE WHEN attname IN ('chunk_id', 'node_id', 'identity_id', 'edge_id', 'source_id', 'target_id') THEN attname || ' + 10000 * i'
                WHEN attname = 'key' THEN 'md5(key::text || i)::uuid' ELSE attname END, ', ' ORDER BY attnum),
            first, last, pets, CASE copied WHEN 'node' THEN 'node_id' WHEN 'identity' THEN 'identity_id' WHEN 'edge' THEN 'edge_id' ELSE 'chunk_id' END)
            FROM pg_attribute WHERE attrelid = ('kg_batch_internal.' || copied)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '');
    END LOOP;
END $$;
-- A question and its answer for each chunk.
CREATE FUNCTION ask_pets() RETURNS void LANGUAGE sql SET session_replication_role = replica AS $$
    INSERT INTO kg_batch_internal.request (graph_id, request_id, job_id, chunk_id, stage, prompt_id, model, mode, state, input_hash, attempt, input_tokens, max_output)
    SELECT k.graph_id, k.chunk_id, k.job_id, k.chunk_id, 'kg_extract', 1, 'gpt-6-luna', 'direct', 'answered', sha256(k.chunk_id::text::bytea), 1, 1000, 4000
    FROM kg_batch_internal.chunk k;
    INSERT INTO kg_batch_internal.answer (graph_id, request_id, attempt, mode, status, outcome, model, input_tokens, output_tokens, cost)
    SELECT r.graph_id, r.request_id, 1, 'direct', 200, 'answered', r.model, 1000, 300, 0.001 FROM kg_batch_internal.request r $$;

-- Rows that a plan looked at, those that it threw away included.
CREATE FUNCTION looked_at(plan jsonb) RETURNS numeric LANGUAGE sql AS $$
    SELECT (plan ->> 'Actual Loops')::numeric * ((plan ->> 'Actual Rows')::numeric + COALESCE((plan ->> 'Rows Removed by Filter')::numeric, 0)
            + COALESCE((plan ->> 'Rows Removed by Join Filter')::numeric, 0) + COALESCE((plan ->> 'Rows Removed by Index Recheck')::numeric, 0))
        + COALESCE((SELECT sum(looked_at(p)) FROM jsonb_array_elements(plan -> 'Plans') AS p), 0) $$;
CREATE FUNCTION cost_of(query text, OUT shown numeric, OUT looked_at numeric) LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || query INTO plan;
    shown := (plan #>> '{0,Plan,Actual Rows}')::numeric;
    looked_at := public.looked_at(plan #> '{0,Plan}');
END $$;

INSERT INTO kg_batch_internal.kind (graph_id, type, category, taxon_id, decided_by, confidence)
SELECT DISTINCT m.graph_id, m.type, m.category_key, s.taxon_id, 'name', 900
FROM kg_batch_internal.node_mention m JOIN kg_batch_internal.shipped_taxon s ON s.path = lower(m.type);

CREATE FUNCTION views_are_cheap(state text, most int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    name text;
    whole record;
    one record;
BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'kg_batch'::regnamespace AND relkind = 'v' ORDER BY 1 LOOP
        whole := cost_of(format('SELECT * FROM kg_batch.%I', name));
        -- What stands beside the rows: shipped taxa and predicates, and the whole graph where a view sums it up.
        RETURN NEXT ok(whole.looked_at <= 50 * whole.shown + 5000 + 100 * (SELECT count(*) FROM kg_batch_internal.chunk),
            format('%s, %s: %s rows cost %s', name, state, whole.shown, whole.looked_at));
    END LOOP;
    one := cost_of('SELECT * FROM kg_batch.evidence WHERE node_id = ' || (SELECT max(node_id) FROM kg_batch_internal.node));
    RETURN NEXT ok(one.shown = 1 AND one.looked_at < most, format('evidence of a node, %s: %s rows cost %s', state, one.shown, one.looked_at));
    one := cost_of('SELECT * FROM kg_batch.evidence WHERE edge_id = ' || (SELECT max(edge_id) FROM kg_batch_internal.edge));
    RETURN NEXT ok(one.shown = 1 AND one.looked_at < most, format('evidence of an edge, %s: %s rows cost %s', state, one.shown, one.looked_at));
END $$;

SELECT copy_pets(1, 300);
SELECT views_are_cheap('300 chunks, never analyzed', 700);
ANALYZE;
SELECT views_are_cheap('300 chunks, analyzed', 700);
SELECT copy_pets(301, 1500);
SELECT ask_pets();
SELECT views_are_cheap('1,500 chunks, analyzed at 300', 100);
ANALYZE;
SELECT views_are_cheap('1,500 chunks, analyzed', 100);

SELECT ok(c.shown = 1 AND c.looked_at < 100, format('links %s: %s rows cost %s', condition, c.shown, c.looked_at))
FROM unnest(ARRAY['to_id = ' || (SELECT max(target_id) FROM kg_batch_internal.edge), 'from_id = ' || (SELECT max(target_id) - 1 FROM kg_batch_internal.edge)]) AS condition,
    cost_of('SELECT * FROM kg_batch.links WHERE ' || condition) AS c;

SELECT * FROM finish();
