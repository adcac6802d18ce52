// What every worker process does alike: signals, session, its place in shared
// memory and in the tables, its lock, its sign of life, its end.
//
// A worker is known by its advisory lock: as long as its session lives, its
// claims are its own; when it ends, however it ends, the lock is free and the
// coordinator gives its claims to others.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "backend/shared_memory.h"

namespace kg_batch::workers {

class WorkerProcess {
 public:
  // Connects and registers. False when this worker has no business here: no
  // extension, a copy, disabled, stopped, or no slot.
  bool begin(backend::WorkerKind kind, unsigned int database, int coordinator_pid);
  void end();  // on the way out that nothing forces

  std::int64_t worker_id() const { return worker_id_; }
  // Reads the configuration again after SIGHUP, shows a sign of life. False when
  // the coordinator that started it is gone: the worker leaves.
  bool go_on(int in_flight);
  void count(std::int64_t chunks_done, std::int64_t chunks_failed, std::int64_t requests, std::int64_t nodes, std::int64_t edges);
  // What comes from here on is this; the time until here is counted as what it was.
  void enter(backend::Phase phase);
  void flush_counts();  // in a transaction of its own, when there is anything

 private:
  // Also the time in which nothing was counted, once it is so long.
  void flush(std::int64_t uncounted_after_us);
  bool register_if_welcome(backend::WorkerKind kind);

  unsigned int database_ = 0;
  int coordinator_pid_ = 0;
  std::int64_t worker_id_ = 0;
  backend::Phase phase_ = backend::Phase::busy;
  std::int64_t phase_since_us_ = 0, flushed_us_ = 0;
  std::int64_t spent_us_[backend::phases] = {};
  std::int64_t chunks_done_ = 0, chunks_failed_ = 0, requests_ = 0, nodes_ = 0, edges_ = 0;
};

// The body of a background worker's main function: signals first, then `run`;
// exit code 0 unless an error escapes.
void run_worker(const std::function<void()>& run);

// Of a coordinator that has met another version of the extension, or none: whoever makes
// it this library's again holds lock E, and does not call one that he sees alive. True
// when it is so again; false when nothing comes, and nobody counts on it any more.
bool extension_comes_back();

// After an error: backoff in milliseconds, longer with each in a row.
std::int64_t backoff_after(int errors_in_a_row);

// Set by SIGHUP since the last look.
bool configuration_was_reloaded();

}  // namespace kg_batch::workers
