-- What is counted of jobs: see 25_tables_counting.sql.

-- ---- what a row counts as ----

CREATE VIEW kg_batch_internal.conversation_standing AS
SELECT t.graph_id, t.conversation_id, t.job_id,
    t.cut_deliveries >= t.deliveries AND t.settle_at IS NULL AND t.cut_error IS NULL AND NOT EXISTS (
        SELECT FROM kg_batch_internal.chunk k WHERE k.graph_id = t.graph_id AND k.conversation_id = t.conversation_id
            AND k.state <> 'done' AND k.rereads IS NULL) AS is_done,
    t.settle_at IS NOT NULL AS is_settling, CASE WHEN t.cut_deliveries = 0 AND t.cut_error IS NULL THEN t.messages END AS uncut_messages
FROM kg_batch_internal.conversation t;
COMMENT ON VIEW kg_batch_internal.conversation_standing IS 'as what each conversation is to be counted: what conversation_count has once it is folded';

-- In rows of job_count: what it is to be counted as, and, taken away, what it is counted as.
CREATE VIEW kg_batch_internal.conversation_part AS
SELECT t.graph_id, t.conversation_id, t.sign, t.job_id, x.what, t.sign * x.number AS number, t.sign * x.size AS size
FROM (SELECT s.graph_id, s.conversation_id, 1 AS sign, s.job_id, s.is_done, s.is_settling, s.uncut_messages FROM kg_batch_internal.conversation_standing s
      UNION ALL
      SELECT c.graph_id, c.conversation_id, -1, c.job_id, c.is_done, c.is_settling, c.uncut_messages FROM kg_batch_internal.conversation_count c) t
CROSS JOIN LATERAL (VALUES
    ('conversation', 1, 0), ('conversation done', t.is_done::int, 0), ('conversation settling', t.is_settling::int, 0),
    ('conversation uncut', (t.uncut_messages IS NOT NULL)::int, COALESCE(t.uncut_messages, 0))) AS x (what, number, size)
WHERE x.number <> 0;
COMMENT ON VIEW kg_batch_internal.conversation_part IS 'what each conversation adds to job_count as it stands (sign 1), and what is to be taken away for it (sign -1)';

CREATE FUNCTION kg_batch_internal.fold_now() RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_fold_now';
COMMENT ON FUNCTION kg_batch_internal.fold_now() IS 'folds all that is noted of counts, unless somebody else does';

-- What a statement touches by the thousands is folded at once: there may be no
-- coordinator, as while a dump is restored. A transaction with a snapshot of its
-- own would fail on what the coordinator has folded since, and leaves it to that one.
CREATE FUNCTION kg_batch_internal.fold_many() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') = 'read committed' THEN
        PERFORM kg_batch_internal.fold_now();
    END IF;
END $$;
COMMENT ON FUNCTION kg_batch_internal.fold_many() IS 'folds what is noted of counts where a statement noted much';

-- What a subscription writes is counted where it comes from, and the counts come along.
-- What a restore fills in as a replica would is counted here.
CREATE FUNCTION kg_batch_internal.comes_by_subscription() RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (SELECT FROM pg_stat_subscription s WHERE s.pid = pg_backend_pid());
COMMENT ON FUNCTION kg_batch_internal.comes_by_subscription() IS 'whether this session writes what a subscription brings';

