// Words that say nothing of what a message is about, in eight languages:
// articles, pronouns, auxiliaries, question words, and the small change of
// chats ("cool", "thanks"). Folded as topics.cpp folds: lower case, without
// apostrophes.
//
// The lists are short on purpose: a word that is missing weighs as much as any
// other and no more, and topics.h has a rule by frequency beside them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kg_batch::chunking {

// English, German, French, Spanish, Italian, Portuguese, Dutch, Russian.
inline constexpr std::size_t function_word_languages = 8;

// In which languages a word is one: a bit each, the first language's is 1.
struct WordMarks {
  std::uint8_t function = 0;       // any of them
  std::uint8_t pointing = 0;       // stands for something said before: "it", "those"
  std::uint8_t second_person = 0;  // "you", "deine"
};

WordMarks marks_of(std::string_view word);

}  // namespace kg_batch::chunking
