// The answer to kg_boundary, and the segments that are cut by it.

#include "stages/kg_boundary.h"

#include "chunking/windows.h"
#include "prompt_examples.h"
#include "require.h"
#include "target.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() {
  std::vector<std::string> all = answers_in_prompt("kg_boundary");
  all.push_back(R"({"segments":[{"first":18,"last":20,"process":false,"topic":"Weather"},{"first":1,"last":16,"process":true,"topic":""}]})");
  return all;
}

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kg_batch;
  using fuzz::require;
  // Windows of every length, by the answer, so that a seed is enough to say which.
  const int messages = 1 + static_cast<int>(size % chunking::window_messages);
  const auto result = stages::read_boundaries(fuzz::text_of(data, size), messages);
  if (const auto* bad = std::get_if<stages::BadAnswer>(&result)) {
    require(!bad->reason.empty(), "a bad answer says why");
    fuzz::require_storable(bad->reason);
    return 0;
  }
  const auto& reading = std::get<stages::BoundaryReading>(result);
  fuzz::require_told(reading.rejected);
  int next = 1;
  for (const chunking::ToldSegment& segment : reading.segments) {
    require(segment.first == next && segment.last >= segment.first, "segments follow one another without a gap");
    fuzz::require_storable(segment.topic, stages::max_topic);
    next = segment.last + 1;
  }
  require(next == messages + 1, "segments hold every message of the window once");
  return 0;
}
