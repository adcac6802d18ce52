// Inputs near an input: bytes, lines and, where a line is JSON, its structure.

#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace kg_batch::fuzz {

class Mutation {
 public:
  Mutation(std::mt19937_64& random, std::size_t most) : random_(random), most_(most) {}
  // At most `most` bytes. `others` are what parts may come from.
  std::string of(std::string input, const std::vector<std::string>& others);

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(random_() % bound); }
  void change_bytes(std::string& input);
  void change_lines(std::string& input);
  bool change_json(std::string& input);  // false when no line is JSON
  void join(std::string& input, const std::string& other);

  std::mt19937_64& random_;
  std::size_t most_;
};

}  // namespace kg_batch::fuzz
