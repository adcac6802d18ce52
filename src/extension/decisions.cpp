// A person's word about the graph.

#include "backend/locks.h"
#include "backend/read_only.h"
#include "extension/call.h"
#include "store/access.h"
#include "store/decision.h"
#include "store/word.h"

using namespace kg_batch;
using backend::entry_point;
using backend::Error;
using extension::Call;
using extension::OwnerWork;
using extension::do_as_owner;
using store::Right;

namespace {

std::int64_t required(const Call& call, int argument, const char* name) {
  const auto value = call.bigint(argument);
  if (!value) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, std::string("argument \"") + name + "\" must not be null");
  return *value;
}

// The graph, with the right to change it, and nobody else at it until the end of
// the transaction: a round waits, and a person who says something meanwhile.
std::int64_t graph_to_change(const OwnerWork& work, const std::string& graph) {
  backend::refuse_if_read_only();
  const std::int64_t graph_id = store::graph_for(work.caller(), graph, Right::admin);
  backend::lock_exclusive(backend::LockClass::graph, graph_id, backend::LockSpan::transaction);
  return graph_id;
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_merge);
Datum kg_batch_merge(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::int64_t a = required(call, 0, "a"), b = required(call, 1, "b");
    const std::string reason = call.text(2).value_or("");
    const std::string graph = call.graph(3);
    std::int64_t decision = 0;
    do_as_owner([&](const OwnerWork& work) {
      decision = store::say_same(graph_to_change(work, graph), a, b, reason, work.caller());
    });
    return call.give(decision);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_keep_apart);
Datum kg_batch_keep_apart(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::int64_t a = required(call, 0, "a"), b = required(call, 1, "b");
    const std::string reason = call.text(2).value_or("");
    const std::string graph = call.graph(3);
    std::int64_t decision = 0;
    do_as_owner([&](const OwnerWork& work) {
      decision = store::say_different(graph_to_change(work, graph), a, b, reason, work.caller());
    });
    return call.give(decision);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_unmerge);
Datum kg_batch_unmerge(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::int64_t node = required(call, 0, "node");
    const std::vector<std::int64_t> identities = call.bigints(1);
    const std::string reason = call.text(2).value_or("");
    const std::string graph = call.graph(3);
    std::int64_t decision = 0;
    do_as_owner([&](const OwnerWork& work) {
      decision = store::say_apart(graph_to_change(work, graph), node, identities, reason, work.caller());
    });
    return call.give(decision);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_split);
Datum kg_batch_split(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::int64_t node = required(call, 0, "node");
    store::SplitBy by;
    by.conversation = call.text(1);
    if (!call.is_null(2)) by.fact_ids = call.bigints(2);
    const std::string reason = call.text(3).value_or("");
    const std::string graph = call.graph(4);
    std::int64_t decision = 0;
    do_as_owner([&](const OwnerWork& work) {
      decision = store::say_split(graph_to_change(work, graph), node, by, reason, work.caller());
    });
    return call.give(decision);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_retract);
Datum kg_batch_retract(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::int64_t fact = required(call, 0, "fact_id");
    const std::string reason = call.text(1).value_or("");
    const std::string graph = call.graph(2);
    std::int64_t decision = 0;
    do_as_owner([&](const OwnerWork& work) {
      decision = store::say_retracted(graph_to_change(work, graph), fact, reason, work.caller());
    });
    return call.give(decision);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_correct);
Datum kg_batch_correct(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::int64_t node = required(call, 0, "node");
    const auto field = call.text(1);
    if (!field) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "argument \"field\" must not be null");
    const auto value = call.text(2);
    const std::string reason = call.text(3).value_or("");
    const std::string graph = call.graph(4);
    std::int64_t decision = 0;
    do_as_owner([&](const OwnerWork& work) {
      decision = store::say_corrected(graph_to_change(work, graph), node, *field, value, reason, work.caller());
    });
    return call.give(decision);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_undo);
Datum kg_batch_undo(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::int64_t decision = required(call, 0, "decision");
    const std::string graph = call.graph(1);
    do_as_owner([&](const OwnerWork& work) { store::undo(graph_to_change(work, graph), decision); });
    return call.nothing();
  });
}

}
