#include "store/request.h"

#include "store/boundary.h"
#include "store/budget.h"
#include "store/inquiry.h"

#include "backend/bridge.h"
#include "backend/settings.h"
#include "backend/spi.h"
#include "store/job.h"

namespace kg_batch::store {

using backend::Bytes;
using backend::execute_generic;
using backend::Rows;

namespace {

struct Known {
  std::int64_t request_id = 0;
  std::string state;
  bool bodyless = false;  // no answer of it has its text any more
  int attempt = 0, bad_answers = 0;

  Planned outcome() const { return state == "answered" ? Planned::answered : Planned::wait; }
  bool serves() const { return state != "failed" && state != "cancelled" && (state != "answered" || !bodyless); }
};

std::map<std::string, Known> lock_by_hash(std::int64_t graph_id, const std::vector<Bytes>& hashes) {
  const Rows rows = execute_generic(
      "SELECT r.request_id, r.state, NOT EXISTS (SELECT FROM kg_batch_internal.answer a WHERE a.graph_id = $1 "
      " AND a.request_id = r.request_id AND a.body IS NOT NULL), r.attempt, r.bad_answers, r.input_hash "
      "FROM (SELECT x.request_id FROM (SELECT DISTINCT h AS input_hash FROM unnest($2) AS h) u "
      "  CROSS JOIN LATERAL (SELECT o.request_id FROM kg_batch_internal.request o WHERE o.graph_id = $1 AND o.input_hash = u.input_hash OFFSET 0) x "
      "  ORDER BY x.request_id OFFSET 0) u "
      "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.request o WHERE o.graph_id = $1 AND o.request_id = u.request_id FOR NO KEY UPDATE OFFSET 0) r",
      {graph_id, hashes});
  std::map<std::string, Known> known;
  std::vector<std::int64_t> without_text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Known& one = known.emplace(rows.bytes(i, 5), Known{rows.integer(i, 0), rows.text(i, 1), rows.boolean(i, 2), static_cast<int>(rows.integer(i, 3)),
                                                             static_cast<int>(rows.integer(i, 4))}).first->second;
    if (one.state == "answered" && one.bodyless) without_text.push_back(one.request_id);
  }
  if (without_text.empty()) return known;
  // Whose answer was stored while this waited for its row: the row is seen as it is now, the
  // answer only by another statement.
  const Rows stored = execute_generic(
      "SELECT a.request_id FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
      "JOIN kg_batch_internal.answer a ON a.graph_id = u.graph_id AND a.request_id = u.id AND a.body IS NOT NULL",
      {graph_id, without_text});
  std::set<std::int64_t> with_text;
  for (std::size_t i = 0; i < stored.size(); ++i) with_text.insert(stored.integer(i, 0));
  for (auto& [hash, one] : known)
    if (with_text.contains(one.request_id)) one.bodyless = false;
  return known;
}

// For all of a job together, and one by one where that is too much.
std::vector<bool> reserve_for(const std::vector<const Draft*>& drafts) {
  std::map<std::int64_t, double> sums;
  for (const Draft* draft : drafts) sums[draft->job_id] += draft->most_cost;
  std::map<std::int64_t, bool> together;
  for (const auto& [job_id, sum] : sums) together[job_id] = reserve_together(drafts.front()->graph_id, job_id, sum);
  std::vector<bool> reserved;
  for (const Draft* draft : drafts) reserved.push_back(together[draft->job_id] || reserve(draft->graph_id, draft->job_id, draft->most_cost));
  return reserved;
}

// Rows of drafts as arrays, in the order of their hashes: whoever plans the same
// questions at the same time waits in the same order.
struct DraftColumns {
  std::vector<std::int64_t> jobs, chunks, prompts, ids;
  std::vector<std::string> stages, models, modes;
  std::vector<Bytes> hashes;
  std::vector<int> inputs, outputs;
  std::vector<std::string> reserved;

  void add(const Draft& draft, std::int64_t request_id) {
    jobs.push_back(draft.job_id);
    chunks.push_back(draft.chunk_id);
    prompts.push_back(draft.prompt_id);
    ids.push_back(request_id);
    stages.push_back(draft.stage);
    models.push_back(draft.model);
    modes.push_back(draft.mode);
    hashes.push_back(Bytes{draft.input_hash});
    inputs.push_back(draft.input_tokens);
    outputs.push_back(draft.max_output);
    std::array<char, 40> text{};
    snprintf(text.data(), text.size(), "%.9f", draft.most_cost);
    reserved.emplace_back(text.data());
  }
};

}  // namespace

