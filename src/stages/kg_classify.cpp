// kg_classify: kinds of things and statements, each with the taxa it may go to,
// and for each the one it belongs to, perhaps with a taxon that is missing.

#include <algorithm>
#include <map>

#include "stages/answer_reader.h"
#include "stages/answer_schema.h"
#include "stages/decision_reader.h"
#include "stages/decisions.h"
#include "stages/question_document.h"

namespace kg_batch::stages {
namespace {

Json answer_schema() {
  Json choice = object_schema({{{"kind", typed("integer")},
                                {"taxon", typed("integer")},
                                {"confidence", typed("number")},
                                {"suggestion", typed_or_null("string")}}});
  return object_schema({{{"choices", array_schema(std::move(choice), static_cast<int>(KgClassify::most_a_call))}}});
}

// "dog" of "entity > animal > dog".
std::string last_of(std::string_view path) {
  const std::size_t mark = path.rfind('>');
  return tidy_word(mark == std::string_view::npos ? path : path.substr(mark + 1), max_category);
}

// Why a taxon of that name is not to be suggested; nothing when it may be.
std::optional<std::string> unfit_name(const Json& value, const std::string& name, const KindToClassify& kind) {
  if (!value.is_string()) {
    return "not a text";
  }
  if (name.find('>') != std::string::npos) {
    return "a path instead of a name";
  }
  const bool there = std::any_of(kind.candidates.begin(), kind.candidates.end(),
                                 [&](const TaxonCandidate& candidate) { return last_of(candidate.path) == name; });
  return there ? std::optional<std::string>("is among the candidates") : std::nullopt;
}

DecisionOrReason<KindChoice> read_choice(const Json& item, const KindToClassify& kind,
                                         std::vector<graph::Rejected>& parts) {
  const Json* taxon_field = field(item, "taxon");
  const std::optional<std::int64_t> taxon = long_integer(taxon_field);
  if (!taxon) {
    return taxon_field == nullptr ? "no taxon" : "taxon is no whole number";
  }
  if (std::none_of(kind.candidates.begin(), kind.candidates.end(),
                   [&](const TaxonCandidate& candidate) { return candidate.taxon == *taxon; })) {
    return "taxon " + std::to_string(*taxon) + " is none of the candidates";
  }
  const std::variant<int, std::string> confidence = confidence_of(item);
  if (const auto* reason = std::get_if<std::string>(&confidence)) {
    return *reason;
  }
  KindChoice choice{kind.id, *taxon, std::get<int>(confidence), std::nullopt};
  if (const Json* suggestion = field(item, "suggestion")) {
    const std::string name = tidy_word(string_in(suggestion), max_category);
    if (const std::optional<std::string> unfit = unfit_name(*suggestion, name, kind)) {
      parts.push_back({"suggestion", *unfit, body_of(*suggestion)});
    } else if (!name.empty()) {
      choice.suggestion = name;
    }
  }
  return choice;
}

}  // namespace

const Json& KgClassify::schema() {
  static const Json schema = answer_schema();
  return schema;
}

// Twice of what a choice takes, and room to think first.
int KgClassify::max_output_tokens(std::size_t kinds) { return 1500 + 80 * static_cast<int>(kinds); }

Json KgClassify::question(const std::vector<KindToClassify>& kinds) {
  Json json;
  json["task"] = "classify";
  json["kinds"] = Json::array();
  for (const KindToClassify& kind : kinds) {
    Json one;
    one["id"] = kind.id;
    one["type"] = kind.type;
    one["category"] = kind.category;
    one["labels"] = first_of(kind.labels, most_labels);
    one["facts"] = first_of(kind.facts, most_facts);
    one["candidates"] = Json::array();
    for (const TaxonCandidate& candidate : kind.candidates) {
      Json taxon;
      taxon["taxon"] = candidate.taxon;
      taxon["path"] = candidate.path;
      one["candidates"].push_back(std::move(taxon));
    }
    json["kinds"].push_back(std::move(one));
  }
  return json;
}

DecidedOrBad<KindChoice> KgClassify::read(std::string_view answer, const std::vector<KindToClassify>& asked) {
  const std::variant<Json, BadAnswer> parsed = parse_answer(answer, {"choices"});
  if (const auto* bad = std::get_if<BadAnswer>(&parsed)) {
    return *bad;
  }
  std::vector<int> ids;
  std::map<int, const KindToClassify*> kinds;
  for (const KindToClassify& kind : asked) {
    ids.push_back(kind.id);
    kinds.emplace(kind.id, &kind);
  }
  return read_decisions<KindChoice>(
      std::get<Json>(parsed)["choices"], {"choice", "choices", "kind", most_a_call}, ids,
      [&](const Json& item, int id, std::vector<graph::Rejected>& parts) { return read_choice(item, *kinds.at(id), parts); },
      [](const KindChoice& a, const KindChoice& b) { return a.taxon == b.taxon && a.suggestion == b.suggestion; });
}

}  // namespace kg_batch::stages
