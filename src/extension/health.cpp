// SQL: health(), a row a check. What it knows of the API is the batch manager's
// last probe; of the key only whether there is one: a user's backend opens no
// connection and reads no key.

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstdlib>

#include "backend/bridge.h"
#include "backend/settings.h"
#include "backend/shared_memory.h"
#include "chunking/sentences.h"
#include "extension/call.h"
#include "extension/table.h"
#include "store/access.h"
#include "store/home.h"

using namespace kg_batch;
using backend::backend_call;
using backend::Error;
using backend::execute;
using backend::Rows;
namespace settings = backend::settings;

namespace {

struct Checks {
  std::vector<extension::Row> rows;

  void add(const char* name, bool ok, std::string detail, const std::string& hint = "") {
    std::optional<std::string> shown_hint;
    if (!hint.empty()) shown_hint = hint;
    rows.push_back({name, std::string(ok ? "t" : "f"), std::move(detail), std::move(shown_hint)});
  }
};

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string age(std::int64_t since_us) {
  const std::int64_t s = std::max<std::int64_t>(0, (now_us() - since_us) / 1'000'000);
  if (s < 120) return std::to_string(s) + " s ago";
  if (s < 7200) return std::to_string(s / 60) + " min ago";
  return std::to_string(s / 3600) + " h ago";
}

std::string joined(const Rows& rows, std::size_t column) {
  std::string all;
  for (std::size_t i = 0; i < rows.size(); ++i) all += (i == 0 ? "" : ", ") + rows.text(i, column);
  return all;
}

void library(Checks& checks) {
  const bool preloaded = backend::launcher_pid() != 0;
  checks.add("library", true, std::string("version ") + backend::library_version + (preloaded ? ", preloaded" : ", not preloaded"),
             preloaded ? ""
                       : "Without shared_preload_libraries = 'kg_batch' work goes on after a restart of the server only when "
                         "something is enqueued or kg_batch.start() is called.");
}

void switched_on(Checks& checks, bool standby) {
  if (standby) {
    checks.add("enabled", true, "this server is a standby: workers run after its promotion");
    return;
  }
  const bool enabled = settings::enabled();
  const bool stopped = store::is_stopped();
  if (!enabled)
    checks.add("enabled", false, "kg_batch.enabled is off", "Set it to on to have workers run.");
  else if (stopped)
    checks.add("enabled", false, "stopped by kg_batch.stop()", "SELECT kg_batch.start() starts the workers.");
  else
    checks.add("enabled", true, "enabled");
}

void home(Checks& checks) {
  switch (store::look_at_home()) {
    case store::Home::ours:
      checks.add("home", true, "this database is where its work belongs");
      return;
    case store::Home::missing:
      if (execute("SELECT FROM kg_batch_internal.graph LIMIT 1").processed() == 0) {
        checks.add("home", true, "not used yet");
        return;
      }
      [[fallthrough]];
    case store::Home::foreign:
      checks.add("home", false, "this database is a copy or was restored: nothing runs in it, so that it neither spends nor touches the original's batches",
                 "SELECT kg_batch.resume() makes it its own; kg_batch.resume(same => true) after pg_upgrade.");
  }
}

void coordinator(Checks& checks, bool may_run) {
  const int pid = backend::coordinator_pid(MyDatabaseId);
  const bool alive = pid != 0 && backend_call([&] { return backend::backend_proc(pid) != nullptr; });
  const bool work = execute("SELECT FROM kg_batch_internal.job WHERE state = 'running' LIMIT 1").processed() > 0;
  if (alive)
    checks.add("coordinator", true, "running with pid " + std::to_string(pid));
  else if (!work || !may_run)
    checks.add("coordinator", true, work ? "not running, as said above" : "not running: there is no work");
  else
    checks.add("coordinator", false, "not running although there is work",
               "SELECT kg_batch.start() asks for it; the server's log says why it ended.");
}

void workers(Checks& checks) {
  const auto everywhere = backend::workers(0);
  std::size_t here = 0;
  std::string silent;
  for (const auto& worker : everywhere) {
    if (worker.database != MyDatabaseId) continue;
    ++here;
    if (backend::hangs(worker)) silent += (silent.empty() ? "" : ", ") + std::to_string(worker.pid);
  }
  const int most = settings::max_workers();
  const bool few = max_worker_processes < 8 || most < 3;
  checks.add("slots", !few,
             std::to_string(everywhere.size()) + " workers of kg_batch on this server, " + std::to_string(here) +
                 " in this database; at most " + std::to_string(most) + " (max_worker_processes is " +
                 std::to_string(max_worker_processes) + ", num_pipelines " + std::to_string(settings::num_pipelines()) + ")",
             few ? "Raise max_worker_processes to 16 or more and restart the server; with 3 workers everything works, slower."
             : settings::num_pipelines() + 2 > most
                 ? "More pipelines can run with max_worker_processes = " + std::to_string(settings::num_pipelines() + 6) + "."
                 : "");
  checks.add("workers", silent.empty(), silent.empty() ? "all show signs of life" : "no sign of life for a minute from pid " + silent,
             silent.empty() ? "" : "The coordinator ends such a worker and frees what it had in hand.");
}

void api_key(Checks& checks, bool all_powerful) {
  const std::string file = settings::api_key_file();
  const std::string shown = all_powerful ? "\"" + file + "\"" : "the key file";
  const char* const make_one = "Write the key into a file with mode 0600 of the server's user and set kg_batch.api_key_file to its path.";
  if (file.empty()) {
    const char* const variable = std::getenv("OPENAI_API_KEY");
    if (variable != nullptr && variable[0] != '\0')
      checks.add("api key", true, "in the server's environment variable OPENAI_API_KEY");
    else
      checks.add("api key", false, "neither kg_batch.api_key_file nor the server's environment variable OPENAI_API_KEY is set", make_one);
    return;
  }
  struct stat found;
  if (stat(file.c_str(), &found) != 0)
    checks.add("api key", false, "cannot look at " + shown + ": " + strerror(errno), make_one);
  else if (!S_ISREG(found.st_mode))
    checks.add("api key", false, shown + " is no file", make_one);
  else if ((found.st_mode & 077) != 0)
    checks.add("api key", false, shown + " can be read by others", "Set its mode to 0600.");
  else if (found.st_size == 0)
    checks.add("api key", false, shown + " is empty", make_one);
  else
    checks.add("api key", true, shown + " is there");
}

// Without TLS whoever stands on the way reads key and conversations.
void endpoint(Checks& checks) {
  const std::string url = settings::api_base_url();
  if (!url.starts_with("http://")) {
    checks.add("endpoint", true, "requests go out encrypted");
    return;
  }
  const std::string authority = url.substr(7, url.find_first_of("/?#", 7) - 7);
  const std::string host = authority.substr(authority.rfind('@') + 1);
  const std::size_t numbers = host.find_first_not_of("0123456789.");
  const bool here = (host.starts_with("127.") && (numbers == std::string::npos || host[numbers] == ':')) || host.starts_with("[::1]") || host == "localhost" || host.starts_with("localhost:");
  if (here)
    checks.add("endpoint", true, "requests go to this machine, without TLS");
  else
    checks.add("endpoint", false, "kg_batch.api_base_url is without TLS: key and conversations can be read on the way",
               "Set it to an address that begins with https://.");
}

void api(Checks& checks) {
  const auto probe = backend::probe(MyDatabaseId);
  if (probe.at_us == 0) {
    checks.add("api", true, settings::api_base_url() + ": not asked yet");
    return;
  }
  const bool well = probe.status >= 200 && probe.status < 300;
  std::string detail = settings::api_base_url() + ": " +
                       (probe.status == 0 ? std::string("could not be reached") : "status " + std::to_string(probe.status));
  if (probe.text[0] != '\0') detail += ", " + std::string(probe.text);
  detail += ", " + age(probe.at_us);
  checks.add("api", well, detail,
             well                                             ? ""
             : probe.status == 401 || probe.status == 403 ? "The key is not accepted; a new one in the key file counts after a reload."
             : probe.status == 429                        ? "Rate limit or money of the account; work goes on by itself when it can."
                                                          : "Requests are tried again by themselves.");
}

void key_accepted(Checks& checks) {
  const auto probe = backend::probe(MyDatabaseId);
  if (probe.at_us == 0 || probe.status == 0)
    checks.add("key accepted", true, "not known: the API was not reached yet");
  else if (probe.status == 401 || probe.status == 403)
    checks.add("key accepted", false, "the API refused it with status " + std::to_string(probe.status) + ", " + age(probe.at_us),
               "Write one that is valid, and may use the models of your jobs, into the key file; it counts after SELECT pg_reload_conf().");
  else
    checks.add("key accepted", true, "the API took it " + age(probe.at_us));
}

// By what the ledger has of the last twenty questions to each model of a job.
void models(Checks& checks, std::int64_t role) {
  const auto rows = execute(
      "SELECT m.model, pg_catalog.count(x.outcome), pg_catalog.count(*) FILTER (WHERE x.outcome = 'answered'), "
      " pg_catalog.count(*) FILTER (WHERE x.status = 404), pg_catalog.max(x.error) FILTER (WHERE x.status = 404), "
      " pg_catalog.max(x.outcome) FILTER (WHERE x.outcome NOT IN ('answered', 'error', 'lost')) "
      "FROM (SELECT DISTINCT j.graph_id, j.options ->> 'model' AS model FROM kg_batch_internal.job j "
      "  WHERE j.graph_id = ANY (kg_batch_internal.graphs_of($1::oid, 1)) AND j.state <> 'cancelled' AND j.options ->> 'model' IS NOT NULL) m "
      "LEFT JOIN LATERAL (SELECT a.outcome, a.status, a.error FROM ("
      "   SELECT r.graph_id, r.request_id, r.attempt FROM kg_batch_internal.request r WHERE r.graph_id = m.graph_id AND r.model = m.model "
      "   AND r.state IN ('answered', 'failed') ORDER BY r.request_id DESC LIMIT 20) r "
      "  JOIN kg_batch_internal.answer a ON a.graph_id = r.graph_id AND a.request_id = r.request_id AND a.attempt = r.attempt) x ON true "
      "GROUP BY m.model ORDER BY m.model",
      {role});
  std::string known, unknown, unable, why;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string model = rows.text(i, 0);
    const auto asked = rows.integer(i, 1), answered = rows.integer(i, 2), not_found = rows.integer(i, 3);
    known += (known.empty() ? "" : ", ") + model +
             (asked == 0 ? " was not asked yet" : " answered " + std::to_string(answered) + " of the last " + std::to_string(asked));
    if (not_found > 0 && answered == 0) {
      unknown += (unknown.empty() ? "" : ", ") + model;
      why = rows.text(i, 4);
    } else if (asked > 0 && answered * 2 < asked && !rows.is_null(i, 5)) {
      unable += (unable.empty() ? "" : ", ") + model + " (" + std::to_string(answered) + " of " + std::to_string(asked) + ", else " + rows.text(i, 5) + ")";
    }
  }
  checks.add("model known", unknown.empty(), unknown.empty() ? (known.empty() ? "no job names one yet" : known) : "the API does not know " + unknown + ": " + why,
             unknown.empty() ? "" : "Name one that the account has in kg_batch.model or in the job's options, and retry.");
  checks.add("schema", unable.empty(), unable.empty() ? "models answer as the schemas say" : "hardly an answer of use from " + unable,
             unable.empty() ? "" : "Take a model with structured outputs, raise max_output_tokens where it is length; kg_batch.errors has the single ones.");
}