std::vector<PlanResult> plan_requests(std::int64_t graph_id, const std::vector<Draft>& drafts) {
  std::map<std::string, const Draft*> first;  // of each question, in the order of hashes
  std::vector<Bytes> hashes;
  for (const Draft& draft : drafts) {
    first.emplace(draft.input_hash, &draft);
    hashes.push_back(Bytes{draft.input_hash});
  }
  std::map<std::string, Known> known = lock_by_hash(graph_id, hashes);
  std::vector<const Draft*> to_send;
  for (const auto& [hash, draft] : first)
    if (const auto found = known.find(hash); found == known.end() || !found->second.serves()) to_send.push_back(draft);
  std::map<const Draft*, PlanResult> sent;
  if (!to_send.empty()) {
    const std::vector<bool> reserved = reserve_for(to_send);
    DraftColumns fresh, again;
    for (std::size_t i = 0; i < to_send.size(); ++i) {
      const Draft& draft = *to_send[i];
      if (!reserved[i]) {
        sent[&draft] = {Planned::no_budget, 0, 0, 0};
        continue;
      }
      const auto found = known.find(draft.input_hash);
      if (found == known.end()) {
        fresh.add(draft, 0);
      } else {
        again.add(draft, found->second.request_id);
        sent[&draft] = {Planned::send, found->second.request_id, found->second.attempt, found->second.bad_answers};
      }
    }
    if (!again.ids.empty())
      execute_generic(
          "UPDATE kg_batch_internal.request r SET state = 'planned', mode = u.mode, job_id = u.job_id, chunk_id = NULLIF(u.chunk_id, 0), "
          "batch_id = NULL, error = NULL, reserved = u.reserved::numeric, reserved_day = (pg_catalog.now() AT TIME ZONE 'UTC')::date "
          "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3, $4, $5, $6) AS o (request_id, mode, job_id, chunk_id, reserved) OFFSET 0) u "
          "WHERE r.graph_id = u.graph_id AND r.request_id = u.request_id",
          {graph_id, again.ids, again.modes, again.jobs, again.chunks, again.reserved});
    if (!fresh.ids.empty()) {
      const Rows made = execute_generic(
          "INSERT INTO kg_batch_internal.request (graph_id, job_id, chunk_id, stage, prompt_id, model, mode, state, input_hash, "
          " input_tokens, max_output, reserved, reserved_day) "
          "SELECT $1, u.job_id, NULLIF(u.chunk_id, 0), u.stage, u.prompt_id, u.model, u.mode, 'planned', u.hash, u.input, u.output, "
          " u.reserved::numeric, (pg_catalog.now() AT TIME ZONE 'UTC')::date "
          "FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
          " AS u (job_id, chunk_id, stage, prompt_id, model, mode, hash, input, output, reserved) "
          "ON CONFLICT (graph_id, input_hash) DO NOTHING RETURNING request_id, input_hash",
          {graph_id, fresh.jobs, fresh.chunks, fresh.stages, fresh.prompts, fresh.models, fresh.modes, fresh.hashes, fresh.inputs,
           fresh.outputs, fresh.reserved});
      for (std::size_t i = 0; i < made.size(); ++i) sent[first.at(made.bytes(i, 1))] = {Planned::send, made.integer(i, 0), 0, 0};
    }
    // What another pipeline planned meanwhile is not reserved for twice.
    std::vector<Bytes> lost;
    for (const Draft* draft : to_send) {
      if (sent.contains(draft)) continue;
      unreserve(graph_id, draft->job_id, draft->most_cost);
      lost.push_back(Bytes{draft->input_hash});
    }
    if (!lost.empty())
      for (auto& [hash, entry] : lock_by_hash(graph_id, lost)) known[hash] = std::move(entry);
  }
  std::vector<PlanResult> results;
  for (const Draft& draft : drafts) {
    const Draft* const one = first.at(draft.input_hash);
    if (const auto found = sent.find(one); found != sent.end()) {
      results.push_back(found->second);
      if (one != &draft && found->second.outcome == Planned::send) results.back().outcome = Planned::wait;
    } else if (const auto there = known.find(draft.input_hash); there != known.end()) {
      results.push_back({there->second.outcome(), there->second.request_id, there->second.attempt, there->second.bad_answers});
    } else {
      throw backend::Error(ERRCODE_T_R_SERIALIZATION_FAILURE, "a request vanished while it was planned");
    }
  }
  return results;
}

