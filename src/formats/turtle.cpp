// RDF as Turtle. Nodes and facts are urn:uuid, roles a vocabulary of their own in
// which whatever is no letter, digit, dash or underscore is percent-encoded.

#include "formats/characters.h"
#include "formats/fields.h"
#include "formats/writer.h"

namespace kg_batch::formats {
namespace {

using Json = nlohmann::ordered_json;

std::string literal(std::string_view text) {
  return "\"" + rewritten(text, [](std::uint32_t code, std::string_view bytes, std::string& out) {
    switch (code) {
      case '"': out += "\\\""; return;
      case '\\': out += "\\\\"; return;
      case '\n': out += "\\n"; return;
      case '\r': out += "\\r"; return;
      case '\t': out += "\\t"; return;
      case 0xFFFE: case 0xFFFF: out += replacement; return;  // readers refuse them
      default: out += is_control(code) ? u_escape(code) : std::string(bytes);
    }
  }) + "\"";
}

std::string role(std::string_view predicate) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string iri = "<urn:kg_batch:role:";
  for (const char c : predicate) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_') iri += c;
    else (iri += '%') += {digits[byte >> 4], digits[byte & 0xF]};
  }
  return iri + ">";
}

std::string node_iri(const std::string& key) { return "<urn:uuid:" + key + ">"; }

std::string object_of(const Json& value) {
  if (value.is_string()) return literal(value.get<std::string>());
  if (value.is_structured()) return literal(json_text(value));
  if (value.is_number_float()) return "\"" + json_text(value) + "\"^^xsd:decimal";
  return json_text(value);  // true, 12
}

std::string properties(const Json& fields) {
  std::string all;
  for (const auto& [field, value] : fields.items()) {
    if (field == "type") continue;
    const std::string predicate = field == "label" ? "rdfs:label" : "kg:" + field;
    if (value.is_array() && !value.empty() && value.front().is_string()) {
      for (const Json& one : value) all += " ; " + predicate + " " + literal(one.get<std::string>());
    } else {
      all += " ; " + predicate + " " + object_of(value);
    }
  }
  return all;
}

class Turtle final : public Writer {
 public:
  using Writer::Writer;

  void begin() override {
    line("@prefix kg: <urn:kg_batch:> .");
    line("@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .");
    line("@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .");
  }

  void node(const Node& node) override {
    line(node_iri(node.key) + " a kg:" + (node.type.empty() ? "Entity" : node.type) + properties(fields_of(node)) + " .");
  }

  void edge(const Edge& edge) override { line(node_iri(edge.source) + " " + role(edge.predicate) + " " + node_iri(edge.target) + " ."); }

  void fact(const Fact& fact) override {
    std::string text = node_iri(fact.id) + " a kg:Fact" + properties(fields_of(fact));
    for (const std::string& node : fact.nodes) text += " ; kg:speaks_of " + node_iri(node);
    for (const Evidence& evidence : fact.evidence) text += " ; kg:evidence [ a kg:Quote" + properties(fields_of(evidence)) + " ]";
    line(text + " .");
  }
};

}  // namespace

std::unique_ptr<Writer> make_turtle(Lines lines) { return std::make_unique<Turtle>(std::move(lines)); }

}  // namespace kg_batch::formats
