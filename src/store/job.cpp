#include <nlohmann/json.hpp>

#include "backend/bridge.h"
#include "backend/giving_way.h"
#include "backend/settings.h"
#include "backend/spi.h"
#include "store/follow.h"
#include "store/batch.h"
#include "store/boundary.h"
#include "store/budget.h"
#include "store/inquiry.h"
#include "store/job.h"
#include "store/nearest_name.h"
#include "store/queue.h"
#include "store/withdrawing.h"

namespace kg_batch::store {

using backend::Error;
using backend::execute;
using backend::execute_generic;
using backend::JobSetting;
using nlohmann::json;

namespace {

constexpr std::size_t longest_name = 200;  // bytes: names are indexed, and shown

const JobSetting* setting_named(const std::string& name) {
  for (const auto& setting : backend::job_settings())
    if (name == setting.name) return &setting;
  return nullptr;
}

[[noreturn]] void unknown_option(const std::string& name) {
  std::vector<std::string> names;
  std::string all;
  for (const auto& setting : backend::job_settings()) {
    names.emplace_back(setting.name);
    all += (all.empty() ? "" : ", ") + std::string(setting.name);
  }
  const std::string near = nearest_name(name, names);
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "unknown option \"" + name + "\"", "Valid options are " + all + ".",
              near.empty() ? "" : "Perhaps you mean \"" + near + "\".");
}

[[noreturn]] void bad_value(const std::string& name, const json& value, const std::string& valid) {
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "invalid value for option \"" + name + "\": " + value.dump(), "", valid);
}

std::string number_text(double value) {
  json number = value;
  if (value == static_cast<double>(static_cast<std::int64_t>(value))) number = static_cast<std::int64_t>(value);
  return number.dump();
}

// What is stored: numbers for numbers (times in seconds), true and false, text.
json valid_value(const JobSetting& setting, const json& value) {
  const std::string name = setting.name;
  using Type = JobSetting::Type;
  switch (setting.type) {
    case Type::boolean:
      if (value.is_boolean()) return value;
      if (value.is_string() && (value == "on" || value == "true")) return true;
      if (value.is_string() && (value == "off" || value == "false")) return false;
      bad_value(name, value, "Valid values are true and false.");
    case Type::integer:
    case Type::seconds:
    case Type::real:
    case Type::money: {
      const std::string range = "Valid values are from " + number_text(setting.least) + " to " + number_text(setting.most) +
                                (setting.type == Type::seconds ? " seconds, or an interval such as \"24h\"." : ".");
      double number = 0;
      if (value.is_number()) {
        number = value.get<double>();
      } else if (value.is_string() && setting.type == Type::seconds) {
        try {
          number = execute("SELECT EXTRACT(epoch FROM $1::interval)", {value.get<std::string>()}).number(0, 0);
        } catch (const Error&) {
          bad_value(name, value, range);
        }
      } else if (setting.type == Type::money && (value == "none" || value.is_null())) {
        number = -1;
      } else {
        bad_value(name, value, range);
      }
      if (!(number >= setting.least && number <= setting.most)) bad_value(name, value, range);
      if (setting.type == Type::integer || setting.type == Type::seconds) {
        if (number != static_cast<double>(static_cast<std::int64_t>(number))) bad_value(name, value, "It must be a whole number.");
        return static_cast<std::int64_t>(number);
      }
      return number;
    }
    case Type::choice: {
      const std::string choices = std::string(", ") + setting.choices + ",";
      if (value.is_string() && choices.find(", " + value.get<std::string>() + ",") != std::string::npos) return value;
      bad_value(name, value, std::string("Valid values are ") + setting.choices + ".");
    }
    case Type::text:
      if (!value.is_string()) bad_value(name, value, "It must be a string.");
      if (value.get_ref<const std::string&>().size() < setting.least || value.get_ref<const std::string&>().size() > setting.most)
        bad_value(name, value, "Its length must be from " + number_text(setting.least) + " to " + number_text(setting.most) + ".");
      return value;
  }
  return value;
}

