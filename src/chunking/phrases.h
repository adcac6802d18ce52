// Runs of words in which a name may stand: what names that are known already are
// looked for in.

#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace kg_batch::chunking {

// All runs of one to `most_words` words of a text, as they stand, without what stands
// around them: punctuation, quotes, brackets, and an English possessive. Words are
// divided by white space, so a script without it gives its clauses.
std::set<std::string> phrases(std::string_view text, std::size_t most_words = 4);

}  // namespace kg_batch::chunking
