// Everything that can be set, at the start and by POST /_sim/config.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "json.h"

namespace kg_sim {

struct Settings {
  // How questions are answered.
  std::string mode = "rules";  // rules, oracle, replay, fixed
  Json fixed = Json::object();
  std::uint64_t seed = 0;
  bool prompt_cache = true;  // off: cached_tokens is always 0, so that usage does not depend on order

  // How fast.
  std::int64_t latency_ms = 0;
  std::int64_t latency_jitter_ms = 0;  // up to so much more, by seed and question
  std::optional<std::int64_t> hold_after;  // so many more are answered directly, the rest when this is gone
  double batch_turnaround_s = 2.0;     // on the virtual clock, for batches created from now on
  std::optional<double> cancel_s;      // how long `cancelling` lasts; a quarter of the turnaround

  // Limits; 0 is none.
  std::int64_t rpm = 0;
  std::int64_t tpm = 0;
  std::map<std::string, std::int64_t> enqueued_tokens;  // by model
  std::int64_t batch_creations_per_hour = 2000;
  std::int64_t max_batch_requests = 50000;
  std::int64_t max_batch_file_bytes = 200ll << 20;
  std::int64_t max_file_bytes = 512ll << 20;
  std::int64_t max_body_bytes = 64ll << 20;
  std::int64_t context_tokens = 400000;

  // What the service knows and refuses.
  std::string api_key;              // "": any bearer that is not empty
  std::vector<std::string> models;  // besides those in the price table
  std::vector<std::string> reasoning_models = {"gpt-5", "gpt-6", "o1", "o3", "o4"};

  // How it varies.
  bool shuffle = true;  // order of the result lines
  bool empty_string_ids = false;
  bool batch_usage = true;
  bool cancelled_lines = true;  // unfinished lines of a cancelled batch come as batch_cancelled
  bool idempotency = false;     // honour Idempotency-Key on POST /v1/batches
  bool check_uploads = true;
};

// Changes what `changes` names. An error text, lower case, for an unknown
// setting or a value out of range; then nothing has changed.
std::optional<std::string> change(Settings& settings, const Json& changes);

// Without the key.
Json to_json(const Settings& settings);

}  // namespace kg_sim
