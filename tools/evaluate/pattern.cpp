#include "pattern.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <vector>

#include "graph/keys.h"
#include "graph/vocabulary.h"

namespace kg_batch::evaluate {
namespace {

std::vector<std::string> texts(const Json& value) {
  return value.is_array() ? value.get<std::vector<std::string>>() : std::vector{value.get<std::string>()};
}

bool any_of(const Json& value, const auto& holds) {
  const std::vector<std::string> all = texts(value);
  return std::any_of(all.begin(), all.end(), holds);
}

bool is_word(const Json& value, std::string_view word) {
  return any_of(value, [&](const std::string& text) { return text == word; });
}

bool is_name(const Json& value, std::string_view name) {
  const std::string key = graph::name_key(name);
  return any_of(value, [&](const std::string& text) { return graph::name_key(text) == key; });
}

bool has_part(std::string_view text, std::string_view part) {
  return graph::fold_quote(text).find(graph::fold_quote(part)) != std::string::npos;
}

bool has_any_part(const Json& value, std::string_view text) {
  return any_of(value, [&](const std::string& part) { return has_part(text, part); });
}

std::vector<std::string> alternatives(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t bar = text.find('|');
    parts.emplace_back(text.substr(0, bar));
    if (bar == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(bar + 1);
  }
}

bool is_optional_word(const Json& value, const std::optional<std::string>& word) {
  return value.is_null() ? !word.has_value() : word.has_value() && is_word(value, *word);
}

bool is_date(const Json& value, const std::optional<graph::Date>& date) {
  return value.is_null() ? !date.has_value() : date.has_value() && is_word(value, date->date);
}

bool is_how(const Json& value, const std::optional<graph::Date>& date) {
  return date.has_value() && is_word(value, graph::date_hows[static_cast<std::size_t>(date->how)]);
}

template <typename Item>
const Item* item_of(const std::vector<Item>& items, int id) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.id == id; });
  return found == items.end() ? nullptr : &*found;
}

bool has_role(const Json& pair, const graph::Statement& statement, const graph::Reading& reading) {
  const std::vector<std::string> names = alternatives(pair[0].get<std::string>());
  const Json& target = pair[1];
  return std::any_of(statement.roles.begin(), statement.roles.end(), [&](const graph::RoleOf& role) {
    const bool named = std::any_of(names.begin(), names.end(),
                                   [&](const std::string& name) { return name == "*" || name == role.role; });
    if (!named) {
      return false;
    }
    if (target.contains("statement")) {
      const graph::Statement* other = item_of(reading.statements, role.node);
      return other != nullptr && fits(target["statement"], *other, reading);
    }
    const graph::Thing* thing = item_of(reading.things, role.node);
    return thing != nullptr && fits(target, *thing, reading);
  });
}

std::vector<const graph::Fact*> facts_of(const graph::Statement& statement, const graph::Reading& reading) {
  std::vector<const graph::Fact*> facts;
  for (const int id : statement.facts) {
    if (const graph::Fact* fact = item_of(reading.facts, id)) {
      facts.push_back(fact);
    }
  }
  return facts;
}

std::string_view surest(const std::vector<const graph::Fact*>& facts) {
  graph::Modality modality = graph::Modality::hypothetical;
  for (const graph::Fact* fact : facts) {
    modality = std::min(modality, fact->modality);
  }
  return graph::modalities[static_cast<std::size_t>(modality)];
}

bool plays(const Json& role_names, const graph::Thing& thing, const graph::Reading& reading) {
  const std::vector<std::string> names = alternatives(role_names.get<std::string>());
  return std::any_of(reading.statements.begin(), reading.statements.end(), [&](const graph::Statement& statement) {
    return std::any_of(statement.roles.begin(), statement.roles.end(), [&](const graph::RoleOf& role) {
      return role.node == thing.id && std::find(names.begin(), names.end(), role.role) != names.end();
    });
  });
}

