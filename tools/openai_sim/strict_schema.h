// The subset of JSON Schema that strict structured outputs take, and whether an
// answer is an instance of a schema.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "json.h"

namespace kg_sim {

// What is wrong with `schema` in OpenAI's words, to stand after "Invalid schema
// for response_format 'NAME': "; nullopt when it is in the subset.
std::optional<std::string> outside_strict_subset(const Json& schema);

// A compiled schema, kept between answers.
class SchemaCheck {
 public:
  SchemaCheck();
  ~SchemaCheck();
  // What is wrong with `instance`, or nullopt.
  std::optional<std::string> violation(const Json& schema, const std::string& schema_text, const Json& instance);

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

// The smallest instance of a strict schema, its keys in the schema's order:
// empty arrays, zeros, the first value of an enum, null where it may be.
Json smallest_instance(const Json& schema);

}  // namespace kg_sim
