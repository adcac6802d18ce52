// Characters of UTF-8 text: what is white space, where lines end, and the way
// from characters to bytes and back.
//
// Nothing here fails: bytes that are no UTF-8 count as they come and are
// never read past the end.

#pragma once

#include <unicode/utf8.h>
#include <unicode/utypes.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kg_batch::chunking {

// The character at `position`, which moves behind it; U+FFFD for bytes that are none.
inline UChar32 next_character(std::string_view text, std::size_t& position) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  UChar32 character = 0;
  U8_NEXT_OR_FFFD(bytes, position, text.size(), character);
  return character;
}

// The character before `position`, which moves in front of it.
inline UChar32 previous_character(std::string_view text, std::size_t& position) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  auto at = static_cast<std::int32_t>(position);
  UChar32 character = 0;
  U8_PREV_OR_FFFD(bytes, 0, at, character);
  position = static_cast<std::size_t>(at);
  return character;
}

// Unicode's White_Space.
bool is_white_space(UChar32 character);
// The text without white space at either end; a part of the same memory.
std::string_view trimmed(std::string_view text);

// A line without what ends it (LF, CR, CR LF, U+0085, U+2028, U+2029: where
// ICU ends a paragraph), and where the next one begins.
struct Line {
  std::size_t start = 0;
  std::size_t end = 0;
  std::size_t next = 0;
};
Line line_at(std::string_view text, std::size_t start);

// char_slice for many places of one long text: a place costs a constant time
// where char_slice counts from the beginning. Refers to the text.
class CharacterIndex {
 public:
  explicit CharacterIndex(std::string_view text);
  std::string_view slice(int start, int end) const;

 private:
  static constexpr int step = 256;
  std::size_t byte_of(int character) const;

  std::string_view text_;
  std::vector<std::size_t> bytes_;  // of every step-th character
};

}  // namespace kg_batch::chunking
