#include "store/neighbors.h"

#include "backend/bridge.h"
#include "backend/spi.h"

namespace kg_batch::store {

using backend::execute;
using backend::Rows;

namespace {

std::int64_t present_id(std::int64_t graph_id, std::int64_t asked) {
  const Rows rows = execute(
      "SELECT n.node_id FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.node_id = "
      " COALESCE((SELECT r.node_id FROM kg_batch_internal.node_redirect r WHERE r.graph_id = $1 AND r.old_node_id = $2), $2)",
      {graph_id, asked});
  if (rows.empty())
    throw backend::Error(ERRCODE_UNDEFINED_OBJECT, "node " + std::to_string(asked) + " does not exist", "", "kg_batch.find finds nodes by name.");
  return rows.integer(0, 0);
}

// The view says how a relation reads, so a step reads as it does there. Of several
// ways to a node the first by content counts, so that no id decides which.
constexpr const char* one_step = R"(
WITH step AS MATERIALIZED (
    SELECT l.* FROM unnest($2) AS u (id) CROSS JOIN LATERAL (
        SELECT l.from_id AS near, l.to_id AS far, l.relation, CASE WHEN l.from_role = l.to_role THEN 'both' ELSE 'out' END AS direction,
            l.statement_id
        FROM kg_batch.links l WHERE l.graph_id = $1 AND l.from_id = u.id AND l.to_id IS NOT NULL
        UNION ALL
        SELECT l.to_id, l.from_id, l.relation, CASE WHEN l.from_role = l.to_role THEN 'both' ELSE 'in' END, l.statement_id
        FROM kg_batch.links l WHERE l.graph_id = $1 AND l.to_id = u.id
        UNION ALL
        SELECT e.source_id, e.target_id, e.predicate, 'out', e.source_id
        FROM kg_batch_internal.edge e WHERE e.graph_id = $1 AND e.source_id = u.id) l
    WHERE l.far <> ALL ($3)),
reached AS MATERIALIZED (
    SELECT DISTINCT ON (s.far) s.*, a.label AS near_label
    FROM step s
    CROSS JOIN LATERAL (SELECT o.label, o.key FROM kg_batch_internal.node o WHERE o.graph_id = $1 AND o.node_id = s.near OFFSET 0) a
    CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.node o WHERE o.graph_id = $1 AND o.node_id = s.statement_id OFFSET 0) w
    ORDER BY s.far, a.key, w.key, s.relation COLLATE "C", s.direction COLLATE "C")
SELECT r.far, n.label, n.type, n.class, n.category, r.near, r.near_label, r.relation, r.direction, r.statement_id
FROM reached r
CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.node o WHERE o.graph_id = $1 AND o.node_id = r.far OFFSET 0) n
ORDER BY n.mentions DESC, n.key LIMIT $4)";

}  // namespace

std::vector<Neighbor> neighbors(std::int64_t graph_id, std::int64_t node, int depth, int most) {
  std::vector<std::int64_t> frontier(1, present_id(graph_id, node)), seen(1, frontier.front());
  std::vector<Neighbor> found;
  for (int distance = 1; distance <= depth && !frontier.empty() && static_cast<int>(found.size()) < most; ++distance) {
    const Rows rows = execute(one_step, {graph_id, frontier, seen, most - static_cast<int>(found.size())});
    frontier.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      frontier.push_back(rows.integer(i, 0));
      found.push_back({rows.integer(i, 0), rows.text(i, 1), rows.text(i, 2), rows.text(i, 3), rows.text(i, 4), distance, rows.integer(i, 5),
                       rows.text(i, 6), rows.text(i, 7), rows.text(i, 8), rows.integer(i, 9)});
    }
    seen.insert(seen.end(), frontier.begin(), frontier.end());
  }
  return found;
}

}  // namespace kg_batch::store
