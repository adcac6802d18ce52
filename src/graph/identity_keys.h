// Identity keys of one chunk's things and statements.
//
// A key holds what the thing is called and how far the name reaches, never the
// answer's own ids or row ids: the same words in the same place give the same
// key in whatever order an answer lists them. What is unsure gets a key of its
// own: a duplicate can be joined later, a wrong join is believed.

#pragma once

#include <utility>
#include <vector>

#include "graph/evidence.h"
#include "graph/mentions.h"

namespace kg_batch::graph {

// By index into Reading::things. An `of` that leads back to its own thing is
// left out and rejected.
std::vector<Key> keys_of_things(const std::vector<Thing>& things, const std::vector<Standing>& standings,
                                const Place& place, const KnownSentences& sentences, std::vector<Rejected>& rejected);

// The key of a statement by its roles and the keys they lead to.
// `has_participant`: one of them leads to somebody who speaks.
Key key_of_statement(const Statement& statement, const Standing& standing,
                     const std::vector<std::pair<const RoleOf*, Key>>& roles, bool has_participant,
                     const KnownSentences& sentences);

}  // namespace kg_batch::graph
