// Which ways through the code were taken so far, by the calls that the compiler
// puts at each branch (-fsanitize-coverage=trace-pc).

#pragma once

#include <cstddef>

namespace kg_batch::fuzz {

// Ways that were taken for the first time since the last call.
std::size_t new_ways();

}  // namespace kg_batch::fuzz
