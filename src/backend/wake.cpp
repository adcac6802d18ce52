#include "backend/bridge.h"
#include "backend/giving_way.h"
#include "backend/locks.h"
#include "backend/read_only.h"
#include "backend/settings.h"
#include "backend/shared_memory.h"
#include "backend/wake.h"

namespace kg_batch::backend {

namespace {

constexpr const char* too_many_databases = "kg_batch runs in too many databases of this server";

bool wakes_at_end = false;  // the present transaction

std::int64_t own_registration = 0;  // of this process, when a client registered it

void at_transaction_end(XactEvent event, void*) {
  if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) forget_rows_held();
  if (!wakes_at_end) return;
  switch (event) {
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_PARALLEL_COMMIT:
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PARALLEL_ABORT:
      wakes_at_end = false;
      wake(coordinator_pid(MyDatabaseId));
      break;
    case XACT_EVENT_PREPARE:
      // COMMIT PREPARED calls nobody: the coordinator sees E held and looks again by its timer.
      wakes_at_end = false;
      break;
    default:
      break;
  }
}

// Code 0 is for good; after any other the postmaster starts it again.
void registration_at_exit(int code, Datum database) {
  if (code == 0)
    drop_registration(DatumGetObjectId(database), own_registration);
  else
    keep_registration(DatumGetObjectId(database), own_registration);
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

bool transactions_may_be_prepared() { return max_prepared_xacts > 0; }

void register_wake_callbacks() {
  backend_call([] { RegisterXactCallback(at_transaction_end, nullptr); });
}

Registered register_coordinator(unsigned int database, unsigned int tablespace, bool supervised, void** handle) {
  lock_registrations();
  const int pid = coordinator_pid(database);
  if ((pid != 0 && backend_call([&] { return backend_proc(pid) != nullptr; })) || coordinator_is_registered(database)) {
    unlock_registrations();
    return Registered::before;
  }
  const std::int64_t registration = supervised ? 0 : new_registration(database);
  if (!supervised && registration == 0) {
    unlock_registrations();
    return Registered::too_many_databases;
  }
  const bool registered = backend_call([&] {
    BackgroundWorker worker;
    fill(&worker, "kg_batch_coordinator_main", "kg_batch coordinator", "kg_batch coordinator", database);
    if (supervised)
      worker.bgw_notify_pid = MyProcPid;
    else
      worker.bgw_restart_time = 5;
    snprintf(worker.bgw_extra, BGW_EXTRALEN, "%u %lld", tablespace, static_cast<long long>(registration));
    return RegisterDynamicBackgroundWorker(&worker, reinterpret_cast<BackgroundWorkerHandle**>(handle));
  });
  if (!registered) drop_registration(database, registration);
  unlock_registrations();
  return registered ? Registered::now : Registered::no_slot;
}

unsigned int take_registration(unsigned int database) {
  char* rest = nullptr;
  const unsigned long tablespace = std::strtoul(MyBgworkerEntry->bgw_extra, &rest, 10);
  own_registration = std::strtoll(rest, nullptr, 10);
  keep_registration(database, own_registration);
  if (own_registration != 0) backend_call([&] { before_shmem_exit(registration_at_exit, ObjectIdGetDatum(database)); });
  return static_cast<unsigned int>(tablespace);
}

void keep_registration() { keep_registration(MyDatabaseId, own_registration); }

void give_up_registration() {
  if (own_registration != 0) drop_registration(MyDatabaseId, own_registration);
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

namespace {

// Gives up after so many tries; "" when one comes.
std::string ask(int most_tries) {
  const int launcher = launcher_pid();
  if (launcher != 0) {
    if (!want_coordinator(MyDatabaseId)) return too_many_databases;
    backend_call([&] { wake(launcher); });
    return "";
  }
  for (int tries = 0;; ++tries) {
    switch (register_coordinator(MyDatabaseId, MyDatabaseTableSpace, false, nullptr)) {
      case Registered::now:
      case Registered::before: return "";
      case Registered::too_many_databases: return too_many_databases;
      case Registered::no_slot: break;
    }
    // Workers without coordinator are about to leave, and their slots are free when they have.
    const bool some_come_free = worker_ended_lately() || !workers(MyDatabaseId).empty();
    if (tries == most_tries || !some_come_free) return "no background worker slot is free, so nothing runs until one is";
    backend_call([] {
      CHECK_FOR_INTERRUPTS();
      pg_usleep(20'000);
    });
  }
}

}  // namespace

bool note_work() {
  attach_shared_memory();
  refuse_if_read_only();
  // Each time: a rollback to a savepoint frees what was locked after it.
  lock_shared(LockClass::enqueue, 0, LockSpan::transaction);
  wakes_at_end = true;
  if (!settings::enabled()) return true;
  const int pid = coordinator_pid(MyDatabaseId);
  return pid != 0 && backend_call([&] { return backend_proc(pid) != nullptr; });
}

void wake_at_commit() {
  attach_shared_memory();
  wakes_at_end = true;
}

void ask_for_coordinator() { (void)ask(0); }

std::string announce_work() { return note_work() ? "" : ask(100); }

}  // namespace kg_batch::backend
