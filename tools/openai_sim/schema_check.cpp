// valijson is heavy to compile, so it is used in this file alone.

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <unordered_map>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "strict_schema.h"

namespace kg_sim {

namespace {
// A client sends few schemas; one that makes up a new one each time must not fill the memory.
constexpr std::size_t most_schemas = 1000;
}  // namespace

struct SchemaCheck::Compiled {
  std::unordered_map<std::string, std::unique_ptr<valijson::Schema>> schemas;
};

SchemaCheck::SchemaCheck() : compiled_(std::make_unique<Compiled>()) {}
SchemaCheck::~SchemaCheck() = default;

std::optional<std::string> SchemaCheck::violation(const Json& schema, const std::string& schema_text,
                                                  const Json& instance) {
  auto& compiled = compiled_->schemas[schema_text];
  try {
    if (!compiled) {
      if (compiled_->schemas.size() > most_schemas) {
        compiled_->schemas.clear();
        return violation(schema, schema_text, instance);
      }
      auto made = std::make_unique<valijson::Schema>();
      const nlohmann::json unordered = schema;
      valijson::SchemaParser parser;
      parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(unordered), *made);
      compiled = std::move(made);
    }
    const nlohmann::json unordered = instance;
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    if (validator.validate(*compiled, valijson::adapters::NlohmannJsonAdapter(unordered), &results)) return std::nullopt;
    std::string text;
    valijson::ValidationResults::Error error;
    // The innermost reason comes last.
    while (results.popError(error)) {
      text.clear();
      for (const std::string& step : error.context) text += step;
      text += ": " + error.description;
    }
    return text;
  } catch (const std::exception& error) {
    compiled_->schemas.erase(schema_text);
    return std::string("schema could not be compiled: ") + error.what();
  }
}

}  // namespace kg_sim
