// One pass over the text repairs what nlohmann/json or PostgreSQL would refuse
// and measures what could hurt: it is done before the parser sees a byte, so
// the parser builds nothing deep, and no walk over the finished tree is needed.
//
// What is changed: raw or escaped U+0000, escapes of lone surrogates and bytes
// that are no UTF-8 become U+FFFD (counted); raw control characters inside
// strings become escapes of themselves (same value, not counted). What cannot
// be repaired without guessing (NaN, 1e400, cut texts) is nullopt. Integers
// beyond 64 bits become doubles.

#include "openai/json_text.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace kg_batch::openai {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// ordered_json looks up each new key among the ones before it, so the time for
// one object grows with the square of its keys; no answer has that many.
constexpr int kMaxKeys = 10'000;
// The largest string that jsonb takes.
constexpr std::size_t kMaxText = 268'435'455;

bool continues(std::string_view text, std::size_t at, unsigned char low = 0x80, unsigned char high = 0xBF) {
  if (at >= text.size()) return false;
  const auto byte = static_cast<unsigned char>(text[at]);
  return byte >= low && byte <= high;
}

struct Utf8Unit {
  std::size_t length;  // bytes to go on by: of the character, or of the ill-formed part
  bool valid;
};

// Table 3-7 of the Unicode standard; an ill-formed part is a maximal subpart,
// so the number of replacements is the one that ICU and browsers give.
Utf8Unit utf8_unit(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  if (lead < 0xE0) return continues(text, at + 1) ? Utf8Unit{2, true} : Utf8Unit{1, false};
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead == 0xE0) low = 0xA0;   // overlong
  if (lead == 0xED) high = 0x9F;  // surrogates
  if (lead == 0xF0) low = 0x90;   // overlong
  if (lead == 0xF4) high = 0x8F;  // over U+10FFFF
  if (!continues(text, at + 1, low, high)) return {1, false};
  if (!continues(text, at + 2)) return {2, false};
  if (lead < 0xF0) return {3, true};
  return continues(text, at + 3) ? Utf8Unit{4, true} : Utf8Unit{3, false};
}

std::uint32_t code_point(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(character[i])); };
  switch (character.size()) {
    case 1: return byte(0);
    case 2: return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3: return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    default: return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The value of \uXXXX at `at`, or -1.
int unicode_escape(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int value = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool is_high_surrogate(int value) { return value >= 0xD800 && value <= 0xDBFF; }
bool is_low_surrogate(int value) { return value >= 0xDC00 && value <= 0xDFFF; }

// Copies nothing as long as nothing has to change.
class Repair {
 public:
  explicit Repair(std::string_view text) : text_(text) {}

  void replace(std::size_t at, std::size_t length, std::string_view by) {
    out_.append(text_.substr(kept_, at - kept_)).append(by);
    kept_ = at + length;
    changed_ = true;
  }
  std::string_view result() {
    if (!changed_) return text_;
    out_.append(text_.substr(kept_));
    kept_ = text_.size();
    return out_;
  }

 private:
  std::string_view text_;
  std::string out_;
  std::size_t kept_ = 0;
  bool changed_ = false;
};

// Reads the string that begins after `at`'s quote; returns where it ends.
std::size_t repair_string(std::string_view text, std::size_t at, Repair& repair, int& replaced) {
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\') {
      ++at;
      continue;
    }
    if (byte == '"') return at + 1;
    if (byte == '\\') {
      const int value = unicode_escape(text, at);
      if (value < 0) {
        at += 2;
      } else if (is_high_surrogate(value) && is_low_surrogate(unicode_escape(text, at + 6))) {
        at += 12;
      } else {
        if (value == 0 || is_high_surrogate(value) || is_low_surrogate(value)) {
          repair.replace(at, 6, "\\ufffd");
          ++replaced;
        }
        at += 6;
      }
    } else if (byte < 0x20) {
      if (byte == 0) {
        repair.replace(at, 1, "\\ufffd");
        ++replaced;
      } else {
        constexpr char kHex[] = "0123456789abcdef";
        const char escape[] = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
        repair.replace(at, 1, {escape, sizeof escape});
      }
      ++at;
    } else {
      const Utf8Unit unit = utf8_unit(text, at);
      if (!unit.valid) {
        repair.replace(at, unit.length, kReplacement);
        ++replaced;
      }
      at += unit.length;
    }
  }
  return at;
}

}  // namespace

std::optional<SafeJson> parse_untrusted(std::string_view text, int max_depth) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  if (text.size() > kMaxText) return std::nullopt;

  Repair repair(text);
  int replaced = 0;
  std::vector<int> keys;  // of each array or object that is open
  for (std::size_t at = 0; at < text.size();) {
    switch (text[at]) {
      case '"':
        at = repair_string(text, at + 1, repair, replaced);
        continue;
      case '{':
      case '[':
        if (static_cast<int>(keys.size()) >= max_depth) return std::nullopt;
        keys.push_back(0);
        break;
      case '}':
      case ']':
        if (keys.empty()) return std::nullopt;
        keys.pop_back();
        break;
      case ':':
        if (keys.empty() || ++keys.back() > kMaxKeys) return std::nullopt;
        break;
      case '\0':  // would be the end of the text to the parser, whatever follows
        return std::nullopt;
      default:
        break;
    }
    ++at;
  }

  const std::string_view repaired = repair.result();
  nlohmann::ordered_json value =
      nlohmann::ordered_json::parse(repaired.begin(), repaired.end(), nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return std::nullopt;
  return SafeJson{std::move(value), replaced};
}

std::string sanitize_utf8(std::string_view text, int* replaced) {
  Repair repair(text);
  int count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Unit unit = utf8_unit(text, at);
    if (!unit.valid || text[at] == '\0') {
      repair.replace(at, unit.length, kReplacement);
      ++count;
    }
    at += unit.length;
  }
  if (replaced != nullptr) *replaced += count;
  return std::string(repair.result());
}

std::string short_text(std::string_view text, std::size_t max_chars) {
  // Four bytes a character at most; more than that is never shown, and a cut
  // through a character is only one more replacement behind the limit.
  const std::string clean = sanitize_utf8(text.substr(0, std::min(text.size(), 4 * max_chars + 4096)));
  std::string out;
  std::size_t chars = 0;
  std::size_t last_char_at = 0;  // where to cut for the ellipsis
  bool space = false;
  for (std::size_t at = 0; at < clean.size();) {
    const std::size_t length = utf8_unit(clean, at).length;
    const std::string_view character = std::string_view(clean).substr(at, length);
    at += length;
    const std::uint32_t code = code_point(character);
    const bool invisible = code <= 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0x2028 || code == 0x2029 ||
                           (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    if (invisible) {
      space = !out.empty();
      continue;
    }
    for (const std::string_view next : {space ? std::string_view(" ") : std::string_view(), character}) {
      if (next.empty()) continue;
      if (chars == max_chars) {
        if (max_chars > 0) out.replace(last_char_at, std::string::npos, "…");
        return out;
      }
      last_char_at = out.size();
      out.append(next);
      ++chars;
    }
    space = false;
  }
  return out;
}

}  // namespace kg_batch::openai
