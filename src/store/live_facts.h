// Which facts of chunks count, and which mentions with them.
//
// Guarantees: a function of what the facts cite, of what was said of them and of
// which readings of their chunk are there, in both directions: what no longer holds a fact back lets it count again. A
// statement counts with its facts; a thing also while a statement stands on it.
//
// This is the one place that says what keeps a fact from counting. In a
// transaction that holds the graph's lock.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace kg_batch::store {

// Returns the keys of the mentions that count now and did not, or the other way
// round: they have to be folded again where their chunks are folded.
std::set<std::string> settle_facts(std::int64_t graph_id, const std::vector<std::int64_t>& chunks);

}  // namespace kg_batch::store
