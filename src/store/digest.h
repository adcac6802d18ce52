// The digest of a graph: equal evidence, equal digest.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kg_batch::store {

// SHA-256 in hex over nodes, edges, facts with the words behind them, mentions
// with their roles, and the options that keys depend on: by content keys, without
// ids, the graph's name, times of writing or the ledger. Only what is live counts.
// Changing any one value that it covers changes it.
//
// One statement, so one snapshot. Memory does not grow with the graph: a row is
// 32 bytes, the sort of rows goes to disk when it has to, and what stays are at
// most 65,536 sums.
std::string graph_digest(std::int64_t graph_id);

// What stands in one of two graphs only, of all that the digest covers.
struct Difference {
  bool in_first = true;
  std::string what, content;  // as the digest takes it
};
std::vector<Difference> compare(std::int64_t graph_a, std::int64_t graph_b);

}  // namespace kg_batch::store
