#include "formats/printable.h"

#include <cstdint>
#include <cstdio>

namespace kg_batch::formats {
namespace {

struct Character {
  std::uint32_t code;
  std::size_t length;
};

// What is no UTF-8 counts byte by byte as what it would be in Latin-1: a byte
// 0x9B begins a command there.
Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const std::uint32_t lead = byte(0);
  if (lead >= 0xC2 && lead < 0xE0 && continues(1)) return {((lead & 0x1F) << 6) | (byte(1) & 0x3F), 2};
  if (lead >= 0xE0 && lead < 0xF0 && continues(1) && continues(2))
    return {((lead & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F), 3};
  if (lead >= 0xF0 && lead < 0xF5 && continues(1) && continues(2) && continues(3)) return {0x10000, 4};
  return {lead, 1};
}

bool is_obeyed(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string printable(std::string_view text, bool has_lines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (is_obeyed(character.code) && character.code != '\t' && !(character.code == '\n' && has_lines)) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04X", static_cast<unsigned>(character.code));
      out += escape;
    } else {
      out.append(text.substr(at, character.length));
    }
    at += character.length;
  }
  return out;
}

std::string sql_literal(std::string_view text) {
  std::string out = "'";
  bool has_backslash = false;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    has_backslash = has_backslash || c == '\\';
    out += c;
  }
  out += '\'';
  return has_backslash ? " E" + out : out;
}

}  // namespace kg_batch::formats
