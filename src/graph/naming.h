// What the words of a conversation say of names: that one is another's alias, and
// whom somebody addresses.
//
// Quotes are those that stand in their sentence (fact_source.matched). Both are
// read by patterns of a few languages; what does not fit one says nothing.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/mentions.h"

namespace kg_batch::graph {

// The quote gives the alias: it has both words and a phrase that names ("short
// for", "a.k.a.", "born", "renamed to", brackets around one of them). A speaker's
// own ("call me Bob") and a thing's ("we call her Tiggy") need not name the label.
bool states_alias(std::string_view quote, std::string_view label, std::string_view alias);

// The name is used to address somebody: "Hi Ali", "Thanks, Ali!", "Ali, can you".
bool addresses(std::string_view quote, std::string_view name);

// The name may be short for the full one: its first token ("Alice" for "Alice
// Miller"), the beginning of one ("Ali"), a nickname ("Bob" for "Robert").
bool is_short_form(std::string_view short_form, std::string_view name);

struct ConversationParticipant {
  Key key{};
  std::string name;
};

// Who is meant by a name that the speaker uses to address somebody: the only
// other participant whom it fits. Nobody where it fits two, or is itself the
// whole name of one.
std::optional<Key> addressee(std::string_view name, const Key& speaker,
                             std::span<const ConversationParticipant> participants);

}  // namespace kg_batch::graph
