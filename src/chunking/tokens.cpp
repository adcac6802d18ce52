// estimate_tokens: counts in the way byte-pair vocabularies split, by script,
// in tenths of a token. A word of ordinary length in English is one token with
// the space before it, a mark is one, three digits are one.

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <cstdint>

#include "chunking/characters.h"
#include "chunking/cuts.h"

namespace kg_batch::chunking {

namespace {

constexpr std::int64_t tenths_per_token = 10;

// What JSON can only write as \u001b.
constexpr std::int64_t tenths_per_escape = 40;

enum class Kind { space, word, digit, mark, line, control, other };

Kind kind_of_ascii(UChar32 character) {
  if (character == '\n') {
    return Kind::line;
  }
  if (character <= ' ') {
    return character == ' ' || (character >= '\t' && character <= '\r') ? Kind::space : Kind::control;
  }
  if (character >= '0' && character <= '9') {
    return Kind::digit;
  }
  const UChar32 lower = character | 0x20;
  return lower >= 'a' && lower <= 'z' ? Kind::word : Kind::mark;
}

// Tenths that a character beyond ASCII and Latin costs.
std::int64_t cost_of(UChar32 character) {
  UErrorCode status = U_ZERO_ERROR;
  switch (uscript_getScript(character, &status)) {
    case USCRIPT_CYRILLIC:
    case USCRIPT_GREEK:
    case USCRIPT_ARABIC:
    case USCRIPT_HEBREW:
      return 5;
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_HANGUL:
      return 10;
    case USCRIPT_DEVANAGARI:
    case USCRIPT_BENGALI:
    case USCRIPT_THAI:
    case USCRIPT_TAMIL:
    case USCRIPT_TELUGU:
      return 7;
    case USCRIPT_COMMON:
    case USCRIPT_INHERITED:
      return character >= 0x10000 ? 20 : 10;  // emoji beyond the first plane take two and more
    default:
      return 12;
  }
}

// A run of Latin letters, apostrophes included.
class LatinWord {
 public:
  void add(UChar32 character) {
    ++length_;
    if (character >= 0x80) {
      ++accented_;
    } else if (character == '\'') {
      apostrophe_ = true;
    } else if (character <= 'Z') {
      ++capitals_;
    }
  }

  void add_ascii(std::string_view letters) {
    length_ += static_cast<int>(letters.size());
    for (const char letter : letters) capitals_ += letter <= 'Z' ? 1 : 0;
  }

  std::int64_t take() {
    if (length_ == 0) {
      return 0;
    }
    std::int64_t cost = tenths_per_token;
    if (capitals_ > 3) {
      cost += (capitals_ - 3) * 4;
    } else if (length_ > 8) {
      cost += (length_ - 8) * 2;
    }
    cost += apostrophe_ ? 5 : 0;
    cost += accented_ * 5;
    *this = {};
    return cost;
  }

 private:
  int length_ = 0;
  int accented_ = 0;
  int capitals_ = 0;
  bool apostrophe_ = false;
};

// Where the letters of ASCII end that begin at `position`.
std::size_t end_of_letters(std::string_view text, std::size_t position) {
  while (position < text.size() && static_cast<unsigned char>((text[position] | 0x20) - 'a') < 26) ++position;
  return position;
}

bool is_latin(UChar32 character) {
  UErrorCode status = U_ZERO_ERROR;
  return character < 0x2C80 && uscript_getScript(character, &status) == USCRIPT_LATIN;
}

}  // namespace

int estimate_tokens(std::string_view text) {
  std::int64_t tenths = 0;
  LatinWord word;
  int digits = 0;
  UChar32 last_mark = 0;
  bool after_letter = false;
  bool script_word = false;  // within a word of another alphabet
  for (std::size_t position = 0; position < text.size();) {
    // Most of most texts, and no more is to be known of them.
    if (const std::size_t end = end_of_letters(text, position); end > position) {
      word.add_ascii(text.substr(position, end - position));
      position = end;
      digits = 0;
      last_mark = 0;
      script_word = false;
      after_letter = true;
      continue;
    }
    const UChar32 character = next_character(text, position);
    Kind kind = character < 0x80 ? kind_of_ascii(character) : Kind::other;
    if (character == 0x2019 || (character == '\'' && after_letter)) {
      word.add('\'');
      after_letter = false;
      continue;
    }
    if (kind == Kind::other) {
      if (is_latin(character)) {
        kind = Kind::word;
      } else if (is_white_space(character)) {
        kind = Kind::space;
      }
    }
    if (kind == Kind::word) {
      word.add(character);
    } else {
      tenths += word.take();
    }
    after_letter = kind == Kind::word;
    if (kind == Kind::digit) {
      tenths += digits % 3 == 0 ? tenths_per_token : 0;
      ++digits;
    } else {
      digits = 0;
    }
    if (kind == Kind::mark || kind == Kind::line) {
      // Rows of one mark are few tokens: "....", "-----".
      tenths += character == last_mark ? 2 : 9;
      last_mark = character;
    } else {
      last_mark = 0;
    }
    tenths += kind == Kind::control ? tenths_per_escape : 0;
    if (kind == Kind::other) {
      tenths += cost_of(character);
      if (!script_word && u_isalpha(character)) {
        tenths += 2;
      }
      script_word = true;
    } else {
      script_word = false;
    }
  }
  tenths += word.take();
  return static_cast<int>((tenths + tenths_per_token - 1) / tenths_per_token);
}

}  // namespace kg_batch::chunking
