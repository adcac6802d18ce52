#include "backend/bridge.h"
#include "backend/locks.h"
#include "backend/settings.h"
#include "backend/shared_memory.h"
#include "backend/wake.h"

namespace kg_batch::backend {

namespace {

bool work_announced = false;  // in the present transaction

void at_transaction_end(XactEvent event, void*) {
  if (!work_announced) return;
  switch (event) {
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_PARALLEL_COMMIT:
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PARALLEL_ABORT:
      work_announced = false;
      wake(coordinator_pid(MyDatabaseId));
      break;
    case XACT_EVENT_PREPARE:
      // COMMIT PREPARED calls nobody: the coordinator sees E held and looks again by its timer.
      work_announced = false;
      break;
    default:
      break;
  }
}

void fill(BackgroundWorker* worker, const char* function, const char* type, const char* name, unsigned int database) {
  std::memset(worker, 0, sizeof *worker);
  worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker->bgw_restart_time = BGW_NEVER_RESTART;
  worker->bgw_main_arg = ObjectIdGetDatum(database);
  strlcpy(worker->bgw_library_name, "kg_batch", BGW_MAXLEN);
  strlcpy(worker->bgw_function_name, function, BGW_MAXLEN);
  strlcpy(worker->bgw_type, type, BGW_MAXLEN);
  strlcpy(worker->bgw_name, name, BGW_MAXLEN);
}

}  // namespace

void register_wake_callbacks() {
  backend_call([] { RegisterXactCallback(at_transaction_end, nullptr); });
}

bool register_coordinator(unsigned int database, unsigned int tablespace, bool supervised, void** handle) {
  return backend_call([&] {
    BackgroundWorker worker;
    fill(&worker, "kg_batch_coordinator_main", "kg_batch coordinator", "kg_batch coordinator", database);
    if (supervised)
      worker.bgw_notify_pid = MyProcPid;
    else
      worker.bgw_restart_time = 5;
    snprintf(worker.bgw_extra, BGW_EXTRALEN, "%u", tablespace);
    return RegisterDynamicBackgroundWorker(&worker, reinterpret_cast<BackgroundWorkerHandle**>(handle));
  });
}

bool register_child(const char* function, const char* type, const std::string& name, unsigned int database, void** handle) {
  return backend_call([&] {
    const MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
    BackgroundWorker worker;
    fill(&worker, function, type, name.c_str(), database);
    worker.bgw_notify_pid = MyProcPid;
    snprintf(worker.bgw_extra, BGW_EXTRALEN, "%d", MyProcPid);
    const bool registered = RegisterDynamicBackgroundWorker(&worker, reinterpret_cast<BackgroundWorkerHandle**>(handle));
    MemoryContextSwitchTo(previous);
    return registered;
  });
}

bool is_running(void* handle) {
  pid_t pid = 0;
  const BgwHandleStatus status =
      backend_call([&] { return GetBackgroundWorkerPid(static_cast<BackgroundWorkerHandle*>(handle), &pid); });
  return status == BGWH_STARTED || status == BGWH_NOT_YET_STARTED;
}

std::string announce_work() {
  attach_shared_memory();
  if (backend_call([] { return RecoveryInProgress(); }))
    throw Error(ERRCODE_READ_ONLY_SQL_TRANSACTION, "kg_batch cannot take work on a standby", "",
                "Enqueue on the primary; workers start here after promotion.");
  if (!work_announced) {
    lock_shared(LockClass::enqueue, 0, LockSpan::transaction);
    work_announced = true;
  }
  if (!settings::enabled()) return "";
  const int pid = coordinator_pid(MyDatabaseId);
  if (pid != 0 && backend_call([&] { return backend_proc(pid) != nullptr; })) return "";
  const int launcher = launcher_pid();
  if (launcher != 0) {
    if (!want_coordinator(MyDatabaseId)) return "kg_batch runs in too many databases of this server";
    backend_call([&] { wake(launcher); });
    return "";
  }
  if (register_coordinator(MyDatabaseId, MyDatabaseTableSpace, false, nullptr)) return "";
  return "no background worker slot is free, so nothing runs until one is";
}

}  // namespace kg_batch::backend
