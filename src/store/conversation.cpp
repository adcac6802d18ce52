#include "store/conversation.h"

#include <algorithm>
#include <map>
#include <set>

#include "store/boundary.h"

#include "backend/array_literal.h"
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

void append(std::vector<std::int64_t>& ids, std::vector<int>& starts, std::vector<int>& ends, std::vector<int>& shown,
            const std::vector<chunking::Sentence>& sentences) {
  for (const auto& sentence : sentences) {
    ids.push_back(sentence.message_id);
    starts.push_back(sentence.start);
    ends.push_back(sentence.end);
    shown.push_back(static_cast<int>(sentence.shown));
  }
}

void write_skipped(std::int64_t graph_id, const std::vector<CutRun>& runs) {
  std::vector<std::int64_t> ids;
  std::vector<std::string> reasons;
  for (const CutRun& run : runs)
    for (const auto& skipped : run.cuts.skipped) {
      ids.push_back(skipped.message_id);
      reasons.push_back(skipped.reason);
    }
  if (ids.empty()) return;
  execute_generic(
      "UPDATE kg_batch_internal.message m SET skipped = u.reason "
      "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3) AS o (message_id, reason) OFFSET 0) u "
      "WHERE m.graph_id = u.graph_id AND m.message_id = u.message_id",
      {graph_id, ids, reasons});
}

// Their ids, run by run.
std::vector<std::vector<std::int64_t>> write_segments(std::int64_t graph_id, const std::vector<CutRun>& runs) {
  std::vector<std::int64_t> conversations, first, last;
  std::vector<std::string> keys, began_by;
  for (const CutRun& run : runs)
    for (const auto& segment : run.cuts.segments) {
      conversations.push_back(run.conversation->conversation_id);
      keys.push_back(run.conversation->key);
      first.push_back(segment.first_message_id);
      last.push_back(segment.last_message_id);
      began_by.push_back(segment.began_by);
    }
  std::vector<std::vector<std::int64_t>> ids(runs.size());
  if (first.empty()) return ids;
  const Rows rows = execute_generic(
      "INSERT INTO kg_batch_internal.segment (graph_id, conversation_id, first_message_id, last_message_id, began_by, key) "
      "SELECT $1, u.conversation_id, u.first, u.last, u.began_by, u.key || E'\\x1f' || m.message_key || CASE WHEN m.version > 1 THEN '#' || m.version ELSE '' END "
      "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3, $4, $5, $6) WITH ORDINALITY AS o (conversation_id, first, last, began_by, key, n) OFFSET 0) u "
      "JOIN kg_batch_internal.message m ON m.graph_id = u.graph_id AND m.message_id = u.first ORDER BY u.n "
      "RETURNING segment_id",
      {graph_id, conversations, first, last, began_by, keys});
  std::size_t row = 0;
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (std::size_t n = 0; n < runs[i].cuts.segments.size(); ++n) ids[i].push_back(rows.integer(row++, 0));
  return ids;
}

// Which segment each taken message is in: segments are runs of the input, in order.
void take_messages(std::int64_t graph_id, const std::vector<CutRun>& runs, const std::vector<std::vector<std::int64_t>>& segments) {
  std::vector<std::int64_t> taken, of_segment;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    const chunking::Cuts& cuts = runs[run].cuts;
    const std::vector<chunking::Message>& messages = runs[run].run->input.messages;
    std::size_t at = 0;
    for (std::size_t i = 0; i < cuts.taken && i < messages.size() && at < cuts.segments.size(); ++i) {
      taken.push_back(messages[i].message_id);
      of_segment.push_back(segments[run][at]);
      if (messages[i].message_id == cuts.segments[at].last_message_id) ++at;
    }
  }
  if (taken.empty()) return;
  execute_generic(
      "UPDATE kg_batch_internal.message m SET segment_id = u.segment_id "
      "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3) AS o (message_id, segment_id) OFFSET 0) u "
      "WHERE m.graph_id = u.graph_id AND m.message_id = u.message_id AND m.skipped IS NULL",
      {graph_id, taken, of_segment});
}

struct JobState {
  bool is_paused = false, is_cancelled = false;
};

std::map<std::int64_t, JobState> states_of_jobs(std::int64_t graph_id, const std::vector<CutRun>& runs) {
  std::set<std::int64_t> jobs;
  for (const CutRun& run : runs) jobs.insert(run.conversation->job_id);
  const Rows rows = execute_generic(
      "SELECT j.job_id, j.state = 'paused', j.state = 'cancelled' FROM unnest($2) AS u (job_id) CROSS JOIN LATERAL ("
      " SELECT o.job_id, o.state FROM kg_batch_internal.job o WHERE o.graph_id = $1 AND o.job_id = u.job_id OFFSET 0) j",
      {graph_id, std::vector<std::int64_t>(jobs.begin(), jobs.end())});
  std::map<std::int64_t, JobState> states;
  for (std::size_t i = 0; i < rows.size(); ++i) states[rows.integer(i, 0)] = {rows.boolean(i, 1), rows.boolean(i, 2)};
  return states;
}

