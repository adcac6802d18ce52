#include "workers/deciding.h"

#include "backend/bridge.h"
#include "chunking/cuts.h"
#include "store/budget.h"
#include "store/chunk.h"
#include "store/inquiry.h"
#include "store/job.h"
#include "store/shown_messages.h"
#include "workers/reading.h"

namespace kg_batch::workers {

using store::Inquiry;
using store::InquirySort;
using store::Item;
using store::Work;

namespace {

// Somebody else's question is the same to the letter and is out: after this long
// its answer is looked for.
constexpr int same_is_out_ms = 1'000;

// Where there is none, its id is 0 and its text empty.
store::Prompt prompt_of(const InquirySort& sort) { return sort.is_chat() ? store::newest_prompt(std::string(sort.stage())) : store::Prompt{}; }

}  // namespace

std::vector<Prepared> plan_inquiries(std::int64_t worker_id, const Item& decide) {
  const std::int64_t graph_id = decide.graph_id, job_id = decide.job_id;
  const store::JobOptions options = store::read_job(graph_id, job_id).options;
  struct Planning {
    const InquirySort* sort;
    Inquiry inquiry;
    std::string body;
  };
  std::vector<Planning> plannings;
  std::vector<store::Draft> drafts;
  std::vector<store::Worst> worst;
  for (const InquirySort* const sort : store::inquiry_sorts()) {
    if (!store::is_time_to_ask(graph_id, job_id, *sort)) continue;
    std::vector<Inquiry> inquiries = sort->gather(graph_id, job_id);
    if (inquiries.empty()) continue;
    const store::Prompt prompt = prompt_of(*sort);
    const std::string& model = sort->model(options);
    for (Inquiry& inquiry : inquiries) {
      const int max_output = std::min(inquiry.max_output, options.max_output_tokens);
      Body body = finished_body(graph_id, sort->body({model, prompt.text, options.merge_reasoning_effort, max_output},
                                                store::shown_document(inquiry.document)));
      store::Draft draft;
      draft.graph_id = graph_id;
      draft.job_id = job_id;
      draft.prompt_id = prompt.prompt_id;
      draft.stage = sort->stage();
      draft.model = model;
      draft.mode = options.merge_by_batch ? "batch" : "direct";
      draft.input_hash = std::move(body.hash);
      draft.input_tokens = chunking::estimate_tokens(body.text);
      draft.max_output = max_output;
      worst.push_back({draft.model, draft.mode, draft.input_tokens, max_output});
      drafts.push_back(std::move(draft));
      plannings.push_back({sort, std::move(inquiry), std::move(body.text)});
    }
  }
  store::release({decide});
  // Sorts whose turn it is not yet wait on.
  if (drafts.empty()) {
    store::put_up_open(graph_id, job_id);
    return {};
  }
  const auto costs = store::most_costs(worst);
  for (std::size_t i = 0; i < drafts.size(); ++i) drafts[i].most_cost = costs[i].value_or(0);
  const std::vector<store::PlanResult> planned = store::plan_requests(graph_id, drafts);
  std::vector<Prepared> direct;
  std::vector<Item> to_send, to_read, claims;
  bool no_budget = false, wait = false;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const store::PlanResult& result = planned[i];
    Planning& planning = plannings[i];
    if (result.outcome == store::Planned::no_budget || store::load_inquiry(graph_id, result.request_id) ||
        result.outcome == store::Planned::wait) {
      (result.outcome == store::Planned::no_budget ? no_budget : wait) = true;
      continue;
    }
    store::keep_inquiry(graph_id, result.request_id, planning.inquiry);
    planning.sort->set_asked(graph_id, job_id, planning.inquiry, result.request_id);
    const Item item{graph_id, Work::direct, result.request_id, decide.priority, drafts[i].input_tokens, job_id};
    if (result.outcome == store::Planned::answered) {
      to_read.push_back({graph_id, Work::conclude, result.request_id, 1, 0, job_id});
    } else if (options.merge_by_batch) {
      to_send.push_back(item);
      to_send.back().kind = Work::send;
    } else {
      claims.push_back(item);
      direct.push_back({item, request_of(drafts[i], result), std::move(planning.body)});
    }
  }
  store::put_ready(to_send);
  store::put_ready(to_read);
  store::hold(worker_id, claims);
  Item again = decide;
  if (no_budget) again.priority = again.priority % store::parked + store::parked;
  if (no_budget || wait)
    store::put_ready({again}, no_budget ? 0 : same_is_out_ms);
  else
    store::put_up_open(graph_id, job_id);
  return direct;
}

