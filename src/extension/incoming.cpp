#include <nlohmann/json.hpp>

#include "backend/bridge.h"
#include "chunking/sentences.h"
#include "extension/incoming.h"
#include "graph/sha256.h"
#include "openai/json_text.h"

namespace kg_batch::extension {

using nlohmann::json;
using store::IncomingMessage;

namespace {

constexpr std::size_t most_shown = 80;  // characters of a wrong value in an error

std::string in_quotes(std::string_view text) { return "\"" + openai::short_text(text, most_shown) + "\""; }

std::string a_or_an(const json& value) {
  const std::string type = value.type_name();
  if (value.is_null()) return "null";
  return (type == "object" || type == "array" ? "an " : "a ") + type;
}

const json* member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

// Text, or a whole number where logs have numbers for names of things.
std::optional<std::string> text_member(const json& message, const char* name, bool numbers) {
  const json* value = member(message, name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  if (numbers && value->is_number_integer()) return value->dump();
  throw BadMessage{ERRCODE_INVALID_PARAMETER_VALUE,
                   "\"" + std::string(name) + "\" must be a string" + (numbers ? " or a whole number" : ""),
                   "It is " + a_or_an(*value) + ".", ""};
}

// An assistant's message that calls a tool or refuses has no content.
bool may_lack_content(const json& message) {
  for (const char* instead : {"tool_calls", "function_call", "refusal", "audio"})
    if (member(message, instead) != nullptr) return true;
  return false;
}

// The words of a part; nothing for what has none.
std::optional<std::string> words_of(const json& part) {
  if (part.is_string()) return part.get<std::string>();
  const json* const named = member(part, "type");
  const std::string type = named != nullptr && named->is_string() ? named->get<std::string>() : "";
  const char* const where = type == "refusal" ? "refusal" : type == "text" || type == "input_text" || type == "output_text" ? "text" : nullptr;
  if (where == nullptr) return std::nullopt;
  const json* words = member(part, where);
  if (words != nullptr && words->is_object()) words = member(*words, "value");
  if (words == nullptr || !words->is_string()) return std::nullopt;
  return words->get<std::string>();
}

}  // namespace

void refuse(const std::string& which, const BadMessage& bad) {
  throw backend::Error(bad.sqlstate, which + ": " + bad.what, bad.detail, bad.hint);
}

std::string key_of_content(const char* prefix, std::string_view content) {
  return prefix + graph::hex(graph::sha256(content), 16);
}

void require_utf8() {
  if (GetDatabaseEncoding() == PG_UTF8) return;
  throw backend::Error(ERRCODE_FEATURE_NOT_SUPPORTED, "kg_batch needs a database with the encoding UTF8",
                       std::string("This one has ") + GetDatabaseEncodingName() + ".",
                       "Create one with ENCODING 'UTF8' TEMPLATE template0.");
}

IncomingMessage message_from_json(const json& object) {
  if (!object.is_object())
    throw BadMessage{ERRCODE_INVALID_PARAMETER_VALUE, "is " + a_or_an(object) + ", not an object", "",
                     R"(Write messages as {"speaker":"Anna","content":"I adopted a dog."}.)"};
  IncomingMessage message;
  const json* content = member(object, "content");
  if (content == nullptr && !may_lack_content(object))
    throw BadMessage{ERRCODE_INVALID_PARAMETER_VALUE, "\"content\" is missing", "",
                     "It is text, or an array of parts as in OpenAI's messages."};
  set_role(message, text_member(object, "role", false), text_member(object, "speaker", false));
  message.speaker_id = text_member(object, "speaker_id", true).value_or("");
  check_key(message.speaker_id, "speaker_id");
  message.id = text_member(object, "id", true);
  if (message.id) check_key(*message.id, "id");
  message.session = text_member(object, "session", true);
  message.reply_to = text_member(object, "reply_to", true);
  if (const auto sent_at = text_member(object, "sent_at", false)) message.sent_at_us = time_from_text(*sent_at, "sent_at");
  if (content != nullptr) set_content(message, *content);
  finish_message(message);
  return message;
}

void set_content(IncomingMessage& message, const json& content) {
  if (content.is_string()) {
    message.content = content.get<std::string>();
    return;
  }
  if (!content.is_array())
    throw BadMessage{ERRCODE_INVALID_PARAMETER_VALUE, "\"content\" must be text or an array of parts",
                     "It is " + a_or_an(content) + ".", ""};
  bool has_media = false;
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (!content[i].is_string() && !content[i].is_object())
      throw BadMessage{ERRCODE_INVALID_PARAMETER_VALUE,
                       "part " + std::to_string(i + 1) + " of \"content\" is " + a_or_an(content[i]) + ", not an object",
                       "", R"(Parts are {"type":"text","text":"…"}; parts of other types are not read.)"};
    const auto words = words_of(content[i]);
    if (!words) {
      has_media = true;
      continue;
    }
    if (!message.content.empty()) message.content += '\n';
    message.content += *words;
  }
  if (has_media && message.content.empty()) message.skipped = "media";
}

void set_role(IncomingMessage& message, const std::optional<std::string>& role, const std::optional<std::string>& speaker) {
  if (speaker) {
    check_key(*speaker, "speaker");
    message.speaker = *speaker;
  }
  if (!role || role->empty()) {
    if (message.speaker.empty())
      throw BadMessage{ERRCODE_INVALID_PARAMETER_VALUE, "neither \"role\" nor \"speaker\" says who speaks", "",
                       "\"role\" is user, assistant, system, developer or tool; \"speaker\" is a name."};
    return;
  }
  for (const char* known : {"user", "assistant", "system", "developer", "tool"})
    if (*role == known) {
      message.role = *role;
      return;
    }
  throw BadMessage{ERRCODE_INVALID_PARAMETER_VALUE, "unknown \"role\" " + in_quotes(*role), "",
                   "Valid roles are user, assistant, system, developer and tool; people are named by \"speaker\"."};
}

// timestamptz_in takes no lock and holds nothing when it raises, so its error
// can be caught without a subtransaction.
std::int64_t time_from_text(const std::string& text, const char* field) {
  TimestampTz time = DT_NOBEGIN;
  std::string reason;
  try {
    time = backend::backend_call([&] {
      return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(text.c_str()), ObjectIdGetDatum(InvalidOid),
                                                     Int32GetDatum(-1)));
    });
  } catch (const backend::Error& error) {
    if (ERRCODE_TO_CATEGORY(error.sqlstate()) != ERRCODE_DATA_EXCEPTION) throw;
    reason = error.message() + ".";
    reason[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(reason[0])));
  }
  return time_from_timestamp(time, field, text, reason);
}

