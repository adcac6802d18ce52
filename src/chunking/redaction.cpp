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

const icu::RegexPattern& digits_pattern() {
  static const auto pattern = compiled(R"((?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d]))");
  return *pattern;
}

bool has_check_digit(const icu::UnicodeString& digits) {
  int sum = 0;
  bool doubled = false;
  for (int i = digits.length() - 1; i >= 0; --i) {
    if (digits[i] < u'0' || digits[i] > u'9') {
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

icu::UnicodeString without_card_numbers(const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher(digits_pattern().matcher(text, status));
  icu::UnicodeString result;
  int copied = 0;
  while (U_SUCCESS(status) && matcher->find(status)) {
    const int start = matcher->start(status), end = matcher->end(status);
    if (has_check_digit(text.tempSubStringBetween(start, end))) {
      result.append(text.tempSubStringBetween(copied, start)).append(u"[card number]");
      copied = end;
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
