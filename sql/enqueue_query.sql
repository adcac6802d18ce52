-- What enqueue_query reads and what it refuses, and what estimates say.
CREATE EXTENSION kg_batch;
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT kg_batch.create_job('looked at', '{"paused": true}') > 0 AS made;
SELECT kg_batch.create_graph('other') > 0 AS made;
SELECT kg_batch.stop();

CREATE TABLE chat (log text, n int, name text, words text, at timestamptz);
INSERT INTO chat SELECT 'log ' || c, n, CASE n % 2 WHEN 0 THEN 'Anna' ELSE 'Bob' END, 'Sentence ' || n || ' of log ' || c || '.', '2024-05-03 18:00+00'::timestamptz + n * interval '1 minute'
    FROM pg_catalog.generate_series(1, 3) c, pg_catalog.generate_series(1, 900) n;

-- Conversations may be interleaved; rows of one keep the query's order over all pages.
SELECT kg_batch.enqueue_query('SELECT log AS conversation, name AS speaker, words AS content, at AS sent_at, n AS message_id FROM chat ORDER BY n, log', 'looked at') IS NOT NULL AS taken;
SELECT v.key, v.messages, v.deliveries, v.closing, v.participant_names, pg_catalog.count(*),
       pg_catalog.bool_and(m.message_key = 'i:' || m.position) AS in_order, pg_catalog.min(m.sent_at), pg_catalog.max(m.sent_at)
FROM kg_batch_internal.conversation v JOIN kg_batch_internal.message m USING (graph_id, conversation_id) GROUP BY v.graph_id, v.conversation_id ORDER BY v.key;

-- Again: nothing new. As a dry run: nothing stored.
SELECT kg_batch.enqueue_query('SELECT log AS conversation, name AS speaker, words AS content, n AS message_id FROM chat', 'looked at') IS NOT NULL AS taken;
SELECT kg_batch.enqueue_query('SELECT words AS content, ''user'' AS role FROM chat', 'looked at', dry_run => true) IS NOT NULL AS taken;
SELECT pg_catalog.count(*) AS conversations, pg_catalog.sum(deliveries) AS deliveries FROM kg_batch_internal.conversation;

-- Columns of any type; without `conversation` all rows are one log. JSON may be parts,
-- what no text may hold is replaced and counted.
SELECT kg_batch.enqueue_query($$SELECT pg_catalog.convert_to('I have ', 'UTF8') || '\x00c328' AS content, 'user'::name AS role, date '2024-05-03' AS sent_at, NULL AS session$$, 'looked at') IS NOT NULL AS taken;
SELECT kg_batch.enqueue_query($$SELECT '[{"type": "text", "text": "cats \u0000 \ud800"}, {"type": "image_url"}]'::json AS content, 'user' AS role, timestamp '2024-05-03 10:00' AS sent_at$$, 'looked at') IS NOT NULL AS taken;
SELECT kg_batch.enqueue_query($$SELECT NULL AS content, 'user' AS role, 'x' AS unknown$$, 'looked at') IS NOT NULL AS taken;
SELECT m.content, m.sent_at, m.skipped, m.repaired, pg_catalog.left(v.key, 2) AS key FROM kg_batch_internal.message m JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id)
    WHERE v.key LIKE 'q:%' ORDER BY m.message_id;

-- A graph a row, each with its inbox.
SELECT kg_batch.enqueue_query($$SELECT 'Words.' AS content, 'Anna' AS speaker, g AS graph FROM pg_catalog.unnest('{default,other}'::text[]) g$$, priority => 999) IS NOT NULL AS taken;
SELECT g.name, pg_catalog.count(*) FROM kg_batch_internal.message m JOIN kg_batch_internal.graph g USING (graph_id) WHERE m.content = 'Words.' GROUP BY g.name ORDER BY g.name;
SELECT kg_batch.enqueue_query($$SELECT 'x' AS content, 'Anna' AS speaker, 'nowhere' AS graph$$);
SELECT kg_batch.enqueue_query($$SELECT 'x' AS content, 'Anna' AS speaker, 'other' AS graph$$, 'looked at');

