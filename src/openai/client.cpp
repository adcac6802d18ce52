// The one place that knows paths, parameters and the shapes of answers. Ids of
// the server are put into addresses percent-encoded: they are opaque, and one
// with a slash in it must not become another call.

#include "openai/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

#include "openai/bodies.h"
#include "openai/embeddings.h"
#include "openai/json_text.h"

namespace kg_batch::openai {
namespace {

constexpr std::size_t kMaxId = 200;
constexpr std::size_t kMaxBatchErrors = 1000;
constexpr std::int64_t kLongestDelayMs = 600'000;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string percent_encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  // "." and ".." alone would be steps in the path.
  if (out.find_first_not_of('.') == std::string::npos) {
    std::string dots;
    for (std::size_t i = 0; i < out.size(); ++i) dots += "%2E";
    return dots;
  }
  return out;
}

HttpRequest request_to(const Endpoint& endpoint, std::string method, std::string_view path) {
  HttpRequest request;
  request.method = std::move(method);
  std::string_view base = trimmed(endpoint.base_url);
  while (!base.empty() && base.back() == '/') base.remove_suffix(1);
  request.url = std::string(base).append(path);
  const auto add = [&](std::string_view name, std::string_view value) {
    value = trimmed(value);  // a key read from a file ends in a newline
    if (!value.empty()) request.headers.push_back(std::string(name).append(value));
  };
  add("Authorization: Bearer ", endpoint.api_key);
  add("OpenAI-Organization: ", endpoint.organization);
  add("OpenAI-Project: ", endpoint.project);
  request.headers.push_back("Accept: application/json");
  request.timeout_ms = 120'000;
  return request;
}

std::string page_query(int limit, std::string_view after) {
  std::string query = "limit=" + std::to_string(limit);
  if (!after.empty()) query += "&after=" + percent_encoded(after);
  return query;
}

const std::string* header(const HttpResponse& response, const char* name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? nullptr : &found->second;
}

std::string request_id_of(const HttpResponse& response) {
  const std::string* value = header(response, "x-request-id");
  return value == nullptr ? std::string() : short_text(*value, kMaxId);
}

std::optional<std::int64_t> clamped_delay(double ms) {
  if (!std::isfinite(ms) || ms < 0) return std::nullopt;
  return static_cast<std::int64_t>(std::ceil(std::min(ms, static_cast<double>(kLongestDelayMs))));
}

std::optional<double> decimal(std::string_view text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

// Seconds since 1970 of an HTTP-date. libcurl reads nearly everything as a
// date, numbers included, so only what begins like one is given to it.
std::optional<std::int64_t> http_date(const std::string& text) {
  const bool begins_with_day = text.size() > 8 && text.size() < 64 && text.find(':') != std::string::npos &&
                               std::all_of(text.begin(), text.begin() + 3, [](char c) {
                                 return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
                               });
  if (!begins_with_day) return std::nullopt;
  const std::time_t at = curl_getdate(text.c_str(), nullptr);
  if (at < 0) return std::nullopt;
  return static_cast<std::int64_t>(at);
}

std::optional<std::int64_t> retry_after(const HttpResponse& response) {
  if (const std::string* text = header(response, "retry-after-ms")) {
    if (const auto ms = decimal(*text)) {
      if (const auto delay = clamped_delay(*ms)) return delay;
    }
  }
  const std::string* text = header(response, "retry-after");
  if (text == nullptr) return std::nullopt;
  if (const auto seconds = decimal(*text)) return clamped_delay(*seconds * 1000);
  const auto until = http_date(*text);
  if (!until) return std::nullopt;
  return clamped_delay(static_cast<double>(*until - server_time(response)) * 1000);
}

std::optional<bool> should_retry(const HttpResponse& response) {
  const std::string* value = header(response, "x-should-retry");
  if (value == nullptr) return std::nullopt;
  if (*value == "true") return true;
  if (*value == "false") return false;
  return std::nullopt;
}

// "HTTP 502 with a text/html body"
std::string bare_description(const HttpResponse& response, bool parsed) {
  std::string text = "HTTP " + std::to_string(response.status);
  if (response.body.empty()) return text + " with an empty body";
  const std::string* content_type = header(response, "content-type");
  const std::string type =
      content_type == nullptr
          ? std::string()
          : short_text(trimmed(std::string_view(*content_type).substr(0, content_type->find(';'))), 60);
  const bool json = type.find("json") != std::string::npos;
  if (json && !parsed) return text + " with an unreadable " + type + " body";
  if (json) return text + " with an unexpected " + type + " body";
  if (type.empty()) return text + " with a body of no type";
  const bool vowel = std::string_view("aeiouAEIOU").find(type.front()) != std::string_view::npos;
  return text + (vowel ? " with an " : " with a ") + type + " body";
}

bool is_success(const HttpResponse& response) {
  return response.outcome == Outcome::answered && response.status >= 200 && response.status < 300;
}

// The body of a 2xx as an object, or the error that it is.
Result<Json> read_object(const HttpResponse& response, bool once) {
  if (!is_success(response)) return read_error(response, once);
  auto parsed = parse_untrusted(response.body);
  if (!parsed || !parsed->value.is_object() || has_error(parsed->value)) return read_error(response, once);
  return std::move(parsed->value);
}

ApiError unexpected(const HttpResponse& response, bool once, std::string_view what) {
  ApiError error = read_error(response, once);
  error.message = "HTTP " + std::to_string(response.status) + " with " + std::string(what);
  return error;
}

FileObject file_object(const Json& object) {
  FileObject file;
  file.file_id = text_member(object, "id");
  file.filename = text_member(object, "filename");
  file.status = text_member(object, "status");
  file.bytes = integer_member(object, "bytes");
  file.created_at = integer_member(object, "created_at");
  return file;
}

BatchStatus batch_status(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (name == "validating") return BatchStatus::validating;
  if (name == "in_progress" || name == "progress") return BatchStatus::in_progress;
  if (name == "finalizing") return BatchStatus::finalizing;
  if (name == "completed") return BatchStatus::completed;
  if (name == "failed") return BatchStatus::failed;
  if (name == "expired") return BatchStatus::expired;
  if (name == "cancelling" || name == "canceling") return BatchStatus::cancelling;
  if (name == "cancelled" || name == "canceled") return BatchStatus::cancelled;
  return BatchStatus::unknown;
}

BatchLineError batch_error(const Json& object) {
  BatchLineError error;
  if (object.is_string()) {
    error.message = safe_message(object.get_ref<const std::string&>());
    return error;
  }
  error.code = short_text(text_member(object, "code"), kMaxId);
  error.message = safe_message(text_member(object, "message"));
  error.param = short_text(text_member(object, "param"), kMaxId);
  if (const Json* line = member(object, "line")) {
    const auto number = integer(*line);
    if (number && *number >= 1) error.line = number;
  }
  return error;
}

// {"data":[…]}, a bare list, one object or one string.
std::vector<BatchLineError> batch_errors(const Json& errors) {
  std::vector<BatchLineError> out;
  const Json* list = errors.is_object() ? member(errors, "data") : &errors;
  if (list == nullptr) {
    if (!text_member(errors, "message").empty()) out.push_back(batch_error(errors));
    return out;
  }
  if (!list->is_array()) {
    if (list->is_string() && list->get_ref<const std::string&>().empty()) return out;
    out.push_back(batch_error(*list));
    return out;
  }
  for (const Json& each : *list) {
    if (out.size() == kMaxBatchErrors) break;
    if (each.is_object() || each.is_string()) out.push_back(batch_error(each));
  }
  return out;
}

std::optional<std::string> file_id(const Json& batch, const char* name) {
  std::string text = text_member(batch, name);
  if (text.empty()) return std::nullopt;
  return text;
}

BatchObject batch_object(const Json& object) {
  BatchObject batch;
  batch.batch_id = text_member(object, "id");
  batch.input_file_id = text_member(object, "input_file_id");
  batch.status_text = short_text(text_member(object, "status"), 60);
  batch.status = batch_status(batch.status_text);
  batch.output_file_id = file_id(object, "output_file_id");
  batch.error_file_id = file_id(object, "error_file_id");
  if (const Json* counts = member(object, "request_counts")) {
    batch.total = integer_member(*counts, "total");
    batch.completed = integer_member(*counts, "completed");
    batch.failed = integer_member(*counts, "failed");
  }
  batch.created_at = integer_member(object, "created_at");
  if (const Json* expires = member(object, "expires_at")) batch.expires_at = integer(*expires);
  if (const Json* errors = member(object, "errors")) batch.errors = batch_errors(*errors);
  if (const Json* metadata = member(object, "metadata"); metadata != nullptr && metadata->is_object()) {
    for (const auto& [key, value] : metadata->items()) {
      batch.metadata.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return batch;
}

template <typename T>
Result<Page<T>> read_page(const HttpResponse& response, T (*read)(const Json&), std::string T::*id) {
  Result<Json> object = read_object(response, false);
  if (auto* error = std::get_if<ApiError>(&object)) return std::move(*error);
  const Json& json = std::get<Json>(object);
  const Json* data = member(json, "data");
  if (data == nullptr || !data->is_array()) {
    // An empty list is null to some servers; without the member it is no list.
    if (json.contains("data")) return Page<T>{};
    return unexpected(response, false, "no list");
  }
  Page<T> page;
  for (const Json& each : *data) {
    T value = read(each);
    if (!(value.*id).empty()) page.data.push_back(std::move(value));
  }
  const Json* has_more = member(json, "has_more");
  page.has_more = has_more != nullptr && has_more->is_boolean() && has_more->get<bool>();
  return page;
}

}  // namespace

bool is_terminal(BatchStatus status) {
  return status == BatchStatus::completed || status == BatchStatus::failed || status == BatchStatus::expired ||
         status == BatchStatus::cancelled;
}

std::string_view to_string(BatchStatus status) {
  switch (status) {
    case BatchStatus::validating: return "validating";
    case BatchStatus::in_progress: return "in_progress";
    case BatchStatus::finalizing: return "finalizing";
    case BatchStatus::completed: return "completed";
    case BatchStatus::failed: return "failed";
    case BatchStatus::expired: return "expired";
    case BatchStatus::cancelling: return "cancelling";
    case BatchStatus::cancelled: return "cancelled";
    case BatchStatus::unknown: break;
  }
  return "unknown";
}

Advice advice_about(const BatchLineError& error) { return advice_for(0, error.code, "", false, std::nullopt); }

bool is_unreadable_success(const ApiError& error) {
  return error.status >= 200 && error.status < 300 && error.code.empty() && error.type.empty();
}

// Ours may be off by days.
std::int64_t server_time(const HttpResponse& response) {
  const std::string* date = header(response, "date");
  const auto now = date == nullptr ? std::nullopt : http_date(*date);
  return now ? *now : static_cast<std::int64_t>(std::time(nullptr));
}

// ---- requests ----

HttpRequest chat_request(const Endpoint& endpoint, std::string body, long timeout_ms) {
  HttpRequest request = request_to(endpoint, "POST", "/chat/completions");
  request.body = std::move(body);
  request.timeout_ms = timeout_ms;
  return request;
}

HttpRequest embeddings_request(const Endpoint& endpoint, std::string body, long timeout_ms) {
  HttpRequest request = request_to(endpoint, "POST", "/embeddings");
  request.body = std::move(body);
  request.timeout_ms = timeout_ms;
  return request;
}

HttpRequest upload_request(const Endpoint& endpoint, std::string path, std::string filename,
                           std::optional<std::int64_t> expires_after_seconds) {
  HttpRequest request = request_to(endpoint, "POST", "/files");
  request.file = FilePart{std::move(path), std::move(filename), {{"purpose", "batch"}}};
  if (expires_after_seconds) {
    request.file->fields.emplace_back("expires_after[anchor]", "created_at");
    request.file->fields.emplace_back("expires_after[seconds]", std::to_string(*expires_after_seconds));
  }
  request.once = true;
  request.timeout_ms = 3'600'000;   // 200 MB over a slow line
  request.low_speed_seconds = 300;  // the server thinks about it for a while after the last byte
  return request;
}

HttpRequest create_batch_request(const Endpoint& endpoint, std::string_view input_file_id, std::string_view batch_endpoint,
                                 const std::vector<std::pair<std::string, std::string>>& metadata,
                                 std::optional<std::int64_t> output_expires_after_seconds) {
  HttpRequest request = request_to(endpoint, "POST", "/batches");
  Json body = Json::object();
  body["input_file_id"] = sanitize_utf8(input_file_id);
  body["endpoint"] = sanitize_utf8(batch_endpoint);
  body["completion_window"] = "24h";
  if (!metadata.empty()) {
    Json& object = body["metadata"] = Json::object();
    for (const auto& [key, value] : metadata) object[sanitize_utf8(key)] = sanitize_utf8(value);
  }
  if (output_expires_after_seconds) {
    body["output_expires_after"] = {{"anchor", "created_at"}, {"seconds", *output_expires_after_seconds}};
  }
  request.body = body.dump();
  request.once = true;
  request.timeout_ms = 300'000;  // giving up early only makes the outcome unclear
  return request;
}

HttpRequest get_batch_request(const Endpoint& endpoint, std::string_view batch_id) {
  return request_to(endpoint, "GET", "/batches/" + percent_encoded(batch_id));
}

HttpRequest cancel_batch_request(const Endpoint& endpoint, std::string_view batch_id) {
  return request_to(endpoint, "POST", "/batches/" + percent_encoded(batch_id) + "/cancel");
}

HttpRequest list_batches_request(const Endpoint& endpoint, int limit, std::string_view after) {
  return request_to(endpoint, "GET", "/batches?" + page_query(limit, after));
}

HttpRequest list_files_request(const Endpoint& endpoint, int limit, std::string_view after) {
  return request_to(endpoint, "GET", "/files?purpose=batch&order=desc&" + page_query(limit, after));
}

HttpRequest file_content_request(const Endpoint& endpoint, std::string_view file_id) {
  HttpRequest request = request_to(endpoint, "GET", "/files/" + percent_encoded(file_id) + "/content");
  request.headers.back() = "Accept: */*";  // the spec and the official client disagree on the type
  request.plain = true;
  request.timeout_ms = 0;  // as long as bytes come: the receiver may pause for long
  request.low_speed_seconds = 60;
  request.max_body = std::size_t{64} << 30;
  return request;
}

HttpRequest delete_file_request(const Endpoint& endpoint, std::string_view file_id) {
  return request_to(endpoint, "DELETE", "/files/" + percent_encoded(file_id));
}

HttpRequest models_request(const Endpoint& endpoint) { return request_to(endpoint, "GET", "/models"); }

// ---- readers ----

ApiError read_error(const HttpResponse& response, bool once) {
  ApiError error;
  error.status = response.status;
  error.request_id = request_id_of(response);
  if (response.outcome == Outcome::not_sent) {
    error.advice = Advice::retry;
    error.message = safe_message(response.error);
    return error;
  }
  error.retry_after_ms = retry_after(response);

  // A refusal whose body broke off or was too long is still a refusal.
  const bool refused = response.status >= 300;
  if (response.outcome != Outcome::answered && !refused) {
    error.advice = once ? Advice::unclear
                        : response.outcome == Outcome::too_large ? Advice::bad_request : Advice::retry;
    error.message = safe_message(response.error);
    return error;
  }

  const auto parsed = response.outcome == Outcome::answered ? parse_untrusted(response.body) : std::nullopt;
  if (!refused && parsed && has_error(parsed->value)) {
    ApiError said = error_in_success(parsed->value, once);
    said.status = response.status;
    said.request_id = std::move(error.request_id);
    said.retry_after_ms = error.retry_after_ms;
    return said;
  }
  if (!refused || !parsed || !describe(error, parsed->value) || error.message.empty()) {
    error.message = response.outcome == Outcome::answered
                        ? bare_description(response, parsed.has_value())
                        : "HTTP " + std::to_string(response.status) + " with a broken body";
  }
  error.advice = advice_for(response.status, error.code, error.type, once, should_retry(response));
  return error;
}

Result<ChatAnswer> read_chat(const HttpResponse& response) {
  Result<Json> object = read_object(response, false);
  if (auto* error = std::get_if<ApiError>(&object)) return std::move(*error);
  Result<ChatAnswer> answer = chat_answer(std::get<Json>(object), request_id_of(response));
  if (auto* error = std::get_if<ApiError>(&answer)) {
    error->status = response.status;
    error->message = "HTTP " + std::to_string(response.status) + " with " + error->message;
  }
  return answer;
}

Result<EmbeddingAnswer> read_embeddings(const HttpResponse& response, std::optional<std::size_t> texts) {
  Result<Json> object = read_object(response, false);
  if (auto* error = std::get_if<ApiError>(&object)) return std::move(*error);
  Result<EmbeddingAnswer> answer = embedding_answer(std::get<Json>(object), request_id_of(response), texts);
  if (auto* error = std::get_if<ApiError>(&answer)) {
    error->status = response.status;
    error->message = "HTTP " + std::to_string(response.status) + " with " + error->message;
  }
  return answer;
}

Result<FileObject> read_file(const HttpResponse& response, bool once) {
  Result<Json> object = read_object(response, once);
  if (auto* error = std::get_if<ApiError>(&object)) return std::move(*error);
  FileObject file = file_object(std::get<Json>(object));
  if (file.file_id.empty()) return unexpected(response, once, "a file without id");
  return file;
}

Result<BatchObject> read_batch(const HttpResponse& response, bool once) {
  Result<Json> object = read_object(response, once);
  if (auto* error = std::get_if<ApiError>(&object)) return std::move(*error);
  BatchObject batch = batch_object(std::get<Json>(object));
  if (batch.batch_id.empty()) return unexpected(response, once, "a batch without id");
  return batch;
}

Result<Page<BatchObject>> read_batch_page(const HttpResponse& response) {
  return read_page<BatchObject>(response, &batch_object, &BatchObject::batch_id);
}

Result<Page<FileObject>> read_file_page(const HttpResponse& response) {
  return read_page<FileObject>(response, &file_object, &FileObject::file_id);
}

Result<std::vector<std::string>> read_models(const HttpResponse& response) {
  Result<Json> object = read_object(response, false);
  if (auto* error = std::get_if<ApiError>(&object)) return std::move(*error);
  const Json* data = member(std::get<Json>(object), "data");
  if (data == nullptr || !data->is_array()) return unexpected(response, false, "no list of models");
  std::vector<std::string> models;
  for (const Json& each : *data) {
    if (std::string id = text_member(each, "id"); !id.empty()) models.push_back(std::move(id));
  }
  return models;
}

}  // namespace kg_batch::openai
