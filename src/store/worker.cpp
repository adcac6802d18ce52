#include "store/worker.h"

#include "backend/bridge.h"
#include "backend/spi.h"

namespace kg_batch::store {

using backend::execute;
using backend::execute_generic;

std::int64_t add_worker_row(const std::string& kind) {
  // Names of workers that are gone are of use for a while, not for ever.
  execute("DELETE FROM kg_batch_internal.worker WHERE ended_at < pg_catalog.now() - interval '7 days'");
  return execute("INSERT INTO kg_batch_internal.worker (kind, pid) VALUES ($1, pg_catalog.pg_backend_pid()) RETURNING worker_id", {kind})
      .integer(0, 0);
}

void count_work(std::int64_t worker_id, std::int64_t chunks_done, std::int64_t chunks_failed, std::int64_t requests, std::int64_t nodes,
                std::int64_t edges) {
  execute_generic(
      "UPDATE kg_batch_internal.worker SET chunks_done = chunks_done + $2, chunks_failed = chunks_failed + $3, requests = requests + $4, "
      "nodes = nodes + $5, edges = edges + $6 WHERE worker_id = $1",
      {worker_id, chunks_done, chunks_failed, requests, nodes, edges});
}

void end_worker_row(std::int64_t worker_id) {
  execute("UPDATE kg_batch_internal.worker SET ended_at = pg_catalog.now() WHERE worker_id = $1 AND ended_at IS NULL", {worker_id});
}

void note_worker_error(std::int64_t worker_id, const std::string& error) {
  execute("UPDATE kg_batch_internal.worker SET last_error = $2 WHERE worker_id = $1", {worker_id, error});
}

void sample_progress() {
  execute("DELETE FROM kg_batch_internal.progress_sample WHERE at < pg_catalog.now() - interval '15 minutes'");
  execute(
      "INSERT INTO kg_batch_internal.progress_sample (graph_id, job_id, done, total) "
      "SELECT j.graph_id, j.job_id, COALESCE(pg_catalog.sum(c.countable) FILTER (WHERE c.state IN ('done', 'failed', 'cancelled')), 0), "
      " COALESCE(pg_catalog.sum(c.countable), 0) FROM kg_batch_internal.job j "
      "JOIN kg_batch_internal.chunk c ON c.graph_id = j.graph_id AND c.job_id = j.job_id WHERE j.state = 'running' GROUP BY j.graph_id, j.job_id");
}

}  // namespace kg_batch::store
