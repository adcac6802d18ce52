// CALL kg_batch.wait: follows a job until nothing in it is open.
//
// A procedure that commits can have no SET clause and refuses a transaction
// block. It looks in a short transaction as the owner, commits, and waits on its
// latch: while it waits it has no snapshot, no lock and nothing to clean up, so it
// may wait for days and be cancelled at any moment.

#include "backend/bridge.h"
#include "backend/extension.h"
#include "backend/log.h"
#include "backend/settings.h"
#include "backend/shared_memory.h"
#include "backend/spi.h"
#include "backend/wake.h"
#include "backend/wait.h"
#include "extension/call.h"
#include "store/access.h"
#include "store/home.h"
#include "store/job.h"

using namespace kg_batch;
using backend::backend_call;
using backend::Error;
using backend::Level;
using extension::Call;

namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// ---- arguments, in the types of any of the procedure's forms ----

struct Types {
  Oid job, timeout;
};

Types argument_types(const Call& call) {
  return backend_call([&] {
    Oid* types = nullptr;
    int count = 0;
    (void)get_func_signature(call.info()->flinfo->fn_oid, &types, &count);
    return count == 3 ? Types{types[0], types[1]} : Types{TEXTOID, INTERVALOID};
  });
}

std::optional<std::string> job_argument(const Call& call, Oid type) {
  if (call.is_null(0)) return std::nullopt;
  return type == INT8OID ? std::to_string(*call.bigint(0)) : *call.text(0);
}

std::optional<std::int64_t> interval_ms(const Interval& interval) {
  const double days = static_cast<double>(interval.month) * DAYS_PER_MONTH + interval.day;
  const double ms = days * 86'400'000.0 + static_cast<double>(interval.time) / 1000.0;
  if (ms > 1e15) return std::nullopt;  // as good as for ever
  return static_cast<std::int64_t>(ms);
}

std::optional<std::int64_t> timeout_argument(const Call& call, Oid type) {
  if (call.is_null(1)) return std::nullopt;
  std::optional<std::int64_t> ms;
  double seconds = 0;
  if (type == FLOAT8OID) {
    seconds = *call.number(1);
    if (seconds != seconds) throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "the timeout of wait is not a number");
    if (seconds < 1e12) ms = static_cast<std::int64_t>(seconds * 1000);
  } else if (type == INTERVALOID) {
    ms = interval_ms(*DatumGetIntervalP(call.info()->args[1].value));
  } else {
    const std::string text = *call.text(1);
    char* end = nullptr;
    seconds = std::strtod(text.c_str(), &end);
    if (end != text.c_str() && *end == '\0' && seconds < 1e12) {
      ms = static_cast<std::int64_t>(seconds * 1000);
    } else {
      const Interval interval = backend_call([&] {
        return *DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(text.c_str()), ObjectIdGetDatum(InvalidOid),
                                                      Int32GetDatum(-1)));
      });
      ms = interval_ms(interval);
    }
  }
  if (ms && *ms < 0) throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "the timeout of wait must not be negative");
  return ms;
}

// ---- one look ----

struct Look {
  std::string name;  // of the job, or how many there are
  std::string line;  // what is shown
  std::int64_t jobs = 0, running = 0, paused = 0, cancelled = 0, failed = 0;
  std::string paused_names, reason;
  std::string obstacle, hint;  // why nothing will happen
  std::int64_t unreadable = 0;  // followed tables
  std::string settling, close_now;  // what waits for its time, and how not to
};