std::string stage_of_request(std::int64_t graph_id, std::int64_t request_id) {
  const Rows rows = execute_generic("SELECT stage FROM kg_batch_internal.request WHERE graph_id = $1 AND request_id = $2", {graph_id, request_id});
  return rows.empty() ? "" : rows.text(0, 0);
}

void lock_chunks_of(const std::vector<std::int64_t>& graphs, const std::vector<std::int64_t>& requests) {
  if (requests.empty()) return;
  execute_generic(
      "SELECT FROM (SELECT DISTINCT x.graph_id, x.chunk_id FROM unnest($1, $2) AS u (graph_id, request_id) CROSS JOIN LATERAL ("
      "   SELECT c.graph_id, c.chunk_id FROM kg_batch_internal.chunk c WHERE c.graph_id = u.graph_id AND c.request_id = u.request_id "
      "   UNION ALL SELECT r.graph_id, r.chunk_id FROM kg_batch_internal.request r WHERE r.graph_id = u.graph_id AND r.request_id = u.request_id "
      "    AND r.chunk_id > 0) x ORDER BY 1, 2 OFFSET 0) k "
      "CROSS JOIN LATERAL (SELECT FROM kg_batch_internal.chunk c WHERE c.graph_id = k.graph_id AND c.chunk_id = k.chunk_id FOR NO KEY UPDATE OFFSET 0) c",
      {graphs, requests});
}

void lock_requests(const std::vector<std::int64_t>& graphs, const std::vector<std::int64_t>& requests) {
  if (requests.empty()) return;
  execute_generic(
      "SELECT FROM (SELECT DISTINCT o.graph_id, o.request_id FROM unnest($1, $2) AS o (graph_id, request_id) ORDER BY 1, 2 OFFSET 0) u "
      "CROSS JOIN LATERAL (SELECT FROM kg_batch_internal.request o WHERE o.graph_id = u.graph_id AND o.request_id = u.request_id FOR NO KEY UPDATE OFFSET 0) r",
      {graphs, requests});
}

std::optional<Request> lock_request(std::int64_t graph_id, std::int64_t request_id) {
  const Rows rows = execute_generic(
      "SELECT job_id, chunk_id, prompt_id, stage, model, mode, state, input_hash, attempt, bad_answers, input_tokens, max_output "
      "FROM kg_batch_internal.request WHERE graph_id = $1 AND request_id = $2 FOR NO KEY UPDATE",
      {graph_id, request_id});
  if (rows.empty()) return std::nullopt;
  Request request;
  request.graph_id = graph_id;
  request.request_id = request_id;
  request.job_id = rows.integer(0, 0);
  request.chunk_id = rows.integer(0, 1);
  request.prompt_id = rows.integer(0, 2);
  request.stage = rows.text(0, 3);
  request.model = rows.text(0, 4);
  request.mode = rows.text(0, 5);
  request.state = rows.text(0, 6);
  request.input_hash = rows.bytes(0, 7);
  request.attempt = static_cast<int>(rows.integer(0, 8));
  request.bad_answers = static_cast<int>(rows.integer(0, 9));
  request.input_tokens = static_cast<int>(rows.integer(0, 10));
  request.max_output = static_cast<int>(rows.integer(0, 11));
  return request;
}

namespace {

struct Ids {
  explicit Ids(const std::vector<const Request*>& requests) {
    for (const Request* request : requests) {
      graphs.push_back(request->graph_id);
      ids.push_back(request->request_id);
    }
  }
  std::vector<std::int64_t> graphs, ids;
};

}  // namespace

void mark_in_flight(const std::vector<const Request*>& requests, std::int64_t worker_id) {
  if (requests.empty()) return;
  const Ids of(requests);
  lock_requests(of.graphs, of.ids);
  execute_generic(
      "UPDATE kg_batch_internal.request r SET state = 'asking', mode = 'direct', attempt = r.attempt + 1, "
      "sent_at = pg_catalog.clock_timestamp(), worker_id = $3, batch_id = NULL "
      "FROM unnest($1, $2) AS u (graph_id, request_id) WHERE r.graph_id = u.graph_id AND r.request_id = u.request_id",
      {of.graphs, of.ids, worker_id});
}

void unmark_in_flight(const std::vector<const Request*>& requests) {
  if (requests.empty()) return;
  const Ids of(requests);
  lock_requests(of.graphs, of.ids);
  execute_generic(
      "UPDATE kg_batch_internal.request r SET state = 'planned', attempt = r.attempt - 1, worker_id = NULL "
      "FROM unnest($1, $2) AS u (graph_id, request_id) "
      "WHERE r.graph_id = u.graph_id AND r.request_id = u.request_id AND r.state = 'asking'",
      {of.graphs, of.ids});
}

