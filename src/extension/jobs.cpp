// Graphs, jobs and workers as a person steers them.

#include "backend/locks.h"
#include "backend/log.h"
#include "backend/wake.h"
#include "extension/call.h"
#include "store/access.h"
#include "store/home.h"
#include "store/job.h"
#include "store/worker.h"

using namespace kg_batch;
using backend::entry_point;
using backend::Error;
using extension::Call;
using extension::OwnerWork;
using extension::do_as_owner;
using store::Right;

namespace {

void warn_if(const std::string& warning) {
  if (warning.empty()) return;
  backend::report(backend::Level::warning, warning, "",
                  "max_worker_processes might need to be increased; kg_batch needs at least 3 workers.");
}

std::string required(const Call& call, int argument, const char* name) {
  const auto value = call.text(argument);
  if (!value) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, std::string("argument \"") + name + "\" must not be null");
  return *value;
}

// Steers the job as its owner, and nobody else does until the end of the transaction: each
// of these verbs goes over rows that another takes in its own order. The transaction may
// hold those of other jobs.
void steer(const std::string& job, const std::string& graph, const std::function<void(std::int64_t graph_id, std::int64_t job_id)>& verb) {
  do_as_owner([&](const OwnerWork& work) {
    const std::int64_t graph_id = store::graph_for(work.caller(), graph, Right::writer);
    const std::int64_t job_id = store::job_by(graph_id, job);
    backend::lock_exclusive(backend::LockClass::steering, job_id, backend::LockSpan::transaction);
    verb(graph_id, job_id);
  });
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_create_graph);
Datum kg_batch_create_graph(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::string name = required(call, 0, "name");
    const std::string options = call.jsonb(1).value_or("{}");
    OwnerWork work;
    store::require_all_powerful(work.caller(), "create a graph");
    const std::int64_t graph_id = store::create_graph(name, options);
    work.done();
    return call.give(graph_id);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_grant_access);
Datum kg_batch_grant_access(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::string role = required(call, 0, "role");
    const std::string level = required(call, 1, "level");
    const std::string graph = call.graph(2);
    OwnerWork work;
    store::grant_access(role, level, store::graph_for(work.caller(), graph, Right::admin));
    work.done();
    return call.nothing();
  });
}

PG_FUNCTION_INFO_V1(kg_batch_create_job);
Datum kg_batch_create_job(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::string name = call.text(0).value_or("");
    const std::string options = call.jsonb(1).value_or("{}");
    const std::string graph = call.graph(2);
    OwnerWork work;
    const std::int64_t graph_id = store::graph_for(work.caller(), graph, Right::writer);
    const std::int64_t job_id = store::create_job(graph_id, name, options, work.caller());
    work.done();
    return call.give(job_id);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_pause);
Datum kg_batch_pause(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::string job = required(call, 0, "job");
    const std::string graph = call.graph(1);
    steer(job, graph, [](std::int64_t graph_id, std::int64_t job_id) { store::pause_job(graph_id, job_id, "paused"); });
    return call.nothing();
  });
}

// resume() without a job makes a copied database its own.
PG_FUNCTION_INFO_V1(kg_batch_resume);
Datum kg_batch_resume(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const auto job = call.text(0);
    const auto budget = call.number(1);
    const bool same = call.boolean(2).value_or(false);
    const std::string graph = call.graph(3);
    const std::string warning = backend::announce_work();
    bool at_home = false;
    if (job) {
      steer(*job, graph, [&](std::int64_t graph_id, std::int64_t job_id) { store::resume_job(graph_id, job_id, budget); });
    } else {
      OwnerWork work;
      store::require_all_powerful(work.caller(), "resume kg_batch in this database");
      at_home = store::look_at_home() == store::Home::ours;
      store::take_home(same);
      work.done();
    }
    if (at_home)
      backend::report(backend::Level::notice, "this database is at home already: nothing was to be taken over", "",
                      "SELECT kg_batch.resume(job) goes on with a paused job.");
    warn_if(warning);
    return call.nothing();
  });
}

PG_FUNCTION_INFO_V1(kg_batch_cancel);
Datum kg_batch_cancel(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::string job = required(call, 0, "job");
    const std::string graph = call.graph(1);
    steer(job, graph, [](std::int64_t graph_id, std::int64_t job_id) { store::cancel_job(graph_id, job_id); });
    return call.nothing();
  });
}

PG_FUNCTION_INFO_V1(kg_batch_retry);
Datum kg_batch_retry(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::string job = required(call, 0, "job");
    const auto chunk = call.bigint(1);
    const std::string graph = call.graph(2);
    const std::string warning = backend::announce_work();
    std::int64_t chunks = 0;
    steer(job, graph, [&](std::int64_t graph_id, std::int64_t job_id) { chunks = store::retry_job(graph_id, job_id, chunk); });
    warn_if(warning);
    return call.give(chunks);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_start);
Datum kg_batch_start(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const std::string warning = backend::announce_work();
    OwnerWork work;
    store::require_all_powerful(work.caller(), "start kg_batch");
    store::set_stopped(false);
    work.done();
    warn_if(warning);
    return call.nothing();
  });
}

PG_FUNCTION_INFO_V1(kg_batch_stop);
Datum kg_batch_stop(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    backend::wake_at_commit();
    OwnerWork work;
    store::require_all_powerful(work.caller(), "stop kg_batch");
    store::set_stopped(true);
    work.done();
    return call.nothing();
  });
}

PG_FUNCTION_INFO_V1(kg_batch_reset_performance);
Datum kg_batch_reset_performance(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    OwnerWork work;
    store::require_all_powerful(work.caller(), "reset what was measured");
    store::reset_performance();
    work.done();
    return call.nothing();
  });
}

}  // extern "C"
