// What is ready and who has it: claims move rows from `ready` to `claimed`, so
// both tables stay as small as the backlog and nothing in them is updated while
// work flows.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace kg_batch::store {

enum class Work : int {
  cut = 1,     // a conversation
  round = 2,   // fold a chunk's mentions; below 0: rest the facts of a replaced message, or take over what was decided
  ask = 3,     // plan a chunk's next question
  send = 4,    // a request that waits for a batch; only the batch manager takes these
  direct = 5,  // a request to be sent directly
  read = 6,    // a chunk whose answer is there
  decide = 7,  // a job's open questions about the graph
  conclude = 8,  // a request about the graph or boundaries whose answer is there, or that failed
  take_in = 9,   // what changed in a followed table
};

struct Item {
  std::int64_t graph_id = 0;
  Work kind = Work::ask;
  std::int64_t id = 0;  // conversation, chunk, request, job or follow, as `kind` says
  int priority = 2;
  int size = 0;
  std::int64_t job_id = 0;
};

inline constexpr int parked = 1000;  // priority from which on nothing is claimed

// Takes up to `limit` items of the graph that was served longest ago, and no more
// than the job whose work comes first allows at once (max_conversations_per_pipeline).
std::vector<Item> claim(std::int64_t worker_id, const std::vector<Work>& kinds, int limit);
// What is to be folded in one graph, at most `most`, when nobody folds it and there are
// `least` chunks or more.
std::vector<Item> claim_round(std::int64_t worker_id, int least, int most);

// A job's open questions about the graph, when a call would be full or nothing else
// of the job is to come.
std::vector<Item> claim_decide(std::int64_t worker_id);

void put_ready(const std::vector<Item>& items, int delay_ms = 0);
void hold(std::int64_t worker_id, const std::vector<Item>& items);  // claims that were never ready
void release(const std::vector<Item>& items);  // takes claims away: the work is done or put elsewhere
void give_back(const std::vector<Item>& items);  // claims become ready again, parked when their job is paused

// Claims of a worker that is no more become ready again; what it had in flight
// is booked as lost. Returns how many claims.
int free_claims(std::int64_t worker_id);

// Workers that hold claims or stand as live in the tables.
std::vector<std::int64_t> claiming_workers();

struct Backlog {
  std::int64_t claimable = 0;   // for pipelines, now
  std::int64_t to_send = 0;     // for the batch manager
  std::int64_t claimed = 0;
  std::int64_t open_batches = 0;
  std::int64_t settling = 0;    // conversations that wait to settle
  std::optional<std::int64_t> next_due_ms;  // until something that waits for its time
};
Backlog backlog();

// Conversations whose silence is over: their open segment closes.
int settle_due();

// After a restore `ready` is empty while chunks are not done: makes it again.
int refill_ready();

}  // namespace kg_batch::store