void plan_anew(std::int64_t graph_id, std::int64_t request_id, const std::string& why) {
  lock_chunks_of({graph_id}, {request_id});
  lock_ledger_of({graph_id}, {request_id});
  execute_generic(
      "WITH old AS (SELECT job_id, reserved, reserved_day FROM kg_batch_internal.request WHERE graph_id = $1 AND request_id = $2), "
      "released AS (UPDATE kg_batch_internal.job j SET reserved = j.reserved - old.reserved FROM old "
      " WHERE j.graph_id = $1 AND j.job_id = old.job_id), "
      "day AS (UPDATE kg_batch_internal.spending s SET reserved = s.reserved - old.reserved FROM old WHERE s.day = old.reserved_day) "
      "UPDATE kg_batch_internal.request SET state = 'failed', error = $3, reserved = 0, worker_id = NULL, batch_id = NULL "
      "WHERE graph_id = $1 AND request_id = $2",
      {graph_id, request_id, why});
  execute_generic(
      "WITH again AS (UPDATE kg_batch_internal.chunk SET state = 'ready', request_id = NULL "
      " WHERE graph_id = $1 AND request_id = $2 AND state = 'asking' RETURNING chunk_id, tokens, job_id) "
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT $1, 2, 3, tokens, chunk_id, job_id FROM again ON CONFLICT DO NOTHING",
      {graph_id, request_id});
  const Rows job = execute_generic("SELECT job_id FROM kg_batch_internal.request WHERE graph_id = $1 AND request_id = $2", {graph_id, request_id});
  if (!job.empty()) withdraw_inquiry(graph_id, job.integer(0, 0), request_id);
  withdraw_windows(graph_id, request_id);
}

