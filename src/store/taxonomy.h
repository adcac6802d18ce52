// The taxonomy of a graph as a person changes it. Kinds that are filed by name
// follow at once (kg_batch_internal.file_kinds); the SQL of src/schema has the rest.

#pragma once

#include <cstdint>
#include <string>

namespace kg_batch::store {

// Adds to the graph's own taxa, or changes those of the same path; with "replace"
// takes out the own ones that are not named. Gives how many it wrote. An Error
// names the element by its place, from 1, "2.1" being the first child of the
// second, and its path; nothing is written then.
std::int64_t load_taxonomy(std::int64_t graph_id, const std::string& taxonomy_json);

// A person's word on a suggestion, the later one counting; but what was accepted
// is a taxon and is taken out by load_taxonomy. Gives the taxon's id.
std::int64_t accept_suggestion(std::int64_t graph_id, std::int64_t suggestion_id, unsigned int role);
void refuse_suggestion(std::int64_t graph_id, std::int64_t suggestion_id, unsigned int role);

}  // namespace kg_batch::store
