#include "store/importing.h"

#include <algorithm>
#include <map>
#include <set>

#include "backend/spi.h"
#include "chunking/sentences.h"
#include "graph/keys.h"
#include "graph/vocabulary.h"
#include "store/access.h"
#include "store/job.h"
#include "store/mention.h"
#include "store/queue.h"

namespace kg_batch::store {

using backend::execute;
using backend::Rows;
using backend::Time;

namespace {

constexpr std::size_t facts_a_chunk = 300;

struct Message {
  std::string text;
  std::optional<std::string> said_by;
  std::optional<std::int64_t> said_at_us;
  std::int64_t message_id = 0;
};

// A run of messages, and what mentions to make of it once they have ids.
struct Part {
  std::vector<Message> messages;
  std::vector<const formats::Fact*> facts;         // of an export, a message each
  std::vector<const formats::ListedEdge*> edges;   // of a list: first the edges,
  std::vector<const formats::ListedNode*> nodes;   // then nodes that no edge names
};

int place_in(const auto& words, std::string_view word) {
  return static_cast<int>(std::ranges::find(words, word) - words.begin());
}

std::optional<graph::Date> date_of(const std::optional<std::string>& date, const std::optional<std::string>& how) {
  if (!date) return std::nullopt;
  return graph::Date{*date, static_cast<graph::How>(place_in(graph::date_hows, how.value_or("actual")))};
}

// ---- of an export ----

class Exported {
 public:
  explicit Exported(const formats::Imported& imported) {
    for (const formats::Node& node : imported.nodes) node_of_[node.key] = &node;
    for (const formats::Edge& edge : imported.edges) edges_of_[edge.source].push_back(&edge);
    std::set<std::string> spoken_of;
    for (const formats::Fact& fact : imported.facts) {
      for (const std::string& node : fact.nodes) add_with_roles(node, spoken_of);
    }
    // No node is without evidence: what no fact speaks of is a fact itself.
    for (const formats::Node& node : imported.nodes) {
      if (spoken_of.contains(node.key)) continue;
      formats::Fact fact;
      fact.text = node.label;
      fact.modality = node.modality;
      fact.negated = node.negated;
      fact.nodes = {node.key};
      made_.push_back(std::move(fact));
    }
    for (const formats::Fact& fact : imported.facts) facts_.push_back(&fact);
    for (const formats::Fact& fact : made_) facts_.push_back(&fact);
  }

  const std::vector<const formats::Fact*>& facts() const { return facts_; }

  graph::Mentions mentions(const Part& part) const {
    graph::Mentions mentions;
    std::map<std::string, std::vector<int>> facts_about;  // by key: so rows come in an order made of content
    std::map<int, std::optional<std::int64_t>> said_at;
    for (std::size_t i = 0; i < part.facts.size(); ++i) {
      const formats::Fact& fact = *part.facts[i];
      const Message& message = part.messages[i];
      const int n = static_cast<int>(i) + 1;
      graph::FactRow row;
      row.n = n;
      row.text = fact.text;
      row.modality = static_cast<graph::Modality>(place_in(graph::modalities, fact.modality));
      row.negated = fact.negated;
      row.said_at_us = said_at[n] = message.said_at_us;
      row.first_message_id = message.message_id;
      mentions.facts.push_back(row);
      graph::SourceRow source;
      source.fact = n;
      source.n = 1;
      source.message_id = message.message_id;
      source.quote = fact.text;
      source.matched = true;
      source.sentence_end = source.span_end = chunking::char_length(fact.text);
      mentions.sources.push_back(source);
      std::set<std::string> nodes;
      for (const std::string& node : fact.nodes) add_with_roles(node, nodes);
      for (const std::string& node : nodes) facts_about[node].push_back(n);
    }
    std::map<std::string, int> number_of;
    for (const auto& [key, facts] : facts_about) {
      const formats::Node& node = *node_of_.at(key);
      graph::MentionRow row;
      row.n = number_of[key] = static_cast<int>(mentions.nodes.size()) + 1;
      row.is_statement = node.is_statement;
      row.type = node.type;
      row.node_class = node.node_class;
      row.label = node.label;
      row.category = node.category;
      row.label_key = graph::name_key(node.label);
      row.named = node.named;
      row.key = graph::key_from(node.key);
      row.scope = node.scope;
      row.aliases = node.aliases;
      row.attributes = node.attributes;
      row.hash_tags = node.hash_tags;
      row.confidence = node.confidence;
      row.importance = node.importance;
      row.start = date_of(node.start_date, node.start_how);
      row.end = date_of(node.end_date, node.end_how);
      row.goal_status = node.goal_status;
      row.negated = node.negated;
      row.modality = static_cast<graph::Modality>(place_in(graph::modalities, node.modality));
      row.facts = facts;
      for (const int fact : facts)
        if (said_at[fact] && (!row.said_at_us || *said_at[fact] < *row.said_at_us)) row.said_at_us = said_at[fact];
      mentions.nodes.push_back(std::move(row));
    }
    for (const auto& [key, facts] : facts_about) {
      const auto edges = edges_of_.find(key);
      if (edges == edges_of_.end()) continue;
      for (const formats::Edge* const edge : edges->second)
        mentions.edges.push_back({static_cast<int>(mentions.edges.size()) + 1, number_of.at(key), number_of.at(edge->target), edge->predicate, {}});
    }
    return mentions;
  }

