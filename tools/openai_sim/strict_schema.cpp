#include "strict_schema.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace kg_sim {

namespace {

constexpr int most_levels = 10;
constexpr std::size_t most_properties = 5000;
constexpr std::size_t most_enum_values = 1000;
constexpr std::size_t most_characters = 120000;
constexpr std::size_t long_enum = 250;
constexpr std::size_t most_characters_of_long_enum = 15000;

constexpr std::array<std::string_view, 9> string_formats = {"date-time", "time",     "date", "duration", "email",
                                                            "hostname",  "ipv4",     "ipv6", "uuid"};

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

class Walk {
 public:
  explicit Walk(const Json& root) : root_(root) {}

  std::optional<std::string> run() {
    if (!root_.is_object()) return "schema must be a JSON Schema of 'type: \"object\"', got a non-object.";
    if (root_.contains("anyOf")) return "schema must have type 'object' and not have 'anyOf' at the top level.";
    if (text_member(root_, "type") != "object") {
      const Json type = root_.contains("type") ? root_["type"] : Json("None");
      return "schema must be a JSON Schema of 'type: \"object\"', got 'type: " + to_text(type) + "'.";
    }
    visit(root_, 1);
    for (const char* place : {"$defs", "definitions"}) {
      const Json* definitions = member(root_, place);
      if (!definitions) continue;
      for (const auto& [name, definition] : definitions->items()) {
        if (wrong_) break;
        characters_ += name.size();
        in(place, name, [&] { visit(definition, 1); });
      }
    }
    if (!wrong_ && properties_ > most_properties)
      wrong_ = std::to_string(properties_) + " properties exceeds limit of " + std::to_string(most_properties) + ".";
    if (!wrong_ && enum_values_ > most_enum_values)
      wrong_ = std::to_string(enum_values_) + " enum values exceeds limit of " + std::to_string(most_enum_values) + ".";
    if (!wrong_ && characters_ > most_characters)
      wrong_ = "total length of property names, definition names, enum values and const values " +
               std::to_string(characters_) + " exceeds limit of " + std::to_string(most_characters) + ".";
    return wrong_;
  }

 private:
  template <typename Body>
  void in(std::string_view first, std::string_view second, Body body) {
    path_.emplace_back(first);
    if (!second.empty()) path_.emplace_back(second);
    body();
    if (!second.empty()) path_.pop_back();
    path_.pop_back();
  }

  void wrong(const std::string& what) {
    if (wrong_) return;
    std::string context = "(";
    for (std::size_t i = 0; i < path_.size(); ++i) context += (i ? ",'" : "'") + path_[i] + "'";
    // The service writes a Python tuple.
    if (path_.size() == 1) context += ",";
    wrong_ = "In context=" + context + "), " + what;
  }

  void visit(const Json& schema, int level) {
    if (wrong_) return;
    if (!schema.is_object()) return wrong("schema must be an object.");
    if (level > most_levels)
      return wrong(std::to_string(level) + " levels of nesting exceeds limit of " + std::to_string(most_levels) + ".");
    const bool has_type = schema.contains("type");
    const bool has_any_of = schema.contains("anyOf");
    const bool has_reference = schema.contains("$ref");
    if (!has_type && !has_any_of && !has_reference) {
      // A forbidden keyword says more about what is wrong than the missing type.
      check_keywords(schema, {});
      return wrong("schema must have a 'type' key.");
    }
    if (has_type + has_any_of + has_reference > 1)
      return wrong("only one of 'type', 'anyOf' and '$ref' is permitted.");
    std::vector<std::string> types;
    if (has_type) {
      const Json& type = schema["type"];
      for (const Json& one : type.is_array() ? type : Json::array({type})) {
        if (!one.is_string() || !contains(std::array<std::string_view, 7>{"string", "number", "boolean", "integer",
                                                                          "object", "array", "null"},
                                          one.get<std::string>()))
          return wrong(to_text(one) + " is not a valid type.");
        types.push_back(one.get<std::string>());
      }
      if (types.empty()) return wrong("'type' must not be empty.");
    }
    check_keywords(schema, types);
    if (wrong_) return;
    count_values(schema);
    if (contains(types, "object")) visit_object(schema, level);
    if (contains(types, "array")) visit_array(schema, level);
    if (has_any_of) visit_any_of(schema["anyOf"], level);
    if (has_reference) visit_reference(schema["$ref"]);
  }

