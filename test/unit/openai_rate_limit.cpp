// The shared budget and the delays between attempts, on a clock made by hand.

#include "openai/rate_limit.h"

#include <gtest/gtest.h>

#include "openai/retry.h"

namespace kg_batch::openai {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;

// Requests that go between `from` and `to` when as many as possible are tried.
int requests_between(RateBudget& budget, std::int64_t tokens, std::int64_t from, std::int64_t to) {
  int gone = 0;
  for (std::int64_t now = from; now < to;) {
    const std::int64_t wait = take(budget, tokens, now);
    if (wait == 0) ++gone;
    now += wait;
  }
  return gone;
}

TEST(OpenaiRateLimit, WithoutLimitsEverythingGoes) {
  RateBudget budget;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(take(budget, 1'000'000, 0), 0);
}

TEST(OpenaiRateLimit, NoMinuteHasMoreThanTheLimitAndABucket) {
  RateBudget budget;
  set_limits(budget, 600, 0);
  for (int minute = 0; minute < 5; ++minute) {
    const int gone = requests_between(budget, 0, minute * kMinute, (minute + 1) * kMinute);
    EXPECT_LE(gone, 700);
    EXPECT_GE(gone, 598);
  }
}

TEST(OpenaiRateLimit, TokensAreLimitedAndLargeRequestsGoOnDebt) {
  RateBudget budget;
  set_limits(budget, 0, 60'000);
  // Each is more than the bucket of 10,000; over ten minutes the mean holds.
  const int gone = requests_between(budget, 30'000, 0, 10 * kMinute);
  EXPECT_GE(gone, 20);
  EXPECT_LE(gone, 21);
}

TEST(OpenaiRateLimit, LowLimitsFillHoweverOftenTheyAreAsked) {
  RateBudget budget;
  set_limits(budget, 1, 0);
  EXPECT_EQ(take(budget, 0, 0), 0);
  std::int64_t now = 0;
  while (take(budget, 0, now) != 0) now += 1000;
  EXPECT_NEAR(static_cast<double>(now), static_cast<double>(kMinute), 2000.0);
}

TEST(OpenaiRateLimit, WaitIsLongEnoughAndNotLonger) {
  RateBudget budget;
  set_limits(budget, 60, 0);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(take(budget, 0, 0), 0);
  const std::int64_t wait = take(budget, 0, 0);
  EXPECT_NEAR(static_cast<double>(wait), 1e6, 10.0);
  EXPECT_GT(take(budget, 0, wait - 1000), 0);
  EXPECT_EQ(take(budget, 0, wait), 0);
}

TEST(OpenaiRateLimit, SettingTheSameLimitsAgainGivesNothing) {
  RateBudget budget;
  set_limits(budget, 60, 6000);
  while (take(budget, 10, 0) == 0) set_limits(budget, 60, 6000);
  EXPECT_GT(take(budget, 10, 0), 0);
}

TEST(OpenaiRateLimit, HugeValuesDoNotOverflow) {
  RateBudget budget;
  set_limits(budget, INT64_MAX, INT64_MAX);
  EXPECT_EQ(take(budget, INT64_MAX, 0), 0);
  EXPECT_GE(take(budget, INT64_MAX, INT64_MAX / 2), 0);
  learn(budget, 429, {{"x-ratelimit-remaining-tokens", "9223372036854775807"}}, INT64_MAX, INT64_MAX / 2);
  EXPECT_GE(take(budget, 1, INT64_MAX / 2), 0);
}

TEST(OpenaiRateLimit, WhatRemainsIsNotExceeded) {
  RateBudget budget;
  set_limits(budget, 600, 600'000);
  learn(budget, 200, {{"x-ratelimit-remaining-requests", "3"}, {"x-ratelimit-remaining-tokens", "500000"}}, 0, 0);
  int gone = 0;
  while (take(budget, 1, 0) == 0) ++gone;
  EXPECT_EQ(gone, 3);
}

TEST(OpenaiRateLimit, NothingRemainingStopsWithoutALimitToo) {
  RateBudget budget;
  learn(budget, 200, {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "2s"}}, 0, 0);
  EXPECT_EQ(take(budget, 1, 0), 2 * kSecond);
  EXPECT_EQ(take(budget, 1, 2 * kSecond), 0);
  learn(budget, 200, {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "soon"}}, 0, 3 * kSecond);
  EXPECT_EQ(take(budget, 1, 3 * kSecond), 0);
}

TEST(OpenaiRateLimit, RefusalStopsEverybodyForItsDelay) {
  RateBudget budget;
  learn(budget, 429, {}, 5000, kSecond);
  EXPECT_EQ(take(budget, 1, kSecond), 5 * kSecond);
  learn(budget, 429, {}, 1000, kSecond);
  EXPECT_EQ(take(budget, 1, kSecond), 5 * kSecond) << "a shorter delay ends no longer one";
  EXPECT_EQ(take(budget, 1, 6 * kSecond), 0);
  learn(budget, 429, {}, 0, 7 * kSecond);
  EXPECT_EQ(take(budget, 1, 7 * kSecond), kSecond) << "without a delay of its own";
}

TEST(OpenaiRateLimit, RefusalsThatBelongTogetherHalveOnceAndTheRateComesBack) {
  RateBudget budget;
  set_limits(budget, 600, 0);
  for (int i = 0; i < 100; ++i) learn(budget, 429, {}, 1000, kSecond + i);
  EXPECT_EQ(budget.rate_permille, 500);
  learn(budget, 429, {}, 1000, 3 * kSecond);
  EXPECT_EQ(budget.rate_permille, 250);
  for (int i = 1; i < 100; ++i) learn(budget, 429, {}, 1000, (3 + 2 * i) * kSecond);
  EXPECT_EQ(budget.rate_permille, 50) << "never to a halt";
  take(budget, 0, 4 * kMinute);
  EXPECT_GT(budget.rate_permille, 50);
  EXPECT_LT(budget.rate_permille, 1000);
  take(budget, 0, 20 * kMinute);
  EXPECT_EQ(budget.rate_permille, 1000);
}

TEST(OpenaiRateLimit, SlowDownLastsAQuarterOfAnHour) {
  RateBudget budget;
  set_limits(budget, 600, 0);
  learn(budget, 503, {}, 1000, 0);
  take(budget, 0, 14 * kMinute);
  EXPECT_EQ(budget.rate_permille, 500);
  take(budget, 0, 30 * kMinute);
  EXPECT_EQ(budget.rate_permille, 1000);
}

TEST(OpenaiRateLimit, DurationsAreReadAndNonsenseIsNot) {
  EXPECT_EQ(parse_duration_ms("1s"), 1000);
  EXPECT_EQ(parse_duration_ms("6m0s"), 360'000);
  EXPECT_EQ(parse_duration_ms("20ms"), 20);
  EXPECT_EQ(parse_duration_ms("1h2m3.5s"), 3'723'500);
  EXPECT_EQ(parse_duration_ms("8.64s"), 8640);
  EXPECT_EQ(parse_duration_ms("12"), 12'000);
  EXPECT_EQ(parse_duration_ms("0.5"), 500);
  EXPECT_EQ(parse_duration_ms("0s"), 0);
  EXPECT_EQ(parse_duration_ms("500µs"), 1) << "rounded up";
  for (const char* text : {"", " ", "s", "-1s", "1x", "1s2", "1 s", "1e3s", "nan", "inf", "1s-", "99999999999999999999h",
                           "0x10", "1..5s", "."}) {
    EXPECT_EQ(parse_duration_ms(text), -1) << text;
  }
}

TEST(OpenaiRetry, BackoffDoublesUpToAMinuteWithJitterBelow) {
  EXPECT_EQ(backoff_ms(1, std::nullopt, 0), 500);
  EXPECT_EQ(backoff_ms(2, std::nullopt, 0), 1000);
  EXPECT_EQ(backoff_ms(7, std::nullopt, 0), 32'000);
  EXPECT_EQ(backoff_ms(8, std::nullopt, 0), 60'000);
  EXPECT_EQ(backoff_ms(1000, std::nullopt, 0), 60'000);
  EXPECT_EQ(backoff_ms(0, std::nullopt, 0), 500);
  EXPECT_EQ(backoff_ms(1, std::nullopt, 0.5), 375);
  EXPECT_GE(backoff_ms(1, std::nullopt, 0.999999), 250);
}

TEST(OpenaiRetry, TheServersDelayWins) {
  EXPECT_EQ(backoff_ms(5, 200, 0.3), 200);
  EXPECT_EQ(backoff_ms(1, 600'000, 0.3), 600'000);
  EXPECT_EQ(backoff_ms(1, 0, 0.3), 0);
}

}  // namespace
}  // namespace kg_batch::openai
