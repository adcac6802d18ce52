// The order in which what is keyed by others can be keyed, and what stands in
// the way of one.
//
// Statements take part in statements, things belong to things; a model may
// answer with a circle. The same input always gives the same order and breaks a
// circle at the same place: ids are visited upwards, what each needs in the
// order given, and the need that closes a circle is left out. A need of an id
// that is not there is no need.

#pragma once

#include <cstddef>
#include <map>
#include <vector>

namespace kg_batch::graph {

using Needs = std::map<int, std::vector<int>>;  // ids that each id needs

struct ClosingNeed {
  int id = 0;
  std::size_t which = 0;  // place in its needs
};

struct DependencyOrder {
  std::vector<int> order;  // every id, each after what it needs
  std::vector<ClosingNeed> closing;
};

DependencyOrder dependency_order(const Needs& needs);

}  // namespace kg_batch::graph
