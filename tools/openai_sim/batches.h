// Batches from their creation to their result files.
//
//   validating -> in_progress -> finalizing -> completed
//   validating -> failed; in_progress, finalizing -> expired
//   validating, in_progress, finalizing -> cancelling -> cancelled
//
// When each state is left follows from the plan that was fixed when the batch
// was created, on the virtual clock: the same plan gives the same times however
// late the work itself is done, and a line counts as answered when the plan says
// so. The work is done in slices by `step`, so that the server goes on serving.
//
// A kill costs nothing: a batch is a record that is replaced atomically at each
// change of state, result files that are appended to line by line, and a
// progress record written after each line; what stands behind it is cut off at
// the next start. Result files become files only with the last state.

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api_error.h"
#include "batch_record.h"
#include "chat.h"
#include "embeddings.h"
#include "file_store.h"
#include "settings.h"
#include "virtual_clock.h"

namespace kg_sim {

class Batches {
 public:
  Batches(std::string folder, FileStore& files, Chat& chat, Embeddings& embeddings, Faults& faults, const Settings& settings,
          const VirtualClock& clock);
  ~Batches();

  std::variant<const BatchRecord*, ApiError> create(const Json& body, const std::string& idempotency_key);
  const BatchRecord* find(const std::string& batch_id) const;
  std::variant<const BatchRecord*, ApiError> cancel(const std::string& batch_id);
  std::vector<const BatchRecord*> newest_first() const;

  // Works for about `budget`. How long until there is work again, in virtual
  // milliseconds: 0 for at once, nullopt for never.
  std::optional<std::int64_t> step(std::chrono::microseconds budget);
  void clear();

 private:
  struct Work;
  struct Progress;
  struct Batch {
    BatchRecord record;
    std::unique_ptr<Work> work;  // while it is not final
  };
  using Deadline = std::chrono::steady_clock::time_point;

  // What a fault has in store for it.
  void decide_fate(BatchRecord& record, const Json& body) const;
  std::string path(const BatchRecord& record, const char* ending) const;
  void save(const BatchRecord& record) const;
  std::optional<std::int64_t> advance(Batch& batch, Deadline deadline);
  bool validate(Batch& batch, Deadline deadline);
  void leave_validation(Batch& batch);
  void fail(Batch& batch, Json errors);
  Work& open_work(Batch& batch);
  void answer_next_line(Batch& batch);
  void abandon_next_line(Batch& batch, const std::string& code, const std::string& message);
  void write_text(Batch& batch, bool success, const std::string& text);
  void save_progress(Batch& batch);
  void finish(Batch& batch, BatchStatus status, std::int64_t at_ms);
  std::int64_t enqueued_tokens(const std::string& model) const;

  std::string folder_;
  FileStore& files_;
  Chat& chat_;
  Embeddings& embeddings_;
  Faults& faults_;
  const Settings& settings_;
  const VirtualClock& clock_;
  std::map<std::string, Batch> batches_;
  std::map<std::string, std::string> by_idempotency_key_;
  std::int64_t last_order_ = 0;
};

}  // namespace kg_sim
