// What the gold file answers to the questions about the graph: kg_merge,
// kg_predicate and kg_classify. Pure functions of the question's document and
// the gold file.

#pragma once

#include <string>

#include "json.h"
#include "oracle_gold.h"

namespace kg_sim {

// Null for what is no such question.
Json oracle_decision(const OracleGold& gold, const std::string& stage, const Json& question);

}  // namespace kg_sim
