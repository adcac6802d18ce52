// Patterns over what was read of an answer: things, statements and facts as they
// are meant, not as one model words them.
//
// A pattern is a JSON object; every key in it has to hold, what it does not name
// may be anything. Where a text stands, a list of texts is any of them.
//
//   thing      type, class, relation: the word itself
//              label, alias: equal as names are compared
//              label_without: no such word in the label
//              category: is part of it
//              named: true or false; participant: id, or null
//              of: pattern of the thing it belongs to, or null
//              attribute: {"key", "value"}, each part of one attribute's
//              plays: ["owner|agent", …], in each of which it takes part; plays_not: in none
//   statement  type, modality, goal_status: the word itself (null: none)
//              kind: part of category or label; category: part of the category
//              label_without
//              start, end: the date itself, or null; start_how, end_how
//              replaces, negated: true or false
//              roles: [["owner|agent", pattern of a thing or {"statement": …}], …]; "*" is any role
//              fact: pattern that one of its facts fits
//   fact       modality, negated
//              says: texts that are all part of it, "a|b" is either; says_not
//              sentences: ids that it cites, all of them
//              cites: ids of which it cites one
//
// The modality of a statement is that of the surest of its facts; it is negated
// when all of them are.

#pragma once

#include <string>
#include <string_view>

#include "graph/reading.h"
#include "stages/stage.h"

namespace kg_batch::evaluate {

using stages::Json;

enum class Kind { thing, statement, fact };

// Throws std::runtime_error for what is no pattern of the kind, with the key.
void check_pattern(Kind kind, const Json& pattern);

bool fits(const Json& pattern, const graph::Thing& thing, const graph::Reading& reading);
bool fits(const Json& pattern, const graph::Statement& statement, const graph::Reading& reading);
bool fits(const Json& pattern, const graph::Fact& fact, const graph::Reading& reading);

}  // namespace kg_batch::evaluate
