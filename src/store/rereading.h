// Reading again what was read: with a newer prompt, another model or plan.
//
// A reading is a copy of a chunk, cut as it was, with the number of its reading and
// the chunk that was read first. It is asked, paid for, cancelled and tried again
// like any other chunk of its job. The newest reading counts whose chunks (an answer
// that was cut off by length makes two of one) are all folded; what older ones say
// rests (live_facts.h). So the old reading counts until the new one is in, and a
// new one that fails or is cancelled changes nothing.

#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kg_batch::store {

struct WhatToReread {
  std::optional<std::string> conversation;  // by its key
  std::optional<std::int64_t> job;          // which read it at any time
};

// Makes a job with these options that reads again, and returns its id; nothing
// where there is nothing to read. In a transaction that holds the graph's lock.
// Errors: an unknown conversation; options that say how conversations are cut.
std::optional<std::int64_t> reread(std::int64_t graph_id, const WhatToReread& what, const std::string& options_json, unsigned int made_by);

struct Readings {
  std::set<std::int64_t> several;  // of the chunks asked about, those that were read more than once
  std::set<std::int64_t> all;      // these, and all other folded readings of theirs
};
Readings readings_of(std::int64_t graph_id, const std::vector<std::int64_t>& chunks);

// What a person said of a fact was said of it in every reading that has it: the same
// words out of the same message.
void spread_words(std::int64_t graph_id, const std::vector<std::int64_t>& chunks);

}  // namespace kg_batch::store
