// What a model's answer says of one chunk, typed and checked: the value in
// which the combined and the staged plan both end.
//
// Ids are the answer's own small integers. `rejected` holds everything that was
// dropped, item by item, so that answered = kept + rejected always.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kg_batch::graph {

enum class Modality { asserted, reported, planned, possible, hypothetical };
enum class How { actual, inferred, estimated };

// A date whose width is its precision: YYYY, YYYY-MM, YYYY-MM-DD or
// YYYY-MM-DDTHH:MM.
struct Date {
  std::string date;
  How how = How::inferred;
};

struct Quote {
  int sentence = 0;   // id of the sentence; negative in the context
  std::string quote;  // as the model gave it
};

struct Fact {
  int id = 0;
  std::string text;
  Modality modality = Modality::asserted;
  bool negated = false;
  std::vector<Quote> evidence;  // at least one with a positive sentence id
};

struct Thing {
  int id = 0;
  std::string type;  // Entity, Concept, Property
  std::string label;
  std::string thing_class;  // person, animal, organisation, place, work, product, other
  std::string category;
  bool named = false;
  std::optional<int> participant;
  std::optional<int> of;                // thing it belongs to, for what has no name
  std::optional<std::string> relation;  // closed list
  std::vector<std::string> aliases;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<std::string> hash_tags;
  std::vector<int> facts;
  int confidence = 0;  // thousandths
  int importance = 0;  // thousandths
};

struct RoleOf {
  std::string role;
  std::optional<std::string> role_text;  // with role "other"
  int node = 0;                          // id of a thing or a statement
};

struct Statement {
  int id = 0;
  std::string type;  // Event, State, Goal
  std::string label;
  std::string category;
  std::vector<int> facts;
  std::optional<Date> start;
  std::optional<Date> end;
  bool replaces = false;
  std::optional<std::string> goal_status;  // active, completed, abandoned
  std::vector<std::string> hash_tags;
  int confidence = 0;
  int importance = 0;
  std::vector<RoleOf> roles;
};

struct Rejected {
  std::string item;    // "fact 3", "statement 4, role 2"
  std::string reason;  // lower case, no full stop
  std::string body;    // the item as JSON, at most 2,000 characters
};

struct Reading {
  std::vector<Fact> facts;
  std::vector<Thing> things;
  std::vector<Statement> statements;
  std::vector<Rejected> rejected;
};

}  // namespace kg_batch::graph
