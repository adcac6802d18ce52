// estimate and estimate_query: what it will take, before anything is spent.
// Nothing is stored.

#include <nlohmann/json.hpp>

#include "extension/call.h"
#include "extension/incoming.h"
#include "extension/intake.h"
#include "extension/query_rows.h"
#include "extension/table.h"
#include "store/access.h"
#include "store/estimate.h"

using namespace kg_batch;
using namespace kg_batch::extension;
using backend::entry_point;

namespace {

// In the order of the functions' OUT parameters.
Datum give(const Call& call, const store::Estimate& estimate) {
  const std::string numbers[] = {std::to_string(estimate.conversations), std::to_string(estimate.sentences),
                                 std::to_string(estimate.chunks),        std::to_string(estimate.requests),
                                 std::to_string(estimate.input_tokens),  std::to_string(estimate.output_tokens)};
  constexpr int columns = 11;
  const char* values[columns] = {};
  int column = 0;
  for (const std::string& number : numbers) values[column++] = number.c_str();
  values[column++] = estimate.cost ? estimate.cost->c_str() : nullptr;
  values[column++] = estimate.direct_cost ? estimate.direct_cost->c_str() : nullptr;
  values[column++] = estimate.mode.c_str();
  values[column++] = estimate.model.c_str();
  values[column++] = estimate.measured ? "t" : "f";
  return backend::backend_call([&] {
    TupleDesc description;
    if (get_call_result_type(call.info(), nullptr, &description) != TYPEFUNC_COMPOSITE || description->natts != columns)
      elog(ERROR, "an estimate is a row of %d columns", columns);
    const HeapTuple row = BuildTupleFromCStrings(TupleDescGetAttInMetadata(BlessTupleDesc(description)), const_cast<char**>(values));
    return HeapTupleGetDatum(row);
  });
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_estimate);
Datum kg_batch_estimate(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::string job = required_text(call, 0, "job");
    const std::string graph = call.graph(1);
    OwnerWork work;
    const std::int64_t graph_id = store::graph_for(work.caller(), graph, store::Right::reader);
    const store::Job found = store::read_job(graph_id, store::job_by(graph_id, job));
    store::Estimator estimator(graph_id, found.options);
    estimator.add_job(found.job_id);
    const store::Estimate estimate = estimator.estimate();
    work.done();
    return give(call, estimate);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_estimate_query);
Datum kg_batch_estimate_query(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    require_utf8();
    const std::string query = required_text(call, 0, "query");
    const std::string graph = call.graph(1);
    const unsigned int caller = GetUserId();
    backend::SpiSession spi;
    std::optional<store::Estimator> estimator;
    {
      backend::AsOwner owner;
      const std::int64_t graph_id = store::graph_for(caller, graph, store::Right::writer);
      estimator.emplace(graph_id, store::options_of_new_job(graph_id));
      owner.leave();
    }
    QueryRows rows(query, true);
    for (QueryPage page = rows.next(); !page.empty(); page = rows.next())
      for (const QueryRow& row : page.rows)
        if (row.message.skipped.empty()) estimator->add(row.message);
    rows.close();
    backend::AsOwner owner;
    const store::Estimate estimate = estimator->estimate();
    owner.leave();
    spi.finish();
    return give(call, estimate);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_estimate_ways);
Datum kg_batch_estimate_ways(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::string job = required_text(call, 0, "job");
    const std::string graph = call.graph(1);
    OwnerWork work;
    const std::int64_t graph_id = store::graph_for(work.caller(), graph, store::Right::reader);
    std::vector<Row> rows;
    for (const auto& [name, estimate, seconds] : store::estimate_ways(store::read_job(graph_id, store::job_by(graph_id, job)))) {
      std::optional<std::string> time;
      if (seconds) time = *seconds + " seconds";
      rows.push_back({name, std::to_string(estimate.chunks), std::to_string(estimate.requests), std::to_string(estimate.input_tokens),
                      std::to_string(estimate.output_tokens), estimate.cost, time});
    }
    work.done();
    return give_table(fcinfo, rows);
  });
}

}  // extern "C"