bool holds(const std::string& key, const Json& value, const graph::Thing& thing, const graph::Reading& reading) {
  if (key == "type") {
    return is_word(value, thing.type);
  }
  if (key == "class") {
    return is_word(value, thing.thing_class);
  }
  if (key == "relation") {
    return is_optional_word(value, thing.relation);
  }
  if (key == "label") {
    return is_name(value, thing.label);
  }
  if (key == "label_without") {
    return !has_any_part(value, thing.label);
  }
  if (key == "alias") {
    return std::any_of(thing.aliases.begin(), thing.aliases.end(),
                       [&](const std::string& alias) { return is_name(value, alias); });
  }
  if (key == "category") {
    return has_any_part(value, thing.category);
  }
  if (key == "named") {
    return thing.named == value.get<bool>();
  }
  if (key == "participant") {
    return value.is_null() ? !thing.participant : thing.participant == value.get<int>();
  }
  if (key == "of") {
    const graph::Thing* owner = thing.of ? item_of(reading.things, *thing.of) : nullptr;
    return value.is_null() ? owner == nullptr : owner != nullptr && fits(value, *owner, reading);
  }
  if (key == "plays") {
    return std::all_of(value.begin(), value.end(), [&](const Json& role) { return plays(role, thing, reading); });
  }
  if (key == "plays_not") {
    return std::none_of(value.begin(), value.end(), [&](const Json& role) { return plays(role, thing, reading); });
  }
  return std::any_of(thing.attributes.begin(), thing.attributes.end(), [&](const auto& attribute) {
    return (!value.contains("key") || has_any_part(value["key"], attribute.first)) &&
           (!value.contains("value") || has_any_part(value["value"], attribute.second));
  });
}

bool holds(const std::string& key, const Json& value, const graph::Statement& statement, const graph::Reading& reading) {
  if (key == "type") {
    return is_word(value, statement.type);
  }
  if (key == "kind") {
    return has_any_part(value, statement.category) || has_any_part(value, statement.label);
  }
  if (key == "category") {
    return has_any_part(value, statement.category);
  }
  if (key == "label_without") {
    return !has_any_part(value, statement.label);
  }
  if (key == "start") {
    return is_date(value, statement.start);
  }
  if (key == "end") {
    return is_date(value, statement.end);
  }
  if (key == "start_how") {
    return is_how(value, statement.start);
  }
  if (key == "end_how") {
    return is_how(value, statement.end);
  }
  if (key == "replaces") {
    return statement.replaces == value.get<bool>();
  }
  if (key == "goal_status") {
    return is_optional_word(value, statement.goal_status);
  }
  if (key == "roles") {
    return std::all_of(value.begin(), value.end(), [&](const Json& pair) { return has_role(pair, statement, reading); });
  }
  const std::vector<const graph::Fact*> facts = facts_of(statement, reading);
  if (key == "modality") {
    return is_word(value, surest(facts));
  }
  if (key == "negated") {
    return value.get<bool>() == std::all_of(facts.begin(), facts.end(), [](const auto* fact) { return fact->negated; });
  }
  return std::any_of(facts.begin(), facts.end(), [&](const auto* fact) { return fits(value, *fact, reading); });
}

bool holds(const std::string& key, const Json& value, const graph::Fact& fact, const graph::Reading&) {
  const auto says = [&](const Json& text) {
    const std::vector<std::string> parts = alternatives(text.get<std::string>());
    return std::any_of(parts.begin(), parts.end(), [&](const std::string& part) { return has_part(fact.text, part); });
  };
  const auto cites = [&](const Json& id) {
    return std::any_of(fact.evidence.begin(), fact.evidence.end(),
                       [&](const graph::Quote& quote) { return quote.sentence == id.get<int>(); });
  };
  if (key == "modality") {
    return is_word(value, graph::modalities[static_cast<std::size_t>(fact.modality)]);
  }
  if (key == "negated") {
    return fact.negated == value.get<bool>();
  }
  if (key == "says") {
    return std::all_of(value.begin(), value.end(), says);
  }
  if (key == "says_not") {
    return std::none_of(value.begin(), value.end(), says);
  }
  if (key == "sentences") {
    return std::all_of(value.begin(), value.end(), cites);
  }
  return std::any_of(value.begin(), value.end(), cites);
}

bool all_hold(const Json& pattern, const auto& item, const graph::Reading& reading) {
  return std::all_of(pattern.items().begin(), pattern.items().end(),
                     [&](const auto& entry) { return holds(entry.key(), entry.value(), item, reading); });
}

// ---- whether a pattern is one -------------------------------------------------

[[noreturn]] void refuse(const std::string& key, const std::string& why) {
  throw std::runtime_error("pattern key \"" + key + "\" " + why);
}