void batch_route(Checks& checks) {
  const auto rows = execute(
      "SELECT b.state, COALESCE(b.error, ''), b.remote_id IS NOT NULL, pg_catalog.count(*) OVER () FROM ("
      " SELECT * FROM kg_batch_internal.batch x WHERE x.state IN ('submitted', 'reading', 'done', 'failed') ORDER BY x.batch_id DESC LIMIT 3) b");
  if (rows.empty()) {
    checks.add("batch route", true, "not used yet");
    return;
  }
  std::size_t refused = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) refused += rows.text(i, 0) == "failed" && !rows.boolean(i, 2);
  const bool works = refused < rows.size();
  checks.add("batch route", works, works ? "the API takes batches" : "the API took none of the last " + std::to_string(rows.size()) + " batches: " + rows.text(0, 1),
             works ? "" : "Where the endpoint has no Batch API, make jobs with {\"use_batch_api\": false}: all goes directly, at full price.");
}

void clock_goes_forward(Checks& checks) {
  const auto rows = execute(
      "SELECT pg_catalog.max(x.at)::text FROM ((SELECT b.planned_at AS at FROM kg_batch_internal.batch b ORDER BY b.batch_id DESC LIMIT 1) "
      "UNION ALL (SELECT w.started_at FROM kg_batch_internal.worker w ORDER BY w.worker_id DESC LIMIT 1) "
      "UNION ALL (SELECT pg_catalog.max(p.at) FROM kg_batch_internal.progress_sample p)) x WHERE x.at > pg_catalog.clock_timestamp() + interval '1 minute'");
  const bool forward = rows.is_null(0, 0);
  checks.add("clock", forward, forward ? "nothing was written in the future" : "something was written at " + rows.text(0, 0) + ", which is to come",
             forward ? "" : "The server's clock was set back: rates, times left and what waits for its time are wrong until then. Keep it by NTP.");
}

