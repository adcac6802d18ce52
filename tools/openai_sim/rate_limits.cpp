#include "rate_limits.h"

#include <algorithm>
#include <cmath>

#include "api_error.h"
#include "readable_number.h"

namespace kg_sim {

namespace {

// What the headers say where there is no limit.
constexpr std::int64_t plenty_of_requests = 1'000'000;
constexpr std::int64_t plenty_of_tokens = 1'000'000'000;

}  // namespace

RateLimits::Buckets& RateLimits::filled(const std::string& model, double now_ms, const Settings& settings) {
  Buckets& buckets = buckets_[model];
  if (buckets.rpm != settings.rpm || buckets.tpm != settings.tpm) {
    buckets = {static_cast<double>(settings.rpm), static_cast<double>(settings.tpm), now_ms, settings.rpm,
               settings.tpm};
    return buckets;
  }
  const double minutes = (now_ms - buckets.filled_ms) / 60000.0;
  buckets.filled_ms = now_ms;
  const auto rpm = static_cast<double>(settings.rpm);
  const auto tpm = static_cast<double>(settings.tpm);
  buckets.requests = std::min(rpm, buckets.requests + minutes * rpm);
  buckets.tokens = std::min(tpm, buckets.tokens + minutes * tpm);
  return buckets;
}

std::optional<Response> RateLimits::take(const std::string& model, std::int64_t tokens, double now_ms,
                                         const Settings& settings) {
  if (settings.rpm == 0 && settings.tpm == 0) return std::nullopt;
  Buckets& buckets = filled(model, now_ms, settings);
  // A request over the whole bucket goes when it is full.
  const double wanted = std::min(static_cast<double>(tokens), static_cast<double>(settings.tpm));
  const bool requests_left = settings.rpm == 0 || buckets.requests >= 1;
  const bool tokens_left = settings.tpm == 0 || buckets.tokens >= wanted;
  if (requests_left && tokens_left) {
    buckets.requests -= 1;
    buckets.tokens -= wanted;
    return std::nullopt;
  }
  const double wait_ms = !requests_left ? (1 - buckets.requests) * 60000.0 / static_cast<double>(settings.rpm)
                                        : (wanted - buckets.tokens) * 60000.0 / static_cast<double>(settings.tpm);
  ApiError error;
  error.status = 429;
  error.code = "rate_limit_exceeded";
  const std::string again = ". Please try again in " + go_duration(wait_ms) +
                            ". Visit https://platform.openai.com/account/rate-limits to learn more.";
  const std::string of = " in organization org-stand-in on ";
  if (!requests_left) {
    error.type = "requests";
    error.message = "Rate limit reached for " + model + of + "requests per min (RPM): Limit " + grouped(settings.rpm) +
                    ", Used " + grouped(settings.rpm) + ", Requested 1" + again;
  } else {
    error.type = "tokens";
    error.message = "Rate limit reached for " + model + of + "tokens per min (TPM): Limit " + grouped(settings.tpm) +
                    ", Used " + grouped(settings.tpm - static_cast<std::int64_t>(buckets.tokens)) + ", Requested " +
                    grouped(tokens) + again;
  }
  Response response = error_response(error);
  response.headers.emplace_back("retry-after-ms", std::to_string(static_cast<std::int64_t>(std::ceil(wait_ms))));
  response.headers.emplace_back("retry-after", std::to_string(static_cast<std::int64_t>(std::ceil(wait_ms / 1000))));
  return response;
}

std::vector<std::pair<std::string, std::string>> RateLimits::headers(const std::string& model, double now_ms,
                                                                     const Settings& settings) {
  const Buckets& buckets = filled(model, now_ms, settings);
  const std::int64_t rpm = settings.rpm ? settings.rpm : plenty_of_requests;
  const std::int64_t tpm = settings.tpm ? settings.tpm : plenty_of_tokens;
  const double requests = settings.rpm ? std::max(0.0, buckets.requests) : static_cast<double>(rpm);
  const double tokens = settings.tpm ? std::max(0.0, buckets.tokens) : static_cast<double>(tpm);
  auto reset = [](double missing, std::int64_t a_minute) {
    return go_duration(missing * 60000.0 / static_cast<double>(a_minute));
  };
  return {{"x-ratelimit-limit-requests", std::to_string(rpm)},
          {"x-ratelimit-limit-tokens", std::to_string(tpm)},
          {"x-ratelimit-remaining-requests", std::to_string(static_cast<std::int64_t>(requests))},
          {"x-ratelimit-remaining-tokens", std::to_string(static_cast<std::int64_t>(tokens))},
          {"x-ratelimit-reset-requests", reset(static_cast<double>(rpm) - requests, rpm)},
          {"x-ratelimit-reset-tokens", reset(static_cast<double>(tpm) - tokens, tpm)}};
}

}  // namespace kg_sim
