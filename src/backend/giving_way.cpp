#include "backend/giving_way.h"

#include "backend/bridge.h"
#include "backend/shared_memory.h"

namespace kg_batch::backend {

namespace {

// Workers wait for each other as well, on a slow machine for a while.
constexpr const char* longest_wait_for_a_lock = "2s";

bool rows_held = false;

bool is_worker() { return MyBgworkerEntry != nullptr && std::strcmp(MyBgworkerEntry->bgw_library_name, "kg_batch") == 0; }

void add_workers(std::set<int>& pids) {
  for (const WorkerState& worker : workers(MyDatabaseId)) pids.insert(worker.pid);
}

// The detail has a line for each that waits, whatever the language: its process comes
// first in it, and last the one that it waits for.
bool is_named(const std::string& detail, const std::set<int>& pids) {
  std::vector<std::string> numbers;
  const auto line_ends = [&] {
    const bool named = !numbers.empty() && (pids.contains(std::atoi(numbers.front().c_str())) || pids.contains(std::atoi(numbers.back().c_str())));
    numbers.clear();
    return named;
  };
  bool in_number = false;
  for (const char c : detail) {
    if (c == '\n' && line_ends()) return true;
    const bool digit = c >= '0' && c <= '9';
    if (digit && !in_number) numbers.emplace_back();
    if (digit) numbers.back() += c;
    in_number = digit;
  }
  return line_ends();
}

}  // namespace

void limit_waits_for_locks() {
  backend_call([] {
    (void)set_config_option("lock_timeout", longest_wait_for_a_lock, PGC_SUSET, PGC_S_OVERRIDE, GUC_ACTION_LOCAL, true, 0, false);
  });
}

void again_after_deadlock(const std::function<void()>& work) {
  if (is_worker()) return work();
  attach_shared_memory();
  MemoryContext const memory = CurrentMemoryContext;
  ResourceOwner const owner = CurrentResourceOwner;
  const auto as_before = [&] {
    MemoryContextSwitchTo(memory);
    CurrentResourceOwner = owner;
  };
  for (;;) {
    // One that ends meanwhile is part of a deadlock all the same.
    std::set<int> pids;
    add_workers(pids);
    backend_call([] { BeginInternalSubTransaction(nullptr); });
    MemoryContextSwitchTo(memory);
    std::exception_ptr failed;
    bool again = false;
    try {
      work();
    } catch (const Error& error) {
      failed = std::current_exception();
      add_workers(pids);
      again = error.sqlstate() == ERRCODE_T_R_DEADLOCK_DETECTED && is_named(error.detail(), pids);
    } catch (...) {
      failed = std::current_exception();
    }
    if (!failed) {
      backend_call([] { ReleaseCurrentSubTransaction(); });
      return as_before();
    }
    backend_call([] { RollbackAndReleaseCurrentSubTransaction(); });
    as_before();
    if (!again) std::rethrow_exception(failed);
    backend_call([] { CHECK_FOR_INTERRUPTS(); });
  }
}

bool may_hold_rows() { return rows_held || IsTransactionBlock(); }

void note_rows_held() { rows_held = true; }

void forget_rows_held() { rows_held = false; }

}  // namespace kg_batch::backend
