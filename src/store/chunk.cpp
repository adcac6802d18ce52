#include "store/chunk.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "chunking/cuts.h"
#include "graph/keys.h"
#include "store/access.h"
#include "store/queue.h"
#include "store/shown_messages.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;

namespace {

struct Conversation {
  std::string key;
  std::vector<std::string> names, ids;
};

void fill_participants(LoadedChunk& chunk, const Conversation& conversation, int count, const GraphOptions& options) {
  chunk.question.participants = shown_participants(conversation.names, count, options.self);
  std::map<std::string, int> bearers;
  for (std::size_t i = 0; i < chunk.question.participants.size(); ++i) ++bearers[graph::name_key(conversation.names[i])];
  for (std::size_t i = 0; i < chunk.question.participants.size(); ++i) {
    const std::string& given = conversation.names[i];
    graph::ParticipantIdentity identity;
    identity.name = shown_name(given, options.self);
    if (i < conversation.ids.size() && !conversation.ids[i].empty()) identity.speaker_id = conversation.ids[i];
    identity.is_self = given.empty() && !identity.speaker_id;
    identity.nameless = !identity.speaker_id && !identity.is_self && graph::is_conversation_name(given);
    identity.namesake = bearers[graph::name_key(given)] > 1;
    chunk.place.participants.push_back(std::move(identity));
    if (given.empty() && !chunk.question.self) chunk.question.self = static_cast<int>(i) + 1;
  }
}

}  // namespace

std::vector<LoadedChunk> load_chunks(std::int64_t graph_id, const std::vector<std::int64_t>& chunk_ids) {
  const Rows rows = execute_generic(
      "SELECT c.chunk_id, c.conversation_id, c.job_id, c.state, c.stage, c.step, c.splits, c.request_id, c.answered_requests, "
      " c.participants, c.cast_seen, c.context_size, c.message_ids, c.starts, c.ends, c.shown, "
      " v.key, v.participant_names, v.participant_ids, COALESCE((j.options ->> 'learn_from_assistant')::boolean, false), c.countable, c.reading, c.known IS NOT NULL, "
      " CASE WHEN c.known <> '{}' THEN ARRAY(SELECT f.text FROM unnest(c.known) WITH ORDINALITY AS k (fact_id, n) "
      "   JOIN kg_batch_internal.fact f ON f.graph_id = $1 AND f.fact_id = k.fact_id ORDER BY k.n) ELSE '{}' END "
      "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2) WITH ORDINALITY AS o (chunk_id, n) OFFSET 0) u "
      "JOIN kg_batch_internal.chunk c ON c.graph_id = u.graph_id AND c.chunk_id = u.chunk_id "
      "JOIN kg_batch_internal.conversation v ON v.graph_id = u.graph_id AND v.conversation_id = c.conversation_id "
      "JOIN kg_batch_internal.job j ON j.graph_id = u.graph_id AND j.job_id = c.job_id "
      // Locked lowest first, given back as they were asked for.
      "ORDER BY c.chunk_id FOR NO KEY UPDATE OF c",
      {graph_id, chunk_ids});
  std::vector<std::int64_t> message_ids;
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (const std::int64_t id : rows.integers(i, 12)) message_ids.push_back(id);
  // With the chunks locked: whoever changes an option that keys depend on has them all.
  const GraphOptions options = graph_options(graph_id);
  const std::map<std::int64_t, StoredMessage> messages = load_messages(graph_id, message_ids, options.timezone);

  std::vector<LoadedChunk> chunks;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    LoadedChunk chunk;
    chunk.graph_id = graph_id;
    chunk.chunk_id = rows.integer(i, 0);
    chunk.conversation_id = rows.integer(i, 1);
    chunk.job_id = rows.integer(i, 2);
    chunk.state = rows.text(i, 3);
    chunk.stage = rows.text(i, 4);
    chunk.step = static_cast<int>(rows.integer(i, 5));
    chunk.splits = static_cast<int>(rows.integer(i, 6));
    chunk.request_id = rows.maybe_integer(i, 7);
    chunk.answered_requests = rows.integers(i, 8);
    chunk.countable = static_cast<int>(rows.integer(i, 20));
    chunk.reading = static_cast<int>(rows.integer(i, 21));
    chunk.is_known_looked_up = rows.boolean(i, 22);
    chunk.question.known = rows.texts(i, 23);
    chunk.question.cast = rows.texts(i, 10);
    for (std::string& name : chunk.question.cast) name = masked(name);
    chunk.question.learn_from_assistant = rows.boolean(i, 19);
    const Conversation conversation{rows.text(i, 16), rows.texts(i, 17), rows.texts(i, 18)};
    chunk.place.conversation_key = conversation.key;
    chunk.place.names_shared = options.names_shared;
    fill_participants(chunk, conversation, static_cast<int>(rows.integer(i, 9)), options);

    const auto ids = rows.integers(i, 12);
    const auto starts = rows.integers(i, 13);
    const auto ends = rows.integers(i, 14);
    const auto shown = rows.integers(i, 15);
    const std::size_t context_size = static_cast<std::size_t>(rows.integer(i, 11));
    std::vector<chunking::Sentence> context, sentences;
    for (std::size_t s = 0; s < ids.size(); ++s) {
      const chunking::Sentence sentence{ids[s], static_cast<int>(starts[s]), static_cast<int>(ends[s]),
                                        static_cast<chunking::Shown>(shown[s])};
      (s < context_size ? context : sentences).push_back(sentence);
    }
    chunk.question.context = shown_messages(context, messages, -1, -1);
    chunk.question.messages = shown_messages(sentences, messages, 1, 1);
    std::set<std::int64_t> placed;
    for (const std::int64_t id : ids) {
      const auto found = messages.find(id);
      if (found == messages.end() || !placed.insert(id).second) continue;
      const StoredMessage& message = found->second;
      graph::MessagePlace place;
      place.message_id = id;
      place.text = message.text;
      place.sent_at_us = message.sent_at_us;
      if (!message.by_assistant) place.participant = message.participant;
      place.segment_key = message.segment_key;
      chunk.place.messages.push_back(std::move(place));
      chunk.positions.emplace_back(id, static_cast<int>(message.position));
    }
    chunks.push_back(std::move(chunk));
  }
  std::map<std::int64_t, std::size_t> place;
  for (std::size_t i = 0; i < chunk_ids.size(); ++i) place.try_emplace(chunk_ids[i], i);
  std::stable_sort(chunks.begin(), chunks.end(), [&](const LoadedChunk& a, const LoadedChunk& b) { return place.at(a.chunk_id) < place.at(b.chunk_id); });
  return chunks;
}