StoredAnswers store_answers(const std::vector<Answer>& answers) {
  StoredAnswers result;
  if (answers.empty()) return result;
  std::vector<std::int64_t> graphs, requests;
  std::vector<int> statuses;
  std::vector<std::string> modes, outcomes, nexts;
  std::vector<bool> bad, perhaps;
  std::vector<std::optional<std::string>> models, remote_ids, bodies, errors;
  std::vector<std::optional<std::int64_t>> inputs, cached, writes, outputs, reasoning, latencies;
  std::set<std::pair<std::int64_t, std::int64_t>> once;
  for (const Answer& answer : answers) {
    if (!once.insert({answer.graph_id, answer.request_id}).second) continue;  // the first one wins
    graphs.push_back(answer.graph_id);
    requests.push_back(answer.request_id);
    modes.push_back(answer.mode);
    statuses.push_back(static_cast<int>(answer.status));
    outcomes.push_back(answer.outcome);
    nexts.push_back(answer.next == Next::answered ? "answered" : answer.next == Next::again ? "planned" : "failed");
    bad.push_back(answer.counts_as_bad);
    perhaps.push_back(answer.perhaps_billed);
    models.push_back(answer.model);
    remote_ids.push_back(answer.remote_request_id.empty() ? std::nullopt : std::optional(answer.remote_request_id));
    bodies.push_back(answer.body);
    errors.push_back(answer.error);
    const openai::Usage usage = answer.usage.value_or(openai::Usage{});
    auto tokens = [&](std::int64_t value) { return answer.usage ? std::optional(value) : std::nullopt; };
    inputs.push_back(tokens(usage.input_tokens));
    cached.push_back(tokens(usage.cached_tokens));
    writes.push_back(tokens(usage.cache_write_tokens));
    outputs.push_back(tokens(usage.output_tokens));
    reasoning.push_back(tokens(usage.reasoning_tokens));
    latencies.push_back(answer.latency_ms);
  }
  // What fails takes its chunks along, and what is lost may have to be planned anew.
  std::vector<std::int64_t> failing_graphs, failing_requests;
  for (std::size_t i = 0; i < nexts.size(); ++i) {
    if (nexts[i] != "failed" && !perhaps[i]) continue;
    failing_graphs.push_back(graphs[i]);
    failing_requests.push_back(requests[i]);
  }
  lock_chunks_of(failing_graphs, failing_requests);
  lock_ledger_of(graphs, requests);
  const bool histogram = backend::settings::enable_performance_monitoring();
  const Rows stored = execute_generic(
      "WITH given AS (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) AS "
      "  u (graph_id, request_id, mode, status, outcome, next, bad, perhaps, model, remote_id, body, error, input, cached, written, "
      "   output, reasoning, latency_ms)), "
      "priced AS MATERIALIZED (SELECT g.*, r.attempt, r.stage, r.job_id, r.batch_id, r.reserved, r.reserved_day, r.sent_at, COALESCE(g.model, r.model) AS used_model, "
      // What it asked about was forgotten meanwhile, and nobody else asks the same.
      "   r.chunk_id IS DISTINCT FROM 0 OR EXISTS (SELECT FROM kg_batch_internal.chunk c WHERE c.graph_id = r.graph_id AND c.request_id = r.request_id) AS kept, "
      "   CASE WHEN g.perhaps THEN NULL WHEN g.input IS NULL AND g.outcome <> 'error' THEN r.reserved WHEN g.input IS NULL THEN 0 ELSE kg_batch_internal.cost(COALESCE(g.model, r.model), "
      "     pg_catalog.now(), g.mode, g.input, g.cached, g.written, g.output) END AS cost, "
      "   CASE WHEN g.input IS NULL THEN 0 ELSE kg_batch_internal.cost(COALESCE(g.model, r.model), pg_catalog.now(), 'direct', g.input, "
      "     g.cached, g.written, g.output) END AS direct_cost "
      "  FROM given g JOIN kg_batch_internal.request r ON r.graph_id = g.graph_id AND r.request_id = g.request_id "
      "  WHERE r.state IN ('planned', 'asking')), "
      "stored AS (INSERT INTO kg_batch_internal.answer (graph_id, request_id, attempt, mode, status, outcome, model, input_tokens, "
      "   cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, latency_ms, remote_request_id, body, error) "
      "  SELECT graph_id, request_id, attempt, mode, status, CASE WHEN perhaps THEN 'lost' ELSE outcome END, used_model, COALESCE(input, 0), "
      "   COALESCE(cached, 0), COALESCE(written, 0), COALESCE(output, 0), COALESCE(reasoning, 0), "
      "   CASE WHEN perhaps THEN reserved ELSE cost END, latency_ms, remote_id, CASE WHEN kept THEN body END, CASE WHEN kept THEN error END "
      "  FROM priced "
      "  ON CONFLICT (graph_id, request_id, attempt) DO NOTHING RETURNING graph_id, request_id), "
      // Not joined: the planner takes both for a row or two, and would compare all with all.
      "counted AS MATERIALIZED (SELECT p.* FROM priced p WHERE ((p.graph_id, p.request_id) IN (SELECT s.graph_id, s.request_id FROM stored s)) IS TRUE), "
      "used AS (INSERT INTO kg_batch_internal.usage AS u (day, graph_id, job_id, stage, model, mode, requests, lost, input_tokens, "
      "   cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, lost_cost, direct_cost, unpriced, latency_histogram) "
      "  SELECT (pg_catalog.now() AT TIME ZONE 'UTC')::date, graph_id, job_id, stage, used_model, mode, pg_catalog.count(*), "
      "   pg_catalog.count(*) FILTER (WHERE perhaps), "
      "   COALESCE(pg_catalog.sum(input), 0), COALESCE(pg_catalog.sum(cached), 0), COALESCE(pg_catalog.sum(written), 0), "
      "   COALESCE(pg_catalog.sum(output), 0), COALESCE(pg_catalog.sum(reasoning), 0), COALESCE(pg_catalog.sum(cost), 0), "
      "   COALESCE(pg_catalog.sum(reserved) FILTER (WHERE perhaps), 0), COALESCE(pg_catalog.sum(direct_cost), 0), "
      "   pg_catalog.count(*) FILTER (WHERE cost IS NULL AND NOT perhaps), "
      "   CASE WHEN $19 THEN kg_batch_internal.histogram(pg_catalog.array_agg(latency_ms)) ELSE '{}' END "
      "  FROM counted GROUP BY graph_id, job_id, stage, used_model, mode "
      "  ON CONFLICT (day, graph_id, job_id, stage, model, mode) DO UPDATE SET requests = u.requests + EXCLUDED.requests, "
      "   lost = u.lost + EXCLUDED.lost, input_tokens = u.input_tokens + EXCLUDED.input_tokens, "
      "   cached_tokens = u.cached_tokens + EXCLUDED.cached_tokens, cache_write_tokens = u.cache_write_tokens + EXCLUDED.cache_write_tokens, "
      "   output_tokens = u.output_tokens + EXCLUDED.output_tokens, reasoning_tokens = u.reasoning_tokens + EXCLUDED.reasoning_tokens, "
      "   cost = u.cost + EXCLUDED.cost, lost_cost = u.lost_cost + EXCLUDED.lost_cost, direct_cost = u.direct_cost + EXCLUDED.direct_cost, "
      "   unpriced = u.unpriced + EXCLUDED.unpriced, "
      "   latency_histogram = kg_batch_internal.add_histograms(u.latency_histogram, EXCLUDED.latency_histogram)), "
      // Nobody but the batch manager does this, so nobody waits for these rows.
      "batches AS (UPDATE kg_batch_internal.batch_job m SET answered = m.answered + c.answered, "
      "   cost = CASE WHEN c.cost IS NULL THEN m.cost ELSE COALESCE(m.cost, 0) + c.cost END "
      "  FROM (SELECT batch_id, graph_id, job_id, pg_catalog.count(*) FILTER (WHERE next = 'answered') AS answered, pg_catalog.sum(cost) AS cost "
      "   FROM counted WHERE mode = 'batch' AND batch_id IS NOT NULL GROUP BY batch_id, graph_id, job_id) c "
      "  WHERE m.batch_id = c.batch_id AND m.graph_id = c.graph_id AND m.job_id = c.job_id), "
      "paced AS (INSERT INTO kg_batch_internal.answer_minute AS m (graph_id, minute, stage, mode, requests, answered, input_tokens, cached_tokens, "
      "   output_tokens, reasoning_tokens, latency_histogram) "
      "  SELECT graph_id, pg_catalog.date_trunc('minute', pg_catalog.clock_timestamp()), stage, mode, pg_catalog.count(*), "
      "   pg_catalog.count(*) FILTER (WHERE outcome = 'answered'), COALESCE(pg_catalog.sum(input), 0), COALESCE(pg_catalog.sum(cached), 0), "
      "   COALESCE(pg_catalog.sum(output), 0), COALESCE(pg_catalog.sum(reasoning), 0), "
      // By batch from when it was sent until it is here.
      "   kg_batch_internal.histogram(pg_catalog.array_agg(CASE WHEN mode = 'batch' THEN "
      "    (EXTRACT(epoch FROM pg_catalog.clock_timestamp() - sent_at) * 1000)::bigint ELSE latency_ms END)) "
      "  FROM counted WHERE $19 GROUP BY graph_id, 2, stage, mode ORDER BY graph_id, stage, mode "
      "  ON CONFLICT (graph_id, minute, stage, mode) DO UPDATE SET requests = m.requests + EXCLUDED.requests, "
      "   answered = m.answered + EXCLUDED.answered, input_tokens = m.input_tokens + EXCLUDED.input_tokens, "
      "   cached_tokens = m.cached_tokens + EXCLUDED.cached_tokens, output_tokens = m.output_tokens + EXCLUDED.output_tokens, "
      "   reasoning_tokens = m.reasoning_tokens + EXCLUDED.reasoning_tokens, "
      "   latency_histogram = kg_batch_internal.add_histograms(m.latency_histogram, EXCLUDED.latency_histogram)), "
      // What is lost is spent: only so is a budget not exceeded, whatever came of it.
      "money AS (SELECT graph_id, job_id, pg_catalog.sum(CASE WHEN perhaps THEN reserved ELSE COALESCE(cost, 0) END) AS cost, "
      "   pg_catalog.sum(CASE WHEN next = 'planned' AND NOT perhaps THEN 0 ELSE reserved END) AS released FROM counted GROUP BY graph_id, job_id), "
      "jobs AS (UPDATE kg_batch_internal.job j SET spent = j.spent + m.cost, reserved = j.reserved - m.released FROM money m "
      "  WHERE j.graph_id = m.graph_id AND j.job_id = m.job_id), "
      "spent_today AS (INSERT INTO kg_batch_internal.spending AS s (day, spent) "
      "  SELECT (pg_catalog.now() AT TIME ZONE 'UTC')::date, pg_catalog.sum(cost) FROM money HAVING pg_catalog.count(*) > 0 "
      "  ON CONFLICT (day) DO UPDATE SET spent = s.spent + EXCLUDED.spent, reserved = s.reserved - "
      "   (SELECT COALESCE(pg_catalog.sum(c.reserved), 0) FROM counted c WHERE (c.next <> 'planned' OR c.perhaps) AND c.reserved_day = s.day)), "
      // Asked before midnight, answered after it.
      "other_days AS (UPDATE kg_batch_internal.spending s SET reserved = s.reserved - u.total FROM (SELECT c.reserved_day, pg_catalog.sum(c.reserved) AS total "
      "   FROM counted c WHERE (c.next <> 'planned' OR c.perhaps) AND c.reserved_day <> (pg_catalog.now() AT TIME ZONE 'UTC')::date GROUP BY c.reserved_day) u "
      "  WHERE s.day = u.reserved_day), "
      "requests AS (UPDATE kg_batch_internal.request r SET state = c.next, error = CASE WHEN c.kept THEN c.error END, worker_id = NULL, "
      "   answered_at = CASE WHEN c.next = 'answered' THEN pg_catalog.clock_timestamp() END, "
      "   bad_answers = r.bad_answers + c.bad::int, reserved = CASE WHEN c.next = 'planned' AND NOT c.perhaps THEN r.reserved ELSE 0 END "
      "  FROM counted c WHERE r.graph_id = c.graph_id AND r.request_id = c.request_id) "
      "SELECT graph_id, request_id, next, error, perhaps, mode FROM counted",
      {graphs, requests, modes, statuses, outcomes, nexts, bad, perhaps, models, remote_ids, bodies, errors, inputs, cached, writes,
       outputs, reasoning, latencies, histogram});
  result.stored = static_cast<int>(stored.size());
  std::vector<std::int64_t> answered_graphs, answered_requests, failed_graphs, failed_requests;
  std::vector<std::string> failures;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (stored.text(i, 2) == "answered") {
      answered_graphs.push_back(stored.integer(i, 0));
      answered_requests.push_back(stored.integer(i, 1));
    } else if (stored.text(i, 2) == "failed") {
      failed_graphs.push_back(stored.integer(i, 0));
      failed_requests.push_back(stored.integer(i, 1));
      failures.push_back(stored.text(i, 3));
    } else if (stored.boolean(i, 4) && !reserve_as(stored.integer(i, 0), stored.integer(i, 1), stored.text(i, 5))) {
      plan_anew(stored.integer(i, 0), stored.integer(i, 1), lost_its_money);
      result.planned_anew.insert(stored.integer(i, 1));
    }
  }
  if (!answered_graphs.empty()) {
    const Rows chunks = execute_generic(
        // By the request, row by row: the index of what is being asked has all that is out.
        "SELECT c.graph_id, c.chunk_id, c.tokens, c.job_id FROM unnest($1, $2) AS u (graph_id, request_id) CROSS JOIN LATERAL ("
        " SELECT o.graph_id, o.chunk_id, o.tokens, o.job_id, o.state FROM kg_batch_internal.chunk o "
        " WHERE o.graph_id = u.graph_id AND o.request_id = u.request_id OFFSET 0) c WHERE c.state = 'asking'",
        {answered_graphs, answered_requests});
    for (std::size_t i = 0; i < chunks.size(); ++i)
      result.to_read.push_back({chunks.integer(i, 0), Work::read, chunks.integer(i, 1), 1, static_cast<int>(chunks.integer(i, 2)),
                                chunks.integer(i, 3)});
  }
  // Those about the graph are read whether they were answered or failed: what they
  // ask about has no state of its own that could say so.
  std::vector<std::int64_t> ended_graphs = answered_graphs, ended_requests = answered_requests;
  ended_graphs.insert(ended_graphs.end(), failed_graphs.begin(), failed_graphs.end());
  ended_requests.insert(ended_requests.end(), failed_requests.begin(), failed_requests.end());
  if (!ended_graphs.empty()) {
    const Rows about_graph = execute_generic(
        "SELECT r.graph_id, r.request_id, r.job_id FROM unnest($1, $2) AS u (graph_id, request_id) "
        "JOIN kg_batch_internal.request r ON r.graph_id = u.graph_id AND r.request_id = u.request_id WHERE r.chunk_id IS NULL",
        {ended_graphs, ended_requests});
    for (std::size_t i = 0; i < about_graph.size(); ++i)
      result.to_read.push_back({about_graph.integer(i, 0), Work::conclude, about_graph.integer(i, 1), 1, 0, about_graph.integer(i, 2)});
  }
  if (!failed_graphs.empty())
    execute_generic(
        "UPDATE kg_batch_internal.chunk c SET state = 'failed', error = u.error, error_at = pg_catalog.clock_timestamp() "
        "FROM unnest($1, $2, $3) AS u (graph_id, request_id, error) "
        "WHERE c.graph_id = u.graph_id AND c.request_id = u.request_id AND c.state = 'asking'",
        {failed_graphs, failed_requests, failures});
  return result;
}

