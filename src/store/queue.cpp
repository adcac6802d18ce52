#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/budget.h"
#include "store/queue.h"
#include "store/request.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;

namespace {

std::vector<Item> items_from(const Rows& rows) {
  std::vector<Item> items;
  for (std::size_t i = 0; i < rows.size(); ++i)
    items.push_back({rows.integer(i, 0), static_cast<Work>(rows.integer(i, 1)), rows.integer(i, 2),
                     static_cast<int>(rows.integer(i, 3)), static_cast<int>(rows.integer(i, 4)), rows.integer(i, 5)});
  return items;
}

struct Columns {
  explicit Columns(const std::vector<Item>& items) {
    for (const Item& item : items) {
      graphs.push_back(item.graph_id);
      kinds.push_back(static_cast<int>(item.kind));
      ids.push_back(item.id);
      priorities.push_back(item.priority);
      sizes.push_back(item.size);
      jobs.push_back(item.job_id);
    }
  }
  std::vector<std::int64_t> graphs, ids, jobs;
  std::vector<int> kinds, priorities, sizes;
};

}  // namespace

std::vector<Item> claim(std::int64_t worker_id, const std::vector<Work>& kinds, int limit) {
  std::vector<int> numbers;
  for (const Work kind : kinds) numbers.push_back(static_cast<int>(kind));
  const Rows best = execute_generic(
      "SELECT t.graph_id, k.kind, b.priority, (SELECT (j.options ->> 'max_conversations_per_pipeline')::int FROM kg_batch_internal.job j "
      "  WHERE j.graph_id = t.graph_id AND j.job_id = b.job_id) FROM (SELECT o.graph_id FROM kg_batch_internal.turn o WHERE EXISTS (SELECT FROM unnest($1) AS k (kind) "
      "  CROSS JOIN LATERAL (SELECT FROM kg_batch_internal.ready r WHERE r.graph_id = o.graph_id AND r.kind = k.kind AND r.kind NOT IN (2, 4) "
      "   AND r.priority < 1000 AND (r.due_at IS NULL OR r.due_at <= pg_catalog.now()) LIMIT 1) r) ORDER BY o.served_at LIMIT 1) t "
      "CROSS JOIN unnest($1) AS k (kind) CROSS JOIN LATERAL (SELECT r.priority, r.job_id FROM kg_batch_internal.ready r "
      " WHERE r.graph_id = t.graph_id AND r.kind = k.kind AND r.kind NOT IN (2, 4) AND r.priority < 1000 "
      " AND (r.due_at IS NULL OR r.due_at <= pg_catalog.now()) ORDER BY r.priority LIMIT 1) b ORDER BY b.priority, k.kind DESC",
      {numbers});
  std::vector<Item> items;
  // As many as the job that comes first allows at once.
  if (!best.empty()) limit = std::min(limit, static_cast<int>(best.maybe_integer(0, 3).value_or(limit)));
  for (std::size_t i = 0; i < best.size() && static_cast<int>(items.size()) < limit; ++i) {
    const std::int64_t graph_id = best.integer(i, 0), kind = best.integer(i, 1);
    // By priority, then by kind: of this one as long as the next kind has none that goes first.
    std::int64_t up_to = parked - 1;
    if (i + 1 < best.size()) up_to = std::max(best.integer(i, 2), best.integer(i + 1, 2) - (kind > best.integer(i + 1, 1) ? 0 : 1));
    // Rows of a paused job are parked by pause(); one that was added meanwhile is
    // passed over here.
    const std::vector<Item> picked = items_from(execute_generic(
        "WITH picked AS MATERIALIZED (SELECT r.graph_id, r.kind, r.chunk_id FROM kg_batch_internal.ready r "
        "  WHERE r.graph_id = $1 AND r.kind = $3 AND r.kind NOT IN (2, 4) AND r.priority <= $4 "
        "  AND (r.due_at IS NULL OR r.due_at <= pg_catalog.now()) "
        "  AND (r.kind IN (6, 8, 9) OR (SELECT j.state FROM kg_batch_internal.job j WHERE j.graph_id = r.graph_id AND j.job_id = r.job_id) NOT IN ('paused', 'cancelled')) "
        // A conversation that got more while somebody cuts it waits for that one.
        "  AND (SELECT c.worker_id FROM kg_batch_internal.claimed c WHERE c.graph_id = r.graph_id AND c.kind = r.kind AND c.chunk_id = r.chunk_id) "
        "   IS NULL "
        "  ORDER BY r.priority, r.work DESC LIMIT $5 FOR UPDATE SKIP LOCKED), "
        "gone AS (DELETE FROM kg_batch_internal.ready r USING picked p "
        "  WHERE r.graph_id = p.graph_id AND r.kind = p.kind AND r.chunk_id = p.chunk_id RETURNING r.*) "
        "INSERT INTO kg_batch_internal.claimed (worker_id, graph_id, chunk_id, kind, priority, work, job_id) "
        "SELECT $2, graph_id, chunk_id, kind, priority, work, job_id FROM gone "
        "RETURNING graph_id, kind, chunk_id, priority, work, job_id",
        {graph_id, worker_id, static_cast<int>(kind), static_cast<int>(up_to), limit - static_cast<int>(items.size())}));
    items.insert(items.end(), picked.begin(), picked.end());
  }
  // With one graph there is nobody to be fair to, and no row to fight over.
  if (!items.empty())
    execute_generic(
        "UPDATE kg_batch_internal.turn SET served_at = pg_catalog.clock_timestamp() WHERE graph_id = $1 "
        "AND EXISTS (SELECT FROM kg_batch_internal.turn o WHERE o.graph_id <> $1)",
        {items.front().graph_id});
  return items;
}

