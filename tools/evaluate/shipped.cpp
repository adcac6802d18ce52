#include "shipped.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <stdexcept>
#include <tuple>

namespace kg_batch::evaluate {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path);
  if (!stream) {
    throw std::runtime_error("could not read \"" + path.string() + "\"");
  }
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The prompts of one file: their rows begin with what stands before the quote.
std::vector<Prompt> prompts_in(const std::string& sql) {
  static const std::string quote = "$prompt$";
  static const std::regex head(R"(\(\d+, '(\w+)', (\d+), '(\w+)', (\d+), $)");
  std::vector<Prompt> prompts;
  for (std::size_t begin = sql.find(quote); begin != std::string::npos;) {
    const std::size_t end = sql.find(quote, begin + quote.size());
    const std::size_t row = sql.rfind('(', begin);
    const std::string before = row == std::string::npos ? "" : sql.substr(row, begin - row);
    std::smatch match;
    // Prompts of decisions are steps of no plan; no conversation asks them.
    if (end != std::string::npos && std::regex_match(before, match, head)) {
      prompts.push_back({match[1], match[3], sql.substr(begin + quote.size(), end - begin - quote.size()),
                         std::stoi(match[2]), std::stoi(match[4])});
    }
    begin = end == std::string::npos ? end : sql.find(quote, end + quote.size());
  }
  return prompts;
}

}  // namespace

std::vector<Prompt> shipped_prompts(const std::filesystem::path& schema) {
  std::map<std::tuple<std::string, int, std::string>, Prompt> newest;
  for (const auto& entry : std::filesystem::directory_iterator(schema)) {
    if (entry.path().filename().string().find("_prompt_") == std::string::npos) {
      continue;
    }
    for (Prompt& prompt : prompts_in(read_file(entry.path()))) {
      Prompt& known = newest[{prompt.plan, prompt.step, prompt.stage}];
      if (prompt.version > known.version) {
        known = std::move(prompt);
      }
    }
  }
  std::vector<Prompt> prompts;
  for (auto& [place, prompt] : newest) {
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

std::vector<Price> shipped_prices(const std::filesystem::path& schema) {
  const std::string sql = read_file(schema / "61_model_prices.sql");
  // Long contexts have a tier of their own, which no mini conversation reaches.
  static const std::regex row(R"(\(\d+, '([^']+)', '[^']+', 0, ([\d.]+), ([\d.]+|NULL), [\d.NUL]+, ([\d.]+),)");
  std::vector<Price> prices;
  for (std::sregex_iterator match(sql.begin(), sql.end(), row), end; match != end; ++match) {
    const double input = std::stod((*match)[2]);
    prices.push_back({(*match)[1], input, (*match)[3] == "NULL" ? input : std::stod((*match)[3]),
                      std::stod((*match)[4])});
  }
  return prices;
}

std::optional<Price> price_of(const std::vector<Price>& prices, std::string_view model) {
  std::optional<Price> longest;
  for (const Price& price : prices) {
    if (model.starts_with(price.model_prefix) &&
        (!longest || price.model_prefix.size() > longest->model_prefix.size())) {
      longest = price;
    }
  }
  return longest;
}

double cost(const Price& price, const openai::Usage& usage) {
  return (static_cast<double>(usage.input_tokens - usage.cached_tokens) * price.input +
          static_cast<double>(usage.cached_tokens) * price.cached_input +
          static_cast<double>(usage.output_tokens) * price.output) /
         1e6;
}

}  // namespace kg_batch::evaluate
