// What a person says of one thing, statement or fact. Kept for ever; the later
// word beats the earlier, and each is undone by its id, in any order.
//
// Whom it holds for: a split for the keys that the node was made of, in that
// conversation (what comes later in it too) or in what cites those facts. A
// correction for every identity that the node was made of, so that it stays with
// each part when the node is taken apart, and goes along when it is joined with
// another; of all that are one node the latest word counts. A retraction for the
// one fact.
//
// In a transaction that holds the graph's lock; the graph is as it says when the
// functions return.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kg_batch::store {

struct SplitBy {
  std::optional<std::string> conversation;           // the user's key
  std::optional<std::vector<std::int64_t>> fact_ids;  // exactly one of the two
};

// Errors: an unknown node, conversation or fact, a statement, nothing of the node
// that stands there, all of it.
std::int64_t say_split(std::int64_t graph_id, std::int64_t node, const SplitBy& by, const std::string& reason, unsigned int role);

// Errors: an unknown fact, one that does not count already.
std::int64_t say_retracted(std::int64_t graph_id, std::int64_t fact_id, const std::string& reason, unsigned int role);

// Errors: an unknown node; a field that there is not, or not of such a node; a
// value that the field does not take.
std::int64_t say_corrected(std::int64_t graph_id, std::int64_t node, const std::string& field, const std::optional<std::string>& value,
                           const std::string& reason, unsigned int role);

// False when there is no such word. Errors: one that is undone already.
bool undo_word(std::int64_t graph_id, std::int64_t decision_id);

}  // namespace kg_batch::store
