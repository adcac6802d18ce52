// kg_predicate: roles of a statement's own words, or kinds of statements, and
// for each the canonical name that means the same, if one does.

#include <map>

#include "stages/answer_reader.h"
#include "stages/answer_schema.h"
#include "stages/decision_reader.h"
#include "stages/decisions.h"

namespace kg_batch::stages {
namespace {

Json answer_schema() {
  // No enum of the canonical names: the schema has to be the same in each call.
  Json mapping = object_schema({{{"id", typed("integer")},
                                 {"canonical", typed_or_null("string")},
                                 {"inverse", typed("boolean")},
                                 {"confidence", typed("number")}}});
  return object_schema({{{"mappings", array_schema(std::move(mapping), static_cast<int>(KgPredicate::most_a_call))}}});
}

using CanonicalNames = std::map<std::string, std::string>;  // as compared, as asked

std::string as_compared(std::string_view name) { return tidy_word(name, max_label); }

DecisionOrReason<PredicateMapping> read_mapping(const Json& item, int id, const CanonicalNames& canonical,
                                                std::vector<graph::Rejected>& parts) {
  PredicateMapping mapping;
  mapping.id = id;
  const std::variant<int, std::string> confidence = confidence_of(item);
  if (const auto* reason = std::get_if<std::string>(&confidence)) {
    return *reason;
  }
  mapping.confidence = std::get<int>(confidence);
  // null says that nothing fits; a field that is missing says nothing.
  if (!item.contains("canonical")) {
    return "canonical is missing";
  }
  if (const Json* name = field(item, "canonical")) {
    const auto found = name->is_string() ? canonical.find(as_compared(string_in(name))) : canonical.end();
    if (found == canonical.end()) {
      return "canonical " + std::string(cut_text(body_of(*name), 100)) + " is none of those that were given";
    }
    mapping.canonical = found->second;
  }
  const Json* inverse = field(item, "inverse");
  if (inverse == nullptr || !inverse->is_boolean()) {
    // Read the wrong way round, a mapping says the opposite.
    if (mapping.canonical) {
      return "inverse is neither true nor false";
    }
  } else if (inverse->get<bool>() && !mapping.canonical) {
    parts.push_back({"inverse", "without a canonical name", body_of(*inverse)});
  } else {
    mapping.inverse = inverse->get<bool>();
  }
  return mapping;
}

}  // namespace

const Json& KgPredicate::schema() {
  static const Json schema = answer_schema();
  return schema;
}

// Twice of what a mapping takes, and room to think first.
int KgPredicate::max_output_tokens(std::size_t names) { return 1500 + 80 * static_cast<int>(names); }

Json KgPredicate::question(const std::vector<PredicateName>& names, const std::vector<CanonicalName>& canonical) {
  Json json;
  json["task"] = "predicate";
  json["names"] = Json::array();
  for (const PredicateName& name : names) {
    Json one;
    one["id"] = name.id;
    one["name"] = name.name;
    one["example"] = name.example;
    json["names"].push_back(std::move(one));
  }
  json["canonical"] = Json::array();
  for (const CanonicalName& name : canonical) {
    Json one;
    one["name"] = name.name;
    one["definition"] = name.definition;
    json["canonical"].push_back(std::move(one));
  }
  return json;
}

DecidedOrBad<PredicateMapping> KgPredicate::read(std::string_view answer, const std::vector<PredicateName>& asked,
                                                 const std::vector<CanonicalName>& canonical) {
  const std::variant<Json, BadAnswer> parsed = parse_answer(answer, {"mappings"});
  if (const auto* bad = std::get_if<BadAnswer>(&parsed)) {
    return *bad;
  }
  std::vector<int> ids;
  for (const PredicateName& name : asked) {
    ids.push_back(name.id);
  }
  CanonicalNames names;
  for (const CanonicalName& one : canonical) {
    names.emplace(as_compared(one.name), one.name);
  }
  return read_decisions<PredicateMapping>(
      std::get<Json>(parsed)["mappings"], {"mapping", "mappings", "id", most_a_call}, ids,
      [&](const Json& item, int id, std::vector<graph::Rejected>& parts) { return read_mapping(item, id, names, parts); },
      [](const PredicateMapping& a, const PredicateMapping& b) {
        return a.canonical == b.canonical && a.inverse == b.inverse;
      });
}

}  // namespace kg_batch::stages