 private:
  // A statement brings along what takes part in it: roles stay within a chunk.
  void add_with_roles(const std::string& node, std::set<std::string>& nodes) const {
    if (!nodes.insert(node).second) return;
    const auto edges = edges_of_.find(node);
    if (edges == edges_of_.end()) return;
    for (const formats::Edge* const edge : edges->second) add_with_roles(edge->target, nodes);
  }

  std::map<std::string, const formats::Node*> node_of_;
  std::map<std::string, std::vector<const formats::Edge*>> edges_of_;
  std::vector<formats::Fact> made_;
  std::vector<const formats::Fact*> facts_;
};

// ---- of a list ----

// As a model's answer would say it, so keys are made as those of any other.
graph::Mentions mentions_of_list(const Part& part, const std::map<std::string, const formats::ListedNode*>& node_of, const std::string& key,
                                 const std::string& segment_key, bool names_shared) {
  graph::Reading reading;
  stages::Question question;
  graph::Place place;
  place.conversation_key = key;
  place.names_shared = names_shared;
  std::map<std::string, std::vector<int>> facts_about;
  for (std::size_t i = 0; i < part.messages.size(); ++i) {
    const Message& message = part.messages[i];
    const int id = static_cast<int>(i) + 1;
    question.messages.push_back({std::nullopt, std::nullopt, {{id, message.text, {message.message_id, 0, chunking::char_length(message.text)}}}});
    place.messages.push_back({message.message_id, message.text, std::nullopt, std::nullopt, segment_key});
    reading.facts.push_back({id, message.text, graph::Modality::asserted, false, {{id, message.text}}});
    if (i < part.edges.size()) {
      facts_about[part.edges[i]->from].push_back(id);
      if (part.edges[i]->to != part.edges[i]->from) facts_about[part.edges[i]->to].push_back(id);
    } else {
      facts_about[part.nodes[i - part.edges.size()]->label].push_back(id);
    }
  }
  std::map<std::string, int> id_of;
  for (const auto& [label, facts] : facts_about) {
    const formats::ListedNode& node = *node_of.at(label);
    graph::Thing thing;
    thing.id = id_of[label] = static_cast<int>(reading.things.size()) + 1;
    thing.type = node.type;
    thing.label = node.label;
    thing.thing_class = node.node_class;
    thing.category = node.category;
    thing.named = true;
    thing.aliases = node.aliases;
    thing.attributes = node.attributes;
    thing.facts = facts;
    thing.confidence = 1000;
    thing.importance = 500;
    reading.things.push_back(std::move(thing));
  }
  const int first = static_cast<int>(reading.things.size()) + 1;
  for (std::size_t i = 0; i < part.edges.size(); ++i) {
    const formats::ListedEdge& edge = *part.edges[i];
    graph::Statement statement;
    statement.id = first + static_cast<int>(i);
    statement.type = edge.type;
    statement.label = statement.category = edge.relation;
    statement.facts = {static_cast<int>(i) + 1};
    statement.start = date_of(edge.since, std::nullopt);
    statement.end = date_of(edge.until, std::nullopt);
    statement.confidence = 1000;
    statement.importance = 500;
    statement.roles = {{"subject", std::nullopt, id_of.at(edge.from)}, {"object", std::nullopt, id_of.at(edge.to)}};
    reading.statements.push_back(std::move(statement));
  }
  return graph::mentions_of(reading, question, place);
}

// ---- rows ----

void insert_messages(std::int64_t graph_id, std::int64_t conversation_id, const std::vector<std::string>& speakers, std::vector<Part>& parts) {
  std::vector<std::string> texts;
  std::vector<std::optional<int>> participants;
  std::vector<std::optional<Time>> times;
  for (const Part& part : parts)
    for (const Message& message : part.messages) {
      texts.push_back(message.text);
      participants.push_back(message.said_by ? std::optional(place_in(speakers, *message.said_by) + 1) : std::nullopt);
      times.push_back(message.said_at_us ? std::optional(Time{*message.said_at_us}) : std::nullopt);
    }
  const Rows rows = execute(
      "WITH made AS (INSERT INTO kg_batch_internal.message (graph_id, conversation_id, position, delivery, message_key, role, participant, content, sent_at) "
      " SELECT $1, $2, u.n, 1, 'i:' || u.n, CASE WHEN u.participant IS NULL THEN 'tool' ELSE 'user' END, u.participant, u.content, u.sent_at "
      " FROM unnest($3, $4, $5) WITH ORDINALITY AS u (content, participant, sent_at, n) ORDER BY u.n RETURNING position, message_id) "
      "SELECT message_id FROM made ORDER BY position",
      {graph_id, conversation_id, texts, participants, times});
  std::size_t at = 0;
  for (Part& part : parts)
    for (Message& message : part.messages) message.message_id = rows.integer(at++, 0);
}

LoadedChunk insert_chunk(std::int64_t graph_id, std::int64_t conversation_id, std::int64_t segment_id, std::int64_t job_id, int participants,
                         const Part& part, int first_position) {
  LoadedChunk chunk;
  std::vector<std::int64_t> ids;
  std::vector<int> starts, ends;
  std::vector<std::int16_t> shown;
  for (const Message& message : part.messages) {
    chunk.positions.emplace_back(message.message_id, first_position + static_cast<int>(ids.size()));
    ids.push_back(message.message_id);
    starts.push_back(0);
    ends.push_back(chunking::char_length(message.text));
    shown.push_back(0);
  }
  const Rows rows = execute(
      "INSERT INTO kg_batch_internal.chunk (graph_id, conversation_id, segment_id, job_id, state, stage, participants, cast_seen, context_size, "
      " message_ids, starts, ends, shown, countable, tokens, done_at) "
      "VALUES ($1, $2, $3, $4, 'done', 'import', $5, '{}', 0, $6, $7, $8, $9, $10, 0, pg_catalog.now()) RETURNING chunk_id",
      {graph_id, conversation_id, segment_id, job_id, participants, ids, starts, ends, shown, static_cast<int>(ids.size())});
  chunk.graph_id = graph_id;
  chunk.chunk_id = rows.integer(0, 0);
  chunk.conversation_id = conversation_id;
  chunk.job_id = job_id;
  return chunk;
}

}  // namespace

ImportCounts take_imported(std::int64_t graph_id, const std::string& key, const formats::Imported& imported, unsigned int made_by) {
  const Exported exported(imported);
  std::map<std::string, const formats::ListedNode*> node_of;
  for (const formats::ListedNode& node : imported.listed_nodes) node_of[node.label] = &node;

  std::vector<Part> parts;
  const auto part_with_room = [&](bool of_export) -> Part& {
    if (parts.empty() || parts.back().messages.size() >= facts_a_chunk || parts.back().facts.empty() == of_export) parts.emplace_back();
    return parts.back();
  };
  std::set<std::string> speakers, linked;
  for (const formats::Fact* const fact : exported.facts()) {
    Part& part = part_with_room(true);
    part.facts.push_back(fact);
    part.messages.push_back({fact->text, fact->said_by, fact->said_at ? formats::time_from(*fact->said_at) : std::nullopt});
    if (fact->said_by) speakers.insert(*fact->said_by);
  }
  for (const formats::ListedEdge& edge : imported.listed_edges) {
    Part& part = part_with_room(false);
    part.edges.push_back(&edge);
    part.messages.push_back({edge.fact, {}, {}});
    linked.insert(edge.from);
    linked.insert(edge.to);
  }
  for (const formats::ListedNode& node : imported.listed_nodes) {
    if (linked.contains(node.label)) continue;
    Part& part = part_with_room(false);
    part.nodes.push_back(&node);
    part.messages.push_back({node.label + ": " + node.category + ".", {}, {}});
  }
  if (parts.empty()) return {};

  const std::vector<std::string> names(speakers.begin(), speakers.end());
  const std::int64_t job_id = inbox(graph_id, made_by);
  std::int64_t messages = 0;
  for (const Part& part : parts) messages += static_cast<std::int64_t>(part.messages.size());
  const Rows made = execute(
      "INSERT INTO kg_batch_internal.conversation (graph_id, key, job_id, priority, participant_names, participant_ids, messages, deliveries, cut_deliveries) "
      "VALUES ($1, $2, $3, 2, $4, pg_catalog.array_fill(''::text, ARRAY[pg_catalog.cardinality($4)]), $5, 1, 1) "
      "ON CONFLICT (graph_id, key) DO NOTHING RETURNING conversation_id",
      {graph_id, key, job_id, names, messages});
  if (made.empty()) return {};
  const std::int64_t conversation_id = made.integer(0, 0);
  touch_job(graph_id, job_id);
  insert_messages(graph_id, conversation_id, names, parts);
  const std::string segment_key = key + "/i:1";
  const std::int64_t segment_id =
      execute("INSERT INTO kg_batch_internal.segment (graph_id, conversation_id, first_message_id, last_message_id, key, began_by) "
              "VALUES ($1, $2, $3, $4, $5, 'first') RETURNING segment_id",
              {graph_id, conversation_id, parts.front().messages.front().message_id, parts.back().messages.back().message_id, segment_key})
          .integer(0, 0);
  execute("UPDATE kg_batch_internal.message SET segment_id = $3 WHERE graph_id = $1 AND conversation_id = $2", {graph_id, conversation_id, segment_id});

  const bool names_shared = graph_options(graph_id).names_shared;
  std::vector<Item> items;
  int position = 1;
  for (const Part& part : parts) {
    LoadedChunk chunk = insert_chunk(graph_id, conversation_id, segment_id, job_id, static_cast<int>(names.size()), part, position);
    chunk.place.conversation_key = key;
    graph::Mentions mentions =
        part.facts.empty() ? mentions_of_list(part, node_of, key, segment_key, names_shared) : exported.mentions(part);
    for (std::size_t i = 0; i < part.messages.size(); ++i)
      if (part.messages[i].said_by) mentions.facts[i].said_by = place_in(names, *part.messages[i].said_by) + 1;
    write_mentions({{&chunk, 0, std::move(mentions)}});
    items.push_back({graph_id, Work::round, chunk.chunk_id, 0, static_cast<int>(part.messages.size()), job_id});
    position += static_cast<int>(part.messages.size());
  }
  put_ready(items);
  ImportCounts counts;
  counts.nodes = static_cast<std::int64_t>(imported.nodes.size() + imported.listed_nodes.size());
  counts.edges = static_cast<std::int64_t>(imported.edges.size() + imported.listed_edges.size());
  counts.facts = messages;
  return counts;
}

}  // namespace kg_batch::store