void unpark_some(int most) {
  execute_generic(
      "UPDATE kg_batch_internal.ready r SET priority = r.priority - 1000 FROM ("
      " SELECT p.graph_id, p.kind, p.chunk_id FROM kg_batch_internal.job j CROSS JOIN LATERAL ("
      "  SELECT graph_id, kind, chunk_id FROM kg_batch_internal.ready x WHERE x.job_id = j.job_id AND x.priority >= 1000 "
      "  ORDER BY x.priority LIMIT $1 FOR UPDATE SKIP LOCKED) p WHERE j.state = 'running' AND j.waits_for_budget) s "
      "WHERE r.graph_id = s.graph_id AND r.kind = s.kind AND r.chunk_id = s.chunk_id",
      {most});
}

std::string error_of(std::int64_t graph_id, std::int64_t request_id) {
  const Rows rows = execute_generic("SELECT COALESCE(error, 'failed') FROM kg_batch_internal.request WHERE graph_id = $1 AND request_id = $2",
                                    {graph_id, request_id});
  return rows.empty() ? "failed" : rows.text(0, 0);
}

std::vector<StoredAnswer> newest_answers(std::int64_t graph_id, const std::vector<std::int64_t>& request_ids) {
  const Rows rows = execute_generic(
      "SELECT a.request_id, a.attempt, r.stage, a.outcome, COALESCE(a.body, '') "
      "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2) WITH ORDINALITY AS o (request_id, n) OFFSET 0) u "
      "JOIN kg_batch_internal.request r ON r.graph_id = u.graph_id AND r.request_id = u.request_id "
      "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.answer a WHERE a.graph_id = $1 AND a.request_id = u.request_id "
      " AND a.outcome IN ('answered', 'refused', 'length', 'content_filter', 'empty') ORDER BY a.attempt DESC LIMIT 1) a ORDER BY u.n",
      {graph_id, request_ids});
  std::vector<StoredAnswer> answers;
  for (std::size_t i = 0; i < rows.size(); ++i)
    answers.push_back({rows.integer(i, 0), static_cast<int>(rows.integer(i, 1)), rows.text(i, 2), rows.text(i, 3), rows.text(i, 4)});
  return answers;
}

