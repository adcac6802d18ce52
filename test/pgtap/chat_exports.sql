-- Exports of chat apps: what of them is kept, what is read, and what a later,
-- longer export of the same chat adds.
SELECT * FROM no_plan();
DO $$ BEGIN PERFORM kg_batch.stop(); END $$;
SET timezone = 'UTC';
SELECT kg_batch.create_job('looked at', '{"paused": true}') > 0 AS made;

CREATE FUNCTION take(export text, chat text, timezone text DEFAULT NULL, date_order text DEFAULT NULL, format text DEFAULT 'auto') RETURNS bigint
LANGUAGE sql AS $$ SELECT kg_batch.enqueue_text(export, format, chat, 'looked at', timezone => timezone, date_order => date_order) $$;
CREATE FUNCTION try(export text, timezone text DEFAULT NULL, date_order text DEFAULT NULL, format text DEFAULT 'auto') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    PERFORM take(export, 'tried', timezone, date_order, format);
    RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ' ' || SQLERRM || ' | ' || detail || ' | ' || hint;
END $$;
CREATE VIEW kept AS SELECT v.key COLLATE "default" AS key, m.position, m.role, v.participant_names[m.participant] AS speaker, v.participant_ids[m.participant] AS speaker_id,
    m.content, m.sent_at, m.reply_to, m.skipped, m.message_key COLLATE "default" AS message_key, m.delivery
FROM kg_batch_internal.message m JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE NOT m.replaced;

-- ---- WhatsApp ----

