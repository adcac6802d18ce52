#include "extension/intake.h"

#include <cstdlib>

#include "backend/log.h"
#include "formats/printable.h"
#include "store/access.h"
#include "store/home.h"
#include "store/queue.h"

namespace kg_batch::extension {

using backend::Error;
using backend::Level;
using backend::report;

namespace {

std::string counted(std::int64_t number, const std::string& singular) {
  return std::to_string(number) + " " + singular + (number == 1 ? "" : "s");
}

std::string dollars(const std::string& amount) {
  const double value = std::stod(amount);
  char text[40];
  snprintf(text, sizeof text, value >= 1 ? "%.2f" : "%.4f", value);
  return std::string("$") + text;
}

std::string seconds_text(int seconds) {
  if (seconds % 3600 == 0 && seconds > 0) return counted(seconds / 3600, "hour");
  if (seconds % 60 == 0 && seconds > 0) return counted(seconds / 60, "minute");
  return counted(seconds, "second");
}

void append(std::string& text, const std::string& sentence) { text += (text.empty() ? "" : " ") + sentence; }

// "Kept but not read: 2 empty, 1 media."
void append_counts(std::string& text, const Taken& taken) {
  const store::IngestReport& counts = taken.report;
  std::string skipped;
  for (const auto& [reason, number] : counts.skipped)
    skipped += (skipped.empty() ? "" : ", ") + std::to_string(number) + " " + (reason == "role" ? "of a system, tool or app" : reason);
  if (!skipped.empty()) append(text, "Kept but not read: " + skipped + ".");
  if (counts.repeats > 0) append(text, counted(counts.repeats, "repeat") + " of what is there.");
  if (counts.edits > 0) append(text, counted(counts.edits, "edit") + ".");
  if (counts.forgotten > 0) append(text, counted(counts.forgotten, "message") + " stayed forgotten.");
  if (counts.repaired > 0) append(text, counted(counts.repaired, "character") + " replaced that no text may hold.");
  if (taken.rejected > 0)
    append(text, counted(taken.rejected, "row") + (taken.dry_run ? " would be" : "") + " rejected: see kg_batch.rejected.");
  if (!taken.not_read.empty()) append(text, "Columns that are not read: " + taken.not_read + ".");
}

void append_way(std::string& text, const Taken& taken) {
  if (!taken.estimate) return;
  const store::Estimate& estimate = *taken.estimate;
  if (estimate.requests == 0) {
    if (taken.report.added + taken.report.edits == 0) append(text, "Nothing is asked, nothing is paid.");
    return;
  }
  const std::string requests_go = "About " + counted(estimate.requests, "request") + " to " + estimate.model + (estimate.requests == 1 ? " goes" : " go");
  const std::string cost = estimate.cost ? "for about " + dollars(*estimate.cost) : "at a price that is not known";
  if (estimate.mode == "batch")
    append(text, requests_go + " by batch: half the price, within " + seconds_text(taken.job.options.batch_timeout_s) + ", " + cost +
                     (estimate.direct_cost ? " (directly it would be " + dollars(*estimate.direct_cost) + ")." : "."));
  else if (taken.job.options.use_batch_api)
    append(text, requests_go + " directly, because fewer than " +
                     std::to_string(taken.job.options.batch_min_requests) + " (batch_min_requests) do not wait for a batch: within seconds to minutes, " +
                     cost + ".");
  else
    append(text, requests_go + " directly (use_batch_api is off): within seconds to minutes, " + cost + ".");
  if (!taken.final && !taken.dry_run)
    append(text, "What is still open is read when more has come, at kg_batch.flush(), or " + seconds_text(taken.job.options.settle_s) +
                     " after its last message.");
}

}  // namespace

std::string required_text(const Call& call, int argument, const char* name) {
  const auto value = call.text(argument);
  if (!value) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, std::string("argument \"") + name + "\" must not be null");
  return *value;
}

int priority_argument(const Call& call, int argument) {
  const int priority = call.integer(argument).value_or(2);
  if (priority < 0 || priority >= store::parked)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "priority " + std::to_string(priority) + " is out of range", "",
                "Valid values are from 0 to 999; lower ones come first.");
  return priority;
}

store::Job target_job(unsigned int caller, std::int64_t graph_id, const std::optional<std::string>& job, bool dry_run) {
  if (job) return store::read_job(graph_id, store::job_by(graph_id, *job));
  if (!dry_run) return store::read_job(graph_id, store::inbox(graph_id, caller));
  const auto inbox = backend::execute("SELECT job_id FROM kg_batch_internal.job WHERE graph_id = $1 AND name = 'inbox'", {graph_id});
  if (!inbox.empty()) return store::read_job(graph_id, inbox.integer(0, 0));
  store::Job none;
  none.graph_id = graph_id;
  none.name = "inbox";
  none.options = store::options_of_new_job(graph_id);
  return none;
}

void tell_taken(const Taken& taken) {
  std::string detail;
  append_counts(detail, taken);
  append_way(detail, taken);
  const std::string verb = taken.dry_run ? "would take " : "took ";
  report(Level::notice,
         verb + counted(taken.report.added, "new message") + " of " + counted(taken.report.conversations, "conversation") + " into job \"" +
             taken.job.name + "\"",
         detail);
}

std::vector<Attention> what_needs_attention(const store::Job& job) {
  std::vector<Attention> attention;
  const char* const key = std::getenv("OPENAI_API_KEY");
  if (backend::settings::api_key_file().empty() && (key == nullptr || key[0] == '\0'))
    attention.push_back({"kg_batch has no API key, so nothing is asked yet",
                         "Write it into a file that only the server's user can read, set kg_batch.api_key_file to its path, and reload."});
  if (!backend::settings::enabled())
    attention.push_back({"kg_batch.enabled is off here, so nothing is read yet", "Set it to on where this database is to be worked on."});
  const store::Home home = store::look_at_home();
  if (home != store::Home::ours)
    attention.push_back({"this database is a copy, so nothing is read yet", "SELECT kg_batch.resume() makes it a home of its own."});
  else if (store::is_stopped())
    attention.push_back({"kg_batch is stopped, so nothing is read yet", "SELECT kg_batch.start() goes on."});
  if (job.state == "paused")
    attention.push_back({"job \"" + job.name + "\" is paused" + (job.reason.empty() || job.reason == "paused" ? "" : " (" + job.reason + ")") +
                             ", so nothing is read yet",
                         "SELECT kg_batch.resume(" + formats::sql_literal(job.name) + ") goes on; a second argument is a higher budget."});
  else if (backend::execute("SELECT kg_batch_internal.day_is_full($1::float8)", {backend::settings::budget_per_day()}).boolean(0, 0))
    attention.push_back({"the day's budget is spent, so nothing is asked before tomorrow (UTC)",
                         "kg_batch.budget_per_day is what a day may cost."});
  return attention;
}

void tell(const std::vector<Attention>& attention) {
  for (const Attention& one : attention) report(Level::notice, one.what, "", one.hint);
}

void warn_of_slots(const std::string& warning) {
  if (warning.empty()) return;
  report(Level::warning, warning, "", "max_worker_processes might need to be increased; kg_batch needs at least 3 workers.");
}

}  // namespace kg_batch::extension
