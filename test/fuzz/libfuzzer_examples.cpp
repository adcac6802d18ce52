// libFuzzer reads its first inputs from directories: the target's examples are
// written to the first one that is named on the command line.

#include <fstream>
#include <string>
#include <string_view>

#include "target.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (!argument.starts_with("-")) {
      int number = 0;
      for (const std::string& example : kg_batch::fuzz::examples()) {
        std::ofstream(std::string(argument) + "/example-" + std::to_string(++number), std::ios::binary) << example;
      }
      break;
    }
  }
  return 0;
}
