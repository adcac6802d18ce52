#include <nlohmann/json.hpp>

#include "backend/bridge.h"
#include "backend/locks.h"
#include "backend/spi.h"
#include "chunking/sentences.h"
#include "store/access.h"
#include "store/counting.h"
#include "store/follow.h"
#include "store/home.h"
#include "store/job.h"
#include "store/nearest_name.h"
#include "store/rekeying.h"

namespace kg_batch::store {

using backend::Error;
using backend::execute;
using backend::execute_generic;

namespace {

int level_of(const std::string& level) {
  if (level == "reader") return 1;
  if (level == "auditor") return 2;
  if (level == "writer") return 3;
  if (level == "admin") return 4;
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "unknown level \"" + level + "\"", "",
              "Valid levels are reader, auditor, writer and admin, and none, which takes them away.");
}

[[noreturn]] void unknown_graph(const std::string& graph, unsigned int role) {
  const auto rows = execute(
      "SELECT name FROM kg_batch_internal.graph WHERE graph_id = ANY (kg_batch_internal.graphs_of($1::oid, 1)) "
      "ORDER BY name LIMIT 1000",
      {static_cast<std::int64_t>(role)});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < rows.size(); ++i) names.push_back(rows.text(i, 0));
  const std::string near = nearest_name(graph, names);
  throw Error(ERRCODE_UNDEFINED_OBJECT, "graph \"" + graph + "\" does not exist", "",
              near.empty() ? "Create it with kg_batch.create_graph." : "Perhaps you mean \"" + near + "\".");
}

// Of a graph and as defaults of its jobs. An Error names what is wrong.
nlohmann::json checked_options(const std::string& options_json) {
  nlohmann::json options;
  try {
    options = nlohmann::json::parse(options_json);
  } catch (const nlohmann::json::exception&) {
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "options of a graph are not a JSON object");
  }
  if (!options.is_object())
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "options of a graph are not a JSON object", "",
                R"(Write them as {"self":"Anna","timezone":"Europe/Berlin"}.)");
  nlohmann::json of_jobs = nlohmann::json::object();
  for (const auto& [key, value] : options.items()) {
    if (key == "self" || key == "names" || key == "timezone") {
      if (!value.is_string())
        throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "option \"" + key + "\" of a graph must be a string");
      const std::string text = value.get<std::string>();
      if (key == "names" && text != "personal" && text != "shared")
        throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "invalid value for option \"names\": \"" + text + "\"", "",
                    "Valid values are personal and shared.");
      if (key == "timezone" &&
          execute("SELECT 1 FROM pg_catalog.pg_timezone_names WHERE name = $1", {text}).empty())
        throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "time zone \"" + text + "\" not recognized", "",
                    "Names are those of pg_timezone_names, as Europe/Berlin.");
    } else {
      of_jobs[key] = value;
    }
  }
  check_job_options(of_jobs.dump());
  return options;
}

}  // namespace

bool is_all_powerful(unsigned int role) {
  const auto rows = execute("SELECT kg_batch_internal.is_all_powerful($1::oid)", {static_cast<std::int64_t>(role)});
  return rows.boolean(0, 0);
}

bool has_right(unsigned int role, std::int64_t graph_id, Right right) {
  const auto allowed = execute("SELECT $1 = ANY (kg_batch_internal.graphs_of($2::oid, $3))",
                               {graph_id, static_cast<std::int64_t>(role), static_cast<int>(right)});
  return allowed.boolean(0, 0);
}

void require_all_powerful(unsigned int role, const char* what) {
  if (!is_all_powerful(role))
    throw Error(ERRCODE_INSUFFICIENT_PRIVILEGE, std::string("permission denied to ") + what, "",
                "Only superusers and members of the extension's owner may do this.");
}

std::int64_t graph_for(unsigned int role, const std::string& graph, Right right) {
  auto found = execute("SELECT graph_id FROM kg_batch_internal.graph WHERE name = $1", {graph});
  if (found.empty()) {
    if (graph != "default" || !is_all_powerful(role)) unknown_graph(graph, role);
    return create_graph(graph, "{}");
  }
  const std::int64_t graph_id = found.integer(0, 0);
  if (has_right(role, graph_id, right)) return graph_id;
  // Whoever may not even read it is told what a stranger is told.
  if (!has_right(role, graph_id, Right::reader)) unknown_graph(graph, role);
  static const char* const names[] = {"", "reader", "auditor", "writer", "admin"};
  throw Error(ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied for graph \"" + graph + "\"", "",
              std::string("This needs the level ") + names[static_cast<int>(right)] +
                  ": SELECT kg_batch.grant_access(role, level, graph).");
}

std::int64_t create_graph(const std::string& name, const std::string& options_json) {
  if (name.empty() || name.size() > 200)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "a graph's name must have 1 to 200 characters");
  const nlohmann::json options = checked_options(options_json);
  make_home_if_new();
  const auto made = execute(
      "INSERT INTO kg_batch_internal.graph (name, options, icu_version) VALUES ($1, $2::jsonb, $3) "
      "ON CONFLICT (name) DO NOTHING RETURNING graph_id",
      {name, options.dump(), chunking::icu_version()});
  if (made.empty()) {
    if (name != "default") throw Error(ERRCODE_DUPLICATE_OBJECT, "graph \"" + name + "\" already exists");
    return execute("SELECT graph_id FROM kg_batch_internal.graph WHERE name = $1", {name}).integer(0, 0);
  }
  const std::int64_t graph_id = made.integer(0, 0);
  execute("INSERT INTO kg_batch_internal.turn VALUES ($1, '-infinity') ON CONFLICT DO NOTHING", {graph_id});
  return graph_id;
}

