#include "store/budget.h"

#include <set>

#include "backend/bridge.h"
#include "backend/settings.h"
#include "backend/spi.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;

std::vector<std::optional<double>> most_costs(const std::vector<Worst>& requests) {
  std::vector<std::string> models, modes;
  std::vector<std::int64_t> inputs, outputs;
  for (const Worst& request : requests) {
    models.push_back(request.model);
    modes.push_back(request.mode);
    inputs.push_back(request.input_tokens);
    outputs.push_back(request.output_tokens);
  }
  // At most all of the input is written to the provider's cache, which costs more than reading it.
  const auto rows = execute_generic(
      // Whole billionths of a dollar: what is reserved for several together is to the last
      // digit what is given back one by one.
      "SELECT pg_catalog.ceil(kg_batch_internal.cost(u.model, pg_catalog.now(), u.mode, u.input, 0, u.input, u.output) * 1e9) / 1e9 "
      "FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS u (model, mode, input, output, n) ORDER BY u.n",
      {models, modes, inputs, outputs});
  std::vector<std::optional<double>> costs;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    costs.emplace_back();
    if (!rows.is_null(i, 0)) costs.back() = rows.number(i, 0);
  }
  return costs;
}

namespace {

bool fits_the_day(double amount) {
  const double per_day = backend::settings::budget_per_day();
  std::optional<double> day_bound;
  if (per_day >= 0) day_bound = per_day;
  const auto add = [&] {
    return execute_generic(
        "UPDATE kg_batch_internal.spending SET reserved = reserved + $1::numeric "
        "WHERE day = (pg_catalog.now() AT TIME ZONE 'UTC')::date AND ($2::float8 IS NULL OR spent + reserved + $1::numeric <= $2::numeric) "
        "RETURNING day",
        {amount, day_bound});
  };
  if (!add().empty()) return true;
  const auto first_of_day = execute_generic(
      "INSERT INTO kg_batch_internal.spending (day) VALUES ((pg_catalog.now() AT TIME ZONE 'UTC')::date) ON CONFLICT DO NOTHING RETURNING day");
  return !first_of_day.empty() && !add().empty();
}

bool fits_the_job(std::int64_t graph_id, std::int64_t job_id, double amount) {
  return !execute_generic(
              "UPDATE kg_batch_internal.job SET reserved = reserved + $3::numeric WHERE graph_id = $1 AND job_id = $2 "
              "AND (budget IS NULL OR spent + reserved + $3::numeric <= budget) "
              // The server's budget as this worker has it: what a session set or a role was
              // given does not reach here, so nobody lifts it.
              "AND ($4 < 0 OR name = 'inbox' OR spent + reserved + $3::numeric <= $4::numeric) RETURNING job_id",
              {graph_id, job_id, amount, backend::settings::budget()})
              .empty();
}

void give_the_day(double amount) {
  execute_generic(
      "UPDATE kg_batch_internal.spending SET reserved = reserved - $1::numeric WHERE day = (pg_catalog.now() AT TIME ZONE 'UTC')::date",
      {amount});
}

}  // namespace

bool reserve_together(std::int64_t graph_id, std::int64_t job_id, double amount) {
  if (!fits_the_day(amount)) return false;
  if (fits_the_job(graph_id, job_id, amount)) return true;
  give_the_day(amount);
  return false;
}

bool reserve(std::int64_t graph_id, std::int64_t job_id, double amount) {
  // Also where it says so already: whoever resumes the job waits for this row, and
  // then finds what is parked in this transaction.
  const auto wait_for_budget = [&] {
    execute_generic("UPDATE kg_batch_internal.job SET waits_for_budget = true WHERE graph_id = $1 AND job_id = $2", {graph_id, job_id});
  };
  if (!fits_the_day(amount)) {
    wait_for_budget();
    return false;
  }
  if (fits_the_job(graph_id, job_id, amount)) return true;
  wait_for_budget();
  if (fits_the_job(graph_id, job_id, amount)) return true;  // a higher one came meanwhile
  give_the_day(amount);
  return false;
}

void unreserve(std::int64_t graph_id, std::int64_t job_id, double amount) {
  give_the_day(amount);
  execute_generic("UPDATE kg_batch_internal.job SET reserved = reserved - $3::numeric WHERE graph_id = $1 AND job_id = $2",
                  {graph_id, job_id, amount});
}

