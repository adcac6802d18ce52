#include "store/word.h"

#include <algorithm>
#include <set>

#include "graph/keys_that_count.h"
#include "graph/vocabulary.h"
#include "stages/answer_text.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/decision.h"
#include "store/live_facts.h"
#include "store/resolution.h"
#include "store/round.h"
#include "store/split.h"

namespace kg_batch::store {

using backend::Error;
using backend::execute;
using backend::Rows;

namespace {

constexpr std::int64_t facts_a_chunk = 4096;  // fact_id is chunk_id * 4096 + n

std::int64_t say(std::int64_t graph_id, const char* verb, const std::optional<std::string>& conversation, const std::optional<std::string>& field,
                 const std::optional<std::string>& value, const std::string& reason, unsigned int role) {
  return execute(
             "INSERT INTO kg_batch_internal.word (graph_id, verb, conversation, field, value, reason, role) "
             "VALUES ($1, $2, $3, $4, $5, NULLIF($6, ''), pg_catalog.pg_get_userbyid($7::bigint::oid)) RETURNING decision_id",
             {graph_id, verb, conversation, field, value, reason, static_cast<std::int64_t>(role)})
      .integer(0, 0);
}

void say_of_facts(std::int64_t graph_id, std::int64_t decision_id, const std::vector<std::int64_t>& fact_ids) {
  execute("INSERT INTO kg_batch_internal.word_fact (graph_id, decision_id, chunk_id, fact) "
          "SELECT DISTINCT $1::bigint, $2::bigint, u.id / 4096, (u.id % 4096)::int FROM unnest($3) AS u (id)",
          {graph_id, decision_id, fact_ids});
}

void say_of_keys(std::int64_t graph_id, std::int64_t decision_id, const std::vector<std::string>& keys,
                 const std::vector<std::optional<std::string>>& split_keys) {
  execute("INSERT INTO kg_batch_internal.word_key (graph_id, decision_id, key, split_key) "
          "SELECT $1, $2, u.key::uuid, u.split_key::uuid FROM unnest($3, $4) AS u (key, split_key)",
          {graph_id, decision_id, keys, split_keys});
}

std::vector<std::string> keys_of_node(std::int64_t graph_id, std::int64_t node_id) {
  const Rows rows = execute("SELECT i.key FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id = $2 ORDER BY i.key",
                            {graph_id, node_id});
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < rows.size(); ++i) keys.push_back(rows.text(i, 0));
  return keys;
}

std::string one_of(std::initializer_list<std::string_view> words) {
  std::string list;
  for (const std::string_view word : words) list += (list.empty() ? "" : ", ") + std::string(word);
  return list;
}

template <typename Words>
std::string list_of(const Words& words) {
  std::string list;
  for (const std::string_view word : words) list += (list.empty() ? "" : ", ") + std::string(word);
  return list;
}

// ---- split ----

std::vector<std::string> places_of(std::int64_t graph_id, const SplitBy& by) {
  if (by.conversation) {
    const Rows rows = execute("SELECT FROM kg_batch_internal.conversation v WHERE v.graph_id = $1 AND v.key = $2", {graph_id, *by.conversation});
    if (rows.processed() == 0)
      throw Error(ERRCODE_UNDEFINED_OBJECT, "conversation \"" + *by.conversation + "\" does not exist", "",
                  "It is given by the key with which it was handed in, as kg_batch.fact shows it.");
    return {*by.conversation};
  }
  // By content: where its chunk begins and ends, and which of it.
  const Rows rows = execute(
      "SELECT u.id, f.place FROM unnest($2) AS u (id) LEFT JOIN LATERAL (SELECT ROW (v.key, a.message_key, a.version, "
      "   c.starts[c.context_size + 1], b.message_key, b.version, c.ends[pg_catalog.cardinality(c.ends)], o.n)::text AS place "
      "  FROM kg_batch_internal.fact o "
      "  JOIN kg_batch_internal.chunk c ON c.graph_id = $1 AND c.chunk_id = o.chunk_id "
      "  JOIN kg_batch_internal.conversation v ON v.graph_id = $1 AND v.conversation_id = c.conversation_id "
      "  LEFT JOIN kg_batch_internal.message a ON a.graph_id = $1 AND a.message_id = c.message_ids[c.context_size + 1] "
      "  LEFT JOIN kg_batch_internal.message b ON b.graph_id = $1 AND b.message_id = c.message_ids[pg_catalog.cardinality(c.message_ids)] "
      "  WHERE o.graph_id = $1 AND o.fact_id = u.id OFFSET 0) f ON true",
      {graph_id, *by.fact_ids});
  std::vector<std::string> places;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows.is_null(i, 1))
      throw Error(ERRCODE_UNDEFINED_OBJECT, "fact " + rows.text(i, 0) + " does not exist", "", "The view kg_batch.fact has them all.");
    places.push_back(rows.text(i, 1));
  }
  if (places.empty()) throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "no fact was named by which to split");
  return places;
}

