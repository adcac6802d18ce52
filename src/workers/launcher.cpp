// The launcher: one per server, only when preloaded. Connected to no database.
//
// It finds databases that allow connections (no templates, no invalid ones),
// starts a coordinator in each in turn, a second apart, and starts again those
// that did not leave for good. One that finds no extension or no work leaves.
// Before a database is dropped, renamed, moved or copied the hook below ends its
// workers, so that these commands do not fail because of us.

#include "workers/launcher.h"

#include "backend/bridge.h"
#include "backend/log.h"
#include "backend/shared_memory.h"
#include "backend/wait.h"
#include "backend/wake.h"
#include "workers/worker_process.h"

namespace kg_batch::workers {

using namespace backend;

namespace {

struct Database {
  Oid oid;
  Oid tablespace;
};

struct Supervised {
  void* handle = nullptr;
  Oid tablespace = InvalidOid;
  int failures = 0;
  std::int64_t started_ms = 0;
  std::int64_t start_at_ms = 0;
  bool wanted = false;
};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<Database> connectable_databases() {
  constexpr int most = 1'000;
  static Database found[most];
  const int count = backend_call([&] {
    int n = 0;
    StartTransactionCommand();
    (void)GetTransactionSnapshot();
    const Relation relation = table_open(DatabaseRelationId, AccessShareLock);
    const TableScanDesc scan = table_beginscan_catalog(relation, 0, nullptr);
    HeapTuple tuple;
    while (n < most && HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection))) {
      const Form_pg_database row = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple));
      if (row->datistemplate || !row->datallowconn || row->datconnlimit < -1) continue;
      found[n++] = {row->oid, row->dattablespace};
    }
    table_endscan(scan);
    table_close(relation, AccessShareLock);
    CommitTransactionCommand();
    return n;
  });
  return {found, found + count};
}

void forget_launcher(int, Datum) { set_launcher(0); }

class Launcher {
 public:
  Launcher() : wait_(nullptr) {}

  [[noreturn]] void run() {
    std::int64_t next_start = now_ms();
    for (const Database& database : connectable_databases()) {
      Supervised& one = databases_[database.oid];
      one.tablespace = database.tablespace;
      one.wanted = true;
      one.start_at_ms = next_start;
      next_start += 1'000;
    }
    for (;;) {
      backend_call([] {
        CHECK_FOR_INTERRUPTS();
        if (ConfigReloadPending != 0) {
          ConfigReloadPending = 0;
          ProcessConfigFile(PGC_SIGHUP);
        }
      });
      note_wanted();
      reap();
      wait_.until_something(start_due());
    }
  }

 private:
  void note_wanted() {
    const std::vector<unsigned int> wanted = take_wanted();
    if (wanted.empty()) return;
    bool unknown = false;
    for (const unsigned int oid : wanted) unknown = unknown || !databases_.contains(oid);
    if (unknown)
      for (const Database& database : connectable_databases()) databases_[database.oid].tablespace = database.tablespace;
    for (const unsigned int oid : wanted) {
      Supervised& one = databases_[oid];
      one.wanted = true;
      one.start_at_ms = std::min(one.start_at_ms, now_ms() + (one.failures > 0 ? backoff_after(one.failures) : 0));
    }
  }

  void reap() {
    for (auto& [oid, one] : databases_) {
      if (one.handle == nullptr || is_running(one.handle)) continue;
      one.handle = nullptr;
      if (coordinator_left(oid)) {
        one.failures = 0;
        continue;
      }
      one.failures = now_ms() - one.started_ms < 10'000 ? one.failures + 1 : 1;
      one.wanted = true;
      one.start_at_ms = now_ms() + backoff_after(one.failures);
    }
  }

