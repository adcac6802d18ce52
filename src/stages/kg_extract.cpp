// kg_extract: the combined plan's one question. Shows a chunk and takes facts,
// things and statements with all that is known about them in one answer.

#include "stages/answer_reader.h"
#include "stages/answer_schema.h"
#include "stages/question_document.h"
#include "stages/stage.h"

namespace kg_batch::stages {
namespace {

Json answer_schema() {
  Json fact = object_schema({fact_properties()});
  Json thing = object_schema({identifier(), thing_identity(), thing_details(), cited_facts(), weights()});
  Json statement = object_schema(
      {identifier(), statement_identity(), cited_facts(), statement_details(), weights(), statement_roles()});
  return object_schema({{{"facts", array_schema(std::move(fact), max_facts)},
                         {"things", array_schema(std::move(thing), max_things)},
                         {"statements", array_schema(std::move(statement), max_statements)}}});
}

class KgExtract final : public Stage {
 public:
  std::string_view name() const override { return "kg_extract"; }

  const Json& schema() const override {
    static const Json schema = answer_schema();
    return schema;
  }

  // A chunk of 50 sentences gives about 6,000 tokens of answer.
  int max_output_tokens() const override { return 16000; }

  Json question(const Question& question, const graph::Reading&) const override {
    return conversation_question("extract", question);
  }

  std::optional<BadAnswer> read(std::string_view answer, const Question& question,
                                graph::Reading& so_far) const override {
    const std::variant<Json, BadAnswer> parsed = parse_answer(answer, {"facts", "things", "statements"});
    if (const auto* bad = std::get_if<BadAnswer>(&parsed)) {
      return *bad;
    }
    const Json& json = std::get<Json>(parsed);
    so_far.facts = read_facts(json["facts"], question, so_far.rejected);
    read_nodes(json["things"], json["statements"], question, so_far);
    return std::nullopt;
  }
};

const KgExtract kg_extract;
const Registered registered(kg_extract);

}  // namespace
}  // namespace kg_batch::stages
