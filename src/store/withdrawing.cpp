#include <nlohmann/json.hpp>

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/boundary.h"
#include "store/budget.h"
#include "store/inquiry.h"
#include "store/withdrawing.h"

namespace kg_batch::store {

using backend::execute;

void lock_what_waits(std::int64_t graph_id, std::int64_t job_id) {
  execute(
      "SELECT FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.state IN ('ready', 'asking') "
      " AND (c.job_id = $2 AND c.chunk_id IN (SELECT q.chunk_id FROM kg_batch_internal.ready q WHERE q.job_id = $2 AND q.kind = 3) "
      "  OR c.request_id IN (SELECT q.chunk_id FROM kg_batch_internal.ready q WHERE q.job_id = $2 AND q.kind IN (4, 5))) "
      "ORDER BY c.chunk_id FOR NO KEY UPDATE",
      {graph_id, job_id});
  lock_open_items(graph_id, job_id);
  const backend::Rows unsent = execute(
      "SELECT q.graph_id, q.chunk_id FROM kg_batch_internal.ready q WHERE q.job_id = $1 AND q.kind IN (4, 5) ORDER BY q.chunk_id, q.kind", {job_id});
  const std::vector<std::int64_t> graphs = unsent.column(0), requests = unsent.column(1);
  execute("SELECT FROM kg_batch_internal.ready q WHERE q.job_id = $1 AND q.kind IN (4, 5) ORDER BY q.chunk_id, q.kind FOR UPDATE", {job_id});
  lock_ledger_of(graphs, requests);
  // What is put up meanwhile was reserved today: before the job's own row, that day.
  if (requests.empty()) execute("SELECT FROM kg_batch_internal.spending WHERE day = (pg_catalog.now() AT TIME ZONE 'UTC')::date FOR NO KEY UPDATE");
}

void withdraw_ready(std::int64_t graph_id, std::int64_t job_id) {
  execute(
      "WITH gone AS (DELETE FROM kg_batch_internal.ready WHERE graph_id = $1 AND job_id = $2 AND kind IN (1, 3, 4, 5, 7, 9) RETURNING kind, chunk_id), "
      "withdrawn AS MATERIALIZED (SELECT r.request_id, r.reserved, r.reserved_day FROM gone JOIN kg_batch_internal.request r "
      "  ON r.graph_id = $1 AND r.request_id = gone.chunk_id WHERE gone.kind IN (4, 5)), "
      "released AS (UPDATE kg_batch_internal.job j SET reserved = j.reserved - w.total FROM (SELECT pg_catalog.sum(reserved) AS total FROM withdrawn) w "
      "  WHERE j.graph_id = $1 AND j.job_id = $2 AND w.total IS NOT NULL), "
      "day AS (UPDATE kg_batch_internal.spending s SET reserved = s.reserved - w.total FROM (SELECT reserved_day, pg_catalog.sum(reserved) AS total "
      "  FROM withdrawn GROUP BY reserved_day) w WHERE s.day = w.reserved_day), "
      "requests AS (UPDATE kg_batch_internal.request r SET state = 'cancelled', reserved = 0 FROM withdrawn w "
      " WHERE r.graph_id = $1 AND r.request_id = w.request_id), "
      "chunks AS (UPDATE kg_batch_internal.chunk c SET state = 'cancelled' WHERE c.graph_id = $1 AND c.job_id = $2 "
      " AND (c.chunk_id IN (SELECT chunk_id FROM gone WHERE kind = 3) "
      "  OR c.request_id IN (SELECT chunk_id FROM gone WHERE kind IN (4, 5))) AND c.state IN ('ready', 'asking')), "
      "others AS (UPDATE kg_batch_internal.chunk c SET state = 'ready', request_id = NULL WHERE c.graph_id = $1 AND c.job_id <> $2 "
      " AND c.request_id IN (SELECT chunk_id FROM gone WHERE kind IN (4, 5)) AND c.state = 'asking' RETURNING c.chunk_id, c.tokens, c.job_id) "
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT $1, 2 + CASE WHEN j.state = 'paused' THEN 1000 ELSE 0 END, 3, o.tokens, o.chunk_id, o.job_id FROM others o "
      "JOIN kg_batch_internal.job j ON j.graph_id = $1 AND j.job_id = o.job_id ON CONFLICT DO NOTHING",
      {graph_id, job_id});
  withdraw_cancelled_inquiries(graph_id, job_id);
  withdraw_cancelled_windows(graph_id, job_id);
}

bool withdraw_what_is_cancelled() {
  const backend::Rows jobs = execute(
      "SELECT j.graph_id, j.job_id FROM kg_batch_internal.job j WHERE j.state = 'cancelled' AND EXISTS (SELECT FROM kg_batch_internal.ready r "
      "WHERE r.job_id = j.job_id AND r.graph_id = j.graph_id AND r.kind IN (1, 3, 4, 5, 7, 9)) ORDER BY j.job_id LIMIT 1");
  if (jobs.empty()) return false;
  lock_what_waits(jobs.integer(0, 0), jobs.integer(0, 1));
  withdraw_ready(jobs.integer(0, 0), jobs.integer(0, 1));
  return true;
}

}  // namespace kg_batch::store
