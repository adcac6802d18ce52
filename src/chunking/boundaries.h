// Where a segment ends, by rules that cost nothing: another explicit session,
// a long silence, enough sentences.
//
// An open segment is told of each message in order and decides from what it was
// told alone, so a segment that is replayed from its first message decides the
// same. Shift of topic will be one more reason in `begins_another`, from words
// that `add` collects.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chunking/conversation.h"
#include "chunking/cuts.h"

namespace kg_batch::chunking {

class OpenSegment {
 public:
  explicit OpenSegment(const CutOptions& options) : options_(&options) {}

  bool empty() const { return messages_ == 0; }
  // Whether the message is the first of another segment.
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

// Segment::began_by of a segment that begins with `message`. Looks at the
// message before it alone, so that it is the same whether that one comes from
// this cut or from an earlier one. `closing` as in CutInput.
std::string_view began_by(const Message* previous, const Message& message, const std::vector<int>& closing,
                          const CutOptions& options);

}  // namespace kg_batch::chunking
