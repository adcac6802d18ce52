-- Tables that are followed.

CREATE VIEW kg_batch.follows WITH (security_barrier) AS
SELECT COALESCE(format('%I.%I', m.nspname, c.relname), f.name) AS source, g.name AS graph, j.name AS job,
    CASE WHEN p.error IS NOT NULL THEN 'failing' WHEN w.waiting > 0 THEN 'reading' ELSE 'following' END AS state,
    w.waiting, f.taken, f.taken_at, p.error, p.hint,
    CASE WHEN f.retry_at > clock_timestamp() THEN f.retry_at END AS next_retry,
    f.columns || CASE WHEN f.log IS NULL THEN '{}' ELSE jsonb_build_object('log', f.log) END AS columns,
    f.deletions, COALESCE(r.rolname::text, f.role::oid::text) AS role, f.since, f.graph_id, f.job_id
FROM kg_batch_internal.follow f
JOIN kg_batch_internal.graph g ON g.graph_id = f.graph_id
JOIN kg_batch_internal.job j ON j.graph_id = f.graph_id AND j.job_id = f.job_id
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting FROM kg_batch_internal.follow_change x WHERE x.graph_id = f.graph_id AND x.follow_id = f.follow_id) w
LEFT JOIN kg_batch_internal.follow_trouble p ON p.graph_id = f.graph_id AND p.follow_id = f.follow_id
LEFT JOIN pg_catalog.pg_class c ON c.oid = f.source
LEFT JOIN pg_catalog.pg_namespace m ON m.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_roles r ON r.oid = f.role
WHERE f.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.follows IS 'tables whose rows are handed in as they are written, by follow';
COMMENT ON COLUMN kg_batch.follows.state IS 'following (all that was committed is taken in), reading, or failing: then error and hint say why and what to do';
COMMENT ON COLUMN kg_batch.follows.waiting IS 'changes that are not taken in yet; all that is in the table counts as one';
COMMENT ON COLUMN kg_batch.follows.taken IS 'changes that were taken in';
COMMENT ON COLUMN kg_batch.follows.taken_at IS 'when some were taken in last';
COMMENT ON COLUMN kg_batch.follows.next_retry IS 'when it is tried again by itself; null where nothing failed or it is tried now';
COMMENT ON COLUMN kg_batch.follows.columns IS 'columns of the table by what they are read as; log: the key of the conversation that all rows are, where no column tells conversations apart';
COMMENT ON COLUMN kg_batch.follows.deletions IS 'what is deleted there is forgotten here';
COMMENT ON COLUMN kg_batch.follows.role IS 'with whose rights it is read';
