// One format: turns a document, piece by piece in the order nodes, edges, facts,
// into lines of text. A line holds no line break. A piece is written whatever
// its texts hold: what a format cannot carry (control characters in XML) stands
// as U+FFFD.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/document.h"

namespace kg_batch::formats {

using Lines = std::function<void(std::string)>;

class Writer {
 public:
  explicit Writer(Lines lines) : line(std::move(lines)) {}
  virtual ~Writer() = default;
  virtual bool has_facts() const { return true; }  // false: facts and their evidence are not asked for
  virtual void begin() {}
  virtual void node(const Node& node) = 0;
  virtual void edge(const Edge& edge) = 0;
  virtual void fact(const Fact&) {}
  virtual void end() {}

 protected:
  Lines line;
};

// In the order in which they are offered.
const std::vector<std::string_view>& format_names();

// nullptr for a name that is none of them.
std::unique_ptr<Writer> make_writer(std::string_view format, Lines lines);

std::unique_ptr<Writer> make_cypher(Lines lines);
std::unique_ptr<Writer> make_dot(Lines lines);
std::unique_ptr<Writer> make_graphml(Lines lines);
std::unique_ptr<Writer> make_jsonl(Lines lines);
std::unique_ptr<Writer> make_mermaid(Lines lines);
std::unique_ptr<Writer> make_turtle(Lines lines);

}  // namespace kg_batch::formats
