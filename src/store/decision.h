// What a person says of two nodes, and taking back what a person said. A person's
// word is kept for ever, beats rules, vetoes and models, and the later one beats
// the earlier. What is said of one thing or fact is in store/word.h.
//
// In a transaction that holds the graph's lock; the graph is as it says when the
// functions return. They return the decision's id, by which it is undone.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kg_batch::store {

struct NamedNode {
  std::int64_t node_id = 0;
  bool is_statement = false;
  std::string type, lowest_key;  // of its identities
};

// By id, an old one too. Errors: an unknown one.
NamedNode node_by_id(std::int64_t graph_id, std::int64_t asked);
// The same of a thing; `why` statements will not do.
NamedNode thing_by_id(std::int64_t graph_id, std::int64_t asked, const std::string& why, const std::string& hint);

// Errors: an unknown node, a statement, two that are one already.
std::int64_t say_same(std::int64_t graph_id, std::int64_t node_a, std::int64_t node_b, const std::string& reason, unsigned int role);

// Errors: as above; two that are one have to be parted by their identities.
std::int64_t say_different(std::int64_t graph_id, std::int64_t node_a, std::int64_t node_b, const std::string& reason, unsigned int role);

// Takes these identities out of a node. Errors: one that is not the node's, none, all.
std::int64_t say_apart(std::int64_t graph_id, std::int64_t node, const std::vector<std::int64_t>& identity_ids,
                       const std::string& reason, unsigned int role);

// What a person said, of whatever, no longer counts. Errors: an unknown id, a
// model's decision, one that is undone already.
void undo(std::int64_t graph_id, std::int64_t decision_id);

}  // namespace kg_batch::store
