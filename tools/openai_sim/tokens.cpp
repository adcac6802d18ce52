#include "tokens.h"

#include "sha256.h"

namespace kg_sim {

namespace {

// Quarters of a token that the byte adds: a character is paid for by its first byte.
int quarters(unsigned char byte) {
  if (byte < 0x80) return 1;
  if (byte < 0xC0) return 0;
  if (byte < 0xE0) return 2;
  if (byte < 0xF0) return 4;
  return 8;
}

constexpr std::int64_t shortest_prefix = 1024 * 4;
constexpr std::int64_t step = 128 * 4;

// More prefixes than any test makes; forgetting them costs only accuracy.
constexpr std::size_t most_prefixes = 4'000'000;

}  // namespace

std::int64_t count_tokens(std::string_view text) {
  std::int64_t total = 0;
  for (unsigned char byte : text) total += quarters(byte);
  return (total + 3) / 4;
}

std::string_view first_tokens(std::string_view text, std::int64_t tokens) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    total += quarters(static_cast<unsigned char>(text[i]));
    if (total > tokens * 4) return text.substr(0, i);
  }
  return text;
}

PromptCache::Use PromptCache::use(std::string_view model, std::string_view cache_key, std::string_view prompt) {
  Use result;
  if (seen_.size() > most_prefixes) seen_.clear();
  std::uint64_t hash = stable_hash(model, stable_hash(cache_key));
  std::int64_t total = 0;
  std::int64_t next = shortest_prefix;
  for (unsigned char byte : prompt) {
    total += quarters(byte);
    hash = (hash ^ byte) * 1099511628211ull;
    if (total < next) continue;
    next += step;
    if (seen_.insert(hash).second) {
      result.written = total / 4 / 128 * 128 - result.cached;
    } else if (result.written == 0) {
      result.cached = total / 4 / 128 * 128;
    }
  }
  return result;
}

}  // namespace kg_sim
