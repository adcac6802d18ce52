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
// Metadata that comes apart from its thing or statement is an item of its own
// ("metadata of thing 9"); its fields are told as those of the thing.
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

// What is known about the things and statements of the reading, from items of
// their ids. What no item speaks of keeps the defaults: no dates, nothing listed,
// weights of 0, which no other mention's weight loses to.
void read_metadata(const Json& things, const Json& statements, graph::Reading& reading);

}  // namespace kg_batch::stages
