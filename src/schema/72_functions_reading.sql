-- Reading the graph by questions. These are the caller's own queries on the
-- views, with the caller's rights and nobody else's.

CREATE FUNCTION kg_batch.facts(about text DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
                               current boolean DEFAULT NULL, graph text DEFAULT NULL)
    RETURNS TABLE (said_at timestamptz, said_by text, fact text, modality text, negated boolean, conversation text, fact_id bigint)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the_graph CONSTANT bigint := kg_batch.graph_id(graph);
    nodes bigint[];
    ids bigint[];
    current_ids bigint[];
    holding bigint[];
    over bigint[];
BEGIN
    IF about IS NULL AND current IS NULL THEN
        RETURN QUERY
            SELECT f.said_at, f.said_by, f.text, f.modality, f.negated, f.conversation::text, f.fact_id
            FROM kg_batch.fact f
            WHERE f.graph_id = the_graph AND (since IS NULL OR f.said_at >= since) AND (until IS NULL OR f.said_at < until)
            ORDER BY f.said_at NULLS LAST, f.fact_id;
        RETURN;
    END IF;
    -- By steps: views that are barriers are not joined by index, one at a time they are.
    IF about IS NULL THEN
        ids := ARRAY(SELECT f.fact_id FROM kg_batch.fact f
                     WHERE f.graph_id = the_graph AND (since IS NULL OR f.said_at >= since) AND (until IS NULL OR f.said_at < until));
    ELSE
        IF about ~ '^[0-9]{1,18}$' THEN
            nodes := ARRAY(SELECT n.node_id FROM kg_batch.node n WHERE n.graph_id = the_graph AND n.node_id = about::bigint
                           UNION SELECT r.node_id FROM kg_batch.node_redirect r
                           WHERE r.graph_id = the_graph AND r.old_node_id = about::bigint);
        END IF;
        IF nodes IS NULL OR nodes = '{}' THEN
            nodes := ARRAY(SELECT n.node_id FROM kg_batch.node n WHERE n.graph_id = the_graph AND n.label = about);
        END IF;
        IF nodes = '{}' THEN
            nodes := ARRAY(SELECT n.node_id FROM kg_batch.node n
                           WHERE n.graph_id = the_graph
                             AND (lower(n.label COLLATE "default") = lower(about)
                                  OR EXISTS (SELECT FROM unnest(n.aliases) a WHERE lower(a) = lower(about))));
        END IF;
        ids := ARRAY(SELECT DISTINCT l.fact_id FROM kg_batch.node_fact l WHERE l.graph_id = the_graph AND l.node_id = ANY (nodes));
    END IF;
    IF current IS NOT NULL THEN
        -- A State may have ended by another one, or hold again after its end: as validity says.
        SELECT COALESCE(array_agg(v.node_id) FILTER (WHERE NOT v.over), '{}'), COALESCE(array_agg(v.node_id) FILTER (WHERE v.over), '{}')
        INTO holding, over
        FROM (SELECT p.node_id, bool_and(p.status = 'ended') AS over
              FROM kg_batch.validity(ARRAY(SELECT DISTINCT l.node_id FROM kg_batch.node_fact l
                                           WHERE l.graph_id = the_graph AND l.fact_id = ANY (ids) AND l.type = 'State'), graph => graph) p
              GROUP BY p.node_id) v;
        current_ids := ARRAY(SELECT DISTINCT l.fact_id FROM kg_batch.node_fact l
                             WHERE l.graph_id = the_graph AND l.fact_id = ANY (ids)
                               AND (l.node_id = ANY (holding) OR l.current AND l.node_id <> ALL (over)));
        ids := CASE WHEN current THEN current_ids ELSE ARRAY(SELECT unnest(ids) EXCEPT SELECT unnest(current_ids)) END;
    END IF;
    RETURN QUERY
        SELECT f.said_at, f.said_by, f.text, f.modality, f.negated, f.conversation::text, f.fact_id
        FROM kg_batch.fact f
        WHERE f.graph_id = the_graph AND f.fact_id = ANY (ids)
          AND (since IS NULL OR f.said_at >= since) AND (until IS NULL OR f.said_at < until)
        ORDER BY f.said_at NULLS LAST, f.fact_id;
END $$;
COMMENT ON FUNCTION kg_batch.facts(text, timestamptz, timestamptz, boolean, text)
    IS 'facts in the order in which they were said. about: a node by id (an old one too) or by name (its label as it stands, else label or alias in any case); since and until bound when it was said, until exclusive; current => true: only those behind a State or Goal that has not ended, false: only the others. Needs reader';
