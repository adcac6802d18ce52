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
    a.label AS label_a, b.label AS label_b, d.made_by, d.verdict, d.confidence / 1000.0 AS confidence, d.reason, d.role, d.at, d.undone_at, d.part_of
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

COMMENT ON COLUMN kg_batch.decision.part_of IS 'of two nodes that are several identities a person''s word is a decision for several pairs: the one by which all are undone';

CREATE VIEW kg_batch.word WITH (security_barrier) AS
SELECT s.graph_id, s.decision_id, s.verb,
    ARRAY(SELECT DISTINCT i.node_id FROM kg_batch_internal.identity i
          WHERE i.graph_id = s.graph_id AND i.identity_id = ANY (s.identity_ids) AND i.node_id IS NOT NULL ORDER BY 1) AS node_ids,
    ARRAY(SELECT n.label FROM kg_batch_internal.node n WHERE n.graph_id = s.graph_id AND n.node_id IN (
              SELECT i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = s.graph_id AND i.identity_id = ANY (s.identity_ids))
          ORDER BY n.node_id)::text[] AS labels,
    s.conversation::text, s.fact_ids, s.field::text, s.value::text, s.reason, s.role, s.at, s.undone_at, s.counts, s.identity_ids
FROM (
    SELECT d.graph_id, d.decision_id, CASE d.verdict WHEN 'same' THEN 'merge' ELSE 'keep_apart' END AS verb,
        ARRAY(SELECT DISTINCT i.identity_id FROM kg_batch_internal.decision p JOIN kg_batch_internal.identity i
                  ON i.graph_id = p.graph_id AND i.key IN (p.key_a, p.key_b)
              WHERE p.graph_id = d.graph_id AND (p.decision_id = d.decision_id OR p.part_of = d.decision_id) ORDER BY 1) AS identity_ids,
        NULL AS conversation, '{}'::bigint[] AS fact_ids, NULL AS field, NULL AS value, d.reason, d.role, d.at, d.undone_at, d.undone_at IS NULL AS counts
    FROM kg_batch_internal.decision d WHERE d.made_by = 'person' AND d.part_of IS NULL
    UNION ALL
    SELECT w.graph_id, w.decision_id, w.verb,
        CASE WHEN w.verb = 'retract' THEN
            ARRAY(SELECT DISTINCT i.identity_id FROM kg_batch_internal.word_fact f
                  JOIN kg_batch_internal.node_mention m ON m.graph_id = f.graph_id AND m.chunk_id = f.chunk_id AND f.fact = ANY (m.facts)
                  JOIN kg_batch_internal.identity i ON i.graph_id = m.graph_id AND i.key = m.key
                  WHERE f.graph_id = w.graph_id AND f.decision_id = w.decision_id ORDER BY 1)
        ELSE
            ARRAY(SELECT DISTINCT i.identity_id FROM kg_batch_internal.word_key k JOIN kg_batch_internal.identity i
                      ON i.graph_id = k.graph_id AND (i.key IN (k.key, k.split_key) OR i.given_key = k.key)
                  WHERE k.graph_id = w.graph_id AND k.decision_id = w.decision_id ORDER BY 1) END,
        w.conversation,
        ARRAY(SELECT f.chunk_id * 4096 + f.fact FROM kg_batch_internal.word_fact f
              WHERE f.graph_id = w.graph_id AND f.decision_id = w.decision_id ORDER BY 1),
        w.field, w.value, w.reason, w.role, w.at, w.undone_at,
        w.undone_at IS NULL AND (w.verb <> 'split' OR EXISTS (SELECT FROM kg_batch_internal.split_that_counts c
            WHERE c.graph_id = w.graph_id AND c.decision_id = w.decision_id))
    FROM kg_batch_internal.word w) s
WHERE s.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.word IS 'all that persons said, by the id that undo takes; the later word beats the earlier';
COMMENT ON COLUMN kg_batch.word.verb IS 'merge, keep_apart (unmerge too), split, retract or correct';
COMMENT ON COLUMN kg_batch.word.node_ids IS 'the nodes that it is about, as they are now';
COMMENT ON COLUMN kg_batch.word.labels IS 'what those are called';
COMMENT ON COLUMN kg_batch.word.conversation IS 'of a split: the conversation by which';
COMMENT ON COLUMN kg_batch.word.fact_ids IS 'of a split: the facts by which; of a retraction: the fact';
COMMENT ON COLUMN kg_batch.word.role IS 'the person, by role';
COMMENT ON COLUMN kg_batch.word.undone_at IS 'since when it no longer counts';
COMMENT ON COLUMN kg_batch.word.counts IS 'neither undone nor, a split, overruled by a later merge';

