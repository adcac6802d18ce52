#include "graph/joining.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "graph/prepared_identity.h"

namespace kg_batch::graph {
namespace {

using Index = std::size_t;
using Ends = std::pair<Index, Index>;  // lower first

struct Sided {
  Ends ends;
  DecidedPair pair;
};

// A total order on pairs, so that nothing depends on how they came.
auto rank(const Sided& sided) {
  const DecidedPair& pair = sided.pair;
  return std::tuple(-pair.confidence, pair.a, pair.b, pair.origin, pair.verdict, -pair.said);
}

class Component {
 public:
  Component(std::span<const IdentityView> identities, std::span<const DecidedPair> pairs) {
    std::vector<const IdentityView*> views;
    for (const IdentityView& identity : identities) views.push_back(&identity);
    std::sort(views.begin(), views.end(), [](const auto* x, const auto* y) { return x->key < y->key; });
    views.erase(std::unique(views.begin(), views.end(), [](const auto* x, const auto* y) { return x->key == y->key; }), views.end());
    members_.reserve(views.size());
    for (const IdentityView* view : views) members_.emplace_back(*view);
    group_.resize(views.size());
    std::iota(group_.begin(), group_.end(), Index{0});
    groups_.resize(views.size());
    for (Index i = 0; i < views.size(); ++i) groups_[i] = {i};
    sort_out(pairs);
  }

  Joined join() {
    hear_persons();
    for (const Sided& same : same_) consider(same);
    return result();
  }

 private:
  std::optional<Index> index_of(const Key& key) const {
    const auto found = std::lower_bound(members_.begin(), members_.end(), key,
                                        [](const PreparedIdentity& member, const Key& k) { return member.view->key < k; });
    if (found == members_.end() || found->view->key != key) return std::nullopt;
    return static_cast<Index>(found - members_.begin());
  }

  void sort_out(std::span<const DecidedPair> pairs) {
    for (DecidedPair pair : pairs) {
      std::optional<Index> a = index_of(pair.a), b = index_of(pair.b);
      if (!a || !b || a == b) continue;
      if (*b < *a) {
        std::swap(a, b);
        std::swap(pair.a, pair.b);
      }
      const Ends ends{*a, *b};
      if (pair.origin == Origin::person) {
        persons_.push_back({ends, pair});
      } else if (pair.verdict == Verdict::same) {
        same_.push_back({ends, pair});
      } else {
        different_[*a].insert(*b);
        different_[*b].insert(*a);
      }
    }
    std::sort(same_.begin(), same_.end(), [](const Sided& x, const Sided& y) { return rank(x) < rank(y); });
    // Said at one time, what keeps apart is heard first.
    std::sort(persons_.begin(), persons_.end(), [](const Sided& x, const Sided& y) {
      return std::tuple(-x.pair.said, x.pair.verdict != Verdict::different, x.ends) <
             std::tuple(-y.pair.said, y.pair.verdict != Verdict::different, y.ends);
    });
  }

  // The latest first, so each has to fit only what was said after it.
  void hear_persons() {
    for (const Sided& word : persons_) {
      const auto [a, b] = word.ends;
      if (word.pair.verdict == Verdict::different) {
        if (group_[a] != group_[b]) {
          kept_apart_[a].insert(b);
          kept_apart_[b].insert(a);
        }
        continue;
      }
      if (group_[a] == group_[b]) continue;
      if (const auto between = pair_between(kept_apart_, group_[a], group_[b])) {
        skip(word, "later word", *between);
      } else {
        unite(group_[a], group_[b]);
      }
    }
    for (const auto& [a, others] : kept_apart_) different_[a].insert(others.begin(), others.end());
  }

  void consider(const Sided& same) {
    const Index x = group_[same.ends.first], y = group_[same.ends.second];
    if (x == y) return;
    if (const auto between = pair_between(different_, x, y)) {
      skip(same, "different", *between);
    } else if (const auto vetoed = veto_between(x, y)) {
      skip(same, std::string(vetoed->second), vetoed->first);
    } else if (groups_[x].size() > large_group && groups_[y].size() > large_group && !have_two_between(x, y)) {
      skip(same, std::string(one_of_two_needed), same.ends);
    } else {
      unite(x, y);
    }
  }

