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

std::vector<std::size_t> call_sizes(const std::vector<int>& asked, std::size_t usual, std::size_t most) {
  std::vector<std::size_t> sizes;
  for (std::size_t begin = 0, end = 0; begin < asked.size(); begin = end) {
    while (end < asked.size() && asked[end] == asked[begin]) ++end;
    const std::size_t divided = std::size_t{1} << std::clamp(asked[begin], 0, 5);
    for (const std::size_t size : call_sizes(end - begin, std::max<std::size_t>(1, usual / divided), std::max<std::size_t>(1, most / divided)))
      sizes.push_back(size);
  }
  return sizes;
}

}  // namespace kg_batch::stages
