// The staged plan's three questions in the mode `rules`.
//
// The rules read words, and kg_facts and kg_metadata show facts alone. So what was
// read for a kg_parse question is kept, in a file that a restart takes up again,
// and found by the facts it gave when they come back. Of two readings with equal
// facts the first counts. Memory is a few dozen bytes a reading.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "json.h"

namespace kg_sim {

class StagedAnswers {
 public:
  explicit StagedAnswers(const std::string& path);
  ~StagedAnswers();
  StagedAnswers(const StagedAnswers&) = delete;
  StagedAnswers& operator=(const StagedAnswers&) = delete;

  static bool is_staged(const std::string& stage);
  // Null for a document that is not a question of the stage; throws
  // std::runtime_error for facts that no kg_parse question got.
  Json answer(const std::string& stage, const Json& document);
  void clear();

 private:
  void keep(const Json& shown, const Json& whole);
  Json find(const Json& shown) const;

  struct Place {
    std::int64_t begin = 0, size = 0;
  };
  int descriptor_ = -1;
  std::int64_t end_ = 0;
  std::unordered_map<std::string, Place> places_;  // by the hash of the facts as shown
};

}  // namespace kg_sim
