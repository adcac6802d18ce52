#include "coverage.h"

#include <cstdint>

#include "target.h"

namespace {

constexpr std::size_t slots = 1u << 20;
std::uint8_t taken[slots];
std::size_t first_taken = 0;
std::uintptr_t before = 0;  // so that a way is from one place to another

}  // namespace

// Calls nothing, or it would be told of itself. Counted from a place of the
// program, so that one seed goes the same way wherever it is loaded.
extern "C" void __sanitizer_cov_trace_pc() {
  const std::uintptr_t place = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)) -
                               reinterpret_cast<std::uintptr_t>(&LLVMFuzzerTestOneInput);
  const std::size_t slot = ((place * 0x9E3779B97F4A7C15u >> 40) ^ before) % slots;
  before = (place * 0x9E3779B97F4A7C15u >> 41);
  if (taken[slot] == 0) {
    taken[slot] = 1;
    ++first_taken;
  }
}

namespace kg_batch::fuzz {

std::size_t new_ways() {
  const std::size_t count = first_taken;
  first_taken = 0;
  before = 0;
  return count;
}

}  // namespace kg_batch::fuzz
