// The graph computed again from its evidence.
//
// Guarantees: equal digest, since the graph is a function of mentions and decisions;
// equal ids of whatever keeps its key (former_identity), so that old ids lead where
// they led. Costs no request. With `recompare` every thing is compared again once
// all are there, so that where a block is too large to compare everything with
// everything it is a function of what is there, not of the order in which it came.
//
// In a transaction that holds the graph's lock. Returns how many nodes there are.

#pragma once

#include <cstdint>

namespace kg_batch::store {

std::int64_t rebuild(std::int64_t graph_id, bool recompare);

}  // namespace kg_batch::store
