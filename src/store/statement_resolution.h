// Which statements of a graph are one node.
//
// Guarantees: statements are one when they are equal by what is derived here, over
// canonical kinds and roles and the nodes that take part, or when a model or a person
// says so of two in which the same take part. Nothing of it is in their keys, so it
// follows what joins and parts the participants, and what maps their words.
//
// In a transaction that holds the graph's lock, after things have their nodes.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "graph/mentions.h"

namespace kg_batch::store {

struct ResolvedStatements {
  std::int64_t made = 0;           // new nodes
  std::vector<std::string> freed;  // keys of those that lost their node on the way, and have it or another now
};

// Gives statements without a node theirs, those on statements after those they are
// on, and joins and parts what new evidence or a decision says. As resolve_things.
ResolvedStatements resolve_statements(std::int64_t graph_id, std::int64_t job_id, bool recompare = false);

// Statements that have other keys or kinds now lose their nodes, with all that are
// one node with them and with statements on those. Returns their keys.
std::vector<std::string> free_statements(std::int64_t graph_id, const std::vector<std::string>& keys);

// As that, of statements in which these take part.
std::vector<std::string> free_statements_with(std::int64_t graph_id, const std::set<graph::Key>& participants);

// After statements found their nodes again: former nodes that are left empty
// redirect.
void settle_statements(std::int64_t graph_id);

}  // namespace kg_batch::store
