#include "workers/dividing.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "stages/kg_boundary.h"
#include "store/boundary.h"
#include "store/budget.h"
#include "store/chunk.h"
#include "store/inquiry.h"
#include "workers/asking.h"
#include "workers/reading.h"

#include "backend/bridge.h"
#include "chunking/cuts.h"

namespace kg_batch::workers {

using store::BoundaryWindow;
using store::Item;
using store::Work;

namespace {

const stages::Stage& boundary_stage() {
  const stages::Stage* const stage = stages::find_stage(stages::boundary_stage_name);
  if (stage == nullptr) throw backend::Error(ERRCODE_UNDEFINED_OBJECT, "stage \"kg_boundary\" is not in this library");
  return *stage;
}

Body build(std::int64_t graph_id, const std::string& model, const std::string& prompt, const std::string& effort, int max_output,
           const stages::Question& question) {
  const stages::Stage& stage = boundary_stage();
  return finished_body(graph_id, stages::chat_body(stage, model, prompt, effort, max_output, stage.question(question, {})));
}

// What is told of a window; nothing where the answer cannot be used.
struct Told {
  std::vector<chunking::ToldSegment> segments;
  std::vector<graph::Rejected> rejected;
  std::string trouble;
};

Told told_by_answer(const store::Request& request, std::size_t messages) {
  Told told;
  const auto answers = store::newest_answers(request.graph_id, {request.request_id});
  if (answers.empty()) {
    told.trouble = "the stored answer is gone";
    return told;
  }
  told.trouble = why_unusable(answers.front().outcome, answers.front().body);
  if (!told.trouble.empty()) return told;
  auto reading = stages::read_boundaries(answers.front().body, static_cast<int>(messages));
  if (const auto* bad = std::get_if<stages::BadAnswer>(&reading)) {
    told.trouble = bad->reason;
    return told;
  }
  told.segments = std::move(std::get<stages::BoundaryReading>(reading).segments);
  told.rejected = std::move(std::get<stages::BoundaryReading>(reading).rejected);
  return told;
}

void read_window_request(const store::Request& request) {
  const std::vector<BoundaryWindow> windows = store::waiting_windows(request.graph_id, request.request_id);
  if (windows.empty()) return;
  Told told;
  bool again = false;
  if (request.state == "failed") {
    // The API will not have it: asking once more would change nothing.
    told.trouble = store::error_of(request.graph_id, request.request_id);
  } else {
    told = told_by_answer(request, windows.front().message_ids.size());
    if (!told.trouble.empty()) {
      const store::JobOptions options = store::read_job(request.graph_id, request.job_id).options;
      again = store::reject_answer(request.graph_id, request.request_id, told.trouble, options.max_attempts);
    }
  }
  std::vector<std::int64_t> at_once, when_complete;
  for (const BoundaryWindow& window : windows) {
    if (again) {
      store::wait_no_more(request.graph_id, window);
    } else if (told.trouble.empty()) {
      store::write_boundaries(request.graph_id, window, told.segments, "model");
    } else {
      const auto by_rules = chunking::told_by_rules(store::messages_of(request.graph_id, window));
      store::write_boundaries(request.graph_id, window, chunking::arrange(by_rules, static_cast<int>(window.message_ids.size())).segments, "rules");
    }
    // Where more of its stretch is to be asked about, that is asked while others are out.
    (again || !window.reaches_end ? at_once : when_complete).push_back(window.conversation_id);
  }
  if (!again && !told.trouble.empty())
    told.rejected.push_back({"boundaries of " + std::to_string(windows.front().message_ids.size()) + " messages",
                             "no answer that can be used (" + told.trouble + "): divided as rules would", ""});
  store::write_rejected(request.graph_id, request.job_id, request.request_id, told.rejected);
  store::hand_in_again(request.graph_id, at_once, true);
  store::hand_in_again(request.graph_id, when_complete, false);
}

}  // namespace

bool plan_windows(const store::Uncut& conversation, const store::Job& job, const std::vector<chunking::Window>& windows) {
  const std::int64_t graph_id = conversation.graph_id;
  // A cancelled job asks nothing more; its conversations can be cut by another one.
  if (windows.empty() || job.state == "cancelled") {
    store::wait_for_nothing(graph_id, {conversation.conversation_id});
    return true;
  }
  std::vector<std::vector<std::int64_t>> message_ids;
  for (const chunking::Window& window : windows) {
    message_ids.emplace_back();
    for (const std::size_t place : window.messages) message_ids.back().push_back(conversation.open.input.messages[place].message_id);
  }
  const std::vector<stages::Question> questions = store::window_questions(graph_id, conversation.conversation_id, message_ids);
  const store::Prompt prompt = store::newest_prompt(stages::boundary_stage_name);
  const int max_output = std::min(boundary_stage().max_output_tokens(), job.options.max_output_tokens);
  std::vector<store::Draft> drafts;
  std::vector<store::Worst> worst;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    Body body = build(graph_id, job.options.model, prompt.text, job.options.reasoning_effort, max_output, questions[i]);
    store::Draft draft;
    draft.graph_id = graph_id;
    draft.job_id = job.job_id;
    draft.prompt_id = prompt.prompt_id;
    draft.stage = stages::boundary_stage_name;
    draft.model = job.options.model;
    // Windows of one stretch follow one another: by batch each would wait for the turnaround of the one before.
    const bool whole = windows[i].begins && windows[i].reaches_end;
    draft.mode = job.options.use_batch_api && whole ? "batch" : "direct";
    draft.input_hash = std::move(body.hash);
    draft.input_tokens = chunking::estimate_tokens(body.text);
    draft.max_output = max_output;
    worst.push_back({draft.model, draft.mode, draft.input_tokens, max_output});
    drafts.push_back(std::move(draft));
  }
  const auto costs = store::most_costs(worst);
  for (std::size_t i = 0; i < drafts.size(); ++i) drafts[i].most_cost = costs[i].value_or(0);
  const std::vector<store::PlanResult> planned = store::plan_requests(graph_id, drafts);
  std::vector<BoundaryWindow> waiting;
  std::vector<Item> items;
  const int parking = job.state == "paused" ? store::parked : 0;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const store::PlanResult& result = planned[i];
    if (result.outcome == store::Planned::no_budget) continue;
    waiting.push_back({conversation.conversation_id, result.request_id, message_ids[i], windows[i].reaches_end});
    if (result.outcome == store::Planned::send)
      items.push_back({graph_id, drafts[i].mode == "batch" ? Work::send : Work::direct, result.request_id, conversation.priority + parking,
                       drafts[i].input_tokens, job.job_id});
    if (result.outcome == store::Planned::answered) items.push_back({graph_id, Work::conclude, result.request_id, 1, 0, job.job_id});
  }
  store::set_waiting(graph_id, conversation.conversation_id, waiting);
  store::put_ready(items);
  return waiting.size() == windows.size();
}

