-- A person's word about the graph. It beats rules, vetoes and models, a later one
-- beats an earlier one, and each can be undone; nothing is ever lost by a merge,
-- since a node is computed from the identities it is made of.

CREATE FUNCTION kg_batch.merge(a bigint, b bigint, reason text DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_merge';
COMMENT ON FUNCTION kg_batch.merge(bigint, bigint, text, text)
    IS 'makes two things one node, which keeps the lower id, and gives the decision''s id, by which undo takes it back. Needs admin';

CREATE FUNCTION kg_batch.keep_apart(a bigint, b bigint, reason text DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_keep_apart';
COMMENT ON FUNCTION kg_batch.keep_apart(bigint, bigint, text, text)
    IS 'says that two things are not the same, whatever rules and models will find, and gives the decision''s id. Needs admin';

CREATE FUNCTION kg_batch.unmerge(node bigint, identity_ids bigint[], reason text DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_unmerge';
COMMENT ON FUNCTION kg_batch.unmerge(bigint, bigint[], text, text)
    IS 'takes identities, as explain shows them, out of a node, and gives how many decisions that made. Needs admin';

CREATE FUNCTION kg_batch.undo(decision bigint, graph text DEFAULT NULL) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_undo';
COMMENT ON FUNCTION kg_batch.undo(bigint, text) IS 'a person''s decision no longer counts: the graph is as it would be without it. Needs admin';
