// Embeddings: what is refused, the vectors, what they cost. The same code answers
// direct requests and the lines of batches.
//
// A vector is made of the words of its text, of unit length and always the same:
// equal for equal words, nearer the more words two texts share, and about
// perpendicular without any. What the gold file calls the same has one vector.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api_error.h"
#include "bill.h"
#include "json.h"
#include "oracle_gold.h"
#include "settings.h"

namespace kg_sim {

struct EmbeddingQuestion {
  std::string model;
  std::string hash;  // SHA-256 of the body
  std::vector<std::string> inputs;
  std::size_t dimensions = 0;
  bool base64 = false;
  std::int64_t tokens = 0;
};

class Embeddings {
 public:
  Embeddings(const Settings& settings, Bill& bill, const OracleGold& world) : settings_(settings), bill_(bill), world_(world) {}

  // Reads a request. An error for what the API refuses.
  std::optional<ApiError> read(const Json& body, EmbeddingQuestion& question) const;

  struct Reply {
    Json body;
    TokenUse use;
  };
  // Answers it and enters it into the bill. `batch_id` is "" for a direct one.
  Reply reply(const EmbeddingQuestion& question, const std::string& batch_id);

 private:
  std::vector<float> vector_of(const std::string& text, std::size_t dimensions) const;

  const Settings& settings_;
  Bill& bill_;
  const OracleGold& world_;
};

// How many inputs a request body has.
std::int64_t count_inputs(const Json& body);

}  // namespace kg_sim
