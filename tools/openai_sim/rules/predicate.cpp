#include <algorithm>

#include "decisions.h"
#include "name_forms.h"
#include "question_fields.h"
#include "words.h"

namespace kg_sim::rules {
namespace {

constexpr std::size_t most_mappings = 60;

struct Canonical {
  std::string name;
  std::vector<std::string> tokens;
  std::set<std::string> stems;
  std::set<std::string> defined_by;  // the stems of its definition too
  bool from_the_other_end = false;   // "owned by"
};

bool from_the_other_end(const std::vector<std::string>& tokens) {
  return tokens.size() > 1 && is_any(tokens.back(), {"by", "of"});
}

std::vector<Canonical> canonical_names(const Json& list) {
  std::vector<Canonical> names;
  for (const Json& item : list) {
    Canonical canonical;
    canonical.name = text_in(item, "name");
    canonical.tokens = tokens_of(canonical.name);
    // "other" stands for whatever has no name of its own: nothing means it.
    if (canonical.tokens.empty() || canonical.name == "other") continue;
    canonical.stems = stems_of(canonical.name);
    canonical.defined_by = stems_of(text_in(item, "definition"));
    canonical.defined_by.insert(canonical.stems.begin(), canonical.stems.end());
    canonical.from_the_other_end = from_the_other_end(canonical.tokens);
    names.push_back(std::move(canonical));
  }
  return names;
}

bool holds_all(const std::set<std::string>& stems, const std::set<std::string>& some) {
  return !some.empty() && std::includes(stems.begin(), stems.end(), some.begin(), some.end());
}

// How surely the words mean the canonical name; 0 for not at all.
double likeness(const std::vector<std::string>& tokens, const std::set<std::string>& stems, const Canonical& canonical) {
  if (tokens == canonical.tokens) return 0.97;
  if (stems.empty()) return 0;
  if (stems == canonical.stems) return 0.95;
  if (holds_all(stems, canonical.stems)) return 0.92;
  if (holds_all(canonical.stems, stems)) return 0.8;
  return holds_all(canonical.defined_by, stems) ? 0.7 : 0;
}

}  // namespace

Json predicate_answer(const Json& question) {
  const Json* names = list_in(question, "names");
  const Json* canonical_list = list_in(question, "canonical");
  if (names == nullptr || canonical_list == nullptr) return nullptr;
  const std::vector<Canonical> canonical = canonical_names(*canonical_list);
  Json answer;
  answer["mappings"] = Json::array();
  for (const Json& name : *names) {
    const std::optional<std::int64_t> id = number_in(name, "id");
    if (!id || answer["mappings"].size() == most_mappings) continue;
    std::vector<std::string> tokens = tokens_of(text_in(name, "name"));
    const std::set<std::string> stems = stems_of(text_in(name, "name"));
    const bool other_end = from_the_other_end(tokens);
    const Canonical* best = nullptr;
    double best_likeness = 0;
    for (const Canonical& one : canonical) {
      // "owner of" is the owner's word, said from the other end.
      std::vector<std::string> without_end = tokens;
      if (other_end && !one.from_the_other_end) without_end.pop_back();
      const double found = likeness(without_end, stems, one);
      if (found > best_likeness) {
        best = &one;
        best_likeness = found;
      }
    }
    Json mapping;
    mapping["id"] = *id;
    mapping["canonical"] = best == nullptr ? Json(nullptr) : Json(best->name);
    mapping["inverse"] = best != nullptr && other_end != best->from_the_other_end;
    mapping["confidence"] = best == nullptr ? 0.6 : best_likeness;
    answer["mappings"].push_back(std::move(mapping));
  }
  return answer;
}

}  // namespace kg_sim::rules
