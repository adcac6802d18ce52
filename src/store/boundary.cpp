#include "store/boundary.h"

#include <algorithm>
#include <map>

#include "backend/bridge.h"
#include "backend/spi.h"
#include "chunking/sentences.h"
#include "store/access.h"
#include "store/shown_messages.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;

namespace {

std::vector<std::int64_t> first_column(const Rows& rows) {
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < rows.size(); ++i) values.push_back(rows.integer(i, 0));
  return values;
}

std::vector<BoundaryWindow> windows_from(const Rows& rows) {
  std::vector<BoundaryWindow> windows;
  for (std::size_t i = 0; i < rows.size(); ++i)
    windows.push_back({rows.integer(i, 0), rows.integer(i, 1), rows.integers(i, 2), rows.boolean(i, 3)});
  return windows;
}

chunking::Message message_of(std::int64_t message_id, const StoredMessage& stored) {
  chunking::Message message;
  message.message_id = message_id;
  message.by_assistant = stored.by_assistant;
  message.text = stored.text;
  return message;
}

}  // namespace

std::vector<chunking::ReadSegment> told_segments(std::int64_t graph_id, std::int64_t conversation_id, std::int64_t first_message_id) {
  const Rows rows = execute_generic(
      "SELECT first_message_id, last_message_id, process FROM kg_batch_internal.boundary "
      "WHERE graph_id = $1 AND conversation_id = $2 AND first_message_id >= $3 ORDER BY first_message_id",
      {graph_id, conversation_id, first_message_id});
  std::vector<chunking::ReadSegment> segments;
  for (std::size_t i = 0; i < rows.size(); ++i) segments.push_back({rows.integer(i, 0), rows.integer(i, 1), rows.boolean(i, 2)});
  return segments;
}

std::vector<stages::Question> window_questions(std::int64_t graph_id, std::int64_t conversation_id,
                                               const std::vector<std::vector<std::int64_t>>& windows) {
  const GraphOptions options = graph_options(graph_id);
  const Rows conversation = execute_generic(
      "SELECT participant_names FROM kg_batch_internal.conversation WHERE graph_id = $1 AND conversation_id = $2", {graph_id, conversation_id});
  const std::vector<std::string> names = conversation.empty() ? std::vector<std::string>{} : conversation.texts(0, 0);
  std::vector<std::int64_t> all;
  for (const auto& window : windows) all.insert(all.end(), window.begin(), window.end());
  const std::map<std::int64_t, StoredMessage> messages = load_messages(graph_id, all, options.timezone);
  std::vector<stages::Question> questions;
  for (const auto& window : windows) {
    stages::Question question;
    int participants = 0;
    for (const std::int64_t message_id : window) {
      const auto found = messages.find(message_id);
      if (found == messages.end()) continue;
      std::vector<stages::ShownMessage> shown =
          shown_messages(chunking::sentences_of(message_of(message_id, found->second)), messages, 1, 1);
      if (shown.empty()) shown.emplace_back();  // a place of its own all the same: answers count messages
      question.messages.push_back(std::move(shown.front()));
      participants = std::max(participants, found->second.participant.value_or(0));
    }
    question.participants = shown_participants(names, participants, options.self);
    questions.push_back(std::move(question));
  }
  return questions;
}

void set_waiting(std::int64_t graph_id, std::int64_t conversation_id, const std::vector<BoundaryWindow>& windows) {
  std::vector<std::int64_t> firsts, requests;
  for (const BoundaryWindow& window : windows) {
    firsts.push_back(window.message_ids.front());
    requests.push_back(window.request_id);
  }
  execute_generic(
      "UPDATE kg_batch_internal.boundary_window SET waits = false WHERE graph_id = $1 AND conversation_id = $2 AND waits "
      "AND (first_message_id, request_id) NOT IN (SELECT * FROM unnest($3, $4))",
      {graph_id, conversation_id, firsts, requests});
  if (windows.empty()) return;
  for (const BoundaryWindow& window : windows)
    execute_generic(
        "INSERT INTO kg_batch_internal.boundary_window (graph_id, conversation_id, first_message_id, request_id, message_ids, reaches_end) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (graph_id, conversation_id, first_message_id, request_id) DO UPDATE SET "
        "message_ids = EXCLUDED.message_ids, reaches_end = EXCLUDED.reaches_end, waits = true",
        {graph_id, conversation_id, window.message_ids.front(), window.request_id, window.message_ids, window.reaches_end});
  // One that asked for what was forgotten: here is somebody else who asks the same.
  execute_generic(
      "UPDATE kg_batch_internal.request r SET chunk_id = NULL FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
      "WHERE r.graph_id = u.graph_id AND r.request_id = u.id AND r.chunk_id = 0",
      {graph_id, requests});
}

