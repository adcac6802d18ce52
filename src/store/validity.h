// When the States of a graph held, out of their live mentions (graph/validity.h).
// Periods stand nowhere; a node shows its dates.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/validity.h"

namespace kg_batch::store {

struct StateValidity {
  std::int64_t node_id = 0;
  graph::Key key{};
  graph::Validity validity;
  // Nodes and keys of those that `ended_by` and `superseded_by` point at.
  struct Other {
    std::int64_t node_id = 0;
    graph::Key key{};
  };
  std::vector<std::optional<Other>> ended_by;  // a value a period
  std::optional<Other> superseded_by;
};

// Of all States, or of `nodes`, old ids too (what is no State is left out); by key.
// States that are only planned, possible or hypothetical have none.
std::vector<StateValidity> validity_in(std::int64_t graph_id, const std::optional<std::vector<std::int64_t>>& nodes);

// As one text: what graph_digest() covers of it, by keys.
// In a round: of these States, of which an end is known, those that have several
// periods by their own words show the dates of the latest. What a person corrected
// stays.
void show_latest_periods(std::int64_t graph_id, const std::vector<std::int64_t>& nodes);

std::string digest_text(const StateValidity& state);

}  // namespace kg_batch::store
