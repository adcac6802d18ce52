// Messages of an export as lines to compare.

#pragma once

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "transcripts/message.h"

namespace kg_batch::transcripts {

inline Written written(const Read& read) {
  const auto* written = std::get_if<Written>(&read);
  EXPECT_NE(written, nullptr) << std::get<Refused>(read).what << ": " << std::get<Refused>(read).reason;
  return written == nullptr ? Written() : *written;
}

// "conversation id time <speaker #id> words {skipped} ^reply", a line a message.
inline std::string shown(const Read& read) {
  std::string all;
  for (const Message& message : written(read).messages) {
    all += message.conversation.empty() ? "" : message.conversation + " ";
    all += message.id.value_or("-") + " " + message.sent_at.value_or("-") + " <" + message.speaker;
    all += message.speaker_id.empty() ? "> " : " #" + message.speaker_id + "> ";
    all += message.content;
    all += message.skipped.empty() ? "" : " {" + message.skipped + "}";
    all += message.reply_to ? " ^" + *message.reply_to : "";
    all += "\n";
  }
  return all;
}

inline std::string refused(const Read& read) {
  const auto* why = std::get_if<Refused>(&read);
  return why == nullptr ? "taken" : why->what + ": " + why->reason;
}

}  // namespace kg_batch::transcripts
