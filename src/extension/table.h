// What a set-returning function gives back: rows of values as text, each read by
// the input function of its column's type.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/bridge.h"

namespace kg_batch::extension {

using Row = std::vector<std::optional<std::string>>;

// As the value of the function: `return give_table(fcinfo, rows);`
Datum give_table(FunctionCallInfo info, const std::vector<Row>& rows);

}  // namespace kg_batch::extension