bool is_texts(const Json& value) {
  return value.is_string() || (value.is_array() && !value.empty() &&
                               std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_string(); }));
}

void check_words(const std::string& key, const Json& value, const auto& words) {
  for (const std::string& word : texts(value)) {
    if (!graph::is_one_of(word, words)) {
      refuse(key, "has \"" + word + "\", which no answer can have");
    }
  }
}

void check_roles(const Json& value) {
  for (const Json& pair : value) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string()) {
      refuse("roles", "is not a list of [role, pattern]");
    }
    for (const std::string& role : alternatives(pair[0].get<std::string>())) {
      if (role != "*") {
        check_words("roles", role, graph::roles);
      }
    }
    if (pair[1].contains("statement")) {
      check_pattern(Kind::statement, pair[1]["statement"]);
    } else {
      check_pattern(Kind::thing, pair[1]);
    }
  }
}

void check_key(Kind kind, const std::string& key, const Json& value) {
  static const std::set<std::string> of_kind[] = {
      {"type", "class", "relation", "label", "label_without", "alias", "category", "named", "participant", "of",
       "attribute", "plays", "plays_not"},
      {"type", "modality", "goal_status", "kind", "category", "label_without", "start", "end", "start_how", "end_how",
       "replaces", "negated", "roles", "fact"},
      {"modality", "negated", "says", "says_not", "sentences", "cites"}};
  static const std::set<std::string> may_be_null = {"relation", "participant", "of", "goal_status", "start", "end"};
  if (!of_kind[static_cast<std::size_t>(kind)].contains(key)) {
    refuse(key, "is not known");
  }
  if (value.is_null()) {
    if (!may_be_null.contains(key)) {
      refuse(key, "is null");
    }
  } else if (key == "named" || key == "replaces" || key == "negated") {
    if (!value.is_boolean()) {
      refuse(key, "is neither true nor false");
    }
  } else if (key == "participant") {
    if (!value.is_number_integer()) {
      refuse(key, "is no id");
    }
  } else if (key == "of") {
    check_pattern(Kind::thing, value);
  } else if (key == "fact") {
    check_pattern(Kind::fact, value);
  } else if (key == "roles") {
    check_roles(value);
  } else if (key == "sentences" || key == "cites") {
    if (!value.is_array() || value.empty()) {
      refuse(key, "is no list of ids");
    }
  } else if (key == "plays" || key == "plays_not") {
    for (const Json& names : value) {
      check_words(key, alternatives(names.get<std::string>()), graph::roles);
    }
  } else if (key == "says" || key == "says_not") {
    if (!value.is_array() || !is_texts(value)) {
      refuse(key, "is no list of texts");
    }
  } else if (key == "attribute") {
    for (const auto& [part, text] : value.items()) {
      if ((part != "key" && part != "value") || !is_texts(text)) {
        refuse(key, "is not {\"key\", \"value\"} of texts");
      }
    }
  } else if (!is_texts(value)) {
    refuse(key, "is neither a text nor a list of texts");
  } else if (key == "class") {
    check_words(key, value, graph::thing_classes);
  } else if (key == "relation") {
    check_words(key, value, graph::relations);
  } else if (key == "modality") {
    check_words(key, value, graph::modalities);
  } else if (key == "goal_status") {
    check_words(key, value, graph::goal_statuses);
  } else if (key == "start_how" || key == "end_how") {
    check_words(key, value, graph::date_hows);
  } else if (key == "type" && kind == Kind::thing) {
    check_words(key, value, graph::thing_types);
  } else if (key == "type") {
    check_words(key, value, graph::statement_types);
  }
}

}  // namespace

void check_pattern(Kind kind, const Json& pattern) {
  if (!pattern.is_object()) {
    throw std::runtime_error("a pattern is no object");
  }
  for (const auto& [key, value] : pattern.items()) {
    check_key(kind, key, value);
  }
}

bool fits(const Json& pattern, const graph::Thing& thing, const graph::Reading& reading) {
  return all_hold(pattern, thing, reading);
}

bool fits(const Json& pattern, const graph::Statement& statement, const graph::Reading& reading) {
  return all_hold(pattern, statement, reading);
}

bool fits(const Json& pattern, const graph::Fact& fact, const graph::Reading& reading) {
  return all_hold(pattern, fact, reading);
}

}  // namespace kg_batch::evaluate
