#include "openai/batch_file.h"

#include <algorithm>

#include "openai/bodies.h"
#include "openai/json_text.h"

namespace kg_batch::openai {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMaxId = 200;

// As JSON text with its quotes, escaped so that nothing can end the line.
std::string quoted(std::string_view text) { return Json(sanitize_utf8(text)).dump(); }

// JSON may hold newlines between its tokens (never within strings); in a line
// they would be ends of lines.
std::string on_one_line(std::string_view json) {
  std::string out = sanitize_utf8(json);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return out;
}

// Whose line it is, out of one that breaks off or breaks a rule further on:
// the id stands before the response, so a parser that stops has seen it.
class FindCustomId : public nlohmann::json_sax<Json> {
 public:
  std::string custom_id;

  bool key(string_t& name) override {
    wanted_ = depth_ == 1 && name == "custom_id";
    return true;
  }
  bool string(string_t& value) override {
    if (wanted_) custom_id = value;
    wanted_ = false;
    return custom_id.empty();
  }
  bool start_object(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_array() override { return leave(); }
  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(number_integer_t) override { return other(); }
  bool number_unsigned(number_unsigned_t) override { return other(); }
  bool number_float(number_float_t, const string_t&) override { return other(); }
  bool binary(binary_t&) override { return other(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  bool enter() {
    ++depth_;
    return other();
  }
  bool leave() {
    --depth_;
    return true;
  }
  bool other() {
    wanted_ = false;
    return true;
  }

  int depth_ = 0;
  bool wanted_ = false;
};

std::string find_custom_id(std::string_view line) {
  FindCustomId finder;
  Json::sax_parse(line.begin(), line.end(), &finder, Json::input_format_t::json, /*strict=*/false);
  return sanitize_utf8(finder.custom_id);
}

ApiError line_error(long status, std::string message, std::string request_id = {}) {
  ApiError error;
  error.advice = Advice::retry;
  error.status = status;
  error.message = std::move(message);
  error.request_id = std::move(request_id);
  return error;
}

// An error that the line itself states: no HTTP answer was had.
ApiError stated_error(const Json& line) {
  ApiError error;
  describe(error, line);
  error.advice = advice_for(0, error.code, error.type, /*once=*/false, std::nullopt);
  if (error.message.empty()) error.message = error.code.empty() ? "an error that says nothing" : error.code;
  return error;
}

struct LineResponse {
  long status = 0;
  std::string request_id;
  std::optional<Json> body;
};

// {"status_code","request_id","body"}, the body being JSON or JSON in a string;
// or, from some servers, the bare completion or list.
LineResponse line_response(const Json& response, int& replaced) {
  LineResponse out;
  if (!response.contains("status_code") && !response.contains("body") && (response.contains("choices") || response.contains("data"))) {
    out.status = 200;
    out.body = response;
    return out;
  }
  out.request_id = short_text(text_member(response, "request_id"), kMaxId);
  const Json* body = member(response, "body");
  if (body != nullptr && body->is_string()) {
    if (auto inner = parse_untrusted(body->get_ref<const std::string&>())) {
      replaced += inner->replaced;
      out.body = std::move(inner->value);
    } else {
      out.body = *body;  // HTML, most often
    }
  } else if (body != nullptr) {
    out.body = *body;
  }
  const Json* status = member(response, "status_code");
  if (status != nullptr) {
    out.status = static_cast<long>(std::clamp<std::int64_t>(integer(*status).value_or(0), 0, 999));
  } else if (out.body && out.body->is_object() && !has_error(*out.body)) {
    out.status = 200;
  }
  return out;
}

std::variant<ChatAnswer, EmbeddingAnswer, ApiError> line_result(const Json& line, const LineResponse& response, LineSort sort) {
  if (response.status >= 200 && response.status < 300) {
    if (has_error(line)) return stated_error(line);
    if (!response.body || !response.body->is_object()) {
      return line_error(response.status, "an answer without a readable body", response.request_id);
    }
    if (has_error(*response.body)) {
      ApiError error = error_in_success(*response.body, /*once=*/false);
      error.status = response.status;
      error.request_id = response.request_id;
      return error;
    }
    const auto result = [&](auto&& answer) -> std::variant<ChatAnswer, EmbeddingAnswer, ApiError> {
      if (auto* error = std::get_if<ApiError>(&answer)) {
        error->status = response.status;
        return std::move(*error);
      }
      return std::move(std::get<0>(answer));
    };
    if (sort == LineSort::embeddings) return result(embedding_answer(*response.body, response.request_id, std::nullopt));
    return result(chat_answer(*response.body, response.request_id));
  }

  ApiError error;
  error.status = response.status;
  error.request_id = response.request_id;
  // Usually `error` of the line is null and the words are in the body.
  const bool described = response.body && describe(error, *response.body);
  if (!described && has_error(line)) describe(error, line);
  error.advice = advice_for(response.status, error.code, error.type, /*once=*/false, std::nullopt);
  if (error.message.empty()) {
    error.message = response.status == 0 ? "a response without a status"
                                         : "HTTP " + std::to_string(response.status) + " without an explanation";
  }
  return error;
}

}  // namespace

std::string batch_line(std::string_view custom_id, std::string_view url, std::string_view body) {
  std::string line = "{\"custom_id\":";
  line += quoted(custom_id);
  line += ",\"method\":\"POST\",\"url\":";
  line += quoted(url);
  line += ",\"body\":";
  line += on_one_line(body);
  line += "}\n";
  return line;
}

BatchLine read_batch_line(std::string_view text, LineSort sort) {
  BatchLine out;
  auto parsed = parse_untrusted(text);
  if (!parsed) {
    out.custom_id = find_custom_id(text);
    out.unreadable = true;
    out.result = line_error(0, "a line that is no readable JSON");
    return out;
  }
  const Json& line = parsed->value;
  out.replaced = parsed->replaced;
  if (!line.is_object()) {
    out.unreadable = true;
    out.result = line_error(0, "a line that is no JSON object");
    return out;
  }
  out.custom_id = text_member(line, "custom_id");

  const Json* response = member(line, "response");
  if (response != nullptr && response->is_object()) {
    const LineResponse read = line_response(*response, out.replaced);
    out.result = line_result(line, read, sort);
    // Vectors are stored packed (openai/embeddings.h), not as the server wrote them.
    if (read.body && !std::holds_alternative<EmbeddingAnswer>(out.result)) out.body = read.body->dump();
    return out;
  }
  if (has_error(line)) {
    Json body = Json::object();
    body["error"] = *member(line, "error");
    out.body = body.dump();
    out.result = stated_error(line);
    return out;
  }
  out.result = line_error(0, "a line with neither response nor error");
  return out;
}

// ---- lines out of a stream ----

namespace {

// A line without its ending and, when it is the first, without a byte order
// mark; nothing when it is blank.
std::optional<std::string_view> content_of(std::string_view line, bool& first) {
  if (first && line.substr(0, kByteOrderMark.size()) == kByteOrderMark) line.remove_prefix(kByteOrderMark.size());
  first = false;
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return std::nullopt;
  return line;
}

}  // namespace

void LineSplitter::feed(std::string_view bytes,
                        const std::function<void(std::optional<std::string_view>)>& on_line) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const bool whole = newline != std::string_view::npos;
    const std::string_view piece = bytes.substr(0, newline);
    bytes.remove_prefix(whole ? newline + 1 : bytes.size());

    if (skipping_ || rest_.size() + piece.size() > max_line_) {
      rest_.clear();
      skipping_ = !whole;
      if (whole) {
        first_ = false;
        on_line(std::nullopt);
      }
    } else if (!whole) {
      rest_.append(piece);
    } else if (rest_.empty()) {
      if (const auto line = content_of(piece, first_)) on_line(line);
    } else {
      rest_.append(piece);
      const std::string joined = std::move(rest_);
      rest_.clear();
      if (const auto line = content_of(joined, first_)) on_line(line);
    }
  }
}

void LineSplitter::finish(const std::function<void(std::optional<std::string_view>)>& on_line) {
  if (skipping_) {
    skipping_ = false;
    on_line(std::nullopt);
    return;
  }
  const std::string last = std::move(rest_);
  rest_.clear();
  if (last.empty()) return;
  if (const auto line = content_of(last, first_)) on_line(line);
}

}  // namespace kg_batch::openai
