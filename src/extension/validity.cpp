// SQL: validity.

#include "store/validity.h"

#include "extension/call.h"
#include "extension/table.h"
#include "store/access.h"

using namespace kg_batch;

namespace {

std::optional<std::string> iso(const std::optional<graph::Day>& day) {
  if (!day) return std::nullopt;
  const std::chrono::year_month_day on{*day};
  char text[32];
  snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(on.year()), static_cast<unsigned>(on.month()), static_cast<unsigned>(on.day()));
  return text;
}

std::optional<std::string> node_of(const std::optional<store::StateValidity::Other>& other) {
  return other ? std::optional(std::to_string(other->node_id)) : std::nullopt;
}

// A date and a time count from 2000.
graph::Day day_of(const extension::Call& call) {
  namespace chrono = std::chrono;
  constexpr chrono::days epoch{POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE};
  if (!call.is_null(1)) return graph::Day(chrono::days(DatumGetInt32(call.info()->args[1].value)) + epoch);
  const std::int64_t now_us = backend::backend_call([] { return GetCurrentTransactionStartTimestamp(); });
  return graph::Day(chrono::floor<chrono::days>(chrono::microseconds(now_us)) + epoch);
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_validity);
Datum kg_batch_validity(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const auto nodes = call.is_null(0) ? std::nullopt : std::optional(call.bigints(0));
    const graph::Day day = day_of(call);
    const std::string graph = call.graph(2);
    extension::OwnerWork work;
    const auto states = store::validity_in(store::graph_for(work.caller(), graph, store::Right::reader), nodes);
    work.done();
    std::vector<extension::Row> rows;
    for (const store::StateValidity& state : states)
      for (std::size_t i = 0; i < state.validity.periods.size(); ++i) {
        const graph::Period& period = state.validity.periods[i];
        const graph::Status status = graph::status_of(state.validity, period, day);
        const bool is_open = period.ended == graph::Ended::open;
        rows.push_back({std::to_string(state.node_id), std::string(graph::status_names[static_cast<std::size_t>(status)]), iso(period.from),
                        iso(period.until), iso(period.first_said), iso(period.last_said), node_of(state.ended_by[i]),
                        is_open ? node_of(state.superseded_by) : std::nullopt});
      }
    return extension::give_table(fcinfo, rows);
  });
}

}  // extern "C"
