// The answer to kg_parse: facts alone.

#include "answer.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() { return answers_in_prompt("kg_parse"); }

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kg_batch::fuzz::read_answer("kg_parse", kg_batch::fuzz::text_of(data, size), {});
  return 0;
}