int cut_old_answers(int seconds, int limit) {
  const Rows rows = execute_generic(
      "UPDATE kg_batch_internal.answer a SET body = NULL FROM (SELECT o.graph_id, o.request_id, o.attempt FROM kg_batch_internal.answer o "
      "  WHERE o.body IS NOT NULL AND o.received_at < pg_catalog.now() - $1 * interval '1 second' AND NOT EXISTS (SELECT FROM kg_batch_internal.chunk c "
      "   WHERE c.graph_id = o.graph_id AND c.request_id = o.request_id AND NOT c.folded) AND NOT EXISTS (SELECT FROM kg_batch_internal.request r "
      "   JOIN kg_batch_internal.chunk c ON c.graph_id = r.graph_id AND c.chunk_id = r.chunk_id WHERE r.graph_id = o.graph_id "
      "   AND r.request_id = o.request_id AND NOT c.folded AND r.request_id = ANY (c.answered_requests)) "
      "   AND NOT EXISTS (SELECT FROM kg_batch_internal.inquiry q WHERE q.graph_id = o.graph_id AND q.request_id = o.request_id) "
      "   AND NOT EXISTS (SELECT FROM kg_batch_internal.boundary_window w WHERE w.graph_id = o.graph_id AND w.request_id = o.request_id AND w.waits) "
      "   LIMIT $2) old "
      "WHERE a.graph_id = old.graph_id AND a.request_id = old.request_id AND a.attempt = old.attempt RETURNING 1",
      {seconds, limit});
  return static_cast<int>(rows.size());
}

bool reject_answer(std::int64_t graph_id, std::int64_t request_id, const std::string& reason, int max_attempts) {
  const Rows rows = execute_generic(
      "UPDATE kg_batch_internal.request SET bad_answers = bad_answers + 1, error = $3, state = 'failed' "
      "WHERE graph_id = $1 AND request_id = $2 RETURNING bad_answers",
      {graph_id, request_id, reason});
  return !rows.empty() && rows.integer(0, 0) < max_attempts;
}

}  // namespace kg_batch::store
