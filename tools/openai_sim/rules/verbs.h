// The verbs the reader knows, in all their forms. A verb that is not here is
// not seen, and its sentence stays unread: the list is what keeps nouns from
// being taken for verbs.

#pragma once

#include <string>
#include <string_view>

namespace kg_sim::rules {

struct VerbForm {
  std::string lemma;  // empty: no verb
  bool base = false, third = false, past = false, participle = false, gerund = false;

  explicit operator bool() const { return !lemma.empty(); }
};

VerbForm verb_form(std::string_view lower);
// "go" gives "goes", "went", "going"; the lemma must be one that is known.
std::string third_person(std::string_view lemma);
std::string gerund(std::string_view lemma);

}  // namespace kg_sim::rules
