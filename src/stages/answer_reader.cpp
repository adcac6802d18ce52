#include "stages/answer_reader.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "graph/dependency_order.h"
#include "graph/vocabulary.h"
#include "openai/json_text.h"
#include "stages/answer_item.h"
#include "stages/answer_schema.h"
#include "stages/answer_text.h"

namespace kg_batch::stages {
namespace {

using graph::Rejected;

std::optional<int> item_id(const Json& item) {
  const std::optional<int> id = integer(field(item, "id"));
  return id && *id > 0 ? id : std::nullopt;
}

bool is_true(const Json* value) { return value != nullptr && value->is_boolean() && value->get<bool>(); }

bool is_boolean_or_absent(const Json* value) { return value == nullptr || value->is_boolean(); }

std::string name_of(std::string_view kind, const Json& item, std::size_t place) {
  return named_item(kind, item_id(item), place);
}

std::string part_name(const std::string& item, std::string_view part, std::size_t place) {
  return item + ", " + std::string(part) + " " + std::to_string(place + 1);
}

// 0 to 1 as thousandths; a number outside counts as the nearest inside.
int thousandths(const Json& item, const char* name, const std::string& item_name, std::vector<Rejected>& rejected) {
  const Json* value = field(item, name);
  if (value == nullptr) {
    return 0;
  }
  if (!value->is_number()) {
    rejected.push_back({item_name + ", " + name, "not a number", body_of(*value)});
    return 0;
  }
  return static_cast<int>(std::lround(std::clamp(value->get<double>(), 0.0, 1.0) * 1000));
}

// The elements of a list field; what is no list counts as none and is noted.
const Json& list_in(const Json& item, const char* name, const std::string& item_name, std::vector<Rejected>& rejected) {
  static const Json none = Json::array();
  const Json* value = field(item, name);
  if (value == nullptr) {
    return none;
  }
  if (!value->is_array()) {
    rejected.push_back({item_name + ", " + name, "not a list", body_of(*value)});
    return none;
  }
  return *value;
}

std::vector<std::string> strings_in(const Json& item, const char* name, std::size_t most, const std::string& item_name,
                                    std::vector<Rejected>& rejected, const auto& tidy) {
  std::vector<std::string> strings;
  for (const Json& element : list_in(item, name, item_name, rejected)) {
    std::string text = tidy(string_in(&element));
    if (text.empty() || std::find(strings.begin(), strings.end(), text) != strings.end()) {
      continue;
    }
    if (strings.size() == most) {
      rejected.push_back({item_name + ", " + name, "more than " + std::to_string(most), body_of(element)});
      break;
    }
    strings.push_back(std::move(text));
  }
  return strings;
}

std::vector<std::string> hash_tags_in(const Json& item, const std::string& item_name, std::vector<Rejected>& rejected) {
  return strings_in(item, "hash_tags", max_hash_tags, item_name, rejected, [](std::string_view text) {
    while (text.starts_with('#')) {
      text.remove_prefix(1);
    }
    return tidy_word(text, max_hash_tag);
  });
}

std::optional<graph::Date> date_in(const Json& item, const char* name, const std::string& item_name,
                                   std::vector<Rejected>& rejected) {
  const Json* value = field(item, name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto reject = [&](std::string reason) {
    rejected.push_back({item_name + ", " + name, std::move(reason), body_of(*value)});
    return std::nullopt;
  };
  const std::string date = tidy_text(string_in(field(*value, "date")), max_label);
  if (!is_date(date)) {
    return reject("not a date of the form YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDTHH:MM");
  }
  const Json* how_field = field(*value, "how");
  const auto how = enumerator<graph::How>(how_field, graph::date_hows);
  if (!how) {
    return reject(not_one_of("how", how_field, graph::date_hows));
  }
  return graph::Date{date, *how};
}

// Compared over the width that both have.
bool is_before(const graph::Date& a, const graph::Date& b) {
  const std::size_t width = std::min(a.date.size(), b.date.size());
  return a.date.compare(0, width, b.date, 0, width) < 0;
}

// Sentences that an answer may cite, with whether a participant says them.
std::map<int, bool> citable_sentences(const Question& question) {
  std::map<int, bool> sentences;
  for (const auto* part : {&question.context, &question.messages}) {
    for (const ShownMessage& message : *part) {
      for (const ShownSentence& sentence : message.sentences) {
        sentences[sentence.id] = message.by.has_value();
      }
    }
  }
  return sentences;
}

std::vector<graph::Quote> read_quotes(const Json& items, const std::string& fact_name,
                                      const std::map<int, bool>& sentences, std::vector<Rejected>& rejected) {
  std::vector<graph::Quote> quotes;
  for (std::size_t place = 0; place < items.size(); ++place) {
    const Json& item = items[place];
    const auto reject = [&](std::string reason) {
      rejected.push_back({part_name(fact_name, "quote", place), std::move(reason), body_of(item)});
    };
    const std::optional<int> sentence = integer(field(item, "sentence"));
    graph::Quote quote{sentence.value_or(0), std::string(cut_text(string_in(field(item, "quote")), max_quote))};
    const bool repeated = std::any_of(quotes.begin(), quotes.end(), [&](const graph::Quote& other) {
      return other.sentence == quote.sentence && other.quote == quote.quote;
    });
    if (!item.is_object()) {
      reject("not an object");
    } else if (!sentence) {
      reject("no sentence");
    } else if (!sentences.contains(*sentence)) {
      reject("sentence " + std::to_string(*sentence) + " is not in the question");
    } else if (repeated) {
      reject("repeated");
    } else if (quotes.size() == max_quotes) {
      reject("more than " + std::to_string(max_quotes) + " quotes");
    } else {
      quotes.push_back(std::move(quote));
    }
  }
  return quotes;
}

// A fact, or why it is none.
std::variant<graph::Fact, std::string> read_fact(const Json& item, const std::string& name, const Question& question,
                                                 const std::map<int, bool>& sentences,
                                                 std::vector<Rejected>& rejected_quotes) {
  graph::Fact fact;
  fact.id = item_id(item).value_or(0);
  fact.text = tidy_text(string_in(field(item, "text")), max_fact_text);
  if (fact.text.empty()) {
    return "no text";
  }
  const Json* modality_field = field(item, "modality");
  const auto modality = enumerator<graph::Modality>(modality_field, graph::modalities);
  if (!modality) {
    return not_one_of("modality", modality_field, graph::modalities);
  }
  fact.modality = *modality;
  if (!is_boolean_or_absent(field(item, "negated"))) {
    return "negated is neither true nor false";
  }
  fact.negated = is_true(field(item, "negated"));
  const Json* evidence = field(item, "evidence");
  if (evidence == nullptr || !evidence->is_array()) {
    return "no evidence";
  }
  fact.evidence = read_quotes(*evidence, name, sentences, rejected_quotes);
  const auto cites = [&](const auto& condition) {
    return std::any_of(fact.evidence.begin(), fact.evidence.end(), condition);
  };
  if (!cites([](const graph::Quote& quote) { return quote.sentence > 0; })) {
    return "cites no new sentence";
  }
  if (!question.learn_from_assistant && !cites([&](const graph::Quote& quote) { return sentences.at(quote.sentence); })) {
    return "cites the assistant alone";
  }
  return fact;
}

// Why an item cannot even be looked into; nothing when it can. Every id seen is
// taken, also by an item that is rejected: what points to it means that one.
std::optional<std::string> unusable(const Json& item, std::string_view kinds, std::size_t place, std::size_t most,
                                    std::set<int>& taken) {
  if (place >= most) {
    return "more than " + std::to_string(most) + " " + std::string(kinds);
  }
  if (!item.is_object()) {
    return "not an object";
  }
  const std::optional<int> id = item_id(item);
  if (!id) {
    return "no id";
  }
  if (!taken.insert(*id).second) {
    return "id " + std::to_string(*id) + " is taken";
  }
  return std::nullopt;
}

// An item on its way into the reading.
template <typename Value>
struct Draft {
  const Json* item = nullptr;
  std::string name;
  Value value;
  std::vector<Rejected> parts;  // what was left out of it, told only when it is kept
  std::optional<std::string> reason;  // why it is rejected

  bool is_kept() const { return !reason.has_value(); }
};

struct DraftRole {
  std::size_t place = 0;
  graph::RoleOf role;
};

struct DraftStatement : Draft<graph::Statement> {
  std::vector<DraftRole> roles;  // kept so far

  void reject_role(const DraftRole& role, std::string why) {
    parts.push_back({part_name(name, "role", role.place), std::move(why), body_of((*field(*item, "roles"))[role.place])});
  }
};

using DraftThing = Draft<graph::Thing>;

std::vector<int> cited_facts_of(const Json& item, const std::string& name, const std::set<int>& facts,
                                std::vector<Rejected>& rejected) {
  std::vector<int> cited;
  for (const Json& element : list_in(item, "facts", name, rejected)) {
    const std::optional<int> id = integer(&element);
    if (!id || !facts.contains(*id)) {
      rejected.push_back({name + ", fact " + std::string(cut_text(body_of(element), 20)),
                          "not among the facts that were kept", body_of(element)});
    } else if (std::find(cited.begin(), cited.end(), *id) == cited.end()) {
      cited.push_back(*id);
    }
  }
  return cited;
}

void read_thing_identity(DraftThing& draft, const Question& question) {
  const Json& item = *draft.item;
  graph::Thing& thing = draft.value;
  thing.id = item_id(item).value_or(0);
  thing.type = string_in(field(item, "type"));
  thing.thing_class = string_in(field(item, "class"));
  thing.label = tidy_text(string_in(field(item, "label")), max_label);
  thing.category = tidy_word(string_in(field(item, "category")), max_category);
  if (!graph::is_one_of(thing.type, graph::thing_types)) {
    draft.reason = not_one_of("type", field(item, "type"), graph::thing_types);
  } else if (!graph::is_one_of(thing.thing_class, graph::thing_classes)) {
    draft.reason = not_one_of("class", field(item, "class"), graph::thing_classes);
  } else if (thing.label.empty()) {
    draft.reason = "no label";
  } else if (!is_boolean_or_absent(field(item, "named"))) {
    draft.reason = "named is neither true nor false";
  }
  if (!draft.is_kept()) {
    return;
  }
  thing.named = is_true(field(item, "named"));
  if (thing.category.empty()) {
    thing.category = thing.thing_class;
  }
  if (const Json* value = field(item, "participant")) {
    const std::optional<int> id = integer(value);
    const bool speaks = id && std::any_of(question.participants.begin(), question.participants.end(),
                                          [&](const Participant& participant) { return participant.id == *id; });
    if (speaks) {
      thing.participant = id;
      thing.type = "Entity";
      thing.thing_class = "person";
    } else {
      draft.parts.push_back({draft.name + ", participant", "not among the participants", body_of(*value)});
    }
  }
  if (const Json* value = field(item, "relation")) {
    if (graph::is_one_of(string_in(value), graph::relations)) {
      thing.relation = string_in(value);
    } else {
      draft.parts.push_back(
          {draft.name + ", relation", not_one_of("relation", value, graph::relations), body_of(*value)});
    }
  }
}

void read_statement_identity(DraftStatement& draft) {
  const Json& item = *draft.item;
  graph::Statement& statement = draft.value;
  statement.id = item_id(item).value_or(0);
  statement.type = string_in(field(item, "type"));
  statement.label = tidy_text(string_in(field(item, "label")), max_label);
  statement.category = tidy_word(string_in(field(item, "category")), max_category);
  if (!graph::is_one_of(statement.type, graph::statement_types)) {
    draft.reason = not_one_of("type", field(item, "type"), graph::statement_types);
  } else if (statement.label.empty()) {
    draft.reason = "no label";
  }
  if (statement.category.empty()) {
    statement.category = tidy_word(statement.label, max_category);
  }
}

void read_roles(DraftStatement& draft) {
  const Json& items = list_in(*draft.item, "roles", draft.name, draft.parts);
  std::set<std::tuple<std::string, std::string, int>> seen;
  for (std::size_t place = 0; place < items.size(); ++place) {
    const Json& item = items[place];
    const Json* role_field = field(item, "role");
    const std::optional<int> node = integer(field(item, "node"));
    DraftRole role{place, {std::string(string_in(role_field)), std::nullopt, node.value_or(0)}};
    const bool is_other = role.role.role == "other";
    const std::string role_text = is_other ? tidy_text(string_in(field(item, "role_text")), max_role_text) : "";
    if (!role_text.empty()) {
      role.role.role_text = role_text;
    }
    if (!item.is_object()) {
      draft.reject_role(role, "not an object");
    } else if (!graph::is_one_of(role.role.role, graph::roles)) {
      draft.reject_role(role, not_one_of("role", role_field, graph::roles));
    } else if (is_other && role_text.empty()) {
      draft.reject_role(role, "role other without a role_text");
    } else if (!node) {
      draft.reject_role(role, "no node");
    } else if (!seen.emplace(role.role.role, role_text, *node).second) {
      draft.reject_role(role, "repeated");
    } else if (draft.roles.size() == max_roles) {
      draft.reject_role(role, "more than " + std::to_string(max_roles) + " roles");
    } else {
      draft.roles.push_back(std::move(role));
    }
  }
}

void read_thing_metadata(const Json& item, const std::string& item_name, graph::Thing& thing,
                         std::vector<Rejected>& rejected) {
  thing.aliases = strings_in(item, "aliases", max_aliases, item_name, rejected,
                             [](std::string_view text) { return tidy_text(text, max_alias); });
  std::erase(thing.aliases, thing.label);
  thing.attributes.clear();
  for (const Json& element : list_in(item, "attributes", item_name, rejected)) {
    std::pair<std::string, std::string> attribute{
        tidy_text(string_in(field(element, "key")), max_attribute_key),
        tidy_text(string_in(field(element, "value")), max_attribute_value)};
    if (attribute.first.empty() || attribute.second.empty()) {
      rejected.push_back({item_name + ", attributes", "without a key or a value", body_of(element)});
    } else if (thing.attributes.size() == max_attributes) {
      rejected.push_back({item_name + ", attributes", "more than " + std::to_string(max_attributes), body_of(element)});
      break;
    } else if (std::find(thing.attributes.begin(), thing.attributes.end(), attribute) == thing.attributes.end()) {
      thing.attributes.push_back(std::move(attribute));
    }
  }
  thing.hash_tags = hash_tags_in(item, item_name, rejected);
  thing.confidence = thousandths(item, "confidence", item_name, rejected);
  thing.importance = thousandths(item, "importance", item_name, rejected);
}

void read_statement_metadata(const Json& item, const std::string& item_name, graph::Statement& statement,
                             std::vector<Rejected>& rejected) {
  statement.start = date_in(item, "start", item_name, rejected);
  statement.end = date_in(item, "end", item_name, rejected);
  if (statement.start && statement.end && is_before(*statement.end, *statement.start)) {
    rejected.push_back({item_name + ", end", "before the start", body_of(*field(item, "end"))});
    statement.end.reset();
  }
  statement.replaces = is_true(field(item, "replaces"));
  statement.goal_status.reset();
  if (const Json* value = field(item, "goal_status")) {
    if (statement.type != "Goal") {
      rejected.push_back({item_name + ", goal_status", "the statement is no Goal", body_of(*value)});
    } else if (!graph::is_one_of(string_in(value), graph::goal_statuses)) {
      rejected.push_back(
          {item_name + ", goal_status", not_one_of("goal_status", value, graph::goal_statuses), body_of(*value)});
    } else {
      statement.goal_status = string_in(value);
    }
  }
  statement.hash_tags = hash_tags_in(item, item_name, rejected);
  statement.confidence = thousandths(item, "confidence", item_name, rejected);
  statement.importance = thousandths(item, "importance", item_name, rejected);
}

// Items of kg_metadata, each for the value of its id.
template <typename Value>
void read_metadata_of(const Json& items, const std::string& kind, std::size_t most, std::vector<Value>& values,
                      std::vector<Rejected>& rejected, const auto& read_item) {
  std::map<int, Value*> by_id;
  for (Value& value : values) {
    by_id.emplace(value.id, &value);
  }
  std::set<int> taken;
  for (std::size_t place = 0; place < items.size(); ++place) {
    const Json& item = items[place];
    const std::string name = name_of(kind, item, place);
    std::optional<std::string> reason = unusable(item, kind + "s", place, most, taken);
    if (!reason && !by_id.contains(*item_id(item))) {
      reason = "no " + kind + " of that id was kept";
    }
    if (reason) {
      rejected.push_back({"metadata of " + name, *reason, body_of(item)});
    } else {
      read_item(item, name, *by_id[*item_id(item)], rejected);
    }
  }
}

// Things and statements of one answer, while what points where is sorted out.
class Nodes {
 public:
  Nodes(std::vector<DraftThing> things, std::vector<DraftStatement> statements)
      : things_(std::move(things)), statements_(std::move(statements)) {
    for (std::size_t i = 0; i < things_.size(); ++i) {
      if (things_[i].is_kept()) {
        thing_at_.emplace(things_[i].value.id, i);
      }
    }
    for (std::size_t i = 0; i < statements_.size(); ++i) {
      if (statements_[i].is_kept()) {
        statement_at_.emplace(statements_[i].value.id, i);
      }
    }
  }

  void settle() {
    settle_owners();
    drop_roles_to_nowhere();
    break_circles();
    drop_roles_to_nowhere();
    drop_things_nobody_needs();
  }

  void write(graph::Reading& reading) {
    reading.things.clear();
    reading.statements.clear();
    for (DraftThing& thing : things_) {
      if (keep_or_reject(thing, reading.rejected)) {
        reading.things.push_back(std::move(thing.value));
      }
    }
    for (DraftStatement& statement : statements_) {
      if (keep_or_reject(statement, reading.rejected)) {
        for (DraftRole& role : statement.roles) {
          statement.value.roles.push_back(std::move(role.role));
        }
        reading.statements.push_back(std::move(statement.value));
      }
    }
  }

 private:
  static bool keep_or_reject(const auto& draft, std::vector<Rejected>& rejected) {
    if (draft.is_kept()) {
      rejected.insert(rejected.end(), draft.parts.begin(), draft.parts.end());
    } else {
      rejected.push_back({draft.name, *draft.reason, body_of(*draft.item)});
    }
    return draft.is_kept();
  }

  bool is_kept(int node) const {
    const auto thing = thing_at_.find(node);
    if (thing != thing_at_.end()) {
      return things_[thing->second].is_kept();
    }
    const auto statement = statement_at_.find(node);
    return statement != statement_at_.end() && statements_[statement->second].is_kept();
  }

  // `of` leads to another thing, and never back to where it began.
  void settle_owners() {
    const auto drop = [](DraftThing& thing, std::string reason) {
      thing.parts.push_back({thing.name + ", of", std::move(reason), body_of(*field(*thing.item, "of"))});
      thing.value.of.reset();
    };
    for (DraftThing& thing : things_) {
      const Json* of = thing.is_kept() ? field(*thing.item, "of") : nullptr;
      if (of != nullptr) {
        thing.value.of = integer(of).value_or(0);
        if (!thing_at_.contains(*thing.value.of)) {
          drop(thing, "not among the things that were kept");
        }
      }
    }
    graph::Needs needs;
    for (const auto& [id, index] : thing_at_) {
      const std::optional<int> of = things_[index].value.of;
      needs[id] = of ? std::vector{*of} : std::vector<int>{};
    }
    for (const graph::ClosingNeed& closing : graph::dependency_order(needs).closing) {
      drop(things_[thing_at_.at(closing.id)], "belongs to itself");
    }
  }

  void drop_roles_to_nowhere() {
    for (bool changed = true; changed;) {
      changed = false;
      for (DraftStatement& statement : statements_) {
        if (!statement.is_kept()) {
          continue;
        }
        std::erase_if(statement.roles, [&](const DraftRole& role) {
          const bool lost = !is_kept(role.role.node);
          if (lost) {
            statement.reject_role(role, "node " + std::to_string(role.role.node) + " is not among those that were kept");
          }
          return lost;
        });
        if (statement.roles.empty()) {
          statement.reason = "no role is left";
          changed = true;
        }
      }
    }
  }

  // After drop_roles_to_nowhere a rejected statement has no roles and no role
  // leads to it, so it closes nothing.
  void break_circles() {
    graph::Needs needs;
    std::map<int, std::vector<std::size_t>> places;  // of the role behind each need
    for (const auto& [id, index] : statement_at_) {
      std::vector<const DraftRole*> roles;
      for (const DraftRole& role : statements_[index].roles) {
        roles.push_back(&role);
      }
      std::sort(roles.begin(), roles.end(), [](const DraftRole* a, const DraftRole* b) {
        return std::tie(a->role.node, a->role.role, a->role.role_text) <
               std::tie(b->role.node, b->role.role, b->role.role_text);
      });
      needs.try_emplace(id);
      for (const DraftRole* role : roles) {
        needs[id].push_back(role->role.node);
        places[id].push_back(role->place);
      }
    }
    for (const graph::ClosingNeed& closing : graph::dependency_order(needs).closing) {
      DraftStatement& statement = statements_[statement_at_.at(closing.id)];
      const std::size_t place = places[closing.id][closing.which];
      const auto role = std::find_if(statement.roles.begin(), statement.roles.end(),
                                     [&](const DraftRole& other) { return other.place == place; });
      statement.reject_role(*role, "closes a circle of statements");
      statement.roles.erase(role);
      if (statement.roles.empty()) {
        statement.reason = "no role is left";
      }
    }
  }

  // A thing without a fact is kept for what points to it.
  void drop_things_nobody_needs() {
    for (bool changed = true; changed;) {
      changed = false;
      std::set<int> needed;
      for (const DraftStatement& statement : statements_) {
        if (statement.is_kept()) {
          for (const DraftRole& role : statement.roles) {
            needed.insert(role.role.node);
          }
        }
      }
      for (const DraftThing& thing : things_) {
        if (thing.is_kept() && thing.value.of) {
          needed.insert(*thing.value.of);
        }
      }
      for (DraftThing& thing : things_) {
        if (thing.is_kept() && thing.value.facts.empty() && !needed.contains(thing.value.id)) {
          thing.reason = "has no facts, and nothing points to it";
          changed = true;
        }
      }
    }
  }

  std::vector<DraftThing> things_;
  std::vector<DraftStatement> statements_;
  std::map<int, std::size_t> thing_at_;  // by id
  std::map<int, std::size_t> statement_at_;
};

}  // namespace

std::variant<Json, BadAnswer> parse_answer(std::string_view answer, std::initializer_list<const char*> arrays) {
  std::optional<openai::SafeJson> parsed = openai::parse_untrusted(answer);
  if (!parsed) {
    return BadAnswer{"not parseable: no JSON, cut off, or nested too deep"};
  }
  if (!parsed->value.is_object()) {
    return BadAnswer{std::string("against the schema: ") + parsed->value.type_name() + " instead of an object"};
  }
  for (const char* name : arrays) {
    const Json* value = field(parsed->value, name);
    if (value == nullptr || !value->is_array()) {
      return BadAnswer{std::string("against the schema: \"") + name + "\" is " +
                       (value == nullptr ? "missing" : "not an array")};
    }
  }
  return std::move(parsed->value);
}

std::vector<graph::Fact> read_facts(const Json& items, const Question& question, std::vector<Rejected>& rejected) {
  const std::map<int, bool> sentences = citable_sentences(question);
  std::vector<graph::Fact> facts;
  std::set<int> taken;
  for (std::size_t place = 0; place < items.size(); ++place) {
    const Json& item = items[place];
    const std::string name = name_of("fact", item, place);
    std::optional<std::string> reason = unusable(item, "facts", place, max_facts, taken);
    std::vector<Rejected> rejected_quotes;
    if (!reason) {
      auto fact = read_fact(item, name, question, sentences, rejected_quotes);
      if (auto* kept = std::get_if<graph::Fact>(&fact)) {
        facts.push_back(std::move(*kept));
      } else {
        reason = std::get<std::string>(fact);
      }
    }
    if (reason) {
      rejected.push_back({name, *reason, body_of(item)});
    } else {
      rejected.insert(rejected.end(), rejected_quotes.begin(), rejected_quotes.end());
    }
  }
  return facts;
}

void read_nodes(const Json& things, const Json& statements, const Question& question, graph::Reading& reading) {
  std::set<int> facts;
  for (const graph::Fact& fact : reading.facts) {
    facts.insert(fact.id);
  }
  std::set<int> taken;
  std::vector<DraftThing> draft_things(things.size());
  for (std::size_t place = 0; place < things.size(); ++place) {
    DraftThing& draft = draft_things[place];
    draft.item = &things[place];
    draft.name = name_of("thing", *draft.item, place);
    draft.reason = unusable(*draft.item, "things", place, max_things, taken);
    if (draft.is_kept()) {
      read_thing_identity(draft, question);
    }
    if (draft.is_kept()) {
      draft.value.facts = cited_facts_of(*draft.item, draft.name, facts, draft.parts);
      read_thing_metadata(*draft.item, draft.name, draft.value, draft.parts);
    }
  }
  std::vector<DraftStatement> draft_statements(statements.size());
  for (std::size_t place = 0; place < statements.size(); ++place) {
    DraftStatement& draft = draft_statements[place];
    draft.item = &statements[place];
    draft.name = name_of("statement", *draft.item, place);
    draft.reason = unusable(*draft.item, "statements", place, max_statements, taken);
    if (draft.is_kept()) {
      read_statement_identity(draft);
    }
    if (draft.is_kept()) {
      draft.value.facts = cited_facts_of(*draft.item, draft.name, facts, draft.parts);
      if (draft.value.facts.empty()) {
        draft.reason = "cites no fact that was kept";
        continue;
      }
      read_statement_metadata(*draft.item, draft.name, draft.value, draft.parts);
      read_roles(draft);
    }
  }
  Nodes nodes(std::move(draft_things), std::move(draft_statements));
  nodes.settle();
  nodes.write(reading);
}

void read_metadata(const Json& things, const Json& statements, graph::Reading& reading) {
  read_metadata_of(things, "thing", max_things, reading.things, reading.rejected, read_thing_metadata);
  read_metadata_of(statements, "statement", max_statements, reading.statements, reading.rejected,
                   read_statement_metadata);
}

}  // namespace kg_batch::stages
