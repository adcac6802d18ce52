#include "store/batch.h"

#include "store/boundary.h"
#include "store/budget.h"
#include "store/inquiry.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "openai/embeddings.h"
#include "store/job.h"
#include "store/request.h"

namespace kg_batch::store {

using backend::Bytes;
using backend::execute;
using backend::execute_generic;
using backend::Rows;

namespace {

// A file is of one endpoint, and an embedding model may be named like one that chats.
#define ENDPOINT "(CASE r.stage WHEN 'kg_embed' THEN '/v1/embeddings' ELSE '/v1/chat/completions' END)"

// The API counts texts: 50,000 of a batch. A request holds at most 256.
constexpr int most_embedding_requests = static_cast<int>(openai::most_embedding_inputs_of_batch / 256);

// Returns how many there is money for.
int send_directly(const std::string& model, const std::string& endpoint) {
  const Rows few = execute(
      "SELECT q.graph_id, q.chunk_id FROM kg_batch_internal.ready q JOIN kg_batch_internal.request r ON r.graph_id = q.graph_id AND r.request_id = q.chunk_id "
      "WHERE q.kind = 4 AND q.priority < 1000 AND r.model = $1 AND " ENDPOINT " = $2 "
      "AND (SELECT j.state FROM kg_batch_internal.job j WHERE j.graph_id = r.graph_id AND j.job_id = r.job_id) NOT IN ('paused', 'cancelled') "
      "ORDER BY q.graph_id, q.chunk_id FOR UPDATE OF q SKIP LOCKED",
      {model, endpoint});
  int moved = 0;
  for (std::size_t i = 0; i < few.size(); ++i) {
    if (!reserve_as(few.integer(i, 0), few.integer(i, 1), "direct")) continue;
    execute("UPDATE kg_batch_internal.request SET mode = 'direct' WHERE graph_id = $1 AND request_id = $2", {few.integer(i, 0), few.integer(i, 1)});
    execute("UPDATE kg_batch_internal.ready SET kind = 5 WHERE graph_id = $1 AND kind = 4 AND chunk_id = $2", {few.integer(i, 0), few.integer(i, 1)});
    ++moved;
  }
  return moved;
}

}  // namespace

std::vector<Batch> open_batches() {
  const Rows rows = execute(
      "SELECT batch_id, token, model, state, COALESCE(input_file_id, ''), COALESCE(remote_id, ''), COALESCE(remote_status, ''), "
      " COALESCE(output_file_id, ''), COALESCE(error_file_id, ''), requests, polls, attempts, input_tokens, cancel_requested, "
      " COALESCE(deadline < pg_catalog.now(), false), EXTRACT(epoch FROM create_started_at)::bigint, "
      " COALESCE(GREATEST(EXTRACT(epoch FROM next_poll_at - pg_catalog.clock_timestamp()) * 1000, 0), 0)::bigint, "
      " EXTRACT(epoch FROM pg_catalog.clock_timestamp() - planned_at)::bigint, COALESCE(remote_completed, 0), endpoint, "
      " (EXTRACT(epoch FROM deadline - pg_catalog.clock_timestamp()) * 1000)::bigint "
      "FROM kg_batch_internal.batch WHERE ended_at IS NULL ORDER BY batch_id");
  std::vector<Batch> batches;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Batch batch;
    batch.batch_id = rows.integer(i, 0);
    batch.token = rows.text(i, 1);
    batch.model = rows.text(i, 2);
    batch.state = rows.text(i, 3);
    batch.input_file_id = rows.text(i, 4);
    batch.remote_id = rows.text(i, 5);
    batch.remote_status = rows.text(i, 6);
    batch.output_file_id = rows.text(i, 7);
    batch.error_file_id = rows.text(i, 8);
    batch.requests = static_cast<int>(rows.integer(i, 9));
    batch.polls = static_cast<int>(rows.integer(i, 10));
    batch.attempts = static_cast<int>(rows.integer(i, 11));
    batch.input_tokens = rows.integer(i, 12);
    batch.cancel_requested = rows.boolean(i, 13);
    batch.past_deadline = rows.boolean(i, 14);
    batch.create_started_at = rows.maybe_integer(i, 15);
    batch.next_poll_ms = rows.integer(i, 16);
    batch.age_s = rows.integer(i, 17);
    batch.remote_completed = rows.integer(i, 18);
    batch.endpoint = rows.text(i, 19);
    batch.deadline_ms = rows.maybe_integer(i, 20);
    batches.push_back(std::move(batch));
  }
  return batches;
}

