#include "store/decision.h"

#include <set>

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/resolution.h"
#include "store/unresolved.h"
#include "store/round.h"
#include "store/split.h"
#include "store/word.h"

namespace kg_batch::store {

using backend::Error;
using backend::execute;
using backend::Rows;

namespace {

struct Pair {
  std::string key, other;
};

// All pairs are one word: the first has the id that stands for the others.
std::int64_t say(std::int64_t graph_id, const std::vector<Pair>& pairs, const char* verdict, const std::string& reason, unsigned int role,
                 std::int64_t part_of = 0) {
  for (const Pair& pair : pairs) {
    const Rows rows = execute(
        "INSERT INTO kg_batch_internal.decision (graph_id, key_a, key_b, made_by, verdict, confidence, reason, role, part_of) "
        "VALUES ($1, LEAST($2::uuid, $3::uuid), GREATEST($2::uuid, $3::uuid), 'person', $4, 1000, NULLIF($5, ''), "
        " pg_catalog.pg_get_userbyid($6::bigint::oid), NULLIF($7, 0)) RETURNING decision_id",
        {graph_id, pair.key, pair.other, verdict, reason, static_cast<std::int64_t>(role), part_of});
    if (part_of == 0) part_of = rows.integer(0, 0);
  }
  return part_of;
}

// The splits that these decisions are about: what was split off and what from.
std::vector<std::int64_t> splits_met_by(std::int64_t graph_id, std::int64_t decision_id) {
  const Rows rows = execute(
      "WITH said AS MATERIALIZED (SELECT d.key_a, d.key_b FROM kg_batch_internal.decision d WHERE d.graph_id = $1 AND d.decision_id = $2 "
      "  UNION SELECT d.key_a, d.key_b FROM kg_batch_internal.decision d WHERE d.graph_id = $1 AND d.part_of = $2) "
      "SELECT DISTINCT k.decision_id FROM said s CROSS JOIN LATERAL ("
      " SELECT o.decision_id FROM kg_batch_internal.word_key o WHERE o.graph_id = $1 AND o.key = s.key_a AND o.split_key = s.key_b "
      " UNION SELECT o.decision_id FROM kg_batch_internal.word_key o WHERE o.graph_id = $1 AND o.key = s.key_b AND o.split_key = s.key_a) k",
      {graph_id, decision_id});
  std::vector<std::int64_t> splits;
  for (std::size_t i = 0; i < rows.size(); ++i) splits.push_back(rows.integer(i, 0));
  return splits;
}

std::vector<std::string> keys_of_decision(std::int64_t graph_id, std::int64_t decision_id) {
  const Rows rows = execute(
      "SELECT d.key_a, d.key_b FROM kg_batch_internal.decision d WHERE d.graph_id = $1 AND d.decision_id = $2 "
      "UNION ALL SELECT d.key_a, d.key_b FROM kg_batch_internal.decision d WHERE d.graph_id = $1 AND d.part_of = $2",
      {graph_id, decision_id});
  std::set<std::string> keys;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    keys.insert(rows.text(i, 0));
    keys.insert(rows.text(i, 1));
  }
  return {keys.begin(), keys.end()};
}

void see_to(std::int64_t graph_id, std::int64_t decision_id) {
  mark_unresolved(graph_id, keys_of_decision(graph_id, decision_id));
  if (const std::vector<std::int64_t> splits = splits_met_by(graph_id, decision_id); !splits.empty())
    count_keys_again(graph_id, chunks_of_splits(graph_id, splits));
  resolve_now(graph_id);
}

std::vector<std::string> keys_of_node(std::int64_t graph_id, std::int64_t node_id) {
  const Rows rows = execute("SELECT i.key FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id = $2 ORDER BY i.key",
                            {graph_id, node_id});
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < rows.size(); ++i) keys.push_back(rows.text(i, 0));
  return keys;
}

