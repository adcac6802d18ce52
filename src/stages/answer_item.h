// Fields of an answer's items: looked up without trusting that they are there
// or of the right type, and shown in `rejected`.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stages/answer_text.h"
#include "stages/stage.h"

namespace kg_batch::stages {

// A field that is there and not null.
const Json* field(const Json& item, const char* name);

std::optional<std::int64_t> long_integer(const Json* value);
std::optional<int> integer(const Json* value);
// Empty for what is no string.
std::string_view string_in(const Json* value);

// The item as JSON, cut to what `rejected` keeps.
std::string body_of(const Json& item);

// "fact 3", or "fact number 2" by its place (from 0) where it has no usable id.
std::string named_item(std::string_view kind, std::optional<int> id, std::size_t place);

std::string not_one_of(std::string_view what, const Json* value, const auto& words) {
  std::string reason(what);
  if (value == nullptr) {
    reason += " is missing";
  } else {
    reason += " " + std::string(cut_text(value->dump(-1, ' ', false, Json::error_handler_t::replace), 40)) + " is none of ";
    // A list of forty is no help in a message.
    constexpr std::size_t most_named = 8;
    for (std::size_t i = 0; i < std::min(words.size(), most_named); ++i) {
      reason += (i == 0 ? "" : ", ") + std::string(words[i]);
    }
    reason += words.size() > most_named ? ", …" : "";
  }
  return reason;
}

// The enumerator whose word stands at the same place of the list.
template <typename Enum>
std::optional<Enum> enumerator(const Json* value, const auto& words) {
  const auto found = std::find(words.begin(), words.end(), string_in(value));
  return found == words.end() ? std::nullopt : std::optional(static_cast<Enum>(found - words.begin()));
}

}  // namespace kg_batch::stages