-- Where a cap of resolution was hit. A block is compared whole up to 17 (twice the
-- window of store/resolution_caps.h and one).
CREATE VIEW kg_batch_internal.resolution_cap AS
SELECT c.graph_id, 'block' AS verdict, a.key AS key_a, z.key AS key_b, m.number, m.kinds
FROM kg_batch_internal.crowded_block c
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS number, pg_catalog.string_agg(DISTINCT b.kind, ', ' ORDER BY b.kind) AS kinds
    FROM kg_batch_internal.block b WHERE b.graph_id = c.graph_id AND b.block_key = c.block_key OFFSET 0) m
CROSS JOIN LATERAL (SELECT b.key FROM kg_batch_internal.block b WHERE b.graph_id = c.graph_id AND b.block_key = c.block_key
    ORDER BY b.sort, b.key LIMIT 1) a
CROSS JOIN LATERAL (SELECT b.key FROM kg_batch_internal.block b WHERE b.graph_id = c.graph_id AND b.block_key = c.block_key
    ORDER BY b.sort DESC, b.key DESC LIMIT 1) z
WHERE m.number > 17
UNION ALL
SELECT h.graph_id, 'large', h.key_a, h.key_b, NULL, NULL FROM kg_batch_internal.held_apart h;
COMMENT ON VIEW kg_batch_internal.resolution_cap IS 'places where not everything was compared or joined that could have been: blocks with their first and last, pairs between large groups';

-- The rows of `review`, which the digest covers. Of several pairs between two nodes
-- the one that most is known of; what cannot be joined is no question.
CREATE VIEW kg_batch_internal.review_row AS
SELECT p.* FROM (
    SELECT DISTINCT ON (d.graph_id, LEAST(a.node_id, b.node_id), GREATEST(a.node_id, b.node_id))
        d.graph_id, d.verdict, a.node_id AS node_a, b.node_id AS node_b, NULL::text AS finding, d.decision_id, d.confidence, d.reason, d.at
    FROM kg_batch_internal.decision d
    JOIN kg_batch_internal.identity a ON a.graph_id = d.graph_id AND a.key = d.key_a
    JOIN kg_batch_internal.identity b ON b.graph_id = d.graph_id AND b.key = d.key_b
    WHERE d.verdict IN ('open', 'unsure') AND d.barred IS NULL AND a.node_id <> b.node_id
    ORDER BY d.graph_id, LEAST(a.node_id, b.node_id), GREATEST(a.node_id, b.node_id), d.verdict = 'open', d.confidence DESC, d.key_a, d.key_b) p
UNION ALL
-- Neither is the other, wider or narrower; what ended in between began anew.
SELECT g.graph_id, 'dates', g.node_id, NULL, x.sort || ': ' || x.date || ' and ' || y.date, NULL, NULL, NULL, NULL
FROM (SELECT i.graph_id, i.node_id, pg_catalog.min(i.type) AS type,
          pg_catalog.array_agg(DISTINCT a.sort || ' ' || pg_catalog.split_part(a.value, ' ', 1)) AS given
      FROM kg_batch_internal.identity i
      JOIN kg_batch_internal.alias a ON a.graph_id = i.graph_id AND a.identity_id = i.identity_id
      WHERE i.is_statement AND a.sort IN ('start', 'end') AND a.value LIKE '% actual'
      GROUP BY i.graph_id, i.node_id) g
CROSS JOIN LATERAL (SELECT pg_catalog.split_part(u.given, ' ', 1) AS sort, pg_catalog.split_part(u.given, ' ', 2) COLLATE "C" AS date
    FROM unnest(g.given) AS u (given)) x
CROSS JOIN LATERAL (SELECT pg_catalog.split_part(u.given, ' ', 1) AS sort, pg_catalog.split_part(u.given, ' ', 2) COLLATE "C" AS date
    FROM unnest(g.given) AS u (given)) y
WHERE x.sort = y.sort AND x.date < y.date AND NOT pg_catalog.starts_with(y.date, x.date)
  AND NOT EXISTS (SELECT FROM kg_batch_internal.identity i
                  JOIN kg_batch_internal.word_key k ON k.graph_id = i.graph_id AND k.key IN (i.key, i.given_key)
                  JOIN kg_batch_internal.word w ON w.graph_id = k.graph_id AND w.decision_id = k.decision_id
                  WHERE i.graph_id = g.graph_id AND i.node_id = g.node_id AND w.field = x.sort || '_date' AND w.undone_at IS NULL)
  AND NOT (g.type = 'State' AND EXISTS (SELECT FROM unnest(g.given) AS z (given) WHERE pg_catalog.split_part(z.given, ' ', 1) <> x.sort
                                        AND pg_catalog.split_part(z.given, ' ', 2) COLLATE "C" BETWEEN x.date AND y.date))
