#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/nearest_name.h"
#include "store/taxonomy.h"

namespace kg_batch::store {

using backend::Error;
using backend::execute_generic;
using nlohmann::json;

namespace {

constexpr std::size_t most_elements = 10000;
constexpr std::size_t most_levels = 8;
constexpr std::size_t longest_name = 100;
constexpr std::size_t longest_definition = 1000;
constexpr std::size_t most_aliases = 100;

struct Element {
  std::string place;               // "2.1"
  std::vector<std::string> names;  // from the root on
  std::optional<std::string> definition;
  std::optional<std::vector<std::string>> aliases;

  bool says_nothing() const { return !definition && !aliases; }
  std::string path() const {
    std::string path;
    for (const std::string& name : names) path += (path.empty() ? "" : " > ") + name;
    return path;
  }
};

struct Document {
  std::vector<Element> elements;
  bool replace = false;
};

[[noreturn]] void refuse(const Element& element, const std::string& what, const std::string& hint) {
  const std::string path = element.path();
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE,
              "element " + element.place + " of the taxonomy" + (path.empty() ? "" : " (\"" + path + "\")") + ": " + what, "",
              hint);
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// "entity > animal > dog", or one name.
std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  std::size_t from = 0;
  for (;;) {
    const std::size_t end = path.find('>', from);
    names.push_back(trimmed(path.substr(from, end == std::string::npos ? end : end - from)));
    if (end == std::string::npos) return names;
    from = end + 1;
  }
}

std::string string_field(const Element& element, const std::string& field, const json& value) {
  if (!value.is_string()) refuse(element, "field \"" + field + "\" is not a string", "");
  return value.get<std::string>();
}

void read_elements(const json& elements, const std::string& above, const std::vector<std::string>& parent, Document& document);

void read_element(const json& object, std::string place, const std::vector<std::string>& parent, Document& document) {
  static const char* const form =
      R"(Write it as {"path": "entity > animal > llama", "definition": "a woolly animal", "aliases": ["lama"]}, or with "name" and "children".)";
  Element element;
  element.place = std::move(place);
  element.names = parent;
  if (!object.is_object()) refuse(element, "it is not an object", form);
  const auto path = object.find("path");
  const auto name = object.find("name");
  if ((path == object.end()) == (name == object.end())) refuse(element, "it has not one of \"path\" and \"name\"", form);
  if (path != object.end() && !parent.empty())
    refuse(element, "a child has a \"name\", not a \"path\"", "Its path is its parent's and the name.");
  const std::string given =
      path != object.end() ? string_field(element, "path", *path) : string_field(element, "name", *name);
  if (path != object.end())
    element.names = names_in(given);
  else
    element.names.push_back(given);
  if (name != object.end() && given.find('>') != std::string::npos)
    refuse(element, "a name holds no \">\"", "Say \"path\" for a place in the tree.");

  const json* children = nullptr;
  for (const auto& [field, value] : object.items()) {
    if (field == "definition") {
      element.definition = string_field(element, field, value);
      if (element.definition->empty() || element.definition->size() > longest_definition)
        refuse(element, "its definition has not 1 to " + std::to_string(longest_definition) + " bytes", "");
    } else if (field == "aliases") {
      if (!value.is_array() || value.size() > most_aliases)
        refuse(element, "field \"aliases\" is not an array of at most " + std::to_string(most_aliases) + " strings", "");
      element.aliases.emplace();
      for (const json& alias : value) element.aliases->push_back(string_field(element, field, alias));
    } else if (field == "children") {
      if (!value.is_array()) refuse(element, "field \"children\" is not an array", "");
      children = &value;
    } else if (field != "path" && field != "name") {
      refuse(element, "unknown field \"" + field + "\"", "Fields are path, name, definition, aliases and children.");
    }
  }
  if (element.names.size() > most_levels) refuse(element, "it is more than " + std::to_string(most_levels) + " levels deep", "");
  const std::string its_place = element.place;
  const std::vector<std::string> names = element.names;
  if (document.elements.size() == most_elements)
    refuse(element, "a taxonomy has at most " + std::to_string(most_elements) + " elements", "");
  document.elements.push_back(std::move(element));
  if (children) read_elements(*children, its_place + ".", names, document);
}

void read_elements(const json& elements, const std::string& above, const std::vector<std::string>& parent, Document& document) {
  for (std::size_t i = 0; i < elements.size(); ++i)
    read_element(elements[i], above + std::to_string(i + 1), parent, document);
}

Document read_document(const std::string& taxonomy_json) {
  const json given = json::parse(taxonomy_json);
  Document document;
  const json* taxa = &given;
  if (given.is_object()) {
    for (const auto& [field, value] : given.items()) {
      const bool known = (field == "replace" && value.is_boolean()) || field == "taxa";
      if (!known)
        throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "invalid field \"" + field + "\" of the taxonomy", "",
                    R"(A taxonomy is an array of taxa, or {"replace": true, "taxa": [...]}.)");
    }
    document.replace = given.value("replace", false);
    if (!given.contains("taxa")) throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "the taxonomy has no \"taxa\"");
    taxa = &given["taxa"];
  }
  if (!taxa->is_array())
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "the taxonomy is not an array", "",
                R"(A taxonomy is an array of taxa, or {"replace": true, "taxa": [...]}.)");
  read_elements(*taxa, "", {}, document);
  return document;
}