Gathered gather(const GatherLimits& limits) {
  Gathered gathered;
  const Rows models = execute(
      "SELECT g.model, pg_catalog.sum(g.requests)::bigint, EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.max(g.newest)) * 1000, "
      " EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(g.oldest)) * 1000, "
      " COALESCE((SELECT pg_catalog.sum(b.input_tokens) FROM kg_batch_internal.batch b WHERE b.model = g.model AND b.ended_at IS NULL), 0), "
      " pg_catalog.max((j.options ->> 'batch_min_requests')::int), pg_catalog.bool_or(j.waits_for_budget), pg_catalog.max(g.attempt), "
      " EXISTS (SELECT FROM kg_batch_internal.batch b WHERE b.model = g.model AND b.ended_at IS NULL), g.endpoint "
      // By job first: there are few of them, and tens of thousands of requests.
      "FROM (SELECT q.graph_id, r.job_id, r.model, " ENDPOINT " AS endpoint, pg_catalog.count(*) AS requests, pg_catalog.max(r.created_at) AS newest, "
      "   pg_catalog.min(r.created_at) AS oldest, pg_catalog.max(r.attempt) AS attempt "
      "  FROM (SELECT x.graph_id, x.chunk_id FROM kg_batch_internal.ready x WHERE x.kind = 4 AND x.priority < 1000 "
      "    AND (x.due_at IS NULL OR x.due_at <= pg_catalog.now()) ORDER BY x.priority, x.chunk_id LIMIT 100000) q "
      "  CROSS JOIN LATERAL (SELECT x.job_id, x.model, x.stage, x.created_at, x.attempt FROM kg_batch_internal.request x "
      "    WHERE x.graph_id = q.graph_id AND x.request_id = q.chunk_id OFFSET 0) r GROUP BY 1, 2, 3, 4) g "
      "JOIN kg_batch_internal.job j ON j.graph_id = g.graph_id AND j.job_id = g.job_id AND j.state NOT IN ('paused', 'cancelled') GROUP BY g.model, g.endpoint "
      "ORDER BY g.model, g.endpoint");
  if (models.empty()) return gathered;
  // While conversations are cut or questions planned, more will come; but nobody
  // waits for others for ever.
  const bool more_to_come =
      execute(
          "SELECT EXISTS (SELECT FROM kg_batch_internal.ready WHERE kind IN (1, 3) AND priority < 1000) "
          " OR EXISTS (SELECT FROM kg_batch_internal.claimed WHERE kind IN (1, 3))")
          .boolean(0, 0);
  for (std::size_t i = 0; i < models.size(); ++i) {
    const std::string model = models.text(i, 0), endpoint = models.text(i, 9);
    const int most = endpoint == openai::embeddings_url ? std::min(limits.most_requests, most_embedding_requests) : limits.most_requests;
    const std::int64_t count = models.integer(i, 1);
    const double newest_ms = models.number(i, 2), oldest_ms = models.number(i, 3);
    const std::int64_t enqueued = models.integer(i, 4);
    const std::int64_t fewest = models.integer(i, 5);
    const bool full = count >= most;
    const double patience = more_to_come ? limits.linger_ms * 10.0 : limits.linger_ms;
    if (!full && (more_to_come ? oldest_ms : newest_ms) < patience) {
      const auto wait = static_cast<std::int64_t>(patience - (more_to_come ? oldest_ms : newest_ms)) + 1;
      gathered.wait_ms = std::min(gathered.wait_ms.value_or(wait), more_to_come ? std::min<std::int64_t>(wait, 200) : wait);
      continue;
    }
    if (count < fewest && !models.boolean(i, 6) && models.integer(i, 7) == 0) {
      // A first try answers in seconds. What waits for a budget, or was in a batch
      // before, does not pay the double price for that; nor does what it cannot pay.
      const int moved = send_directly(model, endpoint);
      gathered.sent_directly += moved;
      if (moved == count) continue;
    }
    std::int64_t room = limits.most_enqueued_tokens == 0 ? INT64_MAX : limits.most_enqueued_tokens - enqueued;
    if (room <= 0 && models.boolean(i, 8)) {
      gathered.wait_ms = std::min<std::int64_t>(gathered.wait_ms.value_or(5'000), 5'000);
      continue;
    }
    // A request alone over the limit goes alone, when nothing else is out.
    const Rows made = execute(
        "WITH queue AS MATERIALIZED (SELECT q.graph_id, q.chunk_id AS request_id, q.job_id, q.priority, r.input_tokens "
        "  FROM kg_batch_internal.ready q JOIN kg_batch_internal.request r ON r.graph_id = q.graph_id AND r.request_id = q.chunk_id "
        "  WHERE q.kind = 4 AND q.priority < 1000 AND (q.due_at IS NULL OR q.due_at <= pg_catalog.now()) AND r.model = $1 AND " ENDPOINT " = $5 "
        // One that pause() found in other hands, or cancel(): who planned it may have begun before.
        "  AND (SELECT j.state FROM kg_batch_internal.job j WHERE j.graph_id = r.graph_id AND j.job_id = r.job_id) NOT IN ('paused', 'cancelled') "
        "  ORDER BY q.priority, q.graph_id, q.chunk_id LIMIT $2 FOR UPDATE OF q SKIP LOCKED), "
        "fitting AS (SELECT * FROM (SELECT *, pg_catalog.sum(input_tokens) OVER w AS tokens, pg_catalog.sum(input_tokens::bigint * 8 + 6000) OVER w AS bytes, "
        "   pg_catalog.row_number() OVER w AS n FROM queue WINDOW w AS (ORDER BY priority, graph_id, request_id)) s "
        "  WHERE n = 1 OR (tokens <= $3 AND bytes <= $4)), "
        "made AS (INSERT INTO kg_batch_internal.batch (token, model, endpoint, requests, input_tokens, deadline) "
        "  SELECT pg_catalog.gen_random_uuid(), $1, $5, pg_catalog.count(*), COALESCE(pg_catalog.sum(f.input_tokens), 0), "
        "   pg_catalog.now() + pg_catalog.min((j.options ->> 'batch_timeout')::int) * interval '1 second' "
        "  FROM fitting f JOIN kg_batch_internal.job j ON j.graph_id = f.graph_id AND j.job_id = f.job_id HAVING pg_catalog.count(*) > 0 "
        "  RETURNING batch_id), "
        "gone AS (DELETE FROM kg_batch_internal.ready q USING fitting f WHERE q.kind = 4 AND q.graph_id = f.graph_id AND q.chunk_id = f.request_id), "
        "taken AS (UPDATE kg_batch_internal.request r SET batch_id = made.batch_id, state = 'asking', mode = 'batch', attempt = r.attempt + 1 "
        "  FROM fitting f, made WHERE r.graph_id = f.graph_id AND r.request_id = f.request_id), "
        "jobs AS (INSERT INTO kg_batch_internal.batch_job (batch_id, graph_id, job_id, requests) "
        "  SELECT made.batch_id, f.graph_id, f.job_id, pg_catalog.count(*) FROM fitting f, made GROUP BY 1, 2, 3) "
        "SELECT batch_id FROM made",
        {model, most, room, limits.most_bytes, endpoint});
    if (!made.empty()) {
      gathered.batch_id = made.integer(0, 0);
      return gathered;
    }
  }
  return gathered;
}

std::vector<Request> batch_requests(std::int64_t batch_id, const std::string& after_hash, int limit) {
  // By the index, which is of a batch's hashes; within a page as rows are locked.
  const Rows rows = execute_generic(
      "SELECT * FROM (SELECT graph_id, request_id, job_id, chunk_id, prompt_id, stage, model, mode, state, input_hash, max_output "
      " FROM kg_batch_internal.request WHERE batch_id = $1 AND state = 'asking' AND input_hash > $2 ORDER BY input_hash LIMIT $3) page "
      "ORDER BY graph_id, request_id",
      {batch_id, Bytes{after_hash}, limit});
  std::vector<Request> requests;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Request request;
    request.graph_id = rows.integer(i, 0);
    request.request_id = rows.integer(i, 1);
    request.job_id = rows.integer(i, 2);
    request.chunk_id = rows.integer(i, 3);
    request.prompt_id = rows.integer(i, 4);
    request.stage = rows.text(i, 5);
    request.model = rows.text(i, 6);
    request.mode = rows.text(i, 7);
    request.state = rows.text(i, 8);
    request.input_hash = rows.bytes(i, 9);
    request.max_output = static_cast<int>(rows.integer(i, 10));
    requests.push_back(std::move(request));
  }
  return requests;
}