// Where the one holds what was split off something in the other: that these are
// the same takes the split back.
std::vector<Pair> split_between(std::int64_t graph_id, const std::vector<std::string>& some, const std::vector<std::string>& others) {
  const Rows rows = execute(
      "SELECT DISTINCT k.key, k.split_key FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL (SELECT o.decision_id, o.key, o.split_key "
      "  FROM kg_batch_internal.word_key o WHERE o.graph_id = $1 AND o.split_key = u.key OFFSET 0) k "
      "CROSS JOIN LATERAL (SELECT FROM kg_batch_internal.split_that_counts c WHERE c.graph_id = $1 AND c.decision_id = k.decision_id OFFSET 0) c "
      "WHERE (SELECT pg_catalog.count(*) FROM kg_batch_internal.word_key o WHERE o.graph_id = $1 AND o.decision_id = k.decision_id "
      "  AND o.key = ANY ($3::uuid[])) > 0 ORDER BY 1, 2",
      {graph_id, some, others});
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < rows.size(); ++i) pairs.push_back({rows.text(i, 0), rows.text(i, 1)});
  return pairs;
}

// Those of `keys` that are there and not one node with the first of them that is.
std::vector<Pair> left_out(std::int64_t graph_id, const std::set<std::string>& keys) {
  const Rows rows = execute(
      "SELECT i.key, i.node_id FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL (SELECT o.key, o.node_id FROM kg_batch_internal.identity o "
      " WHERE o.graph_id = $1 AND o.key = u.key OFFSET 0) i ORDER BY 1",
      {graph_id, std::vector<std::string>(keys.begin(), keys.end())});
  std::vector<Pair> pairs;
  for (std::size_t i = 1; i < rows.size(); ++i)
    if (rows.integer(i, 1) != rows.integer(0, 1)) pairs.push_back({rows.text(0, 0), rows.text(i, 0)});
  return pairs;
}

bool are_apart(std::int64_t graph_id, const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return execute("SELECT FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL (SELECT o.node_id FROM kg_batch_internal.identity o "
                 " WHERE o.graph_id = $1 AND o.key = u.key OFFSET 0) i CROSS JOIN LATERAL (SELECT FROM kg_batch_internal.identity o "
                 " WHERE o.graph_id = $1 AND o.node_id = i.node_id AND o.key = ANY ($3::uuid[]) OFFSET 0) x LIMIT 1",
                 {graph_id, some, others})
             .processed() == 0;
}

const std::string why_not_one = "Statements can be one where the same take part in statements of one type, both or neither of them denied.";
const std::string hint_not_one = "Say it of the things that take part in them first.";

struct TwoNodes {
  NamedNode a, b;
};

TwoNodes two_of_a_sort(std::int64_t graph_id, std::int64_t node_a, std::int64_t node_b) {
  TwoNodes two{node_by_id(graph_id, node_a), node_by_id(graph_id, node_b)};
  if (two.a.is_statement != two.b.is_statement)
    throw Error(ERRCODE_WRONG_OBJECT_TYPE,
                "node " + std::to_string(two.a.is_statement ? node_a : node_b) + " is a statement, and node " +
                    std::to_string(two.a.is_statement ? node_b : node_a) + " is not");
  return two;
}

}  // namespace

NamedNode node_by_id(std::int64_t graph_id, std::int64_t asked) {
  const Rows rows = execute(
      "SELECT n.node_id, n.is_statement, n.type, n.key FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.node_id = "
      " COALESCE((SELECT r.node_id FROM kg_batch_internal.node_redirect r WHERE r.graph_id = $1 AND r.old_node_id = $2), $2)",
      {graph_id, asked});
  if (rows.empty())
    throw Error(ERRCODE_UNDEFINED_OBJECT, "node " + std::to_string(asked) + " does not exist", "", "The view kg_batch.node has them all.");
  return {rows.integer(0, 0), rows.boolean(0, 1), rows.text(0, 2), rows.text(0, 3)};
}

NamedNode thing_by_id(std::int64_t graph_id, std::int64_t asked, const std::string& why, const std::string& hint) {
  const NamedNode node = node_by_id(graph_id, asked);
  if (node.is_statement) throw Error(ERRCODE_WRONG_OBJECT_TYPE, "node " + std::to_string(asked) + " is a statement", why, hint);
  return node;
}

