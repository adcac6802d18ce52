#include "backend/bridge.h"
#include "backend/wait.h"

namespace kg_batch::backend {

Wait::Wait(openai::Http* http) : http_(http), set_(nullptr) {
  const int descriptor = http == nullptr ? -1 : http->poll_fd();
  set_ = backend_call([&]() -> void* {
    const MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
    WaitEventSet* const set = create_wait_event_set(3);
    AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
    AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
    if (descriptor >= 0) AddWaitEventToSet(set, WL_SOCKET_READABLE, descriptor, nullptr, nullptr);
    MemoryContextSwitchTo(previous);
    return set;
  });
}

bool Wait::until_something(std::int64_t timeout_ms) {
  if (IsTransactionState())
    throw Error(ERRCODE_INTERNAL_ERROR, "a worker of kg_batch must not wait inside a transaction");
  const long http_ms = http_ == nullptr ? -1 : http_->timeout_ms();
  std::int64_t limit = timeout_ms;
  if (http_ms >= 0 && (limit < 0 || http_ms < limit)) limit = http_ms;
  WaitEvent event;
  const std::uint32_t event_of_wait = wait_event("KgBatchWait");
  const int events = backend_call([&] {
    const int got = WaitEventSetWait(static_cast<WaitEventSet*>(set_), static_cast<long>(limit), &event, 1,
                                     event_of_wait);
    if (got > 0 && (event.events & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    return got;
  });
  const bool woken = events > 0 && (event.events & WL_LATCH_SET) != 0;
  if (http_ == nullptr) return woken;
  if (http_->timeout_ms() == 0) http_->timed_out();
  if (events > 0 && (event.events & WL_SOCKET_READABLE) != 0) http_->ready();
  return woken;
}

void check_for_interrupts() {
  backend_call([] { CHECK_FOR_INTERRUPTS(); });
}

}  // namespace kg_batch::backend
