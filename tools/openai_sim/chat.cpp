#include "chat.h"

#include <algorithm>
#include <cstdio>

#include "identifiers.h"
#include "sha256.h"

namespace kg_sim {

namespace {

constexpr const char* roles[] = {"system", "assistant", "user", "function", "tool", "developer"};

// A reasoning model thinks so much; made up, but the same each time.
std::int64_t thinking_tokens(const std::string& effort) {
  if (effort == "none") return 0;
  if (effort == "minimal") return 0;
  if (effort == "low") return 64;
  if (effort == "high") return 1024;
  if (effort == "xhigh") return 4096;
  if (effort == "max") return 8192;
  return 256;
}

ApiError invalid(std::string message, std::string param, std::string code) {
  ApiError error;
  error.message = std::move(message);
  error.param = std::move(param);
  error.code = std::move(code);
  return error;
}

ApiError missing(const std::string& param) {
  return invalid("Missing required parameter: '" + param + "'.", param, "missing_required_parameter");
}

ApiError wrong_type(const std::string& param, const std::string& expected, const Json& got) {
  return invalid("Invalid type for '" + param + "': expected " + expected + ", but got " + described_type(got) +
                     " instead.",
                 param, "invalid_type");
}

std::string text_of_content(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (content.is_array())
    for (const Json& part : content) text += text_member(part, "text");
  return text;
}

// What the model says under a fault of text; what cannot be serialized is left to `reply.hostile`.
std::string hostile_answer(const Fault& fault, const Content& content, ChatReply& reply) {
  const Json& parameters = fault.parameters;
  const std::string pointer = parameters.value("at", "");
  if (fault.name == "deep_json") return nested_arrays(parameters.value("depth", std::int64_t{100'000}));
  std::string added = hostile_placeholder;
  bool replaces = false;
  if (fault.name == "huge_answer") {
    added = std::string(static_cast<std::size_t>(parameters.value("bytes", std::int64_t{1 << 20})), 'x');
  } else {
    reply.hostile = hostile_text(text_member(parameters, "kind"), parameters.value("level", "answer") == "answer");
    replaces = !reply.hostile->quoted;
  }
  Json answer = content.value;
  // Where there are no words, after the answer.
  return put_before_text(answer, pointer, added, replaces) ? to_text(answer) : content.text + added;
}

// The smallest change that no longer fits any strict schema.
Json spoiled(const Json& value) {
  Json bad = value.is_object() ? value : Json::object();
  if (!bad.empty()) bad.erase(bad.begin().key());
  bad["not_in_the_schema"] = true;
  return bad;
}

}  // namespace

std::optional<ApiError> Chat::read(const Json& body, ChatQuestion& question) {
  if (!body.is_object())
    return ApiError{400, "We could not parse the JSON body of your request. The OpenAI API expects a JSON object.",
                    std::nullopt, std::nullopt};
  const Json* model = member(body, "model");
  if (!model) return ApiError{400, "you must provide a model parameter", std::nullopt, std::nullopt};
  if (!model->is_string()) return wrong_type("model", "a string", *model);
  question.model = model->get<std::string>();
  if (!is_known_model(question.model, settings_)) {
    ApiError error = invalid("The model `" + question.model + "` does not exist or you do not have access to it.", "",
                             "model_not_found");
    error.status = 404;
    error.param.reset();
    return error;
  }
  if (auto error = read_response_format(body, question)) return error;
  if (auto error = read_messages(body, question)) return error;
  if (auto error = check_parameters(body, question)) return error;

  question.prompt_tokens = count_tokens(question.prompt) + 3;
  if (settings_.context_tokens && question.prompt_tokens > settings_.context_tokens)
    return invalid("This model's maximum context length is " + std::to_string(settings_.context_tokens) +
                       " tokens. However, your messages resulted in " + std::to_string(question.prompt_tokens) +
                       " tokens. Please reduce the length of the messages.",
                   "messages", "context_length_exceeded");
  const Json* format = member(body, "response_format");
  question.hash = sha256_hex({question.model, "\n", to_text(body["messages"]), "\n", format ? to_text(*format) : ""});
  return std::nullopt;
}

std::optional<ApiError> Chat::read_messages(const Json& body, ChatQuestion& question) const {
  const Json* messages = member(body, "messages");
  if (!messages) return missing("messages");
  if (!messages->is_array()) return wrong_type("messages", "an array of objects", *messages);
  if (messages->empty())
    return invalid("Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array "
                   "instead.",
                   "messages", "empty_array");
  for (std::size_t i = 0; i < messages->size(); ++i) {
    const Json& message = (*messages)[i];
    const std::string place = "messages[" + std::to_string(i) + "]";
    if (!message.is_object()) return wrong_type(place, "an object", message);
    const Json* role = member(message, "role");
    if (!role) return missing(place + ".role");
    const std::string name = role->is_string() ? role->get<std::string>() : to_text(*role);
    if (std::find(std::begin(roles), std::end(roles), name) == std::end(roles))
      return invalid("Invalid value: '" + name + "'. Supported values are: 'system', 'assistant', 'user', 'function', "
                     "'tool', and 'developer'.",
                     place + ".role", "invalid_value");
    const Json* content = member(message, "content");
    if (!content && name != "assistant") return missing(place + ".content");
    if (content && !content->is_string() && !content->is_array())
      return wrong_type(place + ".content", "one of a string or array of objects", *content);
    const std::string text = content ? text_of_content(*content) : std::string();
    if (name == "user") question.asked.user = text;
    question.prompt += name + "\n" + text + "\n";
  }
  return std::nullopt;
}

std::optional<ApiError> Chat::read_response_format(const Json& body, ChatQuestion& question) {
  const Json* format = member(body, "response_format");
  if (!format) return std::nullopt;
  if (!format->is_object()) return wrong_type("response_format", "an object", *format);
  const std::string type = text_member(*format, "type");
  if (type == "text") return std::nullopt;
  question.asked.json = true;
  if (type == "json_object") return std::nullopt;
  if (type != "json_schema")
    return invalid("Invalid value: '" + type + "'. Supported values are: 'json_object', 'json_schema', and 'text'.",
                   "response_format.type", "invalid_value");
  const Json* described = member(*format, "json_schema");
  if (!described) return missing("response_format.json_schema");
  const Json* name = member(*described, "name");
  if (!name) return missing("response_format.json_schema.name");
  if (!name->is_string()) return wrong_type("response_format.json_schema.name", "a string", *name);
  question.asked.stage = name->get<std::string>();
  const bool good_name =
      !question.asked.stage.empty() && question.asked.stage.size() <= 64 &&
      std::all_of(question.asked.stage.begin(), question.asked.stage.end(), [](unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
      });
  if (!good_name)
    return invalid("Invalid 'response_format.json_schema.name': string does not match pattern. Expected a string that "
                   "matches the pattern '^[a-zA-Z0-9_-]+$' and has at most 64 characters.",
                   "response_format.json_schema.name", "invalid_value");
  const Json* schema = member(*described, "schema");
  if (!schema) return missing("response_format.json_schema.schema");
  const Json* strict = member(*described, "strict");
  if (!strict || *strict != true) return std::nullopt;

  question.schema_text = to_text(*schema);
  auto judged = judged_schemas_.find(question.schema_text);
  if (judged == judged_schemas_.end()) {
    if (judged_schemas_.size() > 1000) judged_schemas_.clear();
    judged = judged_schemas_.emplace(question.schema_text, outside_strict_subset(*schema)).first;
  }
  if (judged->second) {
    ApiError error;
    error.message = "Invalid schema for response_format '" + question.asked.stage + "': " + *judged->second;
    error.param = "response_format";
    return error;
  }
  question.asked.schema = schema;
  // The schema stands before the messages in what is cached.
  question.prompt = question.schema_text + "\n";
  return std::nullopt;
}

std::optional<ApiError> Chat::check_parameters(const Json& body, ChatQuestion& question) const {
  const bool reasons = is_reasoning_model(question.model, settings_);
  if (const Json* stream = member(body, "stream"); stream && *stream == true)
    return invalid("Streaming is not supported by the stand-in.", "stream", "unsupported_value");
  for (const char* name : {"temperature", "top_p"}) {
    const Json* value = member(body, name);
    if (!value) continue;
    if (!value->is_number()) return wrong_type(name, "a decimal", *value);
    if (reasons && value->get<double>() != 1.0)
      return invalid("Unsupported value: '" + std::string(name) + "' does not support " + to_text(*value) +
                         " with this model. Only the default (1) value is supported.",
                     name, "unsupported_value");
    const double most = std::string_view(name) == "temperature" ? 2 : 1;
    if (value->get<double>() < 0 || value->get<double>() > most)
      return invalid("Invalid '" + std::string(name) + "': decimal " +
                         (value->get<double>() < 0 ? "below minimum value. Expected a value >= 0"
                                                   : "above maximum value. Expected a value <= " +
                                                         std::to_string(static_cast<int>(most))) +
                         ", but got " + to_text(*value) + " instead.",
                     name, value->get<double>() < 0 ? "decimal_below_min_value" : "decimal_above_max_value");
  }
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    const Json* value = member(body, name);
    if (!value) continue;
    if (reasons && std::string_view(name) == "max_tokens")
      return invalid("Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                     "'max_completion_tokens' instead.",
                     name, "unsupported_parameter");
    if (!value->is_number_integer()) return wrong_type(name, "an integer", *value);
    if (value->get<std::int64_t>() < 1)
      return invalid("Invalid '" + std::string(name) + "': integer below minimum value. Expected a value >= 1, but got " +
                         to_text(*value) + " instead.",
                     name, "integer_below_min_value");
    question.most_output_tokens = value->get<std::int64_t>();
  }
  question.effort = reasons ? "medium" : "none";
  if (const Json* effort = member(body, "reasoning_effort")) {
    if (!reasons)
      return invalid("Unrecognized request argument supplied: reasoning_effort", "reasoning_effort",
                     "unsupported_parameter");
    const std::string name = effort->is_string() ? effort->get<std::string>() : to_text(*effort);
    constexpr const char* efforts[] = {"none", "minimal", "low", "medium", "high", "xhigh", "max"};
    if (std::find(std::begin(efforts), std::end(efforts), name) == std::end(efforts))
      return invalid("Invalid value: '" + name + "'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', "
                     "'xhigh', and 'max'.",
                     "reasoning_effort", "invalid_value");
    if (const auto taken = refused_effort(question.model, name))
      return invalid("Unsupported value: 'reasoning_effort' does not support '" + name +
                         "' with this model. Supported values are: " + *taken + ".",
                     "reasoning_effort", "unsupported_value");
    question.effort = name;
  }
  return std::nullopt;
}

ChatReply Chat::reply(const Json& body, const ChatQuestion& question, const std::string& batch_id) {
  ChatReply reply;
  const Occasion occasion{FaultPoint::answer, "POST",        "/v1/chat/completions", question.asked.stage,
                          question.prompt,    question.hash, !batch_id.empty()};
  const auto fault = faults_.take(occasion);
  const auto is = [&](const char* name) { return fault && fault->name == name; };

  const Content content = answers_.answer(question.asked, settings_);
  std::optional<std::string> no_answer = content.error;
  if (!no_answer && question.asked.schema)
    if (const auto violation = schema_check_.violation(*question.asked.schema, question.schema_text, content.value))
      no_answer = "the answer to a " + question.asked.stage + " question is against its schema: " + *violation;
  if (no_answer) {
    // A fault of the stand-in's own, so it must not look like an ordinary one.
    std::fprintf(stderr, "openai_sim: %s (question %s)\n", no_answer->c_str(), question.hash.c_str());
    reply.status = 500;
    ApiError error{500, "The stand-in has no answer: " + *no_answer, std::nullopt, "stand_in_error", "server_error"};
    reply.body = error_body(error);
    return reply;
  }

  std::string text = content.text;
  Json refusal = nullptr;
  bool no_content = false;
  std::string finish = "stop";
  if (is("refusal")) {
    no_content = true;
    refusal = fault->parameters.value("text", "I'm sorry, but I can't assist with that request.");
  } else if (is("length")) {
    text = text.substr(0, text.size() / 2);
    while (!text.empty() && (static_cast<unsigned char>(content.text[text.size()]) & 0xC0) == 0x80) text.pop_back();
    finish = "length";
  } else if (is("content_filter")) {
    text.clear();
    finish = "content_filter";
  } else if (is("null_content")) {
    no_content = true;
  } else if (is("empty_content")) {
    text.clear();
    finish = "length";
  } else if (is("bad_schema")) {
    text = to_text(spoiled(content.value));
  } else if (is("not_json")) {
    text = "Here is what I found: " + text.substr(0, text.size() / 2);
    while ((static_cast<unsigned char>(text.back()) & 0xC0) == 0x80 || static_cast<unsigned char>(text.back()) >= 0xC0)
      text.pop_back();
  } else if (is("answer_text")) {
    text = fault->parameters.value("text", "");
  } else if (is("bad_text") || is("huge_answer") || is("deep_json")) {
    text = hostile_answer(*fault, content, reply);
  }

  reply.use.reasoning = thinking_tokens(question.effort);
  std::int64_t visible = count_tokens(refusal.is_string() ? refusal.get<std::string>() : text);
  if (question.most_output_tokens && reply.use.reasoning + visible > *question.most_output_tokens) {
    reply.use.reasoning = std::min(reply.use.reasoning, *question.most_output_tokens);
    text = std::string(first_tokens(text, *question.most_output_tokens - reply.use.reasoning));
    visible = count_tokens(text);
    finish = "length";
  }
  reply.use.output = reply.use.reasoning + visible;
  reply.use.input = question.prompt_tokens;
  if (settings_.prompt_cache) {
    const auto cached = prompt_cache_.use(question.model, text_member(body, "prompt_cache_key"), question.prompt);
    reply.use.cached = cached.cached;
    if (has_priced_cache_writes(question.model)) reply.use.cache_write = cached.written;
  }

  reply.model = returned_model(question.model);
  Json message = Json::object();
  message["role"] = "assistant";
  message["content"] = no_content ? Json(nullptr) : Json(text);
  message["refusal"] = refusal;
  message["annotations"] = Json::array();
  std::int64_t copies = 1;
  if (const Json* n = member(body, "n"); n && n->is_number_integer())
    copies = std::clamp<std::int64_t>(n->get<std::int64_t>(), 1, 128);
  reply.use.output *= copies;
  reply.use.reasoning *= copies;
  Json choices = Json::array();
  for (std::int64_t index = 0; index < copies; ++index) {
    Json choice = Json::object();
    choice["index"] = index;
    choice["message"] = message;
    choice["logprobs"] = nullptr;
    choice["finish_reason"] = finish;
    choices.push_back(std::move(choice));
  }
  Json usage = Json::object();
  usage["prompt_tokens"] = reply.use.input;
  usage["completion_tokens"] = reply.use.output;
  usage["total_tokens"] = reply.use.input + reply.use.output;
  usage["prompt_tokens_details"] = Json{{"cached_tokens", reply.use.cached}, {"audio_tokens", 0}};
  if (has_priced_cache_writes(question.model))
    usage["prompt_tokens_details"]["cache_write_tokens"] = reply.use.cache_write;
  usage["completion_tokens_details"] = Json{{"reasoning_tokens", reply.use.reasoning},
                                            {"audio_tokens", 0},
                                            {"accepted_prediction_tokens", 0},
                                            {"rejected_prediction_tokens", 0}};
  if (is("wrong_usage")) {
    if (const Json* wanted = member(fault->parameters, "usage"))
      usage = *wanted;
    else
      for (const char* name : {"prompt_tokens", "completion_tokens", "total_tokens"})
        usage[name] = usage[name].get<std::int64_t>() * 1000 + 1;
  }
  const std::string tier = text_member(body, "service_tier");
  reply.body = Json::object();
  reply.body["id"] = new_chat_id();
  reply.body["object"] = "chat.completion";
  reply.body["created"] = clock_.now_s();
  reply.body["model"] = reply.model;
  reply.body["choices"] = std::move(choices);
  if (!is("no_usage")) reply.body["usage"] = std::move(usage);
  reply.body["service_tier"] = tier.empty() || tier == "auto" ? "default" : tier;
  reply.body["system_fingerprint"] = nullptr;
  bill_.add({question.hash, question.asked.stage, reply.model, batch_id, reply.use});
  return reply;
}

}  // namespace kg_sim
