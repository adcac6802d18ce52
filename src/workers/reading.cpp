#include "workers/reading.h"

#include <map>
#include <nlohmann/json.hpp>

#include "backend/bridge.h"
#include "graph/mentions.h"
#include "store/chunk.h"
#include "store/job.h"
#include "store/mention.h"
#include "store/request.h"
#include "store/stored_reading.h"

namespace kg_batch::workers {

using store::Item;
using store::LoadedChunk;
using store::Work;

namespace {

constexpr int most_splits = 6;

// Asks again, or fails the chunk. True when it failed.
bool send_back(const LoadedChunk& chunk, const Item& item, const std::string& reason, const store::JobOptions& options) {
  if (store::reject_answer(chunk.graph_id, *chunk.request_id, reason, options.max_attempts)) {
    store::set_ready_again(chunk.graph_id, chunk.chunk_id);
    store::put_ready({{item.graph_id, Work::ask, item.id, 2, item.size, item.job_id}});
    return false;
  }
  store::set_failed(chunk.graph_id, chunk.chunk_id, reason);
  return true;
}

// Which stage comes next in plans, each looked up once.
class NextStages {
 public:
  // Without those that have nothing to ask.
  std::optional<std::string> next_question(const std::string& plan, const std::string& stage, const graph::Reading& reading) {
    std::optional<std::string> next = after(plan, stage);
    while (next) {
      const stages::Stage* const known = stages::find_stage(*next);
      if (known == nullptr || known->has_question(reading)) break;
      next = after(plan, *next);
    }
    return next;
  }

 private:
  const std::optional<std::string>& after(const std::string& plan, const std::string& stage) {
    const auto [found, is_new] = known_.try_emplace({plan, stage});
    if (is_new) found->second = store::next_stage(plan, stage);
    return found->second;
  }

  std::map<std::pair<std::string, std::string>, std::optional<std::string>> known_;
};

std::map<std::int64_t, store::StoredAnswer> answers_to(std::int64_t graph_id, const std::vector<LoadedChunk>& chunks) {
  std::vector<std::int64_t> requests;
  for (const LoadedChunk& chunk : chunks)
    if (chunk.state == "asking" && chunk.request_id) requests.push_back(*chunk.request_id);
  std::map<std::int64_t, store::StoredAnswer> answers;
  for (store::StoredAnswer& answer : store::newest_answers(graph_id, requests)) answers.emplace(answer.request_id, std::move(answer));
  return answers;
}

}  // namespace

std::string why_unusable(const std::string& outcome, const std::string& body) {
  if (outcome == "refused") return "refused by the model: " + body.substr(0, 200);
  if (outcome == "length") return "answer cut off by length";
  if (outcome == "content_filter") return "answer held back by the content filter";
  if (outcome == "empty") return "empty answer";
  return "";
}

std::optional<graph::Reading> read_earlier_answers(const LoadedChunk& chunk) {
  return store::stored_reading(chunk, chunk.answered_requests);
}

ReadResult read_chunks(const std::vector<Item>& items) {
  ReadResult result;
  if (items.empty()) return result;
  std::vector<std::int64_t> ids;
  std::map<std::int64_t, Item> item_of;
  for (const Item& item : items) {
    ids.push_back(item.id);
    item_of[item.id] = item;
  }
  const std::int64_t graph_id = items.front().graph_id;
  const std::vector<LoadedChunk> chunks = store::load_chunks(graph_id, ids);
  const std::map<std::int64_t, store::StoredAnswer> answers = answers_to(graph_id, chunks);
  std::map<std::int64_t, store::Job> jobs;
  NextStages stages_of_plans;
  std::vector<store::ReadChunk> read;
  std::vector<std::int64_t> done;
  std::vector<Item> next_items;
  for (const LoadedChunk& chunk : chunks) {
    const Item item = item_of[chunk.chunk_id];
    if (chunk.state != "asking" || !chunk.request_id) continue;
    if (!jobs.contains(chunk.job_id)) jobs.emplace(chunk.job_id, store::read_job(chunk.graph_id, chunk.job_id));
    const store::JobOptions& options = jobs.at(chunk.job_id).options;
    std::optional<graph::Reading> reading = read_earlier_answers(chunk);
    if (!reading) {
      store::start_over(chunk, store::first_stage(options.extraction));
      next_items.push_back({item.graph_id, Work::ask, item.id, item.priority, item.size, item.job_id});
      continue;
    }
    const auto stored = answers.find(*chunk.request_id);
    if (stored == answers.end()) {
      result.failed += send_back(chunk, item, "the stored answer is gone", options) ? 1 : 0;
      continue;
    }
    const store::StoredAnswer& answer = stored->second;
    if (answer.outcome == "length" && chunk.splits < most_splits &&
        store::split_chunk(chunk, options.context_sentences, store::first_stage(options.extraction)))
      continue;
    std::string trouble = why_unusable(answer.outcome, answer.body);
    if (trouble.empty()) {
      const stages::Stage* const stage = stages::find_stage(answer.stage);
      if (stage == nullptr) {
        trouble = "stage \"" + answer.stage + "\" is not in this library";
      } else if (const auto bad = stage->read(answer.body, chunk.question, *reading)) {
        trouble = bad->reason;
      }
    }
    if (!trouble.empty()) {
      result.failed += send_back(chunk, item, trouble, options) ? 1 : 0;
      continue;
    }
    if (const auto next = stages_of_plans.next_question(options.extraction, chunk.stage, *reading)) {
      store::advance(chunk, *next);
      next_items.push_back({item.graph_id, Work::ask, item.id, item.priority, item.size, item.job_id});
      continue;
    }
    read.push_back({&chunk, *chunk.request_id, graph::mentions_of(*reading, chunk.question, chunk.place)});
    done.push_back(chunk.chunk_id);
    next_items.push_back({item.graph_id, Work::round, item.id, 0, item.size, item.job_id});
    ++result.done;
  }
  store::write_mentions(read);
  store::set_done(graph_id, done);
  store::release(items);
  store::put_ready(next_items);
  return result;
}

}  // namespace kg_batch::workers
