// enqueue_query: what a query of the caller's gives, in a stream.
//
// Two roles take turns and never mix: the query is run and its rows become plain
// strings as the caller; then those strings are stored as the owner. Nothing of
// the caller's is evaluated with more rights than the caller has.

#include <unordered_map>

#include "backend/wake.h"
#include "extension/incoming.h"
#include "extension/intake.h"
#include "extension/query_rows.h"
#include "store/access.h"
#include "store/rejected.h"

using namespace kg_batch;
using namespace kg_batch::extension;
using backend::entry_point;
using backend::Error;

namespace {

constexpr std::size_t enough_for_the_notice = 5 << 20;  // bytes cut to say what it may cost

struct Options {
  std::optional<std::string> job;
  std::string graph;
  int priority = 2;
  bool dry_run = false;
  bool final = true;
};

// What goes to one graph. Made and used as the owner.
struct GraphIntake {
  GraphIntake(unsigned int caller, const std::string& graph, const Options& options)
      : graph_id(store::graph_for(caller, graph, store::Right::writer)),
        job(target_job(caller, graph_id, options.job, options.dry_run)),
        ingest({graph_id, job.job_id, options.priority, options.final, options.dry_run}),
        estimator(graph_id, job.options, enough_for_the_notice) {}

  std::int64_t graph_id;
  store::Job job;
  store::Ingest ingest;
  store::Estimator estimator;
  std::int64_t rejected = 0;
};

class Intakes {
 public:
  Intakes(unsigned int caller, const Options& options) : caller_(caller), options_(options) {}

  GraphIntake& of(const std::optional<std::string>& graph) {
    const std::string& name = graph ? *graph : options_.graph;
    auto& intake = intakes_[name];
    if (!intake) {
      intake = std::make_unique<GraphIntake>(caller_, name, options_);
      order_.push_back(intake.get());
    }
    return *intake;
  }

  void take(QueryPage& page) {
    std::map<GraphIntake*, std::vector<store::IncomingMessage>> by_graph;
    for (QueryRow& row : page.rows) by_graph[&of(row.graph)].push_back(std::move(row.message));
    for (auto& [intake, messages] : by_graph)
      for (const std::size_t place : intake->ingest.take(messages)) intake->estimator.add(messages[place]);
    reject(page.rejected);
  }

  const std::vector<GraphIntake*>& in_order() const { return order_; }

 private:
  void reject(const std::vector<RejectedRow>& rejected) {
    std::vector<store::RejectedInput> inputs;
    for (const RejectedRow& row : rejected) {
      GraphIntake& intake = of(row.graph);
      ++intake.rejected;
      inputs.push_back({intake.graph_id, intake.job.job_id == 0 ? std::nullopt : std::optional(intake.job.job_id), "row " + std::to_string(row.number), row.reason, row.body});
    }
    if (!options_.dry_run) store::reject_rows(inputs);
  }

  unsigned int caller_;
  Options options_;
  std::unordered_map<std::string, std::unique_ptr<GraphIntake>> intakes_;
  std::vector<GraphIntake*> order_;
};

bool rejects_rows(const std::optional<std::string>& on_error) {
  if (!on_error || *on_error == "fail") return false;
  if (*on_error == "skip") return true;
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "unknown value of \"on_error\": \"" + *on_error + "\"", "", "Valid values are fail and skip.");
}

// The job of the first graph; 0 when nothing was made.
std::int64_t take_query(const std::string& query, const Options& options, bool reject_rows) {
  const unsigned int caller = GetUserId();
  const std::string warning = options.dry_run ? "" : backend::announce_work();
  backend::SpiSession spi;
  PageMemory memory;
  Intakes intakes(caller, options);
  QueryRows rows(query, reject_rows);
  if (rows.names_graph() && options.job)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "a query with a column \"graph\" goes to the inbox of each graph", "",
                "Leave out \"job\", or the column.");
  if (!rows.names_graph()) {  // rights and job are looked at before a row is
    backend::AsOwner owner;
    intakes.of(std::nullopt);
    owner.leave();
  }
  while (true) {
    memory.enter();
    QueryPage page = rows.next();
    if (!page.empty()) {
      backend::AsOwner owner;
      intakes.take(page);
      owner.leave();
    }
    memory.leave();
    if (page.empty()) break;
  }
  rows.close();

  backend::AsOwner owner;
  if (intakes.in_order().empty()) intakes.of(std::nullopt);
  std::vector<Taken> all;
  std::vector<Attention> attention;
  for (GraphIntake* const intake : intakes.in_order()) {
    intake->ingest.finish();
    Taken taken;
    taken.job = intake->job;
    taken.report = intake->ingest.report();
    taken.estimate = intake->estimator.estimate();
    taken.rejected = intake->rejected;
    taken.not_read = rows.columns_not_read();
    taken.final = options.final;
    taken.dry_run = options.dry_run;
    all.push_back(std::move(taken));
    if (attention.empty()) attention = what_needs_attention(intake->job);
  }
  owner.leave();
  spi.finish();
  warn_of_slots(warning);
  for (const Taken& taken : all) tell_taken(taken);
  tell(attention);
  return all.front().job.job_id;
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_enqueue_query);
Datum kg_batch_enqueue_query(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    require_utf8();
    const std::string query = required_text(call, 0, "query");
    Options options;
    options.job = call.text(1);
    options.priority = priority_argument(call, 2);
    options.dry_run = call.boolean(3).value_or(false);
    const bool reject_rows = rejects_rows(call.text(4));
    options.final = call.boolean(5).value_or(true);
    options.graph = call.graph(6);
    const std::int64_t job_id = take_query(query, options, reject_rows);
    return job_id == 0 ? call.nothing() : call.give(job_id);
  });
}

}  // extern "C"