std::vector<Item> claim_round(std::int64_t worker_id, int least, int most) {
  return items_from(execute_generic(
      "WITH turn AS MATERIALIZED (SELECT t.graph_id FROM kg_batch_internal.turn t "
      "  WHERE (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.ready r WHERE r.graph_id = t.graph_id AND r.kind = 2 LIMIT $3) waiting) >= $3 "
      "  AND NOT EXISTS (SELECT FROM kg_batch_internal.claimed c WHERE c.graph_id = t.graph_id AND c.kind = 2) "
      "  ORDER BY t.served_at LIMIT 1), "
      "picked AS MATERIALIZED (SELECT r.graph_id, r.chunk_id FROM kg_batch_internal.ready r, turn "
      "  WHERE r.graph_id = turn.graph_id AND r.kind = 2 ORDER BY r.chunk_id LIMIT $2 FOR UPDATE OF r SKIP LOCKED), "
      "gone AS (DELETE FROM kg_batch_internal.ready r USING picked p "
      "  WHERE r.graph_id = p.graph_id AND r.kind = 2 AND r.chunk_id = p.chunk_id RETURNING r.*) "
      "INSERT INTO kg_batch_internal.claimed (worker_id, graph_id, chunk_id, kind, priority, work, job_id) "
      "SELECT $1, graph_id, chunk_id, kind, priority, work, job_id FROM gone "
      "RETURNING graph_id, kind, chunk_id, priority, work, job_id",
      {worker_id, most, least}));
}

std::vector<Item> claim_decide(std::int64_t worker_id) {
  return items_from(execute_generic(
      "WITH picked AS MATERIALIZED (SELECT r.graph_id, r.kind, r.chunk_id FROM kg_batch_internal.ready r WHERE r.kind = 7 AND r.priority < 1000 "
      "  AND (r.due_at IS NULL OR r.due_at <= pg_catalog.now()) "
      "  AND (SELECT j.state FROM kg_batch_internal.job j WHERE j.graph_id = r.graph_id AND j.job_id = r.job_id) NOT IN ('paused', 'cancelled') "
      "  AND NOT EXISTS (SELECT FROM kg_batch_internal.claimed c WHERE c.graph_id = r.graph_id AND c.kind = 7 AND c.chunk_id = r.chunk_id) "
      "  AND kg_batch_internal.is_time_to_ask(r.graph_id, r.job_id) "
      "  ORDER BY r.graph_id, r.chunk_id LIMIT 1 FOR UPDATE OF r SKIP LOCKED), "
      "gone AS (DELETE FROM kg_batch_internal.ready r USING picked p "
      "  WHERE r.graph_id = p.graph_id AND r.kind = p.kind AND r.chunk_id = p.chunk_id RETURNING r.*) "
      "INSERT INTO kg_batch_internal.claimed (worker_id, graph_id, chunk_id, kind, priority, work, job_id) "
      "SELECT $1, graph_id, chunk_id, kind, priority, work, job_id FROM gone "
      "RETURNING graph_id, kind, chunk_id, priority, work, job_id",
      {worker_id}));
}

