#include "store/shown_messages.h"

#include "backend/settings.h"
#include "backend/spi.h"
#include "chunking/redaction.h"
#include "chunking/sentences.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;

std::map<std::int64_t, StoredMessage> load_messages(std::int64_t graph_id, const std::vector<std::int64_t>& message_ids, const std::string& timezone) {
  const Rows rows = execute_generic(
      "SELECT m.message_id, m.position, m.content, m.participant, m.role = 'assistant', kg_batch_internal.us(m.sent_at), "
      " pg_catalog.to_char(m.sent_at AT TIME ZONE $3, 'YYYY-MM-DD HH24:MI Dy'), "
      // A join with segments was planned by segment_id alone, through all of its index.
      " COALESCE((SELECT s.key FROM kg_batch_internal.segment s WHERE s.graph_id = $1 AND s.segment_id = m.segment_id), '') "
      "FROM (SELECT DISTINCT unnest($2)) AS u (message_id) CROSS JOIN LATERAL ("
      " SELECT * FROM kg_batch_internal.message o WHERE o.graph_id = $1 AND o.message_id = u.message_id OFFSET 0) m",
      {graph_id, message_ids, timezone});
  std::map<std::int64_t, StoredMessage> messages;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    StoredMessage message;
    message.position = rows.integer(i, 1);
    message.text = rows.text(i, 2);
    if (!rows.is_null(i, 3)) message.participant = static_cast<int>(rows.integer(i, 3));
    message.by_assistant = rows.boolean(i, 4);
    message.sent_at_us = rows.maybe_integer(i, 5);
    message.shown_at = rows.maybe_text(i, 6);
    message.segment_key = rows.text(i, 7);
    messages.emplace(rows.integer(i, 0), std::move(message));
  }
  return messages;
}

std::string shown_name(const std::string& name, const std::string& self) {
  if (!name.empty()) return name;
  return self.empty() ? "user" : self;
}

std::string masked(const std::string& text) { return backend::settings::redact() ? chunking::redact(text) : text; }

// Names come out of conversations, and persons may give others.
stages::Json shown_document(stages::Json document) {
  if (document.is_string()) return masked(document.get<std::string>());
  if (document.is_structured())
    for (stages::Json& part : document) part = shown_document(std::move(part));
  return document;
}

std::vector<stages::Participant> shown_participants(const std::vector<std::string>& names, int count, const std::string& self) {
  std::vector<stages::Participant> participants;
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count) && i < names.size(); ++i) {
    const std::string name = masked(shown_name(names[i], self));
    const int nth = ++seen[name];
    participants.push_back({static_cast<int>(i) + 1, nth == 1 ? name : name + " (" + std::to_string(nth) + ")"});
  }
  return participants;
}

std::vector<stages::ShownMessage> shown_messages(const std::vector<chunking::Sentence>& sentences,
                                                 const std::map<std::int64_t, StoredMessage>& messages, int first_id, int id_step) {
  std::vector<stages::ShownMessage> shown;
  std::int64_t last_message = 0;
  std::vector<chunking::Secret> secrets;  // of the last message
  int id = first_id;
  for (const auto& sentence : sentences) {
    const auto found = messages.find(sentence.message_id);
    if (found == messages.end()) continue;
    const StoredMessage& message = found->second;
    if (shown.empty() || last_message != sentence.message_id) {
      stages::ShownMessage next;
      if (!message.by_assistant) next.by = message.participant;
      next.at = message.shown_at;
      shown.push_back(std::move(next));
      last_message = sentence.message_id;
      if (backend::settings::redact()) secrets = chunking::secrets_in(message.text);
    }
    std::string text;
    if (secrets.empty() || sentence.shown != chunking::Shown::words)
      text = chunking::shown_text(message.text, sentence);
    else
      text = chunking::slice_without(secrets, message.text, sentence.start, sentence.end);
    shown.back().sentences.push_back({id, std::move(text), sentence});
    id += id_step;
  }
  return shown;
}

}  // namespace kg_batch::store
