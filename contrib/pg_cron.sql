-- A graph that follows a table of messages by night, with pg_cron: new messages in,
-- old conversations out, a report in the morning.
--
--   psql -d DATABASE -U ROLE -f contrib/pg_cron.sql
--
-- in the database that has both extensions (cron.database_name), as the role that
-- the jobs are to run as. What that role needs, from a superuser:
--
--   GRANT USAGE ON SCHEMA cron TO ROLE;
--   GRANT SELECT ON chat_message TO ROLE;
--   GRANT CREATE ON SCHEMA public TO ROLE;              -- for the table of reports; once
--   SELECT kg_batch.grant_access('ROLE', 'admin');      -- writer, without the second job
--
-- Times are in GMT, as pg_cron has them. Running it again changes the jobs in place.

CREATE TABLE IF NOT EXISTS public.kg_report (day date PRIMARY KEY, job text, chunks bigint, chunks_failed bigint, cost numeric, page text);
COMMENT ON TABLE public.kg_report IS 'what each night brought; page is HTML to look at';

-- New messages, as a job of the night with a budget of its own. The window is wider
-- than a day because handing in again is no repeat and costs nothing: a night that
-- was missed is made up for.
SELECT cron.schedule('kg_batch: new messages', '15 1 * * *', $job$
    SELECT kg_batch.enqueue_query($messages$
        SELECT chat_id AS conversation, id AS message_id, author AS speaker, body AS content, sent_at
        FROM public.chat_message WHERE sent_at > now() - interval '3 days' ORDER BY chat_id, sent_at, id
    $messages$, job => kg_batch.create_job('night of ' || current_date, '{"budget": 1}'))
$job$);

-- Conversations whose newest message is older than two years are forgotten, with all
-- that came of them, a thousand a night. (The setting kg_batch.retention is another
-- thing: it cuts the texts of answers, and the graph stays.)
SELECT cron.schedule('kg_batch: forget', '15 4 * * *', $job$
    WITH old AS MATERIALIZED (
        SELECT chat_id::text AS conversation FROM public.chat_message GROUP BY chat_id HAVING max(sent_at) < now() - interval '2 years'
        INTERSECT SELECT conversation FROM kg_batch.reading ORDER BY 1 LIMIT 1000)
    SELECT count(kg_batch.forget(conversation)) FROM old
$job$);

-- What the night brought.
SELECT cron.schedule('kg_batch: report', '0 6 * * *', $job$
    INSERT INTO public.kg_report
    SELECT current_date, job, chunks, chunks_failed, cost, kg_batch.report(job_id)
    FROM kg_batch.progress WHERE job = 'night of ' || current_date
    ON CONFLICT (day) DO UPDATE SET (job, chunks, chunks_failed, cost, page)
        = (EXCLUDED.job, EXCLUDED.chunks, EXCLUDED.chunks_failed, EXCLUDED.cost, EXCLUDED.page)
$job$);
