-- When States held. Periods are derived on reading and stand nowhere: what closed
-- one being forgotten opens it again.

CREATE FUNCTION kg_batch.validity(nodes bigint[] DEFAULT NULL, day date DEFAULT NULL, graph text DEFAULT NULL)
    RETURNS TABLE (node_id bigint, status text, since date, until date, first_said date, last_said date, ended_by bigint, superseded_by bigint)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_validity';
COMMENT ON FUNCTION kg_batch.validity(bigint[], date, text)
    IS 'the periods in which States held, a row a period, of all States or of these nodes (old ids too), with what is known on a day (UTC; today without one). status: holds (up to the last day on which it was said to, or to its end), last known (last_said says when), superseded (another of an exclusive kind was said to hold later), ended, not yet, unknown (no start is known, and nobody had said yet that it holds). since: first day that its start may mean, null where no start is known; until: exclusive, null while it is open; ended_by: the State that took over, where it did not end by its own words. Needs reader';

CREATE FUNCTION kg_batch.as_of(moment timestamptz DEFAULT pg_catalog.now(), graph text DEFAULT NULL)
    RETURNS TABLE (from_label text, relation text, to_label text, status text, since date, until date, last_said date, node_id bigint,
                   instead bigint)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the_graph CONSTANT bigint := kg_batch.graph_id(graph);
BEGIN
    IF moment IS NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = 'argument "moment" must not be null';
    END IF;
    RETURN QUERY
        WITH known AS MATERIALIZED (
            SELECT DISTINCT ON (v.node_id) v.* FROM kg_batch.validity(NULL, (moment AT TIME ZONE 'UTC')::date, graph) v
            WHERE v.status NOT IN ('not yet', 'unknown') ORDER BY v.node_id, v.status = 'ended', v.until DESC NULLS FIRST),
        linked AS MATERIALIZED (
            SELECT l.statement_id, l.from_label, l.relation, l.to_label FROM kg_batch.links l WHERE l.graph_id = the_graph AND l.type = 'State')
        SELECT l.from_label::text, l.relation::text, l.to_label::text, k.status, k.since, k.until, k.last_said, k.node_id,
            COALESCE(k.ended_by, k.superseded_by)
        FROM known k LEFT JOIN linked l ON l.statement_id = k.node_id
        ORDER BY 1, 2, 3, k.node_id;
END $$;
COMMENT ON FUNCTION kg_batch.as_of(timestamptz, text)
    IS 'what is known of each State at a moment: who, relation, whom, and whether it holds, was last known, is superseded or has ended (instead: by which State), with the period that says so; States that had not begun are left out, and so are those of which no start is known before they were first said to hold. Days are UTC. Needs reader';
