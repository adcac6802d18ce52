#include "graph/keys_that_count.h"

#include <algorithm>
#include <tuple>

#include "graph/content_key.h"
#include "graph/identity_keys.h"

namespace kg_batch::graph {
namespace {

class Chunk {
 public:
  Chunk(const std::vector<GivenMention>& mentions, const std::vector<GivenRole>& roles, const std::vector<SplitHere>& splits)
      : splits_(splits) {
    for (const GivenMention& mention : mentions) {
      mentions_.emplace(mention.n, &mention);
      // Of several with one key the first stands for it.
      if (!mention.is_statement) {
        const auto [at, is_new] = by_given_.emplace(mention.given, mention.n);
        if (!is_new) at->second = std::min(at->second, mention.n);
      }
    }
    for (const GivenRole& role : roles) roles_[role.statement].push_back(&role);
  }

  KeysThatCount run() {
    for (const auto& [n, mention] : mentions_) count(n);
    return std::move(keys_);
  }

 private:
  Key count(int n) {
    const auto found = keys_.of_mention.find(n);
    if (found != keys_.of_mention.end()) return found->second;
    const GivenMention& mention = *mentions_.at(n);
    keys_.of_mention.emplace(n, mention.given);  // what stands on itself stands on its given key
    const Key key = mention.is_statement ? of_statement(mention) : of_thing(mention);
    keys_.of_mention[n] = key;
    return key;
  }

  Key of_thing(const GivenMention& thing) {
    Key key = thing.given;
    if (thing.given_owner) {
      const auto owner = by_given_.find(*thing.given_owner);
      const bool is_here = owner != by_given_.end() && owner->second != thing.n;
      const Key now = is_here ? count(owner->second) : *thing.given_owner;
      keys_.of_owner[thing.n] = now;
      if (now != *thing.given_owner && depends_on_owner(thing, mentions_.at(owner->second)->participates))
        key = key_that_follows(thing.given, {{"of", *thing.given_owner, now}});
    }
    for (const SplitHere& split : splits_) {
      const auto own = split.keys.find(key);
      if (own == split.keys.end()) continue;
      if (split.everywhere || std::any_of(thing.facts.begin(), thing.facts.end(), [&](int fact) { return split.facts.contains(fact); }))
        key = own->second;
    }
    return key;
  }

  Key of_statement(const GivenMention& statement) {
    std::set<std::tuple<std::string, Key, Key>> parts;
    bool changed = false;
    for (const GivenRole* const role : roles_[statement.n]) {
      const auto target = mentions_.find(role->target);
      if (target == mentions_.end()) continue;
      const Key now = count(role->target);
      changed = changed || now != target->second->given;
      parts.emplace(role->role, target->second->given, now);
    }
    return changed ? key_that_follows(statement.given, parts) : statement.given;
  }

  static bool depends_on_owner(const GivenMention& mention, bool owner_speaks) {
    // What one answer lists apart under one name is of its chunk alone.
    if (mention.scope.starts_with("same name\x1f") || mention.scope.starts_with("beside participant\x1f")) return false;
    Thing thing;
    thing.type = mention.type;
    thing.thing_class = mention.node_class;
    thing.label = mention.label;
    thing.named = mention.named;
    thing.relation = mention.relation;
    if (mention.participates) return false;
    return is_told_by_owner(thing, owner_speaks);
  }

  const std::vector<SplitHere>& splits_;
  std::map<int, const GivenMention*> mentions_;
  std::map<Key, int> by_given_;  // things
  std::map<int, std::vector<const GivenRole*>> roles_;
  KeysThatCount keys_;
};

}  // namespace

KeysThatCount keys_that_count(const std::vector<GivenMention>& mentions, const std::vector<GivenRole>& roles,
                              const std::vector<SplitHere>& splits) {
  return Chunk(mentions, roles, splits).run();
}

Key split_key(const Key& from, std::string_view by, std::set<std::string> places) {
  ContentKey key("split");
  key.add(from).add(by).add(std::to_string(places.size()));
  for (const std::string& place : places) key.add(place);
  return key.key();
}

}  // namespace kg_batch::graph
