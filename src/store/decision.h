// What a person says of two nodes, and taking it back. A person's word is kept for
// ever, beats rules, vetoes and models, and the later one beats the earlier.
//
// In a transaction that holds the graph's lock; the graph is as it says when the
// functions return.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kg_batch::store {

// Nodes by id, old ids too. Errors: an unknown node, a statement, two that are
// one already. Returns the decision's id.
std::int64_t say_same(std::int64_t graph_id, std::int64_t node_a, std::int64_t node_b, const std::string& reason, unsigned int role);

// Errors: as above; two that are one have to be parted by their identities.
std::int64_t say_different(std::int64_t graph_id, std::int64_t node_a, std::int64_t node_b, const std::string& reason, unsigned int role);

// Takes these identities out of a node. Errors: one that is not the node's, none,
// all. Returns the decisions, one for each identity that is taken out.
std::vector<std::int64_t> say_apart(std::int64_t graph_id, std::int64_t node, const std::vector<std::int64_t>& identity_ids,
                                    const std::string& reason, unsigned int role);

// A person's decision no longer counts. Errors: an unknown one, a model's, one
// that is undone already.
void undo_decision(std::int64_t graph_id, std::int64_t decision_id);

}  // namespace kg_batch::store