// ---- correct ----

struct Field {
  std::string_view name;
  bool of_things, of_statements, may_be_null;
};

constexpr Field fields[] = {
    {"label", true, true, false},      {"category", true, true, false},   {"class", true, false, false},
    {"start_date", false, true, true}, {"end_date", false, true, true},   {"goal_status", false, true, true},
    {"add_alias", true, true, false},  {"remove_alias", true, true, false},
};

const Field& checked_field(const NamedNode& node, std::int64_t asked, const std::string& name) {
  const auto holds = [&](const Field& field) {
    return (node.is_statement ? field.of_statements : field.of_things) && (field.name != "goal_status" || node.type == "Goal");
  };
  std::vector<std::string_view> valid;
  for (const Field& field : fields)
    if (holds(field)) valid.push_back(field.name);
  for (const Field& field : fields)
    if (field.name == name && holds(field)) return field;
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "\"" + name + "\" is no field of node " + std::to_string(asked) + " that can be corrected",
              "It is of type " + node.type + ".", "Fields of such a node are " + list_of(valid) + ".");
}

void check_value(const Field& field, const std::optional<std::string>& value) {
  const auto refuse = [&](const std::string& valid) {
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE,
                (value ? "\"" + *value + "\"" : std::string("null")) + " is no " + std::string(field.name), "", "Valid is " + valid + ".");
  };
  if (field.name == "class") {
    if (!value || !graph::is_one_of(*value, graph::thing_classes)) refuse(list_of(graph::thing_classes));
  } else if (field.name == "goal_status") {
    if (value && !graph::is_one_of(*value, graph::goal_statuses)) refuse(list_of(graph::goal_statuses) + ", or null for none");
  } else if (field.name == "start_date" || field.name == "end_date") {
    if (value && !stages::is_date(*value)) refuse(one_of({"YYYY", "YYYY-MM", "YYYY-MM-DD", "YYYY-MM-DDTHH:MM"}) + " of a day that there is, or null for none");
  } else if (!value || value->find_first_not_of(" \t\r\n") == std::string::npos || value->find_first_of("\r\n") != std::string::npos) {
    refuse("a text of one line that is not empty");
  }
}

}  // namespace

std::int64_t say_split(std::int64_t graph_id, std::int64_t node, const SplitBy& by, const std::string& reason, unsigned int role) {
  if (by.conversation.has_value() == by.fact_ids.has_value())
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "split needs either a conversation or facts", "",
                "Call kg_batch.split(node, conversation => 'its key') or kg_batch.split(node, fact_ids => ARRAY[…]).");
  const NamedNode whole = thing_by_id(graph_id, node, "Statements are parted when what takes part in them is.", "Split a thing that takes part in it.");
  const std::vector<std::string> places = places_of(graph_id, by);
  const std::vector<std::string> keys = keys_of_node(graph_id, whole.node_id);
  const Rows counted = execute(
      "SELECT pg_catalog.count(*) FILTER (WHERE m.stands_there), pg_catalog.count(*) FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("
      " SELECT CASE WHEN $3::text IS NULL THEN EXISTS (SELECT FROM unnest(o.facts) AS f (n) WHERE o.chunk_id * 4096 + f.n = ANY ($4::bigint[])) "
      "   ELSE (SELECT v.key FROM kg_batch_internal.conversation v WHERE v.graph_id = $1 AND v.conversation_id = "
      "    (SELECT c.conversation_id FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.chunk_id = o.chunk_id)) = $3 END AS stands_there "
      " FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.key = u.key AND o.live OFFSET 0) m",
      {graph_id, keys, by.conversation, by.fact_ids.value_or(std::vector<std::int64_t>{})});
  const std::string where = by.conversation ? "in conversation \"" + *by.conversation + "\"" : "in these facts";
  const std::string hint = "kg_batch.evidence shows where it stands.";
  if (counted.integer(0, 0) == 0)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "nothing of node " + std::to_string(node) + " stands " + where, "", hint);
  if (counted.integer(0, 0) == counted.integer(0, 1))
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "all of node " + std::to_string(node) + " stands " + where + ", so there is nothing to split off", "", hint);

  const std::int64_t decision = say(graph_id, "split", by.conversation, std::nullopt, std::nullopt, reason, role);
  if (by.fact_ids) say_of_facts(graph_id, decision, *by.fact_ids);
  std::vector<std::optional<std::string>> split_keys;
  for (const std::string& key : keys)
    split_keys.emplace_back(graph::text_of(
        graph::split_key(graph::key_from(key), by.conversation ? "conversation" : "facts", {places.begin(), places.end()})));
  say_of_keys(graph_id, decision, keys, split_keys);
  count_keys_again(graph_id, chunks_of_splits(graph_id, {decision}));
  return decision;
}