void wait_for_nothing(std::int64_t graph_id, const std::vector<std::int64_t>& conversation_ids) {
  execute_generic(
      "UPDATE kg_batch_internal.boundary_window w SET waits = false FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
      "WHERE w.graph_id = u.graph_id AND w.conversation_id = u.id AND w.waits",
      {graph_id, conversation_ids});
}

std::vector<BoundaryWindow> waiting_windows(std::int64_t graph_id, std::int64_t request_id) {
  return windows_from(execute_generic(
      "SELECT conversation_id, request_id, message_ids, reaches_end FROM kg_batch_internal.boundary_window "
      "WHERE graph_id = $1 AND request_id = $2 AND waits ORDER BY conversation_id, first_message_id",
      {graph_id, request_id}));
}

void lock_waiting_conversations(std::int64_t graph_id, const std::vector<std::int64_t>& request_ids) {
  execute_generic(
      "SELECT FROM (SELECT DISTINCT $1 AS graph_id, w.conversation_id FROM unnest($2) AS u (id) CROSS JOIN LATERAL ("
      "  SELECT x.conversation_id FROM kg_batch_internal.boundary_window x WHERE x.graph_id = $1 AND x.request_id = u.id AND x.waits OFFSET 0) w "
      " ORDER BY 2 OFFSET 0) s JOIN kg_batch_internal.conversation v ON v.graph_id = s.graph_id AND v.conversation_id = s.conversation_id "
      "FOR NO KEY UPDATE OF v",
      {graph_id, request_ids});
}

void write_boundaries(std::int64_t graph_id, const BoundaryWindow& window, const std::vector<chunking::ToldSegment>& arranged, const char* told_by) {
  chunking::Window read;
  std::vector<chunking::Message> messages(window.message_ids.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    messages[i].message_id = window.message_ids[i];
    read.messages.push_back(i);
  }
  read.reaches_end = window.reaches_end;
  std::vector<std::int64_t> first, last;
  std::vector<bool> process;
  std::vector<std::string> topics;
  for (const chunking::ReadSegment& segment : chunking::read_segments(read, messages, arranged)) {
    topics.push_back(arranged[first.size()].topic);
    first.push_back(segment.first_message_id);
    last.push_back(segment.last_message_id);
    process.push_back(segment.process);
  }
  execute_generic(
      "INSERT INTO kg_batch_internal.boundary (graph_id, conversation_id, first_message_id, last_message_id, process, topic, told_by, request_id) "
      "SELECT $1, $2, u.*, $7, $8 FROM unnest($3, $4, $5, $6) AS u ON CONFLICT (graph_id, conversation_id, first_message_id) DO UPDATE SET "
      "last_message_id = EXCLUDED.last_message_id, process = EXCLUDED.process, topic = EXCLUDED.topic, told_by = EXCLUDED.told_by, "
      "request_id = EXCLUDED.request_id",
      {graph_id, window.conversation_id, first, last, process, topics, told_by, window.request_id});
  wait_no_more(graph_id, window);
}

void wait_no_more(std::int64_t graph_id, const BoundaryWindow& window) {
  execute_generic(
      "UPDATE kg_batch_internal.boundary_window SET waits = false "
      "WHERE graph_id = $1 AND conversation_id = $2 AND first_message_id = $3 AND request_id = $4",
      {graph_id, window.conversation_id, window.message_ids.front(), window.request_id});
}

