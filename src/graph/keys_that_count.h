// Which keys count, once a person has said that some mentions of a thing are
// another thing: the split.
//
// The key that a chunk gave stays beside the one that counts. What is split off
// has a key of what it was split from and of the place by which it was; what stands
// on it, statements and what belongs to it, has a key of the given one and of what
// it stands on now. So without a split, or with it undone, every key is the given
// one, and equal places give equal keys whenever they are read.
//
// A pure function of the chunk's mentions and of the splits that count.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "graph/mentions.h"

namespace kg_batch::graph {

// A mention by what its key can depend on; `given` and `given_owner` as the chunk gave them.
struct GivenMention {
  int n = 0;
  bool is_statement = false;
  Key given{};
  std::string type, node_class, label, scope;
  bool named = false, participates = false;
  std::optional<Key> given_owner;
  std::optional<std::string> relation;
  std::set<int> facts;  // FactRow::n
};

struct GivenRole {
  int statement = 0, target = 0;  // MentionRow::n
  std::string role;
};

// What a person said, as it meets one chunk.
struct SplitHere {
  std::map<Key, Key> keys;  // from what it is split off, and its own
  bool everywhere = false;  // the whole chunk; else what cites one of `facts`
  std::set<int> facts;
};

struct KeysThatCount {
  std::map<int, Key> of_mention, of_owner;  // by n; owners where there is one
};

// Splits in the order in which they were said: each takes from what is left by
// those before it.
KeysThatCount keys_that_count(const std::vector<GivenMention>& mentions, const std::vector<GivenRole>& roles,
                              const std::vector<SplitHere>& splits);

// The key of what is split off; `places` are the conversation's key or those of
// the facts, in any order.
Key split_key(const Key& from, std::string_view by, std::set<std::string> places);

}  // namespace kg_batch::graph
