// kg_metadata: the staged plan's third question. Shows facts, things and
// statements and takes what is known about the latter two. It adds fields and
// nothing else: no item of it makes, renames or retypes anything.

#include "stages/answer_reader.h"
#include "stages/answer_schema.h"
#include "stages/question_document.h"
#include "stages/stage.h"

namespace kg_batch::stages {
namespace {

Json answer_schema() {
  Json thing = object_schema({identifier(), thing_details(), weights()});
  Json statement = object_schema({identifier(), statement_details(), weights()});
  return object_schema({{{"things", array_schema(std::move(thing), max_things)},
                         {"statements", array_schema(std::move(statement), max_statements)}}});
}

class KgMetadata final : public Stage {
 public:
  std::string_view name() const override { return "kg_metadata"; }

  const Json& schema() const override {
    static const Json schema = answer_schema();
    return schema;
  }

  int max_output_tokens() const override { return 8000; }

  bool has_question(const graph::Reading& so_far) const override {
    return !so_far.things.empty() || !so_far.statements.empty();
  }

  Json question(const Question& question, const graph::Reading& so_far) const override {
    Json json;
    json["task"] = "metadata";
    json["participants"] = participants_json(question.participants);
    json["facts"] = facts_json(so_far.facts, question);
    json["things"] = things_json(so_far.things);
    json["statements"] = statements_json(so_far.statements);
    return json;
  }

  std::optional<BadAnswer> read(std::string_view answer, const Question&, graph::Reading& so_far) const override {
    const std::variant<Json, BadAnswer> parsed = parse_answer(answer, {"things", "statements"});
    if (const auto* bad = std::get_if<BadAnswer>(&parsed)) {
      return *bad;
    }
    const Json& json = std::get<Json>(parsed);
    read_metadata(json["things"], json["statements"], so_far);
    return std::nullopt;
  }
};

const KgMetadata kg_metadata;
const Registered registered(kg_metadata);

}  // namespace
}  // namespace kg_batch::stages
