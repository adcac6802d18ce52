#include "openai/retry.h"

#include <algorithm>
#include <cmath>

namespace kg_batch::openai {

std::int64_t backoff_ms(int attempt, std::optional<std::int64_t> retry_after_ms, double random) {
  if (retry_after_ms) return std::max<std::int64_t>(*retry_after_ms, 0);
  // 0.5 s · 2^7 is already past the ceiling; a larger shift would only overflow.
  const int doublings = std::clamp(attempt - 1, 0, 7);
  const std::int64_t whole_ms = std::min<std::int64_t>(500LL << doublings, 60'000);
  const double factor = 1.0 - std::clamp(random, 0.0, 1.0) / 2;
  return std::llround(static_cast<double>(whole_ms) * factor);
}

}  // namespace kg_batch::openai
