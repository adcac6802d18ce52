-- Graphs and jobs as a person steers them, and what is refused. Workers are
-- stopped, and this session starts none, so that nothing moves by itself.
CREATE EXTENSION kg_batch;
SET client_min_messages = notice;
SET timezone = 'UTC';
LOAD 'kg_batch';
SET kg_batch.enabled = off;
SELECT kg_batch.create_graph('pets', '{"self": "Anna", "timezone": "Europe/Berlin", "budget": 1}') > 0 AS made;
SELECT kg_batch.stop();
SET kg_batch.graph = 'pets';

-- Graphs.
SELECT name, options FROM kg_batch.graph;
SELECT kg_batch.create_graph('pets');
SELECT kg_batch.create_graph('');
SELECT kg_batch.create_graph('x', '[]');
SELECT kg_batch.create_graph('x', '{"names": "some"}');
SELECT kg_batch.create_graph('x', '{"timezone": "Mars"}');
SELECT kg_batch.create_graph('x', '{"no_such": 1}');
SELECT kg_batch.graph_digest('pest');

-- Jobs: the graph's options over the settings, their own over both.
SELECT kg_batch.create_job('first', '{"batch_chunk_size": 10, "batch_timeout_hours": 2, "use_batch_api": false}') > 0 AS made;
SELECT state, reason, budget, options -> 'batch_chunk_size' AS chunk, options -> 'batch_timeout' AS timeout, options -> 'use_batch_api' AS batch
FROM kg_batch.progress WHERE job = 'first';
SELECT kg_batch.create_job('later', '{"paused": true}') > 0 AS made;
SELECT kg_batch.create_job('first');
SELECT kg_batch.create_job('12');
SELECT kg_batch.create_job('x', '{"batch_chunk_sise": 10}');
SELECT kg_batch.create_job('x', '{"batch_chunk_size": 1000}');
SELECT kg_batch.create_job('x', '{"batch_chunk_size": 50, "batch_chunk_max": 20}');
SELECT kg_batch.create_job('x', '{"extraction": "thorough"}');
SELECT kg_batch.create_job('x', '{"budget": 1000}');
SELECT kg_batch.create_job('x', '{"num_pipelines": 1}');
SELECT kg_batch.create_job('x', '{"model": "unheard-of"}');
SELECT kg_batch.set_model_price('unheard-of', 1, 2);
SELECT kg_batch.create_job('x', '{"model": "unheard-of"}') > 0 AS made;

-- By name, by id, by id as text.
SELECT job_id AS id FROM kg_batch.progress WHERE job = 'first' \gset
SELECT kg_batch.pause('first');
SELECT job, state, reason FROM kg_batch.progress ORDER BY job;
SELECT kg_batch.resume(:id);
SELECT kg_batch.pause(:'id');
SELECT kg_batch.resume('first', budget => 2);
SELECT state, reason, budget FROM kg_batch.progress WHERE job = 'first';
SELECT kg_batch.resume('first', budget => 1000);
SELECT kg_batch.retry(:id), kg_batch.retry('first', 1);
SELECT kg_batch.pause('fist');
SELECT kg_batch.pause(NULL::text);
SELECT kg_batch.pause('first', 'pest');

-- wait says why it does not go on.
CALL kg_batch.wait('first');
CALL kg_batch.wait(:id, 1);
SELECT kg_batch.cancel(:id);
CALL kg_batch.wait('first', '1 hour');
CALL kg_batch.wait('later');
CALL kg_batch.wait('x', interval '1 hour');
CALL kg_batch.wait('inbox');
CALL kg_batch.wait('x', -1);
CALL kg_batch.wait('x', 'soon');
CALL kg_batch.wait('nobody');
CALL kg_batch.wait(timeout => interval '1 hour');
BEGIN;
CALL kg_batch.wait('x');
ROLLBACK;
SELECT kg_batch.pause('first');
CREATE FUNCTION waiting() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL kg_batch.wait('x'); END $$;
SELECT waiting();
DROP FUNCTION waiting();

-- Rights on levels that do not exist, for roles that do not exist.
SELECT kg_batch.grant_access('nobody at all', 'reader');
SELECT kg_batch.grant_access(current_user, 'boss');

-- What is not well here.
SELECT name, ok, detail FROM kg_batch.health() WHERE name IN ('enabled', 'home', 'coordinator', 'prices', 'access') ORDER BY name;

DROP EXTENSION kg_batch CASCADE;
