#include "graph/barriers.h"

#include <algorithm>

namespace kg_batch::graph {

Barriers::Barriers(std::span<const DecidedPair> pairs) {
  for (const DecidedPair& pair : pairs)
    if (pair.verdict == Verdict::different) different_.insert(std::minmax(pair.a, pair.b));
}

const PreparedIdentity& Barriers::prepared(const IdentityView& identity) {
  return prepared_.try_emplace(identity.key, identity).first->second;
}

std::optional<std::string> Barriers::between(const std::vector<const IdentityView*>& x, const std::vector<const IdentityView*>& y) {
  for (const IdentityView* a : x)
    for (const IdentityView* b : y)
      if (different_.contains(std::minmax(a->key, b->key))) return "different";
  std::optional<std::string> lowest;
  for (const IdentityView* a : x)
    for (const IdentityView* b : y)
      if (const auto name = veto(prepared(*a), prepared(*b)); name && (!lowest || *name < *lowest)) lowest = std::string(*name);
  return lowest;
}

}  // namespace kg_batch::graph
