-- How many of what there is of each job, so that nobody has to count chunks,
-- conversations or the queue to see how far a job is.
--
-- Whoever changes rows notes what that adds and takes away, in rows of its own:
-- none waits for another, as it would for a row of the job. The coordinator folds
-- the notes (fold_counts); who reads adds what is not folded yet (count_now), so
-- what is read is exact at any time. What a statement changes is noted by triggers,
-- which no statement can forget, COPY and replication included. Nothing of this is
-- dumped: what comes back is counted as it comes.

CREATE TABLE kg_batch_internal.job_count (
    graph_id bigint NOT NULL,
    job_id   bigint NOT NULL,
    what     text COLLATE "C" NOT NULL,
    step     smallint NOT NULL,
    number   bigint NOT NULL,
    size     bigint NOT NULL,
    PRIMARY KEY (graph_id, job_id, what, step)
) WITH (fillfactor = 50);
COMMENT ON TABLE kg_batch_internal.job_count IS 'how many chunks, conversations and rows of the queue there are of each job, but for what job_count_change and conversation_change have';
COMMENT ON COLUMN kg_batch_internal.job_count.what IS 'a state of chunks (chunk ready, chunk done …); queue; conversation, and of those: conversation done, conversation settling, conversation uncut';
COMMENT ON COLUMN kg_batch_internal.job_count.step IS 'of chunks that are open their step, of the queue the kind; else 0';
COMMENT ON COLUMN kg_batch_internal.job_count.size IS 'of chunks their sentences, of conversations that are not cut yet their messages';

CREATE TABLE kg_batch_internal.job_count_change (
    graph_id bigint NOT NULL,
    job_id   bigint NOT NULL,
    what     text COLLATE "C" NOT NULL,
    step     smallint NOT NULL,
    number   bigint NOT NULL,
    size     bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE kg_batch_internal.job_count_change IS 'what statements added to the counts of jobs and took away; emptied by the coordinator';

CREATE TABLE kg_batch_internal.conversation_count (
    graph_id        bigint NOT NULL,
    conversation_id bigint NOT NULL,
    job_id          bigint NOT NULL,
    is_done         boolean NOT NULL,
    is_settling     boolean NOT NULL,
    uncut_messages  int,
    PRIMARY KEY (graph_id, conversation_id)
) WITH (fillfactor = 80);
COMMENT ON TABLE kg_batch_internal.conversation_count IS 'as what each conversation is counted in job_count';
COMMENT ON COLUMN kg_batch_internal.conversation_count.is_done IS 'cut, not settling, and all its chunks were read';
COMMENT ON COLUMN kg_batch_internal.conversation_count.uncut_messages IS 'null once it was cut, or could not be';

CREATE TABLE kg_batch_internal.conversation_change (
    graph_id        bigint NOT NULL,
    conversation_id bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE kg_batch_internal.conversation_change IS 'conversations that may count as something else now; emptied by the coordinator';

-- As of the other tables of a graph (20_tables_graph.sql).
DO $$ BEGIN
    ALTER TABLE kg_batch_internal.job_count ALTER COLUMN graph_id SET STATISTICS 0;
    ALTER TABLE kg_batch_internal.job_count_change ALTER COLUMN graph_id SET STATISTICS 0;
    ALTER TABLE kg_batch_internal.conversation_count ALTER COLUMN graph_id SET STATISTICS 0;
    ALTER TABLE kg_batch_internal.conversation_change ALTER COLUMN graph_id SET STATISTICS 0;
END $$;
