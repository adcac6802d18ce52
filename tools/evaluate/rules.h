// The rules of meaning that conversations are tagged with: what the prompts ask
// of a model, and the traps that models are known to fall into.

#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace kg_batch::evaluate {

struct Rule {
  std::string_view name;
  std::string_view says;
};

inline constexpr auto rules = std::to_array<Rule>({
    {"statement between", "a statement stands between things, its roles point from it to what takes part"},
    {"roles", "roles are those of the canonical list"},
    {"statement in a role", "a role may point at another statement"},
    {"implied statement", "a wedding starts a marriage, an adoption an ownership"},
    {"event, state, goal", "what happened, what holds, what is intended are told apart"},
    {"entity, concept, property", "a topic is a Concept, a fixed trait a Property"},
    {"label", "short, without participants or dates; the name as given, short forms are aliases"},
    {"class and category", "what it is in itself"},
    {"unnamed", "what has no name says whose it is, and what it is to that one"},
    {"goal status", "active, completed or abandoned"},
    {"attributes", "numbers, addresses and amounts"},
    {"intention", "what is planned or wanted is a Goal or planned, never a State that is asserted"},
    {"condition", "if, perhaps and imagined: hypothetical or possible"},
    {"hearsay", "what is told of others' words is reported"},
    {"ended", "no longer is an end, not a negation"},
    {"negation", "said not to be so"},
    {"date width", "no more precise than known"},
    {"date source", "actual, inferred or estimated"},
    {"relative date", "worked out from the local time and weekday of the message"},
    {"time of saying", "the time of a message is no start of what is merely reported"},
    {"starts as it is said", "what happens in the sentence itself, and a new Goal, starts when it is said"},
    {"replaces", "moved, new job, left"},
    {"first person", "I is the speaker"},
    {"quoted words", "I is not the speaker in what is quoted, forwarded, pasted, or wanted rewritten"},
    {"presupposed", "what a request presupposes is a fact, the request is not"},
    {"assistant", "the assistant's words are context, and cited beside the user's alone"},
    {"small talk", "small talk and general knowledge are no facts"},
    {"language", "category, class and roles in English; labels and facts in the message's language"},
    {"two of one name", "two who share a name stay two"},
    {"taken up again", "what was left and taken up again has two periods"},
    {"people", "the people who are spoken of, and nobody else"},
});

// What people of a conversation are counted under, without a tag.
inline constexpr std::string_view people_rule = "people";

constexpr bool is_rule(std::string_view name) {
  return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.name == name; });
}

}  // namespace kg_batch::evaluate
