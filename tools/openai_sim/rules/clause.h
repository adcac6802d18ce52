// A sentence taken apart into clauses: who, which verb in what form, what
// follows, when, and how surely it is said.
//
// A clause has one subject and one verb; "I quit my job and moved to Leeds" is
// two. What cannot be read so is in no clause. Resolving the subject to a thing
// is the reader's work; here it is words.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "document.h"
#include "verbs.h"

namespace kg_sim::rules {

enum class Tense { present, past, perfect, future };

struct VerbGroup {
  std::string lemma;
  Tense tense = Tense::present;
  bool progressive = false;
  bool passive = false;
  bool negated = false;
  bool ended = false;    // no longer, not … any more
  bool used_to = false;
  bool at_last = false;  // finally, at last
  bool just = false;
  bool able = false;     // can, could, must
  std::string modality;  // possible, hypothetical; empty: none of its own
  std::size_t begin = 0, end = 0;  // words
};

// A noun phrase: "my older sister Emma", "a dog named Clyde", "Lisbon".
struct NounPhrase {
  std::size_t begin = 0, end = 0;  // words
  std::string determiner;          // lower; empty: none
  std::optional<std::pair<std::size_t, std::size_t>> possessor;  // words of "Tom's", without the 's
  std::string text;   // what is named, without determiner, name and "named"
  std::string head;   // lower, the last word of it, singular
  bool plural = false;
  int count = 0;      // 0: not said
  std::string name;   // proper name; empty: none
  bool title = false; // the name was in quotes
  bool pronoun = false;
  std::vector<std::string> described;  // words before the head, lower
};

struct Clause {
  const Sentence* sentence = nullptr;
  std::size_t begin = 0, end = 0;  // words the quote runs over
  NounPhrase subject;              // its words; empty (begin == end) when left out: the speaker
  bool subject_dropped = false;
  std::optional<NounPhrase> with_subject;  // "Tom and I": Tom
  VerbGroup verb;
  Words rest;                      // words after the verb, dates and afterthoughts taken out
  std::optional<When> when;
  std::string link;                // "because", "when", "that", …: what leads into the clause; lower
  std::string modality = "asserted";
  bool complement = false;         // directly follows a verb of saying or thinking

  bool rest_has(std::string_view word) const;
};

std::optional<VerbGroup> verb_group_at(const Words& words, std::size_t at, bool needs_finite = true);
std::optional<NounPhrase> noun_phrase_at(const Words& words, std::size_t at, const Document& document);
std::vector<Clause> clauses_of(const Sentence& sentence, const Document& document);

// Words [begin, end) as text, contractions apart as they stand.
std::string text_of(const Words& words, std::size_t begin, std::size_t end);

}  // namespace kg_sim::rules