void set_uploading(std::int64_t batch_id, std::int64_t bytes) {
  execute("UPDATE kg_batch_internal.batch SET state = 'uploading', bytes = $2 WHERE batch_id = $1", {batch_id, bytes});
}

void set_uploaded(std::int64_t batch_id, const std::string& file_id, std::int64_t bytes) {
  execute("UPDATE kg_batch_internal.batch SET state = 'uploaded', input_file_id = $2, bytes = $3, error = NULL, next_poll_at = NULL WHERE batch_id = $1",
          {batch_id, file_id, bytes});
}

void set_creating(std::int64_t batch_id) {
  execute("UPDATE kg_batch_internal.batch SET state = 'creating', attempts = 0, create_started_at = pg_catalog.clock_timestamp() WHERE batch_id = $1",
          {batch_id});
}

void set_submitted(std::int64_t batch_id, const openai::BatchObject& remote, std::int64_t first_poll_ms) {
  execute(
      "UPDATE kg_batch_internal.batch SET state = 'submitted', remote_id = $2, remote_status = $3, error = NULL, attempts = 0, "
      "submitted_at = pg_catalog.clock_timestamp(), next_poll_at = pg_catalog.clock_timestamp() + $4 * interval '1 millisecond' WHERE batch_id = $1",
      {batch_id, remote.batch_id, remote.status_text, first_poll_ms});
  execute("SELECT FROM kg_batch_internal.request WHERE batch_id = $1 AND state = 'asking' ORDER BY graph_id, request_id FOR NO KEY UPDATE", {batch_id});
  execute("UPDATE kg_batch_internal.request SET sent_at = pg_catalog.clock_timestamp() WHERE batch_id = $1 AND state = 'asking'", {batch_id});
}

