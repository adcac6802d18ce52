// Chunks with everything that their question and their mentions depend on.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/mentions.h"
#include "stages/stage.h"
#include "store/job.h"

namespace kg_batch::store {

struct LoadedChunk {
  std::int64_t graph_id = 0, chunk_id = 0, conversation_id = 0, job_id = 0;
  std::string state, stage;
  int step = 1, splits = 0, countable = 0;
  int reading = 1;  // see rereading.h
  bool is_known_looked_up = false;  // see known.h
  std::optional<std::int64_t> request_id;
  std::vector<std::int64_t> answered_requests;  // of the steps before
  stages::Question question;
  graph::Place place;
  // Positions within the conversation, for the total order.
  std::vector<std::pair<std::int64_t, int>> positions;  // message_id, position
};

// Locked (FOR NO KEY UPDATE), in the order of `chunk_ids`; those that are gone
// are left out.
std::vector<LoadedChunk> load_chunks(std::int64_t graph_id, const std::vector<std::int64_t>& chunk_ids);

// The stages of a plan, in order; the stage after one.
std::string first_stage(const std::string& plan);
std::optional<std::string> next_stage(const std::string& plan, const std::string& stage);

struct Prompt {
  std::int64_t prompt_id = 0;
  std::string text;
};
// What tells the model what to do in a stage: own versions win over shipped ones.
Prompt newest_prompt(const std::string& stage);
Prompt prompt_by_id(std::int64_t prompt_id);

// Each chunk by its request; of one graph.
void set_asking(std::int64_t graph_id, const std::vector<std::int64_t>& chunk_ids, const std::vector<std::int64_t>& request_ids);
void advance(const LoadedChunk& chunk, const std::string& next_stage);  // the next step of the plan is ready
void set_done(std::int64_t graph_id, const std::vector<std::int64_t>& chunk_ids);
void set_ready_again(std::int64_t graph_id, std::int64_t chunk_id);  // to be planned once more
void set_failed(std::int64_t graph_id, std::int64_t chunk_id, const std::string& error);
// Ready at its plan's first stage, as if nothing had been asked.
void start_over(const LoadedChunk& chunk, const std::string& first_stage);
// Two chunks out of one, both ready at the plan's first stage; false when it has
// but one sentence.
bool split_chunk(const LoadedChunk& chunk, int context_sentences, const std::string& first_stage);

}  // namespace kg_batch::store