json parse_options(const std::string& options_json) {
  json options = json::parse(options_json, nullptr, false);
  if (options.is_discarded() || !options.is_object())
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "options of a job are not a JSON object", "",
                R"(Write them as {"use_batch_api":false,"budget":2.5}.)");
  if (options.contains("batch_timeout_hours")) {
    const json& hours = options["batch_timeout_hours"];
    if (!hours.is_number()) bad_value("batch_timeout_hours", hours, "It must be a number of hours.");
    options["batch_timeout"] = static_cast<std::int64_t>(hours.get<double>() * 3600);
    options.erase("batch_timeout_hours");
  }
  return options;
}

void overlay(json& frozen, const json& options) {
  for (const auto& [name, value] : options.items()) {
    const JobSetting* const setting = setting_named(name);
    if (setting == nullptr) unknown_option(name);
    frozen[name] = valid_value(*setting, value);
  }
}

json callers_settings() {
  json frozen = json::object();
  for (const auto& setting : backend::job_settings()) {
    const std::string text = backend::job_setting(setting);
    using Type = JobSetting::Type;
    if (setting.type == Type::boolean)
      frozen[setting.name] = text == "on";
    else if (setting.type == Type::text || setting.type == Type::choice)
      frozen[setting.name] = text;
    else if (setting.type == Type::integer || setting.type == Type::seconds)
      frozen[setting.name] = std::stoll(text);
    else
      frozen[setting.name] = std::stod(text);
  }
  return frozen;
}

void check_together(json& frozen) {
  if (frozen["batch_chunk_size"] > frozen["batch_chunk_max"])
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "batch_chunk_size is larger than batch_chunk_max");
  const double most = backend::settings::budget();
  const double asked = frozen["budget"].get<double>();
  if (most >= 0 && (asked < 0 || asked > most))
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE,
                asked < 0 ? std::string("a job without a budget is more than the server allows")
                          : "budget of " + number_text(asked) + " US dollars is more than the server allows",
                "The setting kg_batch.budget of the server is " + number_text(most) + ".",
                "Ask for less, or have kg_batch.budget raised in the server's configuration.");
  const std::string models = backend::settings::models();
  std::vector<std::string> asked_ones{frozen["model"].get<std::string>()};
  if (const std::string about_graph = frozen["merge_model"].get<std::string>(); !about_graph.empty()) asked_ones.push_back(about_graph);
  if (const std::string embeds = frozen["embedding_model"].get<std::string>(); !embeds.empty()) asked_ones.push_back(embeds);
  for (const std::string& model : asked_ones) {
    if (!models.empty() && ("," + models + ",").find("," + model + ",") == std::string::npos)
      throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "model \"" + model + "\" is not allowed", "",
                  "kg_batch.models lists " + models + ".");
    const std::vector<Worst> one_request{{model, "direct", 1, 1}};
    if (asked >= 0 && !most_costs(one_request).front())
      throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "model \"" + model + "\" has no price, so a budget cannot hold", "",
                  "Enter one with kg_batch.set_model_price, or set the budget to 'none'.");
  }
}

Job job_from(const backend::Rows& rows, std::int64_t graph_id) {
  Job job;
  job.graph_id = graph_id;
  job.job_id = rows.integer(0, 0);
  job.name = rows.text(0, 1);
  job.state = rows.text(0, 2);
  job.reason = rows.text(0, 3);
  const json frozen = json::parse(rows.text(0, 4));
  JobOptions& options = job.options;
  options.batch_chunk_max = frozen.value("batch_chunk_max", options.batch_chunk_max);
  options.batch_chunk_size = frozen.value("batch_chunk_size", options.batch_chunk_size);
  options.batch_min_requests = frozen.value("batch_min_requests", options.batch_min_requests);
  options.batch_timeout_s = frozen.value("batch_timeout", options.batch_timeout_s);
  options.boundaries = frozen.value("boundaries", options.boundaries);
  options.chunk_max_tokens = frozen.value("chunk_max_tokens", options.chunk_max_tokens);
  options.context_sentences = frozen.value("context_sentences", options.context_sentences);
  options.embedding_model = frozen.value("embedding_model", options.embedding_model);
  options.extraction = frozen.value("extraction", options.extraction);
  options.learn_from_assistant = frozen.value("learn_from_assistant", options.learn_from_assistant);
  options.max_attempts = frozen.value("max_attempts", options.max_attempts);
  options.max_conversations_per_pipeline = frozen.value("max_conversations_per_pipeline", options.max_conversations_per_pipeline);
  options.max_output_tokens = frozen.value("max_output_tokens", options.max_output_tokens);
  options.merge_by_batch = frozen.value("merge_by_batch", options.merge_by_batch);
  options.merge_confidence = frozen.value("merge_confidence", options.merge_confidence);
  options.merge_model = frozen.value("merge_model", options.merge_model);
  options.merge_reasoning_effort = frozen.value("merge_reasoning_effort", options.merge_reasoning_effort);
  options.model = frozen.value("model", options.model);
  options.real_time_chunk_size = frozen.value("real_time_chunk_size", options.real_time_chunk_size);
  options.reasoning_effort = frozen.value("reasoning_effort", options.reasoning_effort);
  options.settle_s = frozen.value("settle", options.settle_s);
  options.use_batch_api = frozen.value("use_batch_api", options.use_batch_api);
  options.use_known = frozen.value("use_known", options.use_known);
  return job;
}

}  // namespace