void disk(Checks& checks) {
  struct statvfs found;
  if (statvfs(DataDir, &found) != 0) {
    checks.add("disk", true, std::string("cannot look at the data directory: ") + strerror(errno));
    return;
  }
  const double free = static_cast<double>(found.f_bavail) * static_cast<double>(found.f_frsize);
  const double share = found.f_blocks == 0 ? 1 : static_cast<double>(found.f_bavail) / static_cast<double>(found.f_blocks);
  const bool enough = free >= 2e9 && share >= 0.02;
  char detail[80];
  snprintf(detail, sizeof detail, "%.1f GB free in the data directory, %.0f percent", free / 1e9, share * 100);
  checks.add("disk", enough, detail, enough ? "" : "Batches are spooled under the data directory, and answers are kept; make room, or set kg_batch.retention.");
}

void autovacuum(Checks& checks) {
  const auto rows = execute(
      "SELECT pg_catalog.current_setting('autovacuum')::boolean, pg_catalog.current_setting('track_counts')::boolean, "
      "COALESCE((SELECT pg_catalog.max(s.n_dead_tup) FROM pg_catalog.pg_stat_all_tables s WHERE s.schemaname = 'kg_batch_internal' "
      " AND s.relname IN ('ready', 'claimed')), 0)");
  const bool on = rows.boolean(0, 0) && rows.boolean(0, 1);
  const std::int64_t dead = rows.integer(0, 2);
  const bool well = on && dead < 1'000'000;
  checks.add("autovacuum", well, on ? std::to_string(dead) + " dead rows in the queue at most" : "autovacuum or track_counts is off",
             well ? ""
             : on ? "Something keeps old rows from being removed: look for old transactions in pg_stat_activity and pg_prepared_xacts, and for stale replication slots."
                  : "Set autovacuum and track_counts to on; the queue grows with all that went through it.");
}