std::int64_t alter_graph(std::int64_t graph_id, const std::string& changes_json) {
  const auto rows = execute(
      "SELECT (g.options || $2::jsonb)::text, pg_catalog.jsonb_typeof($2::jsonb) = 'object', "
      " COALESCE(g.options ->> 'self', '') <> COALESCE((g.options || $2::jsonb) ->> 'self', ''), "
      " COALESCE(g.options ->> 'names', 'personal') <> COALESCE((g.options || $2::jsonb) ->> 'names', 'personal'), g.name "
      "FROM kg_batch_internal.graph g WHERE g.graph_id = $1 FOR UPDATE",
      {graph_id, changes_json});
  if (!rows.boolean(0, 1)) checked_options(changes_json);  // says what it should be
  nlohmann::json options = nlohmann::json::parse(rows.text(0, 0));
  for (auto option = options.begin(); option != options.end();) option = option->is_null() ? options.erase(option) : std::next(option);
  checked_options(options.dump());
  execute("UPDATE kg_batch_internal.graph SET options = $2::jsonb WHERE graph_id = $1", {graph_id, options.dump()});
  if (rows.boolean(0, 3)) make_keys_anew(graph_id, rows.text(0, 4));
  if (!rows.boolean(0, 2)) return 0;
  // A nameless user has one key whatever it is called; but what it is called stands in the question.
  return execute(
             "SELECT pg_catalog.count(*) FROM kg_batch_internal.chunk c JOIN kg_batch_internal.conversation v ON v.graph_id = c.graph_id "
             "AND v.conversation_id = c.conversation_id WHERE c.graph_id = $1 AND c.rereads IS NULL AND c.state IN ('asking', 'done') AND c.stage <> 'import' "
             "AND '' = ANY (v.participant_names[1:c.participants])",
             {graph_id})
      .integer(0, 0);
}

void drop_graph(std::int64_t graph_id, const std::string& name) {
  unfollow_all(graph_id);
  // Whoever hands in, cuts or reads something of it ends first, or finds nothing.
  execute("SELECT FROM kg_batch_internal.graph WHERE graph_id = $1 FOR UPDATE", {graph_id});
  execute("SELECT FROM kg_batch_internal.job WHERE graph_id = $1 FOR UPDATE", {graph_id});
  if (execute("SELECT EXISTS (SELECT FROM kg_batch_internal.request WHERE graph_id = $1 AND state = 'asking') "
              " OR EXISTS (SELECT FROM kg_batch_internal.claimed WHERE graph_id = $1)",
              {graph_id})
          .boolean(0, 0))
    throw Error(ERRCODE_OBJECT_IN_USE, "graph \"" + name + "\" has requests out or is worked on", "",
                "SELECT kg_batch.cancel(job) for its jobs, and drop it when the answers are in.");
  execute("DELETE FROM kg_batch_internal.ready WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.batch_job WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.turn WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.progress_sample WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.activity WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.rejected WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.chunk WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.message WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.segment WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.conversation WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.request WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.edge WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.identity WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.node WHERE graph_id = $1", {graph_id});
  // Whoever folds holds this for as long as it takes, and waits for nobody.
  backend::lock_exclusive(backend::LockClass::counting, 0, backend::LockSpan::transaction);
  forget_counts(graph_id);
  execute("DELETE FROM kg_batch_internal.job WHERE graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.graph WHERE graph_id = $1", {graph_id});  // with what else is its own
}

void grant_access(const std::string& role, const std::string& level, std::int64_t graph_id) {
  const int number = level == "none" ? 0 : level_of(level);
  if (execute("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1", {role}).empty())
    throw Error(ERRCODE_UNDEFINED_OBJECT, "role \"" + role + "\" does not exist");
  if (number == 0)
    execute("DELETE FROM kg_batch_internal.access WHERE role = pg_catalog.quote_ident($1)::regrole AND graph_id = $2", {role, graph_id});
  else
    execute(
        "INSERT INTO kg_batch_internal.access VALUES (pg_catalog.quote_ident($1)::regrole, $2, $3) "
        "ON CONFLICT (role, graph_id) DO UPDATE SET level = EXCLUDED.level",
        {role, graph_id, number});
  if (number > 0) execute("SELECT kg_batch_internal.grant_entry($1)", {role});
}

GraphOptions graph_options(std::int64_t graph_id) {
  const auto rows = execute_generic(
      "SELECT COALESCE(options ->> 'self', ''), COALESCE(options ->> 'names', 'personal') = 'shared', "
      "COALESCE(options ->> 'timezone', 'UTC') FROM kg_batch_internal.graph WHERE graph_id = $1",
      {graph_id});
  GraphOptions options;
  if (rows.empty()) return options;
  options.self = rows.text(0, 0);
  options.names_shared = rows.boolean(0, 1);
  options.timezone = rows.text(0, 2);
  return options;
}

}  // namespace kg_batch::store
