// What the graph says already of what a chunk names (`use_known`): goes along with
// its question, so that only what is new comes back.
//
// Named is what a node is called, exactly, by label or alias, and who speaks. Of what
// is known of them at most 20 facts: those that speak of most of them first, then the
// latest. Looked up once a chunk and kept with it, so that the question stays what it
// was, however often it is built; what it comes to depends on what was in the graph
// then. Nothing for a chunk that is read again: what it says itself would count as
// known and be lost.

#pragma once

#include "store/chunk.h"

namespace kg_batch::store {

// Fills chunk.question.known and stores it; a chunk that was looked up is left alone.
void look_up_known(LoadedChunk& chunk);

}  // namespace kg_batch::store
