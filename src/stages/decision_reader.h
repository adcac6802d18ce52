// What the readers of decisions share (decisions.h has what they promise): who
// was asked, who was answered, and what of an answer stands.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "stages/answer_item.h"
#include "stages/decisions.h"

namespace kg_batch::stages {

// What the items of an answer are called.
struct DecisionWords {
  std::string_view item;    // "decision", in `rejected`
  std::string_view plural;  // "decisions"
  const char* id;           // "pair": the field that says what it answers
  std::size_t most;         // items an answer may have
};

// A decision, or why the item is none.
template <typename Decision>
using DecisionOrReason = std::variant<Decision, std::string>;

// In thousandths, or why it is none. Not brought within its limits: a model that
// counts in percent would be sure of everything.
inline std::variant<int, std::string> confidence_of(const Json& item) {
  const Json* value = field(item, "confidence");
  if (value == nullptr || !value->is_number()) {
    return "confidence is " + std::string(value == nullptr ? "missing" : "not a number");
  }
  const double confidence = value->get<double>();
  if (!(confidence >= 0 && confidence <= 1)) {
    return "confidence " + std::string(cut_text(value->dump(), 40)) + " is not between 0 and 1";
  }
  return static_cast<int>(std::lround(confidence * 1000));
}

// Reads items one by one. `read(item, id, parts)` gives a DecisionOrReason and
// adds to `parts` fields that it left out as {"suggestion", reason, body};
// `agree(a, b)` says whether two decisions on one thing say the same.
template <typename Decision>
Decided<Decision> read_decisions(const Json& items, const DecisionWords& words, const std::vector<int>& asked,
                                 const auto& read, const auto& agree) {
  struct Answered {
    std::optional<Decision> decision;
    std::vector<graph::Rejected> parts;
    graph::Rejected if_contradicted;
    bool contradicted = false;
  };
  std::map<int, Answered> answered;
  for (const int id : asked) {
    answered.try_emplace(id);
  }
  Decided<Decision> decided;
  for (std::size_t place = 0; place < items.size(); ++place) {
    const Json& item = items[place];
    const std::optional<int> id = integer(field(item, words.id));
    const std::string name = named_item(words.item, id && *id > 0 ? id : std::nullopt, place);
    const auto reject = [&](std::string reason) {
      decided.rejected.push_back({name, std::move(reason), body_of(item)});
    };
    if (place >= words.most) {
      reject("more than " + std::to_string(words.most) + " " + std::string(words.plural));
      continue;
    }
    if (!item.is_object()) {
      reject("not an object");
      continue;
    }
    if (!id) {
      reject(std::string("no ") + words.id);
      continue;
    }
    const auto found = answered.find(*id);
    if (found == answered.end()) {
      reject(std::string(words.id) + " " + std::to_string(*id) + " was not asked");
      continue;
    }
    std::vector<graph::Rejected> parts;
    DecisionOrReason<Decision> result = read(item, *id, parts);
    if (const auto* reason = std::get_if<std::string>(&result)) {
      reject(*reason);
      continue;
    }
    Decision& decision = std::get<Decision>(result);
    Answered& before = found->second;
    const std::string contradiction = "contradicts another answer to the same " + std::string(words.id);
    if (before.contradicted) {
      reject(contradiction);
    } else if (!before.decision) {
      for (graph::Rejected& part : parts) {
        part.item = name + ", " + part.item;
      }
      before.if_contradicted = {name, contradiction, body_of(item)};
      before.parts = std::move(parts);
      before.decision = std::move(decision);
    } else if (agree(*before.decision, decision)) {
      before.decision->confidence = std::min(before.decision->confidence, decision.confidence);
      ++decided.repeated;
    } else {
      decided.rejected.push_back(before.if_contradicted);
      reject(contradiction);
      before.decision.reset();
      before.contradicted = true;
    }
  }
  for (const int id : asked) {
    Answered& answer = answered.at(id);
    if (answer.decision) {
      decided.rejected.insert(decided.rejected.end(), answer.parts.begin(), answer.parts.end());
      decided.decisions.push_back(std::move(*answer.decision));
    } else {
      decided.unanswered.push_back(id);
    }
  }
  return decided;
}

}  // namespace kg_batch::stages
