// TextTiling as published (M. Hearst, "TextTiling: Segmenting Text into
// Multi-paragraph Subtopic Passages", Computational Linguistics 23(1), 1997),
// to be measured against: token sequences of w words, block comparison of k
// token sequences on either side of each gap by the cosine of their term
// frequencies, average smoothing over the gap and one to each side, depth
// scores, boundaries where the depth is over mean - sd/2, deepest first and at
// least three token sequences apart, each moved to the nearest paragraph break.
//
// A paragraph is a message here. Stop words and stems are those of
// `boundaries = 'rules'`: no list of 898 words and no morphology.

#pragma once

#include <string>
#include <vector>

namespace kg_batch::measured {

struct TextTilingOptions {
  int sequence_words = 20;  // w
  int block_sequences = 10;  // k
};

// Which texts begin another topic; the first never does.
std::vector<bool> text_tiling(const std::vector<std::string>& texts, const TextTilingOptions& options = {});

}  // namespace kg_batch::measured
