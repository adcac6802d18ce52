// A JSON object a line; its first field says what it is of. The only format that
// carries everything, and the one that kg_batch.import reads.

#include "formats/fields.h"
#include "formats/writer.h"

namespace kg_batch::formats {
namespace {

using Json = nlohmann::ordered_json;

class Jsonl final : public Writer {
 public:
  using Writer::Writer;

  void begin() override { line(R"({"kg_batch":"graph","version":1})"); }

  void node(const Node& node) override {
    Json object = {{"kg_batch", "node"}, {"key", node.key}};
    object.update(fields_of(node));
    object["named"] = node.named;
    if (!node.scope.empty()) object["scope"] = node.scope;
    line(json_text(object));
  }

  void edge(const Edge& edge) override {
    Json object = {{"kg_batch", "edge"}, {"source", edge.source}, {"predicate", edge.predicate}, {"target", edge.target}};
    object.update(fields_of(edge));
    line(json_text(object));
  }

  void fact(const Fact& fact) override {
    Json object = {{"kg_batch", "fact"}, {"id", fact.id}};
    object.update(fields_of(fact));
    object["nodes"] = fact.nodes;
    line(json_text(object));
    for (const Evidence& evidence : fact.evidence) {
      Json quoted = {{"kg_batch", "evidence"}, {"fact", fact.id}};
      quoted.update(fields_of(evidence));
      line(json_text(quoted));
    }
  }
};

}  // namespace

std::unique_ptr<Writer> make_jsonl(Lines lines) { return std::make_unique<Jsonl>(std::move(lines)); }

}  // namespace kg_batch::formats
