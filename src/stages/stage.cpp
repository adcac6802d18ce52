#include "stages/stage.h"

#include <map>

namespace kg_batch::stages {
namespace {

// Function-local, because stages register themselves while globals are made, in
// no order between files.
std::map<std::string_view, const Stage*>& registry() {
  static std::map<std::string_view, const Stage*> stages;
  return stages;
}

}  // namespace

bool Stage::has_question(const graph::Reading&) const { return true; }

Registered::Registered(const Stage& stage) { registry().emplace(stage.name(), &stage); }

const Stage* find_stage(std::string_view name) {
  const auto found = registry().find(name);
  return found == registry().end() ? nullptr : found->second;
}

Json chat_body(const Stage& stage, std::string_view model, std::string_view prompt, std::string_view reasoning_effort,
               int max_completion_tokens, const Json& question) {
  return chat_body(stage.name(), stage.schema(), model, prompt, reasoning_effort, max_completion_tokens, question);
}

Json chat_body(std::string_view stage_name, const Json& schema, std::string_view model, std::string_view prompt,
               std::string_view reasoning_effort, int max_completion_tokens, const Json& question) {
  Json format;
  format["name"] = stage_name;
  format["strict"] = true;
  format["schema"] = schema;

  // What is the same in every request stands first: providers cache by prefix.
  Json body;
  body["model"] = model;
  body["messages"] = Json::array({{{"role", "system"}, {"content", prompt}},
                                  {{"role", "user"}, {"content", question.dump(-1, ' ', false, Json::error_handler_t::replace)}}});
  body["response_format"] = {{"type", "json_schema"}, {"json_schema", std::move(format)}};
  body["max_completion_tokens"] = max_completion_tokens;
  if (!reasoning_effort.empty()) {
    body["reasoning_effort"] = reasoning_effort;
  }
  return body;
}

}  // namespace kg_batch::stages
