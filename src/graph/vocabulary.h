// The closed lists an answer may use: what the schema offers the model, what
// the reader accepts, and what rules may rely on. A word is never renamed or
// taken out, because keys of statements hold it.

#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace kg_batch::graph {

inline constexpr auto thing_types = std::to_array<std::string_view>({"Entity", "Concept", "Property"});

inline constexpr auto statement_types = std::to_array<std::string_view>({"Event", "State", "Goal"});

inline constexpr auto thing_classes =
    std::to_array<std::string_view>({"person", "animal", "organisation", "place", "work", "product", "other"});

// In the order of graph::Modality: surest first.
inline constexpr auto modalities =
    std::to_array<std::string_view>({"asserted", "reported", "planned", "possible", "hypothetical"});

// In the order of graph::How.
inline constexpr auto date_hows = std::to_array<std::string_view>({"actual", "inferred", "estimated"});

inline constexpr auto goal_statuses = std::to_array<std::string_view>({"active", "completed", "abandoned"});

inline constexpr auto roles = std::to_array<std::string_view>(
    {"agent",      "object",      "participant", "owner",    "owned",    "employee",    "employer",     "resident",
     "place",      "spouse",      "parent",      "child",    "sibling",  "friend",      "topic",        "content",
     "origin",     "destination", "cause",       "result",   "experiencer", "holder",   "member",       "organisation",
     "student",    "school",      "teacher",     "subject",  "recipient", "instrument", "beneficiary",  "location",
     "time",       "goal",        "plan",        "colleague", "manager", "partner",     "pet",          "creator",
     "creation",   "attendee",    "host",        "other"});

inline constexpr auto relations = std::to_array<std::string_view>(
    {"mother",      "father",      "parent",      "sister",     "brother", "sibling", "son",       "daughter",  "child",
     "wife",        "husband",     "spouse",      "partner",    "girlfriend", "boyfriend", "grandmother", "grandfather",
     "grandparent", "grandchild",  "aunt",        "uncle",      "cousin",  "niece",   "nephew",    "friend",    "colleague",
     "manager",     "neighbour",   "pet",         "dog",        "cat",     "home",    "car",       "other"});

template <std::size_t size>
constexpr bool is_one_of(std::string_view word, const std::array<std::string_view, size>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace kg_batch::graph
