// kg_merge: pairs of identities, each side as its own evidence shows it, and for
// each pair whether they are the same.

#include <algorithm>
#include <map>
#include <set>

#include "stages/answer_reader.h"
#include "stages/answer_schema.h"
#include "stages/decision_reader.h"
#include "stages/decisions.h"
#include "stages/question_document.h"

namespace kg_batch::stages {
namespace {

constexpr int max_reason = 500;  // characters

// Numbers local to the request, by first appearance in it.
class ConversationNumbers {
 public:
  int of(std::int64_t conversation) {
    return numbers_.try_emplace(conversation, static_cast<int>(numbers_.size()) + 1).first->second;
  }

 private:
  std::map<std::int64_t, int> numbers_;
};

// Those that both sides have come first: they are what tells two apart.
std::vector<std::int64_t> shown_conversations(const MergeSide& side, const std::set<std::int64_t>& shared,
                                              const std::vector<std::int64_t>& shared_in_order) {
  std::vector<std::int64_t> shown = shared_in_order;
  std::set<std::int64_t> seen = shared;
  for (const std::int64_t conversation : side.conversations) {
    if (seen.insert(conversation).second) {
      shown.push_back(conversation);
    }
  }
  shown.resize(std::min(shown.size(), KgMerge::most_conversations));
  return shown;
}

Json side_json(const MergeSide& side, const std::vector<std::int64_t>& conversations, ConversationNumbers& numbers) {
  std::vector<int> local;
  for (const std::int64_t conversation : conversations) {
    local.push_back(numbers.of(conversation));
  }
  std::sort(local.begin(), local.end());
  Json json;
  json["type"] = side.type;
  json["class"] = side.thing_class.empty() ? Json(nullptr) : Json(side.thing_class);
  json["label"] = side.label;
  json["named"] = side.named;
  json["aliases"] = first_of(side.aliases, KgMerge::most_aliases);
  json["participant"] = side.participant;
  json["conversations"] = local;
  json["dates"] = side.dates.empty() ? Json(nullptr) : Json(side.dates);
  json["facts"] = first_of(side.facts, KgMerge::most_facts);
  json["neighbors"] = Json::array();
  for (std::size_t i = 0; i < std::min(side.neighbors.size(), KgMerge::most_neighbors); ++i) {
    Json neighbor;
    neighbor["role"] = side.neighbors[i].role;
    neighbor["label"] = side.neighbors[i].label;
    json["neighbors"].push_back(std::move(neighbor));
  }
  return json;
}

Json answer_schema() {
  // The reason stands first, so that the verdict follows from it.
  Json decision = object_schema({{{"pair", typed("integer")},
                                  {"reason", typed("string")},
                                  {"verdict", one_of(verdicts)},
                                  {"confidence", typed("number")}}});
  return object_schema({{{"decisions", array_schema(std::move(decision), static_cast<int>(KgMerge::most_a_call))}}});
}

DecisionOrReason<MergeDecision> read_decision(const Json& item, int id, std::vector<graph::Rejected>& parts) {
  const Json* word = field(item, "verdict");
  const std::optional<Verdict> verdict = enumerator<Verdict>(word, verdicts);
  if (!verdict) {
    return not_one_of("verdict", word, verdicts);
  }
  const std::variant<int, std::string> confidence = confidence_of(item);
  if (const auto* reason = std::get_if<std::string>(&confidence)) {
    return *reason;
  }
  const Json* reason = field(item, "reason");
  if (reason != nullptr && !reason->is_string()) {
    parts.push_back({"reason", "not a text", body_of(*reason)});
  }
  return MergeDecision{id, *verdict, std::get<int>(confidence), tidy_text(string_in(reason), max_reason)};
}

}  // namespace

const Json& KgMerge::schema() {
  static const Json schema = answer_schema();
  return schema;
}

// Twice of what a decision with its reason takes, and room to think first.
int KgMerge::max_output_tokens(std::size_t pairs) { return 2000 + 200 * static_cast<int>(pairs); }

Json KgMerge::question(const std::vector<MergePair>& pairs) {
  ConversationNumbers numbers;
  Json json;
  json["task"] = "merge";
  json["pairs"] = Json::array();
  for (const MergePair& pair : pairs) {
    const std::set<std::int64_t> of_b(pair.b.conversations.begin(), pair.b.conversations.end());
    std::set<std::int64_t> shared;
    std::vector<std::int64_t> shared_in_order;
    for (const std::int64_t conversation : pair.a.conversations) {
      if (of_b.contains(conversation) && shared.insert(conversation).second) {
        shared_in_order.push_back(conversation);
      }
    }
    Json one;
    one["id"] = pair.id;
    one["a"] = side_json(pair.a, shown_conversations(pair.a, shared, shared_in_order), numbers);
    one["b"] = side_json(pair.b, shown_conversations(pair.b, shared, shared_in_order), numbers);
    json["pairs"].push_back(std::move(one));
  }
  return json;
}

DecidedOrBad<MergeDecision> KgMerge::read(std::string_view answer, const std::vector<MergePair>& asked) {
  const std::variant<Json, BadAnswer> parsed = parse_answer(answer, {"decisions"});
  if (const auto* bad = std::get_if<BadAnswer>(&parsed)) {
    return *bad;
  }
  std::vector<int> ids;
  for (const MergePair& pair : asked) {
    ids.push_back(pair.id);
  }
  return read_decisions<MergeDecision>(
      std::get<Json>(parsed)["decisions"], {"decision", "decisions", "pair", most_a_call}, ids, read_decision,
      [](const MergeDecision& a, const MergeDecision& b) { return a.verdict == b.verdict; });
}

}  // namespace kg_batch::stages
