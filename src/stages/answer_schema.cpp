#include "stages/answer_schema.h"

#include "graph/vocabulary.h"

namespace kg_batch::stages {
namespace {

Json date_or_null() {
  return schema_or_null(object_schema({{{"date", typed("string")}, {"how", one_of(graph::date_hows)}}}));
}

Json strings(int max_items) { return array_schema(typed("string"), max_items); }

}  // namespace

Json typed(std::string_view type) {
  Json schema;
  schema["type"] = type;
  return schema;
}

Json typed_or_null(std::string_view type) {
  Json schema;
  schema["type"] = Json::array({type, "null"});
  return schema;
}

// Validators disagree on whether the type list alone lets null through an enum.
Json schema_or_null(Json schema) {
  Json either;
  either["anyOf"] = Json::array({std::move(schema), typed("null")});
  return either;
}

Json object_schema(const std::vector<Properties>& parts) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Properties& part : parts) {
    for (const auto& [name, schema] : part) {
      properties[name] = schema;
      required.push_back(name);
    }
  }
  Json schema = typed("object");
  schema["properties"] = std::move(properties);
  schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

Json array_schema(Json items, int max_items) {
  Json schema = typed("array");
  schema["items"] = std::move(items);
  schema["maxItems"] = max_items;
  return schema;
}

Properties fact_properties() {
  Json quote = object_schema({{{"sentence", typed("integer")}, {"quote", typed("string")}}});
  return {{"id", typed("integer")},
          {"text", typed("string")},
          {"modality", one_of(graph::modalities)},
          {"negated", typed("boolean")},
          {"evidence", array_schema(std::move(quote), max_quotes)}};
}

Properties identifier() { return {{"id", typed("integer")}}; }

Properties thing_identity() {
  return {{"type", one_of(graph::thing_types)},
          {"label", typed("string")},
          {"class", one_of(graph::thing_classes)},
          {"category", typed("string")},
          {"named", typed("boolean")},
          {"participant", typed_or_null("integer")},
          {"of", typed_or_null("integer")},
          {"relation", schema_or_null(one_of(graph::relations))}};
}

Properties thing_details() {
  Json attribute = object_schema({{{"key", typed("string")}, {"value", typed("string")}}});
  return {{"aliases", strings(max_aliases)},
          {"attributes", array_schema(std::move(attribute), max_attributes)},
          {"hash_tags", strings(max_hash_tags)}};
}

Properties statement_identity() {
  return {{"type", one_of(graph::statement_types)},
          {"label", typed("string")},
          {"category", typed("string")}};
}

Properties statement_details() {
  return {{"start", date_or_null()},
          {"end", date_or_null()},
          {"replaces", typed("boolean")},
          {"goal_status", schema_or_null(one_of(graph::goal_statuses))},
          {"hash_tags", strings(max_hash_tags)}};
}

Properties cited_facts() { return {{"facts", array_schema(typed("integer"), max_cited_facts)}}; }

Properties weights() { return {{"confidence", typed("number")}, {"importance", typed("number")}}; }

Properties statement_roles() {
  Json role = object_schema(
      {{{"role", one_of(graph::roles)}, {"role_text", typed_or_null("string")}, {"node", typed("integer")}}});
  return {{"roles", array_schema(std::move(role), max_roles)}};
}

}  // namespace kg_batch::stages