Look look_at(std::int64_t graph_id, std::optional<std::int64_t> job_id) {
  const auto rows = backend::execute(
      "SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE p.state = 'running'), "
      " pg_catalog.count(*) FILTER (WHERE p.state = 'paused'), pg_catalog.count(*) FILTER (WHERE p.state = 'cancelled'), "
      " COALESCE(pg_catalog.sum(p.chunks_failed), 0), pg_catalog.string_agg(p.job, ', ' ORDER BY p.job) FILTER (WHERE p.state = 'paused'), "
      " pg_catalog.min(p.reason) FILTER (WHERE p.state = 'paused'), pg_catalog.min(p.job), "
      " pg_catalog.floor(COALESCE(pg_catalog.avg(p.percent), 100)), COALESCE(pg_catalog.sum(p.chunks_done), 0), "
      " COALESCE(pg_catalog.sum(p.chunks), 0), COALESCE(pg_catalog.sum(p.conversations), 0), "
      " pg_catalog.round(COALESCE(pg_catalog.sum(p.cost), 0), 4), "
      " pg_catalog.round(EXTRACT(epoch FROM pg_catalog.max(p.eta)))::bigint, "
      " COALESCE(pg_catalog.sum(p.settling) FILTER (WHERE p.state IN ('running', 'following')), 0), "
      " pg_catalog.date_trunc('second', pg_catalog.min(p.settles_at) FILTER (WHERE p.state IN ('running', 'following')))::text, "
      " 'SELECT kg_batch.flush(' || pg_catalog.quote_literal(pg_catalog.min(p.graph)) || ') closes them now.', "
      " CASE WHEN pg_catalog.count(*) = 1 THEN pg_catalog.min(p.doing) FILTER (WHERE p.state = 'running' AND p.settling = 0) END, "
      " (SELECT pg_catalog.count(*) FROM kg_batch_internal.follow f WHERE f.graph_id = $1 AND f.error IS NOT NULL AND ($2::bigint IS NULL OR f.job_id = $2)) "
      "FROM kg_batch.progress p WHERE p.graph_id = $1 AND CASE WHEN $2::bigint IS NULL THEN p.state <> 'cancelled' ELSE p.job_id = $2 END",
      {graph_id, job_id});
  Look look;
  look.jobs = rows.integer(0, 0);
  look.running = rows.integer(0, 1);
  look.paused = rows.integer(0, 2);
  look.cancelled = rows.integer(0, 3);
  look.failed = rows.integer(0, 4);
  look.unreadable = rows.integer(0, 18);
  look.paused_names = rows.text(0, 5);
  look.reason = rows.text(0, 6);
  look.name = job_id ? rows.text(0, 7) : std::to_string(look.jobs) + (look.jobs == 1 ? " job" : " jobs");
  const int percent = static_cast<int>(rows.integer(0, 8));
  const int cells = percent / 5;
  look.line = look.name + " [" + std::string(static_cast<std::size_t>(cells), '#') + std::string(static_cast<std::size_t>(20 - cells), '.') +
              "] " + std::to_string(percent) + " %, " + rows.text(0, 9) + " of " + rows.text(0, 10) + " chunks";
  if (look.failed > 0) look.line += ", " + std::to_string(look.failed) + " failed";
  if (!rows.is_null(0, 13)) {
    const std::int64_t s = rows.integer(0, 13);
    look.line += ", eta " + (s >= 7200   ? std::to_string(s / 3600) + " h"
                             : s >= 120 ? std::to_string(s / 60) + " min"
                                        : std::to_string(s) + " s");
  }
  look.line += ", cost $" + rows.text(0, 12);
  if (!rows.is_null(0, 17)) look.line += "; " + rows.text(0, 17);
  // The moment and not how long until then: a line that is the same is not said again each second.
  if (const std::int64_t n = rows.integer(0, 14); n > 0) {
    look.settling = n == 1 ? "1 conversation waits until it settles, at " : std::to_string(n) + " conversations wait until they settle, the next one at ";
    look.settling += rows.text(0, 15);
    look.close_now = rows.text(0, 16);
    look.line += "; " + look.settling;
  }
  if (look.running == 0) return look;
  if (store::is_stopped()) {
    look.obstacle = "kg_batch is stopped in this database";
    look.hint = "SELECT kg_batch.start() starts it.";
  } else if (store::look_at_home() != store::Home::ours) {
    look.obstacle = "this database is a copy, in which nothing runs";
    look.hint = "SELECT kg_batch.resume() makes it its own.";
  } else if (!backend::settings::enabled()) {
    look.obstacle = "kg_batch.enabled is off";
    look.hint = "Set it to on to have workers run.";
  }
  return look;
}

bool no_inbox(std::int64_t graph_id) {
  return backend::execute("SELECT FROM kg_batch_internal.job WHERE graph_id = $1 AND name = 'inbox'", {graph_id}).processed() == 0;
}

// Nobody may be there after a restart without preload.
std::string see_to_coordinator() {
  if (backend_call([] { return RecoveryInProgress(); })) return "";
  backend::attach_shared_memory();
  if (backend::coordinator_pid(MyDatabaseId) != 0) return "";
  return backend::announce_work();
}

