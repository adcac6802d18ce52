// Messages as they are stored, and how a question shows them and who speaks.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stages/stage.h"

namespace kg_batch::store {

struct StoredMessage {
  std::int64_t position = 0;
  std::string text;
  std::optional<int> participant;
  bool by_assistant = false;
  std::optional<std::int64_t> sent_at_us;
  std::optional<std::string> shown_at;
  std::string segment_key;
};
// By id; those that are gone are left out. Times are shown in `timezone`.
std::map<std::int64_t, StoredMessage> load_messages(std::int64_t graph_id, const std::vector<std::int64_t>& message_ids, const std::string& timezone);

std::string shown_name(const std::string& name, const std::string& self);

// The text without keys, card numbers and passwords, unless the setting redact is off.
std::string masked(const std::string& text);
// A document of a question about the graph, with all of its texts so.
stages::Json shown_document(stages::Json document);

// The first `count` of a conversation's participants, by the names with which they were handed in.
std::vector<stages::Participant> shown_participants(const std::vector<std::string>& names, int count, const std::string& self);

// Runs of sentences of one message, as the question shows them: with secrets masked.
std::vector<stages::ShownMessage> shown_messages(const std::vector<chunking::Sentence>& sentences,
                                                 const std::map<std::int64_t, StoredMessage>& messages, int first_id, int id_step);

}  // namespace kg_batch::store