-- Notes of a job whose counts do not change are none: most updates are such.
CREATE FUNCTION kg_batch_internal.note_chunks() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    noted bigint;
BEGIN
    IF current_setting('session_replication_role') = 'replica' AND kg_batch_internal.comes_by_subscription() THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO kg_batch_internal.job_count_change (graph_id, job_id, what, step, number, size)
        SELECT n.graph_id, n.job_id, 'chunk ' || n.state, CASE WHEN n.state IN ('ready', 'asking') THEN n.step ELSE 0 END, count(*), sum(n.countable)
        FROM new_rows n GROUP BY 1, 2, 3, 4;
        INSERT INTO kg_batch_internal.conversation_change (graph_id, conversation_id)
        SELECT DISTINCT n.graph_id, n.conversation_id FROM new_rows n WHERE n.state <> 'done' AND n.rereads IS NULL;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO kg_batch_internal.job_count_change (graph_id, job_id, what, step, number, size)
        SELECT x.graph_id, x.job_id, 'chunk ' || x.state, CASE WHEN x.state IN ('ready', 'asking') THEN x.step ELSE 0 END, sum(x.sign), sum(x.sign * x.countable)
        FROM (SELECT n.graph_id, n.job_id, n.state, n.step, n.countable, 1 AS sign FROM new_rows n
              UNION ALL SELECT o.graph_id, o.job_id, o.state, o.step, o.countable, -1 FROM old_rows o) x
        GROUP BY 1, 2, 3, 4 HAVING sum(x.sign) <> 0 OR sum(x.sign * x.countable) <> 0;
        INSERT INTO kg_batch_internal.conversation_change (graph_id, conversation_id)
        SELECT x.graph_id, x.conversation_id
        FROM (SELECT n.graph_id, n.conversation_id, 1 AS sign FROM new_rows n WHERE n.state <> 'done' AND n.rereads IS NULL
              UNION ALL SELECT o.graph_id, o.conversation_id, -1 FROM old_rows o WHERE o.state <> 'done' AND o.rereads IS NULL) x
        GROUP BY 1, 2 HAVING sum(x.sign) <> 0;
    ELSE
        INSERT INTO kg_batch_internal.job_count_change (graph_id, job_id, what, step, number, size)
        SELECT o.graph_id, o.job_id, 'chunk ' || o.state, CASE WHEN o.state IN ('ready', 'asking') THEN o.step ELSE 0 END, -count(*), -sum(o.countable)
        FROM old_rows o GROUP BY 1, 2, 3, 4;
        INSERT INTO kg_batch_internal.conversation_change (graph_id, conversation_id)
        SELECT DISTINCT o.graph_id, o.conversation_id FROM old_rows o WHERE o.state <> 'done' AND o.rereads IS NULL;
    END IF;
    GET DIAGNOSTICS noted = ROW_COUNT;
    IF noted >= 10000 THEN
        PERFORM kg_batch_internal.fold_many();
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION kg_batch_internal.note_chunks() IS 'notes what a statement changed of the number of chunks of each job by state';

CREATE FUNCTION kg_batch_internal.note_conversations() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    noted bigint;
BEGIN
    IF current_setting('session_replication_role') = 'replica' AND kg_batch_internal.comes_by_subscription() THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO kg_batch_internal.conversation_change (graph_id, conversation_id) SELECT n.graph_id, n.conversation_id FROM new_rows n;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO kg_batch_internal.conversation_change (graph_id, conversation_id)
        SELECT x.graph_id, x.conversation_id
        FROM (SELECT n.graph_id, n.conversation_id, n.job_id, n.cut_deliveries >= n.deliveries, n.settle_at IS NULL, n.cut_error IS NULL,
                  CASE WHEN n.cut_deliveries = 0 THEN n.messages END FROM new_rows n
              EXCEPT
              SELECT o.graph_id, o.conversation_id, o.job_id, o.cut_deliveries >= o.deliveries, o.settle_at IS NULL, o.cut_error IS NULL,
                  CASE WHEN o.cut_deliveries = 0 THEN o.messages END FROM old_rows o) x;
    ELSE
        INSERT INTO kg_batch_internal.conversation_change (graph_id, conversation_id) SELECT o.graph_id, o.conversation_id FROM old_rows o;
    END IF;
    GET DIAGNOSTICS noted = ROW_COUNT;
    IF noted >= 10000 THEN
        PERFORM kg_batch_internal.fold_many();
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION kg_batch_internal.note_conversations() IS 'notes conversations that a statement changed so that they may count as something else';

