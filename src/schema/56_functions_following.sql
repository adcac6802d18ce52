-- Following a table.

CREATE FUNCTION kg_batch.follow(source regclass, content text DEFAULT NULL, speaker text DEFAULT NULL, role text DEFAULT NULL,
                                conversation text DEFAULT NULL, message_id text DEFAULT NULL, speaker_id text DEFAULT NULL,
                                sent_at text DEFAULT NULL, session text DEFAULT NULL, reply_to text DEFAULT NULL,
                                existing boolean DEFAULT true, deletions boolean DEFAULT false, job text DEFAULT NULL,
                                priority int DEFAULT 2, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_follow';
COMMENT ON FUNCTION kg_batch.follow(regclass, text, text, text, text, text, text, text, text, text, boolean, boolean, text, int, text)
    IS 'hands in what is in a table and, as it is committed, what is written to it, also what is edited; gives the job''s id. The arguments from content to reply_to name columns, and are not needed for those that are called so; existing: also the rows that are there; deletions: what is deleted there is forgotten here. Called again for the same table it replaces what was said before. Needs writer, with deletions admin, and the table must be one''s own';

CREATE FUNCTION kg_batch.unfollow(source regclass, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_unfollow';
COMMENT ON FUNCTION kg_batch.unfollow(regclass, text)
    IS 'ends following a table; what was taken in stays. Gives how many changes were not taken in yet and never will be: 0 after CALL kg_batch.wait. Needs writer';