std::int64_t say_same(std::int64_t graph_id, std::int64_t node_a, std::int64_t node_b, const std::string& reason, unsigned int role) {
  const auto [a, b] = two_of_a_sort(graph_id, node_a, node_b);
  if (a.node_id == b.node_id)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "nodes " + std::to_string(node_a) + " and " + std::to_string(node_b) + " are one already");
  const std::vector<std::string> of_a = keys_of_node(graph_id, a.node_id), of_b = keys_of_node(graph_id, b.node_id);
  std::vector<Pair> pairs{{a.lowest_key, b.lowest_key}};
  for (const auto& between : {split_between(graph_id, of_a, of_b), split_between(graph_id, of_b, of_a)})
    pairs.insert(pairs.end(), between.begin(), between.end());
  const std::int64_t decision = say(graph_id, pairs, "same", reason, role);
  see_to(graph_id, decision);
  // The whole of both nodes was meant: what an earlier word, a model or a veto keeps
  // apart is said to be the same too.
  std::set<std::string> all(of_a.begin(), of_a.end());
  all.insert(of_b.begin(), of_b.end());
  if (const std::vector<Pair> more = left_out(graph_id, all); !more.empty()) {
    say(graph_id, more, "same", reason, role, decision);
    see_to(graph_id, decision);
  }
  if (a.is_statement && !left_out(graph_id, all).empty())
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "nodes " + std::to_string(node_a) + " and " + std::to_string(node_b) + " cannot be one", why_not_one,
                hint_not_one);
  return decision;
}

std::int64_t say_different(std::int64_t graph_id, std::int64_t node_a, std::int64_t node_b, const std::string& reason, unsigned int role) {
  const auto [a, b] = two_of_a_sort(graph_id, node_a, node_b);
  if (a.node_id == b.node_id)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "nodes " + std::to_string(node_a) + " and " + std::to_string(node_b) + " are one", "",
                "Take identities out of it with kg_batch.unmerge; kg_batch.explain(" + std::to_string(a.node_id) + ") shows them.");
  const std::int64_t decision = say(graph_id, {{a.lowest_key, b.lowest_key}}, "different", reason, role);
  see_to(graph_id, decision);
  return decision;
}

std::int64_t say_apart(std::int64_t graph_id, std::int64_t node, const std::vector<std::int64_t>& identity_ids, const std::string& reason,
                       unsigned int role) {
  const NamedNode whole = node_by_id(graph_id, node);
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
  // Each from each: one pair less, and it could come back over the one that was left out.
  std::vector<Pair> pairs;
  for (const std::string& leaves : out)
    for (const std::string& remains : stays) pairs.push_back({leaves, remains});
  const std::int64_t decision = say(graph_id, pairs, "different", reason, role);
  see_to(graph_id, decision);
  // What stays was one over what left, perhaps: it is still said to be.
  if (const std::vector<Pair> more = left_out(graph_id, {stays.begin(), stays.end()}); !more.empty()) {
    say(graph_id, more, "same", reason, role, decision);
    see_to(graph_id, decision);
  }
  if (whole.is_statement && !are_apart(graph_id, out, stays))
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "identities of node " + std::to_string(whole.node_id) + " cannot be parted like that",
                "Statements are one node when what takes part in them is, and their kind is the same.", "Say it of the things that take part in them.");
  return decision;
}

void undo(std::int64_t graph_id, std::int64_t decision_id) {
  const std::string name = "decision " + std::to_string(decision_id);
  const Rows rows = execute(
      "SELECT d.made_by, d.undone_at IS NOT NULL, d.part_of FROM kg_batch_internal.decision d WHERE d.graph_id = $1 AND d.decision_id = $2 FOR UPDATE",
      {graph_id, decision_id});
  if (rows.empty()) {
    if (undo_word(graph_id, decision_id)) return;
    throw Error(ERRCODE_UNDEFINED_OBJECT, name + " does not exist", "", "The view kg_batch.word has all that persons said.");
  }
  if (rows.text(0, 0) != "person")
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, name + " is not a person's", "",
                "Say otherwise with kg_batch.merge, kg_batch.keep_apart or kg_batch.unmerge: a person's word beats a model's.");
  if (!rows.is_null(0, 2))
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, name + " is part of decision " + rows.text(0, 2), "", "Undo that one.");
  if (rows.boolean(0, 1)) throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, name + " is undone already");
  execute("UPDATE kg_batch_internal.decision SET undone_at = pg_catalog.clock_timestamp() WHERE graph_id = $1 AND decision_id = $2",
          {graph_id, decision_id});
  execute("UPDATE kg_batch_internal.decision SET undone_at = pg_catalog.clock_timestamp() WHERE graph_id = $1 AND part_of = $2",
          {graph_id, decision_id});
  see_to(graph_id, decision_id);
}

}  // namespace kg_batch::store
