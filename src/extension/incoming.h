// What a caller hands in as one message, checked and made ready to be stored.
//
// Guarantees: nothing that comes out of here can fail for its content later.
// What is wrong is said once, with the field it is about; whoever reads the
// messages adds which one it is. Empty contents, media, tools and system
// prompts are not wrong: they are kept and not read.

#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "store/ingest.h"

namespace kg_batch::extension {

inline constexpr std::size_t longest_content = 8 << 20;  // bytes

// Thrown for a message that cannot be taken. `what` names the field and ends the
// sentence "row 3: …".
struct BadMessage {
  int sqlstate = 0;
  std::string what, detail, hint;
};

// "row 3: …" as an error of the whole call.
[[noreturn]] void refuse(const std::string& which, const BadMessage& bad);

// A conversation's key where the caller gives none: equal contents, equal keys.
std::string key_of_content(const char* prefix, std::string_view content);

// Throws unless the database's encoding is UTF8: offsets count its characters.
void require_utf8();

// A message of an OpenAI log or of our own form; BadMessage.
store::IncomingMessage message_from_json(const nlohmann::json& message);

// `content` as text or as OpenAI's array of parts: text parts are joined, of
// others `skipped` says media when there is nothing else.
void set_content(store::IncomingMessage& message, const nlohmann::json& content);
void set_role(store::IncomingMessage& message, const std::optional<std::string>& role, const std::optional<std::string>& speaker);
// A time as PostgreSQL reads it under the caller's settings.
std::int64_t time_from_text(const std::string& text, const char* field);
// Microseconds since 1970 of PostgreSQL's own; `shown` is what an error quotes.
std::int64_t time_from_timestamp(std::int64_t timestamp, const char* field, const std::string& shown, const std::string& reason = "");
void check_key(const std::string& value, const char* field);
// Size, and why it is not read.
void finish_message(store::IncomingMessage& message);

}  // namespace kg_batch::extension