void put_ready(const std::vector<Item>& items, int delay_ms) {
  if (items.empty()) return;
  const Columns columns(items);
  execute_generic(
      "INSERT INTO kg_batch_internal.ready (graph_id, kind, chunk_id, priority, work, job_id, due_at) "
      "SELECT u.*, CASE WHEN $7 > 0 THEN pg_catalog.now() + $7 * interval '1 millisecond' END "
      "FROM unnest($1, $2, $3, $4, $5, $6) AS u ON CONFLICT DO NOTHING",
      {columns.graphs, columns.kinds, columns.ids, columns.priorities, columns.sizes, columns.jobs, delay_ms});
}

void hold(std::int64_t worker_id, const std::vector<Item>& items) {
  if (items.empty()) return;
  const Columns columns(items);
  execute_generic(
      "INSERT INTO kg_batch_internal.claimed (graph_id, kind, chunk_id, priority, work, job_id, worker_id) "
      "SELECT u.*, $7 FROM unnest($1, $2, $3, $4, $5, $6) AS u ON CONFLICT DO NOTHING",
      {columns.graphs, columns.kinds, columns.ids, columns.priorities, columns.sizes, columns.jobs, worker_id});
}

void release(const std::vector<Item>& items) {
  if (items.empty()) return;
  const Columns columns(items);
  execute_generic(
      "DELETE FROM kg_batch_internal.claimed c USING unnest($1, $2, $3) AS u (graph_id, kind, chunk_id) "
      "WHERE c.graph_id = u.graph_id AND c.kind = u.kind AND c.chunk_id = u.chunk_id",
      {columns.graphs, columns.kinds, columns.ids});
}

void give_back(const std::vector<Item>& items) {
  if (items.empty()) return;
  const Columns columns(items);
  execute_generic(
      "WITH gone AS (DELETE FROM kg_batch_internal.claimed c USING unnest($1, $2, $3) AS u (graph_id, kind, chunk_id) "
      " WHERE c.graph_id = u.graph_id AND c.kind = u.kind AND c.chunk_id = u.chunk_id RETURNING c.*) "
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT g.graph_id, g.priority % 1000 + CASE WHEN j.state = 'paused' AND g.kind IN (1, 3, 5, 7) THEN 1000 ELSE 0 END, "
      " g.kind, g.work, g.chunk_id, g.job_id FROM gone g "
      "LEFT JOIN kg_batch_internal.job j ON j.graph_id = g.graph_id AND j.job_id = g.job_id ON CONFLICT DO NOTHING",
      {columns.graphs, columns.kinds, columns.ids});
}

