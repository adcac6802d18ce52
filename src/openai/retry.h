// When to ask again: backoff with jitter, and the server's own word.

#pragma once

#include <cstdint>
#include <optional>

namespace kg_batch::openai {

// Milliseconds before attempt `attempt` + 1 (attempts count from 1): the
// server's delay when it gave one, else min(0.5 s · 2^(attempt-1), 60 s) times a
// factor in (0.5, 1]. `random` is in [0, 1).
std::int64_t backoff_ms(int attempt, std::optional<std::int64_t> retry_after_ms, double random);

}  // namespace kg_batch::openai
