// Tables that are followed, and the queue of what their writers changed.
//
// Guarantees: a change is written in the writer's own transaction and is gone in
// the one that hands the row in, so what was committed is handed in once and what
// was rolled back never, over crashes too. `kg_batch_internal.follow` is locked
// before the table itself, by whoever takes changes in and by whoever ends it; who has
// the table locked already is given way to (backend/as_role.h).

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kg_batch::store {

struct Followed {
  std::int64_t graph_id = 0, follow_id = 0, job_id = 0;
  int priority = 2;
  unsigned int role = 0;  // who follows it
  std::string name;       // as it is called now
  std::string log;        // key of the one conversation; empty where a column tells them apart
  std::string message_id;  // the column
  bool key_is_message = false;  // the primary key is that column and nothing else
};

// Names of columns by what they are read as (enqueue_query has the list); those that
// are missing here and there in the table are taken.
using FollowColumns = std::map<std::string, std::string>;

struct FollowWish {
  std::int64_t graph_id = 0, job_id = 0;
  int priority = 2;
  unsigned int source = 0, role = 0;
  FollowColumns columns;
  bool deletions = false, existing = true;
};

// Checks and stores it, makes the triggers. Calling it again for a table replaces
// what was said. Errors: no such table or column, not one's own, no primary key.
std::int64_t follow(const FollowWish& wish);

// Takes triggers and queue away; how many changes were in it. Errors: not followed.
std::int64_t unfollow(std::int64_t graph_id, unsigned int source);
void unfollow_all(std::int64_t graph_id);

// Puts up every followed table that has changes and is not to wait.
void put_up_followed();

// ---- taking changes in ----

struct Change {
  std::int64_t change_id = 0;
  bool whole = false;  // the whole table
  std::optional<std::string> gone_conversation, gone_message;
};

// Locked against its end. Nothing when it is not followed any more; an Error when it
// cannot be read as things are.
std::optional<Followed> lock_followed(std::int64_t graph_id, std::int64_t follow_id);
// The next ones, oldest first. Where one says "the whole table", that one alone.
std::vector<Change> next_changes(const Followed& followed);

// The query that reads rows: of these changes, of messages by their ids, of all.
std::optional<std::string> query_of_changes(const Followed& followed, const std::vector<std::int64_t>& change_ids);
std::string query_of_messages(const Followed& followed, const std::vector<std::string>& message_ids);
std::string query_of_all(std::int64_t graph_id, std::int64_t follow_id);
// One that gives nothing, of the same shape as that of changes.
std::string query_to_try(std::int64_t graph_id, std::int64_t follow_id);

// In the order in which they are locked by those who hand in.
void lock_conversations(std::int64_t graph_id, const std::vector<std::string>& keys);
bool is_known(std::int64_t graph_id, const std::string& conversation, const std::string& message_id);

// They are done; whether more are there.
bool took(const Followed& followed, const std::vector<std::int64_t>& change_ids);

// Reads the next changes and hands them in (kg_batch_internal.take_followed); whether there are more.
bool take_followed(std::int64_t graph_id, std::int64_t follow_id);
// It did not work, and is tried again after a while that grows.
void note_follow_failed(std::int64_t graph_id, std::int64_t follow_id, const std::string& error, const std::string& hint);
void try_follows_again(std::int64_t graph_id, std::int64_t job_id);

// What a trigger writes down. An empty key: the whole table is to be read.
struct NotedChange {
  std::int64_t graph_id = 0, follow_id = 0;
  std::optional<std::vector<std::string>> key;
  std::optional<std::string> gone_conversation, gone_message;
};
void note_change(const NotedChange& change);
// All rows of a table that is about to be emptied; arguments of the trigger.
void note_all_gone(unsigned int source, const std::string& graph_id, const std::string& follow_id, const std::string& message_id,
                   const std::string& conversation);

}  // namespace kg_batch::store
