// What keeps two groups of identities apart, whatever a rule or a model may still
// say of one of their pairs: a pair that cannot be joined is no question to anybody.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/joining.h"
#include "graph/prepared_identity.h"

namespace kg_batch::graph {

class Barriers {
 public:
  // What was said: of it `different` counts.
  explicit Barriers(std::span<const DecidedPair> pairs);

  // "different", or the name of a veto between any two of them. The views have to
  // outlive this.
  std::optional<std::string> between(const std::vector<const IdentityView*>& x, const std::vector<const IdentityView*>& y);

 private:
  const PreparedIdentity& prepared(const IdentityView& identity);

  std::set<std::pair<Key, Key>> different_;
  std::map<Key, PreparedIdentity> prepared_;
};

}  // namespace kg_batch::graph
