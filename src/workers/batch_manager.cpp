// The batch manager: gathers ready requests into batches, uploads them, polls,
// reads results into the ledger.
//
// What it survives, and how:
//   it dies before the upload          the batch is `planned`: its file is made, byte for byte the same
//   it dies in the upload, or the      `uploading`: the file may be there. It is looked for by its name, which
//   answer is lost                     holds our token, and taken if it is whole; else it is uploaded again
//   it dies between upload and create  `uploaded`: the file's id is known, the create is made once
//   it dies in the create, or the      `creating`: it may exist at the API. It is looked for by input file
//   answer is lost                     and by our token before anything else; a second create is a person's decision
//   a poll fails                       says nothing of the batch; it is asked again, later each time
//   it dies while reading              lines that were stored are known by their request; the file is read again
//   answers are missing, doubled,      files with fewer answers than the API counts are read again; the first good
//   or nobody's                        answer counts, the rest is quarantined; what has none goes back to be asked
//   lines cannot be stored             the file is read again from its beginning, however far it had come
//   the batch fails, expires, is       what it finished is kept; the rest is asked again, by batch, or directly
//   cancelled or takes too long        when its time was over
// Nothing is asked directly while a batch that holds it may still run.

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <ctime>
#include <deque>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "backend/bridge.h"
#include "backend/log.h"
#include "backend/settings.h"
#include "backend/shared_memory.h"
#include "backend/transaction.h"
#include "backend/wait.h"
#include "graph/sha256.h"
#include "openai/batch_file.h"
#include "openai/http.h"
#include "openai/retry.h"
#include "store/batch.h"
#include "store/home.h"
#include "store/job.h"
#include "store/queue.h"
#include "store/request.h"
#include "workers/answered.h"
#include "workers/api_access.h"
#include "workers/asking.h"
#include "workers/crash_point.h"
#include "workers/worker_process.h"

namespace kg_batch::workers {

using namespace backend;
using openai::ApiError;
using openai::BatchObject;
using store::Batch;

namespace {

constexpr std::int64_t idle_limit_ms = 60'000;
constexpr std::int64_t most_pause_ms = 300'000;  // with batches at the API, when nothing is due before
constexpr std::size_t download_buffer = 4u << 20;
constexpr std::size_t lines_a_transaction = 500;
constexpr int lookups_before_upload = 2;
constexpr std::int64_t file_lookup_pause_ms = 3'000;
constexpr int lookups_before_unclear = 3;
constexpr std::int64_t lookup_pause_ms = 45'000;
constexpr int readings_of_a_short_file = 3;
constexpr int most_not_allowed = 4;  // in a row; a new file is at times not open at once

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double random_unit() {
  static std::minstd_rand generator(static_cast<unsigned>(MyProcPid));
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

std::string hex(std::string_view bytes) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::optional<std::string> unhex(std::string_view text) {
  if (text.size() != 64) return std::nullopt;
  std::string bytes;
  auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < text.size(); i += 2) {
    if (digit(text[i]) < 0 || digit(text[i + 1]) < 0) return std::nullopt;
    bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  }
  return bytes;
}

std::string sha256_of(std::string_view text) {
  const auto digest = graph::sha256(text);
  return {digest.begin(), digest.end()};
}

// A download on its way: bytes wait here until whole lines are stored.
struct Download {
  std::int64_t batch_id = 0;
  bool of_input = false;      // to learn which requests are in the lines that the API refused
  std::int64_t lines = 0;     // that were read
  openai::TransferId transfer = 0;
  openai::LineSort sort = openai::LineSort::chat;
  std::string buffer;
  bool paused = false;
  bool ended = false;
  openai::HttpResponse response;
  openai::LineSplitter splitter;
  std::string key;  // with which it was asked for
};

class BatchManager {
 public:
  BatchManager() : wait_(&http_) {}

  void run(WorkerProcess& process) {
    process_ = &process;
    std::int64_t idle_since = now_ms(), step_at_ms = 0;
    int errors = 0;
    bool busy = true, woken = true;
    while (process.go_on(static_cast<int>(http_.in_flight()))) {
      try {
        const bool something_came = handle_arrivals() || !downloads_.empty();
        read_downloads();
        // Bytes of a transfer alone change nothing, nor does a batch that is as it was.
        if (woken || something_came || now_ms() >= step_at_ms) {
          std::int64_t pause = 0;
          busy = step(pause);
          step_at_ms = now_ms() + pause;
        } else {
          poll_what_is_due();
        }
        errors = 0;
      } catch (const Error& error) {
        report(Level::warning, "kg_batch batch manager: " + error.message(), error.detail(), error.hint());
        step_at_ms = now_ms() + backoff_after(++errors);
      }
      if (busy) idle_since = now_ms();
      if (now_ms() - idle_since >= idle_limit_ms) break;
      if (!arrivals_.empty() && errors == 0) continue;
      report_idle(activity_.c_str());
      process.enter(busy ? Phase::waiting : Phase::idle);
      std::int64_t next_ms = step_at_ms;
      for (const auto& [id, waiting] : to_poll_) next_ms = std::min(next_ms, waiting.at_ms);
      const std::int64_t left = std::max<std::int64_t>(next_ms - now_ms(), 0);
      rest(MyProcPid, left);
      woken = wait_.until_something(left);
      process.enter(Phase::busy);
    }
    process.end();
  }

