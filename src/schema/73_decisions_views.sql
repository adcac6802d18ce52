-- What is one node and why.

CREATE VIEW kg_batch.identity WITH (security_barrier) AS
SELECT i.graph_id, i.node_id, i.identity_id,
    (SELECT a.value FROM kg_batch_internal.alias a WHERE a.graph_id = i.graph_id AND a.identity_id = i.identity_id AND a.sort = 'label'
     ORDER BY a.count DESC, pg_catalog.length(a.value) DESC, a.value LIMIT 1) AS label,
    i.type, i.class, i.kind AS category, i.named, i.mentions
FROM kg_batch_internal.identity i
WHERE i.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.identity IS 'what nodes are made of: all mentions with one exact key are one identity';
COMMENT ON COLUMN kg_batch.identity.named IS 'by a proper name';

CREATE VIEW kg_batch.decision WITH (security_barrier) AS
SELECT d.graph_id, d.decision_id, a.node_id AS node_a, b.node_id AS node_b, a.identity_id AS identity_a, b.identity_id AS identity_b,
    a.label AS label_a, b.label AS label_b, d.made_by, d.verdict, d.confidence / 1000.0 AS confidence, d.reason, d.role, d.at, d.undone_at
FROM kg_batch_internal.decision d
LEFT JOIN LATERAL (SELECT i.node_id, i.identity_id, n.label FROM kg_batch_internal.identity i
    LEFT JOIN kg_batch_internal.node n ON n.graph_id = i.graph_id AND n.node_id = i.node_id
    WHERE i.graph_id = d.graph_id AND i.key = d.key_a) a ON true
LEFT JOIN LATERAL (SELECT i.node_id, i.identity_id, n.label FROM kg_batch_internal.identity i
    LEFT JOIN kg_batch_internal.node n ON n.graph_id = i.graph_id AND n.node_id = i.node_id
    WHERE i.graph_id = d.graph_id AND i.key = d.key_b) b ON true
WHERE d.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.decision IS 'what a person or a model said of two identities; null where an identity is no longer there';
COMMENT ON COLUMN kg_batch.decision.verdict IS 'same, different, unsure, or open: nobody has said anything yet';
COMMENT ON COLUMN kg_batch.decision.role IS 'the person, by role';
COMMENT ON COLUMN kg_batch.decision.undone_at IS 'since when a person''s word no longer counts';

CREATE VIEW kg_batch.review WITH (security_barrier) AS
WITH given AS (
    SELECT i.graph_id, i.node_id, i.type, a.sort, pg_catalog.split_part(a.value, ' ', 1) COLLATE "C" AS date
    FROM kg_batch_internal.identity i
    JOIN kg_batch_internal.alias a ON a.graph_id = i.graph_id AND a.identity_id = i.identity_id
    WHERE i.is_statement AND a.sort IN ('start', 'end') AND a.value LIKE '% actual'
      AND i.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]))
SELECT d.graph_id, d.decision_id, d.node_a, d.node_b, d.label_a, d.label_b, d.verdict, d.confidence, d.reason, d.at
FROM kg_batch.decision d
WHERE d.verdict IN ('open', 'unsure') AND d.node_a <> d.node_b
  AND NOT EXISTS (SELECT FROM kg_batch.decision p WHERE p.graph_id = d.graph_id AND p.made_by = 'person' AND p.undone_at IS NULL
      AND LEAST(p.node_a, p.node_b) = LEAST(d.node_a, d.node_b) AND GREATEST(p.node_a, p.node_b) = GREATEST(d.node_a, d.node_b))
UNION ALL
-- Neither is the other, wider or narrower; what ended in between began anew.
SELECT x.graph_id, NULL, x.node_id, NULL, n.label, NULL, 'dates', NULL, x.sort || ': ' || x.date || ' and ' || y.date, NULL
FROM (SELECT DISTINCT g.* FROM given g) x
JOIN (SELECT DISTINCT g.* FROM given g) y ON y.graph_id = x.graph_id AND y.node_id = x.node_id AND y.sort = x.sort AND x.date < y.date
JOIN kg_batch_internal.node n ON n.graph_id = x.graph_id AND n.node_id = x.node_id
WHERE NOT starts_with(y.date, x.date)
  AND NOT (x.type = 'State' AND EXISTS (SELECT FROM given z WHERE z.graph_id = x.graph_id AND z.node_id = x.node_id AND z.sort <> x.sort
                                        AND z.date BETWEEN x.date AND y.date));
COMMENT ON VIEW kg_batch.review IS 'what waits for a person: pairs that look alike and are kept apart, to say merge(node_a, node_b) or keep_apart(node_a, node_b) of, and statements with dates that contradict each other';
COMMENT ON COLUMN kg_batch.review.verdict IS 'open: nobody was asked yet; unsure: the model; dates: two actual ones of node_a that cannot both be';

CREATE FUNCTION kg_batch.explain(node bigint, graph text DEFAULT NULL)
    RETURNS TABLE (identity_id bigint, label text, category text, mentions bigint, decision_id bigint, with_identity bigint,
                   with_label text, made_by text, verdict text, confidence numeric, reason text)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the_graph CONSTANT bigint := kg_batch.graph_id(graph);
    the_node bigint;
BEGIN
    the_node := COALESCE((SELECT r.node_id FROM kg_batch.node_redirect r WHERE r.graph_id = the_graph AND r.old_node_id = node), node);
    IF NOT EXISTS (SELECT FROM kg_batch.node n WHERE n.graph_id = the_graph AND n.node_id = the_node) THEN
        RAISE undefined_object USING MESSAGE = format('node %s does not exist', node), HINT = 'The view kg_batch.node has them all.';
    END IF;
    RETURN QUERY
        SELECT i.identity_id, i.label::text, i.category::text, i.mentions, d.decision_id,
            CASE WHEN d.identity_a = i.identity_id THEN d.identity_b ELSE d.identity_a END,
            (CASE WHEN d.identity_a = i.identity_id THEN d.label_b ELSE d.label_a END)::text,
            d.made_by, d.verdict, d.confidence, d.reason
        FROM kg_batch.identity i
        LEFT JOIN kg_batch.decision d ON d.graph_id = the_graph AND d.undone_at IS NULL AND i.identity_id IN (d.identity_a, d.identity_b)
        WHERE i.graph_id = the_graph AND i.node_id = the_node
        ORDER BY i.mentions DESC, i.label, i.identity_id, d.decision_id;
END $$;
COMMENT ON FUNCTION kg_batch.explain(bigint, text)
    IS 'what a node is made of, a row an identity, with each decision about it; old ids too. Identities without one are together by rule, or alone';