// What differs from the defaults; the values of none, as one may be a path.
void changed_settings(Checks& checks) {
  const auto rows = execute(
      "SELECT pg_catalog.replace(s.name, 'kg_batch.', '') FROM pg_catalog.pg_settings s WHERE s.name LIKE 'kg\\_batch.%' AND s.source <> 'default' ORDER BY 1");
  std::string wrong;
  if (execute("SELECT pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'SELECT') "
              "AND pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE')")
          .boolean(0, 0))
    wrong = joined(execute("SELECT f.name FROM pg_catalog.pg_file_settings f WHERE f.name LIKE 'kg\\_batch.%' AND f.error IS NOT NULL ORDER BY 1"), 0);
  checks.add("settings", wrong.empty(),
             !wrong.empty() ? "not taken from the configuration file: " + wrong
             : rows.empty() ? "all as they come"
                            : "changed: " + joined(rows, 0),
             wrong.empty() ? "" : "pg_file_settings says what is wrong with each.");
}

void budget(Checks& checks) {
  const double most = settings::budget_per_day();
  const auto rows = execute(
      "SELECT pg_catalog.round(s.spent, 2), pg_catalog.round(s.reserved, 2) FROM kg_batch_internal.spending s "
      "WHERE s.day = (pg_catalog.now() AT TIME ZONE 'UTC')::date");
  const std::string spent = rows.empty() ? "0" : rows.text(0, 0);
  const std::string reserved = rows.empty() ? "0" : rows.text(0, 1);
  const bool full = execute("SELECT kg_batch_internal.day_is_full($1)", {most}).boolean(0, 0);
  char limit[40];
  snprintf(limit, sizeof limit, "%.2f", most);
  checks.add("budget of the day", !full,
             "$" + spent + " spent and $" + reserved + " reserved today (UTC)" +
                 (most < 0 ? std::string(", without a limit") : " of $" + std::string(limit)),
             full ? "Raise kg_batch.budget_per_day, or wait for tomorrow and resume the jobs." : "");
}

