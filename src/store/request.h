// The ledger: questions before they are sent, answers before anything is made of
// them, what both cost.

#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "openai/client.h"
#include "store/queue.h"

namespace kg_batch::store {

struct Draft {
  std::int64_t graph_id = 0, job_id = 0, chunk_id = 0, prompt_id = 0;  // chunk 0: about the graph (store/inquiry.h) or boundaries (store/boundary.h)
  std::string stage, model, mode;  // batch or direct
  std::string input_hash;          // 32 bytes
  int input_tokens = 0, max_output = 0;
  double most_cost = 0;            // US dollars, if the answer is as long as it may be: what is reserved
};

enum class Planned {
  send,       // new, or to be asked once more: it is `planned` now
  wait,       // somebody asks it already
  answered,   // the answer is there
  no_budget,  // nothing was changed
};
struct PlanResult {
  Planned outcome = Planned::send;
  std::int64_t request_id = 0;
  int attempt = 0, bad_answers = 0;
};
// Enters these questions of one graph in the ledger, reserving for those that have
// to be sent; a result for each, in their order.
std::vector<PlanResult> plan_requests(std::int64_t graph_id, const std::vector<Draft>& drafts);

struct Request {
  std::int64_t graph_id = 0, request_id = 0, job_id = 0, chunk_id = 0, prompt_id = 0;
  std::string stage, model, mode, state;
  std::string input_hash;
  int attempt = 0, bad_answers = 0, input_tokens = 0, max_output = 0;
};
std::string stage_of_request(std::int64_t graph_id, std::int64_t request_id);  // "" where it is gone
std::optional<Request> lock_request(std::int64_t graph_id, std::int64_t request_id);

// The chunks that wait for these requests and those that they were made for. Whoever
// locks both takes chunks first, lowest first (ARCHITECTURE.md, "Row locks").
void lock_chunks_of(const std::vector<std::int64_t>& graphs, const std::vector<std::int64_t>& requests);

// In the order in which everybody locks them, before what locks them one after the other.
void lock_requests(const std::vector<std::int64_t>& graphs, const std::vector<std::int64_t>& requests);

// Entered in the ledger before they are sent: what may be in flight when a worker
// dies is known. Counts the attempt.
void mark_in_flight(const std::vector<const Request*>& requests, std::int64_t worker_id);
// They never left: the attempt does not count.
void unmark_in_flight(const std::vector<const Request*>& requests);
// Its question is built otherwise now (another prompt, another version of the
// code): it fails, and its chunks are planned anew.
void plan_anew(std::int64_t graph_id, std::int64_t request_id, const std::string& why);
// Why, when no budget has room for asking once more.
inline constexpr const char* lost_its_money = "what was lost left no money to ask it again";

enum class Next { answered, again, failed };

struct Answer {
  std::int64_t graph_id = 0, request_id = 0;
  std::string mode;
  long status = 0;
  std::string outcome;  // answered, refused, length, content_filter, empty, bad, error, lost
  Next next = Next::answered;
  bool counts_as_bad = false;   // towards max_attempts
  bool perhaps_billed = false;  // nothing came back, but it may have been done
  std::optional<std::string> model;
  std::optional<openai::Usage> usage;
  std::optional<std::int64_t> latency_ms;
  std::string remote_request_id;
  std::optional<std::string> body;
  std::optional<std::string> error;
};

// Stores answers with usage and cost and settles what was reserved, all in one
// statement. An attempt that is stored already is left as it is and does not
// count again. Chunks of answered requests become items to read, those of failed
// ones fail; what is to be asked again is up to the caller. Returns the items.
struct StoredAnswers {
  int stored = 0;
  std::vector<Item> to_read;
  std::set<std::int64_t> planned_anew;  // requests that are not to be asked again: no room is left for what was lost
};
StoredAnswers store_answers(const std::vector<Answer>& answers);

// Jobs that wait for their budget get up to `most` pieces of their work back, now
// that room was made. Not more than that room can be for: what finds none is
// parked again, for nothing.
void unpark_some(int most);

// The answer that a chunk is read from: the newest that was answered.
struct StoredAnswer {
  std::int64_t request_id = 0;
  int attempt = 0;
  std::string stage, outcome, body;
};
std::string error_of(std::int64_t graph_id, std::int64_t request_id);  // why a request failed
std::vector<StoredAnswer> newest_answers(std::int64_t graph_id, const std::vector<std::int64_t>& request_ids);

// Texts of answers older than `seconds` whose chunks are in the graph are cut;
// hashes, usage and mentions stay. At most `limit` at a time; returns how many.
int cut_old_answers(int seconds, int limit);

// An answer that could not be used fails its request. True when its chunk may be
// planned once more (fewer bad answers than `max_attempts`).
bool reject_answer(std::int64_t graph_id, std::int64_t request_id, const std::string& reason, int max_attempts);

}  // namespace kg_batch::store
