-- How conversations come in. Each checks the caller's right on the graph itself;
-- jobs are given by id or name, so each that takes one has a form for numbers.

CREATE FUNCTION kg_batch.enqueue(messages jsonb, key text DEFAULT NULL, job text DEFAULT NULL, priority int DEFAULT 2,
                                 final boolean DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_enqueue';
COMMENT ON FUNCTION kg_batch.enqueue(jsonb, text, text, int, boolean, text)
    IS 'takes messages of one conversation: content, role or speaker, optionally speaker_id, sent_at, id, session, reply_to; gives the job''s id';

CREATE FUNCTION kg_batch.enqueue(messages jsonb, job bigint, key text DEFAULT NULL, priority int DEFAULT 2,
                                 final boolean DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    RETURN kg_batch.enqueue(messages, key, job::text, priority, final, graph);
COMMENT ON FUNCTION kg_batch.enqueue(jsonb, bigint, text, int, boolean, text) IS 'the same with the job''s id as a number';

CREATE FUNCTION kg_batch.enqueue_text(transcript text, format text DEFAULT 'auto', key text DEFAULT NULL, job text DEFAULT NULL,
                                      priority int DEFAULT 2, final boolean DEFAULT true, timezone text DEFAULT NULL,
                                      date_order text DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_enqueue_text';
COMMENT ON FUNCTION kg_batch.enqueue_text(text, text, text, text, int, boolean, text, text, text)
    IS 'takes a transcript with a line "Name: words" for each message, or chats that WhatsApp, Telegram or Slack exported; times without a zone are in timezone, else in the session''s; gives the job''s id';

CREATE FUNCTION kg_batch.enqueue_text(transcript text, job bigint, format text DEFAULT 'auto', key text DEFAULT NULL,
                                      priority int DEFAULT 2, final boolean DEFAULT true, timezone text DEFAULT NULL,
                                      date_order text DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    RETURN kg_batch.enqueue_text(transcript, format, key, job::text, priority, final, timezone, date_order, graph);
COMMENT ON FUNCTION kg_batch.enqueue_text(text, bigint, text, text, int, boolean, text, text, text) IS 'the same with the job''s id as a number';

CREATE FUNCTION kg_batch.flush(graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_flush';
COMMENT ON FUNCTION kg_batch.flush(text) IS 'closes what is still open in a graph, so that it is read now; gives how many conversations that were';

-- No search_path of its own: the query is the caller's, and is read as the caller would read it.
CREATE FUNCTION kg_batch.enqueue_query(query text, job text DEFAULT NULL, priority int DEFAULT 2, dry_run boolean DEFAULT false,
                                       on_error text DEFAULT 'fail', final boolean DEFAULT true, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kg_batch_enqueue_query';
COMMENT ON FUNCTION kg_batch.enqueue_query(text, text, int, boolean, text, boolean, text)
    IS 'takes the rows of a SELECT, run with the caller''s rights: content, role or speaker, optionally conversation, speaker_id, sent_at, message_id, session, reply_to, graph; gives the job''s id';

CREATE FUNCTION kg_batch.enqueue_query(query text, job bigint, priority int DEFAULT 2, dry_run boolean DEFAULT false,
                                       on_error text DEFAULT 'fail', final boolean DEFAULT true, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE sql VOLATILE
    RETURN kg_batch.enqueue_query(query, job::text, priority, dry_run, on_error, final, graph);
COMMENT ON FUNCTION kg_batch.enqueue_query(text, bigint, int, boolean, text, boolean, text) IS 'the same with the job''s id as a number';

CREATE FUNCTION kg_batch.estimate(job text, graph text DEFAULT NULL,
                                  OUT conversations bigint, OUT sentences bigint, OUT chunks bigint, OUT requests bigint,
                                  OUT input_tokens bigint, OUT output_tokens bigint, OUT cost numeric, OUT direct_cost numeric,
                                  OUT mode text, OUT model text, OUT measured boolean) RETURNS record
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_estimate';
COMMENT ON FUNCTION kg_batch.estimate(text, text)
    IS 'what the rest of a job will take; cost in US dollars, direct_cost what it is in real time, measured: output as earlier answers took it';

CREATE FUNCTION kg_batch.estimate(job bigint, graph text DEFAULT NULL,
                                  OUT conversations bigint, OUT sentences bigint, OUT chunks bigint, OUT requests bigint,
                                  OUT input_tokens bigint, OUT output_tokens bigint, OUT cost numeric, OUT direct_cost numeric,
                                  OUT mode text, OUT model text, OUT measured boolean) RETURNS record
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC SELECT * FROM kg_batch.estimate(job::text, graph); END;
COMMENT ON FUNCTION kg_batch.estimate(bigint, text) IS 'the same with the job''s id as a number';

CREATE FUNCTION kg_batch.estimate_ways(job text, graph text DEFAULT NULL,
                                       OUT way text, OUT chunks bigint, OUT requests bigint, OUT input_tokens bigint, OUT output_tokens bigint,
                                       OUT cost numeric, OUT duration interval) RETURNS SETOF record
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_estimate_ways';
COMMENT ON FUNCTION kg_batch.estimate_ways(text, text)
    IS 'what the rest of a job would take by batch, directly, and directly in chunks of 5 sentences; duration by what batches of the model and direct answers of the graph took, null while there were none';

CREATE FUNCTION kg_batch.estimate_ways(job bigint, graph text DEFAULT NULL,
                                       OUT way text, OUT chunks bigint, OUT requests bigint, OUT input_tokens bigint, OUT output_tokens bigint,
                                       OUT cost numeric, OUT duration interval) RETURNS SETOF record
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC SELECT * FROM kg_batch.estimate_ways(job::text, graph); END;
COMMENT ON FUNCTION kg_batch.estimate_ways(bigint, text) IS 'the same with the job''s id as a number';

CREATE FUNCTION kg_batch.estimate_query(query text, graph text DEFAULT NULL,
                                        OUT conversations bigint, OUT sentences bigint, OUT chunks bigint, OUT requests bigint,
                                        OUT input_tokens bigint, OUT output_tokens bigint, OUT cost numeric, OUT direct_cost numeric,
                                        OUT mode text, OUT model text, OUT measured boolean) RETURNS record
    LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kg_batch_estimate_query';
COMMENT ON FUNCTION kg_batch.estimate_query(text, text)
    IS 'what the rows of a SELECT would take in a job made now; nothing is stored and the query runs with the caller''s rights';