void check_job_options(const std::string& options_json) {
  json frozen = callers_settings();
  overlay(frozen, parse_options(options_json));
}

std::int64_t create_job(std::int64_t graph_id, const std::string& name, const std::string& options_json, unsigned int made_by) {
  json options = parse_options(options_json);
  const bool paused = options.contains("paused") && options["paused"] == true;
  options.erase("paused");
  json frozen = callers_settings();
  json of_graph = json::parse(
      execute("SELECT options FROM kg_batch_internal.graph WHERE graph_id = $1", {graph_id}).text(0, 0));
  for (const char* own : {"self", "names", "timezone"}) of_graph.erase(own);
  overlay(frozen, of_graph);
  overlay(frozen, options);
  check_together(frozen);
  const double budget = frozen["budget"].get<double>();
  std::optional<double> bound;
  if (budget >= 0) bound = budget;
  if (name.size() > longest_name)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "a job's name may have at most 200 bytes");
  if (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "a job's name may not be a number: \"" + name + "\"", "",
                "Numbers are the ids of jobs.");
  const auto made = execute(
      "INSERT INTO kg_batch_internal.job (graph_id, name, options, state, reason, budget, made_by) "
      "VALUES ($1, COALESCE(NULLIF($2, ''), 'job ' || pg_catalog.left(pg_catalog.gen_random_uuid()::text, 8)), $3::jsonb, "
      "CASE WHEN $4 THEN 'paused' ELSE 'done' END, CASE WHEN $4 THEN 'made paused' END, $5::numeric, $6::oid::regrole) "
      "ON CONFLICT (graph_id, name) DO NOTHING RETURNING job_id",
      {graph_id, name, frozen.dump(), paused, bound, static_cast<std::int64_t>(made_by)});
  if (made.empty()) throw Error(ERRCODE_DUPLICATE_OBJECT, "job \"" + name + "\" already exists in this graph");
  return made.integer(0, 0);
}

std::int64_t inbox(std::int64_t graph_id, unsigned int made_by) {
  const auto found =
      execute("SELECT job_id FROM kg_batch_internal.job WHERE graph_id = $1 AND name = 'inbox'", {graph_id});
  if (!found.empty()) return found.integer(0, 0);
  json frozen = callers_settings();
  json of_graph = json::parse(
      execute("SELECT options FROM kg_batch_internal.graph WHERE graph_id = $1", {graph_id}).text(0, 0));
  for (const char* own : {"self", "names", "timezone"}) of_graph.erase(own);
  overlay(frozen, of_graph);
  frozen["budget"] = std::min(frozen["budget"].get<double>(), backend::settings::budget());
  check_together(frozen);
  const auto made = execute(
      "INSERT INTO kg_batch_internal.job (graph_id, name, options, made_by) VALUES ($1, 'inbox', $2::jsonb, $3::oid::regrole) "
      "ON CONFLICT (graph_id, name) DO UPDATE SET name = EXCLUDED.name RETURNING job_id",
      {graph_id, frozen.dump(), static_cast<std::int64_t>(made_by)});
  return made.integer(0, 0);
}

