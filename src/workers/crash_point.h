// Named places at which a test lets the server crash: after each commit and each step
// on the network of the way of a question, from the queue to the answer that was read.
//
// Only the tests' build has them (make CRASH_POINTS=1). It looks for the file
// kg_batch_crash_points in the data directory, a name a line; a process that comes to a
// place of that name takes the line out and kills itself, whereupon the postmaster ends
// all others and starts anew. test/tap/crash_points.pl takes the names from the source.

#pragma once

#include <utility>

#include "backend/transaction.h"

namespace kg_batch::workers {

#ifdef KG_BATCH_CRASH_POINTS
void crash_point(const char* step, const char* where = "");  // its name is both, joined
#else
inline void crash_point(const char*, const char* = "") {}
#endif

// A transaction of its own, and the place after its commit.
template <typename Work>
void commit(const char* name, Work&& work) {
  backend::in_transaction(std::forward<Work>(work));
  crash_point(name);
}

}  // namespace kg_batch::workers