std::string first_stage(const std::string& plan) {
  const Rows rows = execute_generic("SELECT stage FROM kg_batch_internal.prompt WHERE plan = $1 ORDER BY step, shipped, version DESC LIMIT 1", {plan});
  if (rows.empty()) throw backend::Error(ERRCODE_UNDEFINED_OBJECT, "plan \"" + plan + "\" has no stage");
  return rows.text(0, 0);
}

std::optional<std::string> next_stage(const std::string& plan, const std::string& stage) {
  const Rows rows = execute_generic(
      "SELECT n.stage FROM kg_batch_internal.prompt n WHERE n.plan = $1 AND n.step > "
      "(SELECT pg_catalog.max(p.step) FROM kg_batch_internal.prompt p WHERE p.plan = $1 AND p.stage = $2) ORDER BY n.step LIMIT 1",
      {plan, stage});
  if (rows.empty()) return std::nullopt;
  return rows.text(0, 0);
}

Prompt newest_prompt(const std::string& stage) {
  const Rows rows = execute_generic(
      "SELECT prompt_id, text FROM kg_batch_internal.prompt WHERE stage = $1 ORDER BY shipped, version DESC LIMIT 1", {stage});
  if (rows.empty()) throw backend::Error(ERRCODE_UNDEFINED_OBJECT, "stage \"" + stage + "\" has no prompt");
  return {rows.integer(0, 0), rows.text(0, 1)};
}

Prompt prompt_by_id(std::int64_t prompt_id) {
  const Rows rows = execute_generic("SELECT prompt_id, text FROM kg_batch_internal.prompt WHERE prompt_id = $1", {prompt_id});
  if (rows.empty()) throw backend::Error(ERRCODE_UNDEFINED_OBJECT, "prompt " + std::to_string(prompt_id) + " is gone");
  return {rows.integer(0, 0), rows.text(0, 1)};
}

void set_asking(std::int64_t graph_id, const std::vector<std::int64_t>& chunk_ids, const std::vector<std::int64_t>& request_ids) {
  if (chunk_ids.empty()) return;
  execute_generic(
      "UPDATE kg_batch_internal.chunk c SET state = 'asking', request_id = u.request_id "
      "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3) AS o (chunk_id, request_id) OFFSET 0) u "
      "WHERE c.graph_id = u.graph_id AND c.chunk_id = u.chunk_id",
      {graph_id, chunk_ids, request_ids});
}

void advance(const LoadedChunk& chunk, const std::string& next) {
  execute_generic(
      "UPDATE kg_batch_internal.chunk SET state = 'ready', stage = $3, step = step + 1, "
      "answered_requests = answered_requests || request_id, request_id = NULL WHERE graph_id = $1 AND chunk_id = $2",
      {chunk.graph_id, chunk.chunk_id, next});
}

