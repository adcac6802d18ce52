#include "chunking/abbreviations.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <string>
#include <unordered_set>

#include "chunking/characters.h"

namespace kg_batch::chunking {

namespace {

using Words = std::unordered_set<std::string_view>;

// In lower case as far as ASCII goes, without the last full stop. What often
// ends a sentence as well ("etc.", "p.m.", "Inc.") is not here.
const Words& abbreviations() {
  static const Words words = {
      // English
      "mr", "mrs", "ms", "mx", "dr", "prof", "rev", "hon", "gen", "col", "maj", "capt", "cpt", "lt", "sgt", "pvt", "cmdr",
      "adm", "gov", "sen", "rep", "pres", "supt", "insp", "st", "mt", "messrs", "e.g", "i.e", "vs", "cf", "approx",
      "viz", "a.k.a", "ph.d",
      // German
      "hr", "fr", "frl", "z.b", "d.h", "u.a", "u.u", "bzw", "ca", "evtl", "ggf", "inkl", "vgl", "abb", "sog", "dipl",
      "ing", "str", "zzgl", "geb", "bspw", "o.g", "i.d.r", "s.o", "s.u",
      // French, Spanish, Italian, Portuguese
      "mme", "mlle", "mgr", "p.ex", "env", "sr", "sra", "srta", "dra", "ud", "uds", "p.ej", "sig",
      "dott", "exmo", "exma",
      // Russian
      "т.е", "т.к", "им", "ул", "пр", "стр", "гр", "проф", "акад", "г-н", "г-жа"};
  return words;
}

// Only before a number: "No. 5", "Fig. 2"; "I said no. Then" has none.
const Words& before_numbers() {
  static const Words words = {"no", "nr", "nos", "vol", "p", "pp", "art", "fig", "ch", "sec", "tel", "num", "núm", "n",
                              "kap", "abs", "ziff", "bd", "s", "№"};
  return words;
}

const Words& months_after_ordinals() {
  static const Words words = {"Januar",    "Jänner",  "Februar",  "März",     "April",  "Mai",     "Juni",    "Juli",
                              "August",    "September", "Oktober", "November", "Dezember", "Jahrhundert", "Klasse", "Stock"};
  return words;
}

bool is_word_character(UChar32 character) { return u_isalnum(character) != 0; }

// The word that ends at `end`, full stops and hyphens inside it included.
std::size_t word_start(std::string_view text, std::size_t end, bool with_points) {
  constexpr std::size_t longest = 24;  // bytes; no abbreviation is longer
  const std::size_t lowest = end > longest ? end - longest : 0;
  std::size_t start = end;
  while (start > lowest) {
    std::size_t before = start;
    const UChar32 character = previous_character(text, before);
    const bool inside = is_word_character(character) || (with_points && (character == '.' || character == '-'));
    if (!inside) {
      break;
    }
    start = before;
  }
  return start;
}

std::size_t without_spaces(std::string_view text, std::size_t end) {
  while (end > 0) {
    std::size_t before = end;
    const UChar32 character = previous_character(text, before);
    if (character != ' ' && character != '\t' && character != 0xA0 && character != 0x202F) {
      break;
    }
    end = before;
  }
  return end;
}

bool begins_upper(std::string_view word) {
  std::size_t position = 0;
  return !word.empty() && u_isUUppercase(next_character(word, position));
}

bool is_one_letter(std::string_view word) {
  std::size_t position = 0;
  return !word.empty() && u_isalpha(next_character(word, position)) && position == word.size();
}

std::string_view word_after(std::string_view text, std::size_t position) {
  std::size_t end = position;
  while (end < text.size()) {
    std::size_t next = end;
    if (!is_word_character(next_character(text, next))) {
      break;
    }
    end = next;
  }
  return text.substr(position, end - position);
}

std::string ascii_lower(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

// "J. Doe", "John F. Kennedy", "Mr. J. Smith"; but "So do I. Then" and
// "vitamin C. It" end there.
bool is_initial(std::string_view text, std::size_t start, std::string_view letter) {
  if (!is_one_letter(letter) || !begins_upper(letter)) {
    return false;
  }
  std::size_t before = without_spaces(text, start);
  if (before == start && start > 0) {
    const char mark = text[start - 1];
    return mark == '\n' || mark == '"' || mark == '(';
  }
  if (before == 0) {
    return true;
  }
  if (text[before - 1] == '.') {
    --before;
    const std::size_t word = word_start(text, before, false);
    const std::string_view previous = text.substr(word, before - word);
    return (is_one_letter(previous) && begins_upper(previous)) || abbreviations().contains(ascii_lower(previous));
  }
  return begins_upper(text.substr(word_start(text, before, false)));
}

}  // namespace

bool ends_with_abbreviation(std::string_view text, std::size_t position) {
  const std::size_t end = without_spaces(text, position);
  if (end == 0 || text[end - 1] != '.') {
    return false;
  }
  const std::size_t stop = end - 1;
  const std::size_t start = word_start(text, stop, true);
  const std::string_view word = text.substr(start, stop - start);
  if (word.empty()) {
    return false;
  }
  const std::string lower = ascii_lower(word);
  const bool capitals = word.size() > 1 && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!capitals && abbreviations().contains(lower)) {  // "I live in CA. It …"
    return true;
  }
  const std::string_view next = word_after(text, position);
  const bool number_follows = !next.empty() && next.front() >= '0' && next.front() <= '9';
  if (number_follows && before_numbers().contains(lower)) {
    return true;
  }
  if (word.size() <= 2 && word.find_first_not_of("0123456789") == std::string_view::npos) {
    return months_after_ordinals().contains(next);
  }
  return begins_upper(next) && is_initial(text, start, word);
}

}  // namespace kg_batch::chunking
