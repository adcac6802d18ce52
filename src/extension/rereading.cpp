// SQL: reread.

#include "store/rereading.h"

#include "backend/locks.h"
#include "backend/wake.h"
#include "extension/call.h"
#include "extension/intake.h"
#include "store/access.h"
#include "store/job.h"

using namespace kg_batch;

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_reread);
Datum kg_batch_reread(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const auto conversation = call.text(0);
    const auto job = call.text(1);
    const std::string options = call.jsonb(2).value_or("{}");
    const std::string graph = call.graph(3);
    const std::string warning = backend::announce_work();
    std::optional<std::int64_t> made;
    extension::do_as_owner([&](const extension::OwnerWork& work) {
      const std::int64_t graph_id = store::graph_for(work.caller(), graph, store::Right::admin);
      backend::lock_exclusive(backend::LockClass::graph, graph_id, backend::LockSpan::transaction);
      store::WhatToReread what;
      what.conversation = conversation;
      if (job) what.job = store::job_by(graph_id, *job);
      made = store::reread(graph_id, what, options, work.caller());
    });
    extension::warn_of_slots(warning);
    return made ? call.give(*made) : call.nothing();
  });
}

}  // extern "C"
