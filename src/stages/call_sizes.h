// How many things are asked about in one call.

#pragma once

#include <cstddef>
#include <vector>

namespace kg_batch::stages {

// How many to ask in each call, so that none holds more than `most` and all are of
// one size, as near to `usual` as can be.
std::vector<std::size_t> call_sizes(std::size_t items, std::size_t usual, std::size_t most);

// The same of items of which it is known how often a question about them came back
// without an answer, in ascending order: it may have been too much at once, so they
// are asked with half as many others each time.
std::vector<std::size_t> call_sizes(const std::vector<int>& asked, std::size_t usual, std::size_t most);

}  // namespace kg_batch::stages
