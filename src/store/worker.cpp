#include "store/worker.h"

#include "backend/bridge.h"
#include "backend/spi.h"

namespace kg_batch::store {

using backend::execute_generic;

std::int64_t add_worker_row(const std::string& kind) {
  // Names of workers that are gone are of use for a while, not for ever.
  execute_generic("DELETE FROM kg_batch_internal.worker WHERE ended_at < pg_catalog.now() - interval '7 days'");
  return execute_generic("INSERT INTO kg_batch_internal.worker (kind, pid) VALUES ($1, pg_catalog.pg_backend_pid()) RETURNING worker_id", {kind})
      .integer(0, 0);
}

void count_work(std::int64_t worker_id, std::int64_t chunks_done, std::int64_t chunks_failed, std::int64_t requests, std::int64_t nodes,
                std::int64_t edges) {
  execute_generic(
      "UPDATE kg_batch_internal.worker SET chunks_done = chunks_done + $2, chunks_failed = chunks_failed + $3, requests = requests + $4, "
      "nodes = nodes + $5, edges = edges + $6 WHERE worker_id = $1",
      {worker_id, chunks_done, chunks_failed, requests, nodes, edges});
}

void count_minute(std::int64_t worker_id, std::int64_t chunks_done, std::int64_t chunks_failed, std::int64_t requests, std::int64_t nodes,
                  std::int64_t edges, const std::vector<std::int64_t>& spent_ms) {
  execute_generic(
      "INSERT INTO kg_batch_internal.work_minute AS w (worker_id, minute, chunks_done, chunks_failed, requests, nodes, edges, "
      " idle_ms, waiting_ms, cutting_ms, asking_ms, storing_ms, reading_ms, folding_ms, busy_ms) "
      "VALUES ($1, pg_catalog.date_trunc('minute', pg_catalog.clock_timestamp()), $2, $3, $4, $5, $6, "
      " ($7::bigint[])[1], ($7::bigint[])[2], ($7::bigint[])[3], ($7::bigint[])[4], ($7::bigint[])[5], ($7::bigint[])[6], ($7::bigint[])[7], ($7::bigint[])[8]) "
      "ON CONFLICT (worker_id, minute) DO UPDATE SET chunks_done = w.chunks_done + EXCLUDED.chunks_done, "
      " chunks_failed = w.chunks_failed + EXCLUDED.chunks_failed, requests = w.requests + EXCLUDED.requests, nodes = w.nodes + EXCLUDED.nodes, "
      " edges = w.edges + EXCLUDED.edges, idle_ms = w.idle_ms + EXCLUDED.idle_ms, waiting_ms = w.waiting_ms + EXCLUDED.waiting_ms, "
      " cutting_ms = w.cutting_ms + EXCLUDED.cutting_ms, asking_ms = w.asking_ms + EXCLUDED.asking_ms, storing_ms = w.storing_ms + EXCLUDED.storing_ms, "
      " reading_ms = w.reading_ms + EXCLUDED.reading_ms, folding_ms = w.folding_ms + EXCLUDED.folding_ms, busy_ms = w.busy_ms + EXCLUDED.busy_ms",
      {worker_id, chunks_done, chunks_failed, requests, nodes, edges, spent_ms});
}

void sum_up_minutes() {
  execute_generic(
      "WITH old AS (DELETE FROM kg_batch_internal.work_minute w WHERE w.minute < pg_catalog.clock_timestamp() - interval '62 minutes' AND w.minute > '-infinity' "
      "  OR w.worker_id <> 0 AND w.minute = '-infinity' AND NOT EXISTS (SELECT FROM kg_batch_internal.worker x WHERE x.worker_id = w.worker_id AND x.ended_at IS NULL) "
      "  RETURNING w.*, EXISTS (SELECT FROM kg_batch_internal.worker x WHERE x.worker_id = w.worker_id AND x.ended_at IS NULL) AS lives) "
      "INSERT INTO kg_batch_internal.work_minute AS w (worker_id, minute, minutes, chunks_done, chunks_failed, requests, nodes, edges, "
      " idle_ms, waiting_ms, cutting_ms, asking_ms, storing_ms, reading_ms, folding_ms, busy_ms) "
      "SELECT CASE WHEN lives THEN worker_id ELSE 0 END, '-infinity', pg_catalog.sum(minutes), pg_catalog.sum(chunks_done), pg_catalog.sum(chunks_failed), "
      " pg_catalog.sum(requests), pg_catalog.sum(nodes), pg_catalog.sum(edges), pg_catalog.sum(idle_ms), pg_catalog.sum(waiting_ms), pg_catalog.sum(cutting_ms), "
      " pg_catalog.sum(asking_ms), pg_catalog.sum(storing_ms), pg_catalog.sum(reading_ms), pg_catalog.sum(folding_ms), pg_catalog.sum(busy_ms) "
      "FROM old GROUP BY 1 "
      "ON CONFLICT (worker_id, minute) DO UPDATE SET minutes = w.minutes + EXCLUDED.minutes, chunks_done = w.chunks_done + EXCLUDED.chunks_done, "
      " chunks_failed = w.chunks_failed + EXCLUDED.chunks_failed, requests = w.requests + EXCLUDED.requests, nodes = w.nodes + EXCLUDED.nodes, "
      " edges = w.edges + EXCLUDED.edges, idle_ms = w.idle_ms + EXCLUDED.idle_ms, waiting_ms = w.waiting_ms + EXCLUDED.waiting_ms, "
      " cutting_ms = w.cutting_ms + EXCLUDED.cutting_ms, asking_ms = w.asking_ms + EXCLUDED.asking_ms, storing_ms = w.storing_ms + EXCLUDED.storing_ms, "
      " reading_ms = w.reading_ms + EXCLUDED.reading_ms, folding_ms = w.folding_ms + EXCLUDED.folding_ms, busy_ms = w.busy_ms + EXCLUDED.busy_ms");
  execute_generic(
      "WITH old AS (DELETE FROM kg_batch_internal.answer_minute m WHERE m.minute < pg_catalog.clock_timestamp() - interval '62 minutes' AND m.minute > '-infinity' "
      "  RETURNING m.*) "
      "INSERT INTO kg_batch_internal.answer_minute AS m (graph_id, minute, stage, mode, minutes, requests, answered, input_tokens, cached_tokens, output_tokens, "
      " reasoning_tokens, latency_histogram) "
      "SELECT graph_id, '-infinity', stage, mode, pg_catalog.sum(minutes), pg_catalog.sum(requests), pg_catalog.sum(answered), pg_catalog.sum(input_tokens), "
      " pg_catalog.sum(cached_tokens), pg_catalog.sum(output_tokens), pg_catalog.sum(reasoning_tokens),  "
      " COALESCE((SELECT pg_catalog.array_agg(h.n ORDER BY h.i) FROM (SELECT u.i, pg_catalog.sum(u.n)::bigint AS n FROM old x "
      "  CROSS JOIN LATERAL unnest(x.latency_histogram) WITH ORDINALITY AS u (n, i) "
      "  WHERE x.graph_id = o.graph_id AND x.stage = o.stage AND x.mode = o.mode GROUP BY u.i) h), '{}') "
      "FROM old o GROUP BY graph_id, stage, mode "
      "ON CONFLICT (graph_id, minute, stage, mode) DO UPDATE SET minutes = m.minutes + EXCLUDED.minutes, requests = m.requests + EXCLUDED.requests, "
      " answered = m.answered + EXCLUDED.answered, input_tokens = m.input_tokens + EXCLUDED.input_tokens, cached_tokens = m.cached_tokens + EXCLUDED.cached_tokens, "
      " output_tokens = m.output_tokens + EXCLUDED.output_tokens, reasoning_tokens = m.reasoning_tokens + EXCLUDED.reasoning_tokens, "
      " latency_histogram = kg_batch_internal.add_histograms(m.latency_histogram, EXCLUDED.latency_histogram)");
}

void reset_performance() {
  // Row by row it could meet those who write minutes.
  execute_generic("LOCK TABLE kg_batch_internal.work_minute, kg_batch_internal.answer_minute IN SHARE ROW EXCLUSIVE MODE");
  execute_generic("DELETE FROM kg_batch_internal.work_minute");
  execute_generic("DELETE FROM kg_batch_internal.answer_minute");
}

void end_worker_row(std::int64_t worker_id) {
  execute_generic("UPDATE kg_batch_internal.worker SET ended_at = pg_catalog.now() WHERE worker_id = $1 AND ended_at IS NULL", {worker_id});
}

void note_worker_error(std::int64_t worker_id, const std::string& error) {
  execute_generic("UPDATE kg_batch_internal.worker SET last_error = $2 WHERE worker_id = $1", {worker_id, error});
}

void sample_progress() {
  execute_generic("DELETE FROM kg_batch_internal.progress_sample WHERE at < pg_catalog.now() - interval '15 minutes'");
  execute_generic(
      "INSERT INTO kg_batch_internal.progress_sample (graph_id, job_id, done, total) "
      "SELECT n.graph_id, n.job_id, COALESCE(pg_catalog.sum(n.size) FILTER (WHERE n.what IN ('chunk done', 'chunk failed', 'chunk cancelled')), 0), "
      " pg_catalog.sum(n.size) FROM kg_batch_internal.count_now n JOIN kg_batch_internal.job j ON j.graph_id = n.graph_id AND j.job_id = n.job_id "
      "WHERE j.state = 'running' AND pg_catalog.starts_with(n.what, 'chunk ') GROUP BY n.graph_id, n.job_id HAVING pg_catalog.sum(n.number) > 0");
}

}  // namespace kg_batch::store
