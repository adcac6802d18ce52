// What a conversation is to the code that cuts it: messages in order, with
// times and sessions, and the places in them.
//
// Positions inside a message are characters (Unicode code points) from 0, ends
// exclusive, never bytes: they are what `kg_batch.evidence` shows and what
// PostgreSQL's substring() counts in. Text is valid UTF-8 without U+0000.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kg_batch::chunking {

struct Message {
  std::int64_t message_id = 0;  // the row; also the order within a conversation
  int delivery = 0;             // which hand-in brought it; never falls from one message to the next
  bool by_assistant = false;
  int speaker = -1;  // index of who speaks, by first appearance in the conversation; -1 for the assistant
  std::string text;
  std::optional<std::int64_t> sent_at_us;  // microseconds since 1970-01-01 UTC
  std::optional<std::string> session;      // explicit session of the log; another value is another segment
};

// How a sentence is shown to the model. Everything but `words` is replaced by
// a short placeholder ("[code, 14 lines]"), while its offsets stay.
enum class Shown : std::int16_t { words = 0, code = 1, table = 2, base64 = 3, paste = 4 };

struct Sentence {
  std::int64_t message_id = 0;
  int start = 0;
  int end = 0;
  Shown shown = Shown::words;

  bool operator==(const Sentence&) const = default;
};

}  // namespace kg_batch::chunking
