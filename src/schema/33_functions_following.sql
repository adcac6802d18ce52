-- What following a table takes inside: its triggers, the query that reads it, and
-- what may be wrong with it.

CREATE FUNCTION kg_batch_internal.note_written() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_note_written';
COMMENT ON FUNCTION kg_batch_internal.note_written()
    IS 'notes the key of a row that was written, as the owner and in the writer''s transaction; evaluates nothing of the writer''s';

CREATE FUNCTION kg_batch_internal.take_followed(graph bigint, follow bigint) RETURNS boolean
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_take_followed';
COMMENT ON FUNCTION kg_batch_internal.take_followed(bigint, bigint)
    IS 'reads the next rows that changed, with the follower''s rights, and hands them in; whether there are more';

CREATE FUNCTION kg_batch_internal.note_truncate() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_note_truncate';
COMMENT ON FUNCTION kg_batch_internal.note_truncate() IS 'notes all messages of a followed table that is about to be emptied';

-- Before the rows go, while they can be read. Their text is made by output functions
-- alone, a cast could be anybody's, and is what a worker reads whatever the settings of
-- whoever empties the table are (backend/plain_text.h). Where a column is gone there is
-- nothing to say which messages they were, and the table is emptied all the same.
CREATE FUNCTION kg_batch_internal.note_all_gone(source regclass, graph text, follow text, message_id text, conversation text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO, YMD' SET "IntervalStyle" = 'iso_8601'
    SET extra_float_digits = 1 SET bytea_output = 'hex' AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(ARRAY[message_id, conversation]) c (name) WHERE c.name <> '' AND NOT EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = source AND a.attname = c.name AND a.attnum > 0 AND NOT a.attisdropped)) THEN
        RETURN;
    END IF;
    EXECUTE format('INSERT INTO kg_batch_internal.follow_change (graph_id, follow_id, key, gone_conversation, gone_message) '
        'SELECT %L::bigint, %L::bigint, ''{}'', %s, format(''%%s'', s.%I) FROM %s s', graph, follow,
        CASE WHEN conversation = '' THEN 'NULL' ELSE format('format(''%%s'', s.%I)', conversation) END, message_id, source);
END $$;
COMMENT ON FUNCTION kg_batch_internal.note_all_gone(regclass, text, text, text, text) IS 'notes every row of a followed table as gone';

-- They go with the extension and not before it: nothing of a user's keeps it from being dropped.
CREATE FUNCTION kg_batch_internal.set_follow_triggers(graph bigint, follow bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    f       kg_batch_internal.follow;
    trigger text := format('kg_batch_follow_%s', follow);
    columns text;
BEGIN
    PERFORM kg_batch_internal.drop_follow_triggers(graph, follow);
    SELECT * INTO STRICT f FROM kg_batch_internal.follow x WHERE x.graph_id = graph AND x.follow_id = follow;
    SELECT string_agg(quote_literal(c.value), ', ' ORDER BY c.value) INTO columns FROM jsonb_each_text(f.columns) c;
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE %s ON %s FOR EACH ROW EXECUTE FUNCTION kg_batch_internal.note_written(%L, %L, %L, %L, %L, %s)',
        trigger, CASE WHEN f.deletions THEN 'OR DELETE' END, f.source, graph, follow, f.deletions, f.columns ->> 'message_id',
        COALESCE(f.columns ->> 'conversation', ''), columns);
    -- Also for what arrives by logical replication.
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', f.source, trigger);
    EXECUTE format('ALTER TRIGGER %I ON %s DEPENDS ON EXTENSION kg_batch', trigger, f.source);
    IF f.deletions THEN
        trigger := trigger || '_truncate';
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION kg_batch_internal.note_truncate(%L, %L, %L, %L)',
            trigger, f.source, graph, follow, f.columns ->> 'message_id', COALESCE(f.columns ->> 'conversation', ''));
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', f.source, trigger);
        EXECUTE format('ALTER TRIGGER %I ON %s DEPENDS ON EXTENSION kg_batch', trigger, f.source);
    END IF;
END $$;
COMMENT ON FUNCTION kg_batch_internal.set_follow_triggers(bigint, bigint) IS 'makes the triggers of a followed table, instead of those that are there';

