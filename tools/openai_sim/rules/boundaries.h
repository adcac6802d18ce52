// What the rules say to a kg_boundary question: a segment begins with a message
// of another day, or with one that asks a question and shares no word of five
// letters or more with the two before it. Every message is in exactly one
// segment; a segment without a letter or digit is not to be processed.

#pragma once

#include <nlohmann/json.hpp>

namespace kg_sim::rules {

// Null for what is no such question.
nlohmann::ordered_json boundaries(const nlohmann::ordered_json& question);

}  // namespace kg_sim::rules