-- Queries that are none.
SELECT kg_batch.enqueue_query(NULL);
SELECT kg_batch.enqueue_query('');
SELECT kg_batch.enqueue_query('SELECT FROM');
SELECT kg_batch.enqueue_query('SELECT 1; SELECT 2');
SELECT kg_batch.enqueue_query('DELETE FROM chat');
SELECT kg_batch.enqueue_query('DELETE FROM chat RETURNING words AS content, name AS speaker');
SELECT kg_batch.enqueue_query('WITH gone AS (DELETE FROM chat RETURNING *) SELECT words AS content, name AS speaker FROM gone');
SELECT kg_batch.enqueue_query('SELECT words AS content, name AS speaker INTO copy FROM chat');
SELECT kg_batch.enqueue_query('SELECT words AS content, name AS speaker FROM chat FOR UPDATE');
SELECT kg_batch.enqueue_query('SELECT * FROM (SELECT words AS content, name AS speaker FROM chat FOR UPDATE) locked');
SELECT kg_batch.enqueue_query('SELECT words, name FROM chat');
SELECT kg_batch.enqueue_query('SELECT words AS content, name FROM chat');
SELECT kg_batch.enqueue_query('SELECT words AS content, name AS speaker FROM nowhere');
SELECT kg_batch.enqueue_query('SELECT words AS content, name AS speaker FROM chat WHERE n = $1');
SELECT kg_batch.enqueue_query('SELECT 1', on_error => 'retry');
SELECT pg_catalog.count(*) FROM chat;

-- A row that is wrong: an error that names it, or that row alone rejected.
CREATE TABLE rows (n int, log text, who text, said text, sent text);
INSERT INTO rows VALUES (1, 'a', 'Anna', 'one', '2024-05-03'), (2, 'a', NULL, 'two', NULL), (3, '', 'Anna', 'three', NULL),
    (4, 'a', 'Anna', 'four', 'yesteryear'), (5, 'a', 'Anna', pg_catalog.repeat('x', 10000000), NULL), (6, 'a', 'Anna', 'six', '');
SELECT kg_batch.enqueue_query('SELECT log AS conversation, who AS speaker, said AS content, sent AS sent_at FROM rows WHERE n <= 2 ORDER BY n', 'looked at');
SELECT kg_batch.enqueue_query('SELECT log AS conversation, who AS speaker, said AS content, sent AS sent_at FROM rows WHERE n IN (1, 3) ORDER BY n', 'looked at');
SELECT kg_batch.enqueue_query('SELECT log AS conversation, who AS speaker, said AS content, sent AS sent_at FROM rows WHERE n IN (1, 4) ORDER BY n', 'looked at');
SELECT kg_batch.enqueue_query('SELECT log AS conversation, who AS speaker, said AS content, sent AS sent_at FROM rows WHERE n IN (1, 5) ORDER BY n', 'looked at');
SELECT pg_catalog.count(*) FROM kg_batch_internal.conversation WHERE key = 'a';
SELECT kg_batch.enqueue_query('SELECT log AS conversation, who AS speaker, said AS content, sent AS sent_at FROM rows ORDER BY n', 'looked at', on_error => 'skip') IS NOT NULL AS taken;
SELECT m.content FROM kg_batch_internal.message m JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE v.key = 'a' ORDER BY m.position;
SELECT source, item, reason, pg_catalog.left(body, 60) AS body FROM kg_batch_internal.rejected ORDER BY rejected_id;

-- Estimates: nothing is stored, and both ways of asking agree.
SELECT kg_batch.create_job('estimated', '{"paused": true}') > 0 AS made;
SELECT kg_batch.enqueue_query('SELECT ''e '' || log AS conversation, name AS speaker, words AS content, at AS sent_at FROM chat', 'estimated') IS NOT NULL AS taken;
SELECT conversations, sentences, chunks, requests, mode, model, measured, output_tokens = sentences * 80 AS output_assumed, cost < direct_cost AS cheaper
FROM kg_batch.estimate('estimated');
SELECT j.* = q.* AS agree FROM kg_batch.estimate('estimated') j,
    kg_batch.estimate_query('SELECT log AS conversation, name AS speaker, words AS content, at AS sent_at FROM chat') q;
SELECT e.* = n.* AS agree FROM kg_batch_internal.job j, kg_batch.estimate('estimated') e, kg_batch.estimate(j.job_id) n WHERE j.name = 'estimated';
SELECT kg_batch.estimate('nothing such');

DROP TABLE chat, rows;
DROP EXTENSION kg_batch CASCADE;
