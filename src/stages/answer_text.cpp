#include "stages/answer_text.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <optional>

namespace kg_batch::stages {
namespace {

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

bool is_within(std::optional<int> value, int low, int high) { return value && *value >= low && *value <= high; }

int days_of(int year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

}  // namespace

std::string_view cut_text(std::string_view text, int max_characters) {
  int at = 0;
  const int size = static_cast<int>(text.size());
  for (int count = 0; count < max_characters && at < size; ++count) {
    U8_FWD_1(text.data(), at, size);
  }
  return text.substr(0, static_cast<std::size_t>(at));
}

std::string tidy_text(std::string_view text, int max_characters) {
  std::string tidy;
  bool space = false;
  const int size = static_cast<int>(text.size());
  for (int at = 0; at < size;) {
    const int start = at;
    UChar32 character;
    U8_NEXT(text.data(), at, size, character);
    if (character >= 0 && (u_isUWhiteSpace(character) || u_iscntrl(character)) && u_charType(character) != U_FORMAT_CHAR) {
      space = true;
      continue;
    }
    if (space && !tidy.empty()) {
      tidy.push_back(' ');
    }
    space = false;
    tidy.append(text, static_cast<std::size_t>(start), static_cast<std::size_t>(at - start));
  }
  std::string_view kept = cut_text(tidy, max_characters);
  while (kept.ends_with(' ')) {
    kept.remove_suffix(1);
  }
  tidy.resize(kept.size());
  return tidy;
}

std::string tidy_word(std::string_view text, int max_characters) {
  std::string word = tidy_text(text, max_characters);
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return word;
}

bool is_date(std::string_view text) {
  const std::optional<int> year = digits(text, 0, 4);
  if (!is_within(year, 1, 9999)) {
    return false;
  }
  if (text.size() == 4) {
    return true;
  }
  const std::optional<int> month = digits(text, 5, 2);
  if (text[4] != '-' || !is_within(month, 1, 12)) {
    return false;
  }
  if (text.size() == 7) {
    return true;
  }
  const std::optional<int> day = digits(text, 8, 2);
  if (text[7] != '-' || !is_within(day, 1, days_of(*year, *month))) {
    return false;
  }
  if (text.size() == 10) {
    return true;
  }
  return text.size() == 16 && text[10] == 'T' && text[13] == ':' && is_within(digits(text, 11, 2), 0, 23) &&
         is_within(digits(text, 14, 2), 0, 59);
}

}  // namespace kg_batch::stages