// What follows speaks of graphs: of those that the caller may read.
void prices(Checks& checks, std::int64_t role) {
  const auto rows = execute(
      "SELECT DISTINCT j.options ->> 'model' FROM kg_batch_internal.job j "
      "WHERE j.graph_id = ANY (kg_batch_internal.graphs_of($1::oid, 1)) AND j.state <> 'cancelled' "
      "AND kg_batch_internal.price(j.options ->> 'model', pg_catalog.now(), 1) IS NULL ORDER BY 1",
      {role});
  checks.add("prices", rows.empty(), rows.empty() ? "every model of a job has a price" : "no price is known for " + joined(rows, 0),
             rows.empty() ? "" : "SELECT kg_batch.set_model_price(model, input, output) with US dollars per million tokens.");
}

void paused_jobs(Checks& checks, std::int64_t role) {
  const auto rows = execute(
      "SELECT j.name || COALESCE(' (' || j.reason || ')', '') FROM kg_batch_internal.job j "
      "WHERE j.graph_id = ANY (kg_batch_internal.graphs_of($1::oid, 1)) AND j.state = 'paused' AND j.reason IS DISTINCT FROM 'made paused' "
      "AND j.reason IS DISTINCT FROM 'paused' ORDER BY j.job_id LIMIT 10",
      {role});
  checks.add("jobs", rows.empty(), rows.empty() ? "none waits for a person" : "paused: " + joined(rows, 0),
             rows.empty() ? "" : "SELECT kg_batch.resume(job), with budget => where it was the budget.");
}

void follows(Checks& checks, std::int64_t role) {
  const auto rows = execute(
      "SELECT error, hint FROM kg_batch_internal.follow_trouble "
      "WHERE graph_id = ANY (kg_batch_internal.graphs_of($1::oid, 1)) ORDER BY follow_id LIMIT 10",
      {role});
  checks.add("follows", rows.empty(), rows.empty() ? "every followed table can be read" : joined(rows, 0), rows.empty() ? "" : rows.text(0, 1));
}

void icu(Checks& checks, std::int64_t role) {
  const auto rows = execute(
      "SELECT g.name || ' (' || g.icu_version || ')' FROM kg_batch_internal.graph g "
      "WHERE g.graph_id = ANY (kg_batch_internal.graphs_of($1::oid, 1)) AND g.icu_version <> $2 ORDER BY g.name LIMIT 10",
      {role, chunking::icu_version()});
  checks.add("icu", rows.empty(),
             "the library has " + chunking::icu_version() + (rows.empty() ? "" : "; made by another: " + joined(rows, 0)),
             rows.empty() ? "" : "Everything works; digests of these graphs cannot be compared with those of others.");
}

