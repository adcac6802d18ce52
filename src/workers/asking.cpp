#include "workers/asking.h"

#include <map>

#include "backend/bridge.h"
#include "backend/spi.h"
#include "chunking/cuts.h"
#include "graph/sha256.h"
#include "stages/kg_boundary.h"
#include "store/budget.h"
#include "store/known.h"
#include "workers/deciding.h"
#include "workers/dividing.h"
#include "workers/reading.h"

namespace kg_batch::workers {

using store::Item;
using store::LoadedChunk;
using store::Work;

namespace {

// An answer that is longer than this has gone wrong; it also bounds what is
// reserved of the budget. Measured answers of the combined stage stay under 120
// tokens a sentence.
int most_output(const stages::Stage& stage, const store::JobOptions& options, int countable) {
  return std::min({stage.max_output_tokens(), options.max_output_tokens, 800 + 250 * std::max(countable, 1)});
}

Body build(const LoadedChunk& chunk, const stages::Stage& stage, const std::string& model, const store::Prompt& prompt,
           const store::JobOptions& options, int max_output, const graph::Reading& so_far) {
  const stages::Json question = stage.question(chunk.question, so_far);
  return finished_body(chunk.graph_id, stages::chat_body(stage, model, prompt.text, options.reasoning_effort, max_output, question));
}

const stages::Stage& stage_of(const std::string& name) {
  const stages::Stage* const stage = stages::find_stage(name);
  if (stage == nullptr) throw backend::Error(ERRCODE_UNDEFINED_OBJECT, "stage \"" + name + "\" is not in this library");
  return *stage;
}

}  // namespace

Body finished_body(std::int64_t graph_id, std::string body) {
  Body built;
  built.text = std::move(body);
  static graph::Sha256OfAlike sha256;
  const auto digest = sha256.of(std::to_string(graph_id) + "\n" + built.text);
  built.hash.assign(digest.begin(), digest.end());
  return built;
}

store::Request request_of(const store::Draft& draft, const store::PlanResult& result) {
  store::Request request;
  request.graph_id = draft.graph_id;
  request.request_id = result.request_id;
  request.job_id = draft.job_id;
  request.chunk_id = draft.chunk_id;
  request.prompt_id = draft.prompt_id;
  request.stage = draft.stage;
  request.model = draft.model;
  request.mode = draft.mode;
  request.state = "planned";
  request.input_hash = draft.input_hash;
  request.attempt = result.attempt;
  request.bad_answers = result.bad_answers;
  request.input_tokens = draft.input_tokens;
  request.max_output = draft.max_output;
  return request;
}

std::vector<Prepared> plan_questions(std::int64_t worker_id, const std::vector<Item>& items) {
  std::vector<Prepared> direct;
  if (items.empty()) return direct;
  std::vector<std::int64_t> ids;
  std::map<std::int64_t, Item> item_of;
  for (const Item& item : items) {
    ids.push_back(item.id);
    item_of[item.id] = item;
  }
  // First everything that takes time, then what others wait for: a budget's row
  // is locked from the first reservation to the commit.
  struct Planning {
    const LoadedChunk* chunk;
    std::string body;
    bool by_batch;
  };
  const std::int64_t graph_id = items.front().graph_id;
  std::map<std::int64_t, store::Job> jobs;
  std::map<std::string, store::Prompt> prompts;
  std::vector<Planning> plannings;
  std::vector<Item> started_over;
  std::vector<store::Draft> drafts;
  std::vector<store::Worst> worst;
  std::vector<LoadedChunk> chunks = store::load_chunks(graph_id, ids);
  for (LoadedChunk& chunk : chunks) {
    if (chunk.state != "ready") continue;
    if (!jobs.contains(chunk.job_id)) jobs.emplace(chunk.job_id, store::read_job(chunk.graph_id, chunk.job_id));
    const store::JobOptions& options = jobs.at(chunk.job_id).options;
    const std::optional<graph::Reading> so_far = read_earlier_answers(chunk);
    if (!so_far) {
      store::start_over(chunk, store::first_stage(options.extraction));
      started_over.push_back(item_of[chunk.chunk_id]);
      continue;
    }
    const stages::Stage& stage = stage_of(chunk.stage);
    if (options.use_known) store::look_up_known(chunk);
    if (!prompts.contains(chunk.stage)) prompts.emplace(chunk.stage, store::newest_prompt(chunk.stage));
    const store::Prompt& prompt = prompts.at(chunk.stage);
    const int max_output = most_output(stage, options, chunk.countable);
    Body body = build(chunk, stage, options.model, prompt, options, max_output, *so_far);
    store::Draft draft;
    draft.graph_id = graph_id;
    draft.job_id = chunk.job_id;
    draft.chunk_id = chunk.chunk_id;
    draft.prompt_id = prompt.prompt_id;
    draft.stage = chunk.stage;
    draft.model = options.model;
    draft.mode = options.use_batch_api ? "batch" : "direct";
    draft.input_hash = std::move(body.hash);
    draft.input_tokens = chunking::estimate_tokens(body.text);
    draft.max_output = max_output;
    worst.push_back({draft.model, draft.mode, draft.input_tokens, max_output});
    drafts.push_back(std::move(draft));
    plannings.push_back({&chunk, std::move(body.text), options.use_batch_api});
  }
  const auto costs = store::most_costs(worst);
  for (std::size_t i = 0; i < drafts.size(); ++i) drafts[i].most_cost = costs[i].value_or(0);
  const std::vector<store::PlanResult> planned = store::plan_requests(graph_id, drafts);
  std::vector<std::int64_t> asking, asked;
  std::vector<Item> to_send, to_read, parked_again;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const store::Draft& draft = drafts[i];
    const store::PlanResult& result = planned[i];
    Item next = item_of[draft.chunk_id];
    if (result.outcome == store::Planned::no_budget) {
      next.priority = next.priority % store::parked + store::parked;
      parked_again.push_back(next);
      continue;
    }
    asking.push_back(draft.chunk_id);
    asked.push_back(result.request_id);
    if (result.outcome == store::Planned::answered) {
      next.kind = Work::read;
      to_read.push_back(next);
    } else if (result.outcome == store::Planned::send) {
      next.id = result.request_id;
      next.size = draft.input_tokens;
      next.kind = plannings[i].by_batch ? Work::send : Work::direct;
      if (plannings[i].by_batch) {
        to_send.push_back(next);
        continue;
      }
      direct.push_back({next, request_of(draft, result), std::move(plannings[i].body)});
    }
  }
  store::set_asking(graph_id, asking, asked);
  store::release(items);
  store::put_ready(to_send);
  store::put_ready(to_read);
  store::put_ready(parked_again);
  store::put_ready(started_over);
  if (!direct.empty()) {
    std::vector<Item> claims;
    for (const auto& prepared : direct) claims.push_back(prepared.claim);
    store::hold(worker_id, claims);
  }
  return direct;
}

