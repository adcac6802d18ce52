#include "workers/worker_process.h"

#include <sys/resource.h>

#include <chrono>
#include <vector>

#include "backend/bridge.h"
#include "backend/extension.h"
#include "backend/locks.h"
#include "backend/log.h"
#include "backend/settings.h"
#include "backend/transaction.h"
#include "backend/wait.h"
#include "backend/wake.h"
#include "store/home.h"
#include "store/worker.h"

namespace kg_batch::workers {

using namespace backend;

namespace {

bool reloaded = false;

// Time that a worker spent is written with its counts, and less often when it counted nothing.
constexpr std::int64_t flush_counted_after_us = 10'000'000;
constexpr std::int64_t flush_uncounted_after_us = 300'000'000;

std::int64_t monotonic_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void leave_shared_memory(int, Datum) { remove_worker(MyProcPid); }

const char* kind_name(WorkerKind kind) {
  switch (kind) {
    case WorkerKind::launcher: return "launcher";
    case WorkerKind::coordinator: return "coordinator";
    case WorkerKind::batch_manager: return "batch manager";
    case WorkerKind::pipeline: return "pipeline";
  }
  return "";
}

// A connection a request in flight, a few files of the server's own.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = static_cast<rlim_t>(settings::requests_in_flight()) + 1'024;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? wanted : std::min(limit.rlim_max, wanted);
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

bool extension_comes_back() {
  Wait wait(nullptr);
  for (std::int64_t pause_ms = 10;; pause_ms = std::min<std::int64_t>(2 * pause_ms, 1'000)) {
    bool nothing_comes = false, fits = false;
    in_bare_transaction([&] {
      nothing_comes = try_lock_exclusive(LockClass::enqueue, 0, LockSpan::transaction);
      const auto extension = installed_extension();
      fits = extension && std::string_view(extension->version) == library_version;
      if (fits || !nothing_comes) return;
      give_up_registration();
      forget_coordinator(MyDatabaseId, MyProcPid);
    });
    if (fits || nothing_comes) return fits;
    wait.until_something(pause_ms);
  }
}

// A copy, or stopped? The first work of a database makes its home in the very
// transaction that calls the coordinator, and start() is such a one too: as long as
// somebody holds lock E, what is not there may yet come.
bool WorkerProcess::register_if_welcome(WorkerKind kind) {
  std::optional<Wait> wait;
  for (std::int64_t pause_ms = 0;; pause_ms = std::min<std::int64_t>(2 * pause_ms + 10, 1'000)) {
    if (pause_ms > 0) {
      if (!wait) wait.emplace(nullptr);
      wait->until_something(pause_ms);
    }
    bool welcome = false, nothing_comes = kind != WorkerKind::coordinator;
    const auto look = [&] {
      if (!nothing_comes && pause_ms > 0) nothing_comes = try_lock_exclusive(LockClass::enqueue, 0, LockSpan::transaction);
      welcome = store::look_at_home() == store::Home::ours && !store::is_stopped();
      if (!welcome && nothing_comes) give_up_registration();
      if (!welcome) return;
      worker_id_ = store::add_worker_row(kind_name(kind));
      lock_exclusive(LockClass::worker, worker_id_, LockSpan::session);
    };
    try {
      in_transaction(look);
    } catch (const Leave&) {
      if (kind != WorkerKind::coordinator || !extension_comes_back()) throw;
      continue;
    }
    if (welcome || nothing_comes) return welcome;
  }
}

bool WorkerProcess::begin(WorkerKind kind, unsigned int database, int coordinator_pid) {
  database_ = database;
  coordinator_pid_ = coordinator_pid;
  attach_shared_memory();
  if (!begin_session(database)) return false;
  if (!settings::enabled() || !register_if_welcome(kind)) return false;
  WorkerState state;
  state.pid = MyProcPid;
  state.database = database;
  state.kind = kind;
  state.worker_id = worker_id_;
  state.coordinator_pid = coordinator_pid;
  backend_call([] { before_shmem_exit(leave_shared_memory, Datum{0}); });
  if (!add_worker(state)) return false;
  raise_descriptor_limit();
  phase_since_us_ = flushed_us_ = monotonic_us();
  report_idle("");
  return true;
}

void WorkerProcess::end() {
  flush(0);
  in_transaction([&] { store::end_worker_row(worker_id_); });
}

bool WorkerProcess::go_on(int in_flight) {
  backend_call([] {
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending != 0) {
      ConfigReloadPending = 0;
      ProcessConfigFile(PGC_SIGHUP);
      reloaded = true;
    }
  });
  beat(MyProcPid, in_flight);
  if (monotonic_us() - flushed_us_ >= flush_counted_after_us) {
    try {
      flush_counts();
    } catch (const Error& error) {
      report(Level::warning, "kg_batch could not note what a worker did: " + error.message(), error.detail());
    }
  }
  if (!settings::enabled()) return false;
  return coordinator_pid_ == 0 || backend::coordinator_pid(database_) == coordinator_pid_;
}

void WorkerProcess::count(std::int64_t chunks_done, std::int64_t chunks_failed, std::int64_t requests, std::int64_t nodes,
                          std::int64_t edges) {
  chunks_done_ += chunks_done;
  chunks_failed_ += chunks_failed;
  requests_ += requests;
  nodes_ += nodes;
  edges_ += edges;
}

void WorkerProcess::enter(Phase phase) {
  const std::int64_t now = monotonic_us();
  spent_us_[static_cast<int>(phase_)] += now - phase_since_us_;
  phase_since_us_ = now;
  if (phase == phase_) return;
  phase_ = phase;
  enter_phase(MyProcPid, phase);
}

void WorkerProcess::flush_counts() { flush(flush_uncounted_after_us); }

void WorkerProcess::flush(std::int64_t uncounted_after_us) {
  const bool counted = chunks_done_ + chunks_failed_ + requests_ + nodes_ + edges_ > 0;
  const std::int64_t now = monotonic_us();
  const bool monitored = settings::enable_performance_monitoring();
  if (!counted && (!monitored || now - flushed_us_ < uncounted_after_us)) return;
  flushed_us_ = now;
  enter(phase_);
  std::vector<std::int64_t> spent_ms;
  for (std::int64_t& spent : spent_us_) {
    spent_ms.push_back(spent / 1000);
    spent %= 1000;
  }
  in_transaction([&] {
    do_not_wait_at_commit();
    if (counted) store::count_work(worker_id_, chunks_done_, chunks_failed_, requests_, nodes_, edges_);
    if (monitored) store::count_minute(worker_id_, chunks_done_, chunks_failed_, requests_, nodes_, edges_, spent_ms);
  });
  chunks_done_ = chunks_failed_ = requests_ = nodes_ = edges_ = 0;
}

void run_worker(const std::function<void()>& run) {
  entry_point([&] {
    backend_call([] {
      // `die` and no flag: a worker that waits for synchronous replication must
      // not hold up a fast shutdown.
      pqsignal(SIGTERM, die);
      pqsignal(SIGHUP, SignalHandlerForConfigReload);
      BackgroundWorkerUnblockSignals();
    });
    try {
      run();
    } catch (const Leave&) {
      // The extension is gone or of another version: nothing is left to do here.
    }
  });
  proc_exit(0);
}

std::int64_t backoff_after(int errors_in_a_row) {
  return std::min<std::int64_t>(60'000, 250LL << std::min(errors_in_a_row, 8));
}

bool configuration_was_reloaded() {
  const bool was = reloaded;
  reloaded = false;
  return was;
}

}  // namespace kg_batch::workers
