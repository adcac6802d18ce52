#include "chunking/redaction.h"

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>

#include "chunking/characters.h"
#include "chunking/sentences.h"

namespace kg_batch::chunking {
namespace {

std::unique_ptr<icu::RegexPattern> compiled(const char* expression) {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::RegexPattern> pattern(
      icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(expression), UREGEX_CASE_INSENSITIVE, status));
  if (U_FAILURE(status)) {
    throw std::runtime_error(std::string("could not compile a pattern of redaction: ") + u_errorName(status));
  }
  return pattern;
}

// Prefixes by which issuers mark their keys, so that scanners can find them.
const icu::RegexPattern& key_pattern() {
  static const auto pattern = compiled(
      R"((?-i:\b(?:sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|)"
      R"((?:AKIA|ASIA)[0-9A-Z]{16}|xox[abeoprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{30,}|hf_[A-Za-z0-9]{20,}|)"
      R"([sr]k_(?:live|test)_[A-Za-z0-9]{16,}|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})))"
      R"(|-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----|[\s\S]*))");
  return *pattern;
}

// A word that follows "password", with what stands between such words: the word
// itself is what is masked.
const icu::RegexPattern& password_pattern() {
  static const auto pattern = compiled(
      R"(\b((?:password|passwd|passphrase|passcode|passwort|kennwort|mot de passe|contraseña|пароль|pwd|pin(?: code| number)?)\b)"
      R"(\s*(?:(?:is|was|=|:|ist|lautet|est|es)\s*)+["'“”‘’«»`]?)([^\s"'“”‘’«»`,;]*[^\s"'“”‘’«»`,;.!?)]))");
  return *pattern;
}

constexpr int fewest_digits = 13;
constexpr int most_digits = 19;

bool is_digit(char16_t c) { return c >= u'0' && c <= u'9'; }

bool has_check_digit(const icu::UnicodeString& digits) {
  int sum = 0;
  bool doubled = false;
  for (int i = digits.length() - 1; i >= 0; --i) {
    if (!is_digit(digits[i])) {
      continue;
    }
    int digit = digits[i] - u'0';
    if (doubled) {
      digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    }
    sum += digit;
    doubled = !doubled;
  }
  return sum % 10 == 0;
}

// A place in units of UTF-16, as ICU counts.
struct Place {
  int start = 0;
  int end = 0;
  std::string_view shown;
};

// Where the group of a pattern is, 0 for all of it.
void find(const icu::RegexPattern& pattern, int group, const icu::UnicodeString& text, std::string_view shown, std::vector<Place>& places) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher(pattern.matcher(text, status));
  while (U_SUCCESS(status) && matcher->find(status)) {
    places.push_back({matcher->start(group, status), matcher->end(group, status), shown});
  }
  // A pattern that gives up must not let through what it was to mask.
  if (U_FAILURE(status)) places.push_back({0, text.length(), "[text]"});
}

// Digits without anything between them.
struct Group {
  int start = 0;
  int end = 0;
  int size() const { return end - start; }
};

// Groups with one space or hyphen between them. A first one that goes on with a
// number ("0.1234") is left out.
std::vector<Group> groups_at(const icu::UnicodeString& text, int start) {
  std::vector<Group> groups;
  const bool goes_on = start >= 2 && is_digit(text[start - 2]) && icu::UnicodeString(u".,-").indexOf(text[start - 1]) >= 0;
  for (int at = start;;) {
    Group group{at, at};
    while (group.end < text.length() && is_digit(text[group.end])) {
      ++group.end;
    }
    if (group.start > start || !goes_on) {
      groups.push_back(group);
    }
    at = group.end + 1;
    if (at >= text.length() || (text[group.end] != u' ' && text[group.end] != u'-') || !is_digit(text[at])) {
      return groups;
    }
  }
}

// As cards are written: in one, in fours, or 4-6-5.
bool is_written_as_card(const std::vector<Group>& groups, std::size_t first, std::size_t last) {
  if (first == last) {
    return true;
  }
  if (last == first + 2 && groups[first].size() == 4 && groups[first + 1].size() == 6 && groups[last].size() <= 5) {
    return true;
  }
  for (std::size_t i = first; i < last; ++i) {
    if (groups[i].size() != 4) {
      return false;
    }
  }
  return groups[last].size() <= 4;
}

