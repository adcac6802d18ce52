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
  std::int64_t total = 0, completed = 0, failed = 0;
  std::int64_t enqueued_tokens = 0;
  TokenUse use;

  std::int64_t expires_ms() const { return created_ms + 86'400'000; }
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
