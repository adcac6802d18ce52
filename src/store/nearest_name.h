// The name that somebody probably meant, for hints.

#pragma once

#include <string>
#include <vector>

namespace kg_batch::store {

// The nearest by edit distance, the first of equals; empty when there is none
// within half the length of what was written.
std::string nearest_name(const std::string& wanted, const std::vector<std::string>& names);

}  // namespace kg_batch::store
