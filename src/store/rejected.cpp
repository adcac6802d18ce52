#include "store/rejected.h"

#include "backend/spi.h"

namespace kg_batch::store {

void reject_rows(const std::vector<RejectedInput>& rejected) {
  if (rejected.empty()) return;
  std::vector<std::int64_t> graph_ids;
  std::vector<std::optional<std::int64_t>> job_ids;
  std::vector<std::string> items, reasons, bodies;
  for (const RejectedInput& row : rejected) {
    graph_ids.push_back(row.graph_id);
    job_ids.push_back(row.job_id);
    items.push_back(row.item);
    reasons.push_back(row.reason);
    bodies.push_back(row.body);
  }
  backend::execute(
      "INSERT INTO kg_batch_internal.rejected (graph_id, job_id, source, item, reason, body) "
      "SELECT graph_id, job_id, 'input', item, reason, body "
      "FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY "
      "r(graph_id, job_id, item, reason, body, n) ORDER BY n",
      {graph_ids, job_ids, items, reasons, bodies});
}

}  // namespace kg_batch::store
