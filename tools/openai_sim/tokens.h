// How many tokens a text has, roughly and always the same: four ASCII
// characters are one, other letters half to two tokens each.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>

namespace kg_sim {

std::int64_t count_tokens(std::string_view text);

// The longest beginning of `text` that has at most `tokens` tokens, whole characters only.
std::string_view first_tokens(std::string_view text, std::int64_t tokens);

// Which beginnings of prompts have been seen: from 1,024 tokens on, in steps of
// 128, for each model and prompt_cache_key.
class PromptCache {
 public:
  struct Use {
    std::int64_t cached = 0;   // tokens of the prompt that were known
    std::int64_t written = 0;  // tokens that are known from now on
  };
  Use use(std::string_view model, std::string_view cache_key, std::string_view prompt);
  void clear() { seen_.clear(); }

 private:
  std::unordered_set<std::uint64_t> seen_;
};

}  // namespace kg_sim
