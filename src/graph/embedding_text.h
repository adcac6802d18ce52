// The text by whose embedding a thing is found that is called by other words: its
// label with its kind. A function of the identity alone.

#pragma once

#include <optional>
#include <string>

#include "graph/resolution.h"

namespace kg_batch::graph {

// Cosine similarity, in thousandths, from which on two texts make their things a
// question to a model. Never more than a question: what is alike is not the same.
inline constexpr int near_floor = 800;

// Nothing for what is not found by a name: "my dog" of two owners is one text, and
// so is everybody's "Mum".
std::optional<std::string> embedding_text(const IdentityView& identity);

}  // namespace kg_batch::graph
