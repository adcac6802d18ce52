// Which things a round has to look at again.
//
// What is said of a pair of identities depends on both of them, on what they take
// part in, and for a few rules on third ones. So that it never matters in which order
// evidence came, whatever may change a verdict marks somebody from whom the round
// reaches the pair: both of its ends are reached from either.
//
// In a round, under the graph's lock.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kg_batch::store {

// What was known of these identities (keys) is no longer so: they, and all they
// were one node with.
void mark_unresolved(std::int64_t graph_id, const std::vector<std::string>& keys);

// Of chunks that were just folded: things that a statement brings together, which
// are one node or might be.
void mark_brought_together(std::int64_t graph_id, const std::vector<std::int64_t>& chunks);

// These statements (keys) come or go: all things that take part in them.
void mark_participants(std::int64_t graph_id, const std::vector<std::string>& statements);

// Names that words state are unique as long as no third thing has them: those who
// state the name of anything that is unresolved.
void mark_who_states_a_name(std::int64_t graph_id);

// Whom a name means depends on who takes part: names by which somebody is addressed
// in these conversations.
void mark_addressed(std::int64_t graph_id, const std::vector<std::int64_t>& conversations);

// The conversations of folded chunks, and those in which things (keys) occur.
std::vector<std::int64_t> conversations_of(std::int64_t graph_id, const std::vector<std::int64_t>& chunks);
std::vector<std::int64_t> conversations_with(std::int64_t graph_id, const std::vector<std::string>& keys);

}  // namespace kg_batch::store
