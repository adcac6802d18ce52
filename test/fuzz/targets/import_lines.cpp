// Lines of an import, an export's or a plain list's, from wherever a user has them.

#include <algorithm>
#include <set>

#include "formats/reader.h"
#include "openai/json_text.h"
#include "require.h"
#include "target.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() {
  return {
      R"({"node":"Anna","class":"person","type":"Entity","category":"friend","aliases":["Annie"],"attributes":{"born":"1990"}})"
      "\n"
      R"({"from":"Anna","relation":"works at","to":"Acme","since":"2021","until":"2022-05-08","type":"State","fact":"Anna works at Acme."})"
      "\n",
      R"({"kg_batch":"graph","version":1})"
      "\n"
      R"({"kg_batch":"node","key":"11111111-1111-1111-1111-111111111111","type":"Entity","class":"person","label":"Anna","category":"person","aliases":[],"attributes":{},"hash_tags":[],"confidence":0.9,"importance":1,"mentions":1,"named":true,"scope":""})"
      "\n"
      R"({"kg_batch":"node","key":"22222222-2222-2222-2222-222222222222","type":"State","label":"Employment","category":"employment","confidence":0.9,"importance":1,"mentions":1,"start_date":"2021-05","modality":"asserted"})"
      "\n"
      R"({"kg_batch":"edge","source":"22222222-2222-2222-2222-222222222222","predicate":"employee","target":"11111111-1111-1111-1111-111111111111","mentions":1})"
      "\n"};
}

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kg_batch;
  using fuzz::require;
  try {
    // The database hands in valid text.
    const formats::Imported imported = formats::read_lines(openai::sanitize_utf8(fuzz::text_of(data, size)));
    std::set<std::string> keys;
    for (const formats::Node& node : imported.nodes) {
      require(keys.insert(node.key).second, "a key is a node's own");
      require(!node.label.empty(), "a node has a label");
      require(node.confidence >= 0 && node.confidence <= 1000 && node.importance >= 0 && node.importance <= 1000, "weights are within 0 and 1");
      for (const std::string* text : {&node.label, &node.category, &node.scope, &node.type, &node.node_class}) {
        fuzz::require_storable(*text);
      }
      for (const auto& [key, value] : node.attributes) {
        fuzz::require_storable(key);
        fuzz::require_storable(value);
      }
    }
    for (const formats::Edge& edge : imported.edges) {
      require(keys.contains(edge.source) && keys.contains(edge.target), "an edge is between nodes that are there");
      fuzz::require_storable(edge.predicate);
    }
    for (const formats::Fact& fact : imported.facts) {
      fuzz::require_storable(fact.text);
      require(std::all_of(fact.nodes.begin(), fact.nodes.end(), [&](const std::string& node) { return keys.contains(node); }),
              "a fact speaks of nodes that are there");
    }
    std::set<std::string> labels;
    for (const formats::ListedNode& node : imported.listed_nodes) {
      fuzz::require_storable(node.label);
      labels.insert(node.label);
      for (const auto& [key, value] : node.attributes) {
        fuzz::require_storable(key);
        fuzz::require_storable(value);
      }
    }
    for (const formats::ListedEdge& edge : imported.listed_edges) {
      require(labels.contains(edge.from) && labels.contains(edge.to), "what an edge of a list names is listed");
      for (const std::string* text : {&edge.relation, &edge.fact, &edge.type}) {
        fuzz::require_storable(*text);
      }
    }
  } catch (const formats::BadLine& error) {
    fuzz::require_storable(error.what());
    require(std::string_view(error.what()).starts_with("line "), "a line that is wrong is told by its number");
  }
  return 0;
}
