-- The extension vector may be in any schema and may come and go, so what names its
-- type and operator is put together when it runs.

CREATE FUNCTION kg_batch_internal.vector_schema() RETURNS name
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN (SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector');
COMMENT ON FUNCTION kg_batch_internal.vector_schema() IS 'where the extension vector (pgvector) is installed in this database; null: it is not';

-- Exact, without an index: which pairs are near must not depend on which came first.
-- A pair is the same from either side, and vectors of other dimensions (another
-- server under the same name) are near to none.
CREATE FUNCTION kg_batch_internal.find_near_texts(graph bigint, floor int) RETURNS SETOF uuid
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home name := kg_batch_internal.vector_schema();
BEGIN
    IF home IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($find$
        WITH everything AS MATERIALIZED (SELECT e.embedding_id, e.model, e.to_compare, cardinality(e.vector) AS dimensions, e.vector::%1$I.vector AS v
            FROM kg_batch_internal.embedding e WHERE e.graph_id = $1 AND e.vector IS NOT NULL),
        compared AS MATERIALIZED (SELECT LEAST(n.embedding_id, o.embedding_id) AS a, GREATEST(n.embedding_id, o.embedding_id) AS b,
                CASE WHEN n.dimensions = o.dimensions THEN n.v OPERATOR(%1$I.<=>) o.v END AS distance
            FROM everything n JOIN everything o ON o.model = n.model AND o.embedding_id <> n.embedding_id AND (NOT o.to_compare OR o.embedding_id > n.embedding_id)
            WHERE n.to_compare),
        near AS MATERIALIZED (SELECT c.a, c.b, floor((1 - c.distance) * 1000)::int AS similarity FROM compared c
            WHERE c.distance <= 2.5 AND floor((1 - c.distance) * 1000) >= $2),
        kept AS (INSERT INTO kg_batch_internal.near_text (graph_id, a, b, similarity) SELECT $1, a, b, similarity FROM near ON CONFLICT DO NOTHING),
        done AS (UPDATE kg_batch_internal.embedding e SET to_compare = false WHERE e.graph_id = $1 AND e.to_compare)
        SELECT DISTINCT i.key FROM near CROSS JOIN LATERAL (VALUES (near.a), (near.b)) AS s (embedding_id)
        JOIN kg_batch_internal.identity_text t ON t.graph_id = $1 AND t.embedding_id = s.embedding_id
        JOIN kg_batch_internal.identity i ON i.graph_id = $1 AND i.identity_id = t.identity_id $find$, home) USING graph, floor;
END $$;
COMMENT ON FUNCTION kg_batch_internal.find_near_texts(bigint, int)
    IS 'compares the vectors that are new with all of their graph and model; keeps pairs of at least this cosine similarity (thousandths) and returns the things of their texts';

CREATE FUNCTION kg_batch_internal.is_near_any(graph bigint, embedding bigint) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (SELECT FROM kg_batch_internal.near_text n WHERE n.graph_id = graph AND n.a = embedding)
        OR EXISTS (SELECT FROM kg_batch_internal.near_text n WHERE n.graph_id = graph AND n.b = embedding);
COMMENT ON FUNCTION kg_batch_internal.is_near_any(bigint, bigint) IS 'whether a text is near another one';

CREATE FUNCTION kg_batch_internal.are_near(graph bigint, one uuid, other uuid) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (SELECT FROM kg_batch_internal.identity i
        JOIN kg_batch_internal.identity_text t ON t.graph_id = i.graph_id AND t.identity_id = i.identity_id
        JOIN kg_batch_internal.identity_text o ON o.graph_id = i.graph_id AND o.model = t.model AND o.identity_id =
            (SELECT x.identity_id FROM kg_batch_internal.identity x WHERE x.graph_id = graph AND x.key = other)
        JOIN kg_batch_internal.near_text n ON n.graph_id = i.graph_id AND n.a = LEAST(t.embedding_id, o.embedding_id)
            AND n.b = GREATEST(t.embedding_id, o.embedding_id)
        WHERE i.graph_id = graph AND i.key = one);
COMMENT ON FUNCTION kg_batch_internal.are_near(bigint, uuid, uuid) IS 'whether what two things are called is near each other';