  void check_keywords(const Json& schema, const std::vector<std::string>& types) {
    for (const auto& [key, value] : schema.items()) {
      if (contains(std::array<std::string_view, 5>{"type", "anyOf", "$ref", "title", "description"}, key)) continue;
      const bool at_root = path_.empty();
      if (at_root && contains(std::array<std::string_view, 4>{"$schema", "$id", "$defs", "definitions"}, key)) continue;
      bool permitted = false;
      for (const std::string& type : types) {
        if (type == "object")
          permitted |= key == "properties" || key == "required" || key == "additionalProperties";
        else if (type == "array")
          permitted |= key == "items" || key == "minItems" || key == "maxItems";
        else
          permitted |= key == "enum" || key == "const";
        if (type == "string") permitted |= key == "pattern" || key == "format";
        if (type == "number" || type == "integer")
          permitted |= contains(std::array<std::string_view, 5>{"multipleOf", "minimum", "maximum", "exclusiveMinimum",
                                                                "exclusiveMaximum"},
                                key);
      }
      if (!permitted) return wrong("'" + key + "' is not permitted.");
      if (key == "format" && !(value.is_string() && contains(string_formats, value.get<std::string>())))
        return wrong("'format' " + to_text(value) + " is not a supported format.");
    }
  }

  void count_values(const Json& schema) {
    if (const Json* constant = member(schema, "const"); constant && constant->is_string())
      characters_ += constant->get_ref<const std::string&>().size();
    const Json* values = member(schema, "enum");
    if (!values) return;
    if (!values->is_array() || values->empty()) return wrong("'enum' must be an array that is not empty.");
    enum_values_ += values->size();
    std::size_t length = 0;
    for (const Json& value : *values)
      if (value.is_string()) length += value.get_ref<const std::string&>().size();
    characters_ += length;
    if (values->size() > long_enum && length > most_characters_of_long_enum)
      wrong("enum of " + std::to_string(values->size()) + " values has " + std::to_string(length) +
            " characters, which exceeds limit of " + std::to_string(most_characters_of_long_enum) + ".");
  }

  void visit_object(const Json& schema, int level) {
    if (!schema.contains("additionalProperties") || schema["additionalProperties"] != false)
      return wrong("'additionalProperties' is required to be supplied and to be false.");
    static const Json none = Json::object();
    const Json& properties = schema.contains("properties") ? schema["properties"] : none;
    if (!properties.is_object()) return wrong("'properties' must be an object.");
    const std::string required_rule =
        "'required' is required to be supplied and to be an array including every key in properties.";
    const Json* required = member(schema, "required");
    if (!properties.empty() && (!required || !required->is_array())) {
      return wrong(required_rule + " Missing '" + properties.begin().key() + "'.");
    }
    for (const auto& [name, property] : properties.items()) {
      if (std::find(required->begin(), required->end(), Json(name)) == required->end())
        return wrong(required_rule + " Missing '" + name + "'.");
    }
    if (required && required->is_array()) {
      for (const Json& name : *required)
        if (!name.is_string() || !properties.contains(name.get<std::string>()))
          return wrong(required_rule + " Extra required key '" +
                       (name.is_string() ? name.get<std::string>() : to_text(name)) + "' supplied.");
    }
    properties_ += properties.size();
    for (const auto& [name, property] : properties.items()) {
      characters_ += name.size();
      const Json& inner = property;
      in("properties", name, [&] { visit(inner, level + has_parts(inner)); });
    }
  }

  void visit_array(const Json& schema, int level) {
    const Json* items = member(schema, "items");
    if (!items) return wrong("array schema missing items.");
    in("items", "", [&] { visit(*items, level + has_parts(*items)); });
  }

