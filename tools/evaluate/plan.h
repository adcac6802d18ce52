// Takes conversations through the stages of a plan, as pipelines do: question,
// answer, reading, the next stage's question.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "answers.h"
#include "conversation.h"
#include "openai/client.h"
#include "shipped.h"

namespace kg_batch::evaluate {

struct Asked {
  const Conversation* conversation = nullptr;
  const stages::Stage* stage = nullptr;
  const Prompt* prompt = nullptr;
  Json question;
};

struct Answered {
  std::string source;  // who said so, as StoredAnswer has it
  std::string content;
  openai::Usage usage;
  std::optional<std::string> failure;  // why there is no answer
};

// One answer a question, in their order.
using Answering = std::function<std::vector<Answered>(const std::vector<Asked>&)>;

struct ReadConversation {
  const Conversation* conversation = nullptr;
  graph::Reading reading;
  std::vector<std::string> failures;  // stages without a usable answer, and why
  int quotes = 0, quotes_found = 0;
  std::vector<graph::Rejected> rejected;
};

struct Usage {
  int requests = 0, failures = 0;
  openai::Usage tokens;
};

void add(openai::Usage& sum, const openai::Usage& usage);

struct PlanRun {
  std::vector<ReadConversation> conversations;
  std::vector<std::pair<std::string, Usage>> usage;  // by stage, in the plan's order
  std::vector<StoredAnswer> answers;
};

// `steps` are the prompts of one plan, in order. What cannot be read ends the
// conversation's plan and is told in `failures`; what was read before counts.
PlanRun run_plan(const std::vector<Conversation>& conversations, const std::vector<Prompt>& steps,
                 const Answering& answering);

// Answers out of a file instead of an endpoint.
Answering answering_from(std::vector<StoredAnswer> answers);

}  // namespace kg_batch::evaluate