std::int64_t job_by(std::int64_t graph_id, const std::string& id_or_name) {
  const auto found = execute(
      "SELECT job_id FROM kg_batch_internal.job WHERE graph_id = $1 AND "
      "CASE WHEN $2 ~ '^[0-9]{1,18}$' THEN job_id = $2::bigint ELSE name = $2 END",
      {graph_id, id_or_name});
  if (!found.empty()) return found.integer(0, 0);
  const auto rows =
      execute("SELECT name FROM kg_batch_internal.job WHERE graph_id = $1 ORDER BY job_id DESC LIMIT 1000", {graph_id});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < rows.size(); ++i) names.push_back(rows.text(i, 0));
  const std::string near = nearest_name(id_or_name, names);
  throw Error(ERRCODE_UNDEFINED_OBJECT, "job \"" + id_or_name + "\" does not exist in this graph", "",
              near.empty() ? "Jobs are listed in kg_batch.progress." : "Perhaps you mean \"" + near + "\".");
}

Job read_job(std::int64_t graph_id, std::int64_t job_id) {
  const auto rows = execute_generic(
      "SELECT job_id, name, state, COALESCE(reason, ''), options FROM kg_batch_internal.job "
      "WHERE graph_id = $1 AND job_id = $2",
      {graph_id, job_id});
  if (rows.empty()) throw Error(ERRCODE_UNDEFINED_OBJECT, "job " + std::to_string(job_id) + " does not exist");
  return job_from(rows, graph_id);
}

void touch_job(std::int64_t graph_id, std::int64_t job_id) {
  // Held until the end of the caller's transaction: see advance_jobs.
  const auto held = execute("SELECT state IN ('done', 'cancelled') FROM kg_batch_internal.job WHERE graph_id = $1 AND job_id = $2 FOR KEY SHARE SKIP LOCKED",
                            {graph_id, job_id});
  if (!held.empty() && !held.boolean(0, 0)) return;
  // Once a transaction at most: a subtransaction for each of many conversations would
  // be dear for everybody who looks at rows.
  backend::again_after_deadlock([&] {
    execute("SELECT FROM kg_batch_internal.job WHERE graph_id = $1 AND job_id = $2 FOR KEY SHARE", {graph_id, job_id});
    execute(
        "UPDATE kg_batch_internal.job SET state = 'running', reason = NULL, ended_at = NULL, "
        "started_at = COALESCE(started_at, pg_catalog.now()) WHERE graph_id = $1 AND job_id = $2 AND state IN ('done', 'cancelled')",
        {graph_id, job_id});
  });
}

void pause_job(std::int64_t graph_id, std::int64_t job_id, const std::string& reason) {
  execute(
      "UPDATE kg_batch_internal.job SET state = 'paused', reason = $3 "
      "WHERE graph_id = $1 AND job_id = $2 AND state IN ('running', 'done')",
      {graph_id, job_id, reason});
  // Answers that are there are still read: they are paid for.
  // What somebody is taking just now is taken: whoever does may wait for this job.
  execute(
      "UPDATE kg_batch_internal.ready r SET priority = r.priority + 1000 FROM (SELECT q.graph_id, q.kind, q.chunk_id FROM kg_batch_internal.ready q "
      " WHERE q.job_id = $1 AND q.priority < 1000 AND q.kind IN (1, 3, 4, 5, 7) FOR UPDATE SKIP LOCKED) p "
      "WHERE r.graph_id = p.graph_id AND r.kind = p.kind AND r.chunk_id = p.chunk_id",
      {job_id});
}

