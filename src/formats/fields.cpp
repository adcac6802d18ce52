#include "formats/fields.h"

namespace kg_batch::formats {

using Json = nlohmann::ordered_json;

namespace {

void set(Json& fields, const char* name, const std::optional<std::string>& value) {
  if (value) fields[name] = *value;
}

Json attributes_of(const Node& node) {
  Json object = Json::object();
  for (const auto& [name, value] : node.attributes) {
    if (!object.contains(name)) object[name] = value;
    else if (object[name].is_array()) object[name].push_back(value);
    else object[name] = Json::array({object[name], value});
  }
  return object;
}

// Thousandths without the noise of binary fractions: 0.9, 0.875.
double decimal(int thousandths) { return thousandths / 1000.0; }

}  // namespace

Json fields_of(const Node& node) {
  Json fields = {{"type", node.type}, {"label", node.label}};
  if (!node.node_class.empty()) fields["class"] = node.node_class;
  if (!node.category.empty()) fields["category"] = node.category;
  if (!node.aliases.empty()) fields["aliases"] = node.aliases;
  if (!node.attributes.empty()) fields["attributes"] = attributes_of(node);
  if (!node.hash_tags.empty()) fields["hash_tags"] = node.hash_tags;
  set(fields, "start_date", node.start_date);
  set(fields, "start_how", node.start_how);
  set(fields, "end_date", node.end_date);
  set(fields, "end_how", node.end_how);
  set(fields, "goal_status", node.goal_status);
  if (!node.asserted_on.empty()) {
    Json periods = Json::array();
    for (const auto& [first, last] : node.asserted_on) periods.push_back(Json::array({first, last}));
    fields["asserted_on"] = periods;
  }
  if (node.is_statement) {
    fields["negated"] = node.negated;
    fields["modality"] = node.modality;
  }
  fields["confidence"] = decimal(node.confidence);
  fields["importance"] = decimal(node.importance);
  fields["mentions"] = node.mentions;
  return fields;
}

Json fields_of(const Edge& edge) { return {{"negated", edge.negated}, {"mentions", edge.mentions}}; }

Json fields_of(const Fact& fact) {
  Json fields = {{"text", fact.text}, {"modality", fact.modality}, {"negated", fact.negated}};
  set(fields, "said_by", fact.said_by);
  set(fields, "said_at", fact.said_at);
  fields["conversation"] = fact.conversation;
  return fields;
}

Json fields_of(const Evidence& evidence) {
  Json fields = {{"quote", evidence.quote}, {"conversation", evidence.conversation}};
  set(fields, "message_id", evidence.message_id);
  fields["position"] = evidence.position;
  fields["speaker"] = evidence.speaker;
  set(fields, "sent_at", evidence.sent_at);
  fields["matched"] = evidence.matched;
  fields["span_start"] = evidence.span_start;
  fields["span_end"] = evidence.span_end;
  return fields;
}

std::string json_text(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string flat(const Json& value) { return value.is_string() ? value.get<std::string>() : json_text(value); }

}  // namespace kg_batch::formats
