// What chunks were read from: the answers of their plan's stages, read once more.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/reading.h"
#include "store/chunk.h"

namespace kg_batch::store {

// Of these requests, in the order of the plan; nothing where an answer is gone
// (`retention`, `forget`) or can no longer be read.
std::optional<graph::Reading> stored_reading(const LoadedChunk& chunk, const std::vector<std::int64_t>& requests);

}  // namespace kg_batch::store