std::int64_t say_retracted(std::int64_t graph_id, std::int64_t fact_id, const std::string& reason, unsigned int role) {
  const Rows rows = execute("SELECT f.live FROM kg_batch_internal.fact f WHERE f.graph_id = $1 AND f.fact_id = $2", {graph_id, fact_id});
  if (rows.empty())
    throw Error(ERRCODE_UNDEFINED_OBJECT, "fact " + std::to_string(fact_id) + " does not exist", "", "The view kg_batch.fact has them all.");
  if (!rows.boolean(0, 0))
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "fact " + std::to_string(fact_id) + " does not count already",
                "It was retracted, a message that it cites was edited or deleted, or a newer reading took its place.");
  const std::int64_t decision = say(graph_id, "retract", std::nullopt, std::nullopt, std::nullopt, reason, role);
  say_of_facts(graph_id, decision, {fact_id});
  fold_again(graph_id, settle_facts(graph_id, {fact_id / facts_a_chunk}));
  return decision;
}

std::int64_t say_corrected(std::int64_t graph_id, std::int64_t node, const std::string& field, const std::optional<std::string>& value,
                           const std::string& reason, unsigned int role) {
  const NamedNode found = node_by_id(graph_id, node);
  check_value(checked_field(found, node, field), value);
  const std::int64_t decision = say(graph_id, "correct", std::nullopt, field, value, reason, role);
  const std::vector<std::string> keys = keys_of_node(graph_id, found.node_id);
  say_of_keys(graph_id, decision, keys, std::vector<std::optional<std::string>>(keys.size()));
  show_again(graph_id, {keys.begin(), keys.end()});
  return decision;
}

bool undo_word(std::int64_t graph_id, std::int64_t decision_id) {
  const Rows rows = execute(
      "SELECT w.verb, w.undone_at IS NOT NULL FROM kg_batch_internal.word w WHERE w.graph_id = $1 AND w.decision_id = $2 FOR UPDATE",
      {graph_id, decision_id});
  if (rows.empty()) return false;
  if (rows.boolean(0, 1))
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "decision " + std::to_string(decision_id) + " is undone already");
  execute("UPDATE kg_batch_internal.word SET undone_at = pg_catalog.clock_timestamp() WHERE graph_id = $1 AND decision_id = $2",
          {graph_id, decision_id});
  if (rows.text(0, 0) == "split") {
    count_keys_again(graph_id, chunks_of_splits(graph_id, {decision_id}));
  } else if (rows.text(0, 0) == "retract") {
    const Rows facts = execute("SELECT DISTINCT f.chunk_id FROM kg_batch_internal.word_fact f WHERE f.graph_id = $1 AND f.decision_id = $2",
                               {graph_id, decision_id});
    std::vector<std::int64_t> chunks;
    for (std::size_t i = 0; i < facts.size(); ++i) chunks.push_back(facts.integer(i, 0));
    fold_again(graph_id, settle_facts(graph_id, chunks));
  } else {
    // Identities by their keys, and statements that have another one since.
    const Rows keys = execute(
        "SELECT i.key FROM (SELECT k.key FROM kg_batch_internal.word_key k WHERE k.graph_id = $1 AND k.decision_id = $2 OFFSET 0) u "
        "CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.key = u.key "
        " UNION ALL SELECT o.key FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.given_key = u.key) i",
        {graph_id, decision_id});
    std::set<std::string> touched;
    for (std::size_t i = 0; i < keys.size(); ++i) touched.insert(keys.text(i, 0));
    show_again(graph_id, touched);
  }
  return true;
}

}  // namespace kg_batch::store
