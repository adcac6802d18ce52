// Where a quote stands in a sentence, compared as fold_quote folds.
//
// The first place at word borders wins, else the first place at all ("I" is
// not the i of "this", while scripts without spaces still match). A quote that
// folds to nothing stands nowhere.

#pragma once

#include <optional>
#include <string_view>

namespace kg_batch::graph {

struct QuoteSpan {
  int start = 0;  // characters of the sentence
  int end = 0;    // exclusive
};

std::optional<QuoteSpan> find_quote(std::string_view sentence, std::string_view quote);

}  // namespace kg_batch::graph
