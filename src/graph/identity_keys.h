// Identity keys of one chunk's things and statements.
//
// A key holds what the thing is called and how far the name reaches, never the
// answer's own ids or row ids: the same words in the same place give the same
// key in whatever order an answer lists them. What is unsure gets a key of its
// own: a duplicate can be joined later, a wrong join is believed.

#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "graph/evidence.h"
#include "graph/mentions.h"

namespace kg_batch::graph {

struct ThingIdentity {
  Key key{};
  std::string scope;         // as in MentionRow
  std::optional<Key> owner;  // identity of the thing that it belongs to
};

// By index into Reading::things. An `of` that leads back to its own thing is
// left out and rejected.
std::vector<ThingIdentity> identities_of_things(const std::vector<Thing>& things, const std::vector<Standing>& standings,
                                const Place& place, const KnownSentences& sentences, std::vector<Rejected>& rejected);

// How far a statement reaches besides what takes part in it: its day, for a dated
// Event; its segment, for an undated one and for what is of nobody who speaks or has
// a name; "" for what is the same wherever it is said.
std::string scope_of_statement(const Statement& statement, const Standing& standing, bool is_of_somebody,
                               const KnownSentences& sentences);

bool is_scoped_to_segment(std::string_view scope);

// The key of a statement by its roles and the keys they lead to,
// and by its scope.
Key key_of_statement(const Statement& statement, const Standing& standing,
                     const std::vector<std::pair<const RoleOf*, Key>>& roles, std::string_view scope);

// Whether the key of a thing that belongs to another holds that one's key, as that
// of "my mother" does and that of a dog called Rex does not.
bool is_told_by_owner(const Thing& thing, bool owner_speaks);

// The key of what stands on something that has another key now, without that which
// only the answer knew: two are equal if what the chunks gave was and what they
// stand on is. Of each role: the key that the chunk gave, and the one that counts.
Key key_that_follows(const Key& given, const std::set<std::tuple<std::string, Key, Key>>& stands_on);

}  // namespace kg_batch::graph