UNION ALL
SELECT c.graph_id, c.verdict, a.node_id, b.node_id,
    CASE c.verdict WHEN 'block' THEN c.number || ' that meet by ' || c.kinds || ', from the first to the last by name: each was compared with its neighbours only'
    ELSE 'one pair of them is said to be the same; what is made of more than 20 names each needs two' END, d.decision_id, d.confidence, NULL, d.at
FROM kg_batch_internal.resolution_cap c
JOIN kg_batch_internal.identity a ON a.graph_id = c.graph_id AND a.key = c.key_a
JOIN kg_batch_internal.identity b ON b.graph_id = c.graph_id AND b.key = c.key_b
LEFT JOIN kg_batch_internal.decision d ON c.verdict = 'large' AND d.graph_id = c.graph_id AND d.key_a = c.key_a AND d.key_b = c.key_b AND d.made_by = 'model';
COMMENT ON VIEW kg_batch_internal.review_row IS 'what waits for a person: what kg_batch.review shows, and the digest covers';
COMMENT ON COLUMN kg_batch_internal.review_row.finding IS 'what was found by computing; the reason beside it is a model''s word';

CREATE VIEW kg_batch.review WITH (security_barrier) AS
SELECT r.graph_id, r.decision_id, r.node_a, r.node_b, a.label AS label_a, b.label AS label_b, r.verdict, r.confidence / 1000.0 AS confidence,
    COALESCE(r.finding, r.reason) AS reason, r.at
FROM kg_batch_internal.review_row r
LEFT JOIN kg_batch_internal.node a ON a.graph_id = r.graph_id AND a.node_id = r.node_a
LEFT JOIN kg_batch_internal.node b ON b.graph_id = r.graph_id AND b.node_id = r.node_b
WHERE r.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.review IS 'what waits for a person: pairs that look alike and are kept apart, to say merge(node_a, node_b) or keep_apart(node_a, node_b) of, statements with dates that contradict each other, to correct, and places where so many things meet that not all were compared or joined';
COMMENT ON COLUMN kg_batch.review.verdict IS 'open: nobody was asked yet; unsure: the model; dates: two actual ones of node_a that cannot both be; block: a name so common that each was compared with its neighbours only, node_a and node_b are the first and the last of them; large: one pair says that two large nodes are one, and it takes two';

CREATE FUNCTION kg_batch.explain(node bigint, graph text DEFAULT NULL)
    RETURNS TABLE (identity_id bigint, label text, category text, mentions bigint, decision_id bigint, with_identity bigint,
                   with_label text, made_by text, verdict text, confidence numeric, reason text, said text)
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
        SELECT i.identity_id, i.label::text, i.category::text, i.mentions, d.decision_id, d.with_identity, d.with_label::text,
            d.made_by, d.verdict, d.confidence, d.reason, d.said
        FROM kg_batch.identity i
        LEFT JOIN LATERAL (
            SELECT COALESCE(p.part_of, p.decision_id) AS decision_id,
                CASE WHEN p.identity_a = i.identity_id THEN p.identity_b ELSE p.identity_a END AS with_identity,
                CASE WHEN p.identity_a = i.identity_id THEN p.label_b ELSE p.label_a END AS with_label,
                p.made_by, p.verdict, p.confidence, p.reason, NULL AS said
            FROM kg_batch.decision p
            WHERE p.graph_id = the_graph AND p.undone_at IS NULL AND i.identity_id IN (p.identity_a, p.identity_b)
            UNION ALL
            SELECT w.decision_id, NULL, NULL, 'person', w.verb, 1, w.reason,
                CASE w.verb WHEN 'correct' THEN w.field || ': ' || COALESCE(w.value, 'none')
                    ELSE COALESCE('conversation ' || w.conversation, 'fact ' || array_to_string(w.fact_ids, ', ')) END
            FROM kg_batch.word w
            WHERE w.graph_id = the_graph AND w.counts AND w.verb IN ('split', 'retract', 'correct') AND i.identity_id = ANY (w.identity_ids)) d ON true
        WHERE i.graph_id = the_graph AND i.node_id = the_node
        ORDER BY i.mentions DESC, i.label, i.identity_id, d.decision_id, d.with_identity;
END $$;
COMMENT ON FUNCTION kg_batch.explain(bigint, text)
    IS 'what a node is made of, a row an identity, with each decision about it and each word of a person; old ids too. Identities without one are together by rule, or alone';