// Names and aliases as categories are compared, by the one function that says how.
void fold_names(Document& document) {
  std::vector<std::string> names;
  for (const Element& element : document.elements) {
    names.insert(names.end(), element.names.begin(), element.names.end());
    if (element.aliases) names.insert(names.end(), element.aliases->begin(), element.aliases->end());
  }
  const auto keys = execute_generic(
      "SELECT kg_batch_internal.category_key(n.name) FROM unnest($1::text[]) WITH ORDINALITY AS n (name, nth) ORDER BY n.nth", {names});
  std::size_t next = 0;
  for (Element& element : document.elements) {
    std::vector<std::string> folded;
    for (std::size_t i = 0; i < element.names.size(); ++i) folded.push_back(keys.text(next++, 0));
    std::set<std::string> aliases;
    if (element.aliases)
      for (std::size_t i = 0; i < element.aliases->size(); ++i) aliases.insert(keys.text(next++, 0));
    for (const std::string& name : folded)
      if (name.empty() || name.size() > longest_name)
        refuse(element, "a name has not 1 to " + std::to_string(longest_name) + " bytes", "");
    for (const std::string& alias : aliases)
      if (alias.empty() || alias.size() > longest_name)
        refuse(element, "an alias has not 1 to " + std::to_string(longest_name) + " bytes", "");
    element.names = std::move(folded);
    aliases.erase(element.names.back());
    if (element.aliases) element.aliases->assign(aliases.begin(), aliases.end());
  }
}

// Every element is there already or says what it is, and stands under something.
void check_places(const Document& document, std::set<std::string> known) {
  std::map<std::string, std::string> seen;  // path, place
  std::set<std::string> there = known;
  for (const Element& element : document.elements) there.insert(element.path());
  for (const Element& element : document.elements) {
    const std::string path = element.path();
    if (!known.contains(element.names.front()))
      refuse(element, "\"" + element.names.front() + "\" is not a root",
             "A path begins with entity, concept, property, event, state or goal.");
    if (!element.says_nothing() && !seen.emplace(path, element.place).second)
      refuse(element, "it stands there twice, first as element " + seen[path], "");
    if (!known.contains(path) && !element.definition)
      refuse(element, "it is new and has no definition", "Say in a few words what belongs there.");
    const std::size_t end = path.rfind(" > ");
    if (end != std::string::npos && !there.contains(path.substr(0, end))) {
      const std::string near = nearest_name(path.substr(0, end), {there.begin(), there.end()});
      refuse(element, "\"" + path.substr(0, end) + "\" does not exist",
             near.empty() ? "Name the taxa above it too." : "Perhaps you mean \"" + near + "\".");
    }
  }
}

struct Suggestion {
  std::string parent;
  std::string name;
  std::string state;
};

Suggestion suggestion_of(std::int64_t graph_id, std::int64_t suggestion_id) {
  const auto rows = execute_generic(
      "SELECT parent, name, state FROM kg_batch_internal.taxon_suggestion WHERE graph_id = $1 AND suggestion_id = $2 FOR NO KEY UPDATE",
      {graph_id, suggestion_id});
  if (rows.empty())
    throw Error(ERRCODE_UNDEFINED_OBJECT, "suggestion " + std::to_string(suggestion_id) + " does not exist in this graph", "",
                "The view kg_batch.taxon_suggestion has them.");
  return {rows.text(0, 0), rows.text(0, 1), rows.text(0, 2)};
}

void decide(std::int64_t graph_id, std::int64_t suggestion_id, const char* state, unsigned int role) {
  execute_generic(
      "UPDATE kg_batch_internal.taxon_suggestion SET state = $3, decided_at = pg_catalog.now(), decided_by = $4::oid::regrole "
      "WHERE graph_id = $1 AND suggestion_id = $2 AND state <> $3",
      {graph_id, suggestion_id, state, static_cast<std::int64_t>(role)});
}

// Changes of one graph's taxonomy come one after the other.
void lock_taxonomy(std::int64_t graph_id) {
  execute_generic("SELECT FROM kg_batch_internal.graph WHERE graph_id = $1 FOR NO KEY UPDATE", {graph_id});
}

}  // namespace

