// The answer to kg_classify: the place of a kind in the taxonomy.

#include "decided.h"

namespace {

using namespace kg_batch::stages;

const std::vector<KindToClassify> asked = {
    {1, "Entity", "parrot", {"Quillo"}, {"Corvin has a parrot."}, {{1, "entity"}, {12, "entity > animal"}, {13, "entity > animal > dog"}}},
    {2, "Entity", "bank", {}, {}, {{1, "entity"}, {20, "entity > organisation"}, {30, "entity > place"}}},
    {3, "Entity", "violin", {}, {}, {{1, "entity"}, {9'223'372'036'854'775'807, "entity > product"}}}};

}  // namespace

namespace kg_batch::fuzz {

std::vector<std::string> examples() { return answers_in_prompt("kg_classify"); }

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kg_batch::fuzz;
  const std::string_view answer = text_of(data, size);
  require_decided(answer, "choices", KgClassify::read(answer, asked), asked.size(), [](const KindChoice& choice) {
    require(choice.kind >= 1 && choice.kind <= 3, "what is decided was asked");
    const std::vector<TaxonCandidate>& candidates = asked[static_cast<std::size_t>(choice.kind - 1)].candidates;
    require(std::any_of(candidates.begin(), candidates.end(), [&](const TaxonCandidate& one) { return one.taxon == choice.taxon; }),
            "a kind's place is one of its candidates");
    if (choice.suggestion) {
      require(!choice.suggestion->empty(), "a suggestion is a name");
      require_storable(*choice.suggestion, 100);
      require(std::none_of(choice.suggestion->begin(), choice.suggestion->end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
              "a suggestion is in lower case");
    }
    return choice.kind;
  });
  return 0;
}