SELECT take(E'31.12.24, 22:15 - Messages and calls are end-to-end encrypted. Tap to learn more.
31.12.24, 22:15 - Anna created group "Trip: Rome"
31.12.24, 22:15 - Anna: I live in Graz.
Since March.
31.12.24, 22:16 - Ben Ott: <Media omitted>
31.12.24, 22:16 - Ben Ott: This message was deleted
31.12.24, 22:17 - Ben Ott: ok
31.12.24, 22:17 - Ben Ott: ok
1.1.25, 00:01 - Anna: I moved. <This message was edited>', 'trip', 'Europe/Vienna');
SELECT results_eq($$SELECT role, speaker, content, sent_at AT TIME ZONE 'UTC', skipped FROM kept WHERE key = 'trip' ORDER BY position$$, $$VALUES
    ('system', NULL::text, 'Messages and calls are end-to-end encrypted. Tap to learn more.', '2024-12-31 21:15'::timestamp, 'role'),
    ('system', NULL, 'Anna created group "Trip: Rome"', '2024-12-31 21:15', 'role'),
    ('user', 'Anna', E'I live in Graz.\nSince March.', '2024-12-31 21:15', NULL),
    ('user', 'Ben Ott', '<Media omitted>', '2024-12-31 21:16', 'media'),
    ('user', 'Ben Ott', 'This message was deleted', '2024-12-31 21:16', 'deleted'),
    ('user', 'Ben Ott', 'ok', '2024-12-31 21:17', NULL), ('user', 'Ben Ott', 'ok', '2024-12-31 21:17', NULL),
    ('user', 'Anna', 'I moved.', '2024-12-31 23:01', NULL)$$, 'an Android export: words of people in the zone that was said, the rest with why it is not read');
SELECT results_eq($$SELECT reason, count(*) FROM kg_batch.skipped WHERE conversation = 'trip' GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('deleted', 1::bigint), ('media', 1), ('role', 2)$$, 'what is not read stands in skipped');
SELECT is(current_setting('timezone'), 'UTC', 'the session keeps its own time zone');

-- Two clocks of the hour that is left out in spring, where the zone is not the phone's, are one moment.
SELECT take('10.3.24, 02:30 - Anna: ok
10.3.24, 03:30 - Anna: ok', 'spring', 'America/New_York');
SELECT results_eq($$SELECT content, sent_at AT TIME ZONE 'UTC' FROM kept WHERE key = 'spring'$$,
    $$VALUES ('ok', '2024-03-10 07:30'::timestamp), ('ok', '2024-03-10 07:30')$$, 'two of one moment and one text are two, whatever clocks they had');

-- The longer export of a phone that has moved to another zone, has another
-- language, and gave Ben another name: the same moments, one message more.
SELECT take(E'12/31/24, 4:15\u202FPM - Anna: I live in Graz.
Since March.
12/31/24, 4:17\u202FPM - Benno: ok
12/31/24, 4:17\u202FPM - Benno: ok
12/31/24, 6:01\u202FPM - Anna: I moved.
1/1/25, 10:00\u202FAM - Benno: ok', 'trip', 'America/New_York');
SELECT results_eq($$SELECT speaker, content, sent_at AT TIME ZONE 'UTC', delivery FROM kept WHERE key = 'trip' AND position > 8$$,
    $$VALUES ('Benno', 'ok', '2025-01-01 15:00'::timestamp, 2)$$, 'a longer export adds only what is new');
SELECT is((SELECT count(DISTINCT message_key) FROM kept WHERE key = 'trip'), 9::bigint, 'each message has a key of its own');
SELECT is((SELECT message_key FROM kept WHERE key = 'trip' AND position = 8), 'i:2024-12-31T23:01:00Z/' || encode(substr(sha256('I moved.'), 1, 8), 'hex') || '/1',
    'which holds the moment in UTC, a hash of the words, and the how-manieth it is');
SELECT is(kg_batch.forget('trip', (SELECT substr(message_key, 3) FROM kept WHERE key = 'trip' AND position = 8)), 1::bigint, 'by which one can be forgotten');

SELECT take(E'\u200E[31.12.24, 22:15:03] Trip: \u200EAnna hat dich hinzugef\u00FCgt\r\n[31.12.24, 22:15:09] ~\u00A0Ben: Hallo @\u2068Anna\u2069!\r\n\u200E[31.12.24, 22:16:00] Ben: \u200EBild weggelassen', 'ios');
SELECT results_eq($$SELECT role, speaker, content, sent_at AT TIME ZONE 'UTC', skipped FROM kept WHERE key = 'ios' ORDER BY position$$, $$VALUES
    ('system', NULL::text, U&'Anna hat dich hinzugef\00FCgt', '2024-12-31 22:15:03'::timestamp, 'role'), ('user', 'Ben', 'Hallo @Anna!', '2024-12-31 22:15:09', NULL),
    ('user', 'Ben', 'Bild weggelassen', '2024-12-31 22:16', 'media')$$, 'an iOS export, in the zone of the session when none is said');

SELECT is(try('6/7/24, 10:00 - Anna: I live in Graz.'), '22P02 dates of the WhatsApp export are not clear: day or month may come first in all of them | "6/7/24" in line 1 may be '
    || '6 July or 7 June. | Say date_order => ''dmy'' when the day comes first, ''mdy'' when the month does.', 'dates that nobody can tell are not guessed');
SELECT is(try('6/7/24, 10:00 - Anna: I live in Graz.', date_order => 'mdy'), 'taken', 'but taken as they are said to be');
SELECT is((SELECT sent_at AT TIME ZONE 'UTC' FROM kept WHERE key = 'tried'), '2024-06-07 10:00'::timestamp, 'the month first');
SELECT is(try('6/7/24, 10:00 - Anna: Hi.', date_order => 'ydm'), '22023 unknown date_order "ydm" |  | Valid values are dmy, mdy and ymd: which comes first, day, month or year.',
    'an unknown order');
SELECT is(try('6.7.24, 10:00 - Anna: Hi.', timezone => 'Europe/Nowhere'), '22023 unknown timezone "Europe/Nowhere" |  | pg_timezone_names has those that there are, as Europe/Berlin.',
    'an unknown time zone');
SELECT is(current_setting('timezone'), 'UTC', 'after an error too the session keeps its own');
SELECT matches(try('Anna: Hi.', format => 'whatsapp'), '^22P02 text is no WhatsApp export: its first line does not begin with a time as WhatsApp writes it \| It is: Anna: Hi\. \| ',
    'what is said to be an export and is none');
SELECT matches(try('Anna: Hi.', format => 'irc'), '^22023 unknown format "irc" ', 'an unknown format');
SELECT is(try('[2024-07-06 10:00] Anna: I live in Graz.', timezone => 'Europe/Vienna'), 'taken', 'a transcript that a person wrote, with a zone');
SELECT is((SELECT sent_at AT TIME ZONE 'UTC' FROM kept WHERE key = 'tried' AND position = 2), '2024-07-06 08:00'::timestamp, 'is read in it');

-- ---- Telegram ----

CREATE FUNCTION telegram(id bigint, VARIADIC messages text[]) RETURNS text LANGUAGE sql AS $$
    SELECT format('{"name": "Ben", "type": "personal_chat", "id": %s, "messages": [%s]}', id, array_to_string(messages, ',')) $$;
CREATE FUNCTION said(id int, words text, more text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT format('{"id": %s, "type": "message", "date": "2024-12-31T22:15:00", "date_unixtime": "%s", "from": "Anna", "from_id": "user12", "text": %s%s}',
        id, 1735679700 + id, to_json(words), more) $$;
SELECT take(telegram(4711, '{"id": 1, "type": "service", "date_unixtime": "1735679701", "actor": "Anna", "action": "phone_call"}', said(2, 'I live in Graz.'),
    said(3, '', ', "photo": "p.jpg"'), said(4, 'Since March.', ', "reply_to_message_id": 2'), said(5, U&'\00FCber\FFFD')), NULL, 'Asia/Tokyo');
SELECT results_eq($$SELECT role, speaker, speaker_id, content, sent_at AT TIME ZONE 'UTC', reply_to, skipped, message_key FROM kept WHERE key = 'telegram/4711' ORDER BY position$$, $$VALUES
    ('system', NULL::text, NULL::text, 'Anna: phone_call', '2024-12-31 21:15:01'::timestamp, NULL::text, 'role', 'i:1'),
    ('user', 'Anna', 'user12', 'I live in Graz.', '2024-12-31 21:15:02', NULL, NULL, 'i:2'), ('user', 'Anna', 'user12', '', '2024-12-31 21:15:03', NULL, 'media', 'i:3'),
    ('user', 'Anna', 'user12', 'Since March.', '2024-12-31 21:15:04', '2', NULL, 'i:4'), ('user', 'Anna', 'user12', U&'\00FCber\FFFD', '2024-12-31 21:15:05', NULL, NULL, 'i:5')$$,
    'a chat of Telegram: its ids, its moments whatever the zone, and a key of its own');
SELECT take(telegram(4711, said(2, 'I live in Linz.'), said(4, 'Since March.'), said(6, 'Hello.')), NULL);
SELECT results_eq($$SELECT content, message_key FROM kept WHERE key = 'telegram/4711' AND skipped IS NULL ORDER BY message_key COLLATE "C"$$,
    $$VALUES ('I live in Linz.', 'i:2'), ('Since March.', 'i:4'), (U&'\00FCber\FFFD', 'i:5'), ('Hello.', 'i:6')$$, 'a later export adds what is new, and what was edited is an edit');
SELECT take(format('{"chats": {"list": [%s, %s]}}', telegram(4711, said(6, 'Hello.'), said(7, 'Bye.')), telegram(-5, said(1, 'Hi.'))), NULL);
SELECT results_eq($$SELECT key, count(*) FROM kept WHERE key LIKE 'telegram/%' GROUP BY key ORDER BY key COLLATE "C"$$, $$VALUES ('telegram/-5', 1::bigint), ('telegram/4711', 7)$$,
    'a whole account is a conversation a chat, the same that the chat alone is');
SELECT take(format('{"chats": {"list": [%s]}}', telegram(-5, said(1, 'Hi.'))), 'mine');
SELECT is((SELECT count(*) FROM kept WHERE key = 'mine/telegram/-5'), 1::bigint, 'behind the key that is given');
SELECT take(telegram(8, '{"id": 1, "type": "message", "date": "2019-05-01T10:00:00", "from": "Anna", "text": "Hi."}'), 'old', 'Asia/Tokyo');
SELECT is((SELECT sent_at AT TIME ZONE 'UTC' FROM kept WHERE key = 'old'), '2019-05-01 01:00'::timestamp, 'old exports have local times only');
SELECT matches(try('{"contacts": 1}'), '^22P02 text is no Telegram export: it has neither "messages" nor "chats" \|  \| Telegram Desktop writes it', 'no export');
SELECT matches(try('{"messages": [{"id": 1, "type": "message", "date": "soon", "from": "Anna", "text": "Hi."}]}'), '^22007 message 1: "sent_at" is no time: "soon"',
    'a message that cannot be taken is named');
SELECT matches(try(format('{"chats": {"list": [%s, {"id": 9, "messages": [{"id": "%s"}]}]}}', telegram(-5, said(1, 'Hi.')), repeat('x', 2000))),
    '^22001 message 1 of chat 9: "id" is longer than 1000 bytes', 'with its chat');

-- ---- Slack ----

SELECT take('[{"type": "message", "subtype": "channel_join", "user": "U1", "ts": "1735679700.000100", "text": "<@U1> has joined the channel"},
 {"type": "message", "user": "U1", "ts": "1735679701.000200", "text": "I live in Graz &amp; like it.", "user_profile": {"real_name": "Anna Berg"}},
 {"type": "message", "user": "U2", "ts": "1735679702.000300", "text": "<@U1> see <https://x.org|the page>", "thread_ts": "1735679701.000200", "user_profile": {"real_name": "Ben Ott"}},
 {"type": "message", "user": "U2", "ts": "1735679703.000400", "text": "", "files": [{"id": "F1"}], "user_profile": {"real_name": "Ben Ott"}},
 {"type": "message", "subtype": "tombstone", "user": "U2", "ts": "1735679704.000500", "text": "This message was deleted."}]', 'general');
SELECT results_eq($$SELECT speaker, speaker_id, content, sent_at AT TIME ZONE 'UTC', reply_to, skipped, message_key FROM kept WHERE key = 'general' ORDER BY position$$, $$VALUES
    (NULL::text, NULL::text, '@Anna Berg has joined the channel', '2024-12-31 21:15:00.0001'::timestamp, NULL::text, 'role', 'i:1735679700.000100'),
    ('Anna Berg', 'U1', 'I live in Graz & like it.', '2024-12-31 21:15:01.0002', NULL, NULL, 'i:1735679701.000200'),
    ('Ben Ott', 'U2', '@Anna Berg see the page', '2024-12-31 21:15:02.0003', '1735679701.000200', NULL, 'i:1735679702.000300'),
    ('Ben Ott', 'U2', '', '2024-12-31 21:15:03.0004', NULL, 'media', 'i:1735679703.000400'),
    ('Ben Ott', 'U2', 'This message was deleted.', '2024-12-31 21:15:04.0005', NULL, 'deleted', 'i:1735679704.000500')$$, 'a day of a channel of Slack');
SELECT take('{"users": [{"id": "U1", "profile": {"real_name": "Anna Berg"}}], "messages": [
 {"type": "message", "user": "U2", "ts": "1735679702.000300", "text": "<@U1> see <https://x.org|the page>", "thread_ts": "1735679701.000200"},
 {"type": "message", "user": "U1", "ts": "1735766100.000100", "text": "Hello."}]}', 'general');
SELECT results_eq($$SELECT speaker, content FROM kept WHERE key = 'general' AND position > 5$$, $$VALUES ('Anna Berg', 'Hello.')$$, 'the next day goes on, with names out of the users');
SELECT matches(try('[{"id": "C1", "name": "general"}]'), '^22P02 text is no Slack export: message 1 has no "ts" \|  \| A Slack export has a folder', 'another file of the export');
SELECT matches(try('[{"user": "U1"'), '^22P02 text is no Slack export: it is no JSON that can be read', 'what cannot be read');

SELECT * FROM finish();
