#include "formats/writer.h"

namespace kg_batch::formats {

namespace {

struct Format {
  std::string_view name;
  std::unique_ptr<Writer> (*make)(Lines);
};

constexpr Format formats[] = {{"jsonl", make_jsonl},   {"graphml", make_graphml}, {"cypher", make_cypher},
                              {"turtle", make_turtle}, {"dot", make_dot},         {"mermaid", make_mermaid}};

}  // namespace

const std::vector<std::string_view>& format_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Format& format : formats) all.push_back(format.name);
    return all;
  }();
  return names;
}

std::unique_ptr<Writer> make_writer(std::string_view name, Lines lines) {
  for (const Format& format : formats)
    if (format.name == name) return format.make(std::move(lines));
  return nullptr;
}

}  // namespace kg_batch::formats
