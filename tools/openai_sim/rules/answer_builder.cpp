#include "answer_builder.h"

#include <algorithm>

#include "words.h"

namespace kg_sim::rules {
namespace {

using Json = nlohmann::ordered_json;

void add_once(std::vector<int>& list, int value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

bool same_thing(const Thing& a, const Thing& b) {
  if (a.participant != 0 || b.participant != 0) return a.participant == b.participant;
  if (a.named != b.named || a.type != b.type) return false;
  if (!a.named && (a.of != b.of || a.relation != b.relation)) return false;
  return lowered(a.label) == lowered(b.label) && (a.thing_class == b.thing_class || a.type == "Concept");
}

Json day_json(const std::optional<Day>& day) {
  return day ? Json{{"date", day->date}, {"how", day->how}} : Json();
}

Json string_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

int AnswerBuilder::add_fact(Fact fact) {
  for (std::size_t n = 0; n < facts_.size(); ++n) {
    if (facts_[n].text == fact.text && facts_[n].modality == fact.modality && facts_[n].negated == fact.negated &&
        facts_[n].evidence.front().sentence == fact.evidence.front().sentence) {
      for (Evidence& evidence : fact.evidence) {
        if (std::find(facts_[n].evidence.begin(), facts_[n].evidence.end(), evidence) == facts_[n].evidence.end() &&
            facts_[n].evidence.size() < 4) {
          facts_[n].evidence.push_back(std::move(evidence));
        }
      }
      return static_cast<int>(n);
    }
  }
  facts_.push_back(std::move(fact));
  return static_cast<int>(facts_.size()) - 1;
}

int AnswerBuilder::add_thing(Thing thing) {
  for (std::size_t n = 0; n < things_.size(); ++n) {
    if (!same_thing(things_[n], thing)) continue;
    for (std::string& alias : thing.aliases) {
      if (!std::count(things_[n].aliases.begin(), things_[n].aliases.end(), alias)) {
        things_[n].aliases.push_back(std::move(alias));
      }
    }
    return static_cast<int>(n);
  }
  things_.push_back(std::move(thing));
  return static_cast<int>(things_.size()) - 1;
}

int AnswerBuilder::find_related(int owner, std::string_view relation) const {
  for (std::size_t n = 0; n < things_.size(); ++n) {
    if (things_[n].of == owner && things_[n].relation == relation) return static_cast<int>(n);
  }
  return -1;
}

void AnswerBuilder::name_thing(int index, const std::string& name) {
  Thing& named = thing(index);
  if (named.named || named.participant != 0) return;
  named.label = name;
  named.named = true;
  for (int other = 0; other < thing_count(); ++other) {
    if (other == index || !same_thing(thing(other), named)) continue;
    for (Statement& statement : statements_) {
      for (Role& role : statement.roles) {
        if (!role.statement && role.thing == other) role.thing = index;
      }
    }
    for (Thing& owned : things_) {
      if (owned.of == other) owned.of = index;
    }
    thing(other).label += " ";  // no longer equal to anything, used by nothing: dropped in the end
  }
}

int AnswerBuilder::add_statement(Statement statement) {
  if (statement.roles.empty() || statement.facts.empty()) return -1;
  for (const Role& role : statement.roles) {
    if (role.thing < 0) return -1;
  }
  const bool negated = fact(statement.facts.front()).negated;
  for (std::size_t n = 0; n < statements_.size(); ++n) {
    Statement& other = statements_[n];
    const bool same_day = statement.type != "Event" || !other.start || !statement.start || other.start == statement.start;
    if (other.type != statement.type || other.label != statement.label || other.roles != statement.roles ||
        fact(other.facts.front()).negated != negated || !same_day) {
      continue;
    }
    for (const int fact_index : statement.facts) add_once(other.facts, fact_index);
    if (!other.start) other.start = statement.start;
    if (!other.end) other.end = statement.end;
    other.replaces = other.replaces || statement.replaces;
    if (!statement.goal_status.empty()) other.goal_status = statement.goal_status;
    return static_cast<int>(n);
  }
  statements_.push_back(std::move(statement));
  return static_cast<int>(statements_.size()) - 1;
}

Json AnswerBuilder::answer() const {
  // A thing is used when a statement has it in a role; what it belongs to is
  // then said beside it, and must be used itself.
  std::vector<std::vector<int>> thing_facts(things_.size());
  for (const Statement& statement : statements_) {
    for (const Role& role : statement.roles) {
      if (role.statement) continue;
      for (const int fact_index : statement.facts) add_once(thing_facts[static_cast<std::size_t>(role.thing)], fact_index);
    }
  }
  std::vector<int> thing_ids(things_.size(), 0);
  int next_id = 0;
  for (std::size_t n = 0; n < things_.size(); ++n) {
    if (!thing_facts[n].empty()) thing_ids[n] = ++next_id;
  }
  const int first_statement = next_id + 1;
  std::vector<int> fact_ids(facts_.size(), 0);
  for (const Statement& statement : statements_) {
    for (const int fact_index : statement.facts) fact_ids[static_cast<std::size_t>(fact_index)] = 1;
  }
  int next_fact = 0;
  for (int& id : fact_ids) id = id == 0 ? 0 : ++next_fact;
  const auto fact_list = [&](std::vector<int> indexes) {
    std::sort(indexes.begin(), indexes.end());
    Json list = Json::array();
    for (const int index : indexes) list.push_back(fact_ids[static_cast<std::size_t>(index)]);
    return list;
  };

  Json facts = Json::array();
  for (std::size_t n = 0; n < facts_.size(); ++n) {
    if (fact_ids[n] == 0) continue;
    Json evidence = Json::array();
    for (const Evidence& item : facts_[n].evidence) evidence.push_back({{"sentence", item.sentence}, {"quote", item.quote}});
    facts.push_back({{"id", fact_ids[n]},
                     {"text", facts_[n].text},
                     {"modality", facts_[n].modality},
                     {"negated", facts_[n].negated},
                     {"evidence", evidence}});
  }

  Json things = Json::array();
  for (std::size_t n = 0; n < things_.size(); ++n) {
    if (thing_ids[n] == 0) continue;
    const Thing& thing = things_[n];
    Json attributes = Json::array();
    for (const auto& [key, value] : thing.attributes) attributes.push_back({{"key", key}, {"value", value}});
    const int owner = thing.of < 0 ? 0 : thing_ids[static_cast<std::size_t>(thing.of)];
    things.push_back({{"id", thing_ids[n]},
                      {"type", thing.type},
                      {"label", thing.label},
                      {"class", thing.thing_class},
                      {"category", thing.category},
                      {"named", thing.named},
                      {"participant", thing.participant == 0 ? Json() : Json(thing.participant)},
                      {"of", owner == 0 || thing.named ? Json() : Json(owner)},
                      {"relation", owner == 0 || thing.named ? Json() : string_or_null(thing.relation)},
                      {"aliases", thing.aliases},
                      {"attributes", attributes},
                      {"hash_tags", thing.hash_tags},
                      {"facts", fact_list(thing_facts[n])},
                      {"confidence", thing.participant != 0 || thing.named ? 0.95 : 0.85},
                      {"importance", thing.participant != 0 ? 0.9 : thing.type == "Concept" ? 0.5 : 0.7}});
  }

  Json statements = Json::array();
  for (std::size_t n = 0; n < statements_.size(); ++n) {
    const Statement& statement = statements_[n];
    Json roles = Json::array();
    for (const Role& role : statement.roles) {
      const int node = role.statement ? first_statement + role.thing : thing_ids[static_cast<std::size_t>(role.thing)];
      roles.push_back({{"role", role.role}, {"role_text", string_or_null(role.role_text)}, {"node", node}});
    }
    statements.push_back({{"id", first_statement + static_cast<int>(n)},
                          {"type", statement.type},
                          {"label", statement.label},
                          {"category", statement.category},
                          {"facts", fact_list(statement.facts)},
                          {"start", day_json(statement.start)},
                          {"end", day_json(statement.end)},
                          {"replaces", statement.replaces},
                          {"goal_status", string_or_null(statement.goal_status)},
                          {"hash_tags", statement.hash_tags},
                          {"confidence", statement.type == "Goal" ? 0.85 : 0.9},
                          {"importance", statement.type == "Event" ? 0.7 : 0.8},
                          {"roles", roles}});
  }
  return Json{{"facts", facts}, {"things", things}, {"statements", statements}};
}

}  // namespace kg_sim::rules
