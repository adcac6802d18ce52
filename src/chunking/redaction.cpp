#include "chunking/redaction.h"

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <memory>
#include <stdexcept>
#include <vector>

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

icu::UnicodeString replaced(const icu::RegexPattern& pattern, const icu::UnicodeString& text, const char16_t* with) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher(pattern.matcher(text, status));
  icu::UnicodeString result = matcher->replaceAll(icu::UnicodeString(with), status);
  // A pattern that gives up must not let through what it was to mask.
  return U_FAILURE(status) ? icu::UnicodeString(u"[text]") : result;
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
icu::UnicodeString without_card_numbers(const icu::UnicodeString& text) {
  icu::UnicodeString result;
  int copied = 0;
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
          result.append(text.tempSubStringBetween(copied, groups[first].start)).append(u"[card number]");
          copied = groups[last].end;
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
  return result.append(text.tempSubStringBetween(copied));
}

}  // namespace

std::string redact(std::string_view text) {
  icu::UnicodeString shown = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int>(text.size())));
  shown = replaced(key_pattern(), shown, u"[key]");
  shown = without_card_numbers(shown);
  shown = replaced(password_pattern(), shown, u"$1[password]");
  std::string result;
  shown.toUTF8String(result);
  return result;
}

}  // namespace kg_batch::chunking
