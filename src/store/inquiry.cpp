#include "store/inquiry.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/classify_questions.h"
#include "store/embedding_questions.h"
#include "store/merge_questions.h"
#include "store/predicate_questions.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;

namespace {

constexpr std::int64_t beyond_messages = std::int64_t{1} << 48;

}  // namespace

const std::string& InquirySort::model(const JobOptions& options) const {
  return options.merge_model.empty() ? options.model : options.merge_model;
}

// Embeddings first: what they find fills the calls of the others.
const std::vector<const InquirySort*>& inquiry_sorts() {
  static const std::vector<const InquirySort*> sorts{&embedding_questions(), &merge_questions(), &predicate_questions(), &classify_questions()};
  return sorts;
}

const InquirySort* find_inquiry_sort(std::string_view stage) {
  for (const InquirySort* sort : inquiry_sorts())
    if (sort->stage() == stage) return sort;
  return nullptr;
}

std::string chat_body(std::string_view stage, const stages::Json& schema, const BodyParts& parts, const stages::Json& document) {
  return stages::chat_body(stage, schema, parts.model, parts.prompt, parts.effort, parts.max_output, document);
}

void put_up_decide(std::int64_t graph_id, std::int64_t job_id) {
  execute_generic(
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT j.graph_id, 2 + CASE WHEN j.state = 'paused' THEN 1000 ELSE 0 END, 7, 0, j.job_id, j.job_id FROM kg_batch_internal.job j "
      "WHERE j.graph_id = $1 AND j.job_id = $2 AND j.state <> 'cancelled' ON CONFLICT DO NOTHING",
      {graph_id, job_id});
}

void ask_what_is_left(const std::vector<std::int64_t>& graphs, const std::vector<std::int64_t>& jobs) {
  if (jobs.empty()) return;
  execute_generic(
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT u.graph_id, 2, 7, 0, u.job_id, u.job_id FROM unnest($1, $2) AS u (graph_id, job_id) "
      "WHERE EXISTS (SELECT FROM kg_batch_internal.open_question q WHERE q.graph_id = u.graph_id AND q.job_id = u.job_id) ON CONFLICT DO NOTHING",
      {graphs, jobs});
}

void put_up_open(std::int64_t graph_id, std::int64_t job_id) {
  if (job_id == 0) return;
  // Also for what was left by a job that was cancelled.
  const Rows open = execute_generic(
      "SELECT FROM kg_batch_internal.open_question q WHERE q.graph_id = $1 AND (q.job_id = $2 OR q.job_id IS NULL) LIMIT 1", {graph_id, job_id});
  if (open.processed() > 0) put_up_decide(graph_id, job_id);
}

bool is_time_to_ask(std::int64_t graph_id, std::int64_t job_id, const InquirySort& sort) {
  return execute_generic("SELECT kg_batch_internal.is_time_to_ask($1, $2, $3)", {graph_id, job_id, std::string(sort.stage())}).boolean(0, 0);
}

void keep_inquiry(std::int64_t graph_id, std::int64_t request_id, const Inquiry& inquiry) {
  execute_generic(
      "INSERT INTO kg_batch_internal.inquiry (graph_id, request_id, document, items) VALUES ($1, $2, $3, $4)",
      {graph_id, request_id, inquiry.document.dump(-1, ' ', false, stages::Json::error_handler_t::replace), inquiry.items});
}

std::optional<Inquiry> load_inquiry(std::int64_t graph_id, std::int64_t request_id) {
  const Rows rows = execute_generic("SELECT document, items FROM kg_batch_internal.inquiry WHERE graph_id = $1 AND request_id = $2",
                                    {graph_id, request_id});
  if (rows.empty()) return std::nullopt;
  Inquiry inquiry;
  inquiry.document = stages::Json::parse(rows.text(0, 0), nullptr, false);
  inquiry.items = rows.integers(0, 1);
  return inquiry;
}

void drop_inquiry(std::int64_t graph_id, std::int64_t request_id) {
  execute_generic("DELETE FROM kg_batch_internal.inquiry WHERE graph_id = $1 AND request_id = $2", {graph_id, request_id});
}

void write_rejected(std::int64_t graph_id, std::int64_t job_id, std::int64_t request_id, const std::vector<graph::Rejected>& rejected) {
  if (rejected.empty()) return;
  std::vector<std::string> items, reasons, bodies;
  for (const graph::Rejected& one : rejected) {
    items.push_back(one.item);
    reasons.push_back(one.reason);
    bodies.push_back(one.body);
  }
  execute_generic(
      "INSERT INTO kg_batch_internal.rejected (graph_id, job_id, request_id, source, item, reason, body) "
      "SELECT $1, $2, $3, 'answer', u.* FROM unnest($4, $5, $6) AS u",
      {graph_id, job_id, request_id, items, reasons, bodies});
}

// A row of its own, as each replaced message has: one that is there may be claimed by
// a round that does not see yet what was decided.
void put_up_round(std::int64_t graph_id, std::int64_t job_id, std::int64_t request_id) {
  put_ready({{graph_id, Work::round, -(beyond_messages + request_id), 0, 0, job_id}});
}

void withdraw_inquiry(std::int64_t graph_id, std::int64_t job_id, std::int64_t request_id) {
  const Rows stage = execute_generic("SELECT stage FROM kg_batch_internal.request WHERE graph_id = $1 AND request_id = $2",
                                     {graph_id, request_id});
  const std::optional<Inquiry> inquiry = load_inquiry(graph_id, request_id);
  if (stage.empty() || !inquiry) return;
  if (const InquirySort* const sort = find_inquiry_sort(stage.text(0, 0))) sort->set_open(graph_id, inquiry->items);
  drop_inquiry(graph_id, request_id);
  put_up_decide(graph_id, job_id);
}

void withdraw_cancelled_inquiries(std::int64_t graph_id, std::int64_t job_id) {
  const Rows rows = execute_generic(
      "SELECT q.request_id FROM kg_batch_internal.inquiry q JOIN kg_batch_internal.request r USING (graph_id, request_id) "
      "WHERE q.graph_id = $1 AND r.job_id = $2 AND r.state = 'cancelled'",
      {graph_id, job_id});
  for (std::size_t i = 0; i < rows.size(); ++i) withdraw_inquiry(graph_id, job_id, rows.integer(i, 0));
  for (const InquirySort* const sort : inquiry_sorts()) sort->leave(graph_id, job_id);
}

void lock_open_items(std::int64_t graph_id, std::int64_t job_id) {
  for (const InquirySort* const sort : inquiry_sorts()) sort->lock_open(graph_id, job_id);
}

std::int64_t reopen_given_up(std::int64_t graph_id, std::int64_t job_id) {
  // The queue first, as whoever plans the questions has it before what they are about.
  const bool is_put_up = execute_generic(
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT j.graph_id, 2 + CASE WHEN j.state = 'paused' THEN 1000 ELSE 0 END, 7, 0, j.job_id, j.job_id FROM kg_batch_internal.job j "
      "WHERE j.graph_id = $1 AND j.job_id = $2 ON CONFLICT DO NOTHING",
      {graph_id, job_id}).processed() > 0;
  std::int64_t again = 0;
  for (const InquirySort* const sort : inquiry_sorts()) again += sort->reopen_given_up(graph_id, job_id);
  if (again == 0 && is_put_up) execute_generic("DELETE FROM kg_batch_internal.ready WHERE graph_id = $1 AND kind = 7 AND chunk_id = $2", {graph_id, job_id});
  return again;
}

}  // namespace kg_batch::store
