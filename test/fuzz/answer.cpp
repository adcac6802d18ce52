#include "answer.h"

#include <algorithm>
#include <map>
#include <set>

#include "chunking/sentences.h"
#include "graph/keys.h"
#include "graph/mentions.h"
#include "require.h"
#include "stages/question_document.h"
#include "stages/stage.h"
#include "stages_conversation.h"

namespace kg_batch::fuzz {
namespace {

const test::Conversation& conversation() {
  static const test::Conversation made = [] {
    test::Conversation conversation({"Dana", "Kim"});
    conversation.said_before(1, {"I love pets.", "You too?"}).said_before(0, {"Tell me."});
    conversation.says(1, {"I've had a dog, Clyde, since 2021.", "My sister wants to meet him, our flat in Leeds is small."});
    conversation.says(2, {"Hi Dana! I started a new job as a cook last Friday.", "Bob, short for Robert, is my boss 😀."});
    conversation.says(0, {"Congratulations on the job.", "Clyde is a fine name."});
    return conversation;
  }();
  return made;
}

// All of a reading as one text, to tell two apart.
std::string told(const graph::Reading& reading) {
  std::string text = stages::facts_json(reading.facts, conversation().question).dump() + stages::things_json(reading.things).dump() +
                     stages::statements_json(reading.statements).dump();
  for (const graph::Rejected& one : reading.rejected) {
    text += one.item + one.reason + one.body;
  }
  return text;
}

std::multiset<graph::Key> keys_of(const graph::Mentions& mentions) {
  std::multiset<graph::Key> keys;
  for (const graph::MentionRow& node : mentions.nodes) {
    keys.insert(node.key);
  }
  return keys;
}

void require_spans(const graph::Mentions& mentions) {
  std::map<std::int64_t, int> lengths;
  for (const graph::MessagePlace& message : conversation().place.messages) {
    lengths[message.message_id] = chunking::char_length(message.text);
  }
  for (const graph::SourceRow& source : mentions.sources) {
    require(lengths.contains(source.message_id), "evidence is in a message that was shown");
    require(0 <= source.sentence_start && source.sentence_start <= source.span_start && source.span_start < source.span_end &&
                source.span_end <= source.sentence_end && source.sentence_end <= lengths[source.message_id],
            "a quote's place lies in its sentence, and that in its message");
  }
}

void require_mentions(graph::Reading reading) {
  const graph::Mentions mentions = graph::mentions_of(reading, conversation().question, conversation().place);
  require_told(mentions.rejected);
  require_spans(mentions);
  require(mentions.nodes.size() <= reading.things.size() + reading.statements.size(), "no more mentions than were read");
  for (const graph::MentionRow& node : mentions.nodes) {
    require(node.label_key == graph::name_key(node.label), "a mention has its label's key");
    require_storable(node.label_key);
    require_storable(node.scope);
  }
  const int nodes = static_cast<int>(mentions.nodes.size());
  for (const graph::EdgeRow& edge : mentions.edges) {
    require(edge.statement >= 1 && edge.statement <= nodes && edge.target >= 1 && edge.target <= nodes, "an edge is between mentions");
    require(mentions.nodes[static_cast<std::size_t>(edge.statement - 1)].is_statement, "an edge begins at a statement");
  }
  // Whatever the order in which the answer lists them.
  std::reverse(reading.facts.begin(), reading.facts.end());
  std::reverse(reading.things.begin(), reading.things.end());
  std::reverse(reading.statements.begin(), reading.statements.end());
  for (graph::Statement& statement : reading.statements) {
    std::reverse(statement.roles.begin(), statement.roles.end());
  }
  require(keys_of(mentions) == keys_of(graph::mentions_of(reading, conversation().question, conversation().place)),
          "keys do not depend on the order of the answer");
}

}  // namespace

graph::Reading read_before(std::string_view stage, std::string_view answer, const graph::Reading& so_far) {
  graph::Reading reading = so_far;
  require(!stages::find_stage(stage)->read(answer, conversation().question, reading), "a prompt's example can be read");
  return reading;
}

void read_answer(std::string_view stage_name, std::string_view answer, const graph::Reading& so_far) {
  const stages::Stage& stage = *stages::find_stage(stage_name);
  graph::Reading reading = so_far;
  const std::optional<stages::BadAnswer> bad = stage.read(answer, conversation().question, reading);
  if (bad) {
    require(!bad->reason.empty(), "a bad answer says why");
    require_storable(bad->reason);
    require(told(reading) == told(so_far), "a bad answer leaves the reading as it was");
    return;
  }
  require_sound(reading);
  graph::Reading again = so_far;
  stage.read(answer, conversation().question, again);
  require(told(reading) == told(again), "an answer is read the same each time");
  require_mentions(std::move(reading));
}

}  // namespace kg_batch::fuzz
