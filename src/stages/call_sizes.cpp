#include "stages/call_sizes.h"

#include <algorithm>

namespace kg_batch::stages {

std::vector<std::size_t> call_sizes(std::size_t items, std::size_t usual, std::size_t most) {
  if (items == 0) return {};
  const std::size_t calls = std::max({std::size_t{1}, (items + most - 1) / most, (items + usual / 2) / usual});
  std::vector<std::size_t> sizes(calls, items / calls);
  for (std::size_t i = 0; i < items % calls; ++i) ++sizes[i];
  return sizes;
}

}  // namespace kg_batch::stages
