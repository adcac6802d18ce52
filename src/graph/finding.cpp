#include "graph/finding.h"

#include <algorithm>

#include "graph/keys.h"

namespace kg_batch::graph {

NameSearch name_search(std::string_view text) {
  NameSearch search;
  search.label_key = name_key(text);
  // Persons lose their honorifics and all else its legal form: nobody said which it is.
  for (const char* const node_class : {"person", "other"}) {
    IdentityView named;
    named.type = "Entity";
    named.node_class = node_class;
    named.label_key = search.label_key;
    named.label = std::string(text);
    named.named = true;
    for (const BlockKey& key : block_keys(named)) search.blocks.push_back(key);
  }
  std::sort(search.blocks.begin(), search.blocks.end());
  search.blocks.erase(std::unique(search.blocks.begin(), search.blocks.end()), search.blocks.end());
  return search;
}

}  // namespace kg_batch::graph
