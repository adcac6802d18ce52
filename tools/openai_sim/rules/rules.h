// The answering mode `rules`: a small deterministic reader of conversations in
// plain English, so that demos and tests get a sensible graph without a model.
//
// It knows a few dozen patterns and says nothing where none fits. What it says
// of a conversation is always consistent: every fact cites words that stand in
// a new sentence, every thing takes part in a statement, every role leads to
// something that is in the answer. The same question gives the same answer, byte for byte; there
// is no I/O, no clock, no state between calls.

#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace kg_sim::rules {

// The answer to `user_document`, the question's JSON, for the schema of that
// name. "kg_extract" (its parts, for the staged plan, are staged.h's) and
// "kg_boundary" are read; "kg_merge", "kg_predicate" and "kg_classify" are decided
// (decisions.h). For every other schema, and for a document that is not a question
// of that stage, the result is null.
nlohmann::ordered_json answer(std::string_view schema_name, const nlohmann::ordered_json& user_document);

}  // namespace kg_sim::rules
