// Under which keys names that are written like a text are kept: what a search
// looks up instead of comparing with every name.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/resolution.h"

namespace kg_batch::graph {

struct NameSearch {
  std::string label_key;         // name_key: the same but for case and punctuation
  std::vector<BlockKey> blocks;  // sorted: the same but for accents and the order of words, and names near it
};

NameSearch name_search(std::string_view text);

}  // namespace kg_batch::graph
