#include "name_forms.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "words.h"

namespace kg_sim::rules {
namespace {

// U+00C0 to U+017F; empty: no letter.
constexpr std::array<std::string_view, 192> plain_letters = {
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n", "o", "o", "o", "o",
    "o", "", "o", "u", "u", "u", "u", "y", "th", "ss", "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e",
    "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "o", "", "o", "u", "u", "u", "u", "y", "th", "y", "a", "a",
    "a", "a", "a", "a", "c", "c", "c", "c", "c", "c", "c", "c", "d", "d", "d", "d", "e", "e", "e", "e", "e", "e",
    "e", "e", "e", "e", "g", "g", "g", "g", "g", "g", "g", "g", "h", "h", "h", "h", "i", "i", "i", "i", "i", "i",
    "i", "i", "i", "i", "ij", "ij", "j", "j", "k", "k", "k", "l", "l", "l", "l", "l", "l", "l", "l", "l", "l", "n",
    "n", "n", "n", "n", "n", "n", "n", "n", "o", "o", "o", "o", "o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r",
    "s", "s", "s", "s", "s", "s", "s", "s", "t", "t", "t", "t", "t", "t", "u", "u", "u", "u", "u", "u", "u", "u",
    "u", "u", "u", "u", "w", "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s",
};

constexpr std::string_view men = "mr mister sir lord herr monsieur";
constexpr std::string_view women = "mrs ms miss lady dame madam frau madame";
constexpr std::string_view titles = "mx dr doctor prof professor";
constexpr std::string_view legal_suffixes =
    "inc incorporated ltd limited llc llp plc corp corporation co company gmbh ag kg se sa srl bv nv oy ab as aps pty";
constexpr std::string_view generations = "jr junior sr senior ii iii iv first second third fourth fifth";
constexpr std::string_view function_words =
    "a an the of by in at on to for from with as is are was were be being been has have had having do does one s it its "
    "their his her who what where which somebody something someone";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_ascii_letter(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

std::string folded(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      result += byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : text[at];
      ++at;
      continue;
    }
    const std::size_t size = std::min<std::size_t>(byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2, text.size() - at);
    if (size == 2) {
      const auto character = static_cast<std::uint32_t>((byte & 0x1F) << 6 | (static_cast<unsigned char>(text[at + 1]) & 0x3F));
      if (character >= 0xC0 && character < 0x180) {
        const std::string_view plain = plain_letters[character - 0xC0];
        result += plain.empty() ? " " : plain;
      } else if (character < 0x300 || character > 0x36F) {
        result += text.substr(at, size);
      }
    } else if (const std::string_view mark = text.substr(at, size); mark == "\u2019" || mark == "\u2018") {
      result += '\'';
    } else if (mark.starts_with("\xE2\x80")) {
      result += ' ';  // dashes, quotes, spaces
    } else {
      result += mark;
    }
    at += size;
  }
  return result;
}

std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> tokens;
  std::string token;
  const auto finish = [&] {
    if (!token.empty()) tokens.push_back(std::move(token));
    token.clear();
  };
  for (const char c : folded(text)) {
    if (is_ascii_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80) {
      token += c;
    } else if (c != '\'') {
      finish();
    }
  }
  finish();
  return tokens;
}

Name name_of(std::string_view label, bool organisation) {
  Name name;
  for (std::string& token : tokens_of(label)) {
    if (in_list(men, token)) {
      name.addressed = 'm';
    } else if (in_list(women, token)) {
      name.addressed = 'f';
    } else if (std::any_of(token.begin(), token.end(), is_digit)) {
      name.numbers.insert(std::move(token));
    } else if (in_list(generations, token)) {
      name.numbers.insert(token == "junior" ? "jr" : token == "senior" ? "sr" : token);
    } else if (!in_list(titles, token)) {
      name.tokens.push_back(std::move(token));
    }
  }
  while (organisation && name.tokens.size() > 1 && in_list(legal_suffixes, name.tokens.back())) name.tokens.pop_back();
  return name;
}

bool is_initials_of(const Name& a, const Name& b) {
  if (a.numbers != b.numbers || a.tokens.empty() || b.tokens.empty()) return false;
  if (a.tokens.size() != b.tokens.size()) {
    const Name& few = a.tokens.size() < b.tokens.size() ? a : b;
    const Name& many = a.tokens.size() < b.tokens.size() ? b : a;
    std::string initials;
    for (const std::string& token : many.tokens) initials += token[0];
    return few.tokens.size() == 1 && initials.size() > 1 && few.tokens[0] == initials;
  }
  bool shortened = false;
  for (std::size_t n = 0; n < a.tokens.size(); ++n) {
    const std::string& one = a.tokens[n];
    const std::string& other = b.tokens[n];
    if (one == other) continue;
    // The last name has to be there in full.
    if (n + 1 == a.tokens.size() || one[0] != other[0] || std::min(one.size(), other.size()) != 1) return false;
    shortened = true;
  }
  return shortened;
}

std::string stem_of(std::string_view word) {
  static constexpr std::array<std::string_view, 25> suffixes = {
      "erships", "ership", "ations", "ation", "ating", "ments", "ated", "ment", "ions", "ings", "ence", "ship", "ents",
      "ion",     "ing",    "ers",    "ors",   "ent",   "ies",   "er",   "or",   "ed",   "es",   "s",    "e"};
  std::string stem = folded(word);
  const auto strip = [&] {
    for (const std::string_view suffix : suffixes) {
      if (stem.size() >= suffix.size() + 3 && stem.ends_with(suffix)) {
        stem.resize(stem.size() - suffix.size());
        return;
      }
    }
  };
  // Twice: owner-ship-s, build-ing-s.
  strip();
  strip();
  const std::size_t size = stem.size();
  if (size > 3 && stem[size - 1] == stem[size - 2]) stem.pop_back();
  if (stem.size() > 3 && (stem.back() == 'y' || stem.back() == 'i')) stem.pop_back();
  return stem;
}

std::set<std::string> stems_of(std::string_view text) {
  std::set<std::string> stems;
  for (const std::string& token : tokens_of(text)) {
    if (!in_list(function_words, token)) stems.insert(stem_of(token));
  }
  return stems;
}

}  // namespace kg_sim::rules
