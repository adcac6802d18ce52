// The coordinator of a database: supervises, recovers, wakes, samples.
//
// What it survives, and how:
//   many ask for it at once        they register one (backend/wake)
//   two are started all the same   one gets the coordinator's lock, the other leaves with exit code 0
//   work is enqueued while it leaves   it leaves only while it holds lock E exclusively, after a fresh look
//   a prepared transaction made work   E is held until COMMIT PREPARED, which wakes nobody: it stays, on a timer
//   somebody holds the row of a job that has ended   it stays, on a timer, until it can say so
//   a child dies                   the postmaster says so; its lock is free, its claims become ready at once
//   a child hangs                  no sign of life for 60 s: SIGTERM
//   it dies itself                 its children see that it is gone and leave; launcher or postmaster start it again
//   the extension or database goes it leaves with exit code 0
//   the database is a copy         it does nothing and leaves
// It does nothing that takes long: cutting, reading and folding are work that pipelines claim.

#include "backend/bridge.h"
#include "backend/locks.h"
#include "backend/log.h"
#include "backend/settings.h"
#include "backend/shared_memory.h"
#include "backend/spi.h"
#include "backend/transaction.h"
#include "backend/wait.h"
#include "backend/wake.h"
#include "store/counting.h"
#include "store/follow.h"
#include "store/home.h"
#include "store/job.h"
#include "store/queue.h"
#include "store/request.h"
#include "store/withdrawing.h"
#include "store/worker.h"
#include "workers/crash_point.h"
#include "workers/worker_process.h"

namespace kg_batch::workers {

using namespace backend;

namespace {

constexpr std::int64_t sample_every_ms = 5'000;
constexpr int most_folds = 10;  // in a row, of what is noted of the counts: everything else waits meanwhile
constexpr std::int64_t sum_up_every_ms = 60'000;
// Nothing moves, and whoever changes that wakes us: looks come twice as late each
// time. COMMIT PREPARED wakes nobody.
constexpr std::int64_t first_quiet_pause_ms = 250, most_quiet_pause_ms = 300'000, most_with_prepared_ms = 60'000;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Child {
  void* handle = nullptr;
  std::int64_t started_ms = 0;
};

// Died early again and again: waits longer each time.
struct Backoff {
  int failures = 0;
  std::int64_t not_before_ms = 0;
  void note_end(std::int64_t lived_ms) {
    failures = lived_ms < 1'000 ? failures + 1 : 0;
    not_before_ms = now_ms() + (failures == 0 ? 0 : backoff_after(failures));
  }
};

// Exit code 0 is for good; whoever ends with another is started again.
void note_end(int code, Datum database) {
  if (code == 0) set_coordinator_left(DatumGetObjectId(database), true);
}

void leave_database_slot(int code, Datum) {
  if (code != 0) keep_registration();  // before its pid is gone: nobody is to find neither
  forget_coordinator(MyDatabaseId, MyProcPid);
  // Children that sleep see that it is gone.
  for (const WorkerState& worker : backend::workers(MyDatabaseId))
    if (worker.coordinator_pid == MyProcPid) wake(worker.pid);
  // The launcher that started it is told of its end by the postmaster; one that was
  // itself started again since is not.
  const int launcher = launcher_pid();
  if (code != 0 && launcher != 0 && want_coordinator(MyDatabaseId)) wake(launcher);
}

class Coordinator {
 public:
  Coordinator() : wait_(nullptr) {}

