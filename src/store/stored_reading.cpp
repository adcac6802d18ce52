#include "store/stored_reading.h"

#include "store/request.h"

namespace kg_batch::store {

std::optional<graph::Reading> stored_reading(const LoadedChunk& chunk, const std::vector<std::int64_t>& requests) {
  graph::Reading reading;
  if (requests.empty()) return reading;
  const auto answers = newest_answers(chunk.graph_id, requests);
  if (answers.size() != requests.size()) return std::nullopt;
  for (const auto& answer : answers) {
    const stages::Stage* const stage = stages::find_stage(answer.stage);
    if (stage == nullptr || stage->read(answer.body, chunk.question, reading)) return std::nullopt;
  }
  return reading;
}

}  // namespace kg_batch::store
