// kg_parse: the staged plan's first question. Shows a chunk and takes the facts
// in it, with the words they stand on.

#include "stages/answer_reader.h"
#include "stages/answer_schema.h"
#include "stages/question_document.h"
#include "stages/stage.h"

namespace kg_batch::stages {
namespace {

class KgParse final : public Stage {
 public:
  std::string_view name() const override { return "kg_parse"; }

  const Json& schema() const override {
    static const Json schema =
        object_schema({{{"facts", array_schema(object_schema({fact_properties()}), max_facts)}}});
    return schema;
  }

  int max_output_tokens() const override { return 8000; }

  Json question(const Question& question, const graph::Reading&) const override {
    return conversation_question("parse", question);
  }

  std::optional<BadAnswer> read(std::string_view answer, const Question& question,
                                graph::Reading& so_far) const override {
    const std::variant<Json, BadAnswer> parsed = parse_answer(answer, {"facts"});
    if (const auto* bad = std::get_if<BadAnswer>(&parsed)) {
      return *bad;
    }
    so_far.facts = read_facts(std::get<Json>(parsed)["facts"], question, so_far.rejected);
    return std::nullopt;
  }
};

const KgParse kg_parse;
const Registered registered(kg_parse);

}  // namespace
}  // namespace kg_batch::stages
