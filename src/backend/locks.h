// Advisory locks of a class that no SQL function can take (field 4 of the lock
// tag is 11 or more; SQL's have 1 or 2), so that no role can stop the system or
// keep a dead worker's claims by holding a number.

#pragma once

#include <cstdint>

namespace kg_batch::backend {

enum class LockClass : int {
  enqueue = 11,      // E: shared by every transaction that makes work, until its end
  coordinator = 12,  // held by the live coordinator of the database
  worker = 13,       // held by each live worker, by worker_id: its claims are its own
  graph = 14,        // one round, rebuild or merge at a time a graph
  home = 15,         // making a database one's own
  steering = 16,     // a job, by who pauses, resumes, cancels or retries it
  counting = 17,     // folding what is counted of jobs
};

enum class LockSpan { transaction, session };

// Session locks must be taken and released inside some transaction.
void lock_exclusive(LockClass lock, std::int64_t id, LockSpan span);
void lock_shared(LockClass lock, std::int64_t id, LockSpan span);
bool try_lock_exclusive(LockClass lock, std::int64_t id, LockSpan span);
void unlock_exclusive(LockClass lock, std::int64_t id);  // of the session

}  // namespace kg_batch::backend
