// Boundaries by a model, as far as no model is needed: what it is shown of a
// closed stretch at a time, and what of its answer counts.
//
// A window is the next twenty messages of a stretch that can be read (what is
// skipped is not shown). Unless it reaches the end of the stretch, only segments
// that end early enough count, since the last one may go on behind it: those up
// to the first that ends at the fifteenth message or later. The next window begins
// behind them, so at most five messages of a window are shown again. The first
// message of a window always begins a segment: a topic of more than a window is
// several segments.
//
// Guarantees: whatever the answers hold, the segments that count are in order,
// do not overlap and hold every message of the stretch that can be read.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "chunking/conversation.h"

namespace kg_batch::chunking {

inline constexpr int window_messages = 20;
inline constexpr int window_cut = 15;

// A segment as a model tells of it: messages of the window from 1, both ends
// inclusive.
struct ToldSegment {
  int first = 0;
  int last = 0;
  bool process = true;  // false: nothing in it is worth reading
  std::string topic;

  bool operator==(const ToldSegment&) const = default;
};

// Told segments as ones that hold each of `messages` messages once, in order:
// where two overlap the earlier one has the messages, and what is in none is a
// segment of its own, to be processed.
struct Arranged {
  std::vector<ToldSegment> segments;
  std::vector<std::pair<std::size_t, std::string>> dropped;  // place among the told, and why
};
Arranged arrange(const std::vector<ToldSegment>& told, int messages);

// Messages that a model is to be asked about at once.
struct Window {
  std::vector<std::size_t> messages;  // places in CutInput::messages, ascending
  bool reaches_end = false;           // of its stretch
  bool begins = false;                // its stretch: with reaches_end it holds all of it
};

// A segment that counts.
struct ReadSegment {
  std::int64_t first_message_id = 0;
  std::int64_t last_message_id = 0;
  bool process = true;

  bool operator==(const ReadSegment&) const = default;
};

// What counts of an arranged answer to a window.
std::vector<ReadSegment> read_segments(const Window& window, const std::vector<Message>& messages, const std::vector<ToldSegment>& arranged);

}  // namespace kg_batch::chunking
