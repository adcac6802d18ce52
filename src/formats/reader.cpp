#include "formats/reader.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "graph/vocabulary.h"

namespace kg_batch::formats {
namespace {

using Json = nlohmann::ordered_json;
using Words = std::span<const std::string_view>;

constexpr std::size_t most_bytes_of_name = 1000;  // of what is indexed
constexpr std::size_t most_bytes_of_text = 100'000;

std::string shortened(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 60)) result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  while (!result.empty() && (static_cast<unsigned char>(result.back()) & 0xC0) == 0x80) result.pop_back();
  if (!result.empty() && static_cast<unsigned char>(result.back()) >= 0xC0) result.pop_back();
  return result;
}

// One line, whose fields are asked for by name; those that nobody asked for are wrong.
class Line {
 public:
  Line(std::int64_t number, std::string_view text) : number_(number) {
    object_ = Json::parse(text, nullptr, false);
    if (!object_.is_object()) throw BadLine("line " + std::to_string(number) + ": this is no JSON object: " + shortened(text));
  }

  [[noreturn]] void wrong(const std::string& field, const std::string& why) const {
    throw BadLine("line " + std::to_string(number_) + ", field \"" + field + "\": " + why);
  }

  bool has(const char* field) const { return object_.contains(field); }

  std::optional<std::string> maybe_text(const char* field, std::size_t most = most_bytes_of_name) {
    const Json* const value = take(field);
    if (!value) return std::nullopt;
    return checked(field, *value, most);
  }
  std::string text(const char* field, std::size_t most = most_bytes_of_name) {
    auto value = maybe_text(field, most);
    if (!value) wrong(field, "it is missing");
    return *value;
  }
  std::string name(const char* field) {
    std::string value = text(field);
    if (value.find_first_not_of(" \t\r\n") == std::string::npos) wrong(field, "it must not be empty");
    return value;
  }
  std::string word(const char* field, Words known, std::string_view otherwise = "") {
    const std::string value = maybe_text(field).value_or(std::string(otherwise));
    if (std::ranges::find(known, value) != known.end()) return value;
    std::string all;
    for (const std::string_view one : known) all += (all.empty() ? "" : ", ") + std::string(one);
    wrong(field, value.empty() ? "it must be one of " + all : "\"" + shortened(value) + "\" is none of " + all);
  }
  std::string uuid(const char* field) {
    const std::string value = text(field);
    if (!is_uuid(value)) wrong(field, "\"" + shortened(value) + "\" is no key of an export");
    return value;
  }
  std::vector<std::string> texts(const char* field) {
    std::vector<std::string> values;
    const Json* const list = take(field);
    if (!list) return values;
    if (!list->is_array()) wrong(field, "it must be an array of texts");
    for (const Json& value : *list) values.push_back(checked(field, value, most_bytes_of_name));
    return values;
  }
  std::vector<std::pair<std::string, std::string>> named_texts(const char* field) {
    std::vector<std::pair<std::string, std::string>> values;
    const Json* const object = take(field);
    if (!object) return values;
    if (!object->is_object()) wrong(field, "it must be an object of texts");
    for (const auto& [key, value] : object->items()) {
      if (key.find('\t') != std::string::npos || key.find('\0') != std::string::npos || key.size() > most_bytes_of_name)
        wrong(field, "\"" + shortened(key) + "\" is no name of an attribute");
      if (!value.is_array()) values.emplace_back(key, checked(field, value, most_bytes_of_name));
      else
        for (const Json& one : value) values.emplace_back(key, checked(field, one, most_bytes_of_name));
    }
    return values;
  }
  bool boolean(const char* field) {
    const Json* const value = take(field);
    if (value && !value->is_boolean()) wrong(field, "it must be true or false");
    return value && value->get<bool>();
  }
  int thousandths(const char* field) {
    const Json* const value = take(field);
    if (!value) return 0;
    if (!value->is_number() || value->get<double>() < 0 || value->get<double>() > 1) wrong(field, "it must be a number from 0 to 1");
    return static_cast<int>(value->get<double>() * 1000 + 0.5);
  }
  std::optional<std::string> date(const char* field) {
    const auto value = maybe_text(field);
    if (value && !is_date(*value)) wrong(field, "\"" + shortened(*value) + "\" is no date as 2021, 2021-05, 2021-05-08 or 2021-05-08T10:30");
    return value;
  }
  std::optional<std::string> time(const char* field) {
    const auto value = maybe_text(field);
    if (value && !time_from(*value)) wrong(field, "\"" + shortened(*value) + "\" is no time as 2021-05-08T10:30:00.000000Z");
    return value;
  }
  void pass(std::initializer_list<const char*> fields) {
    for (const char* const field : fields) take(field);
  }
  void done() const {
    for (const auto& [field, value] : object_.items())
      if (!taken_.contains(field)) wrong(field, "there is no such field here");
  }

