// Sentences of one message, by ICU's sentence iterator and a list of
// abbreviations (so that "Dr." ends nothing), trimmed of white space around
// them. A line that ends ends a sentence.
//
// Guarantees: sentences come in order, do not overlap, lie within the message
// and together cover every character that is not white space. Code blocks,
// tables, base64 and long pastes are one sentence each with their own `shown`.
// A sentence over `max_chars` is cut at white space, or anywhere where there is
// none.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chunking/conversation.h"

namespace kg_batch::chunking {

inline constexpr int max_sentence_chars = 1000;

std::vector<Sentence> sentences_of(const Message& message, int max_chars = max_sentence_chars);

// What the model is shown for a sentence: the words as they stand, or the
// placeholder. `text` is the message's. Counts from its beginning, as
// char_slice does; located_sentences.h and characters.h have the way for long
// messages.
std::string shown_text(std::string_view text, const Sentence& sentence);

// A sentence that counts towards the size of a chunk: it has a letter or a
// digit and is more than a greeting, a yes or an emoji.
bool is_countable(std::string_view sentence);

// Why a message is not read at all: "html" for what looks like a page,
// "empty" without a visible character; nothing when it is read.
std::optional<std::string> skip_reason(std::string_view text);

// Characters (code points) of valid UTF-8.
int char_length(std::string_view text);
// The part between two characters; `end` may lie past the end.
std::string_view char_slice(std::string_view text, int start, int end);

// The release of ICU and of Unicode that decides the cuts, e.g. "72.1/15.0".
std::string icu_version();

}  // namespace kg_batch::chunking
