// Nothing here trusts a type: every member is looked at before it is read, and
// what has another type counts as absent. Classification goes by status, code
// and type, never by the words of a message.

#include "openai/bodies.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "openai/json_text.h"

namespace kg_batch::openai {
namespace {

constexpr std::size_t kMaxMessage = 500;
constexpr std::size_t kMaxName = 100;  // of codes, types, parameters, ids

template <std::size_t size>
bool one_of(std::string_view text, const std::array<std::string_view, size>& names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

// Only a person can make these go away, so asking again only burns requests.
constexpr std::array<std::string_view, 10> kMoney = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_limit_user_error",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "project_usage_limit_exceeded",
    "insufficient_balance",
    "insufficient_credits",
};

constexpr std::array<std::string_view, 6> kCredentials = {
    "invalid_api_key",   "account_deactivated", "authentication_error",
    "permission_denied", "permission_error",    "insufficient_permissions",
};

// Codes of lines that have no HTTP status; whatever is not named here is worth
// another attempt, of which there are few.
constexpr std::array<std::string_view, 12> kBadRequest = {
    "invalid_request_error", "invalid_request",       "context_length_exceeded",     "invalid_value",
    "invalid_type",          "unsupported_value",     "unsupported_parameter",       "missing_required_parameter",
    "invalid_json_line",     "invalid_url",           "streaming_unsupported",       "string_above_max_length",
};

std::string name_text(const Json& object, const char* name) {
  const Json* value = member(object, name);
  if (value == nullptr) return {};
  if (value->is_string()) return safe_message(short_text(value->get_ref<const std::string&>(), kMaxName));
  if (const auto number = integer(*value)) return std::to_string(*number);
  return {};
}

// FastAPI's way: {"detail":"…"} or {"detail":[{"loc":[…],"msg":"…"}]}.
std::string detail_text(const Json& detail) {
  if (detail.is_string()) return detail.get<std::string>();
  if (detail.is_array() && !detail.empty()) {
    const Json& first = detail.front();
    if (first.is_string()) return first.get<std::string>();
    return text_member(first, "msg");
  }
  return text_member(detail, "message");
}

bool is_key_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '*' || c == '.';
}

// Masks what follows `prefix` when it looks like a key.
void mask_after(std::string& text, std::string_view prefix, std::size_t shortest) {
  for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;) {
    const std::size_t from = at + prefix.size();
    if (at > 0 && is_key_character(text[at - 1])) {  // "task-force"
      at = from;
      continue;
    }
    std::size_t to = from;
    while (to < text.size() && is_key_character(text[to])) ++to;
    if (to - from >= shortest) {
      text.replace(from, to - from, "***");
      at = from + 3;
    } else {
      at = from;
    }
  }
}

// The parts of a content that came as an array, joined.
std::string content_text(const Json& content, const char* part_type, const char* part_member) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (content.is_array()) {
    for (const Json& part : content) {
      if (part.is_string()) {
        if (std::string_view(part_type) == "text") text += part.get_ref<const std::string&>();
        continue;
      }
      const std::string type = text_member(part, "type");
      if (type == part_type || (type == "output_text" && std::string_view(part_type) == "text")) {
        text += text_member(part, part_member);
      }
    }
  }
  return text;
}

std::optional<std::int64_t> count(const Json& object, const char* name, const char* other_name) {
  for (const char* each : {name, other_name}) {
    if (const Json* value = member(object, each)) {
      const auto number = integer(*value);
      if (number && *number >= 0) return number;
    }
  }
  return std::nullopt;
}

std::int64_t detail_count(const Json& usage, const char* details, const char* other_details, const char* name) {
  for (const char* each : {details, other_details}) {
    if (const Json* object = member(usage, each)) {
      if (const auto number = count(*object, name, name)) return *number;
    }
  }
  return 0;
}

std::string lower_text(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return nullptr;
  return &*found;
}

std::string text_member(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::optional<std::int64_t> integer(const Json& value) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::trunc(number) == number && number >= -kTwoTo63 && number < kTwoTo63) {
      return static_cast<std::int64_t>(number);
    }
  }
  return std::nullopt;
}

std::int64_t integer_member(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value == nullptr ? 0 : integer(*value).value_or(0);
}

std::optional<Usage> usage_of(const Json& body) {
  const Json* object = member(body, "usage");
  if (object == nullptr) return std::nullopt;
  const auto input = count(*object, "prompt_tokens", "input_tokens");
  const auto output = count(*object, "completion_tokens", "output_tokens");
  if (!input && !output) return std::nullopt;
  Usage usage;
  usage.input_tokens = input.value_or(0);
  usage.output_tokens = output.value_or(0);
  // Parts of the two totals; a server that says more would make a cost negative.
  const auto in = [&](const char* name) {
    return std::min(detail_count(*object, "prompt_tokens_details", "input_tokens_details", name), usage.input_tokens);
  };
  usage.cached_tokens = in("cached_tokens");
  usage.cache_write_tokens = std::min(in("cache_write_tokens"), usage.input_tokens - usage.cached_tokens);
  usage.reasoning_tokens =
      std::min(detail_count(*object, "completion_tokens_details", "output_tokens_details", "reasoning_tokens"),
               usage.output_tokens);
  return usage;
}

