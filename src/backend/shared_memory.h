// One struct of fixed size that all processes of the server see: who runs where,
// when each worker last showed life, and the account's rate budgets. Nothing in
// it must survive a restart.
//
// Requested at preload; without preload made on first use, which PostgreSQL
// allows as long as some shared memory is spare.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "openai/rate_limit.h"

namespace kg_batch::backend {

inline constexpr int most_databases = 64;
inline constexpr int most_workers = 256;

enum class WorkerKind : int { launcher = 0, coordinator = 1, batch_manager = 2, pipeline = 3 };

// What a worker is at: for those who watch, and what its time is counted as.
enum class Phase : int { idle = 0, waiting = 1, cutting = 2, asking = 3, storing = 4, reading = 5, folding = 6, busy = 7 };
inline constexpr int phases = 8;

struct WorkerState {
  int pid = 0;
  unsigned int database = 0;
  WorkerKind kind = WorkerKind::pipeline;
  std::int64_t worker_id = 0;
  std::int64_t beat_us = 0;  // last sign of life, microseconds of the wall clock
  std::int64_t rests_until_us = 0;  // gives none before, unless it is woken; 0: is awake
  int in_flight = 0;         // requests
  int coordinator_pid = 0;   // who started it
  Phase phase = Phase::busy;
  std::int64_t phase_since_us = 0;
  bool in_statement = false;  // is PostgreSQL's to end, however long it takes
};

// No sign of life for so long, outside a statement: a worker that hangs.
inline constexpr std::int64_t hung_after_us = 60'000'000;

struct ProbeState {  // what the batch manager last learned of the API
  std::int64_t at_us = 0;
  int status = 0;  // HTTP status, 0 when it could not be reached
  char text[200] = {};
};

void request_shared_memory();  // from the shmem_request hook
void attach_shared_memory();   // idempotent; before anything below

// ---- launcher ----
void set_launcher(int pid);
int launcher_pid();  // 0 without one

// ---- coordinators ----
void set_coordinator(unsigned int database, int pid);
// Nothing when another one stands there: a successor may come before the one that
// leaves has ended its session.
void forget_coordinator(unsigned int database, int pid);
int coordinator_pid(unsigned int database);
// Notes that this database wants its coordinator; false when the table is full.
bool want_coordinator(unsigned int database);
std::vector<unsigned int> take_wanted();       // launcher: what was asked for since, cleared
// Whether the last one ended because it had nothing to do here (or could not have),
// so that nobody starts it again before work comes. One that begins has not.
void set_coordinator_left(unsigned int database, bool left);
bool coordinator_left(unsigned int database);
void block_database(unsigned int database, bool blocked);  // no new coordinator while it is dropped or copied
bool is_blocked(unsigned int database);

// ---- coordinators that clients registered with the postmaster ----
// From its registration until it leaves for good such a coordinator is there or
// comes, for the postmaster starts it again; a registration that showed no life
// for `registration_believed_us` is believed no more.
inline constexpr std::int64_t registration_believed_us = 20'000'000;
// One registers at a time. Held for no longer than that takes; an error frees it.
void lock_registrations();
void unlock_registrations();
bool coordinator_is_registered(unsigned int database);
std::int64_t new_registration(unsigned int database);                  // 0: the table is full
void keep_registration(unsigned int database, std::int64_t id);        // shows life
void drop_registration(unsigned int database, std::int64_t id);        // nothing when another one stands there

// ---- workers ----
// A slot of the server's share for this process; nothing when all are taken.
bool add_worker(const WorkerState& worker);
void remove_worker(int pid);
// One ended less than a second ago: the postmaster may still have its slot to free.
bool worker_ended_lately();
void beat(int pid, int in_flight);
void rest(int pid, std::int64_t at_most_ms);  // no beat before that is over, unless it is woken
void enter_phase(int pid, Phase phase);
void note_statement(bool runs);  // of this process; nothing when it is no worker
bool hangs(const WorkerState& worker);
std::vector<WorkerState> workers(unsigned int database);  // 0: of all databases

// ---- rate budgets of the API account ----
enum class Pool { batch, direct };
void set_rate_limits(Pool pool, std::int64_t requests_per_minute, std::int64_t tokens_per_minute);
std::int64_t take_rate(Pool pool, std::int64_t tokens);  // 0: go now; else microseconds to wait
void learn_rate(Pool pool, long status, const std::map<std::string, std::string>& headers, std::int64_t retry_after_ms);

void set_probe(unsigned int database, const ProbeState& probe);
ProbeState probe(unsigned int database);

void wake(int pid);  // sets the latch of a backend; nothing when it is gone

}  // namespace kg_batch::backend
