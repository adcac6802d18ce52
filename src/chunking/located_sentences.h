// sentences_of as a stream, each sentence with its words: for whole
// conversations, where a list of all and the search for each place cost too
// much. `found` is called in order; the views refer to the message.

#pragma once

#include <functional>
#include <string_view>

#include "chunking/conversation.h"

namespace kg_batch::chunking {

using FoundSentence = std::function<void(const Sentence& sentence, std::string_view words)>;

void each_sentence(const Message& message, int max_chars, const FoundSentence& found);

// What the model is shown for those words.
std::string shown_words(std::string_view words, Shown shown);

}  // namespace kg_batch::chunking
