-- Finding nodes, and walking from one to the next.

-- pg_trgm may be in any schema, come after kg_batch and go again.
CREATE FUNCTION kg_batch_internal.find_by_trigrams(graph bigint, name text, most int) RETURNS TABLE (node_id bigint, score int)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    place CONSTANT name := (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm');
BEGIN
    IF place IS NOT NULL THEN
        RETURN QUERY EXECUTE format(
            'SELECT n.node_id, (700 * %1$I.similarity(n.label, $2))::int FROM kg_batch_internal.node n '
            'WHERE n.graph_id = $1 AND n.label OPERATOR(%1$I.%%) $2 '
            'ORDER BY 2 DESC, n.mentions DESC, n.key LIMIT $3', place) USING graph, name, most;
    END IF;
END $$;
COMMENT ON FUNCTION kg_batch_internal.find_by_trigrams(bigint, text, int)
    IS 'nodes whose label has most trigrams in common with a name, score in thousandths; nothing where pg_trgm is not installed';

DO $$
DECLARE
    place CONSTANT name := (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm');
BEGIN
    IF place IS NOT NULL THEN
        EXECUTE format('CREATE INDEX node_label_trigrams ON kg_batch_internal.node USING gin (label %I.gin_trgm_ops)', place);
    END IF;
END $$;

CREATE INDEX word_name ON kg_batch_internal.word (graph_id, pg_catalog.lower(value COLLATE pg_catalog."default"))
    WHERE field IN ('label', 'add_alias') AND undone_at IS NULL AND pg_catalog.octet_length(value) <= 1000;

CREATE FUNCTION kg_batch.find(text text, most int DEFAULT 20, graph text DEFAULT NULL)
    RETURNS TABLE (node_id bigint, label text, type text, class text, category text, how text, score numeric, fact text)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_find';
COMMENT ON FUNCTION kg_batch.find(text, int, text)
    IS 'nodes by a name or by words, best first, each once. how: exact (its label), alias (a label or alias that it was given), loose (the same in other case, with other accents or order of words, or a name near it), trigram (only where pg_trgm is installed), fact (the words stand in that fact, which speaks of it). score from 0 to 1. Needs reader';

CREATE FUNCTION kg_batch.neighbors(node bigint, depth int DEFAULT 1, most int DEFAULT 200, graph text DEFAULT NULL)
    RETURNS TABLE (node_id bigint, label text, type text, class text, category text, distance int, from_id bigint, from_label text,
                   relation text, direction text, statement_id bigint)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_neighbors';
COMMENT ON FUNCTION kg_batch.neighbors(bigint, int, int, text)
    IS 'what is reached from a node (an old id too) in at most depth steps, nearest first, each node once with the last step to it. A step leads from a thing over a statement to what else takes part in it, from a statement to what takes part in it. direction: out where from_label, relation, label reads as in links, in where it reads the other way, both where they play the same role. Needs reader';
