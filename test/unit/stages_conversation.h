// A small conversation for tests: what stages are asked about and where it
// stands, from lines of words.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chunking/sentences.h"
#include "graph/mentions.h"
#include "stages/stage.h"

namespace kg_batch::test {

class Conversation {
 public:
  explicit Conversation(const std::vector<std::string>& names = {"Alice", "Bob"}, std::string key = "conversation 1") {
    place.conversation_key = std::move(key);
    for (const std::string& name : names) {
      graph::ParticipantIdentity identity;
      identity.name = name;
      place.participants.push_back(identity);
      question.participants.push_back({static_cast<int>(place.participants.size()), name});
    }
  }

  // A message of the chunk; `by` 0 is the assistant.
  Conversation& says(int by, const std::vector<std::string>& sentences) {
    question.messages.push_back(message(by, sentences, next_, 1));
    next_ += static_cast<int>(sentences.size());
    return *this;
  }

  Conversation& said_before(int by, const std::vector<std::string>& sentences) {
    question.context.push_back(message(by, sentences, next_context_, -1));
    next_context_ -= static_cast<int>(sentences.size());
    return *this;
  }

  // Of the messages that follow.
  Conversation& in_segment(std::string key) {
    segment_ = std::move(key);
    return *this;
  }
  Conversation& at(std::int64_t microseconds) {
    sent_at_ = microseconds;
    return *this;
  }

  stages::Question question;
  graph::Place place;

 private:
  stages::ShownMessage message(int by, const std::vector<std::string>& sentences, int first, int step) {
    stages::ShownMessage shown;
    graph::MessagePlace where;
    where.message_id = static_cast<std::int64_t>(100 + place.messages.size());
    where.segment_key = segment_;
    where.sent_at_us = sent_at_;
    if (by != 0) {
      shown.by = by;
      where.participant = by;
    }
    int id = first;
    for (const std::string& sentence : sentences) {
      where.text += where.text.empty() ? "" : " ";
      const int start = chunking::char_length(where.text);
      where.text += sentence;
      shown.sentences.push_back(
          {id, sentence, {where.message_id, start, chunking::char_length(where.text), chunking::Shown::words}});
      id += step;
    }
    place.messages.push_back(std::move(where));
    return shown;
  }

  std::string segment_ = "segment 1";
  std::optional<std::int64_t> sent_at_;
  int next_ = 1;
  int next_context_ = -1;
};

}  // namespace kg_batch::test
