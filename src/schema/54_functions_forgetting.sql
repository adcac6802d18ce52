-- What is to be as if it had never come.

CREATE FUNCTION kg_batch.forget(key text, message_id text DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_forget';
COMMENT ON FUNCTION kg_batch.forget(text, text, text)
    IS 'removes a conversation, by the key with which it was handed in, or one message of it, by its id, with everything that came of it, for ever: what is handed in again is skipped. Gives how many messages went; 0 where they are forgotten already. What it cost stays in the ledger. Needs admin';
