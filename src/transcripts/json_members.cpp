#include "transcripts/json_members.h"

#include <charconv>

#include "transcripts/calendar.h"

namespace kg_batch::transcripts {

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) {
    return nullptr;
  }
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const Json* object_member(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value != nullptr && value->is_object() ? value : nullptr;
}

const Json* array_member(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value != nullptr && value->is_array() ? value : nullptr;
}

std::string text_member(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::optional<std::string> id_member(const Json& object, const char* name) {
  const Json* value = member(object, name);
  if (value == nullptr || (!value->is_string() && !value->is_number_integer())) {
    return std::nullopt;
  }
  std::string id = value->is_string() ? value->get<std::string>() : value->dump();
  return id.empty() ? std::nullopt : std::optional(std::move(id));
}

std::optional<std::string> moment_of(const std::string& text) {
  constexpr std::int64_t end_of_9999 = 253'402'300'799;
  constexpr std::size_t most_decimals = 6;
  std::int64_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, seconds);
  if (read.ec != std::errc() || seconds < 0 || seconds > end_of_9999) {
    return std::nullopt;
  }
  const std::string decimals(read.ptr, end);
  if (!decimals.empty() && (decimals.front() != '.' || decimals.size() == 1 || decimals.size() > 1 + most_decimals ||
                            decimals.find_first_not_of("0123456789", 1) != std::string::npos)) {
    return std::nullopt;
  }
  return iso_text(utc_of(seconds)) + decimals + "+00";
}

}  // namespace kg_batch::transcripts
