// What must not leave the server is masked by its shape before a sentence is
// shown to the model: API keys and tokens, private keys, card numbers (by their
// check digit), and words that a text itself calls a password.
//
// A shape is all there is to go by: what looks like none of these leaves as it
// stands. The message is stored as it was handed in.

#pragma once

#include <string>
#include <string_view>

namespace kg_batch::chunking {

// The text with "[key]", "[card number]" and "[password]" in place of them.
std::string redact(std::string_view text);

}  // namespace kg_batch::chunking