namespace {

// A direct request that was in flight may have been billed: the ledger says so, and what
// was reserved for it is spent. It is asked again if there is money for that, else when
// there is, planned anew.
void book_lost(std::int64_t worker_id) {
  const Rows out = execute_generic(
      "SELECT r.graph_id, r.request_id FROM kg_batch_internal.request r WHERE r.worker_id = $1 AND r.state = 'asking' AND r.mode = 'direct' "
      "ORDER BY r.graph_id, r.request_id",
      {worker_id});
  if (out.empty()) return;
  const std::vector<std::int64_t> graphs = out.column(0), requests = out.column(1);
  lock_chunks_of(graphs, requests);
  lock_ledger_of(graphs, requests);
  const Rows lost = execute_generic(
      "WITH lost AS MATERIALIZED (SELECT r.graph_id, r.request_id, r.attempt, r.model, r.stage, r.job_id, r.reserved, r.reserved_day "
      "  FROM unnest($1, $2) AS u (graph_id, request_id) JOIN kg_batch_internal.request r ON r.graph_id = u.graph_id AND r.request_id = u.request_id "
      "  WHERE r.worker_id = $3 AND r.state = 'asking' AND r.mode = 'direct'), "
      "stored AS (INSERT INTO kg_batch_internal.answer (graph_id, request_id, attempt, mode, status, outcome, model, cost, error) "
      "  SELECT graph_id, request_id, attempt, 'direct', 0, 'lost', model, reserved, 'its worker ended while it was in flight' "
      "  FROM lost ON CONFLICT DO NOTHING), "
      "requests AS (UPDATE kg_batch_internal.request r SET state = 'planned', worker_id = NULL, reserved = 0 FROM lost "
      "  WHERE r.graph_id = lost.graph_id AND r.request_id = lost.request_id), "
      "released AS (UPDATE kg_batch_internal.spending s SET reserved = s.reserved - l.total FROM (SELECT reserved_day, pg_catalog.sum(reserved) AS total "
      "  FROM lost WHERE reserved_day <> (pg_catalog.now() AT TIME ZONE 'UTC')::date GROUP BY reserved_day) l WHERE s.day = l.reserved_day), "
      "today AS (INSERT INTO kg_batch_internal.spending AS s (day, spent) "
      "  SELECT (pg_catalog.now() AT TIME ZONE 'UTC')::date, pg_catalog.sum(reserved) FROM lost HAVING pg_catalog.count(*) > 0 "
      "  ON CONFLICT (day) DO UPDATE SET spent = s.spent + EXCLUDED.spent, reserved = s.reserved - "
      "   (SELECT COALESCE(pg_catalog.sum(l.reserved), 0) FROM lost l WHERE l.reserved_day = s.day)), "
      "jobs AS (UPDATE kg_batch_internal.job j SET spent = j.spent + l.total, reserved = j.reserved - l.total FROM (SELECT graph_id, job_id, "
      "   pg_catalog.sum(reserved) AS total FROM lost GROUP BY graph_id, job_id) l WHERE j.graph_id = l.graph_id AND j.job_id = l.job_id), "
      "used AS (INSERT INTO kg_batch_internal.usage AS u (day, graph_id, job_id, stage, model, mode, lost, lost_cost) "
      "  SELECT (pg_catalog.now() AT TIME ZONE 'UTC')::date, graph_id, job_id, stage, model, 'direct', pg_catalog.count(*), "
      "   COALESCE(pg_catalog.sum(reserved), 0) FROM lost GROUP BY graph_id, job_id, stage, model "
      "  ON CONFLICT (day, graph_id, job_id, stage, model, mode) DO UPDATE SET lost = u.lost + EXCLUDED.lost, "
      "   lost_cost = u.lost_cost + EXCLUDED.lost_cost) "
      "SELECT graph_id, request_id FROM lost ORDER BY graph_id, request_id",
      {graphs, requests, worker_id});
  for (std::size_t i = 0; i < lost.size(); ++i) {
    if (reserve_as(lost.integer(i, 0), lost.integer(i, 1), "direct")) continue;
    // Its claim goes as well: it is not to be sent.
    release({{lost.integer(i, 0), Work::direct, lost.integer(i, 1)}});
    plan_anew(lost.integer(i, 0), lost.integer(i, 1), lost_its_money);
  }
}

}  // namespace

int free_claims(std::int64_t worker_id) {
  book_lost(worker_id);
  const Rows freed = execute_generic(
      "WITH gone AS (DELETE FROM kg_batch_internal.claimed c WHERE c.worker_id = $1 RETURNING c.*) "
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT g.graph_id, g.priority % 1000 + CASE WHEN j.state = 'paused' AND g.kind IN (1, 3, 5, 7) THEN 1000 ELSE 0 END, "
      " g.kind, g.work, g.chunk_id, g.job_id FROM gone g "
      "LEFT JOIN kg_batch_internal.job j ON j.graph_id = g.graph_id AND j.job_id = g.job_id "
      "ON CONFLICT DO NOTHING RETURNING 1",
      {worker_id});
  execute_generic("UPDATE kg_batch_internal.worker SET ended_at = pg_catalog.now(), died = true WHERE worker_id = $1 AND ended_at IS NULL", {worker_id});
  return static_cast<int>(freed.size());
}

