#include "json_changes.h"

namespace kg_sim {

std::optional<std::string> wrong_changes(const Json& parameters) {
  try {
    if (const Json* set = member(parameters, "set")) {
      if (!set->is_object()) return "\"set\" is an object of JSON pointers and values";
      for (const auto& [pointer, value] : set->items()) static_cast<void>(Json::json_pointer(pointer));
    }
    if (const Json* remove = member(parameters, "remove")) {
      if (!remove->is_array()) return "\"remove\" is an array of JSON pointers";
      for (const Json& pointer : *remove) static_cast<void>(Json::json_pointer(pointer.get<std::string>()));
    }
  } catch (const Json::exception& error) {
    return std::string("not a JSON pointer: ") + error.what();
  }
  return std::nullopt;
}

Json changed(Json value, const Json& parameters) {
  if (const Json* set = member(parameters, "set"))
    for (const auto& [pointer, wanted] : set->items()) {
      Json tried = value;
      try {
        tried[Json::json_pointer(pointer)] = wanted;
      } catch (const Json::exception&) {
        continue;
      }
      value = std::move(tried);
    }
  if (const Json* remove = member(parameters, "remove"))
    for (const Json& text : *remove) {
      const Json::json_pointer pointer(text.get<std::string>());
      if (pointer.empty() || !value.contains(pointer)) continue;
      Json& parent = value[pointer.parent_pointer()];
      if (parent.is_object())
        parent.erase(pointer.back());
      else
        parent.erase(static_cast<std::size_t>(std::stoull(pointer.back())));
    }
  return value;
}

}  // namespace kg_sim