  using Apart = std::map<Index, std::set<Index>>;

  // The lowest pair of the two groups that is kept apart.
  std::optional<Ends> pair_between(const Apart& apart, Index x, Index y) const {
    const std::vector<Index>& few = groups_[x].size() < groups_[y].size() ? groups_[x] : groups_[y];
    const Index other = &few == &groups_[x] ? y : x;
    std::optional<Ends> lowest;
    for (const Index member : few) {
      const auto found = apart.find(member);
      if (found == apart.end()) continue;
      for (const Index from : found->second) {
        if (group_[from] != other) continue;
        const Ends ends = std::minmax({member, from});
        if (!lowest || ends < *lowest) lowest = ends;
      }
    }
    return lowest;
  }

  std::optional<std::pair<Ends, std::string_view>> veto_between(Index x, Index y) const {
    std::optional<std::pair<Ends, std::string_view>> lowest;
    for (const Index a : groups_[x]) {
      for (const Index b : groups_[y]) {
        const Ends ends = std::minmax({a, b});
        if (lowest && lowest->first < ends) continue;
        if (const auto name = veto(members_[ends.first], members_[ends.second])) lowest = {ends, *name};
      }
    }
    return lowest;
  }

  // Two `same` between the groups that do not stand on one identity.
  bool have_two_between(Index x, Index y) const {
    std::vector<Ends> between;
    for (const Sided& same : same_) {
      const Index of_a = group_[same.ends.first], of_b = group_[same.ends.second];
      if ((of_a == x && of_b == y) || (of_a == y && of_b == x)) between.push_back(same.ends);
    }
    return std::any_of(between.begin(), between.end(), [&](const Ends& p) {
      return std::any_of(between.begin(), between.end(), [&](const Ends& q) {
        return p.first != q.first && p.first != q.second && p.second != q.first && p.second != q.second;
      });
    });
  }

  void unite(Index x, Index y) {
    const auto [into, from] = std::minmax({x, y});
    for (const Index member : groups_[from]) group_[member] = into;
    groups_[into].insert(groups_[into].end(), groups_[from].begin(), groups_[from].end());
    groups_[from].clear();
  }

  void skip(const Sided& sided, std::string reason, Ends between) {
    skipped_.push_back({sided, std::move(reason), between});
  }

  Joined result() {
    Joined joined;
    for (std::vector<Index>& group : groups_) {
      if (group.empty()) continue;
      std::sort(group.begin(), group.end());
      std::vector<Key>& keys = joined.groups.emplace_back();
      for (const Index member : group) keys.push_back(members_[member].view->key);
    }
    std::sort(joined.groups.begin(), joined.groups.end());
    std::sort(skipped_.begin(), skipped_.end(), [](const Skipped& x, const Skipped& y) {
      return std::tuple(x.sided.ends, rank(x.sided)) < std::tuple(y.sided.ends, rank(y.sided));
    });
    for (const Skipped& skipped : skipped_) {
      if (group_[skipped.sided.ends.first] == group_[skipped.sided.ends.second]) continue;
      joined.skipped.push_back({skipped.sided.pair, skipped.reason, members_[skipped.between.first].view->key,
                                members_[skipped.between.second].view->key});
    }
    return joined;
  }

  struct Skipped {
    Sided sided;
    std::string reason;
    Ends between;
  };

  std::vector<PreparedIdentity> members_;    // by key
  std::vector<Index> group_;                 // of each member: its lowest
  std::vector<std::vector<Index>> groups_;   // by that
  std::vector<Sided> persons_, same_;
  Apart different_, kept_apart_;             // by anybody; by persons
  std::vector<Skipped> skipped_;
};

}  // namespace

Joined join(std::span<const IdentityView> identities, std::span<const DecidedPair> pairs) {
  return Component(identities, pairs).join();
}

}  // namespace kg_batch::graph
