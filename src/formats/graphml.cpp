// GraphML. Nodes, facts and quotes are nodes of three kinds; properties are data
// elements, those that are no single value as JSON.
//
// XML 1.0 has no way to write a control character other than tab and line break,
// nor U+FFFE and U+FFFF.

#include "formats/characters.h"
#include "formats/fields.h"
#include "formats/writer.h"

namespace kg_batch::formats {
namespace {

using Json = nlohmann::ordered_json;

std::string escaped(std::string_view text) {
  return rewritten(text, [](std::uint32_t code, std::string_view bytes, std::string& out) {
    switch (code) {
      case '&': out += "&amp;"; return;
      case '<': out += "&lt;"; return;
      case '>': out += "&gt;"; return;  // "]]>" may not stand in content
      case '"': out += "&quot;"; return;
      case '\t': out += "&#9;"; return;
      case '\n': out += "&#10;"; return;
      case '\r': out += "&#13;"; return;  // a parser makes a line break of a bare one
      default: out += code < 0x20 || code == 0xFFFE || code == 0xFFFF ? replacement : bytes;
    }
  });
}

struct Property {
  const char* name;
  const char* type;
};

constexpr Property node_properties[] = {
    {"kind", "string"},      {"type", "string"},       {"label", "string"},     {"class", "string"},       {"category", "string"},
    {"aliases", "string"},   {"attributes", "string"}, {"hash_tags", "string"}, {"start_date", "string"},  {"start_how", "string"},
    {"end_date", "string"},  {"end_how", "string"},    {"goal_status", "string"}, {"asserted_on", "string"}, {"negated", "boolean"},
    {"modality", "string"},  {"confidence", "double"}, {"importance", "double"}, {"mentions", "long"},     {"text", "string"},
    {"said_by", "string"},   {"said_at", "string"},    {"conversation", "string"}, {"quote", "string"},    {"message_id", "string"},
    {"position", "long"},    {"speaker", "string"},    {"sent_at", "string"},   {"matched", "boolean"},    {"span_start", "int"},
    {"span_end", "int"}};
constexpr Property edge_properties[] = {{"predicate", "string"}, {"negated", "boolean"}, {"mentions", "long"}};

std::string data_of(const char* prefix, const Json& fields) {
  std::string data;
  for (const auto& [name, value] : fields.items())
    data += "<data key=\"" + std::string(prefix) + name + "\">" + escaped(flat(value)) + "</data>";
  return data;
}

class GraphMl final : public Writer {
 public:
  using Writer::Writer;

  void begin() override {
    line(R"(<?xml version="1.0" encoding="UTF-8"?>)");
    line(R"(<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" )"
         R"(xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">)");
    for (const Property& property : node_properties) declare("n_", "node", property);
    for (const Property& property : edge_properties) declare("e_", "edge", property);
    line(R"(<graph id="kg_batch" edgedefault="directed">)");
  }

  void node(const Node& node) override {
    Json fields = {{"kind", node.is_statement ? "statement" : "thing"}};
    fields.update(fields_of(node));
    write_node(node.key, fields);
  }

  void edge(const Edge& edge) override {
    Json fields = {{"predicate", edge.predicate}};
    fields.update(fields_of(edge));
    write_edge(edge.source, edge.target, fields);
  }

  void fact(const Fact& fact) override {
    Json fields = {{"kind", "fact"}};
    fields.update(fields_of(fact));
    write_node(fact.id, fields);
    for (const std::string& node : fact.nodes) write_edge(fact.id, node, {{"predicate", "speaks of"}});
    for (std::size_t i = 0; i < fact.evidence.size(); ++i) {
      const std::string id = fact.id + "-" + std::to_string(i + 1);
      Json quoted = {{"kind", "quote"}};
      quoted.update(fields_of(fact.evidence[i]));
      write_node(id, quoted);
      write_edge(id, fact.id, {{"predicate", "proves"}});
    }
  }

  void end() override {
    line("</graph>");
    line("</graphml>");
  }

 private:
  void declare(const char* prefix, const char* of, const Property& property) {
    line("<key id=\"" + std::string(prefix) + property.name + "\" for=\"" + of + "\" attr.name=\"" + property.name + "\" attr.type=\"" +
         property.type + "\"/>");
  }
  void write_node(const std::string& id, const Json& fields) { line("<node id=\"" + id + "\">" + data_of("n_", fields) + "</node>"); }
  void write_edge(const std::string& source, const std::string& target, const Json& fields) {
    line("<edge source=\"" + source + "\" target=\"" + target + "\">" + data_of("e_", fields) + "</edge>");
  }
};

}  // namespace

std::unique_ptr<Writer> make_graphml(Lines lines) { return std::make_unique<GraphMl>(std::move(lines)); }

}  // namespace kg_batch::formats
