// What a fuzz target has: the entry that libFuzzer calls, and the valid examples
// that mutations begin with. An input that breaks a property ends the program.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace kg_batch::fuzz {

std::vector<std::string> examples();  // of the target

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return size == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(data), size);
}

}  // namespace kg_batch::fuzz
