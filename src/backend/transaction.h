// A worker's transactions: short, explicit, each beginning with the extension
// lock and ending in a state from which anyone can go on.

#pragma once

#include <functional>
#include <stdexcept>

namespace kg_batch::backend {

// The extension is gone, or of another version than the library: the worker has
// no business here any more and leaves with exit code 0.
struct Leave : std::exception {
  explicit Leave(const char* why) : why_(why) {}
  const char* what() const noexcept override { return why_; }
  const char* why_;
};

// Runs `work` in a transaction of its own, with the extension locked, a snapshot
// and SPI; commits. On an exception the transaction is aborted and the exception
// goes on. Throws Leave when the extension is gone or of another version.
void in_transaction(const std::function<void()>& work);

// The same without looking for the extension: for locks and the first look.
void in_bare_transaction(const std::function<void()>& work);

// After a commit in a session with commit_without_waiting: returns when it, and
// with it all that was committed before, is as durable as the server's
// synchronous_commit asks for.
void wait_until_durable();

// From here on commits of this session release their locks at once and do not wait
// for the disk: a crash of the server may take the latest ones back, all from a
// point on. For work that can be made again from what is durable.
void commit_without_waiting();

// The commit of the present transaction does not wait for the disk: a crash of the
// server may take it back. For notes that nobody would miss, so that who sleeps most of
// the time is not woken to write them.
void do_not_wait_at_commit();

// What pg_stat_activity shows of an idle worker.
void report_idle(const char* activity);

// A worker's session: signals, connection to the database as bootstrap
// superuser, then the extension's owner for good, and every setting that its
// work depends on pinned. False when the database has no such extension.
bool begin_session(unsigned int database);

}  // namespace kg_batch::backend
