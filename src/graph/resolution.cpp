#include "graph/resolution.h"

#include <algorithm>

#include "graph/prepared_identity.h"

namespace kg_batch::graph {
namespace {

bool meet(const PreparedIdentity& a, const PreparedIdentity& b, const TokenFrequency& frequency) {
  const std::vector<BlockKey> of_a = block_keys(a, frequency), of_b = block_keys(b, frequency);
  return std::any_of(of_a.begin(), of_a.end(), [&](const BlockKey& x) {
    return std::any_of(of_b.begin(), of_b.end(), [&](const BlockKey& y) { return x.key == y.key; });
  });
}

bool is_candidate(const PreparedIdentity& a, const PreparedIdentity& b, const TokenFrequency& frequency) {
  return score(a, b) >= score_floor && meet(a, b, frequency);
}

}  // namespace

bool is_candidate(const IdentityView& a, const IdentityView& b, const TokenFrequency& frequency) {
  return is_candidate(PreparedIdentity(a), PreparedIdentity(b), frequency);
}

Treatment treatment(const IdentityView& a, const IdentityView& b, const TokenFrequency& frequency, bool near) {
  const PreparedIdentity x(a), y(b);
  const bool candidate = is_candidate(x, y, frequency);
  if (!candidate && !near) return Treatment::apart;
  if (veto(x, y)) return Treatment::veto;
  return candidate && rule(x, y) ? Treatment::rule : Treatment::model;
}

}  // namespace kg_batch::graph
