#include "store/decision.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/resolution.h"
#include "store/round.h"

namespace kg_batch::store {

using backend::Error;
using backend::execute;
using backend::Rows;

namespace {

struct Node {
  std::int64_t node_id = 0;
  std::string lowest_key;  // of its identities
};

Node thing(std::int64_t graph_id, std::int64_t asked) {
  const Rows rows = execute(
      "SELECT n.node_id, n.is_statement, n.key FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.node_id = "
      " COALESCE((SELECT r.node_id FROM kg_batch_internal.node_redirect r WHERE r.graph_id = $1 AND r.old_node_id = $2), $2)",
      {graph_id, asked});
  if (rows.empty())
    throw Error(ERRCODE_UNDEFINED_OBJECT, "node " + std::to_string(asked) + " does not exist", "", "The view kg_batch.node has them all.");
  if (rows.boolean(0, 1))
    throw Error(ERRCODE_WRONG_OBJECT_TYPE, "node " + std::to_string(asked) + " is a statement",
                "Statements are one node when what takes part in them is, and their kind is the same.", "Name the things that take part in it.");
  return {rows.integer(0, 0), rows.text(0, 2)};
}

std::int64_t say(std::int64_t graph_id, const std::string& key, const std::string& other, const char* verdict, const std::string& reason,
                 unsigned int role) {
  const Rows rows = execute(
      "INSERT INTO kg_batch_internal.decision (graph_id, key_a, key_b, made_by, verdict, confidence, reason, role) "
      "VALUES ($1, LEAST($2::uuid, $3::uuid), GREATEST($2::uuid, $3::uuid), 'person', $4, 1000, NULLIF($5, ''), "
      " pg_catalog.pg_get_userbyid($6::bigint::oid)) RETURNING decision_id",
      {graph_id, key, other, verdict, reason, static_cast<std::int64_t>(role)});
  return rows.integer(0, 0);
}

void see_to(std::int64_t graph_id, const std::vector<std::string>& keys) {
  mark_unresolved(graph_id, keys);
  resolve_now(graph_id);
}

}  // namespace

std::int64_t say_same(std::int64_t graph_id, std::int64_t node_a, std::int64_t node_b, const std::string& reason, unsigned int role) {
  const Node a = thing(graph_id, node_a), b = thing(graph_id, node_b);
  if (a.node_id == b.node_id)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "nodes " + std::to_string(node_a) + " and " + std::to_string(node_b) + " are one already");
  const std::int64_t decision = say(graph_id, a.lowest_key, b.lowest_key, "same", reason, role);
  see_to(graph_id, {a.lowest_key, b.lowest_key});
  return decision;
}

std::int64_t say_different(std::int64_t graph_id, std::int64_t node_a, std::int64_t node_b, const std::string& reason, unsigned int role) {
  const Node a = thing(graph_id, node_a), b = thing(graph_id, node_b);
  if (a.node_id == b.node_id)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "nodes " + std::to_string(node_a) + " and " + std::to_string(node_b) + " are one", "",
                "Take identities out of it with kg_batch.unmerge; kg_batch.explain(" + std::to_string(a.node_id) + ") shows them.");
  const std::int64_t decision = say(graph_id, a.lowest_key, b.lowest_key, "different", reason, role);
  see_to(graph_id, {a.lowest_key, b.lowest_key});
  return decision;
}

std::vector<std::int64_t> say_apart(std::int64_t graph_id, std::int64_t node, const std::vector<std::int64_t>& identity_ids,
                                    const std::string& reason, unsigned int role) {
  const Node whole = thing(graph_id, node);
  const Rows rows = execute(
      "SELECT i.identity_id, i.key, i.identity_id = ANY ($3) FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id = $2 "
      "ORDER BY i.key",
      {graph_id, whole.node_id, identity_ids});
  std::vector<std::string> out, stays;
  std::set<std::int64_t> found;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows.boolean(i, 2)) found.insert(rows.integer(i, 0));
    (rows.boolean(i, 2) ? out : stays).push_back(rows.text(i, 1));
  }
  const std::string hint = "kg_batch.explain(" + std::to_string(whole.node_id) + ") shows its identities.";
  for (const std::int64_t id : identity_ids)
    if (!found.contains(id))
      throw Error(ERRCODE_UNDEFINED_OBJECT, "identity " + std::to_string(id) + " is none of node " + std::to_string(node), "", hint);
  if (out.empty()) throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "no identity was named that is to leave node " + std::to_string(node), "", hint);
  if (stays.empty())
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "all identities of node " + std::to_string(node) + " were named, so there is nothing to part", "", hint);
  // Each from each: one word less, and it could come back over the one that was left out.
  std::vector<std::int64_t> decisions;
  for (const std::string& leaves : out)
    for (const std::string& remains : stays) decisions.push_back(say(graph_id, leaves, remains, "different", reason, role));
  see_to(graph_id, {stays.front()});
  return decisions;
}

void undo_decision(std::int64_t graph_id, std::int64_t decision_id) {
  const Rows rows = execute(
      "SELECT made_by, undone_at, key_a, key_b FROM kg_batch_internal.decision WHERE graph_id = $1 AND decision_id = $2 FOR UPDATE",
      {graph_id, decision_id});
  const std::string name = "decision " + std::to_string(decision_id);
  if (rows.empty())
    throw Error(ERRCODE_UNDEFINED_OBJECT, name + " does not exist", "", "The view kg_batch.decision has them all.");
  if (rows.text(0, 0) != "person")
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, name + " is not a person's", "",
                "Say otherwise with kg_batch.merge, kg_batch.keep_apart or kg_batch.unmerge: a person's word beats a model's.");
  if (!rows.is_null(0, 1)) throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, name + " is undone already");
  execute("UPDATE kg_batch_internal.decision SET undone_at = pg_catalog.clock_timestamp() WHERE graph_id = $1 AND decision_id = $2",
          {graph_id, decision_id});
  see_to(graph_id, {rows.text(0, 2), rows.text(0, 3)});
}

}  // namespace kg_batch::store