void write_chunks(std::int64_t graph_id, const std::vector<CutRun>& runs, const std::vector<std::vector<std::int64_t>>& segments) {
  std::vector<std::int64_t> conversations, of_segment, jobs;
  std::vector<std::string> stages, casts, id_lists, start_lists, end_lists, shown_lists;
  std::vector<int> participants, context_sizes, countable, tokens;
  std::vector<bool> cancelled;
  std::vector<Item> items;
  const std::map<std::int64_t, JobState> states = states_of_jobs(graph_id, runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const CutRun& run = runs[i];
    const auto known = states.find(run.conversation->job_id);
    const JobState state = known == states.end() ? JobState{} : known->second;
    for (const auto& chunk : run.cuts.chunks) {
      std::vector<std::int64_t> ids;
      std::vector<int> starts, ends, shown;
      append(ids, starts, ends, shown, chunk.context);
      append(ids, starts, ends, shown, chunk.sentences);
      int spoke = run.run->participants_before;
      const std::int64_t last_message = chunk.sentences.back().message_id;
      for (const auto& message : run.run->input.messages)
        if (message.message_id <= last_message) spoke = std::max(spoke, message.speaker + 1);
      conversations.push_back(run.conversation->conversation_id);
      of_segment.push_back(segments[i].at(static_cast<std::size_t>(chunk.segments.front())));
      jobs.push_back(run.conversation->job_id);
      stages.push_back(run.plan_stage);
      participants.push_back(spoke);
      casts.push_back(backend::array_literal(chunk.cast));
      context_sizes.push_back(static_cast<int>(chunk.context.size()));
      id_lists.push_back(backend::array_literal(ids));
      start_lists.push_back(backend::array_literal(starts));
      end_lists.push_back(backend::array_literal(ends));
      shown_lists.push_back(backend::array_literal(shown));
      countable.push_back(chunk.countable);
      tokens.push_back(chunk.tokens);
      cancelled.push_back(state.is_cancelled);
      items.push_back({graph_id, Work::ask, 0, run.conversation->priority + (state.is_paused ? parked : 0), chunk.tokens, run.conversation->job_id});
    }
  }
  if (items.empty()) return;
  const Rows made = execute_generic(
      "INSERT INTO kg_batch_internal.chunk (graph_id, conversation_id, segment_id, job_id, stage, participants, cast_seen, "
      " context_size, message_ids, starts, ends, shown, countable, tokens, state) "
      "SELECT $1, u.conversation_id, u.segment_id, u.job_id, u.stage, u.participants, u.cast_seen::text[], u.context_size, u.message_ids::bigint[], "
      " u.starts::int[], u.ends::int[], u.shown::smallint[], u.countable, u.tokens, CASE WHEN u.cancelled THEN 'cancelled' ELSE 'ready' END "
      "FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) WITH ORDINALITY AS u (conversation_id, segment_id, job_id, stage, "
      " participants, cast_seen, context_size, message_ids, starts, ends, shown, countable, tokens, cancelled, n) ORDER BY u.n RETURNING chunk_id",
      {graph_id, conversations, of_segment, jobs, stages, participants, casts, context_sizes, id_lists, start_lists, end_lists, shown_lists,
       countable, tokens, cancelled});
  std::vector<Item> to_ask;
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].id = made.integer(i, 0);
    if (!cancelled[i]) to_ask.push_back(items[i]);
  }
  put_ready(to_ask);
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
    if (*first_position > 1) {
      uncut.open.input.before = messages_before(graph_id, conversation_id, *first_position, uncut.deliveries);
      uncut.open.participants_before = participants_before(graph_id, conversation_id, *first_position);
    }
    uncut.open.input.speakers_before = uncut.open.participants_before;
    uncut.open.input.read = told_segments(graph_id, conversation_id, uncut.open.input.messages.front().message_id);
  }
  return uncut;
}

void write_cuts(std::int64_t graph_id, const std::vector<CutRun>& runs) {
  write_skipped(graph_id, runs);
  const std::vector<std::vector<std::int64_t>> segments = write_segments(graph_id, runs);
  take_messages(graph_id, runs, segments);
  write_chunks(graph_id, runs, segments);
}

void mark_cut(std::int64_t graph_id, std::span<const CutRun> runs) {
  std::vector<std::int64_t> conversations;
  std::vector<int> deliveries;
  std::vector<std::string> casts;
  for (const CutRun& run : runs) {
    conversations.push_back(run.conversation->conversation_id);
    deliveries.push_back(run.cuts.waiting ? *run.cuts.waiting - 1 : run.conversation->deliveries);
    casts.push_back(backend::array_literal(run.cuts.cast));
  }
  execute_generic(
      "UPDATE kg_batch_internal.conversation c SET cut_deliveries = GREATEST(c.cut_deliveries, u.deliveries), cast_seen = u.cast_seen::text[], cut_error = NULL "
      "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3, $4) AS o (conversation_id, deliveries, cast_seen) OFFSET 0) u "
      "WHERE c.graph_id = u.graph_id AND c.conversation_id = u.conversation_id",
      {graph_id, conversations, deliveries, casts});
}

void mark_cut_failed(std::int64_t graph_id, std::int64_t conversation_id, const std::string& error) {
  execute_generic("UPDATE kg_batch_internal.conversation SET cut_error = $3 WHERE graph_id = $1 AND conversation_id = $2",
          {graph_id, conversation_id, error});
}

}  // namespace kg_batch::store
