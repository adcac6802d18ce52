// SQL: find, neighbors.

#include "store/finding.h"

#include <cstdio>

#include "extension/call.h"
#include "extension/table.h"
#include "store/access.h"
#include "store/neighbors.h"

using namespace kg_batch;
using backend::Error;

namespace {

std::string decimal(int thousandths) {
  char digits[16];
  snprintf(digits, sizeof digits, "%d.%03d", thousandths / 1000, thousandths % 1000);
  return digits;
}

void check_range(int value, const char* name, int highest) {
  if (value < 1 || value > highest)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, std::to_string(value) + " is outside the valid range for argument \"" + name + "\" (1 to " +
                                                     std::to_string(highest) + ")");
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_find);
Datum kg_batch_find(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const auto wanted = call.text(0);
    const int most = call.integer(1).value_or(20);
    const std::string graph = call.graph(2);
    extension::OwnerWork work;
    const std::int64_t graph_id = store::graph_for(work.caller(), graph, store::Right::reader);
    if (!wanted) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "argument \"text\" must not be null");
    check_range(most, "most", 10000);
    const auto found = store::find(graph_id, *wanted, most);
    work.done();
    std::vector<extension::Row> rows;
    for (const store::Found& one : found)
      rows.push_back({std::to_string(one.node_id), one.label, one.type, one.node_class, one.category, one.how, decimal(one.score), one.fact});
    return extension::give_table(fcinfo, rows);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_neighbors);
Datum kg_batch_neighbors(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const auto node = call.bigint(0);
    const int depth = call.integer(1).value_or(1), most = call.integer(2).value_or(200);
    const std::string graph = call.graph(3);
    extension::OwnerWork work;
    const std::int64_t graph_id = store::graph_for(work.caller(), graph, store::Right::reader);
    if (!node) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "argument \"node\" must not be null");
    check_range(depth, "depth", 100);
    check_range(most, "most", 100000);
    const auto found = store::neighbors(graph_id, *node, depth, most);
    work.done();
    std::vector<extension::Row> rows;
    for (const store::Neighbor& one : found)
      rows.push_back({std::to_string(one.node_id), one.label, one.type, one.node_class, one.category, std::to_string(one.distance),
                      std::to_string(one.from_id), one.from_label, one.relation, one.direction, std::to_string(one.statement_id)});
    return extension::give_table(fcinfo, rows);
  });
}

}  // extern "C"
