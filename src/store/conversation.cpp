#include "store/conversation.h"

#include "store/boundary.h"

#include "backend/bridge.h"
#include "backend/spi.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;

namespace {

// Messages from before the open run that can hold the context of its first chunk.
constexpr int tail_messages = 30;

chunking::Message message_from(const Rows& rows, std::size_t i) {
  chunking::Message message;
  message.message_id = rows.integer(i, 0);
  message.delivery = static_cast<int>(rows.integer(i, 1));
  message.by_assistant = rows.text(i, 2) == "assistant";
  message.speaker = message.by_assistant ? -1 : static_cast<int>(rows.integer(i, 3)) - 1;
  message.text = rows.text(i, 4);
  message.sent_at_us = rows.maybe_integer(i, 5);
  message.session = rows.maybe_text(i, 6);
  return message;
}

// As they stood when that many deliveries were there. What a cut skipped is no context, but
// the last message before a segment says why that begins: it comes without its words.
std::vector<chunking::Message> messages_before(std::int64_t graph_id, std::int64_t conversation_id, std::int64_t position, int deliveries) {
  const Rows rows = execute_generic(
      "SELECT * FROM ((SELECT message_id, delivery, role, participant, content, kg_batch_internal.us(sent_at), session, position "
      " FROM kg_batch_internal.message m WHERE graph_id = $1 AND conversation_id = $2 AND position < $3 AND skipped IS NULL "
      " AND NOT (replaced AND EXISTS (SELECT FROM kg_batch_internal.message r WHERE r.graph_id = $1 AND r.conversation_id = $2 "
      "  AND r.replaces = m.message_id AND r.delivery <= $5)) "
      " AND (replaces IS NULL OR segment_id IS NOT NULL) ORDER BY position DESC, message_id DESC LIMIT $4) "
      "UNION ALL (SELECT message_id, delivery, role, participant, '', kg_batch_internal.us(sent_at), session, position "
      " FROM kg_batch_internal.message m WHERE graph_id = $1 AND conversation_id = $2 AND position < $3 AND skipped IN ('html', 'model') "
      " AND replaces IS NULL ORDER BY position DESC, message_id DESC LIMIT 1)) t "
      "ORDER BY position, message_id",
      {graph_id, conversation_id, position, tail_messages, deliveries});
  std::vector<chunking::Message> messages;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    messages.push_back(message_from(rows, i));
    messages.back().delivery = 0;
  }
  return messages;
}

int participants_before(std::int64_t graph_id, std::int64_t conversation_id, std::int64_t position) {
  return static_cast<int>(execute_generic("SELECT COALESCE(pg_catalog.max(participant), 0) FROM kg_batch_internal.message "
                                  "WHERE graph_id = $1 AND conversation_id = $2 AND position < $3",
                                  {graph_id, conversation_id, position})
                              .integer(0, 0));
}

// Up to which delivery to cut: up to the one before the next edit, or that one alone.
int next_deliveries(std::int64_t graph_id, std::int64_t conversation_id, int cut, int deliveries) {
  const Rows edit = execute_generic(
      "SELECT pg_catalog.min(delivery) FROM kg_batch_internal.message WHERE graph_id = $1 AND conversation_id = $2 AND replaces IS NOT NULL "
      "AND delivery > $3",
      {graph_id, conversation_id, cut});
  if (edit.is_null(0, 0)) return deliveries;
  const int next = static_cast<int>(edit.integer(0, 0));
  return next == cut + 1 ? next : next - 1;
}

void append(std::vector<std::int64_t>& ids, std::vector<int>& starts, std::vector<int>& ends, std::vector<std::int16_t>& shown,
            const std::vector<chunking::Sentence>& sentences) {
  for (const auto& sentence : sentences) {
    ids.push_back(sentence.message_id);
    starts.push_back(sentence.start);
    ends.push_back(sentence.end);
    shown.push_back(static_cast<std::int16_t>(sentence.shown));
  }
}

}  // namespace

