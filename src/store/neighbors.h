// Walking the graph over statements.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kg_batch::store {

struct Neighbor {
  std::int64_t node_id = 0;
  std::string label, type, node_class, category;
  int distance = 0;
  // The last step to it.
  std::int64_t from_id = 0;
  std::string from_label, relation, direction;
  std::int64_t statement_id = 0;
};

// What is reached from a node, an old id too, in at most `depth` steps, each once
// at its least distance, at most `most`: nearer first, what was spoken of more
// often before the rest. A step leads from a thing over a statement to what else
// takes part in it; from a statement to what takes part in it. Error: an unknown
// node.
std::vector<Neighbor> neighbors(std::int64_t graph_id, std::int64_t node, int depth, int most);

}  // namespace kg_batch::store
