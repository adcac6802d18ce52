// What the install script ships that a run needs: prompts with the plan that
// they are steps of, and what models cost. Read from src/schema.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openai/client.h"

namespace kg_batch::evaluate {

struct Prompt {
  std::string stage, plan, text;
  int version = 0, step = 0;
};

// The newest of each stage, by plan and step.
std::vector<Prompt> shipped_prompts(const std::filesystem::path& schema);

struct Price {  // US dollars a million tokens, asked directly
  std::string model_prefix;
  double input = 0, cached_input = 0, output = 0;
};

std::vector<Price> shipped_prices(const std::filesystem::path& schema);

// Of the longest prefix of the model's name; nothing for a model without a price.
std::optional<Price> price_of(const std::vector<Price>& prices, std::string_view model);

double cost(const Price& price, const openai::Usage& usage);

}  // namespace kg_batch::evaluate
