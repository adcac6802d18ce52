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
CREATE VIEW kept AS SELECT v.key, m.position, m.role, v.participant_names[m.participant] AS speaker, v.participant_ids[m.participant] AS speaker_id,
    m.content, m.sent_at, m.reply_to, m.skipped, m.message_key, m.delivery
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

SELECT * FROM finish();
