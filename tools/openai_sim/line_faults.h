// What stands of one batch line in the result files when a fault says that it
// is not what it should be.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "faults.h"
#include "json.h"

namespace kg_sim {

struct LineToWrite {
  bool success;  // in the output file, else in the error file
  std::string text;
};

// The lines, in order, each with its end; `serialize` is how an unspoilt one becomes text.
std::vector<LineToWrite> faulty_lines(const Fault& fault, bool success, const Json& line,
                                      const std::function<std::string(const Json&)>& serialize);

}  // namespace kg_sim
