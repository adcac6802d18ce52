// What a run is printed as.

#pragma once

#include <optional>
#include <ostream>
#include <vector>

#include "plan.h"
#include "score.h"
#include "shipped.h"

namespace kg_batch::evaluate {

std::vector<Verdict> judge(const PlanRun& run);

// Precision and recall by rule, then what was asked, tokens and dollars by
// stage, then what could not be used. `verbose` tells every expectation that was
// not met.
void report(std::ostream& out, const PlanRun& run, const std::optional<Price>& price, bool verbose);

}  // namespace kg_batch::evaluate