std::int64_t time_from_timestamp(std::int64_t timestamp, const char* field, const std::string& shown, const std::string& reason) {
  constexpr std::int64_t postgres_epoch_us = std::int64_t{POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE} * USECS_PER_DAY;
  if (TIMESTAMP_NOT_FINITE(timestamp))
    throw BadMessage{ERRCODE_INVALID_DATETIME_FORMAT, "\"" + std::string(field) + "\" is no time: " + in_quotes(shown),
                     reason.empty() ? "It has no place in time." : reason,
                     "Any form that PostgreSQL reads as timestamptz will do, as 2024-05-03T18:20:00+02:00."};
  return timestamp + postgres_epoch_us;
}

void check_key(const std::string& value, const char* field) {
  if (value.size() <= store::longest_key) return;
  throw BadMessage{ERRCODE_STRING_DATA_RIGHT_TRUNCATION,
                   "\"" + std::string(field) + "\" is longer than " + std::to_string(store::longest_key) + " bytes",
                   "It begins with " + in_quotes(value) + ".", ""};
}

void finish_message(IncomingMessage& message) {
  if (message.content.size() > longest_content)
    throw BadMessage{ERRCODE_PROGRAM_LIMIT_EXCEEDED, "\"content\" is larger than 8 MB",
                     "It has " + std::to_string(message.content.size()) + " bytes.", "Divide it into several messages, or leave it out."};
  if (message.role != "user" && message.role != "assistant")
    message.skipped = "role";
  else if (message.skipped.empty() && chunking::skip_reason(message.content) == "empty")
    message.skipped = "empty";
}

}  // namespace kg_batch::extension
