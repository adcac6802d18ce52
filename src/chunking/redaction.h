// What must not leave the server is masked by its shape before a sentence is
// shown to the model: API keys and tokens, private keys, card numbers (by their
// check digit), and words that a text itself calls a password.
//
// A shape is all there is to go by: what looks like none of these leaves as it
// stands. The message is stored as it was handed in.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kg_batch::chunking {

struct Secret {
  int start = 0;  // characters of the text
  int end = 0;    // exclusive
  std::string_view shown;  // what stands in its place
};

// In order, none within another. Of a whole message: a private key goes over many
// sentences, and a password may stand on the line after the word for it.
std::vector<Secret> secrets_in(std::string_view text);

// Characters `start` to `end` of the text, with what stands in place of its secrets;
// one that begins before or ends behind is masked as far as it is here.
std::string slice_without(const std::vector<Secret>& secrets, std::string_view text, int start, int end);

// The text with "[key]", "[card number]" and "[password]" in place of them.
std::string redact(std::string_view text);

}  // namespace kg_batch::chunking
