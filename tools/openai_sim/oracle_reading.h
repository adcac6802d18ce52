// What the gold file answers to questions about a chunk: kg_extract, the three
// of the staged plan, and kg_boundary. Pure functions of the question's document
// and the gold file.

#pragma once

#include <string>

#include "json.h"
#include "oracle_gold.h"

namespace kg_sim {

// Null for what is no such question. Throws std::runtime_error when facts are
// shown that the gold file did not give.
Json oracle_reading(const OracleGold& gold, const std::string& stage, const Json& question);

}  // namespace kg_sim