void lock_ledger_of(const std::vector<std::int64_t>& graphs, const std::vector<std::int64_t>& requests) {
  if (requests.empty()) return;
  const Rows rows = execute_generic(
      "SELECT r.graph_id, r.job_id, r.reserved_day "
      "FROM (SELECT DISTINCT o.graph_id, o.request_id FROM unnest($1, $2) AS o (graph_id, request_id) ORDER BY 1, 2 OFFSET 0) u "
      "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.request o WHERE o.graph_id = u.graph_id AND o.request_id = u.request_id FOR NO KEY UPDATE OFFSET 0) r",
      {graphs, requests});
  std::set<std::string> days;
  std::set<std::pair<std::int64_t, std::int64_t>> jobs;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    jobs.emplace(rows.integer(i, 0), rows.integer(i, 1));
    if (!rows.is_null(i, 2)) days.insert(rows.text(i, 2));
  }
  execute_generic(
      "SELECT FROM (SELECT o.day::date AS day FROM unnest($1) AS o (day) UNION SELECT (pg_catalog.now() AT TIME ZONE 'UTC')::date ORDER BY 1 OFFSET 0) u "
      "CROSS JOIN LATERAL (SELECT FROM kg_batch_internal.spending s WHERE s.day = u.day FOR NO KEY UPDATE OFFSET 0) s",
      {std::vector<std::string>(days.begin(), days.end())});
  std::vector<std::int64_t> of_graphs, ids;
  for (const auto& [graph_id, job_id] : jobs) {
    of_graphs.push_back(graph_id);
    ids.push_back(job_id);
  }
  execute_generic(
      "SELECT FROM (SELECT o.* FROM unnest($1, $2) AS o (graph_id, job_id) ORDER BY 1, 2 OFFSET 0) u "
      "CROSS JOIN LATERAL (SELECT FROM kg_batch_internal.job j WHERE j.graph_id = u.graph_id AND j.job_id = u.job_id FOR NO KEY UPDATE OFFSET 0) j",
      {of_graphs, ids});
}

bool reserve_as(std::int64_t graph_id, std::int64_t request_id, const std::string& mode) {
  const Rows rows = execute_generic(
      "SELECT job_id, model, input_tokens, max_output, reserved, reserved_day, reserved > 0 AND reserved_day <> (pg_catalog.now() AT TIME ZONE 'UTC')::date "
      "FROM kg_batch_internal.request WHERE graph_id = $1 AND request_id = $2 FOR NO KEY UPDATE",
      {graph_id, request_id});
  if (rows.empty()) return true;
  const std::int64_t job_id = rows.integer(0, 0);
  const double has = rows.number(0, 4);
  const std::vector<Worst> worst{{rows.text(0, 1), mode, rows.integer(0, 2), rows.integer(0, 3)}};
  const double most = most_costs(worst).front().value_or(0);
  if (most <= has) return true;
  if (rows.boolean(0, 6)) {
    // A request has one day: what was reserved on another is today's from now on.
    execute_generic("UPDATE kg_batch_internal.spending SET reserved = reserved - $2::numeric WHERE day = $1::date", {rows.text(0, 5), has});
    execute_generic(
        "INSERT INTO kg_batch_internal.spending AS s (day, reserved) VALUES ((pg_catalog.now() AT TIME ZONE 'UTC')::date, $1::numeric) "
        "ON CONFLICT (day) DO UPDATE SET reserved = s.reserved + EXCLUDED.reserved",
        {has});
    execute_generic(
        "UPDATE kg_batch_internal.request SET reserved_day = (pg_catalog.now() AT TIME ZONE 'UTC')::date WHERE graph_id = $1 AND request_id = $2",
        {graph_id, request_id});
  }
  if (!reserve(graph_id, job_id, most - has)) return false;
  execute_generic(
      "UPDATE kg_batch_internal.request SET reserved = $3::numeric, reserved_day = (pg_catalog.now() AT TIME ZONE 'UTC')::date "
      "WHERE graph_id = $1 AND request_id = $2",
      {graph_id, request_id, most});
  return true;
}

}  // namespace kg_batch::store
