// Full stops that end no sentence: "Dr. Smith", "J. Doe", "z.B. Berlin",
// "am 5. Mai".
//
// The project's own list, because CLDR's filter for English (ICU 72) lacks
// "Dr.", has "All.", "Job." and "Go.", and matches the ends of longer words;
// and so that only the release of Unicode decides the cuts.

#pragma once

#include <cstddef>
#include <string_view>

namespace kg_batch::chunking {

// `position` is where the iterator would begin a sentence.
bool ends_with_abbreviation(std::string_view text, std::size_t position);

}  // namespace kg_batch::chunking
