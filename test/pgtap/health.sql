-- What health() says of troubles that are made: each is found, named, and has
-- something to do.
\ir fixtures/two_graphs.sql
SELECT * FROM no_plan();

CREATE FUNCTION check_of(which text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s: %s', CASE WHEN ok THEN 'ok' ELSE 'not ok' END, detail) FROM kg_batch.health() WHERE name = which $$;
CREATE FUNCTION answers(the_model text, the_outcome text, the_status int, the_error text, number int) RETURNS void LANGUAGE sql AS $$
    WITH asked AS (
        INSERT INTO kg_batch_internal.request (graph_id, job_id, stage, prompt_id, model, mode, state, input_hash, attempt, input_tokens, max_output)
        SELECT j.graph_id, j.job_id, 'kg_extract', 1, the_model, 'direct', CASE WHEN the_outcome = 'answered' THEN 'answered' ELSE 'failed' END,
            sha256(gen_random_uuid()::text::bytea), 1, 1, 1
        FROM kg_batch_internal.job j JOIN kg_batch_internal.graph g USING (graph_id), generate_series(1, number) WHERE g.name = 'pets' RETURNING graph_id, request_id)
    INSERT INTO kg_batch_internal.answer (graph_id, request_id, attempt, mode, status, outcome, error)
    SELECT graph_id, request_id, 1, 'direct', the_status, the_outcome, the_error FROM asked $$;

SELECT is_empty('SELECT name FROM kg_batch.health() WHERE NOT ok AND (hint IS NULL OR hint = '''')', 'whatever is not well has something to do');
SELECT is(check_of('model known'), 'ok: gpt-6-luna was not asked yet', 'a model that was not asked');
SELECT answers('gpt-6-luna', 'answered', 200, NULL, 12);
SELECT answers('gpt-6-luna', 'bad', 200, NULL, 8);
SELECT is(check_of('model known'), 'ok: gpt-6-luna answered 12 of the last 20', 'one that answers mostly');
SELECT is(check_of('schema'), 'ok: models answer as the schemas say', 'is able to');
SELECT answers('gpt-6-luna', 'bad', 200, NULL, 5);
SELECT is(check_of('schema'), 'not ok: hardly an answer of use from gpt-6-luna (7 of 20, else bad)', 'the last twenty count');
UPDATE kg_batch_internal.job SET options = options || '{"model": "gpt-9"}';
SELECT answers('gpt-9', 'error', 404, 'The model gpt-9 does not exist', 2);
SELECT is(check_of('model known'), 'not ok: the API does not know gpt-9: The model gpt-9 does not exist', 'a model that is not there');
SELECT is(check_of('prices'), 'not ok: no price is known for gpt-9', 'and has no price');

SELECT is(check_of('batch route'), 'ok: not used yet', 'no batch yet');
INSERT INTO kg_batch_internal.batch (token, model, state, requests, input_tokens, error)
VALUES (gen_random_uuid(), 'gpt-6-luna', 'failed', 1, 1, 'HTTP 404: no such route');
SELECT is(check_of('batch route'), 'not ok: the API took none of the last 1 batches: HTTP 404: no such route', 'an endpoint without a Batch API');
INSERT INTO kg_batch_internal.batch (token, model, state, requests, input_tokens, remote_id) VALUES (gen_random_uuid(), 'gpt-6-luna', 'done', 1, 1, 'batch_1');
SELECT is(check_of('batch route'), 'ok: the API takes batches', 'it took one');

SELECT is(check_of('clock'), 'ok: nothing was written in the future', 'the clock goes forward');
UPDATE kg_batch_internal.batch SET planned_at = '2126-01-01' WHERE remote_id = 'batch_1';
SELECT matches(check_of('clock'), '^not ok: something was written at 2126-01-01', 'one that was set back');
UPDATE kg_batch_internal.batch SET planned_at = now();

SELECT matches(check_of('disk'), '^ok: [0-9.]+ GB free', 'there is room');
SELECT matches(check_of('autovacuum'), '^ok: [0-9]+ dead rows', 'the queue is cleaned');
SELECT matches(check_of('settings'), '^ok: changed: .*api_base_url', 'what is changed is named');
SELECT is((SELECT count(*) FROM kg_batch.health() WHERE detail ~ 'sk-'), 0::bigint, 'no value of a key is shown');

SELECT * FROM finish();
