// What nodes, edges, facts and evidence say of themselves, as named values: for
// formats that carry properties. A value that is not known has no field.

#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "formats/document.h"

namespace kg_batch::formats {

// Without the key, and without what only tells identities apart.
nlohmann::ordered_json fields_of(const Node& node);
nlohmann::ordered_json fields_of(const Edge& edge);      // without its ends and its predicate
nlohmann::ordered_json fields_of(const Fact& fact);      // without id, nodes and evidence
nlohmann::ordered_json fields_of(const Evidence& evidence);

// JSON on one line; it holds no byte below 0x20.
std::string json_text(const nlohmann::ordered_json& value);

// A value as a property of a format that knows no lists and objects: a text as
// it is, all else as JSON.
std::string flat(const nlohmann::ordered_json& value);

}  // namespace kg_batch::formats