void set_back(std::int64_t batch_id, const std::string& state, const std::string& error, std::int64_t delay_ms) {
  execute(
      "UPDATE kg_batch_internal.batch SET state = $2, error = $3, last_error = $3, last_error_at = pg_catalog.clock_timestamp(), attempts = attempts + 1, "
      "next_poll_at = pg_catalog.clock_timestamp() + $4 * interval '1 millisecond' WHERE batch_id = $1",
      {batch_id, state, error, delay_ms});
}

void set_unclear(std::int64_t batch_id, const std::string& error) {
  execute("UPDATE kg_batch_internal.batch SET state = 'unclear', error = $2, last_error = $2, last_error_at = pg_catalog.clock_timestamp() WHERE batch_id = $1", {batch_id, error});
}

void note_poll(std::int64_t batch_id, const openai::BatchObject& remote, std::int64_t next_poll_ms) {
  execute(
      "UPDATE kg_batch_internal.batch SET remote_status = $2, remote_total = $3, remote_completed = $4, remote_failed = $5, polls = polls + 1, "
      "polled_at = pg_catalog.clock_timestamp(), attempts = 0, error = NULL, next_poll_at = pg_catalog.clock_timestamp() + $6 * interval '1 millisecond' WHERE batch_id = $1",
      {batch_id, remote.status_text, static_cast<int>(remote.total), static_cast<int>(remote.completed), static_cast<int>(remote.failed),
       next_poll_ms});
}

