// Collects facts, things and statements, and makes the answer of them.
//
// Things and statements are handled by index while reading. Equal ones become
// one. `answer` drops what nothing uses, numbers what is left (facts by
// themselves, things and statements in one row) and writes every key that the
// schema asks for.

#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dates.h"

namespace kg_sim::rules {

struct Evidence {
  int sentence = 0;
  std::string quote;
  bool operator==(const Evidence&) const = default;
};

struct Fact {
  std::string text;
  std::string modality;  // asserted, reported, planned, possible, hypothetical
  bool negated = false;
  std::vector<Evidence> evidence;
};

struct Thing {
  std::string type = "Entity";
  std::string label;
  std::string thing_class = "other";
  std::string category;
  bool named = false;
  int participant = 0;   // 0: none
  int of = -1;           // index of a thing
  std::string relation;  // empty: none
  std::vector<std::string> aliases;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<std::string> hash_tags;
  std::vector<int> facts;
};

struct Role {
  std::string role;
  int thing = -1;         // index of a thing, or of a statement when `statement`
  bool statement = false;
  std::string role_text = {};  // with "other"
  bool operator==(const Role&) const = default;
};

struct Statement {
  std::string type;  // Event, State, Goal
  std::string label;
  std::string category;
  std::vector<Role> roles;
  std::optional<Day> start, end;
  bool replaces = false;
  std::string goal_status;
  std::vector<std::string> hash_tags;
  std::vector<int> facts;
};

class AnswerBuilder {
 public:
  static constexpr std::size_t max_facts = 40;

  bool full() const { return facts_.size() >= max_facts; }

  // An equal text over the same sentence is the same fact; over another one it
  // may be said by a namesake.
  int add_fact(Fact fact);
  const Fact& fact(int index) const { return facts_[static_cast<std::size_t>(index)]; }

  int add_thing(Thing thing);
  Thing& thing(int index) { return things_[static_cast<std::size_t>(index)]; }
  const Thing& thing(int index) const { return things_[static_cast<std::size_t>(index)]; }
  int thing_count() const { return static_cast<int>(things_.size()); }
  // The thing of that owner and relation, or -1.
  int find_related(int owner, std::string_view relation) const;
  // Gives a thing its name; it becomes the thing of that name where there is one.
  void name_thing(int index, const std::string& name);

  // Adds it, or what is new about it to the equal one; -1 for one without roles.
  int add_statement(Statement statement);
  Statement& statement(int index) { return statements_[static_cast<std::size_t>(index)]; }
  const std::deque<Statement>& statements() const { return statements_; }

  nlohmann::ordered_json answer() const;

 private:
  std::vector<Fact> facts_;
  // A deque, because patterns hold on to a thing while they make others.
  std::deque<Thing> things_;
  std::deque<Statement> statements_;
};

}  // namespace kg_sim::rules
