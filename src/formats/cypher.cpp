// openCypher: a statement a line, to be run one after the other.
//
// Some releases turn \uXXXX into a character before they look at anything else,
// even after a backslash, others only within texts: so no u may stand after a
// backslash that is none of ours, and names of relations hold no backslash. The
// property `predicate` has them as they are.

#include <utility>

#include "formats/characters.h"
#include "formats/fields.h"
#include "formats/writer.h"

namespace kg_batch::formats {
namespace {

using Json = nlohmann::ordered_json;

std::string literal(std::string_view text) {
  bool after_backslash = false;
  return "'" + rewritten(text, [&](std::uint32_t code, std::string_view bytes, std::string& out) {
    const bool was_after = std::exchange(after_backslash, code == '\\');
    switch (code) {
      case '\\': out += "\\\\"; return;
      case '\'': out += "\\'"; return;
      case '\n': out += "\\n"; return;
      case '\r': out += "\\r"; return;
      case '\t': out += "\\t"; return;
      default: break;
    }
    const bool is_break = code == 0x2028 || code == 0x2029;
    if (is_control(code) || is_break || (was_after && (code == 'u' || code == 'U'))) out += u_escape(code);
    else out += bytes;
  }) + "'";
}

std::string name(std::string_view text) {
  return "`" + rewritten(text, [](std::uint32_t code, std::string_view bytes, std::string& out) {
    if (code == '`') out += "``";
    else if (code == '\\' || is_control(code) || code == 0x2028 || code == 0x2029) out += replacement;
    else out += bytes;
  }) + "`";
}

std::string value_of(const Json& value) {
  if (value.is_array() && !value.empty() && value.front().is_string()) {
    std::string list;
    for (const Json& one : value) list += (list.empty() ? "[" : ", ") + literal(one.get<std::string>());
    return list + "]";
  }
  return value.is_string() || value.is_structured() ? literal(flat(value)) : json_text(value);
}

std::string properties(const Json& fields) {
  std::string all;
  for (const auto& [field, value] : fields.items()) all += (all.empty() ? "{" : ", ") + field + ": " + value_of(value);
  return all + "}";
}

class Cypher final : public Writer {
 public:
  using Writer::Writer;

  void begin() override { line("CREATE INDEX kg_batch_key IF NOT EXISTS FOR (n:KgBatch) ON (n.key);"); }

  void node(const Node& node) override { create(node.type, node.key, fields_of(node)); }

  void edge(const Edge& edge) override {
    Json fields = {{"predicate", edge.predicate}};
    fields.update(fields_of(edge));
    relate(edge.source, edge.predicate, edge.target, fields);
  }

  void fact(const Fact& fact) override {
    create("Fact", fact.id, fields_of(fact));
    for (const std::string& node : fact.nodes) relate(fact.id, "SPEAKS_OF", node, Json::object());
    for (std::size_t i = 0; i < fact.evidence.size(); ++i) {
      const std::string id = fact.id + "-" + std::to_string(i + 1);
      create("Quote", id, fields_of(fact.evidence[i]));
      relate(id, "PROVES", fact.id, Json::object());
    }
  }

 private:
  void create(std::string_view label, const std::string& key, const Json& fields) {
    Json all = {{"key", key}};
    all.update(fields);
    line("CREATE (:KgBatch:" + name(label) + " " + properties(all) + ");");
  }
  void relate(const std::string& source, std::string_view type, const std::string& target, const Json& fields) {
    line("MATCH (a:KgBatch {key: '" + source + "'}), (b:KgBatch {key: '" + target + "'}) CREATE (a)-[:" + name(type) +
         (fields.empty() ? "" : " " + properties(fields)) + "]->(b);");
  }
};

}  // namespace

std::unique_ptr<Writer> make_cypher(Lines lines) { return std::make_unique<Cypher>(std::move(lines)); }

}  // namespace kg_batch::formats
