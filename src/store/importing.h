// What was read from lines, as evidence: a conversation of its own whose messages
// are the facts, with chunks that are read already. From there on it is folded,
// joined, forgotten and rebuilt like all else.

#pragma once

#include <cstdint>
#include <string>

#include "formats/reader.h"

namespace kg_batch::store {

struct ImportCounts {
  std::int64_t nodes = 0, edges = 0, facts = 0;  // none where the conversation is there already
};

// Under `key` as the conversation's; to be folded by the graph's next round. Work
// must have been announced.
ImportCounts take_imported(std::int64_t graph_id, const std::string& key, const formats::Imported& imported, unsigned int made_by);

}  // namespace kg_batch::store
