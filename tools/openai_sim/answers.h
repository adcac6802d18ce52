// Where the content of an answer comes from: the rules, a gold file, a
// recording, or always the same.

#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "json.h"
#include "oracle_gold.h"
#include "settings.h"
#include "staged_answers.h"

namespace kg_sim {

struct AskedFor {
  std::string stage;             // the schema's name; "" for plain text
  const Json* schema = nullptr;  // nullptr for plain text and json_object
  bool json = false;             // the answer has to be JSON
  std::string user;              // the last user message
};

struct Content {
  std::string text;
  Json value;                        // the same parsed; null for plain text
  std::optional<std::string> error;  // instead of the rest: why there is no answer
};

class Answers {
 public:
  // `readings_path` is where the mode `rules` keeps what later stages ask about.
  explicit Answers(const std::string& readings_path) : staged_(readings_path) {}

  // Reads the gold file of oracle, replay and fixed; throws std::runtime_error with the reason.
  void load_gold(const std::string& path, Settings& settings);
  Content answer(const AskedFor& asked, const Settings& settings);
  // What was read in earlier stages is gone.
  void forget_readings() { staged_.clear(); }
  const OracleGold& world() const { return world_; }

 private:
  Content oracle(const AskedFor& asked) const;
  struct Gold {
    std::string contains, schema;
    Json answer;
  };
  StagedAnswers staged_;
  std::vector<Gold> gold_;
  std::optional<Json> gold_default_;
  OracleGold world_;
  std::unordered_map<std::string, std::string> recorded_;
};

}  // namespace kg_sim
