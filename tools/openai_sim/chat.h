// Chat completions: what is refused, what is answered, what it costs. The same
// code answers direct requests and the lines of batches.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "answers.h"
#include "api_error.h"
#include "bill.h"
#include "faults.h"
#include "hostile_text.h"
#include "json.h"
#include "models.h"
#include "settings.h"
#include "strict_schema.h"
#include "tokens.h"
#include "virtual_clock.h"

namespace kg_sim {

struct ChatQuestion {
  AskedFor asked;
  std::string model;
  std::string hash;         // SHA-256 of model, messages and response_format
  std::string prompt;       // everything the model reads, in order
  std::string schema_text;  // "" without a strict schema
  std::string effort;
  std::int64_t prompt_tokens = 0;
  std::optional<std::int64_t> most_output_tokens;
};

struct ChatReply {
  int status = 200;
  Json body;
  TokenUse use;
  std::string model;  // as returned
  std::optional<HostileText> hostile;  // what the placeholder in `body` stands for
};

class Chat {
 public:
  Chat(Settings& settings, const VirtualClock& clock, Faults& faults, Bill& bill, Answers& answers)
      : settings_(settings), clock_(clock), faults_(faults), bill_(bill), answers_(answers) {}

  // Reads a request; `body` has to outlive the question. An error for what the API refuses.
  std::optional<ApiError> read(const Json& body, ChatQuestion& question);

  // Answers it and enters it into the bill. `batch_id` is "" for a direct one.
  ChatReply reply(const Json& body, const ChatQuestion& question, const std::string& batch_id);

  void forget_prompts() { prompt_cache_.clear(); }

 private:
  std::optional<ApiError> read_messages(const Json& body, ChatQuestion& question) const;
  std::optional<ApiError> read_response_format(const Json& body, ChatQuestion& question);
  std::optional<ApiError> check_parameters(const Json& body, ChatQuestion& question) const;

  Settings& settings_;
  const VirtualClock& clock_;
  Faults& faults_;
  Bill& bill_;
  Answers& answers_;
  SchemaCheck schema_check_;
  PromptCache prompt_cache_;
  // What the subset says of a schema that was seen, by its text.
  std::unordered_map<std::string, std::optional<std::string>> judged_schemas_;
};

}  // namespace kg_sim