std::optional<Uncut> load_uncut(std::int64_t graph_id, std::int64_t conversation_id) {
  const Rows row = execute_generic(
      "SELECT job_id, priority, deliveries, key, closing, cast_seen, participant_names, cut_deliveries FROM kg_batch_internal.conversation "
      "WHERE graph_id = $1 AND conversation_id = $2 FOR NO KEY UPDATE",
      {graph_id, conversation_id});
  if (row.empty()) return std::nullopt;
  Uncut uncut;
  uncut.graph_id = graph_id;
  uncut.conversation_id = conversation_id;
  uncut.job_id = row.integer(0, 0);
  uncut.priority = static_cast<int>(row.integer(0, 1));
  const int all = static_cast<int>(row.integer(0, 2));
  uncut.deliveries = next_deliveries(graph_id, conversation_id, static_cast<int>(row.integer(0, 7)), all);
  uncut.more = uncut.deliveries < all;
  uncut.key = row.text(0, 3);
  for (const std::int64_t delivery : row.integers(0, 4))
    if (delivery <= uncut.deliveries) uncut.open.input.closing.push_back(static_cast<int>(delivery));
  std::sort(uncut.open.input.closing.begin(), uncut.open.input.closing.end());
  uncut.open.input.cast = row.texts(0, 5);
  uncut.open.input.speakers = row.texts(0, 6);

  // Worded so that no index on segments is taken, which has all that is still to be cut.
  const Rows rows = execute_generic(
      "SELECT message_id, delivery, role, participant, content, kg_batch_internal.us(sent_at), session, position, replaces "
      "FROM kg_batch_internal.message WHERE graph_id = $1 AND conversation_id = $2 AND segment_id IS NOT DISTINCT FROM NULL AND skipped IS NULL "
      "AND NOT replaced AND delivery <= $3 ORDER BY position, message_id",
      {graph_id, conversation_id, uncut.deliveries});
  std::optional<std::int64_t> first_position;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    chunking::Message message = message_from(rows, i);
    if (rows.is_null(i, 8)) {
      if (!first_position) first_position = rows.integer(i, 7);
      uncut.open.input.messages.push_back(std::move(message));
    } else {
      UncutRun run;
      chunking::CutInput& edit = run.input;
      run.participants_before = participants_before(graph_id, conversation_id, rows.integer(i, 7));
      edit.speakers_before = run.participants_before;
      edit.closing = {message.delivery};
      edit.cast = uncut.open.input.cast;
      edit.speakers = uncut.open.input.speakers;
      edit.before = messages_before(graph_id, conversation_id, rows.integer(i, 7), uncut.deliveries);
      edit.messages.push_back(std::move(message));
      uncut.edits.push_back(std::move(run));
    }
  }
  if (first_position) {
    uncut.open.input.before = messages_before(graph_id, conversation_id, *first_position, uncut.deliveries);
    uncut.open.participants_before = participants_before(graph_id, conversation_id, *first_position);
    uncut.open.input.speakers_before = uncut.open.participants_before;
    uncut.open.input.read = told_segments(graph_id, conversation_id, uncut.open.input.messages.front().message_id);
  }
  return uncut;
}

