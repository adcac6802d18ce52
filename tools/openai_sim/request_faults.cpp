#include "request_faults.h"

#include <algorithm>

#include "json_changes.h"

namespace kg_sim {

namespace {

ApiError error_of(const std::string& name) {
  if (name == "rate_limited")
    return {429, "Rate limit reached. Please try again later.", std::nullopt, "rate_limit_exceeded", "requests"};
  if (name == "insufficient_quota")
    return {429,
            "You exceeded your current quota, please check your plan and billing details. For more information on "
            "this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
            std::nullopt, "insufficient_quota", "insufficient_quota"};
  if (name == "spend_limit")
    return {429, "Your organization has reached its spend limit.", std::nullopt, "organization_spend_limit_exceeded",
            "insufficient_quota"};
  if (name == "unavailable") return {503, "Slow down", std::nullopt, std::nullopt, "service_unavailable"};
  if (name == "unauthorized")
    return {401,
            "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
            std::nullopt, "invalid_api_key"};
  if (name == "forbidden") return {403, "You have insufficient permissions for this operation.", std::nullopt, std::nullopt};
  if (name == "not_found") return {404, "The requested resource was not found.", std::nullopt, std::nullopt};
  ApiError error{500, "The server had an error while processing your request. Sorry about that!", std::nullopt,
                 std::nullopt, "server_error"};
  if (name == "bad_gateway") error.status = 502;
  if (name == "gateway_timeout") error.status = 504;
  return error;
}

Response error_with(const Fault& fault) {
  const Json& parameters = fault.parameters;
  ApiError error = error_of(fault.name);
  error.status = parameters.value("status", error.status);
  error.message = parameters.value("message", error.message);
  error.type = parameters.value("type", error.type);
  if (const Json* code = member(parameters, "code")) error.code = code->is_string() ? code->get<std::string>() : to_text(*code);
  Response response = error_response(error);
  if (parameters.value("html", fault.name == "bad_gateway" || fault.name == "gateway_timeout")) {
    response.content_type = "text/html";
    const std::string title =
        std::to_string(error.status) + (error.status == 504 ? " Gateway Time-out" : " Bad Gateway");
    response.body = "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
                    "</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n";
  }
  if (const Json* body = member(parameters, "body"))
    response.body = body->is_string() ? body->get<std::string>() : to_text(*body);
  // Numbers and texts alike, so that nonsense can be sent.
  for (const auto& [parameter, header] : {std::pair{"retry_after", "retry-after"}, {"retry_after_ms", "retry-after-ms"}})
    if (const Json* value = member(parameters, parameter))
      response.headers.emplace_back(header, value->is_string() ? value->get<std::string>() : to_text(*value));
  if (const Json* headers = member(parameters, "headers"))
    for (const auto& [name, value] : headers->items())
      response.headers.emplace_back(name, value.is_string() ? value.get<std::string>() : to_text(value));
  return response;
}

std::optional<Wire> wire_of(const std::string& name) {
  constexpr std::pair<std::string_view, Wire> wires[] = {
      {"drop_after_read", Wire::drop},       {"reset_before_response", Wire::reset},
      {"hang", Wire::hang},                  {"reset_in_body", Wire::reset_in_body},
      {"cut_body", Wire::cut_body},          {"drip", Wire::drip},
      {"stall", Wire::stall},                {"chunked_without_end", Wire::chunked_without_end}};
  for (const auto& [known, wire] : wires)
    if (name == known) return wire;
  return std::nullopt;
}

// The middle of the last line, so that all lines before it are whole.
std::uint64_t middle_of_last_line(const Response& response) {
  std::string bytes = response.body;
  if (response.file) {
    bytes.resize(static_cast<std::size_t>(response.file->size()));
    for (std::size_t have = 0; have < bytes.size();) {
      const std::size_t got = response.file->read(have, bytes.data() + have, bytes.size() - have);
      if (got == 0) break;
      have += got;
    }
  }
  if (bytes.empty()) return 0;
  const std::size_t line_end = bytes.back() == '\n' ? bytes.size() - 1 : bytes.size();
  const std::size_t before = line_end == 0 ? std::string::npos : bytes.rfind('\n', line_end - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return begin + (line_end - begin) / 2;
}

template <typename Change>
void for_each_batch(Json& answer, const Change& change) {
  if (text_member(answer, "object") == "batch") change(answer);
  if (text_member(answer, "object") == "list" && answer.contains("data"))
    for (Json& item : answer["data"])
      if (text_member(item, "object") == "batch") change(item);
}

void shift_times(Json& value, std::int64_t by_s) {
  if (value.is_array())
    for (Json& inner : value) shift_times(inner, by_s);
  if (!value.is_object()) return;
  for (auto& [name, inner] : value.items()) {
    const bool time = name == "created" || (name.size() > 3 && name.compare(name.size() - 3, 3, "_at") == 0);
    if (time && inner.is_number_integer())
      inner = inner.get<std::int64_t>() + by_s;
    else
      shift_times(inner, by_s);
  }
}

// Whether what was made at `created_at` has not spread yet.
bool is_too_young(const Application& application, const Json& item, const Json& parameters) {
  const Json* created = member(item, "created_at");
  return created && created->is_number_integer() &&
         application.clock.now_s() < created->get<std::int64_t>() + parameters.value("for_s", std::int64_t{30});
}

void change_answer(const Application& application, const Fault& fault, Json& answer) {
  const std::string& name = fault.name;
  const Json& parameters = fault.parameters;
  if (name == "changed_answer") answer = changed(std::move(answer), parameters);
  if (name == "clock_skew") shift_times(answer, parameters.value("s", std::int64_t{172800}));
  if (name == "missing_in_list" && answer.contains("data") && answer["data"].is_array()) {
    Json spread = Json::array();
    for (Json& item : answer["data"])
      if (!is_too_young(application, item, parameters)) spread.push_back(std::move(item));
    answer["first_id"] = spread.empty() ? Json(nullptr) : spread.front()["id"];
    answer["last_id"] = spread.empty() ? Json(nullptr) : spread.back()["id"];
    answer["data"] = std::move(spread);
  }
  for_each_batch(answer, [&](Json& batch) {
    if (name == "unknown_status") batch["status"] = parameters.value("text", "scheduling");
    if (name == "status_regression") {
      batch["status"] = parameters.value("text", "validating");
      batch["request_counts"] = Json{{"total", 0}, {"completed", 0}, {"failed", 0}};
      for (const char* member : {"output_file_id", "error_file_id", "in_progress_at", "finalizing_at", "completed_at"})
        batch[member] = nullptr;
    }
    if (name == "empty_file_ids")
      for (const char* member : {"output_file_id", "error_file_id"})
        if (batch[member].is_null()) batch[member] = "";
    if (name == "no_batch_usage") batch.erase("usage");
    if (name == "wrong_batch_usage" && batch.contains("usage"))
      for (const char* member : {"input_tokens", "output_tokens", "total_tokens"})
        batch["usage"][member] = batch["usage"][member].get<std::int64_t>() * 1000 + 1;
  });
}

}  // namespace

Response with_fault(Application& application, const Fault& fault, std::optional<Response> handled) {
  const Json& parameters = fault.parameters;
  const std::string& name = fault.name;
  Response response = handled.value_or(Response{});
  if (const auto wire = wire_of(name)) {
    response.wire = *wire;
    response.close = true;
    response.drip_bytes = std::max<std::int64_t>(1, parameters.value("bytes", std::int64_t{1}));
    response.drip_pause = std::chrono::milliseconds(std::max<std::int64_t>(1, parameters.value("ms", std::int64_t{1000})));
    return response;
  }
  if (name == "delay") {
    response.delay += std::chrono::milliseconds(parameters.value("ms", std::int64_t{1000}));
    return response;
  }
  if (name == "refuse_connections") {
    // At once, while this answer is still on its way.
    application.refuse_connections(std::chrono::milliseconds(std::max<std::int64_t>(1, parameters.value("ms", std::int64_t{1000}))));
    response.close = true;
    return response;
  }
  if (name == "truncated_body") {
    response.length = (response.file ? response.file->size() : response.body.size()) / 2;
    return response;
  }
  if (name == "truncated_lines") {
    response.length = middle_of_last_line(response);
    return response;
  }
  if (name == "wrong_length") {
    response.promised_more = parameters.value("by", std::int64_t{10});
    response.close = true;
    return response;
  }
  if (name == "late_file") {
    // The file itself is not in the answer when its content is.
    if (response.status != 200) return response;
    const std::optional<Json> answer = response.file ? std::optional(Json{{"created_at", response.file_created_at}})
                                                     : parse_json(response.body);
    if (!answer || !is_too_young(application, *answer, parameters)) return response;
    return error_response({404, "No such File object.", "id", std::nullopt});
  }
  constexpr std::string_view changes[] = {"changed_answer", "clock_skew",     "missing_in_list",
                                          "unknown_status", "status_regression", "empty_file_ids",
                                          "no_batch_usage", "wrong_batch_usage"};
  if (std::find(std::begin(changes), std::end(changes), name) != std::end(changes)) {
    if (name == "clock_skew") response.date_shift_s = parameters.value("s", std::int64_t{172800});
    if (response.file) return response;
    if (auto answer = parse_json(response.body)) {
      change_answer(application, fault, *answer);
      response.body = to_readable_text(*answer) + "\n";
    }
    return response;
  }
  const auto delay = response.delay;
  response = error_with(fault);
  response.delay = delay;
  return response;
}

}  // namespace kg_sim
