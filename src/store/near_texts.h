// Things whose texts have embeddings that are alike. Vectors are compared when they
// come, each with all others of its graph and model, exactly; what is near is kept
// as pairs of texts, so whoever is called so later is found without comparing.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kg_batch::store {

// In a round, under the graph's lock: compares the vectors that came since the last,
// and marks the things of those that are near another as to be looked at.
void compare_new_vectors(std::int64_t graph_id);

// Of these identities (keys), each with those that it is near to by another text.
std::vector<std::pair<std::string, std::string>> near_pairs(std::int64_t graph_id, const std::vector<std::string>& keys);

}  // namespace kg_batch::store
