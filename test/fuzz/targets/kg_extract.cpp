// The answer to kg_extract, and the mentions that are made of it.

#include "answer.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() { return answers_in_prompt("kg_extract"); }

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kg_batch::fuzz::read_answer("kg_extract", kg_batch::fuzz::text_of(data, size), {});
  return 0;
}
