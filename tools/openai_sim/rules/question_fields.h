// Fields of a question, looked up without trusting that they are there.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kg_sim::rules {

using Json = nlohmann::ordered_json;

// The array of that name; nullptr when there is none.
inline const Json* list_in(const Json& item, const char* name) {
  if (!item.is_object()) return nullptr;
  const auto found = item.find(name);
  return found != item.end() && found->is_array() ? &*found : nullptr;
}

inline std::string text_in(const Json& item, const char* name) {
  if (!item.is_object()) return {};
  const auto found = item.find(name);
  return found != item.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

inline bool flag_in(const Json& item, const char* name) {
  if (!item.is_object()) return false;
  const auto found = item.find(name);
  return found != item.end() && found->is_boolean() && found->get<bool>();
}

inline std::optional<std::int64_t> number_in(const Json& item, const char* name) {
  if (!item.is_object()) return std::nullopt;
  const auto found = item.find(name);
  return found != item.end() && found->is_number_integer() ? std::optional(found->get<std::int64_t>()) : std::nullopt;
}

inline std::vector<std::string> texts_in(const Json& item, const char* name) {
  std::vector<std::string> texts;
  if (const Json* list = list_in(item, name)) {
    for (const Json& one : *list) {
      if (one.is_string()) texts.push_back(one.get<std::string>());
    }
  }
  return texts;
}

}  // namespace kg_sim::rules
