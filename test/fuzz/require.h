// Properties that whatever comes out of a reader has to have.

#pragma once

#include <string_view>
#include <vector>

#include "graph/reading.h"

namespace kg_batch::fuzz {

// Ends the program with the property's name unless it holds.
void require(bool holds, std::string_view property);

// Valid UTF-8 without U+0000, which the database would refuse.
void require_storable(std::string_view text);
// The same, of at most so many characters.
void require_storable(std::string_view text, int most_characters);

void require_told(const std::vector<graph::Rejected>& rejected);
// All that graph/reading.h and stages/answer_reader.h promise of a reading.
void require_sound(const graph::Reading& reading);

}  // namespace kg_batch::fuzz
