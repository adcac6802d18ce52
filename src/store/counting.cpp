#include "store/counting.h"

#include "backend/locks.h"
#include "backend/spi.h"

namespace kg_batch::store {

using backend::execute;
using backend::execute_generic;

namespace {

// A pass over so many is well under a second.
constexpr int most_at_once = 20'000;

}  // namespace

bool fold_counts() {
  if (!backend::try_lock_exclusive(backend::LockClass::counting, 0, backend::LockSpan::transaction)) return false;
  return execute("SELECT kg_batch_internal.fold_counts($1)", {most_at_once}).integer(0, 0) >= most_at_once;
}

void note_made(std::int64_t graph_id, std::int64_t job_id, std::int64_t nodes, std::int64_t edges) {
  execute_generic("INSERT INTO kg_batch_internal.job_made (graph_id, job_id, nodes, edges) VALUES ($1, $2, $3, $4)", {graph_id, job_id, nodes, edges});
}

void count_anew() { execute("SELECT kg_batch_internal.count_anew()"); }

void forget_counts(std::int64_t graph_id) {
  execute("DELETE FROM kg_batch_internal.job_count_change WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.conversation_change WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.conversation_count WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.job_count WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.job_made WHERE graph_id = $1", {graph_id});
}

}  // namespace kg_batch::store
