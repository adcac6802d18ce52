-- The last part of the script: who may what, and what pg_dump takes along. A
-- table or function that is added stands before this.

-- Nobody but the owner has a right on anything, whatever default privileges the
-- database has. grant_access opens views and functions of kg_batch to a role
-- (kg_batch_internal.grant_entry), which show and do what that role was granted.
DO $$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS sort, c.oid::regclass::text AS name, a.grantee
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE c.relnamespace IN ('kg_batch'::regnamespace, 'kg_batch_internal'::regnamespace) AND c.relkind IN ('r', 'v', 'S')
          AND a.grantee <> c.relowner
        UNION
        SELECT 'ROUTINE', p.oid::regprocedure::text, a.grantee
        FROM pg_proc p CROSS JOIN LATERAL aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) a
        WHERE p.pronamespace IN ('kg_batch'::regnamespace, 'kg_batch_internal'::regnamespace) AND a.grantee <> p.proowner
        UNION
        SELECT 'SCHEMA', n.nspname::text, a.grantee
        FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a
        WHERE n.nspname IN ('kg_batch', 'kg_batch_internal') AND a.grantee <> n.nspowner
    LOOP
        EXECUTE format('REVOKE ALL ON %s %s FROM %s', object.sort, object.name,
            CASE WHEN object.grantee = 0 THEN 'PUBLIC' ELSE object.grantee::regrole::text END);
    END LOOP;
END $$;

-- The second fence: should somebody be granted a table by mistake, rows of other
-- graphs stay out of sight. The owner, as whom views and functions work, is not
-- held by it: a policy would keep text indexes from being used.
DO $$
DECLARE
    name regclass;
BEGIN
    FOR name IN
        SELECT a.attrelid::regclass FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relkind = 'r' AND a.attname = 'graph_id' AND NOT a.attisdropped
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY own_graphs ON %s USING '
            '(graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, ''admin''))::bigint[]))', name);
        EXECUTE format('COMMENT ON POLICY own_graphs ON %s IS ''rows of graphs that one is admin of''', name);
    END LOOP;
END $$;

-- Rows of these go into a dump: all tables but those that describe this very
-- installation (home), are made again from the others (ready, claimed, turn, and
-- what is counted of jobs, as their rows come back), or mean nothing elsewhere
-- (worker, spending, work_minute, answer_minute). Shipped rows come with the script,
-- and shipped_taxon holds nothing else.
DO $$
DECLARE
    dumped record;
    sequence text;
BEGIN
    FOR dumped IN
        SELECT c.oid, c.relname,
            CASE WHEN c.relname IN ('prompt', 'predicate', 'model_price') THEN 'WHERE NOT shipped' ELSE '' END AS condition
        FROM pg_class c
        WHERE c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relkind = 'r'
          AND c.relname NOT IN ('home', 'ready', 'claimed', 'turn', 'worker', 'spending', 'shipped_taxon', 'work_minute', 'answer_minute',
            'job_count', 'job_count_change', 'conversation_count', 'conversation_change')
        ORDER BY c.relname
    LOOP
        PERFORM pg_extension_config_dump(dumped.oid, dumped.condition);
        FOR sequence IN
            SELECT pg_get_serial_sequence(format('kg_batch_internal.%I', dumped.relname), a.attname)
            FROM pg_attribute a WHERE a.attrelid = dumped.oid AND a.attidentity <> ''
        LOOP
            PERFORM pg_extension_config_dump(sequence::regclass, '');
        END LOOP;
    END LOOP;
END $$;
