// Graphviz, for looking at: nodes and edges by their labels. In a label a
// backslash and an ampersand mean something, whatever quotes stand around it.

#include "formats/characters.h"
#include "formats/writer.h"

namespace kg_batch::formats {
namespace {

std::string literal(std::string_view text) {
  return "\"" + rewritten(text, [](std::uint32_t code, std::string_view bytes, std::string& out) {
    switch (code) {
      case '"': out += "\\\""; return;
      case '\\': out += "\\\\"; return;
      case '\n': out += "\\n"; return;
      case '&': out += "&amp;"; return;
      default: out += is_control(code) ? replacement : bytes;
    }
  }) + "\"";
}

class Dot final : public Writer {
 public:
  using Writer::Writer;
  bool has_facts() const override { return false; }

  void begin() override { line("digraph kg_batch {"); }
  void node(const Node& node) override {
    line("  \"" + node.key + "\" [label=" + literal(node.is_statement && node.negated ? "not " + node.label : node.label) +
         (node.is_statement ? ", shape=box" : "") + "];");
  }
  void edge(const Edge& edge) override {
    line("  \"" + edge.source + "\" -> \"" + edge.target + "\" [label=" + literal(edge.predicate) + "];");
  }
  void end() override { line("}"); }
};

}  // namespace

std::unique_ptr<Writer> make_dot(Lines lines) { return std::make_unique<Dot>(std::move(lines)); }

}  // namespace kg_batch::formats
