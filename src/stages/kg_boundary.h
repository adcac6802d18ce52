// kg_boundary: where the topic shifts in a window of messages
// (chunking/windows.h), and which of them are not worth reading.
//
// It is asked before there are chunks: its question has the window's messages,
// numbered from 1, each as one text of at most 600 characters, and its answer
// gives segments instead of facts. As a Stage it builds the question and judges
// the answer; who cuts by it calls read_boundaries.
//
// Guarantees: nothing throws, whatever the answer holds. The segments that come
// back hold every message of the window once, in order; what was dropped or had
// no fitting shape stands in `rejected`, its messages are in some segment all the
// same.

#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "chunking/windows.h"
#include "graph/reading.h"
#include "stages/stage.h"

namespace kg_batch::stages {

inline constexpr char boundary_stage_name[] = "kg_boundary";
inline constexpr int max_boundary_text = 600;  // characters of a message: the first two thirds and the last third
inline constexpr int max_topic = 100;

struct BoundaryReading {
  std::vector<chunking::ToldSegment> segments;
  std::vector<graph::Rejected> rejected;
};

// `messages`: how many the window had.
std::variant<BoundaryReading, BadAnswer> read_boundaries(std::string_view answer, int messages);

}  // namespace kg_batch::stages
