// What is known of one batch, as it is kept on disk and shown.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "json.h"
#include "models.h"
#include "settings.h"

namespace kg_sim {

enum class BatchStatus { validating, failed, in_progress, finalizing, completed, expired, cancelling, cancelled };

const char* to_string(BatchStatus status);
bool is_final(BatchStatus status);

// What a fault has in store for a batch; kept with it, so that a restart changes nothing.
struct Fate {
  std::string name;    // of the fault; "" for none
  std::string status;  // from which it is stuck or has vanished
  double done = 1.0;   // the share of lines that are answered before
  std::optional<std::int64_t> window_ms;
  Json errors = nullptr;
};

struct BatchRecord {
  std::string batch_id, input_file_id, endpoint, model;
  std::int64_t order = 0;  // of creation
  BatchStatus status = BatchStatus::validating;
  Json metadata = nullptr;
  Json errors = nullptr;
  std::optional<std::int64_t> output_lifetime_s;
  std::optional<std::string> output_file_id, error_file_id;
  // Virtual time in milliseconds; what is shown is whole seconds.
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> in_progress_ms, finalizing_ms, completed_ms, failed_ms, expired_ms, cancelling_ms,
      cancelled_ms;
  // The plan, fixed when it was created.
  std::int64_t turnaround_ms = 0, cancel_takes_ms = 0;
  std::uint64_t seed = 0;
  bool shuffle = true;
  Fate fate;
  std::int64_t total = 0, completed = 0, failed = 0;
  std::int64_t enqueued_tokens = 0;
  TokenUse use;

  // A fault may close the window early.
  std::int64_t expires_ms() const { return created_ms + fate.window_ms.value_or(86'400'000); }
  // How many lines will be answered.
  std::int64_t lines_to_answer() const;
  bool is_stuck() const { return fate.name == "stuck" && fate.status == to_string(status); }
  bool has_vanished() const;
  std::int64_t validated_at_ms() const;
  std::int64_t lines_done_at_ms() const { return created_ms + turnaround_ms * 9 / 10; }
  std::int64_t finished_at_ms() const { return created_ms + turnaround_ms; }
  // When line `n` (from 0, in the order of answering) is answered.
  std::int64_t line_at_ms(std::int64_t n) const;
};

Json to_api_json(const BatchRecord& batch, const Settings& settings);
Json to_state_json(const BatchRecord& batch);
BatchRecord from_state_json(const Json& state);

Json usage_json(const TokenUse& use);

}  // namespace kg_sim
