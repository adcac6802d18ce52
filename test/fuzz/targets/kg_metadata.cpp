// The answer to kg_metadata: what is known about what kg_facts read.

#include "answer.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() { return answers_in_prompt("kg_metadata"); }

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kg_batch::fuzz;
  static const kg_batch::graph::Reading parsed =
      read_before("kg_facts", answers_in_prompt("kg_facts").front(), read_before("kg_parse", answers_in_prompt("kg_parse").front()));
  read_answer("kg_metadata", text_of(data, size), parsed);
  return 0;
}
