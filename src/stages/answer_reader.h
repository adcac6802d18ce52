// Reads answers into typed values, in parts that the stages share.
//
// Guarantees: nothing throws, whatever the answer holds. What has no fitting
// shape as a whole is a BadAnswer and leaves the reading as it was. In an
// otherwise good answer every item (fact, quote, thing, statement, role) is
// either kept or stands in `rejected` with its reason; the row of a fact or
// statement stands for its quotes or roles too. A field that is wrong in a kept
// item is left out and has a row of its own ("statement 4, goal_status"), which
// is no item. Items are named by their id, those without a usable one by their
// place ("fact number 2"); quotes and roles by their place from 1.
//
// Texts are trimmed, white space in them is one space, and cut at the limits
// below. Fields that a stage does not ask for may be missing.

#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/reading.h"
#include "stages/stage.h"

namespace kg_batch::stages {

// Characters.
inline constexpr int max_label = 200;
inline constexpr int max_category = 100;
inline constexpr int max_fact_text = 2000;
inline constexpr int max_quote = 2000;
inline constexpr int max_role_text = 100;
inline constexpr int max_alias = 200;
inline constexpr int max_attribute_key = 100;
inline constexpr int max_attribute_value = 500;
inline constexpr int max_hash_tag = 50;
inline constexpr int max_rejected_body = 2000;

// The answer as an object that has every one of `arrays` as an array.
std::variant<Json, BadAnswer> parse_answer(std::string_view answer, std::initializer_list<const char*> arrays);

// Facts that stand on a sentence of the chunk and, unless the question says
// otherwise, on the words of a participant.
std::vector<graph::Fact> read_facts(const Json& items, const Question& question, std::vector<graph::Rejected>& rejected);

// Things and statements over `reading.facts`, with what metadata their items
// have. Replaces those of the reading.
void read_nodes(const Json& things, const Json& statements, const Question& question, graph::Reading& reading);

// What is known about a thing or statement, from an item of the same id:
// kg_metadata's, or the same item in kg_extract. `item_name` as in `rejected`.
void read_thing_metadata(const Json& item, const std::string& item_name, graph::Thing& thing,
                         std::vector<graph::Rejected>& rejected);
void read_statement_metadata(const Json& item, const std::string& item_name, graph::Statement& statement,
                             std::vector<graph::Rejected>& rejected);

}  // namespace kg_batch::stages
