// One kind of question to the model: its JSON schema, how the question is
// built, how the answer is read. A stage is one file here and one row of
// `kg_batch_internal.prompt`; no worker knows its name.
//
// A stage's question is one JSON document. Ids in it are small integers local
// to the request: sentences of the chunk count from 1, context sentences from
// -1 downwards in reading order. A question is a pure function of its chunk and
// of the readings of the stages before it, so the same question is found again
// by its hash.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chunking/conversation.h"
#include "graph/reading.h"

namespace kg_batch::stages {

using Json = nlohmann::ordered_json;

struct Participant {
  int id = 0;        // from 1, by first appearance
  std::string name;  // as shown; two of one name are told apart: "Anna", "Anna (2)"
};

struct ShownSentence {
  int id = 0;
  std::string text;
  chunking::Sentence where;
};

struct ShownMessage {
  std::optional<int> by;            // participant; nothing for the assistant
  std::optional<std::string> at;    // local time with weekday, "2023-05-08 15:50 Mon"
  std::vector<ShownSentence> sentences;
};

struct Question {
  std::vector<Participant> participants;
  std::optional<int> self;  // the participant who the graph's owner is, when a nameless user speaks
  std::vector<std::string> cast;
  std::vector<ShownMessage> context;
  std::vector<ShownMessage> messages;
  std::vector<std::string> known;  // facts that the graph has already, with use_known
  bool learn_from_assistant = false;
};

// Why an answer as a whole cannot be used; the request is asked again.
struct BadAnswer {
  std::string reason;  // "not parseable: …", "against the schema: …"; lower case, no full stop
};

class Stage {
 public:
  virtual ~Stage() = default;
  virtual std::string_view name() const = 0;    // also the schema's name: kg_extract
  virtual const Json& schema() const = 0;       // strict subset, every array with maxItems
  virtual int max_output_tokens() const = 0;    // most an answer may take, reasoning included
  // False where the earlier stages left nothing to ask about: the plan goes on
  // without a request.
  virtual bool has_question(const graph::Reading& so_far) const;
  // The user message. `so_far` is what the plan's earlier stages read.
  virtual Json question(const Question& question, const graph::Reading& so_far) const = 0;
  // Reads an answer into `so_far`. Items that are wrong go to `so_far.rejected`;
  // an answer that is wrong as a whole leaves `so_far` as it was.
  virtual std::optional<BadAnswer> read(std::string_view answer, const Question& question,
                                        graph::Reading& so_far) const = 0;
};

// Every stage that is linked in, by name; nullptr when there is none.
const Stage* find_stage(std::string_view name);

// Registers a stage: one namespace-scope object of this type in the stage's file.
struct Registered {
  explicit Registered(const Stage& stage);
};

// The body of the chat completion that asks it: model, system prompt, the
// question, the strict schema. Only what the model takes is in it: no
// temperature, no max_tokens; reasoning_effort when it is not empty. JSON text; what is
// no UTF-8 is replaced.
std::string chat_body(const Stage& stage, std::string_view model, std::string_view prompt, std::string_view reasoning_effort,
                      int max_completion_tokens, const Json& question);

// The same of a question that is not about a chunk (stages/decisions.h): the
// schema, which has to last as long as the process, goes along under the stage's name.
std::string chat_body(std::string_view stage_name, const Json& schema, std::string_view model, std::string_view prompt,
                      std::string_view reasoning_effort, int max_completion_tokens, const Json& question);

}  // namespace kg_batch::stages
