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

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// What all requests of a job have in common, which is most of each, is written once.
struct Frame {
  Frame(std::string_view stage_name, const Json& schema_, std::string_view model_, std::string_view prompt_)
      : schema(&schema_), model(model_), prompt(prompt_) {
    before = R"({"model":)" + text_of(model) + R"(,"messages":[{"role":"system","content":)" + text_of(prompt) + R"(},{"role":"user","content":)";
    Json format;
    format["name"] = stage_name;
    format["strict"] = true;
    format["schema"] = *schema;
    after = R"(}],"response_format":{"type":"json_schema","json_schema":)" + text_of(format) + R"(},"max_completion_tokens":)";
  }
  bool is_of(const Json& schema_, std::string_view model_, std::string_view prompt_) const {
    return schema == &schema_ && model == model_ && prompt == prompt_;
  }

  const Json* schema;  // a stage's own: made once, never changed
  std::string model, prompt, before, after;
};

}  // namespace

bool Stage::has_question(const graph::Reading&) const { return true; }

Registered::Registered(const Stage& stage) { registry().emplace(stage.name(), &stage); }

const Stage* find_stage(std::string_view name) {
  const auto found = registry().find(name);
  return found == registry().end() ? nullptr : found->second;
}

std::string chat_body(const Stage& stage, std::string_view model, std::string_view prompt, std::string_view reasoning_effort,
                      int max_completion_tokens, const Json& question) {
  return chat_body(stage.name(), stage.schema(), model, prompt, reasoning_effort, max_completion_tokens, question);
}

std::string chat_body(std::string_view stage_name, const Json& schema, std::string_view model, std::string_view prompt,
                      std::string_view reasoning_effort, int max_completion_tokens, const Json& question) {
  static std::map<std::string, Frame, std::less<>> frames;  // the last one of each stage
  auto frame = frames.find(stage_name);
  if (frame == frames.end() || !frame->second.is_of(schema, model, prompt))
    frame = frames.insert_or_assign(std::string(stage_name), Frame(stage_name, schema, model, prompt)).first;
  // What is the same in every request stands first: providers cache by prefix.
  std::string body = frame->second.before;
  body += text_of(text_of(question));
  body += frame->second.after;
  body += std::to_string(max_completion_tokens);
  if (!reasoning_effort.empty()) body += R"(,"reasoning_effort":)" + text_of(reasoning_effort);
  return body + "}";
}

}  // namespace kg_batch::stages
