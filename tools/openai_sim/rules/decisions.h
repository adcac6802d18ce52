// The questions about the graph: are two the same, which canonical name stands
// for a word, where does a kind belong. Each takes the question's document and
// gives the answer to all that is asked in it, in order; null when the document
// is no such question. What is no pair, name or kind is passed over.

#pragma once

#include <nlohmann/json.hpp>

namespace kg_sim::rules {

// same: equal names but for accents, honorifics, legal form; one's alias is the
// other's name; initials or an acronym with a neighbor in common.
// different: both take part in or are spoken of in one conversation; numbers or
// the forms of address differ; a thing and a statement; Events of other dates.
// unsure: everything else, equal names that were kept apart among it.
nlohmann::ordered_json merge_answer(const nlohmann::ordered_json& question);

// The canonical name with the same stems, with some of them, or whose definition
// has all of them; inverse for "… by" and "… of".
nlohmann::ordered_json predicate_answer(const nlohmann::ordered_json& question);

// The deepest candidate whose name is in the category, else in a label, else the
// root with the category as a suggestion.
nlohmann::ordered_json classify_answer(const nlohmann::ordered_json& question);

}  // namespace kg_sim::rules
