// Mermaid, for looking at: nodes and edges by their labels. It has no escapes but
// entities by number, and gives meaning to much of ASCII even within quotes
// (markdown, HTML), so all but letters, digits and a few signs go as entities.

#include "formats/characters.h"
#include "formats/writer.h"

namespace kg_batch::formats {
namespace {

std::string literal(std::string_view text) {
  return "\"" + rewritten(text, [](std::uint32_t code, std::string_view bytes, std::string& out) {
    const bool is_plain = (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9') || code == ' ' ||
                          code == '.' || code == ',' || code == '-';
    if (code == '\n') out += "<br/>";
    else if (is_control(code)) out += replacement;
    else if (code < 0x80 && !is_plain) out += "#" + std::to_string(code) + ";";
    else out += bytes;
  }) + "\"";
}

std::string id_of(std::string key) {
  std::erase(key, '-');
  return "n" + key;
}

class Mermaid final : public Writer {
 public:
  using Writer::Writer;
  bool has_facts() const override { return false; }

  void begin() override { line("flowchart LR"); }
  void node(const Node& node) override {
    const std::string label = literal(node.is_statement && node.negated ? "not " + node.label : node.label);
    line("  " + id_of(node.key) + (node.is_statement ? "[" + label + "]" : "([" + label + "])"));
  }
  void edge(const Edge& edge) override { line("  " + id_of(edge.source) + " -->|" + literal(edge.predicate) + "| " + id_of(edge.target)); }
};

}  // namespace

std::unique_ptr<Writer> make_mermaid(Lines lines) { return std::make_unique<Mermaid>(std::move(lines)); }

}  // namespace kg_batch::formats
