#include "require.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "chunking/sentences.h"
#include "graph/vocabulary.h"
#include "openai/json_text.h"
#include "stages/answer_reader.h"
#include "stages/answer_schema.h"
#include "stages/answer_text.h"

namespace kg_batch::fuzz {
namespace {

using namespace kg_batch::stages;

void require_words(const std::vector<std::string>& words, int most, int most_characters) {
  require(words.size() <= static_cast<std::size_t>(most), "a list keeps to its limit");
  require(std::set<std::string>(words.begin(), words.end()).size() == words.size(), "a list says nothing twice");
  for (const std::string& word : words) {
    require(!word.empty(), "no empty word in a list");
    require_storable(word, most_characters);
  }
}

void require_weight(int thousandths) { require(thousandths >= 0 && thousandths <= 1000, "a weight is within 0 and 1"); }

void require_date(const std::optional<graph::Date>& date) {
  require(!date || is_date(date->date), "a date is a day that exists");
}

void require_cited(const std::vector<int>& cited, const std::set<int>& facts) {
  require(std::set<int>(cited.begin(), cited.end()).size() == cited.size(), "a fact is cited once");
  require(std::all_of(cited.begin(), cited.end(), [&](int fact) { return facts.contains(fact); }),
          "what is cited is a fact that was kept");
}

// Nodes without one that leads back to itself, whichever way one goes.
void require_no_circle(const std::map<int, std::vector<int>>& needs) {
  std::set<int> done;
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [id, needed] : needs) {
      if (!done.contains(id) && std::all_of(needed.begin(), needed.end(), [&](int other) {
            return done.contains(other) || !needs.contains(other);
          })) {
        done.insert(id);
        changed = true;
      }
    }
  }
  require(done.size() == needs.size(), "nothing leads back to itself");
}

}  // namespace

void require(bool holds, std::string_view property) {
  if (!holds) {
    std::fprintf(stderr, "PROPERTY BROKEN: %.*s\n", static_cast<int>(property.size()), property.data());
    std::abort();
  }
}

void require_storable(std::string_view text) {
  int replaced = 0;
  openai::sanitize_utf8(text, &replaced);
  require(replaced == 0, "text is valid UTF-8 without U+0000");
}

void require_storable(std::string_view text, int most_characters) {
  require_storable(text);
  require(chunking::char_length(text) <= most_characters, "text keeps to its limit");
}

void require_told(const std::vector<graph::Rejected>& rejected) {
  for (const graph::Rejected& one : rejected) {
    require(!one.item.empty() && !one.reason.empty() && !one.body.empty(), "what is rejected is told whole");
    require_storable(one.item);
    require_storable(one.reason);
    require_storable(one.body, max_rejected_body);
  }
}

void require_sound(const graph::Reading& reading) {
  require_told(reading.rejected);
  require(reading.facts.size() <= static_cast<std::size_t>(max_facts) && reading.things.size() <= static_cast<std::size_t>(max_things) &&
              reading.statements.size() <= static_cast<std::size_t>(max_statements),
          "no more items than may be");
  std::set<int> facts;
  for (const graph::Fact& fact : reading.facts) {
    require(fact.id > 0 && facts.insert(fact.id).second, "a fact's id is its own");
    require(!fact.text.empty(), "a fact has a text");
    require_storable(fact.text, max_fact_text);
    require(fact.evidence.size() <= static_cast<std::size_t>(max_quotes), "a fact has no more quotes than may be");
    require(std::any_of(fact.evidence.begin(), fact.evidence.end(), [](const graph::Quote& quote) { return quote.sentence > 0; }),
            "a fact stands on a new sentence");
    for (const graph::Quote& quote : fact.evidence) {
      require_storable(quote.quote, max_quote);
    }
  }
  std::set<int> nodes;
  std::map<int, std::vector<int>> owners;
  for (const graph::Thing& thing : reading.things) {
    require(thing.id > 0 && nodes.insert(thing.id).second, "a node's id is its own");
    require(graph::is_one_of(thing.type, graph::thing_types) && graph::is_one_of(thing.thing_class, graph::thing_classes),
            "type and class are of the closed lists");
    require(!thing.relation || graph::is_one_of(*thing.relation, graph::relations), "a relation is of the closed list");
    require(!thing.label.empty() && !thing.category.empty(), "a thing has a label and a category");
    require_storable(thing.label, max_label);
    require_storable(thing.category, max_category);
    require_words(thing.aliases, max_aliases, max_alias);
    require(std::find(thing.aliases.begin(), thing.aliases.end(), thing.label) == thing.aliases.end(), "no label is its own alias");
    require_words(thing.hash_tags, max_hash_tags, max_hash_tag);
    require(thing.attributes.size() <= static_cast<std::size_t>(max_attributes), "no more attributes than may be");
    for (const auto& [key, value] : thing.attributes) {
      require(!key.empty() && !value.empty(), "an attribute has a key and a value");
      require_storable(key, max_attribute_key);
      require_storable(value, max_attribute_value);
    }
    require_cited(thing.facts, facts);
    require_weight(thing.confidence);
    require_weight(thing.importance);
    owners[thing.id] = thing.of ? std::vector{*thing.of} : std::vector<int>{};
  }
  for (const auto& [id, owner] : owners) {
    require(owner.empty() || owners.contains(owner.front()), "an owner is a thing that was kept");
  }
  require_no_circle(owners);
  std::map<int, std::vector<int>> needs;
  for (const graph::Statement& statement : reading.statements) {
    require(statement.id > 0 && nodes.insert(statement.id).second, "a node's id is its own");
  }
  for (const graph::Statement& statement : reading.statements) {
    require(graph::is_one_of(statement.type, graph::statement_types), "a type is of the closed list");
    require(!statement.label.empty() && !statement.category.empty(), "a statement has a label and a category");
    require_storable(statement.label, max_label);
    require_storable(statement.category, max_category);
    require(!statement.facts.empty(), "a statement cites a fact");
    require_cited(statement.facts, facts);
    require_date(statement.start);
    require_date(statement.end);
    if (statement.start && statement.end) {
      const std::size_t width = std::min(statement.start->date.size(), statement.end->date.size());
      require(statement.start->date.substr(0, width) <= statement.end->date.substr(0, width), "nothing ends before it starts");
    }
    require(!statement.goal_status || (statement.type == "Goal" && graph::is_one_of(*statement.goal_status, graph::goal_statuses)),
            "a Goal alone has a goal_status");
    require_words(statement.hash_tags, max_hash_tags, max_hash_tag);
    require_weight(statement.confidence);
    require_weight(statement.importance);
    require(!statement.roles.empty() && statement.roles.size() <= static_cast<std::size_t>(max_roles), "a statement has 1 to 12 roles");
    for (const graph::RoleOf& role : statement.roles) {
      require(graph::is_one_of(role.role, graph::roles), "a role is of the closed list");
      require((role.role == "other") == role.role_text.has_value(), "other alone has words of its own");
      if (role.role_text) {
        require_storable(*role.role_text, max_role_text);
      }
      require(nodes.contains(role.node), "a role leads to what was kept");
      needs[statement.id].push_back(role.node);
    }
  }
  require_no_circle(needs);
}

}  // namespace kg_batch::fuzz
