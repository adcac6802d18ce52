// The answer to kg_merge: a decision for ever, or none.

#include "decided.h"

namespace {

using namespace kg_batch::stages;

const std::vector<MergePair>& asked() {
  static const std::vector<MergePair> pairs = [] {
    std::vector<MergePair> made;
    for (int id = 1; id <= 30; ++id) {
      made.push_back({id, {}, {}});
    }
    return made;
  }();
  return pairs;
}

}  // namespace

namespace kg_batch::fuzz {

std::vector<std::string> examples() { return answers_in_prompt("kg_merge"); }

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kg_batch::fuzz;
  const std::string_view answer = text_of(data, size);
  require_decided(answer, "decisions", KgMerge::read(answer, asked()), asked().size(), [](const MergeDecision& decision) {
    require(decision.pair >= 1 && decision.pair <= 30, "what is decided was asked");
    require_storable(decision.reason, 500);
    return decision.pair;
  });
  return 0;
}
