// What a name is made of, for telling names that may mean one thing from names
// that cannot: its tokens without what is often left out, its numbers, its
// initials, its symbols.
//
// Loose on purpose (accents, honorifics, legal forms and particles fall away,
// "ue" is "u"), so it finds and orders pairs and never joins them. Nothing is
// transliterated: Anna and Анна have nothing in common here.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kg_batch::graph {

enum class Title : std::uint8_t { none, male, female };

struct NameShape {
  std::string key;                    // the name_key it was made from
  std::vector<std::string> tokens;    // as they stand; never empty for a name that has letters or digits
  std::string sorted;                 // tokens sorted, initials in a row as one
  std::string joined;                 // tokens in their order without spaces
  std::vector<std::string> numbers;   // sorted: digits, ordinals, number words, Roman numerals, "jr", "sr"
  Title title = Title::none;          // of persons: Mr, Mrs
  bool one_letter = false;            // says nothing by itself
  bool is_person = false;
};

// Of a name_key. Persons' names lose honorifics, all others legal forms.
NameShape name_shape(std::string_view name_key, bool is_person);

// The letters of a token without the symbols that stand in it: "c" of "c++".
std::string_view letters_of(std::string_view token);

// Characters (code points), not bytes. Where each begins, and one past the end.
std::size_t length_of(std::string_view token);
std::vector<std::size_t> character_starts(std::string_view token);
bool is_han(std::string_view token);  // begins with a Chinese character
bool is_initial(std::string_view token);
bool starts_with_same_letter(std::string_view a, std::string_view b);

// A word so common in names that it tells little: "university", "street".
bool is_common_word(std::string_view token);
// A word that says what a thing is after its name: "airport", "city".
bool is_describing_word(std::string_view token);

// Given names that are one name: groups of short forms and spellings, by number.
// A token may be in several (Alex: Alexander, Alexandra).
const std::vector<std::uint16_t>& given_name_groups(std::string_view token);
std::string_view given_name_of(std::uint16_t group);
bool is_same_given_name(std::string_view a, std::string_view b);
// Some form of the given name begins with this initial: "b" may be Robert.
bool given_name_may_begin_with(std::string_view token, std::string_view initial);

// Of a first letter in common, one edit between words of four letters and more
// (two from nine), and not the one that makes a Paula of a Paul.
bool is_typo(std::string_view a, std::string_view b, bool is_person);

}  // namespace kg_batch::graph
