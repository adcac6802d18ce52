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
    IS 'takes identities, as explain shows them, out of a node, and gives the decision''s id. Needs admin';

CREATE FUNCTION kg_batch.split(node bigint, conversation text DEFAULT NULL, fact_ids bigint[] DEFAULT NULL, reason text DEFAULT NULL,
                               graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_split';
COMMENT ON FUNCTION kg_batch.split(bigint, text, bigint[], text, text)
    IS 'says that what stands of a thing in a conversation (by the key with which it was handed in; what comes later in it too), or in some facts, is another thing, and gives the decision''s id. Needs admin';

CREATE FUNCTION kg_batch.retract(fact_id bigint, reason text DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_retract';
COMMENT ON FUNCTION kg_batch.retract(bigint, text, text)
    IS 'a fact, and what stands on it alone, no longer counts, and no view shows it; gives the decision''s id. Needs admin';

CREATE FUNCTION kg_batch.correct(node bigint, field text, value text, reason text DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_correct';
COMMENT ON FUNCTION kg_batch.correct(bigint, text, text, text, text)
    IS 'a person''s value for label, category, class, start_date, end_date or goal_status of a node, or an alias (add_alias, remove_alias), whatever conversations say; gives the decision''s id. Needs admin';

CREATE FUNCTION kg_batch.undo(decision bigint, graph text DEFAULT NULL) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_undo';
COMMENT ON FUNCTION kg_batch.undo(bigint, text) IS 'a person''s decision no longer counts: the graph is as it would be without it. Needs admin';
