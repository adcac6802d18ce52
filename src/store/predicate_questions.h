// kg_predicate over the graph: which kinds and roles of statements are in a model's
// own words, what it is asked about them, and what comes of its answers.
//
// Guarantees: a word is asked about once for all statements that use it. What it
// stands for is a row of the graph and in no key, so conversations may come before
// or after it: the statements that use it lose their nodes when it changes and
// find them again.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kg_batch::store {

class InquirySort;

const InquirySort& predicate_questions();

// In a round, under the graph's lock: of statements without a node, the kinds and
// roles that no list has are noted. `job_id` pays for the question; 0: whoever works
// on the graph next.
void note_own_words(std::int64_t graph_id, std::int64_t job_id);

// In a round, under the graph's lock: statements that use a word which has come to
// stand for something else lose their nodes. Returns their keys.
std::vector<std::string> take_mappings(std::int64_t graph_id);

}  // namespace kg_batch::store
