// Reads a batch's input file before anything of it is asked: every line that is
// wrong is reported, each with its first fault, and one of them fails the batch.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "json.h"
#include "settings.h"

namespace kg_sim {

class BatchValidation {
 public:
  BatchValidation(std::string endpoint, const Settings& settings)
      : endpoint_(std::move(endpoint)), settings_(settings) {}

  void line(std::string_view text, std::uint64_t offset);
  // Once every line was given.
  void finish();

  // {"code","message","param","line"}, empty when the file is good.
  const Json& errors() const { return errors_; }
  const std::string& model() const { return model_; }
  std::int64_t input_tokens() const { return input_tokens_; }
  std::vector<std::uint64_t> take_offsets() { return std::move(offsets_); }

  static Json error(const std::string& code, const std::string& message, const Json& param, const Json& line);

 private:
  void wrong(const std::string& code, const std::string& message, const std::string& param);
  void check(std::string_view text);
  void check_body(const Json& body);

  std::string endpoint_;
  const Settings& settings_;
  Json errors_ = Json::array();
  std::vector<std::uint64_t> offsets_;
  std::unordered_set<std::string> custom_ids_;
  std::string model_;
  std::int64_t lines_ = 0;
  std::int64_t input_tokens_ = 0;
  std::int64_t embedded_ = 0;  // inputs of all requests
};

}  // namespace kg_sim