  void visit_any_of(const Json& choices, int level) {
    if (!choices.is_array() || choices.empty()) return wrong("'anyOf' must be an array that is not empty.");
    for (std::size_t i = 0; i < choices.size(); ++i)
      in("anyOf", std::to_string(i), [&] { visit(choices[i], level + has_parts(choices[i])); });
  }

  void visit_reference(const Json& reference) {
    const std::string target = reference.is_string() ? reference.get<std::string>() : to_text(reference);
    bool found = target == "#";
    if (!found && target.rfind("#/", 0) == 0) {
      try {
        found = root_.contains(Json::json_pointer(target.substr(1)));
      } catch (const Json::exception&) {
        found = false;
      }
    }
    if (!found) wrong("reference to component '" + target + "' which was not found in the schema.");
  }

  // Only objects and arrays nest.
  static int has_parts(const Json& schema) {
    return schema.is_object() && (schema.contains("properties") || schema.contains("items")) ? 1 : 0;
  }

  const Json& root_;
  std::vector<std::string> path_;
  std::optional<std::string> wrong_;
  std::size_t properties_ = 0;
  std::size_t enum_values_ = 0;
  std::size_t characters_ = 0;
};

// ---- the smallest instance ----

// Deep enough for what the subset allows; recursion through $ref ends at
// whatever is optional long before.
constexpr int deepest = 64;

Json instance_of(const Json& schema, const Json& root, int depth) {
  if (depth > deepest || !schema.is_object()) return nullptr;
  if (const Json* reference = member(schema, "$ref")) {
    const std::string target = reference->get<std::string>();
    return instance_of(target == "#" ? root : root.at(Json::json_pointer(target.substr(1))), root, depth + 1);
  }
  if (const Json* choices = member(schema, "anyOf")) {
    for (const Json& choice : *choices)
      if (text_member(choice, "type") == "null") return nullptr;
    return instance_of(choices->front(), root, depth + 1);
  }
  if (schema.contains("const")) return schema["const"];
  if (const Json* values = member(schema, "enum")) return values->front();
  const Json& type = schema["type"];
  if (type.is_array() && std::find(type.begin(), type.end(), Json("null")) != type.end()) return nullptr;
  const std::string name = type.is_array() ? type.front().get<std::string>() : type.get<std::string>();
  if (name == "object") {
    Json object = Json::object();
    if (const Json* properties = member(schema, "properties"))
      for (const auto& [key, property] : properties->items()) object[key] = instance_of(property, root, depth + 1);
    return object;
  }
  if (name == "array") {
    Json array = Json::array();
    const auto least = schema.value("minItems", std::size_t{0});
    while (array.size() < least) array.push_back(instance_of(schema["items"], root, depth + 1));
    return array;
  }
  if (name == "integer" || name == "number") {
    double value = 0;
    if (const Json* least = member(schema, "minimum")) value = std::max(value, least->get<double>());
    if (const Json* below = member(schema, "exclusiveMinimum")) value = std::max(value, below->get<double>() + 1);
    if (const Json* most = member(schema, "maximum")) value = std::min(value, most->get<double>());
    if (const Json* above = member(schema, "exclusiveMaximum")) value = std::min(value, above->get<double>() - 1);
    return name == "integer" ? Json(static_cast<std::int64_t>(value)) : Json(value);
  }
  if (name == "boolean") return false;
  if (name == "string") {
    static const std::vector<std::pair<std::string_view, const char*>> examples = {
        {"date-time", "2000-01-01T00:00:00Z"}, {"time", "00:00:00Z"},    {"date", "2000-01-01"},
        {"duration", "PT0S"},                  {"email", "a@example.org"}, {"hostname", "example.org"},
        {"ipv4", "192.0.2.1"},                 {"ipv6", "2001:db8::1"},  {"uuid", "00000000-0000-0000-0000-000000000000"}};
    const std::string format = text_member(schema, "format");
    for (const auto& [known, example] : examples)
      if (format == known) return example;
    return "";
  }
  return nullptr;
}

}  // namespace

std::optional<std::string> outside_strict_subset(const Json& schema) { return Walk(schema).run(); }

Json smallest_instance(const Json& schema) { return instance_of(schema, schema, 0); }

}  // namespace kg_sim
