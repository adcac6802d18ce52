// JSON lines, read back: of an export (lines with the field "kg_batch"), or of a
// plain list:
//
//   {"node": "Anna", "class": "person", "type": …, "category": …, "aliases": […], "attributes": {…}}
//   {"from": "Anna", "relation": "works at", "to": "Acme", "since": "2021", "until": …, "type": "State", "fact": …}
//
// The first thing that is wrong ends it, with line and field.

#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "formats/document.h"

namespace kg_batch::formats {

struct ListedNode {
  std::string label, type, node_class, category;
  std::vector<std::string> aliases;
  std::vector<std::pair<std::string, std::string>> attributes;
};

struct ListedEdge {
  std::string from, relation, to, type;
  std::optional<std::string> since, until;  // YYYY, YYYY-MM or YYYY-MM-DD
  std::string fact;                         // in words
};

struct Imported {
  // Of an export. Edges begin at statements and lead to nodes that are there; a
  // fact speaks of nodes that are there.
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  std::vector<Fact> facts;
  // Of a list. What an edge names without a line of its own is added here.
  std::vector<ListedNode> listed_nodes;
  std::vector<ListedEdge> listed_edges;
};

class BadLine : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;  // "line 3, field "class": …"
};

Imported read_lines(std::string_view data);

// Microseconds since 1970 of what an export says; nothing for what is no such time.
std::optional<std::int64_t> time_from(std::string_view text);

}  // namespace kg_batch::formats