void note_poll_failed(std::int64_t batch_id, const std::string& error, std::int64_t next_poll_ms) {
  execute(
      "UPDATE kg_batch_internal.batch SET error = $2, last_error = $2, last_error_at = pg_catalog.clock_timestamp(), attempts = attempts + 1, "
      "next_poll_at = pg_catalog.clock_timestamp() + $3 * interval '1 millisecond' WHERE batch_id = $1",
      {batch_id, error, next_poll_ms});
}

void set_reading(std::int64_t batch_id, const openai::BatchObject& remote) {
  std::string error;
  for (const auto& line : remote.errors) {
    if (error.size() > 1'000) break;
    error += (error.empty() ? "" : "; ") + line.code + ": " + line.message;
  }
  std::optional<std::string> kept;
  if (!error.empty()) kept = error;
  execute(
      "UPDATE kg_batch_internal.batch SET state = 'reading', remote_status = $2, output_file_id = $3, error_file_id = $4, remote_total = $5, "
      "remote_completed = $6, remote_failed = $7, error = $8, last_error = COALESCE($8, last_error), "
      "last_error_at = CASE WHEN $8 IS NULL THEN last_error_at ELSE pg_catalog.clock_timestamp() END, attempts = 0, next_poll_at = NULL WHERE batch_id = $1",
      {batch_id, std::string(openai::to_string(remote.status)), remote.output_file_id, remote.error_file_id, static_cast<int>(remote.total),
       static_cast<int>(remote.completed), static_cast<int>(remote.failed), kept});
}

std::vector<std::optional<LineOwner>> line_owners(std::int64_t batch_id, const std::vector<std::string>& hashes) {
  std::vector<Bytes> bytes;
  for (const auto& hash : hashes) bytes.push_back({hash});
  // Each by its hash: a page of lines joined with the batch would read all of the batch for each page.
  const Rows rows = execute_generic(
      "SELECT u.n, r.graph_id, r.request_id, r.job_id, r.bad_answers, (SELECT (j.options ->> 'max_attempts')::int FROM kg_batch_internal.job j "
      "  WHERE j.graph_id = r.graph_id AND j.job_id = r.job_id), a.sha256 "
      "FROM unnest($2) WITH ORDINALITY AS u (hash, n) CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.request o "
      "  WHERE o.batch_id = $1 AND o.input_hash = u.hash OFFSET 0) r "
      "LEFT JOIN LATERAL (SELECT pg_catalog.sha256(pg_catalog.convert_to(a.body, 'UTF8')) AS sha256 FROM kg_batch_internal.answer a "
      " WHERE r.state = 'answered' AND a.graph_id = r.graph_id AND a.request_id = r.request_id AND a.body IS NOT NULL "
      " ORDER BY a.attempt DESC LIMIT 1) a ON true",
      {batch_id, bytes});
  std::vector<std::optional<LineOwner>> owners(hashes.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    owners.at(static_cast<std::size_t>(rows.integer(i, 0)) - 1) =
        LineOwner{rows.integer(i, 1), rows.integer(i, 2), rows.integer(i, 3), static_cast<int>(rows.integer(i, 4)),
                  static_cast<int>(rows.maybe_integer(i, 5).value_or(3)), rows.is_null(i, 6) ? std::nullopt : std::optional(rows.bytes(i, 6))};
  return owners;
}

void quarantine_line(std::int64_t batch_id, const std::string& reason, const std::string& body) {
  // A line of nobody's belongs to no graph in particular: it is kept with each
  // graph that has requests in the batch, the first of them.
  execute(
      "INSERT INTO kg_batch_internal.rejected (graph_id, job_id, source, item, reason, body) "
      "SELECT b.graph_id, b.job_id, 'batch line', 'batch ' || $1::text, $2, pg_catalog.left($3, 2000) "
      "FROM (SELECT graph_id, job_id FROM kg_batch_internal.batch_job WHERE batch_id = $1 ORDER BY graph_id, job_id LIMIT 1) b "
      "WHERE NOT EXISTS (SELECT FROM kg_batch_internal.rejected r WHERE r.graph_id = b.graph_id AND r.chunk_id IS NULL "
      " AND r.source = 'batch line' AND r.item = 'batch ' || $1::text AND r.reason = $2 AND r.body IS NOT DISTINCT FROM pg_catalog.left($3, 2000))",
      {batch_id, reason, body});
}

namespace {

// What a person cancelled is not asked again, unless somebody else waits for the same answer.
void withdraw_cancelled(std::int64_t batch_id) {
  const Rows open = execute(
      "SELECT r.graph_id, r.request_id FROM kg_batch_internal.request r "
      "JOIN kg_batch_internal.job j ON j.graph_id = r.graph_id AND j.job_id = r.job_id AND j.state = 'cancelled' "
      "WHERE r.batch_id = $1 AND r.state IN ('planned', 'asking')",
      {batch_id});
  if (open.empty()) return;
  const std::vector<std::int64_t> graphs = open.column(0), requests = open.column(1);
  lock_chunks_of(graphs, requests);
  lock_ledger_of(graphs, requests);
  const Rows rows = execute(
      "WITH gone AS MATERIALIZED (SELECT r.graph_id, r.request_id, r.job_id, r.reserved, r.reserved_day FROM kg_batch_internal.request r "
      "  JOIN kg_batch_internal.job j ON j.graph_id = r.graph_id AND j.job_id = r.job_id AND j.state = 'cancelled' "
      "  WHERE r.batch_id = $1 AND r.state IN ('planned', 'asking') AND NOT EXISTS (SELECT FROM kg_batch_internal.chunk c "
      "    JOIN kg_batch_internal.job k ON k.graph_id = c.graph_id AND k.job_id = c.job_id "
      "    WHERE c.graph_id = r.graph_id AND c.request_id = r.request_id AND c.state = 'asking' AND k.state <> 'cancelled')), "
      "released AS (UPDATE kg_batch_internal.job j SET reserved = j.reserved - g.total FROM (SELECT graph_id, job_id, pg_catalog.sum(reserved) AS total "
      "  FROM gone GROUP BY graph_id, job_id) g WHERE j.graph_id = g.graph_id AND j.job_id = g.job_id), "
      "day AS (UPDATE kg_batch_internal.spending s SET reserved = s.reserved - g.total FROM (SELECT reserved_day, pg_catalog.sum(reserved) AS total "
      "  FROM gone GROUP BY reserved_day) g WHERE s.day = g.reserved_day), "
      "chunks AS (UPDATE kg_batch_internal.chunk c SET state = 'cancelled' FROM gone g "
      "  WHERE c.graph_id = g.graph_id AND c.request_id = g.request_id AND c.state = 'asking'), "
      "requests AS (UPDATE kg_batch_internal.request r SET state = 'cancelled', reserved = 0, batch_id = NULL FROM gone g "
      "  WHERE r.graph_id = g.graph_id AND r.request_id = g.request_id) "
      "SELECT DISTINCT graph_id, job_id FROM gone",
      {batch_id});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    withdraw_cancelled_inquiries(rows.integer(i, 0), rows.integer(i, 1));
    withdraw_cancelled_windows(rows.integer(i, 0), rows.integer(i, 1));
  }
}

}  // namespace

int finish(std::int64_t batch_id, const std::string& state, const std::string& error, Rest rest, std::int64_t delay_ms) {
  std::optional<std::string> kept;
  if (!error.empty()) kept = error;
  execute(
      "UPDATE kg_batch_internal.batch SET state = $2, error = COALESCE($3, error), ended_at = pg_catalog.clock_timestamp(), "
      "last_error = COALESCE($3, last_error), last_error_at = CASE WHEN $3 IS NULL THEN last_error_at ELSE pg_catalog.clock_timestamp() END, "
      "answered = (SELECT pg_catalog.count(*) FROM kg_batch_internal.request r WHERE r.batch_id = $1 AND r.state = 'answered') WHERE batch_id = $1",
      {batch_id, state, kept});
  if (rest == Rest::failed) {
    const Rows open = execute(
        "SELECT r.graph_id, r.request_id FROM kg_batch_internal.request r WHERE r.batch_id = $1 AND r.state IN ('planned', 'asking')", {batch_id});
    const std::vector<std::int64_t> graphs = open.column(0), requests = open.column(1);
    lock_chunks_of(graphs, requests);
    lock_ledger_of(graphs, requests);
    const Rows failed = execute(
        "WITH open AS MATERIALIZED (SELECT graph_id, request_id, job_id, chunk_id, reserved, reserved_day FROM kg_batch_internal.request "
        "  WHERE batch_id = $1 AND state IN ('planned', 'asking')), "
        "released AS (UPDATE kg_batch_internal.job j SET reserved = j.reserved - o.total FROM (SELECT graph_id, job_id, pg_catalog.sum(reserved) AS total "
        "  FROM open GROUP BY graph_id, job_id) o WHERE j.graph_id = o.graph_id AND j.job_id = o.job_id), "
        "day AS (UPDATE kg_batch_internal.spending s SET reserved = s.reserved - o.total FROM (SELECT reserved_day, pg_catalog.sum(reserved) AS total "
        "  FROM open GROUP BY reserved_day) o WHERE s.day = o.reserved_day), "
        "chunks AS (UPDATE kg_batch_internal.chunk c SET state = 'failed', error = $2, error_at = pg_catalog.clock_timestamp() FROM open o "
        "  WHERE c.graph_id = o.graph_id AND c.request_id = o.request_id AND c.state = 'asking'), "
        "about_no_chunk AS (INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
        "  SELECT o.graph_id, 1, 8, 0, o.request_id, o.job_id FROM open o WHERE o.chunk_id IS NULL ON CONFLICT DO NOTHING) "
        "UPDATE kg_batch_internal.request r SET state = 'failed', error = $2, reserved = 0 FROM open o "
        "WHERE r.graph_id = o.graph_id AND r.request_id = o.request_id RETURNING 1",
        {batch_id, error});
    return static_cast<int>(failed.size());
  }
  withdraw_cancelled(batch_id);
  std::vector<std::string> modes;
  const Rows left = execute(
      "SELECT r.graph_id, r.request_id FROM kg_batch_internal.request r WHERE r.batch_id = $1 AND r.state IN ('planned', 'asking') "
      "ORDER BY r.graph_id, r.request_id FOR NO KEY UPDATE",
      {batch_id});
  const std::vector<std::int64_t> graphs = left.column(0), requests = left.column(1);
  if (rest == Rest::direct) lock_ledger_of(graphs, requests);
  // Twice as dear: what there is no money for goes by batch once more.
  for (std::size_t i = 0; i < requests.size(); ++i)
    modes.emplace_back(rest == Rest::direct && reserve_as(graphs[i], requests[i], "direct") ? "direct" : "batch");
  const Rows again = execute(
      "WITH open AS (UPDATE kg_batch_internal.request r SET state = 'planned', mode = u.mode, batch_id = NULL "
      "  FROM unnest($1, $2, $3) AS u (graph_id, request_id, mode) WHERE r.graph_id = u.graph_id AND r.request_id = u.request_id "
      "  RETURNING r.graph_id, r.request_id, r.job_id, r.mode, r.input_tokens) "
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id, due_at) "
      "SELECT o.graph_id, 2 + CASE WHEN j.state = 'paused' THEN 1000 ELSE 0 END, CASE o.mode WHEN 'direct' THEN 5 ELSE 4 END, o.input_tokens, o.request_id, o.job_id, "
      " CASE WHEN $4 > 0 THEN pg_catalog.now() + $4 * interval '1 millisecond' END FROM open o "
      "JOIN kg_batch_internal.job j ON j.graph_id = o.graph_id AND j.job_id = o.job_id ON CONFLICT DO NOTHING RETURNING 1",
      {graphs, requests, modes, delay_ms});
  return static_cast<int>(again.size());
}

