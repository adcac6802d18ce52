// kg_facts: the staged plan's second question. Shows the facts of a chunk, no
// longer its words, and takes the things and statements they speak of.

#include "stages/answer_reader.h"
#include "stages/answer_schema.h"
#include "stages/question_document.h"
#include "stages/stage.h"

namespace kg_batch::stages {
namespace {

Json answer_schema() {
  Json thing = object_schema({identifier(), thing_identity(), cited_facts()});
  Json statement = object_schema({identifier(), statement_identity(), cited_facts(), statement_roles()});
  return object_schema({{{"things", array_schema(std::move(thing), max_things)},
                         {"statements", array_schema(std::move(statement), max_statements)}}});
}

class KgFacts final : public Stage {
 public:
  std::string_view name() const override { return "kg_facts"; }

  const Json& schema() const override {
    static const Json schema = answer_schema();
    return schema;
  }

  int max_output_tokens() const override { return 8000; }

  bool has_question(const graph::Reading& so_far) const override { return !so_far.facts.empty(); }

  Json question(const Question& question, const graph::Reading& so_far) const override {
    Json json;
    json["task"] = "facts";
    json["participants"] = participants_json(question.participants);
    json["facts"] = facts_json(so_far.facts, question);
    return json;
  }

  std::optional<BadAnswer> read(std::string_view answer, const Question& question,
                                graph::Reading& so_far) const override {
    const std::variant<Json, BadAnswer> parsed = parse_answer(answer, {"things", "statements"});
    if (const auto* bad = std::get_if<BadAnswer>(&parsed)) {
      return *bad;
    }
    const Json& json = std::get<Json>(parsed);
    read_nodes(json["things"], json["statements"], question, so_far);
    return std::nullopt;
  }
};

const KgFacts kg_facts;
const Registered registered(kg_facts);

}  // namespace
}  // namespace kg_batch::stages
