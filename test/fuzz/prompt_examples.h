// The answers that a shipped prompt shows as examples.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kg_batch::fuzz {

std::vector<std::string> answers_in_prompt(std::string_view stage);

}  // namespace kg_batch::fuzz
