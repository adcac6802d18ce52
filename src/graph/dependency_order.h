// The order in which things that are keyed by other things can be keyed, and
// what stands in the way of one.
//
// Statements take part in statements, things belong to things; a model may
// answer with a circle. The same input always gives the same order and breaks a
// circle at the same place: nodes are visited in the order given, what each
// needs in the order given, and the need that closes a circle is left out.

#pragma once

#include <cstddef>
#include <vector>

namespace kg_batch::graph {

struct Need {
  std::size_t node = 0;   // who needs
  std::size_t which = 0;  // index into needs[node]
};

struct DependencyOrder {
  std::vector<std::size_t> order;  // every node, each after what it needs
  std::vector<Need> closing;       // needs that would close a circle
};

DependencyOrder dependency_order(const std::vector<std::vector<std::size_t>>& needs);

}  // namespace kg_batch::graph
