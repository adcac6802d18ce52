#include "words.h"

#include <array>
#include <cctype>

namespace kg_sim::rules {
namespace {

// Bytes of the character at `at`, and the ASCII mark it stands for (or 0).
struct Character {
  std::size_t size = 1;
  char ascii = 0;      // '\'' '"' '-' for their typographic forms
  bool letter = false;
};

Character character_at(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  Character result;
  if (byte < 0x80) {
    result.ascii = text[at];
    result.letter = std::isalnum(byte) != 0;
    return result;
  }
  result.size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
  if (at + result.size > text.size()) result.size = text.size() - at;
  const std::string_view here = text.substr(at, result.size);
  if (here == "\u2019" || here == "\u2018") {
    result.ascii = '\'';
  } else if (here == "\u201C" || here == "\u201D") {
    result.ascii = '"';
  } else if (here == "\u2013" || here == "\u2014") {
    result.ascii = '-';
  } else {
    // Symbols and emoji are marks; every other script counts as letters.
    result.letter = result.size < 4 && byte != 0xE2;
  }
  return result;
}

void add_word(Words& words, std::string_view sentence, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t at = begin; at < end;) {
    const Character character = character_at(sentence, at);
    if (character.ascii == '\'') {
      text += '\'';
    } else {
      text += sentence.substr(at, character.size);
    }
    at += character.size;
  }
  Word word{text, lowered(text), begin, end, WordKind::word};
  // The straight text is shorter than the bytes it stands for when the
  // apostrophe is typographic; only one apostrophe is in a word that splits.
  const std::size_t surplus = (end - begin) - text.size();
  static constexpr std::array<std::string_view, 7> tails = {"n't", "'m", "'re", "'ve", "'ll", "'d", "'s"};
  for (const std::string_view tail : tails) {
    if (word.lower.size() > tail.size() && word.lower.ends_with(tail)) {
      const std::size_t stem = word.text.size() - tail.size();
      Word first{word.text.substr(0, stem), word.lower.substr(0, stem), begin, end - tail.size() - surplus,
                 WordKind::word};
      Word second{word.text.substr(stem), std::string(tail), first.end, end, WordKind::word};
      words.push_back(std::move(first));
      words.push_back(std::move(second));
      return;
    }
  }
  words.push_back(std::move(word));
}

bool looks_like_title(std::string_view quoted) {
  bool inside = false;
  const Words inner = words_of(quoted, inside);
  if (inner.empty() || inner.size() > 7 || !inner.front().capital()) return false;
  for (const Word& word : inner) {
    if (word.in({"i", "i'm", "my", "me", "we", "you", "!", "?"})) return false;
  }
  return inner.back().kind == WordKind::word;
}

}  // namespace

bool Word::in(std::initializer_list<std::string_view> others) const { return is_any(lower, others); }

std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

bool is_any(std::string_view text, std::initializer_list<std::string_view> others) {
  for (const std::string_view other : others) {
    if (text == other) return true;
  }
  return false;
}

bool in_list(std::string_view list, std::string_view item) {
  if (item.empty()) return false;
  for (std::size_t at = list.find(item); at != std::string_view::npos; at = list.find(item, at + 1)) {
    const std::size_t end = at + item.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

int number_of(std::string_view lower) {
  static constexpr std::array<std::string_view, 13> names = {"zero", "one", "two",   "three", "four", "five",  "six",
                                                             "seven", "eight", "nine", "ten",  "eleven", "twelve"};
  for (std::size_t n = 1; n < names.size(); ++n) {
    if (lower == names[n]) return static_cast<int>(n);
  }
  if (lower == "a" || lower == "an") return 1;
  if (lower.empty() || lower.size() > 3) return 0;
  int value = 0;
  for (const char c : lower) {
    if (c < '0' || c > '9') return 0;
    value = value * 10 + (c - '0');
  }
  return value;
}

Words words_of(std::string_view sentence, bool& inside_speech) {
  Words words;
  std::size_t at = 0;
  const auto quoted_until = [&](std::size_t from) {
    for (std::size_t position = from; position < sentence.size();) {
      const Character character = character_at(sentence, position);
      if (character.ascii == '"') return position;
      position += character.size;
    }
    return std::string_view::npos;
  };
  if (inside_speech) {
    const std::size_t close = quoted_until(0);
    const std::size_t end = close == std::string_view::npos ? sentence.size() : close + character_at(sentence, close).size;
    words.push_back({"", "", 0, end, WordKind::speech});
    inside_speech = close == std::string_view::npos;
    at = end;
  }
  while (at < sentence.size()) {
    const Character character = character_at(sentence, at);
    if (character.ascii == ' ' || character.ascii == '\t' || character.ascii == '\n' || character.ascii == '\r') {
      at += character.size;
      continue;
    }
    if (character.ascii == '"') {
      const std::size_t inner = at + character.size;
      const std::size_t close = quoted_until(inner);
      if (close == std::string_view::npos) {
        words.push_back({"", "", at, sentence.size(), WordKind::speech});
        inside_speech = true;
        return words;
      }
      const std::size_t end = close + character_at(sentence, close).size;
      const std::string_view quoted = sentence.substr(inner, close - inner);
      if (looks_like_title(quoted)) {
        words.push_back({std::string(quoted), lowered(quoted), at, end, WordKind::title});
      } else {
        words.push_back({"", "", at, end, WordKind::speech});
      }
      at = end;
      continue;
    }
    if (character.letter) {
      std::size_t end = at + character.size;
      while (end < sentence.size()) {
        const Character next = character_at(sentence, end);
        const bool joins = (next.ascii == '\'' || next.ascii == '-' || next.ascii == '.' || next.ascii == '&') &&
                           next.size == 1 + (next.ascii == '\'' && sentence[end] != '\'' ? 2u : 0u);
        if (next.letter) {
          end += next.size;
        } else if (joins && end + next.size < sentence.size() && character_at(sentence, end + next.size).letter) {
          end += next.size;
        } else {
          break;
        }
      }
      add_word(words, sentence, at, end);
      at = end;
      continue;
    }
    const std::string mark = character.ascii != 0 ? std::string(1, character.ascii)
                                                   : std::string(sentence.substr(at, character.size));
    words.push_back({mark, mark, at, at + character.size, WordKind::mark});
    at += character.size;
  }
  return words;
}

}  // namespace kg_sim::rules