// Of jobs that still may ask, and of those that the caller would make now.
void embeddings(Checks& checks, std::int64_t role) {
  const auto rows = execute(
      "SELECT DISTINCT m.model FROM (SELECT j.options ->> 'embedding_model' AS model FROM kg_batch_internal.job j "
      "  WHERE j.graph_id = ANY (kg_batch_internal.graphs_of($1::oid, 1)) AND j.state <> 'cancelled' UNION ALL SELECT $2) m WHERE m.model <> '' ORDER BY 1",
      {role, settings::embedding_model()});
  if (rows.empty()) {
    checks.add("embeddings", true, "off: no job names an embedding_model");
    return;
  }
  const bool installed = execute("SELECT kg_batch_internal.vector_schema() IS NOT NULL").boolean(0, 0);
  checks.add("embeddings", installed,
             installed ? "by " + joined(rows, 0)
                       : "the extension vector (pgvector) is not installed in this database, so nothing is asked of " + joined(rows, 0),
             installed ? "" : "CREATE EXTENSION vector, from the package of pgvector; kg_batch.rebuild(graph) then asks for what is there already.");
}

void batches(Checks& checks) {
  const auto rows = execute(
      "SELECT b.batch_id::text FROM kg_batch_internal.batch b WHERE b.state = 'unclear' "
      // Until somebody has said that what was in it is to be asked again.
      "OR (b.state = 'lost' AND EXISTS (SELECT FROM kg_batch_internal.request r WHERE r.batch_id = b.batch_id AND r.state = 'failed')) "
      "ORDER BY b.batch_id DESC LIMIT 10");
  checks.add("batches", rows.empty(),
             rows.empty() ? "the outcome of every batch is known" : "not known whether the API took, or still has, batch " + joined(rows, 0),
             rows.empty() ? "" : "Look at the account's list of batches; kg_batch.errors says what to do where it is there, and where not.");
}

void access(Checks& checks) {
  const auto rows = execute(
      "SELECT a.role::oid::text FROM kg_batch_internal.access a "
      "WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = a.role::oid) GROUP BY 1 ORDER BY 1 LIMIT 10");
  checks.add("access", rows.empty(),
             rows.empty() ? "every role that was granted something exists" : "granted to roles that are gone: " + joined(rows, 0),
             rows.empty() ? "" : "DELETE FROM kg_batch_internal.access WHERE role::oid NOT IN (SELECT oid FROM pg_roles), as the owner.");
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_health);
Datum kg_batch_health(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    backend::attach_shared_memory();
    Checks checks;
    extension::OwnerWork work;
    const std::int64_t role = work.caller();
    const bool all_powerful = store::is_all_powerful(work.caller());
    if (!all_powerful && !execute("SELECT pg_catalog.cardinality(kg_batch_internal.graphs_of($1::oid, 1)) > 0", {role}).boolean(0, 0))
      throw Error(ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to look at the health of kg_batch", "",
                  "This needs the level reader on a graph: SELECT kg_batch.grant_access(role, level, graph).");
    const bool standby = backend_call([] { return RecoveryInProgress(); });
    library(checks);
    switched_on(checks, standby);
    home(checks);
    coordinator(checks, !standby && settings::enabled() && !store::is_stopped() && store::look_at_home() == store::Home::ours);
    workers(checks);
    api_key(checks, all_powerful);
    endpoint(checks);
    api(checks);
    key_accepted(checks);
    models(checks, role);
    batch_route(checks);
    budget(checks);
    prices(checks, role);
    paused_jobs(checks, role);
    follows(checks, role);
    batches(checks);
    embeddings(checks, role);
    icu(checks, role);
    clock_goes_forward(checks);
    disk(checks);
    autovacuum(checks);
    changed_settings(checks);
    if (all_powerful) access(checks);
    work.done();
    return extension::give_table(fcinfo, checks.rows);
  });
}

}  // extern "C"
