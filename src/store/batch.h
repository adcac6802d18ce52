// Batches: intent before upload, state before each call, answers line by line.
//
//   planned ─► uploading ─► uploaded ─► creating ─► submitted ─► reading ─► done
//      each arrow is a committed transaction; the file of a batch found in
//      `uploading` at a start, and a batch found in `creating`, may exist at the
//      API, so they are looked for before anything else.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "openai/client.h"
#include "store/request.h"

namespace kg_batch::store {

struct Batch {
  std::int64_t batch_id = 0;
  std::string token, model, endpoint, state, input_file_id, remote_id, remote_status;
  std::string output_file_id, error_file_id;
  int requests = 0, polls = 0, attempts = 0;
  std::int64_t input_tokens = 0;
  bool cancel_requested = false, past_deadline = false;
  std::int64_t remote_completed = 0;              // answers that the API counts
  std::optional<std::int64_t> create_started_at;  // seconds since 1970
  std::int64_t next_poll_ms = 0;                  // from now; 0: due
  std::optional<std::int64_t> deadline_ms;        // from now; none before it is submitted
  std::int64_t age_s = 0;
};

std::vector<Batch> open_batches();

// Gathers ready requests of one model and endpoint into a new batch, highest priority first,
// within count and enqueued tokens. Nothing when there are too few or the
// account's limit is used up.
struct GatherLimits {
  int most_requests = 50'000;
  std::int64_t most_enqueued_tokens = 0;  // 0: none
  std::int64_t most_bytes = 190'000'000;
  int linger_ms = 2'000;
};
struct Gathered {
  std::optional<std::int64_t> batch_id;
  int sent_directly = 0;                  // too few for a batch: handed to the pipelines
  std::optional<std::int64_t> wait_ms;    // look again then
};
Gathered gather(const GatherLimits& limits);

// A page of what the batch asks, for building lines: those whose hashes come next after
// `after_hash` ("" for the first).
std::vector<Request> batch_requests(std::int64_t batch_id, const std::string& after_hash, int limit);

void set_uploading(std::int64_t batch_id, std::int64_t bytes);
void set_uploaded(std::int64_t batch_id, const std::string& file_id, std::int64_t bytes);
void set_creating(std::int64_t batch_id);
void set_submitted(std::int64_t batch_id, const openai::BatchObject& remote, std::int64_t first_poll_ms);
void set_back(std::int64_t batch_id, const std::string& state, const std::string& error, std::int64_t delay_ms);  // try that step again later
void set_unclear(std::int64_t batch_id, const std::string& error);
void note_poll(std::int64_t batch_id, const openai::BatchObject& remote, std::int64_t next_poll_ms);
void note_poll_failed(std::int64_t batch_id, const std::string& error, std::int64_t next_poll_ms);
void set_reading(std::int64_t batch_id, const openai::BatchObject& remote);

// Requests of a batch by the hash in their lines' custom_id, of those still out.
struct LineOwner {
  std::int64_t graph_id = 0, request_id = 0, job_id = 0;
  int bad_answers = 0, max_attempts = 3;
  std::optional<std::string> answer_sha256;  // of the body of the answer that it has
};
std::vector<std::optional<LineOwner>> line_owners(std::int64_t batch_id, const std::vector<std::string>& hashes);
// Once, however often the line is read.
void quarantine_line(std::int64_t batch_id, const std::string& reason, const std::string& body);

// The end: what has no answer goes back to be asked again, by batch or directly,
// or fails with the batch. Returns how many.
enum class Rest { batch_again, direct, failed };
int finish(std::int64_t batch_id, const std::string& state, const std::string& error, Rest rest, std::int64_t delay_ms = 0);
// Requests whose line the API refused fail. Returns how many.
int fail_lines(std::int64_t batch_id, const std::vector<std::string>& hashes, const std::vector<std::string>& errors);

// Requests of a completed batch that have no answer: one bad answer each, and they
// fail with the last that they may have.
void count_unanswered(std::int64_t batch_id);

void pause_jobs_of_batch(std::int64_t batch_id, const std::string& reason);

void note_activity(const char* event, std::optional<std::int64_t> batch_id, const std::string& detail);

}  // namespace kg_batch::store