int fail_lines(std::int64_t batch_id, const std::vector<std::string>& hashes, const std::vector<std::string>& errors) {
  std::vector<Bytes> bytes;
  for (const auto& hash : hashes) bytes.push_back({hash});
  const Rows bad = execute("SELECT graph_id, request_id FROM kg_batch_internal.request WHERE batch_id = $1 AND input_hash = ANY ($2)", {batch_id, bytes});
  const std::vector<std::int64_t> graphs = bad.column(0), requests = bad.column(1);
  lock_chunks_of(graphs, requests);
  lock_ledger_of(graphs, requests);
  const Rows rows = execute(
      "WITH bad AS (SELECT r.graph_id, r.request_id, pg_catalog.min(u.error) AS error FROM unnest($2, $3) AS u (hash, error) "
      "  CROSS JOIN LATERAL (SELECT o.graph_id, o.request_id FROM kg_batch_internal.request o WHERE o.batch_id = $1 AND o.input_hash = u.hash OFFSET 0) r "
      "  GROUP BY r.graph_id, r.request_id), "
      "chunks AS (UPDATE kg_batch_internal.chunk c SET state = 'failed', error = bad.error, error_at = pg_catalog.clock_timestamp() FROM bad "
      "  WHERE c.graph_id = bad.graph_id AND c.request_id = bad.request_id AND c.state = 'asking'), "
      "failed AS (UPDATE kg_batch_internal.request r SET state = 'failed', error = bad.error, batch_id = NULL FROM bad "
      "  WHERE r.graph_id = bad.graph_id AND r.request_id = bad.request_id AND r.state IN ('planned', 'asking') "
      "  RETURNING r.graph_id, r.request_id, r.job_id, r.chunk_id, r.reserved, r.reserved_day), "
      "about_no_chunk AS (INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "  SELECT f.graph_id, 1, 8, 0, f.request_id, f.job_id FROM failed f WHERE f.chunk_id IS NULL ON CONFLICT DO NOTHING), "
      "day AS (UPDATE kg_batch_internal.spending s SET reserved = s.reserved - f.total FROM (SELECT reserved_day, pg_catalog.sum(reserved) AS total "
      "  FROM failed GROUP BY reserved_day) f WHERE s.day = f.reserved_day), "
      "released AS (UPDATE kg_batch_internal.job j SET reserved = j.reserved - f.total FROM (SELECT graph_id, job_id, pg_catalog.sum(reserved) AS total "
      "  FROM failed GROUP BY graph_id, job_id) f WHERE j.graph_id = f.graph_id AND j.job_id = f.job_id) "
      "SELECT pg_catalog.count(*) FROM failed",
      {batch_id, bytes, errors});
  return static_cast<int>(rows.integer(0, 0));
}

