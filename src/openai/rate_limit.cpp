// Levels are those of `filled_at_us`; what has flowed in since is added when it
// is asked for and written back only when something changes, so that asking
// often loses no fraction.

#include "openai/rate_limit.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <string_view>

namespace kg_batch::openai {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;

// A bucket holds ten seconds' worth: in no minute more than 7/6 of the limit
// goes out, also against servers that count in fixed windows.
constexpr std::int64_t kBucketSeconds = 10;
// After a halving the rate comes back in steps of 5 % every 10 s; after a 503
// ("Slow Down") the first step comes after a quarter of an hour.
constexpr std::int32_t kRateStep = 50;
constexpr std::int32_t kRateFloor = 50;
constexpr std::int64_t kRateStepEvery = 10 * kSecond;
constexpr std::int64_t kSlowDown = 15 * kMinute;
// What a 429 or 503 without a delay of its own stops everybody for.
constexpr std::int64_t kDefaultStop = kSecond;
constexpr std::int64_t kLongestStop = 10 * kMinute;

std::int64_t capacity_milli(std::int64_t per_minute) {
  return std::max<std::int64_t>(1000, per_minute * 1000 * kBucketSeconds / 60);
}

double milli_per_us(const RateBudget& budget, std::int64_t per_minute) {
  return static_cast<double>(per_minute) * budget.rate_permille / static_cast<double>(kMinute);
}

std::int64_t level_at(const RateBudget& budget, std::int64_t level, std::int64_t per_minute, std::int64_t now_us) {
  const std::int64_t full = capacity_milli(per_minute);
  const double elapsed = static_cast<double>(std::max<std::int64_t>(now_us - budget.filled_at_us, 0));
  const double gained = elapsed * milli_per_us(budget, per_minute);
  if (gained >= static_cast<double>(full) - static_cast<double>(level)) return full;
  return level + static_cast<std::int64_t>(gained);
}

void fill(RateBudget& budget, std::int64_t now_us) {
  budget.requests_milli = level_at(budget, budget.requests_milli, budget.requests_per_minute, now_us);
  budget.tokens_milli = level_at(budget, budget.tokens_milli, budget.tokens_per_minute, now_us);
  budget.filled_at_us = std::max(budget.filled_at_us, now_us);
}

void raise_rate(RateBudget& budget, std::int64_t now_us) {
  while (budget.rate_permille < 1000 && now_us - budget.rate_raised_at_us >= kRateStepEvery) {
    fill(budget, std::min(now_us, std::max(budget.filled_at_us, budget.rate_raised_at_us + kRateStepEvery)));
    budget.rate_permille = std::min(budget.rate_permille + kRateStep, 1000);
    budget.rate_raised_at_us += kRateStepEvery;
  }
}

// Microseconds until the bucket holds `wanted`, a full bucket being enough for more.
std::int64_t wait_for(const RateBudget& budget, std::int64_t level, std::int64_t per_minute, std::int64_t wanted,
                      std::int64_t now_us) {
  if (per_minute <= 0) return 0;
  const std::int64_t needed = std::min(wanted, capacity_milli(per_minute));
  const std::int64_t have = level_at(budget, level, per_minute, now_us);
  if (have >= needed) return 0;
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(needed - have) / milli_per_us(budget, per_minute))) + 1;
}

std::optional<std::string> header(const std::map<std::string, std::string>& headers, const std::string& name) {
  const auto found = headers.find(name);
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> count_header(const std::map<std::string, std::string>& headers, const std::string& name) {
  const auto text = header(headers, name);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end || value < 0) return std::nullopt;
  return value;
}

// Until the reset that a server names: a duration, or (some compatible servers)
// a point in Unix time in seconds or milliseconds.
std::optional<std::int64_t> reset_us(const std::map<std::string, std::string>& headers, const std::string& name) {
  const auto text = header(headers, name);
  if (!text) return std::nullopt;
  std::int64_t ms = parse_duration_ms(*text);
  if (ms < 0) return std::nullopt;
  constexpr std::int64_t kYear2001InSeconds = 1'000'000'000;
  if (ms >= kYear2001InSeconds * 1000) {
    if (ms >= kYear2001InSeconds * 1'000'000) ms /= 1000;
    ms -= std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count();
  }
  if (ms < 0) return std::nullopt;
  return std::min(ms * 1000, kLongestStop);
}