std::vector<std::int64_t> claiming_workers() {
  const Rows rows = execute_generic(
      "SELECT DISTINCT worker_id FROM kg_batch_internal.claimed UNION SELECT worker_id FROM kg_batch_internal.worker "
      "WHERE ended_at IS NULL");
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < rows.size(); ++i) ids.push_back(rows.integer(i, 0));
  return ids;
}

Backlog backlog() {
  // Counted no further than matters: it only decides how many pipelines to start.
  const Rows rows = execute_generic(
      "SELECT (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.ready WHERE priority < 1000 AND kind <> 4 "
      "   AND (due_at IS NULL OR due_at <= pg_catalog.now()) AND (kind <> 7 OR kg_batch_internal.is_time_to_ask(graph_id, job_id)) LIMIT 1000) r), "
      " (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.ready WHERE priority < 1000 AND kind = 4 LIMIT 1000) s), "
      " (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.claimed LIMIT 1000) c), "
      " (SELECT pg_catalog.count(*) FROM kg_batch_internal.batch WHERE ended_at IS NULL AND state <> 'unclear'), "
      " (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.conversation WHERE settle_at IS NOT NULL LIMIT 1000) v), "
      " (SELECT CASE WHEN pg_catalog.min(at) IS NOT NULL THEN GREATEST(EXTRACT(epoch FROM pg_catalog.min(at) - pg_catalog.clock_timestamp()) * 1000, 0)::bigint END FROM ("
      "   SELECT pg_catalog.min(due_at) AS at FROM kg_batch_internal.ready WHERE priority < 1000 AND due_at > pg_catalog.now() "
      "   UNION ALL SELECT pg_catalog.min(settle_at) FROM kg_batch_internal.conversation WHERE settle_at IS NOT NULL "
      "   UNION ALL SELECT pg_catalog.min(f.retry_at) FROM kg_batch_internal.follow f WHERE f.retry_at > pg_catalog.now() AND EXISTS ("
      "    SELECT FROM kg_batch_internal.follow_change w WHERE w.graph_id = f.graph_id AND w.follow_id = f.follow_id)) t "
      "  HAVING pg_catalog.min(at) IS NOT NULL)");
  Backlog backlog;
  backlog.claimable = rows.integer(0, 0);
  backlog.to_send = rows.integer(0, 1);
  backlog.claimed = rows.integer(0, 2);
  backlog.open_batches = rows.integer(0, 3);
  backlog.settling = rows.integer(0, 4);
  backlog.next_due_ms = rows.maybe_integer(0, 5);
  return backlog;
}

int settle_due() {
  const Rows rows = execute_generic(
      "WITH due AS (UPDATE kg_batch_internal.conversation SET settle_at = NULL, "
      // A delivery of its own, without messages: closing one that was cut already
      // would be replayed differently.
      "  deliveries = deliveries + 1, closing = closing || (deliveries + 1) "
      "  WHERE settle_at <= pg_catalog.now() RETURNING graph_id, conversation_id, job_id, messages, priority) "
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT d.graph_id, d.priority + CASE WHEN j.state = 'paused' THEN 1000 ELSE 0 END, 1, d.messages, d.conversation_id, d.job_id "
      "FROM due d JOIN kg_batch_internal.job j USING (graph_id, job_id) ON CONFLICT DO NOTHING RETURNING 1");
  return static_cast<int>(rows.size());
}

