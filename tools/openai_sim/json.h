// JSON as the stand-in keeps it: objects remember the order of their keys,
// because the order of a schema and of an answer is part of the contract.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace kg_sim {

using Json = nlohmann::ordered_json;

// nullopt for what is not JSON; never throws.
std::optional<Json> parse_json(std::string_view text);

// One line, or with `indent` for people; bytes that are not UTF-8 become U+FFFD.
std::string to_text(const Json& value);
std::string to_readable_text(const Json& value);

// The member `key` of an object; nullptr when it is missing or null.
const Json* member(const Json& object, std::string_view key);

// The member `key` when it is a string, else "".
std::string text_member(const Json& object, std::string_view key);

// "an array", "a boolean": how OpenAI's errors call the type of a value.
std::string described_type(const Json& value);

}  // namespace kg_sim
