// Requests and tokens a minute, as two buckets for each model that fill
// continuously, and the x-ratelimit-* headers that tell of them.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http_message.h"
#include "settings.h"

namespace kg_sim {

class RateLimits {
 public:
  // Takes one request of `tokens`, or gives the 429.
  std::optional<Response> take(const std::string& model, std::int64_t tokens, double now_ms, const Settings& settings);
  std::vector<std::pair<std::string, std::string>> headers(const std::string& model, double now_ms,
                                                           const Settings& settings);
  void clear() { buckets_.clear(); }

 private:
  struct Buckets {
    double requests = 0, tokens = 0;  // what may still go
    double filled_ms = 0;
    std::int64_t rpm = -1, tpm = -1;  // the limits they were filled for
  };
  Buckets& filled(const std::string& model, double now_ms, const Settings& settings);
  std::map<std::string, Buckets> buckets_;
};

}  // namespace kg_sim