 private:
  // One look at everything: gathers what is ready, takes each open batch one step
  // further. False when there is nothing to look after. `pause`: when the next is due,
  // unless somebody wakes us or an answer comes.
  bool step(std::int64_t& pause) {
    pause = most_pause_ms;
    to_poll_.clear();
    passed_by_.clear();
    if (!has_access()) {
      pause = 5'000;
      return true;
    }
    store::Gathered gathered;
    std::vector<Batch> batches;
    store::GatherLimits limits;
    limits.most_requests = settings::batch_max_requests();
    limits.most_enqueued_tokens = settings::batch_enqueued_tokens();
    limits.linger_ms = settings::batch_linger_ms();
    commit("batch gathered", [&] {
      gather_unless_too_soon(limits, gathered);
      if (gathered.batch_id) store::note_activity("batch planned", gathered.batch_id, "");
      batches = store::open_batches();
    });
    if (gathered.sent_directly > 0) backend_call([] { wake(coordinator_pid(MyDatabaseId)); });
    if (gathered.batch_id) pause = 1;  // perhaps there is more
    if (gathered.wait_ms) pause = std::min(pause, std::max<std::int64_t>(*gathered.wait_ms, 5));
    if (now_ms() < no_new_batches_before_ms_) pause = std::min(pause, no_new_batches_before_ms_ - now_ms() + 1);
    activity_ = batches.empty() ? "waiting for requests" : "polling " + std::to_string(batches.size()) + " batches";
    for (const Batch& batch : batches) {
      if (flying_.contains(batch.batch_id)) {
        passed_by_.insert(batch.batch_id);
        continue;
      }
      if (batch.state == "unclear") continue;
      if (batch.next_poll_ms > 0 && !(batch.state == "submitted" && must_cancel(batch))) {
        if (batch.deadline_ms && !batch.past_deadline) pause = std::min(pause, std::max<std::int64_t>(*batch.deadline_ms, 0) + 1);
        if (batch.state == "submitted") {
          to_poll_[batch.batch_id] = {now_ms() + batch.next_poll_ms + 1, batch};
        } else {
          pause = std::min(pause, batch.next_poll_ms + 1);
        }
        // The API did not hear the last one.
        const auto cancel = next_cancel_ms_.find(batch.batch_id);
        if (cancel != next_cancel_ms_.end() && cancel->second != INT64_MAX) pause = std::min(pause, std::max<std::int64_t>(cancel->second - now_ms(), 0) + 1);
        continue;
      }
      take_further(batch);
      if (!flying_.contains(batch.batch_id)) pause = std::min<std::int64_t>(pause, 1'000);
    }
    if (batches.empty() || !downloads_.empty()) pause = std::min<std::int64_t>(pause, 1'000);
    return !batches.empty() || gathered.wait_ms || gathered.batch_id || !flying_.empty();
  }

  // A look reads all that waits to be sent. While that grows, and each of those who put
  // something up wakes us, it takes a fifth of the time at most.
  void gather_unless_too_soon(const store::GatherLimits& limits, store::Gathered& gathered) {
    const std::int64_t began_ms = now_ms();
    if (began_ms < no_new_batches_before_ms_) return;
    if (began_ms < no_look_before_ms_) {
      gathered.wait_ms = no_look_before_ms_ - began_ms;
      return;
    }
    gathered = store::gather(limits);
    if (!gathered.wait_ms || gathered.batch_id) return;  // to make one takes longer, and perhaps there is more
    const std::int64_t rest_ms = 4 * (now_ms() - began_ms);
    no_look_before_ms_ = now_ms() + rest_ms;
    gathered.wait_ms = std::max(*gathered.wait_ms, rest_ms);
  }

  // Without a look at the tables: who changes a batch wakes us.
  void poll_what_is_due() {
    if (!endpoint_) return;
    for (auto one = to_poll_.begin(); one != to_poll_.end();) {
      if (one->second.at_ms > now_ms()) {
        ++one;
        continue;
      }
      const Batch batch = one->second.batch;
      one = to_poll_.erase(one);
      poll(batch);
    }
  }

  bool must_cancel(const Batch& batch) const {
    if (!batch.cancel_requested && !batch.past_deadline) return false;
    const auto next = next_cancel_ms_.find(batch.batch_id);
    return next == next_cancel_ms_.end() || now_ms() >= next->second;
  }

  void take_further(const Batch& batch) {
    if (batch.cancel_requested && (batch.state == "planned" || batch.state == "uploaded")) {
      withdraw(batch);
    } else if (batch.state == "planned") {
      upload(batch);
    } else if (batch.state == "uploading") {
      look_for_file(batch);
    } else if (batch.state == "uploaded") {
      create(batch);
    } else if (batch.state == "creating") {
      look_for(batch);
    } else if (batch.state == "submitted") {
      must_cancel(batch) ? cancel(batch) : poll(batch);
    } else if (batch.state == "reading") {
      download(batch, batch.output_file_id.empty() || read_output_.contains(batch.batch_id) ? batch.error_file_id : batch.output_file_id);
    }
  }

  bool has_access() {
    if (endpoint_ && !configuration_was_reloaded()) return true;
    auto access = api_access();
    if (auto* none = std::get_if<NoAccess>(&access)) {
      endpoint_.reset();
      if (complained_ != none->reason) report(Level::warning, "kg_batch cannot send batches: " + none->reason, "", none->hint);
      complained_ = none->reason;
      note_probe(0, none->reason);
      return false;
    }
    endpoint_ = std::get<openai::Endpoint>(access);
    complained_.clear();
    send(openai::models_request(*endpoint_), [this](const openai::HttpResponse& response) {
      note_probe(response.status, response.status == 200 ? "" : openai::read_error(response, false).message);
    });
    return true;
  }

  // ---- transfers: what came back is handled in the loop, not inside libcurl's turn ----

  using Handler = std::function<void(const openai::HttpResponse&)>;

  void send(openai::HttpRequest request, Handler handler) {
    http_.start(std::move(request), [this, handler](openai::HttpResponse&& response) {
      arrivals_.push_back({handler, std::move(response)});
    });
  }

  void fly(const char* step, std::int64_t batch_id, openai::HttpRequest request, Handler handler) {
    flying_.insert(batch_id);
    send(std::move(request), [this, step, batch_id, handler](const openai::HttpResponse& response) {
      crash_point(step, ": answered");
      handler(response);
      flying_.erase(batch_id);
    });
    crash_point(step, ": begun");
  }

  // False when nothing came that changes anything.
  bool handle_arrivals() {
    bool changed = false;
    while (!arrivals_.empty()) {
      auto& [handler, response] = arrivals_.front();
      learn_rate(Pool::batch, response.status, {}, 0);
      is_as_it_was_ = false;
      handler(response);  // on an error it stays in front and is handled again
      changed |= !is_as_it_was_;
      arrivals_.pop_front();
    }
    const auto pages = std::move(next_pages_);
    next_pages_.clear();
    for (const auto& page : pages) page();
    return changed || !pages.empty();
  }

  static void note_probe(long status, const std::string& text) {
    ProbeState probe;
    probe.at_us = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    probe.status = static_cast<int>(status);
    strlcpy(probe.text, text.c_str(), sizeof probe.text);
    set_probe(MyDatabaseId, probe);
  }

  // ---- upload ----

  // Under base/pgsql_tmp and with its prefix: left out of backups, removed at a start.
  std::string spool_path(const Batch& batch) const {
    return std::string("base/pgsql_tmp/pgsql_tmp") + std::to_string(MyProcPid) + "." + batch.token;
  }

  // Lines are built page by page in short transactions, so memory does not grow
  // with the batch. Returns bytes written, or nothing when no request is left.
  std::optional<std::int64_t> write_lines(const Batch& batch, const std::string& path) {
    (void)mkdir("base/pgsql_tmp", S_IRWXU);
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    std::int64_t bytes = 0;
    std::string last_hash;
    for (;;) {
      std::vector<store::Request> page;
      std::vector<std::optional<std::string>> bodies;
      commit("lines built", [&] {
        page = store::batch_requests(batch.batch_id, last_hash, 200);
        bodies = rebuild_bodies(page);
      });
      if (page.empty()) break;
      for (std::size_t i = 0; i < page.size(); ++i) {
        if (!bodies[i]) continue;
        const std::string line = openai::batch_line(hex(page[i].input_hash), batch.endpoint, *bodies[i]);
        file.write(line.data(), static_cast<std::streamsize>(line.size()));
        bytes += static_cast<std::int64_t>(line.size());
      }
      for (const store::Request& request : page) last_hash = std::max(last_hash, request.input_hash);
      process_->go_on(static_cast<int>(http_.in_flight()));
    }
    file.close();
    if (!file) throw Error(ERRCODE_IO_ERROR, "could not write the file of a batch: " + path);
    if (bytes == 0) return std::nullopt;
    return bytes;
  }

  void upload(const Batch& batch) {
    const std::string path = spool_path(batch);
    const auto bytes = write_lines(batch, path);
    if (!bytes) {
      nothing_to_ask(batch, path);
      return;
    }
    send_file(batch, path, *bytes);
  }

  void nothing_to_ask(const Batch& batch, const std::string& path) {
    (void)unlink(path.c_str());
    commit("nothing to ask", [&] { store::finish(batch.batch_id, "done", "nothing was left to ask", store::Rest::batch_again); });
  }

  // Cancelled before it was created.
  void withdraw(const Batch& batch) {
    commit("batch withdrawn", [&] { store::finish(batch.batch_id, "done", "cancelled before it was sent", store::Rest::batch_again); });
    if (!batch.input_file_id.empty())
      send(openai::delete_file_request(*endpoint_, batch.input_file_id), [](const openai::HttpResponse&) {});
  }

  static std::string filename(const Batch& batch) { return "kg-" + batch.token + ".jsonl"; }

  void send_file(const Batch& batch, const std::string& path, std::int64_t bytes) {
    commit("upload noted", [&] { store::set_uploading(batch.batch_id, bytes); });
    file_lookups_.erase(batch.batch_id);
    auto request = openai::upload_request(*endpoint_, path, filename(batch), 30 * 86'400);
    fly("upload", batch.batch_id, std::move(request), [this, batch, path, bytes](const openai::HttpResponse& response) {
      const auto result = openai::read_file(response, true);
      if (const auto* file = std::get_if<openai::FileObject>(&result)) {
        commit("file noted", [&] { store::set_uploaded(batch.batch_id, file->file_id, bytes); });
      } else if (const auto& error = std::get<ApiError>(result); error.advice == openai::Advice::unclear) {
        // It may be there: the state stays `uploading`, and it is looked for.
        const std::int64_t delay_ms = openai::backoff_ms(batch.attempts + 1, error.retry_after_ms, random_unit());
        commit("upload unclear", [&] {
          store::set_back(batch.batch_id, "uploading", "outcome of the upload is unknown: " + error.message, std::max<std::int64_t>(delay_ms, 500));
        });
      } else {
        step_failed(batch, "planned", error);
      }
      (void)unlink(path.c_str());
    });
  }

  // A batch in `uploading` whose upload nobody waits for: lists newest first until
  // the batch's own time.
  void look_for_file(const Batch& batch) { look_at_files(batch, "", std::make_shared<std::vector<openai::FileObject>>()); }

  void look_at_files(const Batch& batch, const std::string& after, std::shared_ptr<std::vector<openai::FileObject>> found) {
    fly("list of files", batch.batch_id, openai::list_files_request(*endpoint_, 100, after), [this, batch, found](const openai::HttpResponse& response) {
      const auto result = openai::read_file_page(response);
      if (const auto* error = std::get_if<ApiError>(&result)) {
        could_not_list_files(batch, *error, *found);
        return;
      }
      const auto& page = std::get<openai::Page<openai::FileObject>>(result);
      // By the API's clock, and an hour for what it is off.
      const std::int64_t planned = openai::server_time(response) - batch.age_s - 3'600;
      bool far_enough = page.data.empty() || !page.has_more;
      for (const auto& file : page.data) {
        if (file.filename == filename(batch)) found->push_back(file);
        if (file.created_at < planned) far_enough = true;
      }
      if (!far_enough) {
        const std::string last = page.data.back().file_id;
        next_pages_.push_back([this, batch, last, found] { look_at_files(batch, last, found); });
        return;
      }
      looked_for_file(batch, *found);
    });
  }

  void could_not_list_files(const Batch& batch, const ApiError& error, const std::vector<openai::FileObject>& found) {
    switch (error.advice) {
      case openai::Advice::money:
      case openai::Advice::credentials:
        step_failed(batch, "uploading", error);
        return;
      case openai::Advice::bad_request:
      case openai::Advice::not_found:
      case openai::Advice::conflict:
        // A server that does not list. A file too many costs nothing there but room
        // until it expires, a batch that never goes out costs its answers.
        file_lookups_[batch.batch_id] = lookups_before_upload;
        looked_for_file(batch, found);
        return;
      default:
        commit("files not listed", [&] {
          store::set_back(batch.batch_id, "uploading", "could not list files: " + error.message,
                          openai::backoff_ms(batch.attempts + 1, error.retry_after_ms, random_unit()));
        });
    }
  }

  // Whole is a file of the size that it would have if it were written now. One of
  // another size broke off on its way, or holds requests that were cancelled
  // since, for which nobody is to pay: it is deleted, and uploaded again.
  void looked_for_file(const Batch& batch, const std::vector<openai::FileObject>& found) {
    // A list may lag behind what was taken: one look that finds nothing is none.
    if (found.empty() && ++file_lookups_[batch.batch_id] < lookups_before_upload) {
      commit("file not found", [&] { store::set_back(batch.batch_id, "uploading", "looking for the file", file_lookup_pause_ms); });
      return;
    }
    const std::string path = spool_path(batch);
    const auto bytes = write_lines(batch, path);
    const openai::FileObject* whole = nullptr;
    for (const auto& file : found)
      if (whole == nullptr && bytes && file.bytes == *bytes && file.status != "error") whole = &file;
    for (const auto& file : found)
      if (&file != whole) send(openai::delete_file_request(*endpoint_, file.file_id), [](const openai::HttpResponse&) {});
    if (!bytes) {
      nothing_to_ask(batch, path);
    } else if (whole != nullptr) {
      (void)unlink(path.c_str());
      file_lookups_.erase(batch.batch_id);
      commit("file found", [&] { store::set_uploaded(batch.batch_id, whole->file_id, *bytes); });
      report(Level::log, "kg_batch found the file of batch " + std::to_string(batch.batch_id) + " at the API: " + whole->file_id);
    } else {
      next_pages_.push_back([this, batch, path, bytes = *bytes] { send_file(batch, path, bytes); });
    }
  }

  // ---- create ----

  void create(const Batch& batch) {
    std::string installation;
    commit("create noted", [&] {
      installation = store::installation_id();
      store::set_creating(batch.batch_id);
    });
    auto request = openai::create_batch_request(*endpoint_, batch.input_file_id, batch.endpoint,
                                                {{"kg_token", batch.token}, {"kg_installation", installation}}, 30 * 86'400);
    fly("create", batch.batch_id, std::move(request), [this, batch](const openai::HttpResponse& response) {
      const auto result = openai::read_batch(response, true);
      if (const auto* remote = std::get_if<BatchObject>(&result)) {
        submitted(batch, *remote);
        return;
      }
      const auto& error = std::get<ApiError>(result);
      if (error.advice == openai::Advice::unclear) {
        // It may exist: the state stays `creating`, and it is looked for.
        commit("create unclear", [&] { store::set_back(batch.batch_id, "creating", "outcome of the create is unknown: " + error.message, 500); });
        return;
      }
      step_failed(batch, "uploaded", error);
    });
  }

  void submitted(const Batch& batch, const BatchObject& remote) {
    const std::int64_t first_poll = std::min<std::int64_t>(settings::batch_poll_interval_ms(), 1'000);
    commit("batch submitted", [&] {
      store::set_submitted(batch.batch_id, remote, first_poll);
      store::note_activity("batch submitted", batch.batch_id, remote.batch_id);
    });
    report(Level::log, "kg_batch batch " + std::to_string(batch.batch_id) + " of " + std::to_string(batch.requests) +
                           " requests was submitted as " + remote.batch_id);
  }

  // A batch in `creating` whose create nobody waits for: lists newest first until
  // the attempt's own time, matching the input file, then the token.
  void look_for(const Batch& batch) { look_at_page(batch, "", std::make_shared<std::vector<BatchObject>>()); }

  void look_at_page(const Batch& batch, const std::string& after, std::shared_ptr<std::vector<BatchObject>> found) {
    fly("list of batches", batch.batch_id, openai::list_batches_request(*endpoint_, 100, after), [this, batch, found](const openai::HttpResponse& response) {
      const auto result = openai::read_batch_page(response);
      if (const auto* error = std::get_if<ApiError>(&result)) {
        commit("batches not listed", [&] {
          store::set_back(batch.batch_id, "creating", "could not list batches: " + error->message,
                          openai::backoff_ms(batch.attempts + 1, error->retry_after_ms, random_unit()));
        });
        return;
      }
      const auto& page = std::get<openai::Page<BatchObject>>(result);
      bool far_enough = page.data.empty() || !page.has_more;
      const std::int64_t ahead_s = openai::server_time(response) - static_cast<std::int64_t>(std::time(nullptr));
      for (const auto& remote : page.data) {
        bool ours = remote.input_file_id == batch.input_file_id;
        for (const auto& [name, value] : remote.metadata) ours = ours || (name == "kg_token" && value == batch.token);
        if (ours) found->push_back(remote);
        // By the API's clock, and an hour for what it is off.
        if (batch.create_started_at && remote.created_at < *batch.create_started_at + ahead_s - 3'600) far_enough = true;
      }
      if (!far_enough) {
        const std::string last = page.data.back().batch_id;
        next_pages_.push_back([this, batch, last, found] { look_at_page(batch, last, found); });
        return;
      }
      looked(batch, *found);
    });
  }

  void looked(const Batch& batch, std::vector<BatchObject> found) {
    if (found.empty()) {
      if (batch.attempts >= lookups_before_unclear) {
        commit("batch unclear", [&] { store::set_unclear(batch.batch_id, "it is not known whether the batch was created; it was not found"); });
        report(Level::warning, "kg_batch does not know whether batch " + std::to_string(batch.batch_id) + " was created",
               "It was looked for and not found; a late one would still be known by file " + batch.input_file_id + ".",
               "Look at the API's list of batches: kg_batch.resume takes one that is there, kg_batch.retry asks its requests again.");
        return;
      }
      commit("batch not found", [&] {
        store::set_back(batch.batch_id, "creating", "looking for the batch",
                        batch.attempts < 2 ? 1'000 : lookup_pause_ms);
      });
      return;
    }
    std::sort(found.begin(), found.end(), [](const BatchObject& a, const BatchObject& b) { return a.created_at < b.created_at; });
    submitted(batch, found.front());
    for (std::size_t i = 1; i < found.size(); ++i)
      send(openai::cancel_batch_request(*endpoint_, found[i].batch_id), [](const openai::HttpResponse&) {});
  }

  // ---- poll and cancel ----

  std::int64_t next_poll_ms(const Batch& batch) const {
    const std::int64_t base = settings::batch_poll_interval_ms();
    // Early polls find early failures. Growing by a twelfth, a poll learns of the end
    // too late by about a twelfth of what the batch took, at most.
    const double factor = batch.polls < 3 ? 0.25 * (batch.polls + 1) : std::min(20.0, std::pow(13.0 / 12, batch.polls - 3));
    return static_cast<std::int64_t>(static_cast<double>(base) * factor * (0.9 + 0.2 * random_unit())) + 1;
  }

  void poll(const Batch& batch) {
    fly("poll", batch.batch_id, openai::get_batch_request(*endpoint_, batch.remote_id), [this, batch](const openai::HttpResponse& response) {
      const auto result = openai::read_batch(response);
      if (const auto* error = std::get_if<ApiError>(&result)) {
        poll_failed(batch, *error);
        return;
      }
      const auto& remote = std::get<BatchObject>(result);
      not_known_.erase(batch.batch_id);
      const std::int64_t next_ms = next_poll_ms(batch);
      commit("poll noted", [&] {
        if (openai::is_terminal(remote.status)) {
          store::note_poll(batch.batch_id, remote, 1);
          store::set_reading(batch.batch_id, remote);
        } else {
          do_not_wait_at_commit();
          store::note_poll(batch.batch_id, remote, next_ms);
        }
      });
      if (!openai::is_terminal(remote.status) && !passed_by_.contains(batch.batch_id)) {
        Batch asked = batch;
        ++asked.polls;
        asked.attempts = 0;
        to_poll_[batch.batch_id] = {now_ms() + next_ms, asked};
        is_as_it_was_ = true;
      }
      if (openai::is_terminal(remote.status)) {
        terminal_[batch.batch_id] = remote;
        report(Level::log, "kg_batch batch " + std::to_string(batch.batch_id) + " (" + batch.remote_id + ") is " + remote.status_text);
      }
    });
  }

  void poll_failed(const Batch& batch, const ApiError& error) {
    // 404 for a batch that is known to exist: perhaps another key sees it. Given
    // time, then up to a person. Only 404s in a row say so, not an outage before one.
    int& not_known = not_known_[batch.batch_id];
    not_known = error.advice == openai::Advice::not_found ? not_known + 1 : 0;
    if (not_known > 10) {
      not_known_.erase(batch.batch_id);
      commit("batch lost", [&] { store::finish(batch.batch_id, "lost", "the API does not know the batch any more", store::Rest::failed); });
      report(Level::warning, "kg_batch batch " + batch.remote_id + " is not known to the API any more", "",
             "Its chunks are in kg_batch.errors; kg_batch.retry asks them again.");
      return;
    }
    commit("poll failed", [&] {
      store::note_poll_failed(batch.batch_id, error.message,
                              std::max<std::int64_t>(openai::backoff_ms(batch.attempts + 1, error.retry_after_ms, random_unit()), 200));
    });
  }

  void cancel(const Batch& batch) {
    fly("cancel", batch.batch_id, openai::cancel_batch_request(*endpoint_, batch.remote_id), [this, batch](const openai::HttpResponse& response) {
      const auto result = openai::read_batch(response);
      const auto* error = std::get_if<ApiError>(&result);
      // 409: it ended meanwhile, and 404: it is not known; the next poll says how it
      // is. What went wrong in another way is tried again, and polled for meanwhile.
      const bool sent = error == nullptr || error->advice == openai::Advice::conflict || error->advice == openai::Advice::not_found;
      next_cancel_ms_[batch.batch_id] =
          sent ? INT64_MAX : now_ms() + std::max<std::int64_t>(openai::backoff_ms(batch.attempts + 1, error->retry_after_ms, random_unit()), 500);
      commit("cancel noted", [&] { store::note_poll_failed(batch.batch_id, sent ? "" : "could not cancel: " + error->message, 500); });
    });
  }

  // ---- results ----

  void download(const Batch& batch, const std::string& file_id, bool of_input = false) {
    if (file_id.empty()) {
      ended(batch);
      return;
    }
    flying_.insert(batch.batch_id);
    auto download = std::make_shared<Download>();
    download->batch_id = batch.batch_id;
    download->sort = line_sort(batch.endpoint);
    download->of_input = of_input;
    download->key = endpoint_->api_key;
    if (!of_input && file_id == batch.output_file_id) reading_[batch.batch_id].good = reading_[batch.batch_id].unreadable = 0;
    downloads_[batch.batch_id] = download;
    download->transfer = http_.start(
        openai::file_content_request(*endpoint_, file_id),
        [download](std::string_view bytes) {
          if (download->buffer.size() >= download_buffer) {
            download->paused = true;
            return openai::Http::Take::pause;
          }
          download->buffer.append(bytes);
          return openai::Http::Take::all;
        },
        [download](openai::HttpResponse&& response) {
          download->response = std::move(response);
          download->ended = true;
        });
    crash_point("download: begun");
  }

  void read_downloads() {
    std::vector<std::shared_ptr<Download>> list;
    for (auto& [batch_id, download] : downloads_) list.push_back(download);
    for (auto& download : list) {
      try {
        read_further(download);
      } catch (const Error&) {
        // Lines that were taken out of the stream and not stored are not lost: the
        // file is read again from its beginning.
        http_.cancel(download->transfer);
        downloads_.erase(download->batch_id);
        flying_.erase(download->batch_id);
        commit("results not stored", [&] { store::note_poll_failed(download->batch_id, "could not store results", 1'000); });
        throw;
      }
    }
  }

  void read_further(const std::shared_ptr<Download>& download) {
    {
      if (!download->paused && !download->ended && download->buffer.size() < download_buffer / 2) return;
      std::string bytes = std::move(download->buffer);
      download->buffer.clear();
      const bool whole = download->ended && download->response.outcome == openai::Outcome::answered && download->response.status == 200;
      std::vector<std::optional<std::string>> lines;
      const auto collect = [&](std::optional<std::string_view> line) {
        lines.push_back(line ? std::optional(without_key(*line, download->key)) : std::nullopt);
      };
      crash_point("download: bytes came");
      download->splitter.feed(bytes, collect);
      if (whole) download->splitter.finish(collect);
      if (download->of_input)
        note_refused(*download, lines);
      else
        for (std::size_t at = 0; at < lines.size(); at += lines_a_transaction)
          store_lines(*download, lines, at, std::min(at + lines_a_transaction, lines.size()));
      if (download->paused) {
        download->paused = false;
        http_.resume(download->transfer);
      }
      if (download->ended) file_ended(*download, whole);
    }
  }

  void file_ended(const Download& download, bool whole) {
    const std::int64_t batch_id = download.batch_id;
    const openai::HttpResponse response = download.response;
    downloads_.erase(batch_id);
    flying_.erase(batch_id);
    if (download.of_input) {
      input_ended(batch_id, response, whole);
      return;
    }
    if (whole) {
      if (!read_output_.insert(batch_id).second) error_read_.insert(batch_id);
      Batch batch;
      commit("file read", [&] {
        for (auto& one : store::open_batches())
          if (one.batch_id == batch_id) batch = one;
      });
      if (batch.batch_id == 0) return;
      const bool only_errors = batch.output_file_id.empty();
      if (batch.error_file_id.empty() || error_read_.contains(batch_id) || only_errors) ended(batch);
      return;
    }
    // Half a file gives half of the answers; it is read again from its beginning,
    // and lines that are stored already change nothing.
    const ApiError error = openai::read_error(response, false);
    commit("file broke off", [&] {
      for (const auto& batch : store::open_batches())
        if (batch.batch_id == batch_id) {
          Reading& reading = reading_[batch_id];
          reading.not_found = error.advice == openai::Advice::not_found ? reading.not_found + 1 : 0;
          const bool person = error.advice == openai::Advice::credentials || error.advice == openai::Advice::money;
          reading.not_allowed = person ? reading.not_allowed + 1 : 0;
          if (reading.not_found > 20) {
            store::finish(batch_id, "failed", "its results are gone: " + error.message, store::Rest::failed);
            return;
          }
          // They are there and paid for: a person has to act, and whoever cancelled the
          // jobs instead does not wait for them.
          if (reading.not_allowed > most_not_allowed && batch.cancel_requested) {
            store::finish(batch_id, "failed", "its results may not be read: " + error.message, store::Rest::batch_again);
            return;
          }
          if (reading.not_allowed > most_not_allowed) store::pause_jobs_of_batch(batch_id, why_stopped(error));
          store::note_poll_failed(batch_id, "could not read results: " + error.message,
                                  openai::backoff_ms(batch.attempts + 1, error.retry_after_ms, random_unit()));
        }
    });
  }

  // Lines that the API refused are known by their number in the file that was sent;
  // whose they are is in that file.
  void note_refused(Download& download, const std::vector<std::optional<std::string>>& lines) {
    const auto& errors = terminal_[download.batch_id].errors;
    Refused& refused = refused_[download.batch_id];
    for (const auto& line : lines) {
      ++download.lines;
      if (!line) continue;
      for (const auto& error : errors) {
        if (error.line != download.lines) continue;
        if (const auto hash = unhex(openai::read_batch_line(*line).custom_id)) {
          refused.hashes.push_back(*hash);
          refused.errors.push_back(error.code + ": " + error.message.substr(0, 300));
        }
        break;
      }
    }
  }

  void input_ended(std::int64_t batch_id, const openai::HttpResponse& response, bool whole) {
    const ApiError error = whole ? ApiError{} : openai::read_error(response, false);
    if (!whole) refused_.erase(batch_id);
    if (!whole && error.advice == openai::Advice::not_found) refused_[batch_id];  // it will not be known
    commit("sent file read", [&] {
      for (const auto& batch : store::open_batches())
        if (batch.batch_id == batch_id && !whole)
          store::note_poll_failed(batch_id, "could not read the file that was sent: " + error.message,
                                  openai::backoff_ms(batch.attempts + 1, error.retry_after_ms, random_unit()));
    });
  }

  // True when the answers that the API counts are not all in what was read of its
  // files: they are paid for, so they are read again before anything is asked again.
  bool reads_again(const Batch& batch) {
    Reading& reading = reading_[batch.batch_id];
    if (batch.output_file_id.empty() || (reading.good >= batch.remote_completed && reading.unreadable == 0) || ++reading.times > readings_of_a_short_file) return false;
    read_output_.erase(batch.batch_id);
    error_read_.erase(batch.batch_id);
    commit("files short", [&] {
      store::note_poll_failed(batch.batch_id,
                              "there are " + std::to_string(reading.good) + " answers of " + std::to_string(batch.remote_completed) +
                                  " in its files; they are read again",
                              1'000 * reading.times);
    });
    return true;
  }

  void store_lines(const Download& download, const std::vector<std::optional<std::string>>& lines, std::size_t from, std::size_t to) {
    const std::int64_t batch_id = download.batch_id;
    std::vector<openai::BatchLine> read;
    std::vector<std::string> hashes;
    std::vector<std::pair<std::string, std::string>> quarantine;
    for (std::size_t i = from; i < to; ++i) {
      if (!lines[i]) {
        quarantine.emplace_back("line is too long", "");
        continue;
      }
      openai::BatchLine line = openai::read_batch_line(*lines[i], download.sort);
      // The end of a file that was cut off, perhaps: what is not there yet may come.
      if (line.unreadable && reading_[batch_id].times < readings_of_a_short_file) {
        ++reading_[batch_id].unreadable;
        continue;
      }
      const auto hash = unhex(line.custom_id);
      if (!hash) {
        if (!std::holds_alternative<ApiError>(line.result)) ++reading_[batch_id].good;
        quarantine.emplace_back(line.custom_id.empty() ? "line cannot be read" : "unknown custom_id", *lines[i]);
        continue;
      }
      if (!std::holds_alternative<ApiError>(line.result)) ++reading_[batch_id].good;
      hashes.push_back(*hash);
      read.push_back(std::move(line));
    }
    // An answer counts before an error about the same request.
    std::vector<std::size_t> order;
    for (const bool good : {true, false})
      for (std::size_t i = 0; i < read.size(); ++i)
        if (!std::holds_alternative<ApiError>(read[i].result) == good) order.push_back(i);
    commit("lines stored", [&] {
      const auto owners = store::line_owners(batch_id, hashes);
      std::vector<store::Answer> answers;
      std::map<std::string, std::string> first_bodies;
      std::optional<ApiError> stop;
      for (const std::size_t i : order) {
        if (!owners[i]) {
          quarantine.emplace_back("unknown custom_id", read[i].custom_id);
          continue;
        }
        if (store::Answer said; take_answer(read[i].result, said)) {
          const std::string text = said.body.value_or("");
          const auto [first, is_first] = first_bodies.emplace(hashes[i], text);
          const bool differs = is_first ? owners[i]->answer_sha256 && *owners[i]->answer_sha256 != sha256_of(text) : first->second != text;
          if (differs) quarantine.emplace_back("a second answer to the same request, which differs; the first one counts", read[i].custom_id + ": " + text);
        } else if (const auto& error = std::get<ApiError>(read[i].result);
                   error.advice == openai::Advice::money || error.advice == openai::Advice::credentials) {
          // Nothing is held against the request; a person has to act, and it is asked again after that.
          stop = error;
          reading_[batch_id].stopped = true;
          continue;
        }
        if (auto answer = answer_from(read[i], *owners[i])) answers.push_back(std::move(*answer));
      }
      const auto stored = store::store_answers(answers);
      store::put_ready(stored.to_read);
      if (stop) store::pause_jobs_of_batch(batch_id, why_stopped(*stop));
      for (const auto& [reason, body] : quarantine) store::quarantine_line(batch_id, reason, body);
      store::unpark_some(2 * stored.stored + 2);
      process_->count(0, 0, stored.stored, 0, 0);
    });
    backend_call([] { wake(coordinator_pid(MyDatabaseId)); });
  }

  static std::optional<store::Answer> answer_from(const openai::BatchLine& line, const store::LineOwner& owner) {
    store::Answer answer;
    answer.graph_id = owner.graph_id;
    answer.request_id = owner.request_id;
    answer.mode = "batch";
    if (take_answer(line.result, answer)) {
      answer.status = 200;
      return answer;
    }
    const auto& error = std::get<ApiError>(line.result);
    // Never ran: nothing was answered, and nothing is held against it.
    if (error.code == "batch_expired" || error.code == "batch_cancelled") return std::nullopt;
    answer.status = error.status;
    answer.outcome = "error";
    answer.error = (error.code.empty() ? "" : error.code + ": ") + error.message;
    const bool transient = error.advice == openai::Advice::retry;
    answer.counts_as_bad = true;
    answer.perhaps_billed = openai::is_unreadable_success(error);
    answer.next = transient && owner.bad_answers + 1 < owner.max_attempts ? store::Next::again : store::Next::failed;
    return answer;
  }

  // Both files are read. What has no answer is asked again.
  void ended(const Batch& batch) {
    if (reads_again(batch)) return;
    std::string state = "done", error;
    store::Rest rest = store::Rest::batch_again;
    std::int64_t delay_ms = 0;
    BatchObject remote;
    if (const auto found = terminal_.find(batch.batch_id); found != terminal_.end()) remote = found->second;
    if (batch.remote_status == "failed" || remote.status == openai::BatchStatus::failed) {
      state = "failed";
      if (remote.batch_id.empty()) {
        // Read before a restart: why it failed is asked again.
        commit("failure to be asked", [&] { store::set_back(batch.batch_id, "submitted", "", 1); });
        return;
      }
      bool capacity = false, lines = false;
      std::optional<ApiError> stop;
      for (const auto& one : remote.errors) {
        capacity = capacity || one.code == "token_limit_exceeded";
        error += (error.empty() ? "" : "; ") + one.code + ": " + one.message.substr(0, 200);
        lines = lines || one.line;
        const openai::Advice advice = openai::advice_about(one);
        if (advice == openai::Advice::money || advice == openai::Advice::credentials) {
          stop.emplace();
          stop->advice = advice;
          stop->code = one.code;
        }
      }
      if (capacity) {
        delay_ms = 10'000;
        no_new_batches_before_ms_ = now_ms() + delay_ms;
      } else if (stop) {
        commit("jobs paused", [&] { store::pause_jobs_of_batch(batch.batch_id, why_stopped(*stop)); });
      } else if (lines) {
        const auto refused = refused_.find(batch.batch_id);
        if (refused == refused_.end()) {
          download(batch, batch.input_file_id, true);
          return;
        }
        int failed = 0;
        commit("lines failed", [&] { failed = store::fail_lines(batch.batch_id, refused->second.hashes, refused->second.errors); });
        // Sent again without one that was refused, or not at all: each time it becomes fewer.
        if (failed == 0) rest = store::Rest::failed;
      } else {
        rest = store::Rest::failed;
      }
      if (error.empty()) error = "the API failed the batch without saying why";
    } else if (batch.past_deadline) {
      rest = store::Rest::direct;
      error = "took longer than batch_timeout";
    } else if (batch.remote_status != "completed") {
      error = "the batch " + batch.remote_status;
    }
    int again = 0;
    commit("batch ended", [&] {
      // An answer that cannot be had is not asked for for ever.
      if (state == "done" && batch.remote_status == "completed" && !reading_[batch.batch_id].stopped) store::count_unanswered(batch.batch_id);
      again = store::finish(batch.batch_id, state, error, rest, delay_ms);
      store::unpark_some(again + 10);
      store::note_activity("batch ended", batch.batch_id, batch.remote_status + (again > 0 ? ", " + std::to_string(again) + " left" : ""));
    });
    report(Level::log, "kg_batch batch " + std::to_string(batch.batch_id) + " was read" +
                           (again > 0 ? "; " + std::to_string(again) + " requests had no answer" : ""));
    for (const std::string& file : {batch.input_file_id, batch.output_file_id, batch.error_file_id})
      if (!file.empty()) send(openai::delete_file_request(*endpoint_, file), [](const openai::HttpResponse&) {});
    read_output_.erase(batch.batch_id);
    error_read_.erase(batch.batch_id);
    terminal_.erase(batch.batch_id);
    refused_.erase(batch.batch_id);
    not_known_.erase(batch.batch_id);
    next_cancel_ms_.erase(batch.batch_id);
    reading_.erase(batch.batch_id);
    backend_call([] { wake(coordinator_pid(MyDatabaseId)); });
  }

  static std::string why_stopped(const ApiError& error) {
    return (error.advice == openai::Advice::money ? "trouble with money: " : "trouble with the API key: ") +
           (error.code.empty() ? "HTTP " + std::to_string(error.status) : error.code);
  }

  // A step that clearly was not done. What a person has to mend pauses the jobs,
  // once; what passes is tried again, later each time.
  void step_failed(const Batch& batch, const std::string& state, const ApiError& error) {
    const bool person = error.advice == openai::Advice::money || error.advice == openai::Advice::credentials;
    const bool final = error.advice == openai::Advice::bad_request;
    commit("step failed", [&] {
      if (final) {
        store::finish(batch.batch_id, "failed", error.message, store::Rest::failed);
        return;
      }
      if (person) {
        store::finish(batch.batch_id, "failed", error.message, store::Rest::batch_again);
        store::pause_jobs_of_batch(batch.batch_id, why_stopped(error));
        return;
      }
      store::set_back(batch.batch_id, state, error.message, openai::backoff_ms(batch.attempts + 1, error.retry_after_ms, random_unit()));
    });
    if (person || final) report(Level::warning, "kg_batch could not send a batch: " + error.message);
  }

  openai::Http http_;
  Wait wait_;
  WorkerProcess* process_ = nullptr;
  std::optional<openai::Endpoint> endpoint_;
  std::string complained_;  // the reason that was said last
  std::string activity_;
  std::deque<std::pair<Handler, openai::HttpResponse>> arrivals_;
  std::vector<std::function<void()>> next_pages_;
  std::set<std::int64_t> flying_;      // batches with a step on its way
  std::map<std::int64_t, std::int64_t> next_cancel_ms_;  // never again: the API has heard it
  std::map<std::int64_t, int> file_lookups_;  // that found no file, since the upload
  std::map<std::int64_t, int> not_known_;  // 404s in a row
  std::set<std::int64_t> read_output_, error_read_;
  struct Reading {
    std::int64_t good = 0, unreadable = 0;  // answers and cut lines in what was read of the files
    int times = 0, not_found = 0, not_allowed = 0;
    bool stopped = false;  // lines said that a person has to act
  };
  std::map<std::int64_t, Reading> reading_;
  struct Refused {
    std::vector<std::string> hashes, errors;
  };
  std::map<std::int64_t, Refused> refused_;
  std::map<std::int64_t, BatchObject> terminal_;
  std::map<std::int64_t, std::shared_ptr<Download>> downloads_;
  struct ToPoll {
    std::int64_t at_ms = 0;
    Batch batch;
  };
  std::map<std::int64_t, ToPoll> to_poll_;  // submitted batches, as they were at the last look
  std::set<std::int64_t> passed_by_;        // at the last look, because they were flying
  bool is_as_it_was_ = false;               // of what the handler of an arrival learned
  std::int64_t no_new_batches_before_ms_ = 0, no_look_before_ms_ = 0;
};

}  // namespace

}  // namespace kg_batch::workers

extern "C" {
PGDLLEXPORT void kg_batch_batch_manager_main(Datum argument);

void kg_batch_batch_manager_main(Datum argument) {
  using namespace kg_batch;
  workers::run_worker([&] {
    const int coordinator = std::atoi(MyBgworkerEntry->bgw_extra);
    workers::WorkerProcess process;
    if (!process.begin(backend::WorkerKind::batch_manager, DatumGetObjectId(argument), coordinator)) return;
    auto* const manager = new workers::BatchManager();
    manager->run(process);
  });
}
}
