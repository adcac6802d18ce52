-- The taxonomy as a person changes it. C and SECURITY INVOKER, as the functions
-- of jobs.

CREATE FUNCTION kg_batch.load_taxonomy(taxonomy jsonb, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_load_taxonomy';
COMMENT ON FUNCTION kg_batch.load_taxonomy(jsonb, text)
    IS 'adds taxa to a graph''s own, or changes those of the same path, and gives how many: [{"path": "entity > animal > llama", "definition": "…", "aliases": ["lama"]}], or a tree by name and children; {"replace": true, "taxa": […]} takes out all own ones that are not named. An error names the element, and nothing is changed. Needs admin';

CREATE FUNCTION kg_batch.accept_suggestion(suggestion_id bigint, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_accept_suggestion';
COMMENT ON FUNCTION kg_batch.accept_suggestion(bigint, text)
    IS 'makes a suggested taxon one of the graph''s own, files the kinds under it for which it was suggested, and gives its id. Needs admin';

CREATE FUNCTION kg_batch.refuse_suggestion(suggestion_id bigint, graph text DEFAULT NULL) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_refuse_suggestion';
COMMENT ON FUNCTION kg_batch.refuse_suggestion(bigint, text)
    IS 'refuses a suggested taxon for good: it is never suggested again, and kinds stay where they are. accept_suggestion takes it up after all. Needs admin';
