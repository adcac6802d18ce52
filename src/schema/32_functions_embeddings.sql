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
            FROM kg_batch_internal.embedding e WHERE e.graph_id = $1 AND e.vector IS NOT NULL AND e.sort = 'thing'),
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

-- Texts by which kinds find taxa. Both begin with words that no text of a thing
-- begins with, so one text is of one sort.

CREATE FUNCTION kg_batch_internal.text_of_kind(type text, category text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN 'kind of ' || lower(type) || ': ' || category;
COMMENT ON FUNCTION kg_batch_internal.text_of_kind(text, text) IS 'by what an embedding finds taxa for a kind';

CREATE FUNCTION kg_batch_internal.text_of_taxon(path text, aliases text[], definition text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN 'category of ' || replace(path, ' > ', ', ') || CASE WHEN aliases = '{}' THEN '' ELSE ' (' || array_to_string(aliases, ', ') || ')' END
        || ': ' || definition;
COMMENT ON FUNCTION kg_batch_internal.text_of_taxon(text, text[], text) IS 'by what an embedding finds a taxon';

CREATE FUNCTION kg_batch_internal.hash_of_text(words text) RETURNS bytea
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN sha256(convert_to(words, 'UTF8'));
COMMENT ON FUNCTION kg_batch_internal.hash_of_text(text) IS 'what a text is known by in kg_batch_internal.embedding';

CREATE FUNCTION kg_batch_internal.note_taxonomy_texts(graph bigint, job bigint) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    named CONSTANT text := (SELECT NULLIF(j.options ->> 'embedding_model', '') FROM kg_batch_internal.job j WHERE j.graph_id = graph AND j.job_id = job);
BEGIN
    IF named IS NULL OR kg_batch_internal.vector_schema() IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO kg_batch_internal.embedding AS e (graph_id, model, sort, hash, text, job_id)
    SELECT DISTINCT ON (t.hash) graph, named, t.sort, t.hash, t.words, job
    FROM (
        WITH open AS MATERIALIZED (
            SELECT k.type, k.category FROM kg_batch_internal.kind k
            WHERE k.graph_id = graph AND k.job_id = job AND k.taxon_id IS NULL AND k.request_id IS NULL AND k.error IS NULL)
        SELECT 'kind' AS sort, w.words, kg_batch_internal.hash_of_text(w.words) AS hash
        FROM open o CROSS JOIN LATERAL (SELECT kg_batch_internal.text_of_kind(o.type, o.category) AS words) w
        UNION ALL
        SELECT 'taxon', w.words, kg_batch_internal.hash_of_text(w.words)
        FROM (SELECT DISTINCT o.type FROM open o) o
        JOIN kg_batch_internal.known_taxon t ON t.graph_id = graph AND t.type = o.type
        CROSS JOIN LATERAL (SELECT kg_batch_internal.text_of_taxon(t.path, t.aliases, t.definition) AS words) w) t
    ORDER BY t.hash
    ON CONFLICT (graph_id, model, hash) DO UPDATE SET job_id = EXCLUDED.job_id
    WHERE e.vector IS NULL AND e.request_id IS NULL AND e.error IS NULL AND e.job_id IS NULL;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION kg_batch_internal.note_taxonomy_texts(bigint, bigint)
    IS 'for a job that names a model for embeddings: the texts of its open kinds and of the taxa of their types are to be asked about; whether any is new';

CREATE FUNCTION kg_batch_internal.near_taxa(graph bigint, job bigint, type text, category text, most int)
    RETURNS TABLE (taxon_id bigint, path text)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    home CONSTANT name := kg_batch_internal.vector_schema();
    named CONSTANT text := (SELECT NULLIF(j.options ->> 'embedding_model', '') FROM kg_batch_internal.job j
                            WHERE j.graph_id = near_taxa.graph AND j.job_id = near_taxa.job);
    asked real[];
BEGIN
    IF home IS NULL OR named IS NULL THEN
        RETURN;
    END IF;
    SELECT e.vector INTO asked FROM kg_batch_internal.embedding e
    WHERE e.graph_id = near_taxa.graph AND e.model = named
      AND e.hash = kg_batch_internal.hash_of_text(kg_batch_internal.text_of_kind(near_taxa.type, near_taxa.category));
    IF asked IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($near$
        SELECT t.taxon_id, t.path FROM (
            SELECT k.taxon_id, k.path, e.vector FROM kg_batch_internal.known_taxon k
            JOIN kg_batch_internal.embedding e ON e.graph_id = $1 AND e.model = $2 AND e.vector IS NOT NULL AND cardinality(e.vector) = cardinality($5)
                AND e.hash = kg_batch_internal.hash_of_text(kg_batch_internal.text_of_taxon(k.path, k.aliases, k.definition))
            WHERE k.graph_id = $1 AND k.type = $3 AND k.parent IS NOT NULL OFFSET 0) t
        ORDER BY t.vector::%1$I.vector OPERATOR(%1$I.<=>) $5::%1$I.vector, t.path LIMIT $4 $near$, home)
    USING near_taxa.graph, named, near_taxa.type, near_taxa.most, asked;
END $$;
COMMENT ON FUNCTION kg_batch_internal.near_taxa(bigint, bigint, text, text, int)
    IS 'the taxa whose embeddings are nearest to that of a kind, nearest first, but for the root; none where the job names no model or the vectors are not there';