 private:
  const Json* take(const char* field) {
    taken_.insert(field);
    const auto found = object_.find(field);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  std::string checked(const char* field, const Json& value, std::size_t most) const {
    if (!value.is_string()) wrong(field, "it must be a text");
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > most) wrong(field, "it has over " + std::to_string(most) + " bytes");
    if (text.find('\0') != std::string::npos) wrong(field, "it must not hold U+0000");
    return text;
  }
  static bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (is_dash ? text[i] != '-' : !((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f'))) return false;
    }
    return true;
  }
  static bool is_date(std::string_view text) {
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd";
    if (text.size() != 4 && text.size() != 7 && text.size() != 10 && text.size() != 16) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
      if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i]) return false;
    const auto number = [&](std::size_t at) { return static_cast<unsigned>((text[at] - '0') * 10 + text[at + 1] - '0'); };
    if (text.size() >= 7 && (number(5) < 1 || number(5) > 12)) return false;
    if (text.size() >= 10) {
      const int year = static_cast<int>(number(0) * 100 + number(2));
      if (!(std::chrono::year(year) / static_cast<int>(number(5)) / static_cast<int>(number(8))).ok()) return false;
    }
    return text.size() < 16 || (number(11) < 24 && number(14) < 60);
  }

  std::int64_t number_;
  Json object_;
  std::set<std::string> taken_;
};

constexpr std::string_view lines_of_export[] = {"graph", "node", "edge", "fact", "evidence"};

class Reader {
 public:
  void read(Line& line) {
    if (line.has("kg_batch")) {
      read_exported(line);
    } else if (line.has("node")) {
      ListedNode node;
      node.label = line.name("node");
      node.type = line.word("type", graph::thing_types, "Entity");
      node.node_class = line.word("class", graph::thing_classes, "other");
      node.category = line.maybe_text("category").value_or(node.node_class == "other" ? "thing" : node.node_class);
      node.aliases = line.texts("aliases");
      node.attributes = line.named_texts("attributes");
      line.done();
      if (!listed_.insert(node.label).second) line.wrong("node", "\"" + shortened(node.label) + "\" is listed twice");
      imported.listed_nodes.push_back(std::move(node));
    } else if (line.has("from")) {
      ListedEdge edge;
      edge.from = line.name("from");
      edge.relation = line.name("relation");
      edge.to = line.name("to");
      edge.type = line.word("type", graph::statement_types, "State");
      edge.since = line.date("since");
      edge.until = line.date("until");
      edge.fact = line.maybe_text("fact", most_bytes_of_text)
                      .value_or(edge.from + " " + edge.relation + " " + edge.to + (edge.since ? " since " + *edge.since : "") +
                                (edge.until ? " until " + *edge.until : "") + ".");
      line.done();
      imported.listed_edges.push_back(std::move(edge));
    } else {
      line.wrong("node", "a line has \"node\", or \"from\", \"relation\" and \"to\", or is one of an export");
    }
  }

  void finish() {
    for (const ListedEdge& edge : imported.listed_edges)
      for (const std::string& label : {edge.from, edge.to})
        if (listed_.insert(label).second) imported.listed_nodes.push_back({label, "Entity", "other", "thing", {}, {}});
  }