int refill_ready() {
  // A graph without its row would never be served.
  execute_generic("INSERT INTO kg_batch_internal.turn SELECT graph_id, '-infinity' FROM kg_batch_internal.graph ON CONFLICT DO NOTHING");
  // Requests that nobody has: planned ones, direct ones whose worker is no more,
  // those of batches that ended or never came along.
  const Rows requests = execute_generic(
      "WITH adrift AS (UPDATE kg_batch_internal.request r SET state = 'planned', worker_id = NULL, batch_id = NULL "
      "  WHERE (r.state = 'planned' OR (r.state = 'asking' AND (r.mode = 'direct' OR NOT EXISTS (SELECT FROM kg_batch_internal.batch b "
      "   WHERE b.batch_id = r.batch_id AND b.ended_at IS NULL)))) "
      "  AND NOT EXISTS (SELECT FROM kg_batch_internal.ready q WHERE q.graph_id = r.graph_id AND q.kind IN (4, 5) AND q.chunk_id = r.request_id) "
      "  AND NOT EXISTS (SELECT FROM kg_batch_internal.claimed q WHERE q.graph_id = r.graph_id AND q.kind IN (4, 5) AND q.chunk_id = r.request_id) "
      "  RETURNING r.graph_id, r.request_id, r.mode, r.input_tokens, r.job_id) "
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT a.graph_id, 2 + CASE WHEN j.state = 'paused' THEN 1000 ELSE 0 END, CASE a.mode WHEN 'batch' THEN 4 ELSE 5 END, a.input_tokens, "
      " a.request_id, a.job_id FROM adrift a JOIN kg_batch_internal.job j USING (graph_id, job_id) WHERE j.state <> 'cancelled' "
      "ON CONFLICT DO NOTHING RETURNING 1");
  const Rows chunks = execute_generic(
      "WITH adrift AS (UPDATE kg_batch_internal.chunk c SET state = 'ready', request_id = NULL FROM kg_batch_internal.request r "
      "  WHERE c.state = 'asking' AND r.graph_id = c.graph_id AND r.request_id = c.request_id AND r.state IN ('failed', 'cancelled')) "
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT c.graph_id, 2 + CASE WHEN j.state = 'paused' THEN 1000 ELSE 0 END, "
      " CASE WHEN c.state = 'done' THEN 2 WHEN c.state = 'asking' AND r.state = 'answered' THEN 6 ELSE 3 END, c.tokens, c.chunk_id, c.job_id "
      "FROM kg_batch_internal.chunk c JOIN kg_batch_internal.job j USING (graph_id, job_id) "
      "LEFT JOIN kg_batch_internal.request r ON r.graph_id = c.graph_id AND r.request_id = c.request_id "
      "WHERE j.state <> 'cancelled' AND (c.state = 'ready' OR (c.state = 'done' AND NOT c.folded) "
      " OR (c.state = 'asking' AND r.state IN ('answered', 'failed', 'cancelled'))) ON CONFLICT DO NOTHING RETURNING 1");
  // Apart: with both conditions in one, all conversations that there ever were are joined first.
  const Rows cuts = execute_generic(
      "WITH adrift AS MATERIALIZED (SELECT v.graph_id, v.conversation_id FROM kg_batch_internal.conversation v WHERE v.cut_deliveries < v.deliveries "
      "  UNION SELECT w.graph_id, w.conversation_id FROM kg_batch_internal.boundary_window w WHERE w.waits) "
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT v.graph_id, v.priority + CASE WHEN j.state = 'paused' THEN 1000 ELSE 0 END, 1, v.messages, v.conversation_id, v.job_id "
      "FROM adrift a JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) JOIN kg_batch_internal.job j USING (graph_id, job_id) "
      "WHERE j.state <> 'cancelled' ON CONFLICT DO NOTHING RETURNING 1");
  const Rows inquiries = execute_generic(
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT q.graph_id, 1, 8, 0, q.request_id, r.job_id FROM kg_batch_internal.inquiry q "
      "JOIN kg_batch_internal.request r USING (graph_id, request_id) WHERE r.state IN ('answered', 'failed') ON CONFLICT DO NOTHING RETURNING 1");
  const Rows questions = execute_generic(
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT DISTINCT j.graph_id, 2 + CASE WHEN j.state = 'paused' THEN 1000 ELSE 0 END, 7, 0, j.job_id, j.job_id "
      "FROM kg_batch_internal.open_question q JOIN kg_batch_internal.job j USING (graph_id, job_id) "
      "WHERE j.state <> 'cancelled' ON CONFLICT DO NOTHING RETURNING 1");
  const Rows rounds = execute_generic(
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT DISTINCT ON (graph_id) graph_id, 0, 2, 0, -(1::bigint << 48), COALESCE(job_id, 0) FROM ("
      " SELECT graph_id, job_id FROM kg_batch_internal.decision WHERE to_apply "
      " UNION ALL SELECT graph_id, job_id FROM kg_batch_internal.predicate_mapping WHERE to_apply) a "
      "ON CONFLICT DO NOTHING RETURNING 1");
  return static_cast<int>(requests.size() + chunks.size() + cuts.size() + inquiries.size() + questions.size() + rounds.size());
}

}  // namespace kg_batch::store
