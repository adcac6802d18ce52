// A chunk's answer read at a stage, with all that holds of whatever comes back.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/reading.h"
#include "prompt_examples.h"
#include "target.h"

namespace kg_batch::fuzz {

// What the stages before have read: `stage`'s answer in a prompt's example.
graph::Reading read_before(std::string_view stage, std::string_view answer, const graph::Reading& so_far = {});

// Reads, checks, and makes mentions of it, with what they promise.
void read_answer(std::string_view stage, std::string_view answer, const graph::Reading& so_far);

}  // namespace kg_batch::fuzz