void resume_job(std::int64_t graph_id, std::int64_t job_id, std::optional<double> budget) {
  // A batch of which nobody knows whether it was created, and a person has perhaps
  // seen it: it is looked for once more. Batches first, as in cancel_job.
  execute(
      "UPDATE kg_batch_internal.batch b SET state = 'creating', attempts = 0, next_poll_at = NULL WHERE b.state = 'unclear' AND b.ended_at IS NULL "
      "AND EXISTS (SELECT FROM kg_batch_internal.batch_job m WHERE m.batch_id = b.batch_id AND m.graph_id = $1 AND m.job_id = $2)",
      {graph_id, job_id});
  if (budget) {
    const double most = backend::settings::budget();
    if (*budget < 0 ? most >= 0 : (most >= 0 && *budget > most))
      throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "budget of " + number_text(*budget) + " US dollars is more than the server allows",
                  "The setting kg_batch.budget of the server is " + number_text(most) + ".");
    std::optional<double> bound;
    if (*budget >= 0) bound = *budget;
    execute("UPDATE kg_batch_internal.job SET budget = $3::numeric WHERE graph_id = $1 AND job_id = $2", {graph_id, job_id, bound});
  }
  execute(
      "UPDATE kg_batch_internal.job SET state = 'running', reason = NULL, waits_for_budget = false, ended_at = NULL, "
      "started_at = COALESCE(started_at, pg_catalog.now()) WHERE graph_id = $1 AND job_id = $2 AND state <> 'cancelled'",
      {graph_id, job_id});
  // What is left is found by advance_jobs.
  execute(
      "UPDATE kg_batch_internal.ready r SET priority = r.priority - 1000 FROM (SELECT q.graph_id, q.kind, q.chunk_id FROM kg_batch_internal.ready q "
      " WHERE q.job_id = $1 AND q.priority >= 1000 FOR UPDATE SKIP LOCKED) p "
      "WHERE r.graph_id = p.graph_id AND r.kind = p.kind AND r.chunk_id = p.chunk_id",
      {job_id});
}

void cancel_job(std::int64_t graph_id, std::int64_t job_id) {
  // What is out in a batch and not answered is not paid for yet. Batches first, as
  // whoever ends one locks it before the jobs and chunks that it holds.
  execute(
      "UPDATE kg_batch_internal.batch b SET cancel_requested = true WHERE b.ended_at IS NULL "
      "AND EXISTS (SELECT FROM kg_batch_internal.batch_job m WHERE m.batch_id = b.batch_id AND m.graph_id = $1 AND m.job_id = $2) "
      "AND NOT EXISTS (SELECT FROM kg_batch_internal.batch_job m JOIN kg_batch_internal.job j ON j.graph_id = m.graph_id AND j.job_id = m.job_id "
      " WHERE m.batch_id = b.batch_id AND (m.graph_id, m.job_id) <> ($1, $2) AND j.state <> 'cancelled')",
      {graph_id, job_id});
  lock_what_waits(graph_id, job_id);
  execute(
      "UPDATE kg_batch_internal.job SET state = 'cancelled', reason = 'cancelled', ended_at = pg_catalog.now() "
      "WHERE graph_id = $1 AND job_id = $2",
      {graph_id, job_id});
  withdraw_ready(graph_id, job_id);
  execute("UPDATE kg_batch_internal.conversation SET settle_at = NULL WHERE graph_id = $1 AND job_id = $2 AND settle_at IS NOT NULL",
          {graph_id, job_id});
}

