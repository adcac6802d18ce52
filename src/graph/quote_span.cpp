#include "graph/quote_span.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <string>
#include <vector>

#include "graph/keys.h"

namespace kg_batch::graph {
namespace {

bool names(UChar32 character) { return character >= 0 && u_isalnum(character); }

UChar32 first_character(std::string_view text) {
  int at = 0;
  UChar32 character = U_SENTINEL;
  if (!text.empty()) {
    U8_NEXT(text.data(), at, static_cast<int>(text.size()), character);
  }
  return character;
}

UChar32 last_character(std::string_view text) {
  int at = static_cast<int>(text.size());
  UChar32 character = U_SENTINEL;
  if (!text.empty()) {
    U8_PREV(text.data(), 0, at, character);
  }
  return character;
}

bool at_word_borders(std::string_view text, std::size_t begin, std::size_t length, std::string_view words) {
  const bool inside_before = names(last_character(text.substr(0, begin))) && names(first_character(words));
  const bool inside_after = names(first_character(text.substr(begin + length))) && names(last_character(words));
  return !inside_before && !inside_after;
}

std::size_t characters_in(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) {
    count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }
  return count;
}

}  // namespace

std::optional<QuoteSpan> find_quote(std::string_view sentence, std::string_view quote) {
  const std::string words = fold_quote(quote);
  if (words.empty()) {
    return std::nullopt;
  }
  std::vector<int> from;
  const std::string text = fold_quote(sentence, &from);
  const std::size_t first = text.find(words);
  if (first == std::string::npos) {
    return std::nullopt;
  }
  std::size_t found = first;
  while (found != std::string::npos && !at_word_borders(text, found, words.size(), words)) {
    found = text.find(words, found + 1);
  }
  if (found == std::string::npos) {
    found = first;
  }
  const std::size_t begin = characters_in(std::string_view(text).substr(0, found));
  std::size_t end = begin + characters_in(words);
  // One character of the sentence may have become several (ß is ss): the span
  // takes it whole.
  while (end + 1 < from.size() && from[end] == from[end - 1]) {
    ++end;
  }
  return QuoteSpan{from[begin], from[end]};
}

}  // namespace kg_batch::graph
