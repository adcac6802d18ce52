// SQL: forget, rebuild, compare, alter_graph, drop_graph.

#include "store/digest.h"
#include "store/forgetting.h"
#include "store/rebuild.h"

#include "backend/locks.h"
#include "backend/log.h"
#include "backend/wake.h"
#include "extension/call.h"
#include "extension/intake.h"
#include "extension/table.h"
#include "formats/printable.h"
#include "store/access.h"

using namespace kg_batch;
using backend::entry_point;

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_forget);
Datum kg_batch_forget(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    extension::Call call(fcinfo);
    const std::string key = extension::required_text(call, 0, "key");
    const auto message_id = call.text(1);
    const std::string graph = call.graph(2);
    const std::string warning = backend::announce_work();  // what others shared, or was out, is asked again
    std::int64_t gone = 0;
    extension::do_as_owner([&](const extension::OwnerWork& work) {
      const std::int64_t graph_id = store::graph_for(work.caller(), graph, store::Right::admin);
      backend::lock_exclusive(backend::LockClass::graph, graph_id, backend::LockSpan::transaction);
      gone = message_id ? store::forget_message(graph_id, key, *message_id) : store::forget_conversation(graph_id, key);
    });
    extension::warn_of_slots(warning);
    return call.give(gone);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_rebuild);
Datum kg_batch_rebuild(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    extension::Call call(fcinfo);
    const std::string graph = call.graph(0);
    const bool recompare = call.boolean(1).value_or(false);
    const std::string warning = backend::announce_work();  // names that no embedding was asked for may be asked about
    std::int64_t nodes = 0;
    extension::do_as_owner([&](const extension::OwnerWork& work) {
      const std::int64_t graph_id = store::graph_for(work.caller(), graph, store::Right::admin);
      backend::lock_exclusive(backend::LockClass::graph, graph_id, backend::LockSpan::transaction);
      nodes = store::rebuild(graph_id, recompare);
    });
    extension::warn_of_slots(warning);
    return call.give(nodes);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_compare);
Datum kg_batch_compare(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    extension::Call call(fcinfo);
    const std::string a = extension::required_text(call, 0, "graph_a"), b = extension::required_text(call, 1, "graph_b");
    extension::OwnerWork work;
    const std::int64_t first = store::graph_for(work.caller(), a, store::Right::reader);
    const std::int64_t second = store::graph_for(work.caller(), b, store::Right::reader);
    const auto differences = store::compare(first, second);
    work.done();
    std::vector<extension::Row> rows;
    for (const store::Difference& one : differences) rows.push_back({one.in_first ? a : b, one.what, one.content});
    return extension::give_table(fcinfo, rows);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_alter_graph);
Datum kg_batch_alter_graph(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    extension::Call call(fcinfo);
    const std::string name = extension::required_text(call, 0, "name");
    const auto options = call.jsonb(1);
    if (!options) throw backend::Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "argument \"options\" must not be null");
    const std::string warning = backend::announce_work();  // things that are several now may have to be asked about
    std::int64_t asked_before = 0;
    extension::do_as_owner([&](const extension::OwnerWork& work) {
      const std::int64_t graph_id = store::graph_for(work.caller(), name, store::Right::admin);
      backend::lock_exclusive(backend::LockClass::graph, graph_id, backend::LockSpan::transaction);
      asked_before = store::alter_graph(graph_id, *options);
    });
    extension::warn_of_slots(warning);
    if (asked_before > 0)
      backend::report(backend::Level::notice, std::to_string(asked_before) + " chunks were asked about under the name that a nameless user had",
                      "They keep what was answered.", "SELECT kg_batch.reread(graph => " + formats::sql_literal(name) + ") asks again where the question is another now.");
    return call.nothing();
  });
}

PG_FUNCTION_INFO_V1(kg_batch_drop_graph);
Datum kg_batch_drop_graph(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    extension::Call call(fcinfo);
    const std::string name = extension::required_text(call, 0, "name");
    extension::do_as_owner([&](const extension::OwnerWork& work) {
      store::require_all_powerful(work.caller(), "drop a graph");
      const std::int64_t graph_id = store::graph_for(work.caller(), name, store::Right::admin);
      backend::lock_exclusive(backend::LockClass::graph, graph_id, backend::LockSpan::transaction);
      store::drop_graph(graph_id, name);
    });
    return call.nothing();
  });
}

}  // extern "C"
