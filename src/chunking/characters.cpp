#include "chunking/characters.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "chunking/sentences.h"

namespace kg_batch::chunking {

namespace {

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

// Where the character `count` characters behind `position` begins.
std::size_t advanced(std::string_view text, std::size_t position, int count) {
  while (position < text.size() && count > 0) {
    ++position;
    while (position < text.size() && !begins_character(text[position])) {
      ++position;
    }
    --count;
  }
  return position;
}

}  // namespace

bool is_white_space(UChar32 character) {
  if (character < 0x80) {
    return character == ' ' || (character >= 0x09 && character <= 0x0D);
  }
  return u_isUWhiteSpace(character) != 0;
}

std::string_view trimmed(std::string_view text) {
  std::size_t start = 0;
  while (start < text.size()) {
    std::size_t next = start;
    if (!is_white_space(next_character(text, next))) {
      break;
    }
    start = next;
  }
  std::size_t end = text.size();
  while (end > start) {
    std::size_t before = end;
    if (!is_white_space(previous_character(text, before))) {
      break;
    }
    end = before;
  }
  return text.substr(start, end - start);
}

Line line_at(std::string_view text, std::size_t start) {
  for (std::size_t position = start; position < text.size(); ++position) {
    const auto byte = static_cast<unsigned char>(text[position]);
    if (byte == '\n') {
      return {start, position, position + 1};
    }
    if (byte == '\r') {
      const bool pair = position + 1 < text.size() && text[position + 1] == '\n';
      return {start, position, position + (pair ? 2U : 1U)};
    }
    if (byte == 0xC2 && position + 1 < text.size() && static_cast<unsigned char>(text[position + 1]) == 0x85) {
      return {start, position, position + 2};
    }
    if (byte == 0xE2 && position + 2 < text.size() && static_cast<unsigned char>(text[position + 1]) == 0x80) {
      const auto last = static_cast<unsigned char>(text[position + 2]);
      if (last == 0xA8 || last == 0xA9) {
        return {start, position, position + 3};
      }
    }
  }
  return {start, text.size(), text.size()};
}

int char_length(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string_view char_slice(std::string_view text, int start, int end) {
  const std::size_t first = advanced(text, 0, start);
  const std::size_t last = advanced(text, first, end - std::max(start, 0));
  return text.substr(first, last - first);
}

CharacterIndex::CharacterIndex(std::string_view text) : text_(text) {
  int count = 0;
  for (std::size_t position = 0; position < text.size(); ++position) {
    if (begins_character(text[position])) {
      if (count % step == 0) {
        bytes_.push_back(position);
      }
      ++count;
    }
  }
}

std::size_t CharacterIndex::byte_of(int character) const {
  const auto slot = static_cast<std::size_t>(std::max(character, 0) / step);
  if (slot >= bytes_.size()) {
    return text_.size();
  }
  return advanced(text_, bytes_[slot], std::max(character, 0) % step);
}

std::string_view CharacterIndex::slice(int start, int end) const {
  const std::size_t first = byte_of(start);
  const std::size_t last = std::max(first, byte_of(end));
  return text_.substr(first, last - first);
}

}  // namespace kg_batch::chunking
