// Walking through UTF-8 and writing some characters otherwise.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kg_batch::formats {

inline constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

// Calls `write(code, bytes, out)` for each character of valid UTF-8, in order.
template <typename Write>
std::string rewritten(std::string_view text, Write write) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    const std::string_view bytes = text.substr(at, length);
    std::uint32_t code = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < bytes.size(); ++i) code = code << 6 | (static_cast<unsigned char>(bytes[i]) & 0x3FU);
    write(code, bytes, out);
    at += length;
  }
  return out;
}

inline bool is_control(std::uint32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

// \u001F as several formats write it.
inline std::string u_escape(std::uint32_t code) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string escape = "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) escape += digits[code >> shift & 0xF];
  return escape;
}

}  // namespace kg_batch::formats