std::int64_t retry_job(std::int64_t graph_id, std::int64_t job_id, std::optional<std::int64_t> chunk_id) {
  // Of a paused job it is put by, as all of it is.
  const int put_by = execute("SELECT state = 'paused' FROM kg_batch_internal.job WHERE graph_id = $1 AND job_id = $2", {graph_id, job_id}).boolean(0, 0)
                         ? parked : 0;
  // Conversations, then chunks, lowest id first: the order of everybody's locks.
  std::int64_t conversations = 0;
  if (!chunk_id) {
    execute(
        "SELECT FROM kg_batch_internal.conversation WHERE graph_id = $1 AND job_id = $2 AND (cut_error IS NOT NULL OR cut_deliveries < deliveries) "
        "ORDER BY conversation_id FOR NO KEY UPDATE",
        {graph_id, job_id});
    conversations = static_cast<std::int64_t>(execute(
        "WITH again AS (UPDATE kg_batch_internal.conversation SET cut_error = NULL WHERE graph_id = $1 AND job_id = $2 "
        " AND (cut_error IS NOT NULL OR cut_deliveries < deliveries) RETURNING conversation_id, messages, priority) "
        "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
        "SELECT $1, priority + $3, 1, messages, conversation_id, $2 FROM again ORDER BY conversation_id ON CONFLICT DO NOTHING RETURNING 1",
        {graph_id, job_id, put_by}).size());
  }
  execute(
      "SELECT FROM kg_batch_internal.chunk WHERE graph_id = $1 AND job_id = $2 AND state IN ('failed', 'cancelled') "
      "AND ($3::bigint IS NULL OR chunk_id = $3) ORDER BY chunk_id FOR NO KEY UPDATE",
      {graph_id, job_id, chunk_id});
  const auto rows = execute(
      "WITH again AS (UPDATE kg_batch_internal.chunk SET state = 'ready', error = NULL, error_at = NULL, request_id = NULL "
      " WHERE graph_id = $1 AND job_id = $2 AND state IN ('failed', 'cancelled') AND ($3::bigint IS NULL OR chunk_id = $3) "
      " RETURNING chunk_id, tokens), "
      "freed AS (UPDATE kg_batch_internal.request r SET bad_answers = 0 "
      " FROM again WHERE r.graph_id = $1 AND r.chunk_id = again.chunk_id AND r.state IN ('failed', 'cancelled')), "
      "queued AS (INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      " SELECT $1, 2 + $4, 3, tokens, chunk_id, $2 FROM again ORDER BY chunk_id ON CONFLICT DO NOTHING) "
      "SELECT pg_catalog.count(*) FROM again",
      {graph_id, job_id, chunk_id, put_by});
  // A batch of which nobody knows whether it was created: by asking again a
  // person decides that it was not.
  const auto unclear = execute(
      "SELECT b.batch_id FROM kg_batch_internal.batch b JOIN kg_batch_internal.batch_job j USING (batch_id) "
      "WHERE b.state = 'unclear' AND b.ended_at IS NULL AND j.graph_id = $1 AND j.job_id = $2 AND $3::bigint IS NULL",
      {graph_id, job_id, chunk_id});
  for (std::size_t i = 0; i < unclear.size(); ++i)
    finish(unclear.integer(i, 0), "lost", "given up by retry()", Rest::batch_again);
  if (!chunk_id) try_follows_again(graph_id, job_id);
  const std::int64_t again = rows.integer(0, 0) + (chunk_id ? 0 : reopen_given_up(graph_id, job_id));
  // A cancelled job of which nothing is left to do is done, and says so from now on.
  if (!chunk_id || again + conversations + static_cast<std::int64_t>(unclear.size()) > 0)
    execute(
        "UPDATE kg_batch_internal.job SET state = 'running', reason = NULL, ended_at = NULL WHERE graph_id = $1 AND job_id = $2 "
        "AND (state = 'cancelled' OR (state = 'done' AND $3))",
        {graph_id, job_id, again + conversations + static_cast<std::int64_t>(unclear.size()) > 0});
  return again;
}