  Imported imported;

 private:
  void read_exported(Line& line) {
    const std::string what = line.word("kg_batch", lines_of_export);
    if (what == "graph") {
      line.pass({"version"});
    } else if (what == "node") {
      read_node(line);
    } else if (what == "edge") {
      Edge edge{line.uuid("source"), line.name("predicate"), line.uuid("target"), line.boolean("negated"), 0};
      line.pass({"mentions"});
      const auto source = is_statement_.find(edge.source);
      if (source == is_statement_.end() || !source->second) line.wrong("source", "no line before this one has the statement " + edge.source);
      if (!is_statement_.contains(edge.target)) line.wrong("target", "no line before this one has the node " + edge.target);
      imported.edges.push_back(std::move(edge));
    } else if (what == "fact") {
      Fact fact;
      fact.id = line.uuid("id");
      fact.text = line.text("text", most_bytes_of_text);
      fact.modality = line.word("modality", graph::modalities);
      fact.negated = line.boolean("negated");
      fact.said_by = line.maybe_text("said_by");
      fact.said_at = line.time("said_at");
      line.pass({"conversation"});
      fact.nodes = line.texts("nodes");
      for (const std::string& node : fact.nodes)
        if (!is_statement_.contains(node)) line.wrong("nodes", "no line before this one has the node " + shortened(node));
      imported.facts.push_back(std::move(fact));
    } else {
      return;  // words of conversations that are not here: the fact that they prove stands for them
    }
    line.done();
  }

  void read_node(Line& line) {
    Node node;
    node.key = line.uuid("key");
    const std::string type = line.text("type");
    node.is_statement = graph::is_one_of(type, graph::statement_types);
    node.type = node.is_statement ? type : line.word("type", graph::thing_types);
    node.label = line.name("label");
    node.node_class = node.is_statement ? line.maybe_text("class").value_or("") : line.word("class", graph::thing_classes);
    node.category = line.maybe_text("category").value_or("");
    node.aliases = line.texts("aliases");
    node.attributes = line.named_texts("attributes");
    node.hash_tags = line.texts("hash_tags");
    node.start_date = line.date("start_date");
    node.end_date = line.date("end_date");
    if (node.start_date) node.start_how = line.word("start_how", graph::date_hows);
    if (node.end_date) node.end_how = line.word("end_how", graph::date_hows);
    if (line.has("goal_status")) node.goal_status = line.word("goal_status", graph::goal_statuses);
    node.negated = line.boolean("negated");
    node.modality = line.word("modality", graph::modalities, "asserted");
    node.confidence = line.thousandths("confidence");
    node.importance = line.thousandths("importance");
    node.named = line.boolean("named");
    node.scope = line.maybe_text("scope").value_or("");
    line.pass({"asserted_on", "mentions"});
    if (!is_statement_.emplace(node.key, node.is_statement).second) line.wrong("key", "it stands in an earlier line too");
    imported.nodes.push_back(std::move(node));
  }

  std::set<std::string> listed_;
  std::map<std::string, bool> is_statement_;  // by key
};

}  // namespace

std::optional<std::int64_t> time_from(std::string_view text) {
  const std::string copy(text);
  int year, month, day, hour, minute, second, fraction, end = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ%n", &year, &month, &day, &hour, &minute, &second, &fraction, &end) != 7) return std::nullopt;
  const std::chrono::year_month_day date = std::chrono::year(year) / month / day;
  if (end != static_cast<int>(copy.size()) || copy.size() != 27 || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const auto at = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) +
                  std::chrono::microseconds(fraction);
  return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
}

Imported read_lines(std::string_view data) {
  Reader reader;
  std::int64_t number = 0;
  for (std::size_t at = 0; at < data.size();) {
    const std::size_t end = std::min(data.find('\n', at), data.size());
    const std::string_view text = data.substr(at, end - at);
    ++number;
    at = end + 1;
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Line line(number, text);
    reader.read(line);
  }
  reader.finish();
  return std::move(reader.imported);
}

}  // namespace kg_batch::formats
