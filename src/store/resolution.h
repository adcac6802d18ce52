// Which things of a graph are one node.
//
// Guarantees: what becomes one node is a function of the identities and of what
// was decided of pairs of them. Every component that something new touches is
// computed from single identities, never from what was joined before, so neither
// order nor an undone decision leaves a trace. A node that is joined with another
// keeps the lower id; the other id redirects for ever.
//
// In a transaction that holds the graph's lock.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kg_batch::store {

// What has to be folded anew after things found their nodes.
struct Resolved {
  std::int64_t made = 0;                // new nodes
  std::vector<std::string> things;      // keys of things whose node changed what it is made of
  std::vector<std::string> statements;  // keys of statements that lost their node, since what takes part has another
  bool more = false;                    // some are left for another round
};

// Gives things without a node theirs, and joins and parts what new evidence or a
// decision says. `job_id` pays for questions about pairs that are found now. With
// `recompare` what a model said of two that meet in no block any more rests, so that
// it does not matter who met while there were fewer.
Resolved resolve_things(std::int64_t graph_id, std::int64_t job_id, bool recompare = false);

// Nodes of which no identity is left give way to others: old id, new id.
void redirect(std::int64_t graph_id, const std::map<std::int64_t, std::int64_t>& moved_to);

}  // namespace kg_batch::store
