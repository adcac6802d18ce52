#include "chunking/windows.h"

#include <algorithm>
#include <numeric>

namespace kg_batch::chunking {

Arranged arrange(const std::vector<ToldSegment>& told, int messages) {
  std::vector<std::size_t> order(told.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return told[a].first < told[b].first; });
  Arranged arranged;
  int next = 1;  // first message that is in no segment yet
  for (const std::size_t place : order) {
    ToldSegment segment = told[place];
    if (segment.first < 1 || segment.last > messages || segment.first > segment.last) {
      arranged.dropped.emplace_back(place, "messages " + std::to_string(segment.first) + " to " + std::to_string(segment.last) +
                                               " are no part of 1 to " + std::to_string(messages));
      continue;
    }
    if (segment.last < next) {
      arranged.dropped.emplace_back(place, "its messages are in an earlier segment");
      continue;
    }
    if (segment.first > next) {
      arranged.segments.push_back({next, segment.first - 1, true, ""});
    }
    segment.first = std::max(segment.first, next);
    next = segment.last + 1;
    arranged.segments.push_back(std::move(segment));
  }
  if (next <= messages) {
    arranged.segments.push_back({next, messages, true, ""});
  }
  std::sort(arranged.dropped.begin(), arranged.dropped.end());
  return arranged;
}

std::vector<ReadSegment> read_segments(const Window& window, const std::vector<Message>& messages, const std::vector<ToldSegment>& arranged) {
  std::size_t count = arranged.size();
  if (!window.reaches_end) {
    const auto late = std::find_if(arranged.begin(), arranged.end(), [](const ToldSegment& segment) { return segment.last >= window_cut; });
    if (late != arranged.end()) {
      count = static_cast<std::size_t>(late - arranged.begin()) + 1;
    }
  }
  std::vector<ReadSegment> read;
  for (std::size_t i = 0; i < count; ++i) {
    const auto message_id = [&](int place) { return messages[window.messages[static_cast<std::size_t>(place) - 1]].message_id; };
    read.push_back({message_id(arranged[i].first), message_id(arranged[i].last), arranged[i].process});
  }
  return read;
}

}  // namespace kg_batch::chunking
