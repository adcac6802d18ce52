#include <nlohmann/json.hpp>

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/follow.h"
#include "store/nearest_name.h"

namespace kg_batch::store {

using backend::Error;
using backend::execute;
using backend::execute_generic;

namespace {

constexpr int most_taken_at_once = 500;
constexpr int most_forgotten_at_once = 50;  // each folds what it touched

constexpr const char* readable[] = {"content", "role", "speaker", "conversation", "message_id", "speaker_id", "sent_at", "session", "reply_to"};

// What is told of a table that somebody wants to follow.
struct Source {
  std::string name;
  std::vector<std::string> columns, key;
};

Source source_of(const FollowWish& wish) {
  const auto rows = execute(
      "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind, c.relpersistence, pg_catalog.pg_has_role($2::oid, c.relowner, 'USAGE'), "
      " n.nspname IN ('pg_catalog', 'information_schema', 'kg_batch', 'kg_batch_internal'), "
      " ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum), "
      " ARRAY(SELECT k.name::text FROM kg_batch_internal.primary_key(c.oid::regclass) k ORDER BY k.n) "
      "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid",
      {static_cast<std::int64_t>(wish.source), static_cast<std::int64_t>(wish.role)});
  if (rows.empty()) throw Error(ERRCODE_UNDEFINED_TABLE, "table with number " + std::to_string(wish.source) + " does not exist");
  const Source source = {rows.text(0, 0), rows.texts(0, 5), rows.texts(0, 6)};
  const std::string kind = rows.text(0, 1);
  if ((kind != "r" && kind != "p") || rows.boolean(0, 4))
    throw Error(ERRCODE_WRONG_OBJECT_TYPE, source.name + " is no table that can be followed", "",
                "Tables and partitioned tables of one's own can be followed; hand in what views and foreign tables give with kg_batch.enqueue_query.");
  if (rows.text(0, 2) == "t")
    throw Error(ERRCODE_WRONG_OBJECT_TYPE, source.name + " is a temporary table", "", "Workers cannot see it: hand it in with kg_batch.enqueue_query.");
  if (!rows.boolean(0, 3))
    throw Error(ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of table " + source.name + " to follow it", "Following a table makes a trigger on it.");
  if (source.key.empty())
    throw Error(ERRCODE_INVALID_TABLE_DEFINITION, "table " + source.name + " has no primary key", "What is written to it is known by its key.",
                "Add one with ALTER TABLE … ADD PRIMARY KEY.");
  return source;
}

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

FollowColumns columns_of(const FollowWish& wish, const Source& source) {
  FollowColumns columns;
  const auto has = [&](const std::string& name) { return std::find(source.columns.begin(), source.columns.end(), name) != source.columns.end(); };
  for (const char* const what : readable) {
    const auto named = wish.columns.find(what);
    if (named == wish.columns.end()) {
      if (has(what)) columns[what] = what;
    } else if (has(named->second)) {
      columns[what] = named->second;
    } else {
      const std::string near = nearest_name(named->second, source.columns);
      throw Error(ERRCODE_UNDEFINED_COLUMN, "table " + source.name + " has no column \"" + named->second + "\"", "It has " + listed(source.columns) + ".",
                  near.empty() ? "" : "Perhaps you mean \"" + near + "\".");
    }
  }
  const auto missing = [&](const std::string& what) {
    return Error(ERRCODE_UNDEFINED_COLUMN, "table " + source.name + " has no column " + what, "It has " + listed(source.columns) + ".",
                 "Say which column it is, as kg_batch.follow(…, content => 'body', speaker => 'author').");
  };
  if (!columns.contains("content")) throw missing("\"content\"");
  if (!columns.contains("role") && !columns.contains("speaker")) throw missing("\"speaker\" or \"role\"");
  if (!columns.contains("message_id")) {
    if (source.key.size() != 1) throw missing("\"message_id\", and its primary key is of several columns");
    columns["message_id"] = source.key.front();
  }
  return columns;
}

std::optional<Error> problem_of(std::int64_t graph_id, std::int64_t follow_id) {
  const auto rows = execute("SELECT problem, hint FROM kg_batch_internal.follow_problem WHERE graph_id = $1 AND follow_id = $2", {graph_id, follow_id});
  if (rows.empty()) return std::nullopt;
  return Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, rows.text(0, 0), "", rows.text(0, 1));
}

std::int64_t end(std::int64_t graph_id, std::int64_t follow_id) {
  execute("SELECT kg_batch_internal.drop_follow_triggers($1, $2)", {graph_id, follow_id});
  const auto left = execute(
      "WITH gone AS (DELETE FROM kg_batch_internal.follow_change WHERE graph_id = $1 AND follow_id = $2 RETURNING 1), "
      "ready AS (DELETE FROM kg_batch_internal.ready WHERE graph_id = $1 AND kind = 9 AND chunk_id = $2) SELECT pg_catalog.count(*) FROM gone",
      {graph_id, follow_id});
  execute("DELETE FROM kg_batch_internal.follow WHERE graph_id = $1 AND follow_id = $2", {graph_id, follow_id});
  return left.integer(0, 0);
}

}  // namespace

std::int64_t follow(const FollowWish& wish) {
  const Source source = source_of(wish);
  const FollowColumns columns = columns_of(wish, source);
  const std::optional<std::string> log = columns.contains("conversation") ? std::nullopt : std::optional(source.name);
  // The key of its one conversation stays what it was, whatever the table is called now.
  const auto rows = execute(
      "INSERT INTO kg_batch_internal.follow AS f (graph_id, source, name, role, columns, log, deletions, job_id, priority) "
      "VALUES ($1, $2::oid::regclass, $3, $4::oid::regrole, $5::jsonb, $6, $7, $8, $9) "
      "ON CONFLICT (graph_id, source) DO UPDATE SET name = EXCLUDED.name, role = EXCLUDED.role, columns = EXCLUDED.columns, "
      " log = CASE WHEN EXCLUDED.log IS NOT NULL THEN COALESCE(f.log, EXCLUDED.log) END, deletions = EXCLUDED.deletions, job_id = EXCLUDED.job_id, "
      " priority = EXCLUDED.priority, error = NULL, hint = NULL, error_at = NULL, failures = 0, retry_at = NULL "
      "RETURNING f.follow_id",
      {wish.graph_id, static_cast<std::int64_t>(wish.source), source.name, static_cast<std::int64_t>(wish.role), nlohmann::json(columns).dump(), log,
       wish.deletions, wish.job_id, wish.priority});
  const std::int64_t follow_id = rows.integer(0, 0);
  execute("SELECT kg_batch_internal.set_follow_triggers($1, $2)", {wish.graph_id, follow_id});
  if (wish.existing) note_change({wish.graph_id, follow_id, std::nullopt, std::nullopt, std::nullopt});
  if (const auto problem = problem_of(wish.graph_id, follow_id)) throw *problem;
  return follow_id;
}

std::int64_t unfollow(std::int64_t graph_id, unsigned int source) {
  const auto rows = execute("SELECT follow_id FROM kg_batch_internal.follow WHERE graph_id = $1 AND source = $2::oid::regclass FOR UPDATE",
                            {graph_id, static_cast<std::int64_t>(source)});
  if (rows.empty()) {
    const auto name = execute("SELECT $1::oid::regclass::text", {static_cast<std::int64_t>(source)});
    throw Error(ERRCODE_UNDEFINED_OBJECT, "table " + name.text(0, 0) + " is not followed into this graph", "", "The view kg_batch.follows has those that are.");
  }
  return end(graph_id, rows.integer(0, 0));
}

void unfollow_all(std::int64_t graph_id) {
  const auto rows = execute("SELECT follow_id FROM kg_batch_internal.follow WHERE graph_id = $1 ORDER BY follow_id FOR UPDATE", {graph_id});
  for (const std::int64_t follow_id : rows.column(0)) end(graph_id, follow_id);
}

void put_up_followed() {
  execute_generic(
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT f.graph_id, f.priority, 9, 1, f.follow_id, f.job_id FROM kg_batch_internal.follow f "
      "WHERE (f.retry_at IS NULL OR f.retry_at <= pg_catalog.now()) "
      "AND EXISTS (SELECT FROM kg_batch_internal.follow_change w WHERE w.graph_id = f.graph_id AND w.follow_id = f.follow_id) "
      "AND (SELECT j.state FROM kg_batch_internal.job j WHERE j.graph_id = f.graph_id AND j.job_id = f.job_id) <> 'cancelled' "
      "ON CONFLICT DO NOTHING");
}

std::optional<Followed> lock_followed(std::int64_t graph_id, std::int64_t follow_id) {
  const auto rows = execute(
      "SELECT f.job_id, f.priority, f.role::oid::bigint, COALESCE((SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c "
      "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = f.source), f.name), COALESCE(f.log, ''), f.columns ->> 'message_id', "
      " ARRAY(SELECT k.name::text FROM kg_batch_internal.primary_key(f.source) k) = ARRAY[f.columns ->> 'message_id'] "
      "FROM kg_batch_internal.follow f WHERE f.graph_id = $1 AND f.follow_id = $2 FOR NO KEY UPDATE",
      {graph_id, follow_id});
  if (rows.empty()) return std::nullopt;
  if (const auto problem = problem_of(graph_id, follow_id)) throw *problem;
  Followed followed;
  followed.graph_id = graph_id;
  followed.follow_id = follow_id;
  followed.job_id = rows.integer(0, 0);
  followed.priority = static_cast<int>(rows.integer(0, 1));
  followed.role = static_cast<unsigned int>(rows.integer(0, 2));
  followed.name = rows.text(0, 3);
  followed.log = rows.text(0, 4);
  followed.message_id = rows.text(0, 5);
  followed.key_is_message = rows.boolean(0, 6);
  return followed;
}

std::vector<Change> next_changes(const Followed& followed) {
  const auto rows = execute_generic(
      "SELECT w.change_id, w.key IS NULL, w.gone_conversation, w.gone_message FROM kg_batch_internal.follow_change w "
      "WHERE w.graph_id = $1 AND w.follow_id = $2 ORDER BY w.change_id LIMIT $3",
      {followed.graph_id, followed.follow_id, most_taken_at_once});
  std::vector<Change> changes;
  int gone = 0;
  for (std::size_t i = 0; i < rows.size() && gone < most_forgotten_at_once; ++i) {
    Change change = {rows.integer(i, 0), rows.boolean(i, 1), rows.maybe_text(i, 2), rows.maybe_text(i, 3)};
    if (change.gone_message) ++gone;
    if (change.gone_message && !change.gone_conversation) change.gone_conversation = followed.log;
    if (change.whole) return {change};
    changes.push_back(std::move(change));
  }
  return changes;
}

std::optional<std::string> query_of_changes(const Followed& followed, const std::vector<std::int64_t>& change_ids) {
  return execute("SELECT kg_batch_internal.follow_query($1, $2, $3)", {followed.graph_id, followed.follow_id, change_ids}).maybe_text(0, 0);
}

std::string query_of_messages(const Followed& followed, const std::vector<std::string>& message_ids) {
  return execute("SELECT kg_batch_internal.follow_query_of_messages($1, $2, $3)", {followed.graph_id, followed.follow_id, message_ids}).text(0, 0);
}

std::string query_of_all(std::int64_t graph_id, std::int64_t follow_id) {
  return execute("SELECT kg_batch_internal.follow_query($1, $2, NULL)", {graph_id, follow_id}).text(0, 0);
}

std::string query_to_try(std::int64_t graph_id, std::int64_t follow_id) {
  return execute("SELECT kg_batch_internal.follow_query($1, $2, '{}')", {graph_id, follow_id}).text(0, 0);
}

void lock_conversations(std::int64_t graph_id, const std::vector<std::string>& keys) {
  execute("SELECT FROM kg_batch_internal.conversation WHERE graph_id = $1 AND key = ANY ($2) ORDER BY key COLLATE \"C\" FOR NO KEY UPDATE", {graph_id, keys});
}

bool is_known(std::int64_t graph_id, const std::string& conversation, const std::string& message_id) {
  return execute(
             "SELECT EXISTS (SELECT FROM kg_batch_internal.conversation v JOIN kg_batch_internal.message m USING (graph_id, conversation_id) "
             "WHERE v.graph_id = $1 AND v.key = $2 AND m.message_key = $3)",
             {graph_id, conversation, "i:" + message_id})
      .boolean(0, 0);
}

bool took(const Followed& followed, const std::vector<std::int64_t>& change_ids) {
  execute_generic(
      "DELETE FROM kg_batch_internal.follow_change w USING unnest($3) AS u (change_id) "
      "WHERE w.graph_id = $1 AND w.follow_id = $2 AND w.change_id = u.change_id",
      {followed.graph_id, followed.follow_id, change_ids});
  return execute_generic(
             "UPDATE kg_batch_internal.follow f SET taken = f.taken + $3, taken_at = pg_catalog.now(), error = NULL, hint = NULL, error_at = NULL, "
             " failures = 0, retry_at = NULL WHERE f.graph_id = $1 AND f.follow_id = $2 "
             "RETURNING EXISTS (SELECT FROM kg_batch_internal.follow_change w WHERE w.graph_id = f.graph_id AND w.follow_id = f.follow_id)",
             {followed.graph_id, followed.follow_id, static_cast<std::int64_t>(change_ids.size())})
      .boolean(0, 0);
}

bool take_followed(std::int64_t graph_id, std::int64_t follow_id) {
  return execute("SELECT kg_batch_internal.take_followed($1, $2)", {graph_id, follow_id}).boolean(0, 0);
}

void note_follow_failed(std::int64_t graph_id, std::int64_t follow_id, const std::string& error, const std::string& hint) {
  execute(
      "UPDATE kg_batch_internal.follow SET error = $3, hint = $4, error_at = pg_catalog.now(), failures = failures + 1, "
      " retry_at = pg_catalog.now() + LEAST(600, (2 ^ LEAST(failures, 10))::int) * interval '1 second' WHERE graph_id = $1 AND follow_id = $2",
      {graph_id, follow_id, error,
       hint.empty() ? "It is tried again by itself; what was written meanwhile waits." : hint});
}

void try_follows_again(std::int64_t graph_id, std::int64_t job_id) {
  execute("UPDATE kg_batch_internal.follow SET retry_at = NULL, error = NULL, hint = NULL, error_at = NULL WHERE graph_id = $1 AND job_id = $2 AND error IS NOT NULL",
          {graph_id, job_id});
}

void note_all_gone(unsigned int source, const std::string& graph_id, const std::string& follow_id, const std::string& message_id,
                   const std::string& conversation) {
  execute("SELECT kg_batch_internal.note_all_gone($1::oid::regclass, $2, $3, $4, $5)",
          {static_cast<std::int64_t>(source), graph_id, follow_id, message_id, conversation});
}

void note_change(const NotedChange& change) {
  if (!change.key) {
    execute_generic("INSERT INTO kg_batch_internal.follow_change (graph_id, follow_id, gone_conversation, gone_message) VALUES ($1, $2, $3, $4)",
                    {change.graph_id, change.follow_id, change.gone_conversation, change.gone_message});
    return;
  }
  execute_generic("INSERT INTO kg_batch_internal.follow_change (graph_id, follow_id, key, gone_conversation, gone_message) VALUES ($1, $2, $3, $4, $5)",
                  {change.graph_id, change.follow_id, *change.key, change.gone_conversation, change.gone_message});
}

}  // namespace kg_batch::store