std::vector<std::optional<std::string>> rebuild_bodies(const std::vector<store::Request>& requests) {
  std::map<std::int64_t, std::vector<std::int64_t>> chunk_ids;
  for (const auto& request : requests)
    if (request.chunk_id != 0) chunk_ids[request.graph_id].push_back(request.chunk_id);
  std::map<std::pair<std::int64_t, std::int64_t>, LoadedChunk> chunks;
  for (const auto& [graph_id, ids] : chunk_ids)
    for (auto& chunk : store::load_chunks(graph_id, ids)) {
      const std::pair key{chunk.graph_id, chunk.chunk_id};
      chunks.emplace(key, std::move(chunk));
    }
  std::map<std::int64_t, store::JobOptions> options;
  std::map<std::int64_t, store::Prompt> prompts;
  std::vector<std::optional<std::string>> bodies;
  for (const auto& request : requests) {
    bodies.emplace_back();
    if (request.state != "planned" && request.state != "asking") continue;
    if (request.chunk_id == 0) {
      bodies.back() = request.stage == stages::boundary_stage_name ? rebuild_window(request) : rebuild_inquiry(request);
      continue;
    }
    const auto found = chunks.find({request.graph_id, request.chunk_id});
    const stages::Stage* const stage = stages::find_stage(request.stage);
    if (found == chunks.end() || stage == nullptr) {
      store::plan_anew(request.graph_id, request.request_id, "its chunk or its stage is gone");
      continue;
    }
    const LoadedChunk& chunk = found->second;
    const std::optional<graph::Reading> so_far = read_earlier_answers(chunk);
    if (!so_far) {
      store::plan_anew(request.graph_id, request.request_id, "the answers of the stages before it are gone");
      continue;
    }
    if (!options.contains(request.job_id)) options.emplace(request.job_id, store::read_job(request.graph_id, request.job_id).options);
    if (!prompts.contains(request.prompt_id)) prompts.emplace(request.prompt_id, store::prompt_by_id(request.prompt_id));
    Body body = build(chunk, *stage, request.model, prompts.at(request.prompt_id), options.at(request.job_id), request.max_output,
                      *so_far);
    if (body.hash != request.input_hash)
      store::plan_anew(request.graph_id, request.request_id, "its question comes out differently now");
    else
      bodies.back() = std::move(body.text);
  }
  return bodies;
}

}  // namespace kg_batch::workers
