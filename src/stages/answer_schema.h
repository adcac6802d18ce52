// JSON schemas of answers, in parts that the stages share, within the subset
// that strict structured outputs take: every object closed, every property
// required, every array with maxItems.
//
// The limits are the reader's too (answer_reader.h).

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stages/stage.h"

namespace kg_batch::stages {

// Most items an answer may have: twice of what a full chunk was seen to give.
inline constexpr int max_facts = 120;
inline constexpr int max_things = 120;
inline constexpr int max_statements = 120;
inline constexpr int max_quotes = 8;       // of a fact
inline constexpr int max_roles = 12;       // of a statement
inline constexpr int max_cited_facts = 40; // by a thing or statement
inline constexpr int max_aliases = 20;
inline constexpr int max_attributes = 20;
inline constexpr int max_hash_tags = 5;

using Properties = std::vector<std::pair<std::string, Json>>;

Json typed(std::string_view type);
Json typed_or_null(std::string_view type);
Json schema_or_null(Json schema);
Json object_schema(const std::vector<Properties>& parts);
Json array_schema(Json items, int max_items);

Json one_of(const auto& words) {
  Json schema = typed("string");
  for (const std::string_view word : words) {
    schema["enum"].push_back(word);
  }
  return schema;
}

// Parts of an item's properties, to be put together in the order in which the
// model shall write them: what something is before what is known about it.
Properties fact_properties();
Properties identifier();          // id
Properties thing_identity();      // type, label, class, category, named, participant, of, relation
Properties thing_details();       // aliases, attributes, hash_tags
Properties statement_identity();  // type, label, category
Properties statement_details();   // start, end, replaces, goal_status, hash_tags
Properties cited_facts();         // facts
Properties weights();             // confidence, importance
Properties statement_roles();     // roles

}  // namespace kg_batch::stages
