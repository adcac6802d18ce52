#include <algorithm>

#include "decisions.h"
#include "name_forms.h"
#include "question_fields.h"

namespace kg_sim::rules {
namespace {

constexpr std::size_t most_choices = 40;

struct Candidate {
  std::int64_t taxon = 0;
  std::ptrdiff_t depth = 0;  // steps from the root
  std::string stem;          // of the last word of its path
};

std::vector<Candidate> candidates_of(const Json& kind) {
  std::vector<Candidate> candidates;
  const Json* list = list_in(kind, "candidates");
  if (list == nullptr) return candidates;
  for (const Json& item : *list) {
    const std::optional<std::int64_t> taxon = number_in(item, "taxon");
    const std::string path = text_in(item, "path");
    const std::vector<std::string> tokens = tokens_of(path);
    if (!taxon || tokens.empty()) continue;
    candidates.push_back({*taxon, std::count(path.begin(), path.end(), '>'), stem_of(tokens.back())});
  }
  return candidates;
}

const Candidate* deepest(const std::vector<Candidate>& candidates, const std::set<std::string>& stems) {
  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates) {
    if (stems.contains(candidate.stem) && (best == nullptr || candidate.depth > best->depth)) best = &candidate;
  }
  return best;
}

}  // namespace

Json classify_answer(const Json& question) {
  const Json* kinds = list_in(question, "kinds");
  if (kinds == nullptr) return nullptr;
  Json answer;
  answer["choices"] = Json::array();
  for (const Json& kind : *kinds) {
    const std::optional<std::int64_t> id = number_in(kind, "id");
    const std::vector<Candidate> candidates = candidates_of(kind);
    if (!id || candidates.empty() || answer["choices"].size() == most_choices) continue;
    const std::string category = folded(text_in(kind, "category"));
    const std::set<std::string> by_category = stems_of(category);
    std::set<std::string> by_label;
    for (const std::string& label : texts_in(kind, "labels")) by_label.merge(stems_of(label));
    const Candidate* root = &*std::min_element(candidates.begin(), candidates.end(),
                                               [](const Candidate& a, const Candidate& b) { return a.depth < b.depth; });
    const Candidate* choice = deepest(candidates, by_category);
    double confidence = 0.9;
    if (choice == nullptr || choice == root) {
      const Candidate* of_label = deepest(candidates, by_label);
      if (of_label != nullptr && of_label != root) {
        choice = of_label;
        confidence = 0.7;
      }
    }
    // A category that is the root's own name needs no child.
    const bool only_the_root = choice == nullptr;
    Json one;
    one["kind"] = *id;
    one["taxon"] = only_the_root ? root->taxon : choice->taxon;
    one["confidence"] = only_the_root ? 0.5 : confidence;
    one["suggestion"] = only_the_root && !category.empty() ? Json(category) : Json(nullptr);
    answer["choices"].push_back(std::move(one));
  }
  return answer;
}

}  // namespace kg_sim::rules