  void run(WorkerProcess& process) {
    int errors = 0;
    bool first = true;
    worker_id_ = process.worker_id();
    while (process.go_on(0)) {
      std::int64_t pause_ms = 1'000;
      try {
        if (first) recover();
        first = false;
        reap();
        end_hung();
        pause_ms = look_after_work();
        errors = 0;
        if (pause_ms < 0) {
          if (leave_if_nothing_comes()) break;
          pause_ms = idle_pause_ms_;
          idle_pause_ms_ = std::min<std::int64_t>(idle_pause_ms_ * 2, 60'000);
        } else {
          idle_pause_ms_ = 100;
        }
      } catch (const Leave&) {
        if (!extension_comes_back()) throw;
        continue;
      } catch (const Error& error) {
        report(Level::warning, "kg_batch coordinator: " + error.message(), error.detail(), error.hint());
        pause_ms = backoff_after(++errors);
      }
      report_idle("supervising");
      rest(MyProcPid, pause_ms);
      woken_ = wait_.until_something(pause_ms);
    }
    let_children_go();
    process.end();
  }

 private:
  // A new coordinator finds what the one before left: claims of the dead, and,
  // after a restore, an empty queue.
  void recover() {
    free_claims_of_the_dead();
    in_transaction([] {
      const store::Backlog backlog = store::backlog();
      if (backlog.claimable + backlog.to_send + backlog.claimed == 0) store::refill_ready();
    });
  }

  void free_claims_of_the_dead() {
    std::vector<std::int64_t> ids;
    in_transaction([&] { ids = store::claiming_workers(); });
    bool freed_some = false;
    for (const std::int64_t id : ids) {
      if (id == worker_id_) continue;  // a lock of one's own is always to be had
      commit("claims freed", [&] {
        if (!try_lock_exclusive(LockClass::worker, id, LockSpan::transaction)) return;
        const int freed = store::free_claims(id);
        freed_some = freed_some || freed > 0;
        if (freed > 0) report(Level::log, "kg_batch freed " + std::to_string(freed) + " claims of worker " + std::to_string(id) + ", which ended");
      });
    }
    // Not in the same transaction: what is withdrawn is locked in another order.
    if (freed_some) withdraw_what_is_cancelled();
  }

  void withdraw_what_is_cancelled() {
    for (bool more = true; more;) in_transaction([&] { more = store::withdraw_what_is_cancelled(); });
  }

  void reap() {
    bool somebody_ended = false;
    auto ended = [&](Child& child, Backoff& backoff) {
      if (child.handle == nullptr || is_running(child.handle)) return;
      backoff.note_end(now_ms() - child.started_ms);
      child.handle = nullptr;
      somebody_ended = true;
    };
    ended(batch_manager_, batch_manager_backoff_);
    for (Child& child : pipelines_) ended(child, pipeline_backoff_);
    std::erase_if(pipelines_, [](const Child& child) { return child.handle == nullptr; });
    if (somebody_ended) free_claims_of_the_dead();
  }

  void end_hung() {
    for (const WorkerState& worker : backend::workers(MyDatabaseId)) {
      if (worker.pid == MyProcPid || !hangs(worker)) continue;
      if (hung_.insert(worker.worker_id).second)
        report(Level::warning, "kg_batch worker " + std::to_string(worker.worker_id) + " with pid " + std::to_string(worker.pid) +
                                   " gave no sign of life for a minute and is ended");
      kill(worker.pid, SIGTERM);
    }
  }

  // Returns how long to wait, or -1 when there is nothing to do.
  std::int64_t look_after_work() {
    store::Backlog backlog;
    std::vector<store::JobChange> changes;
    bool welcome = true, much_is_counted = false;
    job_is_held_ = false;
    commit("jobs advanced", [&] {
      welcome = !store::is_stopped() && store::look_at_home() == store::Home::ours;
      if (!welcome) return;
      store::settle_due();
      store::put_up_followed();
      changes = store::advance_jobs();
      backlog = store::backlog();
      if (settings::retention_s() >= 0) store::cut_old_answers(settings::retention_s(), 1'000);
      much_is_counted = store::fold_counts();
      if (settings::enable_progress_tracking() && now_ms() - sampled_ms_ >= sample_every_ms) {
        store::sample_progress();
        sampled_ms_ = now_ms();
      }
      if (settings::enable_performance_monitoring() && now_ms() - summed_up_ms_ >= sum_up_every_ms) {
        store::sum_up_minutes();
        summed_up_ms_ = now_ms();
      }
      // What else there was is found again by the next one that looks.
      if (changes.empty()) do_not_wait_at_commit();
    });
    tell(changes);
    for (int more = 0; much_is_counted && more < most_folds; ++more) in_transaction([&] { much_is_counted = store::fold_counts(); });
    // Nobody has anything in hand, and nobody takes what is there.
    if (backlog.claimable + backlog.to_send > 0 && backlog.claimed == 0) withdraw_what_is_cancelled();
    if (!welcome) {
      end_children();
      return -1;
    }
    if (backlog.to_send > 0 || backlog.open_batches > 0) start_batch_manager();
    const std::int64_t wanted = backlog.claimable + (backlog.claimed > 0 ? 1 : 0);
    while (backlog.claimable > 0 && static_cast<std::int64_t>(pipelines_.size()) < wanted && start_pipeline()) {
    }
    wake_idle_workers(backlog);
    const bool something = backlog.claimable + backlog.to_send + backlog.claimed + backlog.open_batches + backlog.settling > 0 ||
                           backlog.next_due_ms.has_value();
    if (!something) {
      // Ending a job takes its row, and whoever refers to it has that for a moment. Left
      // now, it would be running until somebody hands something in.
      in_transaction([&] { job_is_held_ = store::some_job_is_held(); });
      return -1;
    }
    const bool moving = backlog.claimable + backlog.claimed + backlog.to_send > 0;
    if (moving || woken_ || !changes.empty()) quiet_pause_ms_ = first_quiet_pause_ms;
    std::int64_t pause = quiet_pause_ms_;
    const std::int64_t most = transactions_may_be_prepared() ? most_with_prepared_ms : most_quiet_pause_ms;
    if (!moving) quiet_pause_ms_ = std::min(2 * quiet_pause_ms_, most);
    if (backlog.next_due_ms) pause = std::clamp<std::int64_t>(*backlog.next_due_ms + 1, 10, pause);
    return pause;
  }

  void wake_idle_workers(const store::Backlog& backlog) {
    for (const WorkerState& worker : backend::workers(MyDatabaseId)) {
      // What batches wait for by themselves, their manager knows.
      const bool for_it = (worker.kind == WorkerKind::pipeline && backlog.claimable > 0) ||
                          (worker.kind == WorkerKind::batch_manager && (backlog.to_send > 0 || (woken_ && backlog.open_batches > 0)));
      if (for_it) backend_call([&] { wake(worker.pid); });
    }
  }

  // After commit, in a transaction of its own: a notification that cannot be
  // sent must not take back what it reports.
  void tell(const std::vector<store::JobChange>& changes) {
    for (const auto& change : changes) {
      report(Level::log, "kg_batch job " + std::to_string(change.job_id) + " of graph \"" + change.graph + "\" is " + change.state +
                             (change.reason.empty() ? "" : ": " + change.reason));
      const std::string payload = "{\"job\":" + std::to_string(change.job_id) + ",\"state\":\"" + change.state + "\"}";
      commit("told", [&] { execute("SELECT pg_catalog.pg_notify('kg_batch', $1)", {payload}); });
    }
  }

  bool a_slot_is_ours() { return static_cast<int>(backend::workers(0).size()) < settings::max_workers(); }

  bool start_child(Child& child, Backoff& backoff, const char* function, const char* type) {
    if (now_ms() < backoff.not_before_ms || !a_slot_is_ours()) return false;
    void* handle = nullptr;
    if (!register_child(function, type, type, MyDatabaseId, &handle)) {
      if (worker_ended_lately()) {
        backoff.not_before_ms = now_ms() + 100;
        return false;
      }
      if (!complained_of_slots_)
        report(Level::warning, "kg_batch found no free background worker slot", "",
               "max_worker_processes might need to be increased; kg_batch goes on with what it has.");
      complained_of_slots_ = true;
      backoff.not_before_ms = now_ms() + 5'000;
      return false;
    }
    child.handle = handle;
    child.started_ms = now_ms();
    return true;
  }

  void start_batch_manager() {
    if (batch_manager_.handle == nullptr)
      start_child(batch_manager_, batch_manager_backoff_, "kg_batch_batch_manager_main", "kg_batch batch manager");
  }

  bool start_pipeline() {
    if (static_cast<int>(pipelines_.size()) >= settings::num_pipelines()) return false;
    // The last slot is the batch manager's: pipelines that take them all would keep it out.
    const std::size_t used = std::max(backend::workers(0).size(), 1 + pipelines_.size());
    if (!pipelines_.empty() && batch_manager_.handle == nullptr && static_cast<int>(used) + 1 >= settings::max_workers()) return false;
    Child child;
    if (!start_child(child, pipeline_backoff_, "kg_batch_pipeline_main", "kg_batch pipeline")) return false;
    pipelines_.push_back(child);
    return true;
  }

  // They see that their coordinator is gone and leave by themselves.
  void let_children_go() {
    forget_coordinator(MyDatabaseId, MyProcPid);
    for (const WorkerState& worker : backend::workers(MyDatabaseId)) backend_call([&] { wake(worker.pid); });
  }

  void end_children() {
    for (const WorkerState& worker : backend::workers(MyDatabaseId))
      if (worker.pid != MyProcPid) kill(worker.pid, SIGTERM);
  }

  // Nothing is ready, asked, out, or waiting. Whoever may be about to add
  // something holds E shared; holding it exclusively, a fresh look decides.
  bool leave_if_nothing_comes() {
    bool leaves = false;
    in_transaction([&] {
      if (!try_lock_exclusive(LockClass::enqueue, 0, LockSpan::session)) return;
      leaves = true;
    });
    if (!leaves) return false;
    const auto let_go = [] { in_bare_transaction([] { unlock_exclusive(LockClass::enqueue, 0); }); };
    try {
      if (look_after_work() >= 0 || job_is_held_) leaves = false;
    } catch (...) {
      let_go();
      throw;
    }
    if (leaves) {
      give_up_registration();
      forget_coordinator(MyDatabaseId, MyProcPid);
      in_bare_transaction([] { unlock_exclusive(LockClass::coordinator, 0); });
    }
    let_go();
    return leaves;
  }

  Wait wait_;
  std::int64_t worker_id_ = 0;
  Child batch_manager_;
  std::vector<Child> pipelines_;
  Backoff batch_manager_backoff_, pipeline_backoff_;
  std::int64_t sampled_ms_ = 0, summed_up_ms_ = 0;
  std::int64_t idle_pause_ms_ = 100, quiet_pause_ms_ = first_quiet_pause_ms;
  bool woken_ = true;  // not by the time alone
  bool complained_of_slots_ = false;
  bool job_is_held_ = false;  // nothing of it is open, and it could not be ended yet
  std::set<std::int64_t> hung_;  // workers that were told to end
};

// A worker whose database was dropped would fail to connect for ever, because
// connecting fails before it can leave for good: it looks for the directory first.
bool database_is_there(unsigned int database, unsigned int tablespace) {
  const std::string path = backend_call([&] {
    char* const name = GetDatabasePath(database, tablespace);
    return name;
  }) + std::string("/PG_VERSION");
  return access(path.c_str(), F_OK) == 0;
}

// True when this process is the one; false when another lives.
bool become_the_one(unsigned int database) {
  for (int tries = 0; tries < 200; ++tries) {
    bool got = false;
    in_bare_transaction([&] { got = try_lock_exclusive(LockClass::coordinator, 0, LockSpan::session); });
    if (got) return true;
    const int other = coordinator_pid(database);
    if (other != 0 && backend_call([&] { return backend_proc(other) != nullptr; })) return false;
    // One that is going has left shared memory but not yet its lock.
    backend_call([] { pg_usleep(10'000); });
  }
  throw Error(ERRCODE_LOCK_NOT_AVAILABLE, "another coordinator of this database does not end");
}

}  // namespace

}  // namespace kg_batch::workers

extern "C" {
PGDLLEXPORT void kg_batch_coordinator_main(Datum argument);

void kg_batch_coordinator_main(Datum argument) {
  using namespace kg_batch;
  using namespace kg_batch::backend;
  workers::run_worker([&] {
    const Oid database = DatumGetObjectId(argument);
    attach_shared_memory();
    set_coordinator_left(database, false);
    backend_call([&] { before_shmem_exit(workers::note_end, argument); });
    if (!workers::database_is_there(database, take_registration(database))) return;
    if (is_blocked(database)) return;
    workers::WorkerProcess process;
    if (!process.begin(WorkerKind::coordinator, database, 0)) return;
    if (!workers::become_the_one(database)) {
      process.end();
      return;
    }
    backend_call([] { before_shmem_exit(workers::leave_database_slot, Datum{0}); });
    set_coordinator(database, MyProcPid);
    auto* const coordinator = new workers::Coordinator();
    coordinator->run(process);
  });
}
}
