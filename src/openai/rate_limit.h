// One budget of requests and tokens a minute for everybody who shares it: a
// plain struct that lives in shared memory, changed under the caller's lock.
//
// Two token buckets that fill continuously, one of requests and one of tokens;
// a limit of 0 is none. The server's word narrows it: what `x-ratelimit-*` says
// remains is never exceeded, a 429 or 503 stops everybody until its delay has
// passed and halves the rate, which then recovers step by step.
// Times are microseconds of one monotonic clock.

#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace kg_batch::openai {

struct RateBudget {
  std::int64_t requests_per_minute = 0;
  std::int64_t tokens_per_minute = 0;
  std::int64_t requests_milli = 0;      // what is in the buckets, in thousandths
  std::int64_t tokens_milli = 0;
  std::int64_t filled_at_us = 0;
  std::int64_t blocked_until_us = 0;
  std::int32_t rate_permille = 1000;    // of the limits, after 429s
  std::int64_t rate_raised_at_us = 0;
};

void set_limits(RateBudget& budget, std::int64_t requests_per_minute, std::int64_t tokens_per_minute);

// Takes one request of `tokens`; 0 when it may go now, else microseconds to
// wait before asking again. A request over the whole bucket goes when it is full.
std::int64_t take(RateBudget& budget, std::int64_t tokens, std::int64_t now_us);

// What a response says: status, headers in lower case, its advised delay.
void learn(RateBudget& budget, long status, const std::map<std::string, std::string>& headers,
           std::int64_t retry_after_ms, std::int64_t now_us);

// "1s", "6m0s", "20ms", "1h2m3.5s", or plain seconds; -1 for anything else.
std::int64_t parse_duration_ms(const std::string& text);

}  // namespace kg_batch::openai