void set_done(std::int64_t graph_id, const std::vector<std::int64_t>& chunk_ids) {
  if (chunk_ids.empty()) return;
  execute_generic(
      "UPDATE kg_batch_internal.chunk c SET state = 'done', done_at = pg_catalog.clock_timestamp(), error = NULL "
      "FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u WHERE c.graph_id = u.graph_id AND c.chunk_id = u.id",
      {graph_id, chunk_ids});
}

void set_ready_again(std::int64_t graph_id, std::int64_t chunk_id) {
  execute_generic("UPDATE kg_batch_internal.chunk SET state = 'ready', request_id = NULL WHERE graph_id = $1 AND chunk_id = $2",
          {graph_id, chunk_id});
}

void set_failed(std::int64_t graph_id, std::int64_t chunk_id, const std::string& error) {
  execute_generic(
      "UPDATE kg_batch_internal.chunk SET state = 'failed', error = $3, error_at = pg_catalog.clock_timestamp() "
      "WHERE graph_id = $1 AND chunk_id = $2",
      {graph_id, chunk_id, error});
}

void start_over(const LoadedChunk& chunk, const std::string& first_stage) {
  execute_generic(
      "UPDATE kg_batch_internal.chunk SET state = 'ready', stage = $3, step = 1, answered_requests = '{}', request_id = NULL "
      "WHERE graph_id = $1 AND chunk_id = $2",
      {chunk.graph_id, chunk.chunk_id, first_stage});
}

bool split_chunk(const LoadedChunk& chunk, int context_sentences, const std::string& first_stage) {
  chunking::Chunk whole;
  for (const auto& message : chunk.question.context)
    for (const auto& sentence : message.sentences) whole.context.push_back(sentence.where);
  for (const auto& message : chunk.question.messages)
    for (const auto& sentence : message.sentences) whole.sentences.push_back(sentence.where);
  whole.cast = chunk.question.cast;
  whole.countable = chunk.countable;
  const auto halves = chunking::split(whole, context_sentences);
  if (!halves) return false;
  auto columns = [](const chunking::Chunk& half, std::vector<std::int64_t>& ids, std::vector<int>& starts, std::vector<int>& ends,
                    std::vector<std::int16_t>& shown) {
    for (const auto* list : {&half.context, &half.sentences})
      for (const auto& sentence : *list) {
        ids.push_back(sentence.message_id);
        starts.push_back(sentence.start);
        ends.push_back(sentence.end);
        shown.push_back(static_cast<std::int16_t>(sentence.shown));
      }
  };
  std::vector<std::int64_t> first_ids, second_ids;
  std::vector<int> first_starts, first_ends, second_starts, second_ends;
  std::vector<std::int16_t> first_shown, second_shown;
  columns(halves->first, first_ids, first_starts, first_ends, first_shown);
  columns(halves->second, second_ids, second_starts, second_ends, second_shown);
  const Rows made = execute_generic(
      "INSERT INTO kg_batch_internal.chunk (graph_id, conversation_id, segment_id, job_id, stage, participants, cast_seen, context_size, "
      " message_ids, starts, ends, shown, countable, tokens, splits, rereads, reading) "
      "SELECT graph_id, conversation_id, segment_id, job_id, $11, participants, $3, $4, $5, $6, $7, $8, $9, $10, splits + 1, rereads, reading "
      "FROM kg_batch_internal.chunk WHERE graph_id = $1 AND chunk_id = $2 RETURNING chunk_id",
      {chunk.graph_id, chunk.chunk_id, halves->second.cast, static_cast<int>(halves->second.context.size()), second_ids, second_starts,
       second_ends, second_shown, halves->second.countable, halves->second.tokens, first_stage});
  execute_generic(
      "UPDATE kg_batch_internal.chunk SET splits = splits + 1, known = NULL, context_size = $3, message_ids = $4, "
      "starts = $5, ends = $6, shown = $7, countable = $8, tokens = $9 WHERE graph_id = $1 AND chunk_id = $2",
      {chunk.graph_id, chunk.chunk_id, static_cast<int>(halves->first.context.size()), first_ids, first_starts, first_ends, first_shown,
       halves->first.countable, halves->first.tokens});
  start_over(chunk, first_stage);
  put_ready({{chunk.graph_id, Work::ask, chunk.chunk_id, 2, halves->first.tokens, chunk.job_id},
             {chunk.graph_id, Work::ask, made.integer(0, 0), 2, halves->second.tokens, chunk.job_id}});
  return true;
}

}  // namespace kg_batch::store
