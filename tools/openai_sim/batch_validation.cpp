#include "batch_validation.h"

#include "embeddings.h"
#include "models.h"
#include "tokens.h"

namespace kg_sim {

Json BatchValidation::error(const std::string& code, const std::string& message, const Json& param, const Json& line) {
  Json json = Json::object();
  json["code"] = code;
  json["message"] = message;
  json["param"] = param;
  json["line"] = line;
  return json;
}

void BatchValidation::wrong(const std::string& code, const std::string& message, const std::string& param) {
  errors_.push_back(error(code, message, param.empty() ? Json(nullptr) : Json(param), lines_));
}

void BatchValidation::line(std::string_view text, std::uint64_t offset) {
  ++lines_;
  if (settings_.max_batch_requests && lines_ > settings_.max_batch_requests) return;
  offsets_.push_back(offset);
  check(text);
}

void BatchValidation::check(std::string_view text) {
  const auto request = parse_json(text);
  if (!request || !request->is_object())
    return wrong("invalid_json_line", "This line is not parseable as valid JSON.", "");
  for (const char* name : {"custom_id", "method", "url", "body"})
    if (!member(*request, name))
      return wrong("missing_required_parameter", "Missing required parameter: '" + std::string(name) + "'.", name);
  for (const char* name : {"custom_id", "method", "url"}) {
    const Json& value = *member(*request, name);
    if (!value.is_string())
      return wrong("invalid_type", "Invalid type for '" + std::string(name) + "': expected a string, but got " +
                                       described_type(value) + " instead.",
                   name);
  }
  if (!custom_ids_.insert(text_member(*request, "custom_id")).second)
    return wrong("duplicate_custom_id",
                 "The custom_id '" + text_member(*request, "custom_id") +
                     "' has already been used in this file. Each custom_id must be unique.",
                 "custom_id");
  if (text_member(*request, "method") != "POST")
    return wrong("invalid_value",
                 "Invalid value: '" + text_member(*request, "method") + "'. Supported values are: 'POST'.", "method");
  if (text_member(*request, "url") != endpoint_)
    return wrong("invalid_url", "The URL provided for this request does not match the batch endpoint.", "url");
  const Json& body = *member(*request, "body");
  if (!body.is_object())
    return wrong("invalid_type",
                 "Invalid type for 'body': expected an object, but got " + described_type(body) + " instead.", "body");
  check_body(body);
}

void BatchValidation::check_body(const Json& body) {
  const Json* model = member(body, "model");
  if (!model) return wrong("missing_required_parameter", "Missing required parameter: 'model'.", "body.model");
  const std::string name = model->is_string() ? model->get<std::string>() : to_text(*model);
  if (!is_known_model(name, settings_))
    return wrong("model_not_found", "The provided model '" + name + "' is not supported by the Batch API.",
                 "body.model");
  if (model_.empty()) model_ = name;
  if (name != model_)
    return wrong("mismatched_model",
                 "The provided model '" + name + "' does not match the model of the other requests in this file, '" +
                     model_ + "'.",
                 "body.model");
  if (endpoint_ == "/v1/chat/completions") {
    const Json* messages = member(body, "messages");
    if (!messages) return wrong("missing_required_parameter", "Missing required parameter: 'messages'.", "body.messages");
    if (const Json* stream = member(body, "stream"); stream && *stream == true)
      return wrong("streaming_unsupported", "Chat Completions: Streaming is not supported in the Batch API.",
                   "body.stream");
    if (messages->is_array()) {
      for (const Json& message : *messages) {
        const Json* content = member(message, "content");
        if (content) input_tokens_ += count_tokens(content->is_string() ? content->get_ref<const std::string&>() : to_text(*content));
      }
    }
  } else if (const Json* input = member(body, "input")) {
    input_tokens_ += count_tokens(input->is_string() ? input->get_ref<const std::string&>() : to_text(*input));
    if (endpoint_ == "/v1/embeddings") embedded_ += count_inputs(body);
  }
}

void BatchValidation::finish() {
  constexpr std::int64_t most_embedded = 50000;
  if (embedded_ > most_embedded)
    errors_.push_back(error("too_many_inputs",
                            "The batch input file contains " + std::to_string(embedded_) +
                                " embedding inputs across all requests, which is more than the maximum of " + std::to_string(most_embedded) + ".",
                            nullptr, nullptr));
  if (lines_ == 0)
    errors_.push_back(error("empty_file", "The batch input file is empty. Please ensure that the batch contains at "
                            "least one request.",
                            nullptr, nullptr));
  if (settings_.max_batch_requests && lines_ > settings_.max_batch_requests)
    errors_.push_back(error("too_many_tasks",
                            "The batch input file contains " + std::to_string(lines_) +
                                " requests, which is more than the maximum of " +
                                std::to_string(settings_.max_batch_requests) + ".",
                            nullptr, nullptr));
}

}  // namespace kg_sim
