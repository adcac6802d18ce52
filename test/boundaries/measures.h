// How well boundaries agree with those of people.

#pragma once

#include <functional>
#include <vector>

#include "dialogues.h"

namespace kg_batch::measured {

struct Measures {
  int found = 0;  // boundaries in all
  double precision = 0;
  double recall = 0;
  double f1 = 0;           // of all gaps between messages, of all dialogues together
  double window_diff = 0;  // mean over the dialogues; less is better
};

// WindowDiff (Pevzner and Hearst, 2002): the share of windows of `size` messages
// with another number of boundaries in them. The size is half the mean length of
// the reference's segments, rounded, at least 1.
double window_diff(const std::vector<bool>& reference, const std::vector<bool>& found);

// Which texts begin a topic.
using Segmenter = std::function<std::vector<bool>(const std::vector<std::string>& texts)>;

Measures measure(const std::vector<Dialogue>& dialogues, const Segmenter& segmenter);

// What is measured: `rules` as the extension cuts, by shift of topic alone, since
// the texts come without times and sessions.
std::vector<bool> by_rules(const std::vector<std::string>& texts);
std::vector<bool> never(const std::vector<std::string>& texts);
Segmenter every(int messages);

}  // namespace kg_batch::measured
