// SQL: forget.

#include "store/forgetting.h"

#include "backend/locks.h"
#include "extension/call.h"
#include "extension/intake.h"
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
    extension::OwnerWork work;
    const std::int64_t graph_id = store::graph_for(work.caller(), graph, store::Right::admin);
    backend::lock_exclusive(backend::LockClass::graph, graph_id, backend::LockSpan::transaction);
    const std::int64_t gone = message_id ? store::forget_message(graph_id, key, *message_id) : store::forget_conversation(graph_id, key);
    work.done();
    return call.give(gone);
  });
}

}  // extern "C"
