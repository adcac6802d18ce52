// Names and words brought to forms in which they can be compared: without case
// and accents, without what is no part of a name, down to the stem.

#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kg_sim::rules {

// Latin letters lowered and without accents, combining marks dropped; every
// other script stays as it is.
std::string folded(std::string_view text);

// Runs of letters and digits of the folded text; apostrophes belong to none.
std::vector<std::string> tokens_of(std::string_view text);

struct Name {
  std::vector<std::string> tokens;      // without honorifics, legal suffix and numbers
  std::set<std::string> numbers;        // digits, ordinals, "jr", "iii"
  char addressed = 0;                   // 'm' or 'f' where an honorific says so

  bool same_as(const Name& other) const { return tokens == other.tokens && numbers == other.numbers; }
};

Name name_of(std::string_view label, bool organisation);

// "J. Doe" of "Jane Doe", "NHM" of "Natural History Museum", either way round.
bool is_initials_of(const Name& a, const Name& b);

// "own" of owner, owned, ownership. Rough: for words that mean about the same.
std::string stem_of(std::string_view word);
// Stems of what is no function word.
std::set<std::string> stems_of(std::string_view text);

}  // namespace kg_sim::rules
