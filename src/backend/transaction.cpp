#include "backend/bridge.h"
#include "backend/extension.h"
#include "backend/giving_way.h"
#include "backend/locks.h"
#include "backend/plain_text.h"
#include "backend/transaction.h"
#include "backend/wait.h"
#include "backend/wake.h"

namespace kg_batch::backend {

namespace {

void begin() {
  backend_call([] {
    CHECK_FOR_INTERRUPTS();
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    SPI_connect();
  });
}

void commit() {
  backend_call([] {
    SPI_finish();
    PopActiveSnapshot();
    CommitTransactionCommand();
    pgstat_report_stat(false);
  });
}

void abort_now() {
  backend_call([] {
    // As a session does after an error: the limit of what failed is not to end what follows.
    disable_timeout(STATEMENT_TIMEOUT, false);
    QueryCancelPending = false;
    AbortCurrentTransaction();
    pgstat_report_stat(false);
  });
}

void run(const std::function<void()>& work, bool look_for_extension) {
  begin();
  try {
    if (look_for_extension) {
      const auto extension = lock_extension();
      if (!extension) throw Leave("the extension was dropped");
      if (std::strcmp(extension->version, library_version) != 0) throw Leave("the extension has another version");
      // What the lock waited for may have committed: see it.
      backend_call([] {
        PopActiveSnapshot();
        PushActiveSnapshot(GetTransactionSnapshot());
      });
      // Not for the lock before: who drops or upgrades may take long, and nothing is held.
      limit_waits_for_locks();
    }
    work();
  } catch (...) {
    abort_now();
    throw;
  }
  commit();
}

void set(const char* name, const char* value, GucAction action = GUC_ACTION_SET) {
  backend_call([&] {
    (void)set_config_option(name, value, PGC_SUSET, PGC_S_OVERRIDE, action, true, 0, false);
  });
}

}  // namespace

void in_transaction(const std::function<void()>& work) { run(work, true); }

void in_bare_transaction(const std::function<void()>& work) { run(work, false); }

namespace {
int durability = SYNCHRONOUS_COMMIT_ON;  // synchronous_commit as the server has it
}

void commit_without_waiting() {
  durability = synchronous_commit;
  set("synchronous_commit", "off");
}

void wait_until_durable() {
  const XLogRecPtr committed = XactLastCommitEnd;
  if (committed == InvalidXLogRecPtr) return;
  backend_call([&] { XLogFlush(committed); });
  if (durability <= SYNCHRONOUS_COMMIT_LOCAL_FLUSH || max_wal_senders == 0) return;
  // What the wait for a standby waits for follows from the setting.
  const std::string name = durability == SYNCHRONOUS_COMMIT_REMOTE_WRITE ? "remote_write"
                         : durability == SYNCHRONOUS_COMMIT_REMOTE_APPLY ? "remote_apply" : "on";
  set("synchronous_commit", name.c_str());
  try {
    backend_call([&] {
      HOLD_INTERRUPTS();
      SyncRepWaitForLSN(committed, true);
      RESUME_INTERRUPTS();
    });
  } catch (...) {
    set("synchronous_commit", "off");
    throw;
  }
  set("synchronous_commit", "off");
}

void do_not_wait_at_commit() { set("synchronous_commit", "off", GUC_ACTION_LOCAL); }

void report_idle(const char* activity) {
  backend_call([&] { pgstat_report_activity(STATE_IDLE, activity); });
}

bool begin_session(unsigned int database) {
  backend_call([&] {
    BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
  });
  std::optional<InstalledExtension> extension;
  in_bare_transaction([&] { extension = installed_extension(); });
  if (!extension) {
    // Who makes the extension and its first work in one transaction holds lock E.
    Wait wait(nullptr);
    for (bool nothing_comes = false; !extension && !nothing_comes;) {
      wait.until_something(100);
      in_bare_transaction([&] {
        nothing_comes = try_lock_exclusive(LockClass::enqueue, 0, LockSpan::transaction);
        extension = installed_extension();
        if (nothing_comes && !extension) give_up_registration();
      });
    }
  }
  if (!extension) return false;
  const Oid owner = extension->owner;
  backend_call([&] { SetUserIdAndSecContext(owner, 0); });
  set("search_path", "pg_catalog, pg_temp");
  for (const Setting& setting : settings_of_text) set(setting.name, setting.value);
  set("default_transaction_read_only", "off");
  set("default_transaction_isolation", "read committed");
  set("default_transaction_deferrable", "off");
  set("statement_timeout", "0");
  set("lock_timeout", "0");
  set("idle_in_transaction_session_timeout", "0");
#if PG_VERSION_NUM >= 170000
  set("transaction_timeout", "0");
#endif
  set("jit", "off");
  // Each statement says itself whether its plan is kept (spi.h); this is for the
  // checks of foreign keys. Their plans, too, are made while tables are small.
  set("plan_cache_mode", "auto");
  set("enable_seqscan", "off");
  set("row_security", "on");
  set("client_min_messages", "error");
  // A stricter setting of the server stays; a looser one would promise what a
  // crash can take back.
  if (synchronous_commit < SYNCHRONOUS_COMMIT_LOCAL_FLUSH) set("synchronous_commit", "on");
  return true;
}

}  // namespace kg_batch::backend
