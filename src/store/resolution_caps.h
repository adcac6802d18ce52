// Where a cap of resolution was hit, kept for the view `review`: which questions get
// asked may depend on the order there.
//
// A function of the graph: a block counts as crowded while more than `whole_block`
// are in it, whichever round found it so; what was held apart is computed with each
// component anew.

#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "graph/joining.h"

namespace kg_batch::store {

// A block is compared whole up to `whole_block` members, a larger one by so many
// neighbours to either side.
inline constexpr int window = 8;
inline constexpr int whole_block = 2 * window + 1;

// After rows were written to these blocks.
void note_crowded_blocks(std::int64_t graph_id, const std::vector<std::int64_t>& block_keys);

// After the component of these members was joined.
void note_held_apart(std::int64_t graph_id, const std::set<graph::Key>& members, const std::vector<graph::SkippedPair>& skipped);

// Blocks that are crowded no more: their rows would be a trace of what was forgotten.
void drop_uncrowded_blocks(std::int64_t graph_id);

}  // namespace kg_batch::store
