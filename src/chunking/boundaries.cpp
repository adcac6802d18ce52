#include "chunking/boundaries.h"

#include <algorithm>

namespace kg_batch::chunking {

namespace {

bool is_silence(const std::optional<std::int64_t>& before, const std::optional<std::int64_t>& after, const CutOptions& options) {
  if (!before || !after || *after <= *before) {
    return false;
  }
  // Unsigned, because the whole range of int64 may lie between the two.
  const std::uint64_t gap_us = static_cast<std::uint64_t>(*after) - static_cast<std::uint64_t>(*before);
  const auto allowed_us = std::chrono::duration_cast<std::chrono::microseconds>(options.silence).count();
  return gap_us > static_cast<std::uint64_t>(std::max<std::int64_t>(allowed_us, 0));
}

}  // namespace

bool OpenStretch::begins_another(const Message& message) const {
  if (empty() || options_->boundaries == Boundaries::none) {
    return false;
  }
  if (session_ && message.session && *session_ != *message.session) {
    return true;
  }
  return is_silence(last_sent_at_us_, message.sent_at_us, *options_);
}

void OpenStretch::add(const Message& message, int sentences) {
  ++messages_;
  size_ += std::max(sentences, 1);
  if (message.session) {
    session_ = message.session;
  }
  last_sent_at_us_ = message.sent_at_us;
}

void OpenStretch::begin_again() {
  messages_ = 0;
  size_ = 0;
  session_.reset();
  last_sent_at_us_.reset();
}

std::string_view began_by(const Message* previous, const Message& message, const std::vector<int>& closing,
                          const CutOptions& options) {
  if (previous == nullptr) {
    return "start";
  }
  if (options.boundaries != Boundaries::none) {
    if (message.session && previous->session != message.session) {
      return "session";
    }
    if (is_silence(previous->sent_at_us, message.sent_at_us, options)) {
      return "silence";
    }
  }
  const auto close = std::lower_bound(closing.begin(), closing.end(), previous->delivery);
  return close != closing.end() && *close < message.delivery ? "start" : "size";
}

}  // namespace kg_batch::chunking
