-- What was read more than once.

CREATE VIEW kg_batch.reading WITH (security_barrier) AS
SELECT c.graph_id, v.key AS conversation, COALESCE(c.rereads, c.chunk_id) AS first_chunk_id, c.reading, c.chunk_id, c.state,
    c.folded AND NOT EXISTS (SELECT FROM kg_batch_internal.chunk r WHERE r.graph_id = c.graph_id AND r.rereads = COALESCE(c.rereads, c.chunk_id)
        AND r.reading >= c.reading GROUP BY r.reading HAVING bool_and(r.folded) <> (r.reading = c.reading)) AS counts,
    (SELECT count(*) FROM kg_batch_internal.fact f WHERE f.graph_id = c.graph_id AND f.chunk_id = c.chunk_id) AS facts,
    COALESCE(a.prompts, '{}') AS prompts, a.model, j.name AS job, c.job_id, c.done_at
FROM kg_batch_internal.chunk c
CROSS JOIN LATERAL (
    SELECT w.key FROM kg_batch_internal.conversation w
    WHERE w.graph_id = c.graph_id AND w.conversation_id = c.conversation_id OFFSET 0) v
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT q.stage || ' ' || p.version ORDER BY q.stage || ' ' || p.version) AS prompts, max(q.model) AS model
    FROM unnest(c.answered_requests || c.request_id) AS i (request_id)
    CROSS JOIN LATERAL (
        SELECT r.stage, r.prompt_id, r.model FROM kg_batch_internal.request r
        WHERE r.graph_id = c.graph_id AND r.request_id = i.request_id OFFSET 0) q
    JOIN kg_batch_internal.prompt p ON p.prompt_id = q.prompt_id) a
JOIN kg_batch_internal.job j ON j.graph_id = c.graph_id AND j.job_id = c.job_id
WHERE c.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.reading IS 'chunks and how often each was read: a row a chunk and reading, several where an answer was cut off by length';
COMMENT ON COLUMN kg_batch.reading.first_chunk_id IS 'chunk_id of the first reading: the same for all readings of it';
COMMENT ON COLUMN kg_batch.reading.reading IS 'from 1; reread makes the next';
COMMENT ON COLUMN kg_batch.reading.counts IS 'whether the graph is made of this one: the newest that is in it whole';
COMMENT ON COLUMN kg_batch.reading.facts IS 'how many facts it gave, those that rest included';
COMMENT ON COLUMN kg_batch.reading.prompts IS 'stages and versions of the prompts with which it was asked';
COMMENT ON COLUMN kg_batch.reading.model IS 'the model that was asked';

CREATE VIEW kg_batch.former_fact WITH (security_barrier) AS
SELECT f.graph_id, f.fact_id, f.text, f.modality, f.negated,
    COALESCE(NULLIF(v.participant_names[f.said_by], ''), CASE WHEN f.said_by IS NOT NULL THEN 'user' END) AS said_by,
    f.said_at, v.key AS conversation, COALESCE(c.rereads, c.chunk_id) AS first_chunk_id, c.reading
FROM kg_batch_internal.chunk c
JOIN kg_batch_internal.fact f ON f.graph_id = c.graph_id AND f.chunk_id = c.chunk_id AND NOT f.live
JOIN kg_batch_internal.conversation v ON v.graph_id = c.graph_id AND v.conversation_id = c.conversation_id
WHERE c.folded AND EXISTS (SELECT FROM kg_batch_internal.chunk r WHERE r.graph_id = c.graph_id AND r.rereads = COALESCE(c.rereads, c.chunk_id)
        AND r.reading > c.reading GROUP BY r.reading HAVING bool_and(r.folded))
  AND c.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.former_fact IS 'facts of readings in whose place a newer one is';
COMMENT ON COLUMN kg_batch.former_fact.first_chunk_id IS 'chunk_id of the first reading, as in kg_batch.reading';
COMMENT ON COLUMN kg_batch.former_fact.reading IS 'which reading gave it';