CREATE FUNCTION kg_batch_internal.drop_follow_triggers(graph bigint, follow bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    trigger record;
BEGIN
    FOR trigger IN
        SELECT t.tgname, t.tgrelid::regclass AS relation FROM kg_batch_internal.follow f JOIN pg_trigger t ON t.tgrelid = f.source
        WHERE f.graph_id = graph AND f.follow_id = follow AND t.tgparentid = 0
          AND t.tgname IN (format('kg_batch_follow_%s', follow), format('kg_batch_follow_%s_truncate', follow))
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', trigger.tgname, trigger.relation);
    END LOOP;
END $$;
COMMENT ON FUNCTION kg_batch_internal.drop_follow_triggers(bigint, bigint) IS 'takes the triggers of a followed table away';

CREATE FUNCTION kg_batch_internal.primary_key(source regclass) RETURNS TABLE (n bigint, name name, type text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
    SELECT k.n, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
    FROM pg_catalog.pg_index i CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = source AND i.indisprimary AND i.indisvalid AND k.n <= i.indnkeyatts ORDER BY k.n;
    END;
COMMENT ON FUNCTION kg_batch_internal.primary_key(regclass) IS 'columns of a table''s primary key, in its order';

-- Names are qualified and types written out: it runs with nothing but pg_catalog in
-- the search_path, as the follower.
CREATE FUNCTION kg_batch_internal.follow_query(graph bigint, follow bigint, changes bigint[]) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    f       kg_batch_internal.follow;
    columns text;
    keys    text;
    matches text;
    names   text;
    ordered text;
BEGIN
    SELECT * INTO STRICT f FROM kg_batch_internal.follow x WHERE x.graph_id = graph AND x.follow_id = follow;
    SELECT string_agg(format('s.%I AS %I', c.value, c.key), ', ' ORDER BY c.key) INTO columns FROM jsonb_each_text(f.columns) c;
    columns := columns || COALESCE(format(', %L::text AS conversation', f.log), '');
    SELECT string_agg(format('k.%I::%s = s.%I', 'k' || p.n, p.type, p.name), ' AND ' ORDER BY p.n), string_agg(format('%I', 'k' || p.n), ', ' ORDER BY p.n),
        string_agg(format('s.%I', p.name), ', ' ORDER BY p.n)
    INTO matches, names, ordered FROM kg_batch_internal.primary_key(f.source) p;
    IF changes IS NULL THEN
        RETURN format('SELECT %s FROM %s s ORDER BY %s%s', columns, f.source, CASE WHEN f.columns ? 'sent_at' THEN format('s.%I, ', f.columns ->> 'sent_at') END, ordered);
    END IF;
    SELECT string_agg(format('(%s, %s)', c.n, (SELECT string_agg(quote_nullable(u.part), ', ' ORDER BY u.place)
        FROM unnest(c.key) WITH ORDINALITY u (part, place))), ', ' ORDER BY c.n) INTO keys
    FROM (SELECT DISTINCT ON (x.key) x.key, x.change_id AS n FROM kg_batch_internal.follow_change x
          WHERE x.graph_id = graph AND x.follow_id = follow AND x.change_id = ANY (changes)
            AND cardinality(x.key) = (SELECT count(*) FROM kg_batch_internal.primary_key(f.source))
          ORDER BY x.key, x.change_id) c;
    IF changes = '{}' THEN
        SELECT format('(0, %s)', string_agg('NULL', ', ')) INTO keys FROM kg_batch_internal.primary_key(f.source);
    ELSIF keys IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN format('SELECT %s FROM (VALUES %s) k (n, %s) JOIN %s s ON %s ORDER BY k.n', columns, keys, names, f.source, matches);
END $$;
COMMENT ON FUNCTION kg_batch_internal.follow_query(bigint, bigint, bigint[])
    IS 'a SELECT of the rows of a followed table that were changed, in the order in which they were; with null, of all; with none, of the same form and of no row';

CREATE FUNCTION kg_batch_internal.follow_query_of_messages(graph bigint, follow bigint, messages text[]) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    f       kg_batch_internal.follow;
    columns text;
BEGIN
    SELECT * INTO STRICT f FROM kg_batch_internal.follow x WHERE x.graph_id = graph AND x.follow_id = follow;
    SELECT string_agg(format('s.%I AS %I', c.value, c.key), ', ' ORDER BY c.key) INTO columns FROM jsonb_each_text(f.columns) c;
    RETURN format('SELECT %s FROM unnest(%L::text[]) k (id) JOIN %s s ON k.id::%s = s.%I', columns || COALESCE(format(', %L::text AS conversation', f.log), ''),
        messages, f.source, (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = f.source AND a.attname = f.columns ->> 'message_id'),
        f.columns ->> 'message_id');
END $$;
COMMENT ON FUNCTION kg_batch_internal.follow_query_of_messages(bigint, bigint, text[]) IS 'a SELECT of the rows of a followed table that are these messages';

-- One sentence for what keeps a followed table from being read, the first that holds.
-- OFFSET 0: what is said once is planned and computed once, and not wherever it is used.
CREATE VIEW kg_batch_internal.follow_problem AS
SELECT f.graph_id, f.follow_id, p.problem,
    CASE WHEN c.oid IS NULL THEN format('SELECT kg_batch.unfollow(%s, graph => %L) ends following it; what was read stays.', f.source::oid, g.name)
        WHEN p.problem LIKE 'job %' THEN format('SELECT kg_batch.retry(%L, graph => %L) takes it up again; SELECT kg_batch.unfollow(%L, graph => %L) ends it.', j.name, g.name, n.name, g.name)
        WHEN p.problem LIKE 'role %' THEN 'Grant it the right, or call kg_batch.follow as one who has it.'
        ELSE format('Put it right, or SELECT kg_batch.follow(%L, …, graph => %L) with what holds now; nothing is lost meanwhile.', n.name, g.name) END AS hint
FROM kg_batch_internal.follow f
JOIN kg_batch_internal.graph g ON g.graph_id = f.graph_id
JOIN kg_batch_internal.job j ON j.graph_id = f.graph_id AND j.job_id = f.job_id
LEFT JOIN pg_catalog.pg_class c ON c.oid = f.source
LEFT JOIN pg_catalog.pg_namespace m ON m.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_roles r ON r.oid = f.role
CROSS JOIN LATERAL (SELECT CASE WHEN c.oid IS NULL THEN f.name ELSE format('%I.%I', m.nspname, c.relname) END AS name OFFSET 0) n
LEFT JOIN LATERAL (
    SELECT string_agg(format('"%s"', e.value), ', ' ORDER BY e.value) AS names FROM jsonb_each_text(f.columns) e
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = f.source AND a.attname = e.value AND a.attnum > 0 AND NOT a.attisdropped)) gone
    ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN c.oid IS NULL THEN format('table %s, which is followed, does not exist any more', f.name)
        WHEN gone.names IS NOT NULL THEN format('column %s of table %s, which is followed, does not exist any more', gone.names, n.name)
        WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = f.source AND i.indisprimary AND i.indisvalid)
            THEN format('table %s, which is followed, has no primary key any more', n.name)
        WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = f.source AND t.tgname = format('kg_batch_follow_%s', f.follow_id) AND t.tgenabled <> 'D')
            THEN format('the trigger by which table %s is followed was dropped or disabled', n.name)
        WHEN r.oid IS NULL THEN format('role %s, which follows table %s, does not exist any more', f.role::oid, n.name)
        WHEN j.state = 'cancelled' THEN format('job "%s", into which table %s is followed, is cancelled', j.name, n.name)
        WHEN NOT r.rolsuper AND NOT pg_catalog.pg_has_role(f.role::oid, (SELECT e.extowner FROM pg_catalog.pg_extension e WHERE e.extname = 'kg_batch'), 'USAGE')
            AND NOT EXISTS (SELECT FROM kg_batch_internal.access a JOIN pg_catalog.pg_roles o ON o.oid = a.role::oid
                WHERE a.graph_id = f.graph_id AND a.level >= CASE WHEN f.deletions THEN 4 ELSE 3 END AND pg_catalog.pg_has_role(f.role::oid, o.oid, 'USAGE'))
            THEN format('role "%s", which follows table %s, may not write to graph "%s" any more', r.rolname, n.name, g.name)
        WHEN NOT pg_catalog.has_table_privilege(f.role::oid, f.source::oid, 'SELECT') AND EXISTS (SELECT FROM jsonb_each_text(f.columns) e
                WHERE NOT pg_catalog.has_column_privilege(f.role::oid, f.source::oid, e.value, 'SELECT'))
            THEN format('role "%s", which follows table %s, may not read it any more', r.rolname, n.name) END AS problem OFFSET 0) p
WHERE p.problem IS NOT NULL;
COMMENT ON VIEW kg_batch_internal.follow_problem IS 'followed tables that cannot be read as things are, with why and what to do';

-- What whoever watches is told: what is wrong as things are, else what went wrong last.
CREATE VIEW kg_batch_internal.follow_trouble AS
SELECT f.graph_id, f.follow_id, COALESCE(p.problem, f.error) AS error, CASE WHEN p.problem IS NOT NULL THEN p.hint ELSE f.hint END AS hint
FROM kg_batch_internal.follow f
LEFT JOIN LATERAL (
    SELECT o.problem, o.hint FROM kg_batch_internal.follow_problem o WHERE o.graph_id = f.graph_id AND o.follow_id = f.follow_id OFFSET 0) p ON true
WHERE COALESCE(p.problem, f.error) IS NOT NULL;
COMMENT ON VIEW kg_batch_internal.follow_trouble IS 'what is wrong with a followed table and what to do, for views and health()';
