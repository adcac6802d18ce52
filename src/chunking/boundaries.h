// Where a stretch of a conversation ends, by what is sure and costs nothing:
// another explicit session, a long silence, enough sentences. A stretch is
// divided into segments where the topic shifts (topics.h), once it is closed and
// all of it can be looked at.
//
// An open stretch is told of each message in order and decides from what it was
// told alone, so a stretch that is replayed from its first message decides the
// same.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chunking/conversation.h"
#include "chunking/cuts.h"

namespace kg_batch::chunking {

class OpenStretch {
 public:
  explicit OpenStretch(const CutOptions& options) : options_(&options) {}

  bool empty() const { return messages_ == 0; }
  // Whether the message is the first of another stretch.
  bool begins_another(const Message& message) const;
  void add(const Message& message, int sentences);
  // The next message is the first one.
  void begin_again();
  // Nothing more fits: closed without waiting for a message after it. A message
  // without sentences takes the place of one, so that nothing stays open for ever.
  bool full() const { return size_ >= options_->segment_max_sentences; }

 private:
  const CutOptions* options_;
  int messages_ = 0;
  int size_ = 0;
  std::optional<std::string> session_;           // last explicit one
  std::optional<std::int64_t> last_sent_at_us_;  // of the last message
};

// Segment::began_by of the segment at the beginning of a stretch, `message`. Looks at the
// message before it alone, so that it is the same whether that one comes from
// this cut or from an earlier one. `closing` as in CutInput.
std::string_view began_by(const Message* previous, const Message& message, const std::vector<int>& closing,
                          const CutOptions& options);

}  // namespace kg_batch::chunking
