// Which keys count in chunks, with what persons split off (graph/keys_that_count.h).
//
// Guarantees: the keys of a chunk's mentions are a function of those that the chunk
// gave and of the splits that count, whenever it is read; without splits they are
// the given ones. An identity all of whose mentions have another key keeps its
// ids, and has them still when the split is undone.
//
// In a transaction that holds the graph's lock.

#pragma once

#include <cstdint>
#include <vector>

namespace kg_batch::store {

// Of chunks that are about to be folded.
void count_keys(std::int64_t graph_id, const std::vector<std::int64_t>& chunks);

// Of chunks that splits reach which count now and did not, or the other way round;
// what is folded of them is folded anew.
void count_keys_again(std::int64_t graph_id, const std::vector<std::int64_t>& chunks);

// The chunks that a split can reach.
std::vector<std::int64_t> chunks_of_splits(std::int64_t graph_id, const std::vector<std::int64_t>& decision_ids);

}  // namespace kg_batch::store
