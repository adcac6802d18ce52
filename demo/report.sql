-- What the demo shows at its end: the graph as one would tell it, and what it
-- cost. `:job` is the job's id.
\pset border 0
\pset footer off
\pset tuples_only on
\pset null ''

\echo '\nThe graph'
SELECT count(*) FILTER (WHERE type NOT IN ('Event', 'State', 'Goal')) || ' things and '
       || count(*) FILTER (WHERE type IN ('Event', 'State', 'Goal')) || ' statements about them, from '
       || (SELECT count(*) FROM kg_batch.fact) || ' facts; the eight that most is said of:'
FROM kg_batch.node;

\echo
WITH hero AS (
  SELECT from_id, count(DISTINCT statement_id) AS times
  FROM kg_batch.links WHERE to_id IS NOT NULL GROUP BY from_id ORDER BY times DESC, from_id LIMIT 8
), told AS (
  SELECT hero.times, l.*, row_number() OVER (PARTITION BY l.from_id ORDER BY l.mentions DESC, l.since, l.statement_id) AS place
  FROM hero JOIN kg_batch.links AS l USING (from_id) WHERE l.to_id IS NOT NULL
)
SELECT CASE WHEN place = 1 THEN from_label END, relation, to_label,
       concat_ws(' ', 'since ' || since, 'until ' || until)
FROM told WHERE place <= 6 ORDER BY times DESC, from_id, place;

\echo 'What it cost'
SELECT '$' || round(cost, 4) || ' by batch; the same in real time $' || round(cost + saved, 4)
FROM kg_batch.progress WHERE job_id = :job;