Advice advice_for(long status, std::string_view code, std::string_view type, bool once,
                  std::optional<bool> should_retry) {
  const Advice again = once ? Advice::unclear : Advice::retry;
  if (status < 500) {
    if (one_of(code, kMoney) || one_of(type, kMoney) || status == 402) return Advice::money;
    if (status == 401 || status == 403) return Advice::credentials;
  }

  if (status == 0) {
    if (one_of(code, kCredentials) || one_of(type, kCredentials)) return Advice::credentials;
    if (code == "model_not_found") return Advice::not_found;
    if (one_of(code, kBadRequest) || (code.empty() && one_of(type, kBadRequest))) return Advice::bad_request;
    return again;
  }
  // Of these it is open whether the work was done: a timeout or a failure may
  // have come after it.
  const bool open = status < 300 || status == 408 || status == 409 || status == 425 || status == 499 || status >= 500;
  if (once && open) return Advice::unclear;
  if (should_retry == true) return Advice::retry;
  if (should_retry == false) {
    // Too much, and waiting does not help: a spending limit by a code that is not known here.
    if (status == 429) return Advice::money;
    return status == 404 ? Advice::not_found : Advice::bad_request;
  }
  if (status == 409) return Advice::conflict;
  if (status == 404) return Advice::not_found;
  if (open || status == 429) return Advice::retry;
  return Advice::bad_request;  // redirects too: the address is wrong
}

bool describe(ApiError& error, const Json& body) {
  if (!body.is_object()) return false;
  std::string message;
  if (const Json* object = member(body, "error")) {
    if (object->is_string()) {
      message = object->get<std::string>();
      error.code = name_text(body, "code");
    } else {
      error.code = name_text(*object, "code");
      error.type = name_text(*object, "type");
      error.param = name_text(*object, "param");
      message = text_member(*object, "message");
    }
    if (message.empty()) message = text_member(body, "message");
  } else if (const Json* detail = member(body, "detail")) {
    message = detail_text(*detail);
  } else if (const Json* text = member(body, "message"); text != nullptr && text->is_string()) {
    error.code = name_text(body, "code");
    error.type = name_text(body, "type");
    error.param = name_text(body, "param");
    message = text->get<std::string>();
  }
  error.message = safe_message(message);
  return !error.message.empty() || !error.code.empty() || !error.type.empty();
}

bool has_error(const Json& body) {
  const Json* error = member(body, "error");
  if (error == nullptr) return false;
  if (error->is_string()) return !error->get_ref<const std::string&>().empty();
  return !error->empty() && *error != false;
}

ApiError error_in_success(const Json& body, bool once) {
  ApiError error;
  describe(error, body);
  long status = 200;
  if (const Json* object = member(body, "error")) {
    // OpenRouter puts the status of whom it asked into `code`.
    const std::int64_t code = integer_member(*object, "code");
    if (code >= 400 && code < 600) status = static_cast<long>(code);
  }
  error.status = 200;
  error.advice = advice_for(status == 200 ? 0 : status, error.code, error.type, once, std::nullopt);
  if (error.message.empty()) error.message = "HTTP 200 with an error that says nothing";
  return error;
}

Result<ChatAnswer> chat_answer(const Json& body, std::string request_id) {
  const auto unreadable = [&](std::string message) {
    ApiError error;
    error.advice = Advice::retry;
    error.status = 200;
    error.message = std::move(message);
    error.request_id = request_id;
    return error;
  };
  const Json* choices = member(body, "choices");
  if (choices == nullptr || !choices->is_array() || choices->empty()) return unreadable("an answer without choices");
  const Json& choice = choices->front();
  const Json* message = member(choice, "message");
  if (message == nullptr || !message->is_object()) return unreadable("an answer without a message");

  ChatAnswer answer;
  answer.model = short_text(text_member(body, "model"), kMaxName);
  answer.usage = usage_of(body);
  answer.request_id = std::move(request_id);

  const std::string finish_reason = lower_text(text_member(choice, "finish_reason"));
  std::string refusal = text_member(*message, "refusal");
  const Json* content = member(*message, "content");
  if (refusal.empty() && content != nullptr && content->is_array()) refusal = content_text(*content, "refusal", "refusal");
  if (content != nullptr) answer.content = content_text(*content, "text", "text");

  if (!refusal.empty()) {
    answer.finish = Finish::refusal;
    answer.content = std::move(refusal);
  } else if (finish_reason == "length" || finish_reason == "max_tokens") {
    answer.finish = Finish::length;
  } else if (finish_reason == "content_filter") {
    answer.finish = Finish::content_filter;
  } else if (is_blank(answer.content)) {
    answer.finish = Finish::empty;
  }
  return answer;
}

std::string safe_message(std::string_view text) {
  std::string message = short_text(text, kMaxMessage);
  mask_after(message, "sk-", 6);
  mask_after(message, "Bearer ", 1);
  mask_after(message, "bearer ", 12);  // shorter, it is a word in a sentence
  return message;
}

}  // namespace kg_batch::openai
