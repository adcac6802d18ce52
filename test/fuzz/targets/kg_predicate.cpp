// The answer to kg_predicate: names and the canonical ones that mean the same.

#include "decided.h"

namespace {

using namespace kg_batch::stages;

const std::vector<PredicateName> asked = {{1, "landlady", "Ottoline rents the flat from her landlady."},
                                          {2, "mentor", "Corvin was her mentor at the workshop."},
                                          {3, "pupil of", "She was a pupil of Isaura."}};
const std::vector<CanonicalName> canonical = {
    {"owner", "who owns"}, {"Teacher ", "who teaches"}, {"ownership", "having"}, {"management", "leading"}};

}  // namespace

namespace kg_batch::fuzz {

std::vector<std::string> examples() { return answers_in_prompt("kg_predicate"); }

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kg_batch::fuzz;
  const std::string_view answer = text_of(data, size);
  require_decided(answer, "mappings", KgPredicate::read(answer, asked, canonical), asked.size(), [](const PredicateMapping& mapping) {
    require(mapping.id >= 1 && mapping.id <= 3, "what is decided was asked");
    require(mapping.canonical || !mapping.inverse, "nothing is the inverse of no name");
    require(!mapping.canonical || std::any_of(canonical.begin(), canonical.end(),
                                              [&](const CanonicalName& name) { return name.name == *mapping.canonical; }),
            "a canonical name is one of those that were given, as it was given");
    return mapping.id;
  });
  return 0;
}
