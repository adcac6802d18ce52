// What is not asked yet of a cancelled job is not asked any more.

#pragma once

#include <cstdint>

namespace kg_batch::store {

// Chunks, queue and ledger of what a job has waiting, in the order of ARCHITECTURE.md:
// before the job's own row, whoever withdraws.
void lock_what_waits(std::int64_t graph_id, std::int64_t job_id);

// All of it that nobody has in hand, locked before. What is answered already is paid
// for: it is read when it comes. A chunk waits for its request, so it goes with it, and
// one of another job that waited for the same answer asks for itself.
void withdraw_ready(std::int64_t graph_id, std::int64_t job_id);

// Of one cancelled job: what a worker had in hand then, and gave back since. False when
// no job has such a thing; a transaction a job.
bool withdraw_what_is_cancelled();

}  // namespace kg_batch::store
