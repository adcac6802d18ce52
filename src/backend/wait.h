// The wait of every worker: one WaitEventSet, made once, of latch, postmaster
// death and one epoll descriptor that holds all of libcurl's sockets.
//
// Guarantees: no polling; SIGUSR1 is served at once, so that DROP DATABASE of
// another database waits one turn of the loop. It raises an error when a
// transaction is open: nothing is ever held while waiting for the network.

#pragma once

#include <cstdint>

#include "openai/http.h"

namespace kg_batch::backend {

class Wait {
 public:
  explicit Wait(openai::Http* http);  // nullptr for workers without connections; the set is never freed

  // Until the latch is set, a transfer has something to do (its callbacks run in
  // here) or the time is over. -1 waits for ever. True when the latch was set: somebody
  // has something to say.
  bool until_something(std::int64_t timeout_ms);

 private:
  openai::Http* http_;
  void* set_;
};

void check_for_interrupts();

}  // namespace kg_batch::backend
