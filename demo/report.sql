-- What the demo shows at its end: the graph as one would tell it, and what it
-- cost. `:job` is the job's id.
\pset border 0
\pset footer off
\pset tuples_only on

\echo
\echo 'The graph'
SELECT count(*) FILTER (WHERE type IN ('Entity', 'Concept', 'Property')) || ' things, '
       || count(*) FILTER (WHERE type IN ('Event', 'State', 'Goal')) || ' statements about them, '
       || (SELECT count(*) FROM kg_batch.fact) || ' facts behind them'
FROM kg_batch.node;

-- The things that most is said of, and what is said: a statement is told from
-- its first participant's side, the other participants with their roles.
\echo
WITH role AS (
  SELECT e.source_id AS statement_id, e.target_id AS thing_id, e.predicate, t.label, t.type,
         row_number() OVER (PARTITION BY e.source_id ORDER BY e.edge_id) AS place
  FROM kg_batch.edge AS e JOIN kg_batch.node AS t ON t.node_id = e.target_id
), told AS (
  SELECT thing_id, label, statement_id,
         count(*) OVER (PARTITION BY thing_id) AS times
  FROM role WHERE place = 1 AND type = 'Entity'
), hero AS (
  SELECT DISTINCT thing_id, times FROM told ORDER BY times DESC, thing_id LIMIT 8
)
SELECT CASE WHEN row_number() OVER (PARTITION BY told.thing_id ORDER BY s.label, s.node_id) = 1 THEN told.label ELSE '' END
         AS thing,
       '  ' || s.label AS statement,
       '  ' || string_agg(r.predicate || ': ' || r.label, ', ' ORDER BY r.place) AS participants
FROM hero
JOIN told USING (thing_id)
JOIN kg_batch.node AS s ON s.node_id = told.statement_id
JOIN role AS r ON r.statement_id = told.statement_id AND r.place > 1
GROUP BY hero.times, told.thing_id, told.label, s.label, s.node_id
ORDER BY hero.times DESC, told.thing_id, s.label, s.node_id
LIMIT 40;

\echo
\echo 'What it cost'
SELECT 'by batch $' || round(cost::numeric, 4) || ', in real time it would have been $' || round((cost + saved)::numeric, 4)
FROM kg_batch.progress WHERE job_id = :job;