CREATE FUNCTION kg_batch_internal.note_queue() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('session_replication_role') = 'replica' AND kg_batch_internal.comes_by_subscription() THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO kg_batch_internal.job_count_change (graph_id, job_id, what, step, number, size)
        SELECT n.graph_id, n.job_id, 'queue', n.kind, count(*), 0 FROM new_rows n GROUP BY n.graph_id, n.job_id, n.kind;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO kg_batch_internal.job_count_change (graph_id, job_id, what, step, number, size)
        SELECT x.graph_id, x.job_id, 'queue', x.kind, sum(x.sign), 0
        FROM (SELECT n.graph_id, n.job_id, n.kind, 1 AS sign FROM new_rows n UNION ALL SELECT o.graph_id, o.job_id, o.kind, -1 FROM old_rows o) x
        GROUP BY x.graph_id, x.job_id, x.kind HAVING sum(x.sign) <> 0;
    ELSE
        INSERT INTO kg_batch_internal.job_count_change (graph_id, job_id, what, step, number, size)
        SELECT o.graph_id, o.job_id, 'queue', o.kind, -count(*), 0 FROM old_rows o GROUP BY o.graph_id, o.job_id, o.kind;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION kg_batch_internal.note_queue() IS 'notes what a statement changed of the number of rows in the queue by job and kind';

-- ALWAYS: that is how several tables at once are restored.
DO $$
DECLARE
    counted record;
BEGIN
    FOR counted IN SELECT * FROM (VALUES ('chunk', 'note_chunks'), ('conversation', 'note_conversations'), ('ready', 'note_queue')) AS v (name, noted_by) LOOP
        EXECUTE format('CREATE TRIGGER count_inserted AFTER INSERT ON kg_batch_internal.%I REFERENCING NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION kg_batch_internal.%I()', counted.name, counted.noted_by);
        EXECUTE format('CREATE TRIGGER count_updated AFTER UPDATE ON kg_batch_internal.%I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION kg_batch_internal.%I()', counted.name, counted.noted_by);
        EXECUTE format('CREATE TRIGGER count_deleted AFTER DELETE ON kg_batch_internal.%I REFERENCING OLD TABLE AS old_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION kg_batch_internal.%I()', counted.name, counted.noted_by);
        EXECUTE format('ALTER TABLE kg_batch_internal.%I ENABLE ALWAYS TRIGGER count_inserted, ENABLE ALWAYS TRIGGER count_updated, '
            'ENABLE ALWAYS TRIGGER count_deleted', counted.name);
    END LOOP;
END $$;

-- ---- reading ----

-- What conversations that may have changed add to job_count, and take away.
CREATE VIEW kg_batch_internal.conversation_correction AS
SELECT t.graph_id, x.job_id, x.what, x.number, x.size
FROM (SELECT DISTINCT c.graph_id, c.conversation_id FROM kg_batch_internal.conversation_change c) t
CROSS JOIN LATERAL (
    SELECT p.job_id, p.what, p.number, p.size FROM kg_batch_internal.conversation_part p
    WHERE p.graph_id = t.graph_id AND p.conversation_id = t.conversation_id OFFSET 0) x;
COMMENT ON VIEW kg_batch_internal.conversation_correction IS 'what conversations that are noted in conversation_change add to job_count, and take away';

CREATE VIEW kg_batch_internal.count_now AS
SELECT x.graph_id, x.job_id, x.what, x.step, sum(x.number)::bigint AS number, sum(x.size)::bigint AS size
FROM (SELECT c.graph_id, c.job_id, c.what, c.step, c.number, c.size FROM kg_batch_internal.job_count c
      UNION ALL SELECT c.graph_id, c.job_id, c.what, c.step, c.number, c.size FROM kg_batch_internal.job_count_change c
      UNION ALL SELECT c.graph_id, c.job_id, c.what, 0::smallint, c.number, c.size FROM kg_batch_internal.conversation_correction c) x
GROUP BY x.graph_id, x.job_id, x.what, x.step;
COMMENT ON VIEW kg_batch_internal.count_now IS 'how many chunks, conversations and rows of the queue there are of each job, by what they are: exact, and as cheap as what is not folded yet';

CREATE VIEW kg_batch_internal.made_now AS
SELECT m.graph_id, m.job_id, sum(m.nodes)::bigint AS nodes, sum(m.edges)::bigint AS edges
FROM kg_batch_internal.job_made m GROUP BY m.graph_id, m.job_id;
COMMENT ON VIEW kg_batch_internal.made_now IS 'nodes and edges that chunks of each job brought to the graph';

-- ---- folding ----

