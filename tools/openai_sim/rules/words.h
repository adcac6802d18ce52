// Words of one sentence, with the bytes they stand at.
//
// Contractions come apart ("don't" is "do" "n't", "I'm" is "I" "'m"), curly
// quotes count as straight ones, every other mark is a word of its own of kind
// `mark`. What stands in double quotes is one word: `title` when it looks like
// one ("Finding Home"), else `speech`, which no pattern reads, because first
// person inside it is somebody else.

#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace kg_sim::rules {

enum class WordKind { word, mark, title, speech };

struct Word {
  std::string text;   // as written, apostrophes straight; of a title without its quotes
  std::string lower;  // ASCII letters lowered
  std::size_t begin = 0, end = 0;  // bytes of the sentence
  WordKind kind = WordKind::word;

  bool capital() const { return kind == WordKind::word && !text.empty() && text[0] >= 'A' && text[0] <= 'Z'; }
  bool is(std::string_view other) const { return lower == other; }
  bool in(std::initializer_list<std::string_view> others) const;
};

using Words = std::vector<Word>;

// `inside_speech` says whether a quotation opened in an earlier sentence of the
// message is still open, before and after.
Words words_of(std::string_view sentence, bool& inside_speech);

std::string lowered(std::string_view text);
bool is_any(std::string_view text, std::initializer_list<std::string_view> others);
// A list kept as one text, its items separated by white space.
bool in_list(std::string_view list, std::string_view item);
// "two" and "2" are 2; 0 where it is no small number.
int number_of(std::string_view lower);

}  // namespace kg_sim::rules
