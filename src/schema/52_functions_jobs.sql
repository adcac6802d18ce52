-- Graphs, rights, jobs and workers as a person steers them. All are C and
-- SECURITY INVOKER: they check the right of whoever calls on the one graph, then
-- work as the owner. A job is given by its id or its name; a name may not be a
-- number, so '5' is the job 5. A bigint does not become text by itself, hence
-- the twins that take one.

CREATE FUNCTION kg_batch.create_graph(name text, options jsonb DEFAULT '{}') RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_create_graph';
COMMENT ON FUNCTION kg_batch.create_graph(text, jsonb)
    IS 'makes a graph and gives its id; options: self (who a nameless user is), names (personal or shared), timezone, and defaults for its jobs. For superusers and members of the extension''s owner';

CREATE FUNCTION kg_batch.grant_access(role text, level text, graph text DEFAULT NULL) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_grant_access';
COMMENT ON FUNCTION kg_batch.grant_access(text, text, text)
    IS 'gives a role a level on a graph, in place of the one it had: reader (graph and facts), auditor (also quotes, messages and errors), writer (also enqueue and jobs), admin (also grant_access), none. Needs admin';

CREATE FUNCTION kg_batch.create_job(name text DEFAULT NULL, options jsonb DEFAULT '{}', graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_create_job';
COMMENT ON FUNCTION kg_batch.create_job(text, jsonb, text)
    IS 'makes a job and gives its id; options are job settings without their prefix, as {"use_batch_api": false, "budget": 2.5}, over those of the graph and the session, and {"paused": true}. An unknown option or a value out of range is an error that names the valid ones. Needs writer';

CREATE FUNCTION kg_batch.pause(job text, graph text DEFAULT NULL) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_pause';
COMMENT ON FUNCTION kg_batch.pause(text, text)
    IS 'asks nothing more for a job until resume; what is asked already is paid for and is read when it comes. Needs writer';
CREATE FUNCTION kg_batch.pause(job bigint, graph text DEFAULT NULL) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp BEGIN ATOMIC SELECT kg_batch.pause(job::text, graph); END;
COMMENT ON FUNCTION kg_batch.pause(bigint, text) IS 'the same by the job''s id';

CREATE FUNCTION kg_batch.resume(job text DEFAULT NULL, budget float8 DEFAULT NULL, same boolean DEFAULT false,
                                graph text DEFAULT NULL) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_resume';
COMMENT ON FUNCTION kg_batch.resume(text, float8, boolean, text)
    IS 'goes on with a paused job, with another budget (US dollars in all, -1 for none) where one is given; batches of it that are unclear are looked for once more; needs writer. Without a job: makes a copied or restored database its own, so that workers run in it (same => true after pg_upgrade keeps the identity); for superusers and members of the extension''s owner';
CREATE FUNCTION kg_batch.resume(job bigint, budget float8 DEFAULT NULL, same boolean DEFAULT false, graph text DEFAULT NULL)
    RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp BEGIN ATOMIC SELECT kg_batch.resume(job::text, budget, same, graph); END;
COMMENT ON FUNCTION kg_batch.resume(bigint, float8, boolean, text) IS 'the same by the job''s id';

CREATE FUNCTION kg_batch.cancel(job text, graph text DEFAULT NULL) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_cancel';
COMMENT ON FUNCTION kg_batch.cancel(text, text)
    IS 'drops what of a job is not asked yet; what is asked already is read when it comes, and what is in the graph stays. retry takes it up again. Needs writer';
CREATE FUNCTION kg_batch.cancel(job bigint, graph text DEFAULT NULL) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp BEGIN ATOMIC SELECT kg_batch.cancel(job::text, graph); END;
COMMENT ON FUNCTION kg_batch.cancel(bigint, text) IS 'the same by the job''s id';

CREATE FUNCTION kg_batch.retry(job text, chunk bigint DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_retry';
COMMENT ON FUNCTION kg_batch.retry(text, bigint, text)
    IS 'asks again about the failed and cancelled chunks of a job, or about one of them, and gives how many; the view errors has this call ready for each. Needs writer';
CREATE FUNCTION kg_batch.retry(job bigint, chunk bigint DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE sql SET search_path = pg_catalog, pg_temp BEGIN ATOMIC SELECT kg_batch.retry(job::text, chunk, graph); END;
COMMENT ON FUNCTION kg_batch.retry(bigint, bigint, text) IS 'the same by the job''s id';

CREATE FUNCTION kg_batch.start() RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_start';
COMMENT ON FUNCTION kg_batch.start()
    IS 'starts the workers of this database and ends what stop began. For superusers and members of the extension''s owner';
CREATE FUNCTION kg_batch.stop() RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_stop';
COMMENT ON FUNCTION kg_batch.stop()
    IS 'ends the workers of this database; holds over enqueues and restarts until start. For superusers and members of the extension''s owner';

-- Procedures that commit may have no SET clause: they qualify every name, and
-- work with the owner's pinned search_path (extension/wait.cpp).
CREATE PROCEDURE kg_batch.wait(job text DEFAULT NULL, timeout interval DEFAULT NULL, graph text DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'kg_batch_wait';
COMMENT ON PROCEDURE kg_batch.wait(text, interval, text)
    IS 'waits until a job, or every job of the graph, is done, with a progress line a second as NOTICE. Returns with a WARNING when the job is paused or cancelled, has failed chunks, or the timeout is over. Holds no snapshot while it waits, and refuses a transaction block. Needs reader';
CREATE PROCEDURE kg_batch.wait(job text, timeout float8, graph text DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'kg_batch_wait';
COMMENT ON PROCEDURE kg_batch.wait(text, float8, text) IS 'the same with a timeout in seconds';
CREATE PROCEDURE kg_batch.wait(job text, timeout text, graph text DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'kg_batch_wait';
COMMENT ON PROCEDURE kg_batch.wait(text, text, text) IS 'the same with a timeout as ''10 minutes'' or ''600''';
CREATE PROCEDURE kg_batch.wait(job bigint, timeout interval DEFAULT NULL, graph text DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'kg_batch_wait';
COMMENT ON PROCEDURE kg_batch.wait(bigint, interval, text) IS 'the same by the job''s id';
CREATE PROCEDURE kg_batch.wait(job bigint, timeout float8, graph text DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'kg_batch_wait';
COMMENT ON PROCEDURE kg_batch.wait(bigint, float8, text) IS 'the same by the job''s id, with a timeout in seconds';
CREATE PROCEDURE kg_batch.wait(job bigint, timeout text, graph text DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'kg_batch_wait';
COMMENT ON PROCEDURE kg_batch.wait(bigint, text, text) IS 'the same by the job''s id, with a timeout as ''10 minutes'' or ''600''';

CREATE FUNCTION kg_batch.graph_digest(graph text DEFAULT NULL) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_graph_digest';
COMMENT ON FUNCTION kg_batch.graph_digest(text)
    IS 'SHA-256 in hex over what is in the graph and the evidence behind it, by content: graphs of the same evidence have the same one, whatever the ids and the order of work. Comparable within one version of ICU (column icu_version of the view graph). Needs reader';

CREATE FUNCTION kg_batch.set_model_price(model_prefix text, input numeric, output numeric, cached_input numeric DEFAULT NULL,
                                         cache_write numeric DEFAULT NULL, batch_input numeric DEFAULT NULL,
                                         batch_cached_input numeric DEFAULT NULL, batch_output numeric DEFAULT NULL,
                                         tier_above int DEFAULT 0, valid_from date DEFAULT NULL, source text DEFAULT NULL)
    RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_set_model_price';
COMMENT ON FUNCTION kg_batch.set_model_price(text, numeric, numeric, numeric, numeric, numeric, numeric, numeric, int, date, text)
    IS 'a price of one''s own, in US dollars per million tokens, for models whose name begins so; it wins over the shipped one of the same prefix. Batch prices default to half, cached input to the full price; tier_above: for requests with more input tokens; valid_from defaults to today (UTC). For superusers and members of the extension''s owner';

CREATE FUNCTION kg_batch.reset_performance() RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_reset_performance';
COMMENT ON FUNCTION kg_batch.reset_performance()
    IS 'begins anew with what the views performance and throughput show; the ledger stays. For superusers and members of the extension''s owner';

CREATE FUNCTION kg_batch.health(OUT name text, OUT ok boolean, OUT detail text, OUT hint text) RETURNS SETOF record
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_health';
COMMENT ON FUNCTION kg_batch.health()
    IS 'a row a check: what is well and what is not, with what to do. Looks at the API key file without reading it and shows the last probe of the API; never talks to the network itself. Needs reader on any graph';