  // Starts whoever is due; milliseconds until the next is, -1 when nobody is waited for.
  std::int64_t start_due() {
    std::int64_t pause = -1;
    const auto not_later_than = [&pause](std::int64_t ms) { pause = pause < 0 ? ms : std::min(pause, ms); };
    for (auto& [oid, one] : databases_) {
      if (!one.wanted || one.handle != nullptr) continue;
      if (is_blocked(oid)) {
        not_later_than(60'000);
        continue;
      }
      const std::int64_t until = one.start_at_ms - now_ms();
      if (until > 0) {
        not_later_than(until);
        continue;
      }
      const Registered registered = register_coordinator(oid, one.tablespace, true, &one.handle);
      if (registered != Registered::no_slot) {
        one.wanted = false;
        one.started_ms = now_ms();
        complained_ = false;
        // A client's, made before there was a launcher: the postmaster looks after it.
        if (registered == Registered::before) one.handle = nullptr;
        continue;
      }
      one.handle = nullptr;
      one.start_at_ms = now_ms() + 5'000;
      not_later_than(5'000);
      if (!complained_)
        report(Level::warning, "kg_batch found no free background worker slot for a coordinator", "",
               "max_worker_processes might need to be increased.");
      complained_ = true;
    }
    return pause;
  }

  Wait wait_;
  std::map<Oid, Supervised> databases_;
  bool complained_ = false;
};

// ---- before a database is dropped, renamed, moved or copied ----

ProcessUtility_hook_type previous_utility = nullptr;

const char* database_that_must_be_free(const Node* statement) {
  switch (nodeTag(statement)) {
    case T_DropdbStmt: return reinterpret_cast<const DropdbStmt*>(statement)->dbname;
    case T_RenameStmt: {
      const auto* const rename = reinterpret_cast<const RenameStmt*>(statement);
      return rename->renameType == OBJECT_DATABASE ? rename->subname : nullptr;
    }
    case T_AlterDatabaseStmt: {
      const auto* const alter = reinterpret_cast<const AlterDatabaseStmt*>(statement);
      ListCell* cell;
      foreach (cell, alter->options)
        if (std::strcmp(static_cast<DefElem*>(lfirst(cell))->defname, "tablespace") == 0) return alter->dbname;
      return nullptr;
    }
    case T_CreatedbStmt: {
      const auto* const create = reinterpret_cast<const CreatedbStmt*>(statement);
      ListCell* cell;
      foreach (cell, create->options) {
        DefElem* const option = static_cast<DefElem*>(lfirst(cell));
        if (std::strcmp(option->defname, "template") == 0 && option->arg != nullptr) return defGetString(option);
      }
      return nullptr;
    }
    default: return nullptr;
  }
}

bool any_worker_of(Oid database) {
  for (const WorkerState& worker : backend::workers(database))
    if (backend_proc(worker.pid) != nullptr) return true;
  return false;
}

// Whoever may not do what they ask for must not end anybody's workers by asking.
bool may_have_it(Oid database, const Node* statement) {
#if PG_VERSION_NUM >= 160000
  const bool owner = object_ownercheck(DatabaseRelationId, database, GetUserId());
#else
  const bool owner = pg_database_ownercheck(database, GetUserId());
#endif
  return owner || (nodeTag(statement) == T_CreatedbStmt && superuser());
}

void end_workers_of(Oid database) {
  block_database(database, true);
  for (int tries = 0; tries < 500 && any_worker_of(database); ++tries) {
    for (const WorkerState& worker : backend::workers(database)) kill(worker.pid, SIGTERM);
    pg_usleep(10'000);
    CHECK_FOR_INTERRUPTS();
  }
}

void free_workers_before(PlannedStmt* planned, const char* query, bool read_only_tree, ProcessUtilityContext context, ParamListInfo params,
                         QueryEnvironment* environment, DestReceiver* receiver, QueryCompletion* completion) {
  const auto go_on = [&] {
    if (previous_utility != nullptr)
      previous_utility(planned, query, read_only_tree, context, params, environment, receiver, completion);
    else
      standard_ProcessUtility(planned, query, read_only_tree, context, params, environment, receiver, completion);
  };
  const char* const name = planned->utilityStmt == nullptr ? nullptr : database_that_must_be_free(planned->utilityStmt);
  const Oid database = name == nullptr ? InvalidOid : get_database_oid(name, true);
  if (!OidIsValid(database) || !may_have_it(database, planned->utilityStmt)) {
    go_on();
    return;
  }
  entry_point([&] {
    attach_shared_memory();
    backend_call([&] { end_workers_of(database); });
    try {
      backend_call(go_on);
    } catch (...) {
      block_database(database, false);
      (void)want_coordinator(database);
      backend_call([] { wake(launcher_pid()); });
      throw;
    }
    block_database(database, false);
    if (nodeTag(planned->utilityStmt) != T_DropdbStmt) {
      (void)want_coordinator(database);
      backend_call([] { wake(launcher_pid()); });
    }
  });
}

}  // namespace

void register_launcher() {
  backend_call([] {
    BackgroundWorker worker;
    std::memset(&worker, 0, sizeof worker);
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = 5;
    strlcpy(worker.bgw_library_name, "kg_batch", BGW_MAXLEN);
    strlcpy(worker.bgw_function_name, "kg_batch_launcher_main", BGW_MAXLEN);
    strlcpy(worker.bgw_type, "kg_batch launcher", BGW_MAXLEN);
    strlcpy(worker.bgw_name, "kg_batch launcher", BGW_MAXLEN);
    RegisterBackgroundWorker(&worker);
    previous_utility = ProcessUtility_hook;
    ProcessUtility_hook = free_workers_before;
  });
}

}  // namespace kg_batch::workers

extern "C" {
PGDLLEXPORT void kg_batch_launcher_main(Datum argument);

void kg_batch_launcher_main(Datum) {
  using namespace kg_batch;
  using namespace kg_batch::backend;
  workers::run_worker([] {
    attach_shared_memory();
    backend_call([] {
      BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
      before_shmem_exit(workers::forget_launcher, Datum{0});
    });
    set_launcher(MyProcPid);
    report(Level::log, "kg_batch launcher started");
    auto* const launcher = new workers::Launcher();
    launcher->run();
  });
}
}