// True when there is nothing left to wait for; says why.
bool is_over(const Look& look) {
  if (look.running == 0) {
    if (look.cancelled > 0) {
      backend::report(Level::warning, "job \"" + look.name + "\" is cancelled", "", "SELECT kg_batch.retry takes it up again.");
    } else if (look.paused > 0) {
      backend::report(Level::warning, "paused: " + look.paused_names,
                      look.reason.empty() ? "" : "The reason is: " + look.reason + ".",
                      look.reason == "budget" ? "SELECT kg_batch.resume(job, budget => ...) goes on with a higher one."
                                              : "SELECT kg_batch.resume(job) goes on.");
    }
    if (look.unreadable > 0)
      backend::report(Level::warning, std::to_string(look.unreadable) + (look.unreadable == 1 ? " followed table" : " followed tables") + " cannot be read", "",
                      "The view kg_batch.follows has the reasons and what to do.");
    if (look.failed > 0)
      backend::report(Level::warning, std::to_string(look.failed) + (look.failed == 1 ? " chunk" : " chunks") + " failed", "",
                      "The view kg_batch.errors has the reasons; SELECT kg_batch.retry(job) asks again.");
    return true;
  }
  if (look.obstacle.empty()) return false;
  backend::report(Level::warning, look.obstacle, "", look.hint);
  return true;
}

// A look in a transaction of its own; SPI is connected around it, not across the
// wait, so nothing keeps a snapshot.
template <typename Work>
void in_short_transaction(Work&& work) {
  backend::SpiSession spi(true);
  {
    backend::AsOwner owner;
    work();
    owner.leave();
  }
  backend_call([] { SPI_commit(); });
  spi.finish();
}

void wait_for(const Call& call) {
  const Types types = argument_types(call);
  const auto job = job_argument(call, types.job);
  const auto timeout = timeout_argument(call, types.timeout);
  const std::string graph = call.graph(2);
  const std::int64_t began = now_ms();
  const Oid caller = GetUserId();
  std::int64_t graph_id = 0;
  std::optional<std::int64_t> job_id;
  std::string warning, shown;
  std::int64_t shown_at = 0;
  for (bool first = true;; first = false) {
    const std::int64_t look_began = now_ms();
    Look look;
    in_short_transaction([&] {
      if (first) {
        graph_id = store::graph_for(caller, graph, store::Right::reader);
        // Before anything was enqueued without a job there is no inbox, and nothing to wait for.
        if (job && !(*job == "inbox" && no_inbox(graph_id))) job_id = store::job_by(graph_id, *job);
        if (job && !job_id) return;
      }
      look = look_at(graph_id, job_id);
      if (first && look.running > 0 && look.obstacle.empty()) warning = see_to_coordinator();
    });
    if (job && !job_id) {
      backend::report(Level::notice, "nothing was enqueued without a job yet");
      return;
    }
    const std::int64_t now = now_ms();
    if (!warning.empty()) backend::report(Level::warning, warning, "", "max_worker_processes might need to be increased.");
    warning.clear();
    // A line a second while something moves, one in ten seconds while nothing does.
    if (look.line != shown || now - shown_at >= 10'000) {
      backend::report(Level::notice, look.line, "", look.close_now);
      shown = look.line;
      shown_at = now;
    }
    if (is_over(look)) return;
    // A job so large that looking takes long is looked at less often.
    std::int64_t pause = std::max<std::int64_t>(1000, 10 * (now - look_began));
    if (timeout) {
      const std::int64_t left = began + *timeout - now;
      if (left <= 0) {
        backend::report(Level::warning, "wait is over before " + (job_id ? "job \"" + look.name + "\" is" : look.name + " are") + " done",
                        look.settling.empty() ? "" : look.settling + ".",
                        (look.close_now.empty() ? "" : look.close_now + " ") + "It goes on in the background; the view kg_batch.progress shows how far it is.");
        return;
      }
      pause = std::min(pause, left);
    }
    backend_call([&] {
      const std::uint32_t event = backend::wait_event("KgBatchWaitForJob");
      const std::int64_t until = now + pause;
      for (std::int64_t left = pause; left > 0; left = until - now_ms()) {
        const int happened =
            WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, static_cast<long>(left), event);
        if (happened & WL_LATCH_SET) ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
      }
    });
  }
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_wait);
Datum kg_batch_wait(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    const Node* const context = fcinfo->context;
    if (context == nullptr || !IsA(context, CallContext) || castNode(CallContext, const_cast<Node*>(context))->atomic)
      throw Error(ERRCODE_ACTIVE_SQL_TRANSACTION, "wait cannot run inside a transaction block");
    const Call call(fcinfo);
    wait_for(call);
    return Datum{0};
  });
}

}  // extern "C"
