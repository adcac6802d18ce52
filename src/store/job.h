// Jobs: options that are frozen when they are made, budget, state.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kg_batch::store {

struct JobOptions {
  int batch_chunk_max = 50;
  int batch_chunk_size = 20;
  int batch_min_requests = 20;
  int batch_timeout_s = 24 * 3600;
  std::string boundaries = "rules";
  int chunk_max_tokens = 6000;
  int context_sentences = 8;
  std::string embedding_model;  // empty: no embeddings
  std::string extraction = "combined";
  bool learn_from_assistant = false;
  int max_attempts = 3;
  int max_conversations_per_pipeline = 10;
  int max_output_tokens = 16000;
  bool merge_by_batch = false;
  double merge_confidence = 0.9;
  std::string merge_model;  // empty: model
  std::string merge_reasoning_effort = "low";
  std::string model;
  int real_time_chunk_size = 5;
  std::string reasoning_effort;
  int settle_s = 1800;
  bool use_batch_api = true;
  bool use_known = false;
};

struct Job {
  std::int64_t graph_id = 0, job_id = 0;
  std::string name, state, reason;
  JobOptions options;
};

// Throws for an unknown option or a value out of range, naming the valid ones.
// `paused` and `name` are no options here.
void check_job_options(const std::string& options_json);

// The caller's settings, the graph's options, then `options_json` over them,
// frozen. Empty name: one is made up. Returns the id.
std::int64_t create_job(std::int64_t graph_id, const std::string& name, const std::string& options_json, unsigned int made_by);

// The graph's standing job, made when it is missing: only the day's budget.
std::int64_t inbox(std::int64_t graph_id, unsigned int made_by);

// By id or name within the graph; an Error with the nearest name when there is none.
std::int64_t job_by(std::int64_t graph_id, const std::string& id_or_name);

Job read_job(std::int64_t graph_id, std::int64_t job_id);

// Something was added: a job that was done runs again.
void touch_job(std::int64_t graph_id, std::int64_t job_id);

// ---- a person's word ----
void pause_job(std::int64_t graph_id, std::int64_t job_id, const std::string& reason);
void resume_job(std::int64_t graph_id, std::int64_t job_id, std::optional<double> budget);
void cancel_job(std::int64_t graph_id, std::int64_t job_id);
std::int64_t retry_job(std::int64_t graph_id, std::int64_t job_id, std::optional<std::int64_t> chunk_id);  // chunks asked again

// Takes jobs further: done when nothing is open, paused when they wait for a
// budget with nothing out. Returns those whose state nobody was told of yet, by
// whomever it was changed; they count as told, so tell them after the commit.
struct JobChange {
  std::int64_t graph_id, job_id;
  std::string graph, name, state, reason;
};
std::vector<JobChange> advance_jobs();
// A job of which nothing is open and that is running still, that runs and has parked
// work, or of whose state nobody was told: advance_jobs could not see to it, because
// somebody held its row or the work's.
bool some_job_is_held();

}  // namespace kg_batch::store