void count_unanswered(std::int64_t batch_id) {
  execute("SELECT FROM kg_batch_internal.batch WHERE batch_id = $1 FOR NO KEY UPDATE", {batch_id});
  const Rows open = execute("SELECT graph_id, request_id FROM kg_batch_internal.request WHERE batch_id = $1 AND state = 'asking'", {batch_id});
  if (open.empty()) return;
  const std::vector<std::int64_t> graphs = open.column(0), requests = open.column(1);
  lock_chunks_of(graphs, requests);
  lock_ledger_of(graphs, requests);
  const Rows rows = execute(
      "UPDATE kg_batch_internal.request r SET bad_answers = r.bad_answers + 1 FROM kg_batch_internal.job j "
      "WHERE r.batch_id = $1 AND r.state = 'asking' AND j.graph_id = r.graph_id AND j.job_id = r.job_id "
      "RETURNING r.input_hash, r.bad_answers >= COALESCE((j.options ->> 'max_attempts')::int, 3)",
      {batch_id});
  std::vector<std::string> hashes, errors;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows.boolean(i, 1)) continue;
    hashes.push_back(rows.bytes(i, 0));
    errors.push_back("the API completed the batch without an answer that could be read, as often as max_attempts allows");
  }
  if (!hashes.empty()) fail_lines(batch_id, hashes, errors);
}

void pause_jobs_of_batch(std::int64_t batch_id, const std::string& reason) {
  const Rows rows = execute("SELECT graph_id, job_id FROM kg_batch_internal.batch_job WHERE batch_id = $1", {batch_id});
  for (std::size_t i = 0; i < rows.size(); ++i) pause_job(rows.integer(i, 0), rows.integer(i, 1), reason);
}

void note_activity(const char* event, std::optional<std::int64_t> batch_id, const std::string& detail) {
  execute("INSERT INTO kg_batch_internal.activity (event, batch_id, detail) VALUES ($1, $2, $3)", {event, batch_id, detail});
}

}  // namespace kg_batch::store
