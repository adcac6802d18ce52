// The subset of JSON Schema that strict structured outputs take: is a schema
// within it, and does a value pass.

#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "stages/stage.h"

namespace kg_batch::test {

using stages::Json;

// What a provider would refuse, as "path: why"; empty when the schema is fine.
inline void check_strict_subset(const Json& schema, const std::string& path, int depth, std::vector<std::string>& wrong) {
  if (!schema.is_object()) {
    wrong.push_back(path + ": not an object");
    return;
  }
  if (depth > 10) {
    wrong.push_back(path + ": deeper than ten levels");
  }
  static const std::set<std::string> known = {"type",  "properties", "required", "additionalProperties",
                                              "items", "maxItems",   "enum",     "anyOf"};
  for (const auto& [keyword, value] : schema.items()) {
    if (!known.contains(keyword)) {
      wrong.push_back(path + ": keyword " + keyword);
    }
  }
  if (schema.contains("type") == schema.contains("anyOf")) {
    wrong.push_back(path + ": needs one of type and anyOf");
    return;
  }
  if (schema.contains("anyOf")) {
    for (const Json& either : schema["anyOf"]) {
      check_strict_subset(either, path, depth, wrong);
    }
    return;
  }
  if (schema["type"] == "object") {
    if (schema.value("additionalProperties", Json()) != Json(false)) {
      wrong.push_back(path + ": not closed");
    }
    std::vector<std::string> names;
    for (const auto& [name, property] : schema["properties"].items()) {
      names.push_back(name);
      check_strict_subset(property, path + "." + name, depth + 1, wrong);
    }
    if (schema["required"] != Json(names)) {
      wrong.push_back(path + ": not every property is required");
    }
  } else if (schema["type"] == "array") {
    if (!schema.contains("maxItems")) {
      wrong.push_back(path + ": without maxItems");
    }
    check_strict_subset(schema["items"], path + "[]", depth + 1, wrong);
  } else if (schema.contains("enum") && schema["type"] != "string") {
    wrong.push_back(path + ": enum of no strings");
  }
}

inline bool has_type(const Json& value, const std::string& type) {
  return type == "object"    ? value.is_object()
         : type == "array"   ? value.is_array()
         : type == "string"  ? value.is_string()
         : type == "boolean" ? value.is_boolean()
         : type == "integer" ? value.is_number_integer()
         : type == "number"  ? value.is_number()
                             : type == "null" && value.is_null();
}

inline bool passes(const Json& schema, const Json& value) {
  if (schema.contains("anyOf")) {
    return std::any_of(schema["anyOf"].begin(), schema["anyOf"].end(),
                       [&](const Json& either) { return passes(either, value); });
  }
  const Json& type = schema["type"];
  const bool typed = type.is_array() ? std::any_of(type.begin(), type.end(),
                                                   [&](const Json& one) { return has_type(value, one); })
                                     : has_type(value, type);
  if (!typed) {
    return false;
  }
  if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end()) {
    return false;
  }
  if (value.is_array()) {
    return value.size() <= schema["maxItems"].get<std::size_t>() &&
           std::all_of(value.begin(), value.end(), [&](const Json& item) { return passes(schema["items"], item); });
  }
  if (value.is_object()) {
    if (value.size() != schema["properties"].size()) {
      return false;
    }
    for (const auto& [name, property] : schema["properties"].items()) {
      if (!value.contains(name) || !passes(property, value[name])) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace kg_batch::test
