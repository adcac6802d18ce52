// The models that the stand-in knows: their prices (US dollars a million
// tokens, list prices of September 2026), the snapshot a name stands for, and
// what they refuse.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "settings.h"

namespace kg_sim {

struct TokenUse {
  std::int64_t input = 0;        // all of the prompt
  std::int64_t cached = 0;       // of `input`
  std::int64_t cache_write = 0;  // of `input`
  std::int64_t output = 0;       // with reasoning
  std::int64_t reasoning = 0;    // of `output`

  TokenUse& operator+=(const TokenUse& other);
};

// In millionths of a millionth of a dollar, so that sums are exact.
using Picodollars = std::int64_t;

// 0 for a model without a price. In a batch everything costs half, and cached
// tokens cost what other input of a batch costs: whether the two discounts add
// up is not documented, and this is the upper bound. What is over 272,000
// input tokens doubles a request's input price from gpt-5.4 on.
Picodollars price(std::string_view model, const TokenUse& use, bool batch);

bool is_known_model(std::string_view model, const Settings& settings);
std::vector<std::string> known_models(const Settings& settings);

// "gpt-5-mini" is answered by "gpt-5-mini-2025-08-07".
std::string returned_model(std::string_view model);

bool is_reasoning_model(std::string_view model, const Settings& settings);
bool has_priced_cache_writes(std::string_view model);

// nullopt when the model takes this effort, else what it takes: "'none', 'low'".
std::optional<std::string> refused_effort(std::string_view model, std::string_view effort);

}  // namespace kg_sim