// Beside a card's number others may stand: the day it ends, an order's.
void find_card_numbers(const icu::UnicodeString& text, std::vector<Place>& places) {
  for (int at = 0; at < text.length();) {
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    const std::vector<Group> groups = groups_at(text, at);
    for (std::size_t first = 0; first < groups.size();) {
      std::size_t next = first + 1;
      int digits = 0;
      for (std::size_t last = first; last < groups.size() && (digits += groups[last].size()) <= most_digits; ++last) {
        const bool whole = first == 0 && last + 1 == groups.size();
        if (digits >= fewest_digits && (whole || is_written_as_card(groups, first, last)) &&
            has_check_digit(text.tempSubStringBetween(groups[first].start, groups[last].end))) {
          places.push_back({groups[first].start, groups[last].end, "[card number]"});
          next = last + 1;
          break;
        }
      }
      first = next;
    }
    while (at < text.length() && is_digit(text[at])) {
      ++at;
    }
    if (!groups.empty()) {
      at = groups.back().end;
    }
  }
}

// What was masked before, wherever it comes from.
bool is_mask(const icu::UnicodeString& text, const Place& place) {
  for (const char* mask : {"[key]", "[card number]", "[password]", "[text]"}) {
    const icu::UnicodeString shown(mask, -1, US_INV);
    if (text.compare(place.start, shown.length(), shown) == 0 && place.end <= place.start + shown.length()) return true;
  }
  return false;
}

// More than any text takes that was not made for it.
constexpr int most_looks = 8;

// A mask ends a word and a number, so next to one there may be what was none before: the
// text is looked at again with what was found masked, until that finds nothing. In order.
std::vector<Place> all_places(icu::UnicodeString text) {
  std::vector<Place> places;
  std::vector<bool> masked(static_cast<std::size_t>(text.length()), false);
  for (int look = 0;; ++look) {
    std::vector<Place> found;
    find(key_pattern(), 0, text, "[key]", found);
    find_card_numbers(text, found);
    find(password_pattern(), 2, text, "[password]", found);
    std::erase_if(found, [&](const Place& place) {
      return is_mask(text, place) || std::all_of(masked.begin() + place.start, masked.begin() + place.end, [](bool one) { return one; });
    });
    if (found.empty()) break;
    // As with a pattern that gives up.
    if (look == most_looks) return {{0, text.length(), "[text]"}};
    for (const Place& place : found) {
      std::fill(masked.begin() + place.start, masked.begin() + place.end, true);
      for (int at = place.start; at < place.end; ++at) text.setCharAt(at, u']');
    }
    places.insert(places.end(), found.begin(), found.end());
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.start < b.start; });
  return places;
}

}  // namespace

std::vector<Secret> secrets_in(std::string_view text) {
  const icu::UnicodeString units = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int>(text.size())));
  std::vector<Place> places = all_places(units);
  std::vector<Secret> secrets;
  int characters = 0, counted = 0, reached = 0;
  const auto character_of = [&](int unit) {
    characters += units.countChar32(counted, unit - counted);
    counted = unit;
    return characters;
  };
  for (const Place& place : places) {
    const int start = std::max(place.start, reached);
    if (start >= place.end) continue;
    const bool goes_on = start > place.start;  // a key that is called a password: one of them says so
    reached = place.end;
    const int first = character_of(start);
    const int last = character_of(place.end);
    if (goes_on)
      secrets.back().end = last;
    else
      secrets.push_back({first, last, place.shown});
  }
  return secrets;
}

std::string slice_without(const std::vector<Secret>& secrets, std::string_view text, int start, int end) {
  std::string result;
  int at = start;
  for (const Secret& secret : secrets) {
    if (secret.end <= at || secret.start >= end) continue;
    if (secret.start > at) result.append(char_slice(text, at, secret.start));
    result.append(secret.shown);
    at = secret.end;
  }
  if (at < end) result.append(char_slice(text, at, end));
  return result;
}

std::string redact(std::string_view text) {
  return slice_without(secrets_in(text), text, 0, std::numeric_limits<int>::max());
}

}  // namespace kg_batch::chunking
