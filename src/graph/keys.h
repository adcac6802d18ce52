// Keys: when two mentions speak of the same thing without anybody being asked.
//
// name_key is NFC casefold with format characters dropped and punctuation that
// does not name folded to one space; see name_key below for the whole rule.
// Compared within one release of ICU.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kg_batch::graph {

// White space and quotes, brackets, comma, semicolon, a final . ! ? : and
// hyphens between letters fold to one space; + # & @ % / * $ € stay, and . , -
// beside a digit; letters, digits and emoji of every script stay, nothing is
// transliterated. A key that comes out empty is the label itself.
std::string name_key(std::string_view label);

// A kin word ("Mum", "grandma", "papa"), "Speaker 1", "User", "Unknown", a
// phone number: a name that means somebody else in another conversation.
bool is_conversation_name(std::string_view name);

// Text folded for comparing a quote with what was written: case, white space,
// quotes and dashes. With `from`, the character (code point) of `text` that
// each character of the result came from, plus one past the end.
std::string fold_quote(std::string_view text, std::vector<int>* from = nullptr);

}  // namespace kg_batch::graph