std::vector<chunking::Message> messages_of(std::int64_t graph_id, const BoundaryWindow& window) {
  const std::map<std::int64_t, StoredMessage> stored = load_messages(graph_id, window.message_ids, "UTC");
  std::vector<chunking::Message> messages;
  for (const std::int64_t message_id : window.message_ids) {
    const auto found = stored.find(message_id);
    messages.push_back(message_of(message_id, found == stored.end() ? StoredMessage{} : found->second));
  }
  return messages;
}

void hand_in_again(std::int64_t graph_id, const std::vector<std::int64_t>& conversation_ids, bool at_once) {
  if (conversation_ids.empty()) return;
  execute_generic(
      "INSERT INTO kg_batch_internal.ready AS r (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT v.graph_id, v.priority + CASE WHEN j.state = 'paused' THEN 1000 ELSE 0 END, 1, v.messages, v.conversation_id, v.job_id "
      "FROM (SELECT DISTINCT $1 AS graph_id, o.id FROM unnest($2) AS o (id) ORDER BY o.id OFFSET 0) u "
      "JOIN kg_batch_internal.conversation v ON v.graph_id = u.graph_id AND v.conversation_id = u.id "
      "JOIN kg_batch_internal.job j ON j.graph_id = v.graph_id AND j.job_id = v.job_id "
      "WHERE j.state <> 'cancelled' AND ($3 OR NOT EXISTS (SELECT FROM kg_batch_internal.boundary_window w WHERE w.graph_id = u.graph_id "
      " AND w.conversation_id = u.id AND w.waits)) "
      // One that is parked for want of money can go on with what was read.
      "ON CONFLICT (graph_id, kind, chunk_id) DO UPDATE SET priority = EXCLUDED.priority WHERE r.priority > EXCLUDED.priority",
      {graph_id, conversation_ids, at_once});
}

void withdraw_windows(std::int64_t graph_id, std::int64_t request_id) {
  hand_in_again(graph_id,
                first_column(execute_generic("UPDATE kg_batch_internal.boundary_window SET waits = false "
                                             "WHERE graph_id = $1 AND request_id = $2 AND waits RETURNING conversation_id",
                                             {graph_id, request_id})),
                true);
}

void withdraw_cancelled_windows(std::int64_t graph_id, std::int64_t job_id) {
  execute_generic(
      "UPDATE kg_batch_internal.boundary_window w SET waits = false FROM kg_batch_internal.conversation v WHERE w.graph_id = $1 AND w.waits "
      "AND v.graph_id = w.graph_id AND v.conversation_id = w.conversation_id AND v.job_id = $2",
      {graph_id, job_id});
  hand_in_again(graph_id,
                first_column(execute_generic(
                    "UPDATE kg_batch_internal.boundary_window w SET waits = false FROM kg_batch_internal.request r WHERE w.graph_id = $1 AND w.waits "
                    "AND r.graph_id = w.graph_id AND r.request_id = w.request_id AND r.job_id = $2 AND r.state = 'cancelled' "
                    "RETURNING w.conversation_id",
                    {graph_id, job_id})),
                true);
}

void drop_boundaries(std::int64_t graph_id, const std::vector<std::int64_t>& message_ids) {
  execute_generic(
      "DELETE FROM kg_batch_internal.boundary b USING kg_batch_internal.message m WHERE m.graph_id = $1 AND m.message_id = ANY ($2) "
      "AND b.graph_id = m.graph_id AND b.conversation_id = m.conversation_id "
      "AND m.message_id BETWEEN b.first_message_id AND b.last_message_id",
      {graph_id, message_ids});
  execute_generic(
      "UPDATE kg_batch_internal.boundary_window w SET waits = false FROM kg_batch_internal.message m WHERE m.graph_id = $1 "
      "AND m.message_id = ANY ($2) AND w.graph_id = m.graph_id AND w.conversation_id = m.conversation_id AND w.waits "
      "AND m.message_id = ANY (w.message_ids)",
      {graph_id, message_ids});
}

}  // namespace kg_batch::store