-- Into a row that is there: a restore may be bringing ids that a new row would take.
-- Hardly more than two rows a job are left, so looking whether there are more is cheap.
CREATE FUNCTION kg_batch_internal.fold_made() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (SELECT count(*) > 2 * count(DISTINCT (m.graph_id, m.job_id)) + 100 FROM kg_batch_internal.job_made m) THEN
        WITH sums AS (
            SELECT m.graph_id, m.job_id, min(m.made_id) AS made_id, sum(m.nodes) AS nodes, sum(m.edges) AS edges
            FROM kg_batch_internal.job_made m GROUP BY m.graph_id, m.job_id HAVING count(*) > 1),
        gone AS (
            DELETE FROM kg_batch_internal.job_made m USING sums s
            WHERE m.graph_id = s.graph_id AND m.job_id = s.job_id AND m.made_id <> s.made_id)
        UPDATE kg_batch_internal.job_made m SET nodes = s.nodes, edges = s.edges
        FROM sums s WHERE m.graph_id = s.graph_id AND m.made_id = s.made_id;
    END IF;
END $$;
COMMENT ON FUNCTION kg_batch_internal.fold_made() IS 'sums up what rounds noted of nodes and edges, a row a job, once there are many';

-- One at a time (LockClass::counting): nobody else writes job_count and conversation_count.
-- What is noted and what it counts as are looked at in one statement, so of one moment.
-- By keys: a million conversations that were handed in leave pages behind in which notes
-- were, and a scan would look at each of them again and again.
CREATE FUNCTION kg_batch_internal.fold_counts(most int) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found bigint;
BEGIN
    WITH changes AS MATERIALIZED (
        DELETE FROM kg_batch_internal.job_count_change WHERE ctid = ANY (ARRAY(SELECT c.ctid FROM kg_batch_internal.job_count_change c ORDER BY c.graph_id, c.change_id LIMIT most))
        RETURNING graph_id, job_id, what, step, number, size),
    touched AS MATERIALIZED (
        DELETE FROM kg_batch_internal.conversation_change WHERE ctid = ANY (ARRAY(SELECT c.ctid FROM kg_batch_internal.conversation_change c ORDER BY c.graph_id, c.change_id LIMIT most))
        RETURNING graph_id, conversation_id),
    seen AS MATERIALIZED (
        SELECT t.graph_id, t.conversation_id, s.job_id, s.is_done, s.is_settling, s.uncut_messages, c.job_id AS old_job_id, c.is_done AS was_done,
            c.is_settling AS was_settling, c.uncut_messages AS were_uncut
        FROM (SELECT DISTINCT t.graph_id, t.conversation_id FROM touched t) t
        LEFT JOIN LATERAL (
            SELECT s.job_id, s.is_done, s.is_settling, s.uncut_messages FROM kg_batch_internal.conversation_standing s
            WHERE s.graph_id = t.graph_id AND s.conversation_id = t.conversation_id OFFSET 0) s ON true
        LEFT JOIN LATERAL (
            SELECT c.job_id, c.is_done, c.is_settling, c.uncut_messages FROM kg_batch_internal.conversation_count c
            WHERE c.graph_id = t.graph_id AND c.conversation_id = t.conversation_id OFFSET 0) c ON true),
    counted AS (
        INSERT INTO kg_batch_internal.conversation_count (graph_id, conversation_id, job_id, is_done, is_settling, uncut_messages)
        SELECT s.graph_id, s.conversation_id, s.job_id, s.is_done, s.is_settling, s.uncut_messages FROM seen s
        WHERE s.job_id IS NOT NULL AND (s.job_id, s.is_done, s.is_settling, s.uncut_messages)
            IS DISTINCT FROM (s.old_job_id, s.was_done, s.was_settling, s.were_uncut)
        ON CONFLICT (graph_id, conversation_id) DO UPDATE SET job_id = EXCLUDED.job_id, is_done = EXCLUDED.is_done,
            is_settling = EXCLUDED.is_settling, uncut_messages = EXCLUDED.uncut_messages),
    gone AS (
        DELETE FROM kg_batch_internal.conversation_count c USING seen s
        WHERE s.job_id IS NULL AND c.graph_id = s.graph_id AND c.conversation_id = s.conversation_id),
    summed AS MATERIALIZED (
        SELECT x.graph_id, x.job_id, x.what, x.step, sum(x.number) AS number, sum(x.size) AS size
        FROM (SELECT c.graph_id, c.job_id, c.what, c.step, c.number, c.size FROM changes c
              UNION ALL
              SELECT p.graph_id, p.job_id, p.what, 0::smallint, p.number, p.size
              FROM (SELECT t.graph_id, t.conversation_id FROM seen t OFFSET 0) t
              CROSS JOIN LATERAL (
                  SELECT p.graph_id, p.job_id, p.what, p.number, p.size FROM kg_batch_internal.conversation_part p
                  WHERE p.graph_id = t.graph_id AND p.conversation_id = t.conversation_id OFFSET 0) p) x
        GROUP BY x.graph_id, x.job_id, x.what, x.step HAVING sum(x.number) <> 0 OR sum(x.size) <> 0),
    folded AS (
        INSERT INTO kg_batch_internal.job_count AS c (graph_id, job_id, what, step, number, size)
        SELECT s.graph_id, s.job_id, s.what, s.step, s.number, s.size FROM summed s
        ON CONFLICT (graph_id, job_id, what, step) DO UPDATE SET number = c.number + EXCLUDED.number, size = c.size + EXCLUDED.size)
    SELECT GREATEST((SELECT count(*) FROM changes), (SELECT count(*) FROM touched)) INTO found;
    PERFORM kg_batch_internal.fold_made();
    RETURN found;
