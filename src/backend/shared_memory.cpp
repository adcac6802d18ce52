#include "backend/bridge.h"
#include "backend/shared_memory.h"

#include <atomic>

namespace kg_batch::backend {

namespace {

struct DatabaseSlot {
  Oid database;
  int coordinator_pid;
  bool wanted;
  bool comes_back;  // one began and has not left for good
  bool blocked;
  std::int64_t registration;     // the moment it was made, which no other has; 0: none
  std::int64_t registration_us;  // its last sign of life
  ProbeState probe;
};

struct Shared {
  slock_t mutex;
  LWLock registering;
  int launcher_pid;
  std::int64_t worker_ended_us;
  DatabaseSlot databases[most_databases];
  WorkerState workers[most_workers];
  openai::RateBudget batch, direct;
};

Shared* shared = nullptr;
// A statement is noted often: without the lock, by the only one who writes there.
WorkerState* own_slot = nullptr;

// The lock is held for a pass over a short array and nothing that can raise.
class Locked {
 public:
  Locked() { SpinLockAcquire(&shared->mutex); }
  ~Locked() { SpinLockRelease(&shared->mutex); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
};

std::int64_t monotonic_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool is_believed(const DatabaseSlot& slot) {
  return slot.registration != 0 && monotonic_us() - slot.registration_us < registration_believed_us;
}

DatabaseSlot* find_slot(Oid database, bool make) {
  DatabaseSlot* empty = nullptr;
  for (auto& slot : shared->databases) {
    if (slot.database == database) return &slot;
    const bool unused = slot.database == InvalidOid || (slot.coordinator_pid == 0 && !slot.wanted && !slot.comes_back && !slot.blocked && !is_believed(slot));
    if (empty == nullptr && unused) empty = &slot;
  }
  if (!make || empty == nullptr) return nullptr;
  *empty = DatabaseSlot{};
  empty->database = database;
  return empty;
}

std::int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

void request_shared_memory() { RequestAddinShmemSpace(MAXALIGN(sizeof(Shared))); }

void attach_shared_memory() {
  if (shared != nullptr) return;
  backend_call([] {
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    bool found = false;
    Shared* const memory = static_cast<Shared*>(ShmemInitStruct("kg_batch", sizeof(Shared), &found));
    if (!found) {
      std::memset(static_cast<void*>(memory), 0, sizeof *memory);
      SpinLockInit(&memory->mutex);
      LWLockInitialize(&memory->registering, LWLockNewTrancheId());
      memory->batch = openai::RateBudget{};
      memory->direct = openai::RateBudget{};
    }
    LWLockRelease(AddinShmemInitLock);
    LWLockRegisterTranche(memory->registering.tranche, "kg_batch");
    shared = memory;
  });
}

void set_launcher(int pid) {
  Locked locked;
  shared->launcher_pid = pid;
}

int launcher_pid() {
  Locked locked;
  return shared->launcher_pid;
}

void set_coordinator(unsigned int database, int pid) {
  Locked locked;
  DatabaseSlot* const slot = find_slot(database, true);
  if (slot == nullptr) return;
  slot->coordinator_pid = pid;
}

void forget_coordinator(unsigned int database, int pid) {
  Locked locked;
  DatabaseSlot* const slot = find_slot(database, false);
  if (slot != nullptr && slot->coordinator_pid == pid) slot->coordinator_pid = 0;
}

void set_coordinator_left(unsigned int database, bool left) {
  Locked locked;
  DatabaseSlot* const slot = find_slot(database, !left);
  if (slot != nullptr) slot->comes_back = !left;
}

int coordinator_pid(unsigned int database) {
  Locked locked;
  const DatabaseSlot* const slot = find_slot(database, false);
  return slot == nullptr ? 0 : slot->coordinator_pid;
}

bool want_coordinator(unsigned int database) {
  Locked locked;
  DatabaseSlot* const slot = find_slot(database, true);
  if (slot == nullptr) return false;
  slot->wanted = true;
  return true;
}

std::vector<unsigned int> take_wanted() {
  unsigned int wanted[most_databases];
  int count = 0;
  {
    Locked locked;
    for (auto& slot : shared->databases) {
      if (!slot.wanted || slot.blocked) continue;
      slot.wanted = false;
      wanted[count++] = slot.database;
    }
  }
  return {wanted, wanted + count};
}

bool coordinator_left(unsigned int database) {
  Locked locked;
  const DatabaseSlot* const slot = find_slot(database, false);
  return slot == nullptr || !slot->comes_back;
}

void block_database(unsigned int database, bool blocked) {
  Locked locked;
  DatabaseSlot* const slot = find_slot(database, blocked);
  if (slot != nullptr) slot->blocked = blocked;
}

bool is_blocked(unsigned int database) {
  Locked locked;
  const DatabaseSlot* const slot = find_slot(database, false);
  return slot != nullptr && slot->blocked;
}

void lock_registrations() {
  backend_call([] { (void)LWLockAcquire(&shared->registering, LW_EXCLUSIVE); });
}

void unlock_registrations() {
  backend_call([] { LWLockRelease(&shared->registering); });
}

bool coordinator_is_registered(unsigned int database) {
  Locked locked;
  const DatabaseSlot* const slot = find_slot(database, false);
  return slot != nullptr && is_believed(*slot);
}

std::int64_t new_registration(unsigned int database) {
  const std::int64_t now = monotonic_us();
  Locked locked;
  DatabaseSlot* const slot = find_slot(database, true);
  if (slot == nullptr) return 0;
  slot->registration = slot->registration_us = now;
  return now;
}

void keep_registration(unsigned int database, std::int64_t id) {
  if (id == 0) return;
  const std::int64_t now = monotonic_us();
  Locked locked;
  DatabaseSlot* const slot = find_slot(database, true);
  // After a crash of the server the postmaster still has it, shared memory not.
  if (slot == nullptr || (slot->registration != id && is_believed(*slot))) return;
  slot->registration = id;
  slot->registration_us = now;
}

void drop_registration(unsigned int database, std::int64_t id) {
  Locked locked;
  DatabaseSlot* const slot = find_slot(database, false);
  if (slot != nullptr && slot->registration == id) slot->registration = 0;
}

bool add_worker(const WorkerState& worker) {
  Locked locked;
  for (auto& slot : shared->workers) {
    if (slot.pid != 0) continue;
    slot = worker;
    slot.beat_us = slot.phase_since_us = wall_us();
    own_slot = &slot;
    return true;
  }
  return false;
}

void remove_worker(int pid) {
  const std::int64_t now = monotonic_us();
  Locked locked;
  shared->worker_ended_us = now;
  own_slot = nullptr;
  for (auto& slot : shared->workers)
    if (slot.pid == pid) slot = WorkerState{};
}

bool worker_ended_lately() {
  const std::int64_t now = monotonic_us();
  Locked locked;
  return shared->worker_ended_us != 0 && now - shared->worker_ended_us < 1'000'000;
}

void beat(int pid, int in_flight) {
  const std::int64_t now = wall_us();
  Locked locked;
  for (auto& slot : shared->workers)
    if (slot.pid == pid) {
      slot.beat_us = now;
      slot.rests_until_us = 0;
      slot.in_flight = in_flight;
    }
}

void rest(int pid, std::int64_t at_most_ms) {
  const std::int64_t until = wall_us() + 1'000 * at_most_ms;
  Locked locked;
  for (auto& slot : shared->workers)
    if (slot.pid == pid) slot.rests_until_us = until;
}

void enter_phase(int pid, Phase phase) {
  const std::int64_t now = wall_us();
  Locked locked;
  for (auto& slot : shared->workers)
    if (slot.pid == pid) {
      slot.phase = phase;
      slot.phase_since_us = now;
    }
}

void note_statement(bool runs) {
  if (own_slot == nullptr) return;
  // The time of a statement is no silence.
  if (!runs) std::atomic_ref(own_slot->beat_us).store(wall_us(), std::memory_order_relaxed);
  std::atomic_ref(own_slot->in_statement).store(runs, std::memory_order_release);
}

bool hangs(const WorkerState& worker) {
  return worker.beat_us != 0 && !worker.in_statement && wall_us() - std::max(worker.beat_us, worker.rests_until_us) >= hung_after_us;
}

std::vector<WorkerState> workers(unsigned int database) {
  std::vector<WorkerState> found;
  found.reserve(most_workers);  // nothing allocates under the lock
  Locked locked;
  for (const auto& slot : shared->workers)
    if (slot.pid != 0 && (database == 0 || slot.database == database)) found.push_back(slot);
  return found;
}

void set_rate_limits(Pool pool, std::int64_t requests_per_minute, std::int64_t tokens_per_minute) {
  Locked locked;
  openai::set_limits(pool == Pool::batch ? shared->batch : shared->direct, requests_per_minute, tokens_per_minute);
}

std::int64_t take_rate(Pool pool, std::int64_t tokens) {
  const std::int64_t now = monotonic_us();
  Locked locked;
  return openai::take(pool == Pool::batch ? shared->batch : shared->direct, tokens, now);
}

void learn_rate(Pool pool, long status, const std::map<std::string, std::string>& headers, std::int64_t retry_after_ms) {
  const std::int64_t now = monotonic_us();
  openai::RateBudget budget;
  // Reading headers allocates: done on a copy outside the lock. Two that learn
  // at once may lose the earlier word; the next answer repeats it.
  {
    Locked locked;
    budget = pool == Pool::batch ? shared->batch : shared->direct;
  }
  openai::learn(budget, status, headers, retry_after_ms, now);
  Locked locked;
  (pool == Pool::batch ? shared->batch : shared->direct) = budget;
}

void set_probe(unsigned int database, const ProbeState& probe) {
  Locked locked;
  DatabaseSlot* const slot = find_slot(database, false);
  if (slot != nullptr) slot->probe = probe;
}

ProbeState probe(unsigned int database) {
  Locked locked;
  const DatabaseSlot* const slot = find_slot(database, false);
  return slot == nullptr ? ProbeState{} : slot->probe;
}

void wake(int pid) {
  if (pid == 0) return;
  PGPROC* const proc = backend_proc(pid);
  if (proc != nullptr) SetLatch(&proc->procLatch);
}

}  // namespace kg_batch::backend
