// Keys made anew after an option of the graph was changed on which they depend.
//
// Guarantees: the graph is the one that had the option from the start, and nothing is
// read again for it: all keys are made again from the stored answers. Of a thing that has one
// other key now, ids, decisions and a person's words go with it; where it falls
// apart into several or becomes one with another, a model is asked about new pairs as
// it would have been, a correction holds for all parts, and what else a person said of it is not dropped
// silently: it is refused.
//
// In a transaction that holds the graph's lock, after the option was written. Errors:
// an answer is not stored any more; what was imported; words that could not hold; a
// question about the graph that is out.

#pragma once

#include <cstdint>
#include <string>

namespace kg_batch::store {

void make_keys_anew(std::int64_t graph_id, const std::string& graph);

}  // namespace kg_batch::store
