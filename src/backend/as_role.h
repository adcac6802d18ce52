// Reading as somebody else, in a worker.

#pragma once

namespace kg_batch::backend {

// What follows runs with a role's rights, until `leave`; an error ends it too, with the
// worker's transaction, which also disarms the limit (transaction.cpp). What a table of
// theirs evaluates (a policy's functions) is theirs and finds nothing to take along: no
// SET ROLE, no temporary objects, nothing put off to the transaction's end, where it
// would run as the worker; settings are as they were. It is cancelled after
// `limit_ms`, each time that `enter` is called anew; half a second is what it waits for
// a lock (ERRCODE_LOCK_NOT_AVAILABLE).
class AsRole {
 public:
  explicit AsRole(unsigned int role, int limit_ms);
  void enter();
  void leave();

 private:
  unsigned int role_;
  int limit_ms_;
  unsigned int user_ = 0;
  int security_context_ = 0;
  int guc_level_ = 0;
};

}  // namespace kg_batch::backend