std::optional<std::string> rebuild_window(const store::Request& request) {
  const std::vector<BoundaryWindow> windows = store::waiting_windows(request.graph_id, request.request_id);
  if (windows.empty()) {
    store::plan_anew(request.graph_id, request.request_id, "no conversation waits for it any more");
    return std::nullopt;
  }
  const auto questions = store::window_questions(request.graph_id, windows.front().conversation_id, {windows.front().message_ids});
  const store::JobOptions options = store::read_job(request.graph_id, request.job_id).options;
  Body body = build(request.graph_id, request.model, store::prompt_by_id(request.prompt_id).text, options.reasoning_effort, request.max_output,
                    questions.front());
  if (body.hash == request.input_hash) return std::move(body.text);
  store::plan_anew(request.graph_id, request.request_id, "its question comes out differently now");
  return std::nullopt;
}

std::vector<Item> read_windows(const std::vector<Item>& items) {
  std::vector<Item> others, mine;
  for (const Item& item : items)
    (store::stage_of_request(item.graph_id, item.id) == stages::boundary_stage_name ? mine : others).push_back(item);
  if (mine.empty()) return others;
  // As a cut does: first the conversation, then the request.
  std::vector<std::int64_t> ids;
  for (const Item& item : mine) ids.push_back(item.id);
  store::lock_waiting_conversations(mine.front().graph_id, ids);
  for (const Item& item : mine) {
    const auto request = store::lock_request(item.graph_id, item.id);
    if (request && (request->state == "answered" || request->state == "failed")) read_window_request(*request);
  }
  store::release(mine);
  return others;
}

bool give_up_windows(const Item& item, const std::string& why) {
  if (store::stage_of_request(item.graph_id, item.id) != stages::boundary_stage_name) return false;
  store::lock_waiting_conversations(item.graph_id, {item.id});
  for (const BoundaryWindow& window : store::waiting_windows(item.graph_id, item.id)) {
    store::wait_no_more(item.graph_id, window);
    store::mark_cut_failed(item.graph_id, window.conversation_id, why);
  }
  return true;
}

}  // namespace kg_batch::workers
