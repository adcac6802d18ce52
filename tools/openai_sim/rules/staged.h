// The staged plan's answers, cut out of the one that kg_extract gets for the same
// words: so both plans end in the same graph.
//
// Keys and ids are those of the whole answer; each part has what its schema asks
// for and nothing else.

#pragma once

#include <nlohmann/json.hpp>

namespace kg_sim::rules {

// For kg_parse: facts with their evidence.
nlohmann::ordered_json facts_part(const nlohmann::ordered_json& whole);

// For kg_facts: things and statements without what is known about them.
nlohmann::ordered_json nodes_part(const nlohmann::ordered_json& whole);

// For kg_metadata: what is known about those that its question shows.
nlohmann::ordered_json metadata_part(const nlohmann::ordered_json& whole, const nlohmann::ordered_json& question);

// {"participants":…,"facts":…} as kg_facts and kg_metadata will show the facts
// that this kg_parse question got: id, text, modality, negated, said_by, said_at.
nlohmann::ordered_json shown_facts(const nlohmann::ordered_json& parse_question, const nlohmann::ordered_json& whole);

// The same out of their questions; null for what is none.
nlohmann::ordered_json shown_facts(const nlohmann::ordered_json& question);

}  // namespace kg_sim::rules
