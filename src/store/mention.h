// Facts and mentions of a chunk: written once, all in the transaction that makes
// the chunk done.

#pragma once

#include "graph/mentions.h"
#include "store/chunk.h"

namespace kg_batch::store {

void write_mentions(const LoadedChunk& chunk, std::int64_t request_id, const graph::Mentions& mentions);

}  // namespace kg_batch::store
