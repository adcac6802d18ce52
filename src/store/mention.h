// Facts and mentions of chunks: written once, all in the transaction that makes
// the chunks done, and with one statement a table for all of them.

#pragma once

#include "graph/mentions.h"
#include "store/chunk.h"

namespace kg_batch::store {

struct ReadChunk {
  const LoadedChunk* chunk;
  std::int64_t request_id;  // whose answer it was read from
  graph::Mentions mentions;
};

// Of one graph.
void write_mentions(const std::vector<ReadChunk>& read);

}  // namespace kg_batch::store
