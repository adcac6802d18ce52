// Nodes by a name or by words of the facts that speak of them.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kg_batch::store {

struct Found {
  std::int64_t node_id = 0;
  std::string label, type, node_class, category;
  std::string how;  // exact, alias, loose, trigram, fact
  int score = 0;    // thousandths
  std::optional<std::string> fact;
};

// At most `most`, best first, each node once in the way in which it fits best.
// Everything is looked up by index; trigrams only where pg_trgm is installed.
std::vector<Found> find(std::int64_t graph_id, const std::string& text, int most);

}  // namespace kg_batch::store