std::vector<JobChange> advance_jobs() {
  // Whoever put something up while its job was paused, and committed when it was
  // resumed, parked it for nobody.
  execute(
      "WITH running AS MATERIALIZED (SELECT j.graph_id, j.job_id FROM kg_batch_internal.job j WHERE j.state = 'running' AND NOT j.waits_for_budget "
      " AND EXISTS (SELECT FROM kg_batch_internal.ready r WHERE r.job_id = j.job_id AND r.priority >= 1000) FOR NO KEY UPDATE SKIP LOCKED), "
      "left_over AS MATERIALIZED (SELECT r.graph_id, r.kind, r.chunk_id FROM running j JOIN kg_batch_internal.ready r "
      " ON r.graph_id = j.graph_id AND r.job_id = j.job_id AND r.priority >= 1000 FOR UPDATE OF r SKIP LOCKED) "
      "UPDATE kg_batch_internal.ready r SET priority = r.priority - 1000 FROM left_over l "
      "WHERE r.graph_id = l.graph_id AND r.kind = l.kind AND r.chunk_id = l.chunk_id");
  // Whoever waits for a budget with nothing of its own out can wait for ever. What
  // has nothing parked any more had to wait, and got through.
  execute(
      "WITH waiting AS MATERIALIZED (SELECT o.graph_id, o.job_id FROM kg_batch_internal.job o WHERE o.state = 'running' AND o.waits_for_budget "
      "  AND o.reserved <= 0 FOR NO KEY UPDATE SKIP LOCKED) "
      "UPDATE kg_batch_internal.job j SET state = 'paused', reason = CASE "
      " WHEN kg_batch_internal.day_is_full($1::float8) THEN 'budget_per_day' ELSE 'budget' END FROM waiting w "
      "WHERE j.graph_id = w.graph_id AND j.job_id = w.job_id "
      "AND EXISTS (SELECT FROM kg_batch_internal.ready r WHERE r.job_id = j.job_id) "
      "AND NOT EXISTS (SELECT FROM kg_batch_internal.ready r WHERE r.job_id = j.job_id AND r.priority < 1000 "
      // A question about the graph that waits for the rest of its job waits for its budget too.
      " AND (r.kind <> 7 OR kg_batch_internal.is_time_to_ask(r.graph_id, r.job_id))) "
      "AND NOT EXISTS (SELECT FROM kg_batch_internal.claimed c WHERE c.job_id = j.job_id)",
      {backend::settings::budget_per_day()});
  // Whoever hands something in holds the job's row until it is committed and is seen
  // then: so a job is looked at again once it is locked, and one that is held waits
  // for the wake-up that comes with the commit.
  const auto quiet = execute(
      "SELECT j.graph_id, j.job_id FROM kg_batch_internal.job j "
      "WHERE j.state = 'running' AND NOT kg_batch_internal.is_open(j.graph_id, j.job_id) FOR UPDATE SKIP LOCKED");
  const std::vector<std::int64_t> graphs = quiet.column(0), jobs = quiet.column(1);
  // Pairs that a round noted while others of the job were being asked about.
  ask_what_is_left(graphs, jobs);
  if (!jobs.empty())
    execute(
        "UPDATE kg_batch_internal.job j SET state = 'done', ended_at = pg_catalog.now() FROM unnest($1, $2) AS u (graph_id, job_id) "
        "WHERE j.graph_id = u.graph_id AND j.job_id = u.job_id AND j.state = 'running' "
        "AND NOT kg_batch_internal.is_open(j.graph_id, j.job_id)",
        {graphs, jobs});
  // Also what others changed: a pipeline that paused a job, a person's word.
  // Whoever holds one may wait for another: those that are held are told of later.
  const auto rows = execute(
      "WITH untold AS MATERIALIZED (SELECT o.graph_id, o.job_id FROM kg_batch_internal.job o WHERE o.state IS DISTINCT FROM o.told "
      "  FOR NO KEY UPDATE SKIP LOCKED) "
      "UPDATE kg_batch_internal.job j SET told = j.state FROM untold u, kg_batch_internal.graph g "
      "WHERE j.graph_id = u.graph_id AND j.job_id = u.job_id AND g.graph_id = j.graph_id "
      "RETURNING j.graph_id, j.job_id, g.name, j.name, CASE WHEN j.state = 'done' AND EXISTS (SELECT FROM kg_batch_internal.follow f "
      " WHERE f.graph_id = j.graph_id AND f.job_id = j.job_id) THEN 'following' ELSE j.state END, COALESCE(j.reason, '')");
  std::vector<JobChange> changes;
  for (std::size_t i = 0; i < rows.size(); ++i)
    changes.push_back({rows.integer(i, 0), rows.integer(i, 1), rows.text(i, 2), rows.text(i, 3), rows.text(i, 4), rows.text(i, 5)});
  return changes;
}

bool some_job_is_held() {
  return !execute("SELECT 1 FROM kg_batch_internal.job j WHERE j.state IS DISTINCT FROM j.told "
                  "OR j.state = 'running' AND NOT kg_batch_internal.is_open(j.graph_id, j.job_id) "
                  // What advance_jobs could not put back from being parked.
                  "OR j.state = 'running' AND NOT j.waits_for_budget AND EXISTS (SELECT FROM kg_batch_internal.ready r WHERE r.job_id = j.job_id "
                  " AND r.priority >= 1000) LIMIT 1").empty();
}

}  // namespace kg_batch::store
