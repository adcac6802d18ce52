-- Reading again.

CREATE FUNCTION kg_batch.reread(conversation text DEFAULT NULL, job text DEFAULT NULL, options jsonb DEFAULT '{}', graph text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_reread';
COMMENT ON FUNCTION kg_batch.reread(text, text, jsonb, text)
    IS 'reads a conversation again, or what a job has read, or the whole graph, with the prompts, model and plan that hold now, in a job of its own with these options; gives its id, null where nothing was read. What was read before counts until the new reading of a chunk is in the graph whole, and what it alone said is gone then. The same question as before costs nothing. Needs admin';
CREATE FUNCTION kg_batch.reread(job bigint, options jsonb DEFAULT '{}', graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE sql SET search_path = pg_catalog, pg_temp BEGIN ATOMIC SELECT kg_batch.reread(NULL, job::text, options, graph); END;
COMMENT ON FUNCTION kg_batch.reread(bigint, jsonb, text) IS 'the same of a job by its id';