END $$;
COMMENT ON FUNCTION kg_batch_internal.fold_counts(int) IS 'takes up to so many notes of either sort into job_count; returns how many it found';

-- ---- counting anew ----

-- What a plain count gives where the counts say something else: nothing, ever.
CREATE VIEW kg_batch_internal.count_difference AS
SELECT graph_id, job_id, what, step, sum(x.number)::bigint AS number, sum(x.size)::bigint AS size
FROM (SELECT k.graph_id, k.job_id, 'chunk ' || k.state AS what, CASE WHEN k.state IN ('ready', 'asking') THEN k.step ELSE 0 END AS step,
          count(*) AS number, sum(k.countable) AS size FROM kg_batch_internal.chunk k GROUP BY 1, 2, 3, 4
      UNION ALL
      SELECT q.graph_id, q.job_id, 'queue', q.kind, count(*), 0 FROM kg_batch_internal.ready q GROUP BY 1, 2, 4
      UNION ALL
      SELECT p.graph_id, p.job_id, p.what, 0, sum(p.number), sum(p.size)
      FROM kg_batch_internal.conversation_part p WHERE p.sign > 0 GROUP BY 1, 2, 3
      UNION ALL
      SELECT c.graph_id, c.job_id, c.what, c.step, -c.number, -c.size FROM kg_batch_internal.count_now c) x
GROUP BY x.graph_id, x.job_id, x.what, x.step HAVING sum(x.number) <> 0 OR sum(x.size) <> 0;
COMMENT ON VIEW kg_batch_internal.count_difference IS 'what a plain count has more than count_now, or less: empty, unless somebody wrote past the triggers';

-- Only what differs is noted, so it may run beside whoever writes.
CREATE FUNCTION kg_batch_internal.count_anew() RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO kg_batch_internal.job_count_change (graph_id, job_id, what, step, number, size)
    SELECT d.graph_id, d.job_id, d.what, d.step, d.number, d.size FROM kg_batch_internal.count_difference d WHERE NOT starts_with(d.what, 'conversation');
    INSERT INTO kg_batch_internal.conversation_change (graph_id, conversation_id)
    SELECT COALESCE(s.graph_id, c.graph_id), COALESCE(s.conversation_id, c.conversation_id)
    FROM kg_batch_internal.conversation_standing s
    FULL JOIN kg_batch_internal.conversation_count c ON c.graph_id = s.graph_id AND c.conversation_id = s.conversation_id
    WHERE (s.job_id, s.is_done, s.is_settling, s.uncut_messages) IS DISTINCT FROM (c.job_id, c.is_done, c.is_settling, c.uncut_messages) $$;
COMMENT ON FUNCTION kg_batch_internal.count_anew() IS 'notes what the counts of jobs are wrong by: after a restore or copy, and for upgrade scripts';
