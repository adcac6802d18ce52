#include "transcripts/app_text.h"

#include <unordered_set>

#include "chunking/characters.h"

namespace kg_batch::transcripts {

using chunking::is_white_space;
using chunking::next_character;
using chunking::trimmed;

bool is_mark_of_direction(UChar32 character) {
  return character == 0x200E || (character >= 0x202A && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069);
}

std::string without_marks_of_direction(std::string_view text) {
  std::string words;
  words.reserve(text.size());
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t start = position;
    if (!is_mark_of_direction(next_character(text, position))) {
      words += text.substr(start, position - start);
    }
  }
  return std::string(trimmed(words));
}

std::string name_of(std::string_view text) {
  std::string name;
  bool space = false;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t start = position;
    const UChar32 character = next_character(text, position);
    if (is_white_space(character)) {
      space = !name.empty();
    } else if (!is_mark_of_direction(character) && (character != '~' || !name.empty())) {
      name.append(space ? 1 : 0, ' ');
      name += text.substr(start, position - start);
      space = false;
    }
  }
  return name;
}

bool is_particle(std::string_view word) {
  static const std::unordered_set<std::string_view> words = {"de", "da", "do", "dos", "del", "della", "di", "du", "la", "le",
                                                             "van", "von", "der", "den", "zu", "bin", "ibn", "al", "el",
                                                             "y", "e", "of", "the", "and", "und", "et", "&"};
  return words.contains(word);
}

}  // namespace kg_batch::transcripts
