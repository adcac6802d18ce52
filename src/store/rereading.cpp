#include "store/rereading.h"

#include <nlohmann/json.hpp>

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/chunk.h"
#include "store/job.h"

namespace kg_batch::store {

using backend::Error;
using backend::execute;
using backend::Rows;

namespace {

// What was cut stays cut: an option without effect would be taken for one with it.
void refuse_cutting_options(const std::string& options_json) {
  const auto options = nlohmann::json::parse(options_json, nullptr, false);
  if (!options.is_object()) return;  // create_job says what it should be
  for (const char* cutting : {"batch_chunk_max", "batch_chunk_size", "boundaries", "chunk_max_tokens", "context_sentences", "real_time_chunk_size", "settle"})
    if (options.contains(cutting))
      throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "option \"" + std::string(cutting) + "\" has no effect on what is read again",
                  "Conversations stay cut as they were.", "Hand them in to another graph to have them cut otherwise.");
}

std::int64_t conversation_named(std::int64_t graph_id, const std::string& key) {
  const Rows rows = execute("SELECT conversation_id FROM kg_batch_internal.conversation WHERE graph_id = $1 AND key = $2", {graph_id, key});
  if (rows.empty())
    throw Error(ERRCODE_UNDEFINED_OBJECT, "conversation \"" + key + "\" does not exist", "",
                "It is given by the key with which it was handed in, as kg_batch.fact shows it.");
  return rows.integer(0, 0);
}

}  // namespace

std::optional<std::int64_t> reread(std::int64_t graph_id, const WhatToReread& what, const std::string& options_json, unsigned int made_by) {
  refuse_cutting_options(options_json);
  std::optional<std::int64_t> conversation;
  if (what.conversation) conversation = conversation_named(graph_id, *what.conversation);
  const std::int64_t job_id = create_job(graph_id, "", options_json, made_by);
  const Job job = read_job(graph_id, job_id);
  const Rows made = execute(
      "WITH wanted AS MATERIALIZED (SELECT c.* FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.rereads IS NULL "
      "  AND c.state IN ('done', 'failed') AND c.stage <> 'import' AND ($4::bigint IS NULL OR c.conversation_id = $4) "
      "  AND ($5::bigint IS NULL OR c.job_id = $5 OR EXISTS (SELECT FROM kg_batch_internal.chunk r WHERE r.graph_id = $1 "
      "   AND r.rereads = c.chunk_id AND r.job_id = $5)) "
      // Of what was edited or deleted whole nothing would count.
      "  AND EXISTS (SELECT FROM unnest(c.message_ids[c.context_size + 1:]) AS u (message_id) JOIN kg_batch_internal.message m "
      "   ON m.graph_id = $1 AND m.message_id = u.message_id WHERE NOT m.replaced)), "
      "again AS (INSERT INTO kg_batch_internal.chunk (graph_id, conversation_id, segment_id, job_id, stage, participants, cast_seen, context_size, "
      "   message_ids, starts, ends, shown, countable, tokens, rereads, reading) "
      "  SELECT graph_id, conversation_id, segment_id, $2, $3, participants, cast_seen, context_size, message_ids, starts, ends, shown, countable, "
      "   tokens, chunk_id, 1 + COALESCE((SELECT pg_catalog.max(r.reading) FROM kg_batch_internal.chunk r WHERE r.graph_id = $1 "
      "    AND r.rereads = w.chunk_id), 1) FROM wanted w ORDER BY chunk_id RETURNING chunk_id, tokens) "
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT $1, 2 + CASE WHEN $6 THEN 1000 ELSE 0 END, 3, tokens, chunk_id, $2 FROM again RETURNING 1",
      {graph_id, job_id, first_stage(job.options.extraction), conversation, what.job, job.state == "paused"});
  if (made.empty()) {
    execute("DELETE FROM kg_batch_internal.job WHERE graph_id = $1 AND job_id = $2", {graph_id, job_id});
    return std::nullopt;
  }
  touch_job(graph_id, job_id);
  return job_id;
}

Readings readings_of(std::int64_t graph_id, const std::vector<std::int64_t>& chunks) {
  const Rows rows = execute(
      "SELECT u.chunk_id, r.chunk_id FROM unnest($2) AS u (chunk_id) CROSS JOIN LATERAL (SELECT COALESCE(c.rereads, c.chunk_id) AS first "
      "  FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.chunk_id = u.chunk_id OFFSET 0) o "
      "CROSS JOIN LATERAL (SELECT x.chunk_id FROM kg_batch_internal.chunk x WHERE x.graph_id = $1 AND x.rereads = o.first AND x.folded "
      " UNION ALL SELECT x.chunk_id FROM kg_batch_internal.chunk x WHERE x.graph_id = $1 AND x.chunk_id = o.first AND x.folded OFFSET 0) r "
      "WHERE o.first <> u.chunk_id OR (SELECT pg_catalog.count(*) FROM kg_batch_internal.chunk x WHERE x.graph_id = $1 AND x.rereads = o.first "
      " AND x.folded) > 0",
      {graph_id, chunks});
  Readings readings;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    readings.several.insert(rows.integer(i, 0));
    readings.all.insert(rows.integer(i, 1));
  }
  return readings;
}

void spread_words(std::int64_t graph_id, const std::vector<std::int64_t>& chunks) {
  execute(
      "WITH readings AS MATERIALIZED (SELECT DISTINCT o.first, r.chunk_id FROM unnest($2) AS u (chunk_id) "
      "  CROSS JOIN LATERAL (SELECT COALESCE(c.rereads, c.chunk_id) AS first FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 "
      "   AND c.chunk_id = u.chunk_id OFFSET 0) o "
      "  CROSS JOIN LATERAL (SELECT x.chunk_id FROM kg_batch_internal.chunk x WHERE x.graph_id = $1 AND x.rereads = o.first "
      "   UNION ALL SELECT o.first OFFSET 0) r), "
      "said AS MATERIALIZED (SELECT DISTINCT r.first, f.decision_id, f.text, f.first_message_id FROM readings r CROSS JOIN LATERAL ("
      "  SELECT w.decision_id, x.text, x.first_message_id FROM kg_batch_internal.word_fact w JOIN kg_batch_internal.fact x ON x.graph_id = $1 "
      "   AND x.chunk_id = w.chunk_id AND x.n = w.fact WHERE w.graph_id = $1 AND w.chunk_id = r.chunk_id OFFSET 0) f) "
      "INSERT INTO kg_batch_internal.word_fact (graph_id, decision_id, chunk_id, fact) "
      "SELECT $1, s.decision_id, r.chunk_id, f.n FROM said s JOIN readings r ON r.first = s.first CROSS JOIN LATERAL ("
      " SELECT x.n FROM kg_batch_internal.fact x WHERE x.graph_id = $1 AND x.chunk_id = r.chunk_id AND x.text = s.text "
      "  AND x.first_message_id = s.first_message_id OFFSET 0) f ON CONFLICT DO NOTHING",
      {graph_id, chunks});
}

}  // namespace kg_batch::store
