// The answer to kg_facts: what the facts that kg_parse read speak of.

#include "answer.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() { return answers_in_prompt("kg_facts"); }

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kg_batch::fuzz;
  static const kg_batch::graph::Reading parsed = read_before("kg_parse", answers_in_prompt("kg_parse").front());
  read_answer("kg_facts", text_of(data, size), parsed);
  return 0;
}
