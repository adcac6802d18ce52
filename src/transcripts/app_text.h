// Text as apps write it: with marks that nobody typed. WhatsApp puts U+200E
// before what it says itself, isolates (U+2068, U+2069) around who is mentioned,
// embeddings (U+202A, U+202C) around telephone numbers, and narrow spaces.

#pragma once

#include <unicode/utypes.h>

#include <string>
#include <string_view>

namespace kg_batch::transcripts {

inline constexpr std::string_view left_to_right_mark = "\u200E";

// U+200E, U+202A to U+202E, U+2066 to U+2069. Not U+200F, which people type.
bool is_mark_of_direction(UChar32 character);

// The words of a message, trimmed.
std::string without_marks_of_direction(std::string_view text);

// A name on one line, with spaces of one kind and no "~" before it.
std::string name_of(std::string_view text);

// A small word that stands within names: Maria da Silva, Jan van Dyk.
bool is_particle(std::string_view word);

}  // namespace kg_batch::transcripts