Written write_cuts(const Uncut& conversation, const UncutRun& run, const chunking::Cuts& cuts, const std::string& plan_stage) {
  const chunking::CutInput& input = run.input;
  Written written;
  if (!cuts.skipped.empty()) {
    std::vector<std::int64_t> ids;
    std::vector<std::string> reasons;
    for (const auto& skipped : cuts.skipped) {
      ids.push_back(skipped.message_id);
      reasons.push_back(skipped.reason);
    }
    execute_generic(
        "UPDATE kg_batch_internal.message m SET skipped = u.reason "
        "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3) AS o (message_id, reason) OFFSET 0) u "
        "WHERE m.graph_id = u.graph_id AND m.message_id = u.message_id",
        {conversation.graph_id, ids, reasons});
  }
  if (cuts.segments.empty()) return written;

  std::vector<std::int64_t> first, last;
  std::vector<std::string> began_by;
  for (const auto& segment : cuts.segments) {
    first.push_back(segment.first_message_id);
    last.push_back(segment.last_message_id);
    began_by.push_back(segment.began_by);
  }
  const Rows segment_rows = execute_generic(
      "INSERT INTO kg_batch_internal.segment (graph_id, conversation_id, first_message_id, last_message_id, began_by, key) "
      "SELECT $1, $2, u.first, u.last, u.began_by, $6 || E'\\x1f' || m.message_key || CASE WHEN m.version > 1 THEN '#' || m.version ELSE '' END "
      "FROM (SELECT $1 AS graph_id, o.* FROM unnest($3, $4, $5) WITH ORDINALITY AS o (first, last, began_by, n) OFFSET 0) u "
      "JOIN kg_batch_internal.message m ON m.graph_id = u.graph_id AND m.message_id = u.first ORDER BY u.n "
      "RETURNING segment_id",
      {conversation.graph_id, conversation.conversation_id, first, last, began_by, conversation.key});
  std::vector<std::int64_t> segment_ids;
  for (std::size_t i = 0; i < segment_rows.size(); ++i) segment_ids.push_back(segment_rows.integer(i, 0));
  written.segments = static_cast<int>(segment_ids.size());

  // Which segment each taken message is in: segments are runs of the input, in order.
  std::vector<std::int64_t> taken, of_segment;
  std::size_t at = 0;
  for (std::size_t i = 0; i < cuts.taken && i < input.messages.size() && at < cuts.segments.size(); ++i) {
    taken.push_back(input.messages[i].message_id);
    of_segment.push_back(segment_ids[at]);
    if (input.messages[i].message_id == cuts.segments[at].last_message_id) ++at;
  }
  execute_generic(
      "UPDATE kg_batch_internal.message m SET segment_id = u.segment_id "
      "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3) AS o (message_id, segment_id) OFFSET 0) u "
      "WHERE m.graph_id = u.graph_id AND m.message_id = u.message_id AND m.skipped IS NULL",
      {conversation.graph_id, taken, of_segment});

  const Rows job = execute_generic("SELECT state = 'paused', state = 'cancelled' FROM kg_batch_internal.job WHERE graph_id = $1 AND job_id = $2",
                           {conversation.graph_id, conversation.job_id});
  const bool paused = !job.empty() && job.boolean(0, 0);
  const bool cancelled = !job.empty() && job.boolean(0, 1);
  std::vector<Item> items;
  for (const auto& chunk : cuts.chunks) {
    std::vector<std::int64_t> ids;
    std::vector<int> starts, ends;
    std::vector<std::int16_t> shown;
    append(ids, starts, ends, shown, chunk.context);
    append(ids, starts, ends, shown, chunk.sentences);
    int participants = run.participants_before;
    const std::int64_t last_message = chunk.sentences.back().message_id;
    for (const auto& message : input.messages)
      if (message.message_id <= last_message) participants = std::max(participants, message.speaker + 1);
    const Rows made = execute_generic(
        "INSERT INTO kg_batch_internal.chunk (graph_id, conversation_id, segment_id, job_id, stage, participants, cast_seen, "
        " context_size, message_ids, starts, ends, shown, countable, tokens, state) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, CASE WHEN $15 THEN 'cancelled' ELSE 'ready' END) RETURNING chunk_id",
        {conversation.graph_id, conversation.conversation_id, segment_ids.at(static_cast<std::size_t>(chunk.segments.front())),
         conversation.job_id, plan_stage, participants, chunk.cast, static_cast<int>(chunk.context.size()), ids, starts, ends, shown,
         chunk.countable, chunk.tokens, cancelled});
    if (cancelled) continue;
    items.push_back({conversation.graph_id, Work::ask, made.integer(0, 0), conversation.priority + (paused ? parked : 0), chunk.tokens,
                     conversation.job_id});
  }
  put_ready(items);
  written.chunks = static_cast<int>(cuts.chunks.size());
  return written;
}

void mark_cut(const Uncut& conversation, const chunking::Cuts& cuts) {
  execute_generic(
      "UPDATE kg_batch_internal.conversation SET cut_deliveries = GREATEST(cut_deliveries, $3), cast_seen = $4, cut_error = NULL "
      "WHERE graph_id = $1 AND conversation_id = $2",
      {conversation.graph_id, conversation.conversation_id, cuts.waiting ? *cuts.waiting - 1 : conversation.deliveries, cuts.cast});
}

void mark_cut_failed(std::int64_t graph_id, std::int64_t conversation_id, const std::string& error) {
  execute_generic("UPDATE kg_batch_internal.conversation SET cut_error = $3 WHERE graph_id = $1 AND conversation_id = $2",
          {graph_id, conversation_id, error});
}

}  // namespace kg_batch::store