std::int64_t load_taxonomy(std::int64_t graph_id, const std::string& taxonomy_json) {
  Document document = read_document(taxonomy_json);
  fold_names(document);
  lock_taxonomy(graph_id);
  const auto rows = execute_generic(
      "SELECT path FROM kg_batch_internal.known_taxon WHERE graph_id = $1 AND (shipped OR NOT $2)", {graph_id, document.replace});
  std::set<std::string> known;
  for (std::size_t i = 0; i < rows.size(); ++i) known.insert(rows.text(i, 0));
  check_places(document, std::move(known));

  std::vector<std::string> paths;
  std::vector<std::optional<std::string>> definitions, aliases;
  for (const Element& element : document.elements) {
    if (element.says_nothing()) continue;
    paths.push_back(element.path());
    definitions.push_back(element.definition);
    aliases.emplace_back();
    if (element.aliases) aliases.back() = json(*element.aliases).dump();
  }
  if (document.replace)
    execute_generic("DELETE FROM kg_batch_internal.taxon WHERE graph_id = $1 AND path <> ALL ($2::text[])", {graph_id, paths});
  // What a shipped one becomes in the graph keeps its id, so that kinds stay filed;
  // what an element does not say stays as it is.
  execute_generic(
      "INSERT INTO kg_batch_internal.taxon AS t (graph_id, taxon_id, path, definition, aliases) "
      "SELECT $1, COALESCE(s.taxon_id, pg_catalog.nextval(pg_catalog.pg_get_serial_sequence('kg_batch_internal.taxon', 'taxon_id'))), u.path, "
      " COALESCE(u.definition, o.definition, s.definition), CASE WHEN u.aliases IS NULL THEN COALESCE(o.aliases, s.aliases, '{}') "
      "  ELSE ARRAY(SELECT pg_catalog.jsonb_array_elements_text(u.aliases::jsonb)) END "
      "FROM (SELECT * FROM unnest($2::text[], $3::text[], $4::text[]) AS u (path, definition, aliases) ORDER BY path) u "
      "LEFT JOIN kg_batch_internal.shipped_taxon s ON s.path = u.path "
      "LEFT JOIN kg_batch_internal.taxon o ON o.graph_id = $1 AND o.path = u.path AND NOT $5 "
      "ON CONFLICT (graph_id, path) DO UPDATE SET definition = EXCLUDED.definition, aliases = EXCLUDED.aliases",
      {graph_id, paths, definitions, aliases, document.replace});
  execute_generic("SELECT kg_batch_internal.file_kinds($1)", {graph_id});
  return static_cast<std::int64_t>(paths.size());
}

std::int64_t accept_suggestion(std::int64_t graph_id, std::int64_t suggestion_id, unsigned int role) {
  lock_taxonomy(graph_id);
  const Suggestion suggestion = suggestion_of(graph_id, suggestion_id);
  const auto parents = execute_generic(
      "SELECT name FROM kg_batch_internal.known_taxon WHERE graph_id = $1 AND path = $2", {graph_id, suggestion.parent});
  if (parents.empty())
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                "taxon \"" + suggestion.parent + "\" of suggestion " + std::to_string(suggestion_id) + " does not exist any more", "",
                "Load it again with kg_batch.load_taxonomy, or refuse the suggestion.");
  const std::string path = suggestion.parent + " > " + suggestion.name;
  execute_generic(
      "INSERT INTO kg_batch_internal.taxon (graph_id, path, definition, aliases) SELECT $1, $2, $3, '{}' "
      "WHERE NOT EXISTS (SELECT FROM kg_batch_internal.known_taxon WHERE graph_id = $1 AND path = $2)",
      {graph_id, path, "a kind of " + parents.text(0, 0)});
  const std::int64_t taxon_id =
      execute_generic("SELECT taxon_id FROM kg_batch_internal.known_taxon WHERE graph_id = $1 AND path = $2", {graph_id, path}).integer(0, 0);
  decide(graph_id, suggestion_id, "accepted", role);
  execute_generic(
      "UPDATE kg_batch_internal.kind SET taxon_id = $3, decided_by = 'person', confidence = 1000 "
      "WHERE graph_id = $1 AND suggestion_id = $2",
      {graph_id, suggestion_id, taxon_id});
  execute_generic("SELECT kg_batch_internal.file_kinds($1)", {graph_id});
  return taxon_id;
}

void refuse_suggestion(std::int64_t graph_id, std::int64_t suggestion_id, unsigned int role) {
  lock_taxonomy(graph_id);
  if (suggestion_of(graph_id, suggestion_id).state == "accepted")
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "suggestion " + std::to_string(suggestion_id) + " was accepted", "",
                "Its taxon is one of the graph's own; kg_batch.load_taxonomy takes such out with \"replace\".");
  decide(graph_id, suggestion_id, "refused", role);
}

}  // namespace kg_batch::store
