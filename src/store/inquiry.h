// Questions that are not about a chunk but about what is there already: which of
// two things are one, what a word stands for. An inquiry is one request of that
// sort, kept with its document until its answer is read.
//
// A sort of question is one class here and one file; workers know none of them.
// It says what is open and gives it out as documents, and takes in what was
// answered. Items are rows of its own, by id; within a document they count from 1.
// Those that are open are also in the view kg_batch_internal.open_question, by
// which is_time_to_ask and the queue see them.
//
// Guarantees: an item is in at most one request that is out. What comes back
// without an answer to an item makes it open again, or gives it up when that
// happened often enough; it is never left in between.

#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stages/stage.h"
#include "store/job.h"
#include "store/queue.h"

namespace kg_batch::store {

struct Inquiry {
  stages::Json document;
  std::vector<std::int64_t> items;
  int max_output = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> shown;  // where a sort keeps it: items, and chunks of which they show something
};

// What became of an answer.
struct Concluded {
  std::optional<std::string> unusable;  // why nothing of it counts; the items are open again
  std::vector<graph::Rejected> rejected;
  bool changes_graph = false;  // a round has to look
  bool is_whole = true;        // else the same question is sent once more where it comes up
};

// Of what was forgotten: identities of which something was taken, and the chunks
// that it was taken from.
struct Gone {
  std::vector<std::string> keys;
  std::vector<std::int64_t> chunks;
};

// Which requests quoted it, and who is to ask again.
struct Forgotten {
  std::set<std::int64_t> requests, jobs;
};

struct BodyParts {
  const std::string &model, &prompt, &effort;
  int max_output = 0;
};

class InquirySort {
 public:
  virtual ~InquirySort() = default;
  virtual std::string_view stage() const = 0;  // also the schema's name and the prompt's stage, of a chat

  // A sort that is no chat has no prompt and makes its body itself.
  virtual bool is_chat() const { return true; }
  // Which of the job's models is asked.
  virtual const std::string& model(const JobOptions& options) const;
  // What is sent; the same parts give the same bytes.
  virtual std::string body(const BodyParts& parts, const stages::Json& document) const = 0;

  // Questions about what is open and paid for by this job, locked in the order of their keys.
  virtual std::vector<Inquiry> gather(std::int64_t graph_id, std::int64_t job_id) const = 0;
  virtual void set_asked(std::int64_t graph_id, std::int64_t job_id, const Inquiry& inquiry, std::int64_t request_id) const = 0;
  // Writes what is answered; items without an answer become open again, or are
  // given up after `max_attempts` answers that said nothing of them.
  virtual Concluded read(std::int64_t graph_id, std::string_view answer, const Inquiry& inquiry, const JobOptions& options) const = 0;
  // An answer that says nothing of any of them.
  virtual void without_answer(std::int64_t graph_id, const std::vector<std::int64_t>& items, const std::string& reason,
                              int max_attempts) const = 0;
  // Their request is not to be sent: open as if it had never been planned.
  virtual void set_open(std::int64_t graph_id, const std::vector<std::int64_t>& items) const = 0;

  // What is open of the job, or with 0 of the graph, in the order in which `gather`
  // takes it: before the job's own row.
  virtual void lock_open(std::int64_t graph_id, std::int64_t job_id) const = 0;
  // The job was cancelled: whoever works on the graph next pays for what is open.
  virtual void leave(std::int64_t graph_id, std::int64_t job_id) const = 0;
  // What this job gave up, or had not asked when it was cancelled, is open and its
  // own again; returns how many.
  virtual std::int64_t reopen_given_up(std::int64_t graph_id, std::int64_t job_id) const = 0;
  // What was answered, given up or is out on the ground of what is gone is open as if
  // nobody had ever asked. Withdrawing and cutting the requests is the caller's.
  virtual Forgotten forget(std::int64_t graph_id, const Gone& gone) const = 0;
};

const std::vector<const InquirySort*>& inquiry_sorts();
const InquirySort* find_inquiry_sort(std::string_view stage);

// The body of a sort that is a chat.
std::string chat_body(std::string_view stage, const stages::Json& schema, const BodyParts& parts, const stages::Json& document);

// A job asks when there is time; does nothing for one that was cancelled.
void put_up_decide(std::int64_t graph_id, std::int64_t job_id);

// So does it when something is open that it has to pay for, or nobody else has.
void put_up_open(std::int64_t graph_id, std::int64_t job_id);

// A sort waits until its calls are full, or nothing can fill them any more.
bool is_time_to_ask(std::int64_t graph_id, std::int64_t job_id, const InquirySort& sort);

// So do those of these jobs that have something open.
void ask_what_is_left(const std::vector<std::int64_t>& graphs, const std::vector<std::int64_t>& jobs);

void keep_inquiry(std::int64_t graph_id, std::int64_t request_id, const Inquiry& inquiry);
std::optional<Inquiry> load_inquiry(std::int64_t graph_id, std::int64_t request_id);
void drop_inquiry(std::int64_t graph_id, std::int64_t request_id);
void write_rejected(std::int64_t graph_id, std::int64_t job_id, std::int64_t request_id, const std::vector<graph::Rejected>& rejected);
// A round of this graph takes over what was decided.
void put_up_round(std::int64_t graph_id, std::int64_t job_id, std::int64_t request_id);

// Requests that are cancelled or to be planned anew: their items are open again.
void withdraw_inquiry(std::int64_t graph_id, std::int64_t job_id, std::int64_t request_id);
void withdraw_cancelled_inquiries(std::int64_t graph_id, std::int64_t job_id);
void lock_open_items(std::int64_t graph_id, std::int64_t job_id);
// What was given up, or not asked before the job was cancelled, is asked once more;
// returns how many.
std::int64_t reopen_given_up(std::int64_t graph_id, std::int64_t job_id);

}  // namespace kg_batch::store
