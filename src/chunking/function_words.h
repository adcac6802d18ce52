// Words that say nothing of what a message is about, in eight languages:
// articles, pronouns, auxiliaries, question words, and the small change of
// chats ("cool", "thanks"). Folded as `topics` folds: lower case, without
// apostrophes.
//
// The lists are short on purpose: a word that is missing weighs as much as any
// other and no more, and topics.h has a rule by frequency beside them.

#pragma once

#include <array>
#include <string_view>
#include <unordered_set>

namespace kg_batch::chunking {

using WordList = std::unordered_set<std::string_view>;

struct FunctionWords {
  WordList all;       // the two below as well
  WordList pointing;  // stand for something said before: "it", "those"
  WordList second_person;
};

inline constexpr std::size_t function_word_languages = 8;

// English, German, French, Spanish, Italian, Portuguese, Dutch, Russian.
const std::array<FunctionWords, function_word_languages>& function_words();

}  // namespace kg_batch::chunking
