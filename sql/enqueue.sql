-- What enqueue takes, what it keeps, and what it refuses. Its job is paused, so
-- that nothing is cut while we look.
CREATE EXTENSION kg_batch;
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT kg_batch.create_job('looked at', '{"paused": true}') > 0 AS made;
SELECT kg_batch.stop();

CREATE VIEW pg_temp.kept AS
    SELECT v.key, m.position, m.delivery, pg_catalog.left(m.message_key, 6) AS known_by, m.version, m.role, m.participant,
           m.content, m.sent_at, m.skipped, m.replaced
    FROM kg_batch_internal.message m JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id)
    ORDER BY v.conversation_id, m.message_id;
CREATE VIEW pg_temp.conversations AS
    SELECT key, participant_names, participant_ids, messages, deliveries, closing, settle_at IS NOT NULL AS open
    FROM kg_batch_internal.conversation ORDER BY conversation_id;

-- All forms of messages; a speaker without a name is a participant too.
SELECT kg_batch.enqueue('[
    {"speaker": "Anna", "content": "I adopted a dog.", "sent_at": "2024-05-03 18:20+02"},
    {"role": "user", "content": "Okay."},
    {"role": "user", "content": "Okay.", "session": "2"},
    {"role": "assistant", "content": [{"type": "text", "text": "Nice."}, {"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "And?"}]},
    {"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]},
    {"role": "system", "content": "You are kind."},
    {"role": "tool", "content": "42", "tool_call_id": "1"},
    {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
    {"speaker": "Bob", "speaker_id": 7, "content": " "},
    {"speaker": "Bob", "content": "I live in Rome.", "some_other_key": [1]}]',
    key => 'forms', job => 'looked at') = kg_batch_internal.job.job_id AS into_the_job FROM kg_batch_internal.job WHERE name = 'looked at';
TABLE pg_temp.kept;
TABLE pg_temp.conversations;
SELECT graph_id, priority, kind, work FROM kg_batch_internal.ready;

-- Handing in again is no repeat; more of the same conversation is one more delivery.
SELECT kg_batch.enqueue('[{"speaker": "Anna", "content": "I adopted a dog."}, {"role": "user", "content": "Okay."},
    {"role": "user", "content": "Okay."}, {"role": "user", "content": "Okay."}]', key => 'forms', job => 'looked at') IS NOT NULL AS taken;
SELECT position, delivery, content FROM pg_temp.kept WHERE key = 'forms' AND delivery > 1;
SELECT kg_batch.enqueue('[]', key => 'forms', job => 'looked at', final => true) IS NOT NULL AS closed;
TABLE pg_temp.conversations;

-- Without a key: the contents are the key, and nothing more comes.
SELECT kg_batch.enqueue('[{"speaker": "Eva", "content": "Hello."}]', job => 'looked at') IS NOT NULL AS taken FROM pg_catalog.generate_series(1, 2);
SELECT pg_catalog.length(key), messages, deliveries, closing, open FROM pg_temp.conversations WHERE key LIKE 'm:%';

-- The job's id as a number, in all ways of writing it.
SELECT kg_batch.enqueue('[{"speaker": "Eva", "content": "Hello."}]', 'numbers', job => job_id::text) = job_id AS text,
       kg_batch.enqueue('[{"speaker": "Eva", "content": "Hello."}]', key => 'numbers', job => job_id) = job_id AS bigint
FROM kg_batch_internal.job WHERE name = 'looked at';
SELECT pg_catalog.count(*) FROM kg_batch_internal.message m JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE v.key = 'numbers';

-- An edit before the cut is made in place, after it in a new version that is read alone.
SELECT kg_batch.enqueue('[{"id": 1, "speaker": "Anna", "content": "I live in Rome."}, {"id": 2, "speaker": "Anna", "content": "I work at the harbour."}]',
    key => 'edits', job => 'looked at', final => true) IS NOT NULL AS taken;
SELECT kg_batch.enqueue('[{"id": 1, "speaker": "Anna", "content": "I live in Pisa."}]', key => 'edits', job => 'looked at') IS NOT NULL AS taken;
SELECT position, delivery, known_by, version, content, replaced FROM pg_temp.kept WHERE key = 'edits';
WITH conversation AS (SELECT graph_id, conversation_id FROM kg_batch_internal.conversation WHERE key = 'edits'),
     cut AS (INSERT INTO kg_batch_internal.segment (graph_id, conversation_id, first_message_id, last_message_id, key, began_by)
             SELECT graph_id, conversation_id, 1, 2, 'x', 'start' FROM conversation RETURNING graph_id, conversation_id, segment_id)
UPDATE kg_batch_internal.message m SET segment_id = cut.segment_id FROM cut WHERE m.graph_id = cut.graph_id AND m.conversation_id = cut.conversation_id;
UPDATE kg_batch_internal.conversation SET cut_deliveries = deliveries WHERE key = 'edits';
DELETE FROM kg_batch_internal.ready;
SELECT kg_batch.enqueue('[{"id": 2, "speaker": "Anna", "content": "I work at the station."}, {"id": 3, "speaker": "Carl", "content": "Since when?"}]',
    key => 'edits', job => 'looked at') IS NOT NULL AS taken;
SELECT position, delivery, known_by, version, content, replaced FROM pg_temp.kept WHERE key = 'edits';
SELECT participant_names, messages, deliveries, closing, open FROM pg_temp.conversations WHERE key = 'edits';
SELECT priority, kind, work FROM kg_batch_internal.ready ORDER BY kind;
SELECT kg_batch.flush();
SELECT participant_names, messages, deliveries, closing, open FROM pg_temp.conversations WHERE key = 'edits';
SELECT kg_batch.flush();

-- What was forgotten stays forgotten.
INSERT INTO kg_batch_internal.tombstone (graph_id, hash)
    SELECT 1, pg_catalog.sha256('5:ghost3:i:1');
SELECT kg_batch.enqueue('[{"id": 1, "speaker": "Anna", "content": "Boo."}]', key => 'ghost', job => 'looked at') IS NOT NULL AS taken;
SELECT pg_catalog.count(*) FROM pg_temp.conversations WHERE key = 'ghost';
SELECT skipped FROM kg_batch_internal.tombstone;

-- What is wrong: one error that names the message and the field, and nothing is stored.
SELECT pg_catalog.count(*) AS messages_before FROM kg_batch_internal.message \gset
SELECT kg_batch.enqueue(NULL);
SELECT kg_batch.enqueue('{"content": "x"}');
SELECT kg_batch.enqueue('[{"speaker": "A", "content": "x"}, "y"]');
SELECT kg_batch.enqueue('[{"speaker": "A", "content": "x"}, {"content": "y"}]');
SELECT kg_batch.enqueue('[{"speaker": "A"}]');
SELECT kg_batch.enqueue('[{"speaker": "A", "content": {"text": "x"}}]');
SELECT kg_batch.enqueue('[{"speaker": "A", "content": 5}]');
SELECT kg_batch.enqueue('[{"speaker": "A", "content": ["x", 5]}]');
SELECT kg_batch.enqueue('[{"speaker": "", "content": "x"}]');
SELECT kg_batch.enqueue('[{"speaker": ["A"], "content": "x"}]');
SELECT kg_batch.enqueue('[{"role": "human", "content": "x"}]');
SELECT kg_batch.enqueue('[{"speaker": "A", "content": "x", "sent_at": "2024-02-30"}]');
SELECT kg_batch.enqueue('[{"speaker": "A", "content": "x", "sent_at": "some day"}]');
SELECT kg_batch.enqueue('[{"speaker": "A", "content": "x", "sent_at": "infinity"}]');
SELECT kg_batch.enqueue('[{"speaker": "A", "content": "x", "id": 1.5}]');
SELECT kg_batch.enqueue('[{"speaker": "A", "content": "x", "id": 1e400}]');
SELECT kg_batch.enqueue(pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('speaker', 'A', 'content', pg_catalog.repeat('x', 10000000))));
SELECT kg_batch.enqueue('[]', key => '');
SELECT kg_batch.enqueue('[]', key => pg_catalog.repeat('k', 1001));
SELECT kg_batch.enqueue('[]', job => 'loked at');
SELECT kg_batch.enqueue('[]', job => 123456);
SELECT kg_batch.enqueue('[]', graph => 'defualt');
SELECT kg_batch.enqueue('[]', priority => 1000);
SELECT pg_catalog.count(*) - :messages_before AS stored FROM kg_batch_internal.message;

-- Transcripts.
SELECT kg_batch.enqueue_text(E'[2024-05-03 18:20] Anna: I adopted a dog.\nHe is called Clyde.\nBob: Great!\nAssistant: Congratulations.\nAnna: Thank you.\nBob: A good name.\nAnna: I think so.',
    key => 'text', job => 'looked at') IS NOT NULL AS taken;
SELECT position, role, participant, content, sent_at FROM pg_temp.kept WHERE key = 'text';
SELECT participant_names, closing FROM pg_temp.conversations WHERE key = 'text';
SELECT kg_batch.enqueue_text('This is a text about the sea. It has no speakers.');
SELECT kg_batch.enqueue_text(E'Anna: Hi.\nBob: Hello.', format => 'irc');

DROP EXTENSION kg_batch CASCADE;
