#include "prompt_examples.h"

#include <fstream>
#include <stdexcept>

namespace kg_batch::fuzz {

std::vector<std::string> answers_in_prompt(std::string_view stage) {
  const std::string path = std::string(KG_BATCH_SOURCE_DIR "/src/schema/60_prompt_") + std::string(stage) + ".sql";
  std::ifstream file(path);
  std::vector<std::string> answers;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("{")) {  // questions stand behind a word
      answers.push_back(line);
    }
  }
  if (answers.empty()) {
    throw std::runtime_error("no example in " + path);
  }
  return answers;
}

}  // namespace kg_batch::fuzz
