// Answers become mentions.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/reading.h"
#include "store/chunk.h"
#include "store/queue.h"

namespace kg_batch::workers {

// What the plan's earlier stages read, out of their stored answers; nothing when
// one of these is gone (`retention`) or can no longer be used.
std::optional<graph::Reading> read_earlier_answers(const store::LoadedChunk& chunk);

// Why an answer that came with HTTP 200 is none; "" when it is one.
std::string why_unusable(const std::string& outcome, const std::string& body);

struct ReadResult {
  int done = 0, failed = 0;
};

// In a transaction: reads the answers of these claimed chunks of one graph. A
// chunk goes to its plan's next stage that has something to ask, or is done with
// its facts and mentions written; an answer that cannot be used sends it back to be asked, splits it
// (cut off by length), or fails it, alone. The claims are released.
ReadResult read_chunks(const std::vector<store::Item>& chunks);

}  // namespace kg_batch::workers