std::optional<std::string> rebuild_inquiry(const store::Request& request) {
  const InquirySort* const sort = store::find_inquiry_sort(request.stage);
  const std::optional<Inquiry> inquiry = store::load_inquiry(request.graph_id, request.request_id);
  if (sort == nullptr || !inquiry) {
    store::plan_anew(request.graph_id, request.request_id, "its question or its stage is gone");
    return std::nullopt;
  }
  const store::JobOptions options = store::read_job(request.graph_id, request.job_id).options;
  const store::Prompt prompt = sort->is_chat() ? store::prompt_by_id(request.prompt_id) : store::Prompt{};
  Body body = finished_body(request.graph_id, sort->body({request.model, prompt.text, options.merge_reasoning_effort, request.max_output},
                                                         store::shown_document(inquiry->document)));
  if (body.hash == request.input_hash) return std::move(body.text);
  store::plan_anew(request.graph_id, request.request_id, "its question comes out differently now");
  return std::nullopt;
}

void give_up(const Item& item, const std::string& why) {
  const auto request = store::lock_request(item.graph_id, item.id);
  const auto inquiry = store::load_inquiry(item.graph_id, item.id);
  const InquirySort* const sort = request ? store::find_inquiry_sort(request->stage) : nullptr;
  if (!inquiry || sort == nullptr) return;
  sort->without_answer(item.graph_id, inquiry->items, why, 0);
  store::drop_inquiry(item.graph_id, item.id);
}

void conclude(const std::vector<Item>& items) {
  std::vector<std::int64_t> graphs, requests;
  for (const Item& item : items) {
    graphs.push_back(item.graph_id);
    requests.push_back(item.id);
  }
  store::lock_requests(graphs, requests);  // all in order, before what they ask about
  for (const Item& item : items) {
    const auto request = store::lock_request(item.graph_id, item.id);
    const auto inquiry = store::load_inquiry(item.graph_id, item.id);
    const InquirySort* const sort = request ? store::find_inquiry_sort(request->stage) : nullptr;
    if (!request || !inquiry || sort == nullptr || (request->state != "answered" && request->state != "failed")) continue;
    const store::JobOptions options = store::read_job(item.graph_id, request->job_id).options;
    store::Concluded concluded;
    const auto answers = store::newest_answers(item.graph_id, {item.id});
    if (request->state == "failed") {
      // The API will not have it: asking once more would change nothing.
      sort->without_answer(item.graph_id, inquiry->items, store::error_of(item.graph_id, item.id), 0);
    } else {
      if (answers.empty())
        concluded.unusable = "the stored answer is gone";
      else if (const std::string trouble = why_unusable(answers.front().outcome, answers.front().body); !trouble.empty())
        concluded.unusable = trouble;
      else
        concluded = sort->read(item.graph_id, answers.front().body, *inquiry, options);
      if (concluded.unusable) {
        (void)store::reject_answer(item.graph_id, item.id, *concluded.unusable, options.max_attempts);
        sort->without_answer(item.graph_id, inquiry->items, *concluded.unusable, options.max_attempts);
      } else if (!concluded.is_whole) {
        // Else the same question would find this answer again.
        (void)store::reject_answer(item.graph_id, item.id, "it says nothing of some of what it was asked", options.max_attempts);
      }
    }
    store::write_rejected(item.graph_id, request->job_id, item.id, concluded.rejected);
    store::drop_inquiry(item.graph_id, item.id);
    if (concluded.changes_graph) store::put_up_round(item.graph_id, request->job_id, item.id);
    store::put_up_decide(item.graph_id, request->job_id);
  }
  store::release(items);
}

}  // namespace kg_batch::workers