// What the server says remains narrows the bucket; without a limit of our own
// there is no bucket, and "nothing remains" stops until one more can have
// flowed in (a reset is when the server's bucket is full, which is later).
void narrow(RateBudget& budget, const std::map<std::string, std::string>& headers, const std::string& what,
            std::int64_t per_minute, std::int64_t& level, std::int64_t now_us) {
  const auto remaining = count_header(headers, "x-ratelimit-remaining-" + what);
  if (!remaining) return;
  if (per_minute > 0) {
    if (*remaining < level / 1000 + 1) level = std::min(level, *remaining * 1000);
    return;
  }
  if (*remaining > 0) return;
  auto stop = reset_us(headers, "x-ratelimit-reset-" + what);
  if (!stop) return;
  const auto limit = count_header(headers, "x-ratelimit-limit-" + what);
  if (limit && *limit > 0) stop = std::min(*stop, std::max<std::int64_t>(kMinute / *limit, 1000));
  budget.blocked_until_us = std::max(budget.blocked_until_us, now_us + *stop);
}

}  // namespace

void set_limits(RateBudget& budget, std::int64_t requests_per_minute, std::int64_t tokens_per_minute) {
  const auto change = [](std::int64_t& limit, std::int64_t& level, std::int64_t to) {
    to = std::clamp<std::int64_t>(to, 0, 1'000'000'000'000);
    if (limit == to) return;
    level = limit == 0 ? capacity_milli(to) : std::min(level, capacity_milli(to));  // a new bucket begins full
    limit = to;
  };
  change(budget.requests_per_minute, budget.requests_milli, requests_per_minute);
  change(budget.tokens_per_minute, budget.tokens_milli, tokens_per_minute);
}

std::int64_t take(RateBudget& budget, std::int64_t tokens, std::int64_t now_us) {
  raise_rate(budget, now_us);
  if (now_us < budget.blocked_until_us) return budget.blocked_until_us - now_us;

  const std::int64_t tokens_wanted = std::clamp<std::int64_t>(tokens, 0, 1'000'000'000'000) * 1000;
  const std::int64_t wait =
      std::max(wait_for(budget, budget.requests_milli, budget.requests_per_minute, 1000, now_us),
               wait_for(budget, budget.tokens_milli, budget.tokens_per_minute, tokens_wanted, now_us));
  if (wait > 0) return wait;

  fill(budget, now_us);
  // A request larger than the bucket leaves a debt, so that the mean holds.
  if (budget.requests_per_minute > 0) budget.requests_milli -= 1000;
  if (budget.tokens_per_minute > 0) budget.tokens_milli -= tokens_wanted;
  return 0;
}

void learn(RateBudget& budget, long status, const std::map<std::string, std::string>& headers,
           std::int64_t retry_after_ms, std::int64_t now_us) {
  fill(budget, now_us);
  narrow(budget, headers, "requests", budget.requests_per_minute, budget.requests_milli, now_us);
  narrow(budget, headers, "tokens", budget.tokens_per_minute, budget.tokens_milli, now_us);
  if (status != 429 && status != 503) return;

  // Hundreds in flight are turned away together: while everybody is stopped,
  // further refusals belong to the same halving.
  if (now_us >= budget.blocked_until_us) {
    budget.rate_permille = std::max(budget.rate_permille / 2, kRateFloor);
    budget.rate_raised_at_us = now_us;
  }
  if (status == 503) budget.rate_raised_at_us = std::max(budget.rate_raised_at_us, now_us + kSlowDown - kRateStepEvery);
  const std::int64_t stop =
      retry_after_ms > 0 ? std::min(std::min<std::int64_t>(retry_after_ms, 600'000) * 1000, kLongestStop) : kDefaultStop;
  budget.blocked_until_us = std::max(budget.blocked_until_us, now_us + stop);
}

std::int64_t parse_duration_ms(const std::string& text) {
  std::string_view rest = text;
  if (rest.empty()) return -1;
  double total_ms = 0;
  bool first = true;
  while (!rest.empty()) {
    if ((rest[0] < '0' || rest[0] > '9') && rest[0] != '.') return -1;
    double number = 0;
    const auto [stop, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (error != std::errc() || !std::isfinite(number)) return -1;
    rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));

    const std::size_t unit_length = std::min(rest.find_first_of("0123456789."), rest.size());
    const std::string_view unit = rest.substr(0, unit_length);
    rest.remove_prefix(unit_length);
    double factor = 0;
    if (unit == "ms") factor = 1;
    else if (unit == "s") factor = 1000;
    else if (unit == "m") factor = 60'000;
    else if (unit == "h") factor = 3'600'000;
    else if (unit == "us" || unit == "µs" || unit == "μs") factor = 0.001;
    else if (unit == "ns") factor = 0.000001;
    else if (unit.empty() && first && rest.empty()) factor = 1000;
    else return -1;
    total_ms += number * factor;
    first = false;
  }
  if (total_ms > 9e15) return -1;
  return static_cast<std::int64_t>(std::ceil(total_ms));
}

}  // namespace kg_batch::openai
