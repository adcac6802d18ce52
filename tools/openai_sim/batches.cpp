#include "batches.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <random>
#include <stdexcept>

#include "batch_validation.h"
#include "durable_file.h"
#include "identifiers.h"
#include "line_faults.h"
#include "line_reader.h"
#include "readable_number.h"
#include "sha256.h"

namespace kg_sim {

namespace {

constexpr std::int64_t thirty_days = 2592000;

ApiError invalid(std::string message, std::string param, std::string code) {
  return ApiError{400, std::move(message), std::move(param), std::move(code)};
}

void append(int descriptor, const std::string& text) {
  if (::write(descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("could not write to a result file");
}

}  // namespace

// As it stands in the file, written with one call, so that a kill leaves the old or the new.
struct Batches::Progress {
  std::int64_t lines = 0;  // handled, in the order of answering
  std::int64_t completed = 0, failed = 0;
  std::int64_t output_bytes = 0, error_bytes = 0;
  TokenUse use;
};

struct Batches::Work {
  explicit Work(const std::string& input) : reader(input) {}
  ~Work() {
    for (int descriptor : {output, error, progress_file})
      if (descriptor >= 0) ::close(descriptor);
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  LineReader reader;
  std::optional<BatchValidation> validation;
  bool validated = false;
  Json errors = Json::array();
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint32_t> order;
  Progress progress;
  int output = -1, error = -1, progress_file = -1;
};

Batches::Batches(std::string folder, FileStore& files, Chat& chat, Embeddings& embeddings, Faults& faults, const Settings& settings,
                 const VirtualClock& clock)
    : folder_(std::move(folder)), files_(files), chat_(chat), embeddings_(embeddings), faults_(faults), settings_(settings), clock_(clock) {
  std::filesystem::create_directories(folder_);
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().extension() != ".json") continue;
    const auto text = read_whole_file(entry.path().string());
    const auto state = text ? parse_json(*text) : std::nullopt;
    if (!state) continue;
    BatchRecord record = from_state_json(*state);
    last_order_ = std::max(last_order_, record.order);
    batches_[record.batch_id].record = record;
  }
}

Batches::~Batches() = default;

std::string Batches::path(const BatchRecord& record, const char* ending) const {
  return folder_ + "/" + record.batch_id + ending;
}

void Batches::save(const BatchRecord& record) const {
  write_file_atomically(path(record, ".json"), to_text(to_state_json(record)));
}

std::variant<const BatchRecord*, ApiError> Batches::create(const Json& body, const std::string& idempotency_key) {
  if (settings_.idempotency && !idempotency_key.empty()) {
    const auto known = by_idempotency_key_.find(idempotency_key);
    if (known != by_idempotency_key_.end()) return find(known->second);
  }
  const std::int64_t now = clock_.now_ms();
  if (settings_.batch_creations_per_hour) {
    const auto recent = std::count_if(batches_.begin(), batches_.end(), [&](const auto& entry) {
      return entry.second.record.created_ms > now - 3'600'000;
    });
    if (recent >= settings_.batch_creations_per_hour) {
      ApiError error{429, "Rate limit reached for batch creation: Limit " +
                              grouped(settings_.batch_creations_per_hour) + " batches per hour. Please try again later.",
                     std::nullopt, "rate_limit_exceeded", "requests"};
      return error;
    }
  }
  BatchRecord record;
  for (const char* name : {"input_file_id", "endpoint", "completion_window"}) {
    const Json* value = member(body, name);
    if (!value)
      return invalid("Missing required parameter: '" + std::string(name) + "'.", name, "missing_required_parameter");
    if (!value->is_string())
      return invalid("Invalid type for '" + std::string(name) + "': expected a string, but got " +
                         described_type(*value) + " instead.",
                     name, "invalid_type");
  }
  record.input_file_id = text_member(body, "input_file_id");
  record.endpoint = text_member(body, "endpoint");
  constexpr std::array endpoints = {"/v1/responses",        "/v1/chat/completions", "/v1/embeddings",
                                    "/v1/completions",      "/v1/moderations",      "/v1/images/generations",
                                    "/v1/images/edits",     "/v1/videos"};
  if (std::find(endpoints.begin(), endpoints.end(), record.endpoint) == endpoints.end())
    return invalid("Invalid value: '" + record.endpoint +
                       "'. Supported values are: '/v1/responses', '/v1/chat/completions', '/v1/embeddings', "
                       "'/v1/completions', '/v1/moderations', '/v1/images/generations', '/v1/images/edits', and "
                       "'/v1/videos'.",
                   "endpoint", "invalid_value");
  if (text_member(body, "completion_window") != "24h")
    return invalid("Invalid value: '" + text_member(body, "completion_window") + "'. Supported values are: '24h'.",
                   "completion_window", "invalid_value");
  if (const Json* metadata = member(body, "metadata")) {
    if (!metadata->is_object())
      return invalid("Invalid type for 'metadata': expected an object, but got " + described_type(*metadata) +
                         " instead.",
                     "metadata", "invalid_type");
    if (metadata->size() > 16)
      return invalid("Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got "
                     "an object with " + std::to_string(metadata->size()) + " properties instead.",
                     "metadata", "object_above_max_properties");
    for (const auto& [key, value] : metadata->items()) {
      const std::string place = "metadata." + key;
      if (key.size() > 64)
        return invalid("Invalid 'metadata': property name '" + key + "' is too long. Expected a name with at most 64 "
                       "characters.",
                       "metadata", "property_name_above_max_length");
      if (!value.is_string())
        return invalid("Invalid type for '" + place + "': expected a string, but got " + described_type(value) +
                           " instead.",
                       place, "invalid_type");
      if (value.get_ref<const std::string&>().size() > 512)
        return invalid("Invalid '" + place + "': string too long. Expected a string with maximum length 512, but got a "
                       "string with length " + std::to_string(value.get_ref<const std::string&>().size()) +
                           " instead.",
                       place, "string_above_max_length");
    }
    record.metadata = *metadata;
  }
  if (const Json* expiry = member(body, "output_expires_after")) {
    const Json* seconds = member(*expiry, "seconds");
    if (text_member(*expiry, "anchor") != "created_at")
      return invalid("Invalid value for 'output_expires_after.anchor'. Supported values are: 'created_at'.",
                     "output_expires_after.anchor", "invalid_value");
    if (!seconds || !seconds->is_number_integer() || seconds->get<std::int64_t>() < 3600 ||
        seconds->get<std::int64_t>() > thirty_days)
      return invalid("Invalid 'output_expires_after.seconds': expected an integer from 3600 to 2592000.",
                     "output_expires_after.seconds", "invalid_value");
    record.output_lifetime_s = seconds->get<std::int64_t>();
  }

  record.created_ms = now;
  record.batch_id = new_batch_id(now / 1000);
  record.order = ++last_order_;
  record.turnaround_ms = static_cast<std::int64_t>(settings_.batch_turnaround_s * 1000);
  record.cancel_takes_ms =
      settings_.cancel_s ? static_cast<std::int64_t>(*settings_.cancel_s * 1000) : record.turnaround_ms / 4;
  record.seed = settings_.seed;
  record.shuffle = settings_.shuffle;
  decide_fate(record, body);
  const StoredFile* input = files_.find(record.input_file_id);
  if (!input) {
    record.errors = BatchValidation::error("invalid_request",
                                           "Cannot find file " + record.input_file_id +
                                               ", or organization org-stand-in does not have access to it.",
                                           "file_id", nullptr);
  } else if (input->purpose != "batch") {
    record.errors = BatchValidation::error("invalid_request",
                                           "Expected file " + record.input_file_id +
                                               " to have purpose 'batch', but it has purpose '" + input->purpose + "'.",
                                           "file_id", nullptr);
  } else if (::link(files_.path_of(input->file_id).c_str(), path(record, ".input").c_str()) != 0) {
    // A link of its own, so that deleting the file does not stop the batch.
    throw std::runtime_error("could not link the input of " + record.batch_id);
  }
  // Until validation has ended, `errors` holds only what was known at once; it is not shown before.
  Batch& batch = batches_[record.batch_id];
  batch.record = std::move(record);
  save(batch.record);
  if (settings_.idempotency && !idempotency_key.empty()) by_idempotency_key_[idempotency_key] = batch.record.batch_id;
  return &batch.record;
}

void Batches::decide_fate(BatchRecord& record, const Json& body) const {
  const std::string text = to_text(body), number = std::to_string(record.order);
  const auto fault = faults_.take({FaultPoint::batch, "POST", "/v1/batches", "", text, number, true});
  if (!fault) return;
  const Json& parameters = fault->parameters;
  if (fault->name == "shuffled") {
    record.shuffle = true;
    record.seed = parameters.value("order", std::uint64_t{1});
    return;
  }
  Fate& fate = record.fate;
  fate.name = fault->name;
  fate.status = parameters.value("status", to_string(BatchStatus::in_progress));
  fate.done = std::clamp(parameters.value("done", 0.5), 0.0, 1.0);
  if (fate.name == "expires") {
    const std::int64_t begin = record.validated_at_ms();
    fate.window_ms = begin - record.created_ms +
                     static_cast<std::int64_t>(static_cast<double>(record.lines_done_at_ms() - begin) * fate.done);
  }
  if (fate.name == "validation_fails") {
    const Json* errors = member(parameters, "errors");
    fate.errors = errors ? *errors
                         : Json::array({BatchValidation::error(
                               parameters.value("code", "invalid_request"),
                               parameters.value("message", "The batch could not be validated."),
                               parameters.contains("param") ? parameters["param"] : Json(nullptr),
                               parameters.contains("line") ? parameters["line"] : Json(nullptr))});
  }
}

const BatchRecord* Batches::find(const std::string& batch_id) const {
  const auto found = batches_.find(batch_id);
  return found == batches_.end() || found->second.record.has_vanished() ? nullptr : &found->second.record;
}

std::vector<const BatchRecord*> Batches::newest_first() const {
  std::vector<const BatchRecord*> list;
  for (const auto& [batch_id, batch] : batches_)
    if (!batch.record.has_vanished()) list.push_back(&batch.record);
  std::sort(list.begin(), list.end(), [](const auto* a, const auto* b) { return a->order > b->order; });
  return list;
}

std::variant<const BatchRecord*, ApiError> Batches::cancel(const std::string& batch_id) {
  const auto found = batches_.find(batch_id);
  if (found == batches_.end() || found->second.record.has_vanished())
    return ApiError{404, "No batch found with id '" + batch_id + "'.", std::nullopt, std::nullopt};
  BatchRecord& record = found->second.record;
  if (record.status == BatchStatus::completed || record.status == BatchStatus::failed ||
      record.status == BatchStatus::expired)
    return ApiError{409, std::string("Cannot cancel a batch with status '") + to_string(record.status) + "'.",
                    std::nullopt, std::nullopt};
  if (record.status != BatchStatus::cancelling && record.status != BatchStatus::cancelled) {
    record.status = BatchStatus::cancelling;
    record.cancelling_ms = clock_.now_ms();
    save(record);
  }
  return &record;
}

std::optional<std::int64_t> Batches::step(std::chrono::microseconds budget) {
  const Deadline deadline = std::chrono::steady_clock::now() + budget;
  std::optional<std::int64_t> next;
  for (auto& [batch_id, batch] : batches_) {
    if (is_final(batch.record.status)) continue;
    const auto wait = advance(batch, deadline);
    if (wait) next = std::min(next.value_or(*wait), *wait);
  }
  return next;
}

// How long until this batch has work again, in virtual milliseconds.
std::optional<std::int64_t> Batches::advance(Batch& batch, Deadline deadline) {
  BatchRecord& record = batch.record;
  for (;;) {
    const std::int64_t now = clock_.now_ms();
    if (record.is_stuck() && record.status != BatchStatus::in_progress) return std::nullopt;
    switch (record.status) {
      case BatchStatus::validating: {
        if (!validate(batch, deadline)) return 0;
        if (now < record.validated_at_ms()) return record.validated_at_ms() - now;
        leave_validation(batch);
        break;
      }
      case BatchStatus::in_progress:
      case BatchStatus::cancelling: {
        const bool cancelling = record.status == BatchStatus::cancelling;
        if (record.in_progress_ms) {
          // Lines that the plan has answered by now, or by the end of the window.
          const Work& work = open_work(batch);
          const std::int64_t until =
              std::min({now, record.expires_ms(), cancelling ? *record.cancelling_ms : record.expires_ms()});
          while (work.progress.lines < record.lines_to_answer() && record.line_at_ms(work.progress.lines) <= until &&
                 work.progress.lines == record.completed + record.failed) {
            if (std::chrono::steady_clock::now() >= deadline) return 0;
            answer_next_line(batch);
          }
        }
        if (cancelling) {
          const std::int64_t at = *record.cancelling_ms + record.cancel_takes_ms;
          if (now < at) return at - now;
          while (record.in_progress_ms && settings_.cancelled_lines && open_work(batch).progress.lines < record.total) {
            if (std::chrono::steady_clock::now() >= deadline) return 0;
            abandon_next_line(batch, "batch_cancelled", "This request was not executed because the batch was cancelled.");
          }
          finish(batch, BatchStatus::cancelled, at);
          return std::nullopt;
        }
        const Work& work = open_work(batch);
        if (record.is_stuck() && work.progress.lines >= record.lines_to_answer()) return std::nullopt;
        if (record.fate.name == "cancelled" && record.completed + record.failed >= record.lines_to_answer()) {
          // Somebody else did it.
          record.cancelling_ms = std::max(*record.in_progress_ms, record.line_at_ms(record.lines_to_answer() - 1));
          record.cancel_takes_ms = 0;
          record.status = BatchStatus::cancelling;
          save(record);
          break;
        }
        if (now >= record.expires_ms() &&
            (record.finished_at_ms() > record.expires_ms() || record.lines_to_answer() < record.total)) {
          while (work.progress.lines < record.total) {
            if (std::chrono::steady_clock::now() >= deadline) return 0;
            abandon_next_line(batch, "batch_expired",
                              "This request could not be executed before the completion window expired.");
          }
          finish(batch, BatchStatus::expired, record.expires_ms());
          return std::nullopt;
        }
        if (work.progress.lines == record.total) {
          if (now < record.lines_done_at_ms())
            return std::min(record.lines_done_at_ms(), record.expires_ms()) - now;
          record.status = BatchStatus::finalizing;
          record.finalizing_ms = record.lines_done_at_ms();
          save(record);
          break;
        }
        return std::min(record.line_at_ms(work.progress.lines), record.expires_ms()) - now;
      }
      case BatchStatus::finalizing: {
        const bool in_time = record.finished_at_ms() <= record.expires_ms();
        const std::int64_t at = in_time ? record.finished_at_ms() : record.expires_ms();
        if (now < at) return at - now;
        finish(batch, in_time ? BatchStatus::completed : BatchStatus::expired, at);
        return std::nullopt;
      }
      case BatchStatus::failed:
      case BatchStatus::completed:
      case BatchStatus::expired:
      case BatchStatus::cancelled:
        return std::nullopt;
    }
  }
}

bool Batches::validate(Batch& batch, Deadline deadline) {
  BatchRecord& record = batch.record;
  if (!record.errors.is_null()) return true;
  if (!batch.work) batch.work = std::make_unique<Work>(path(record, ".input"));
  Work& work = *batch.work;
  if (work.validated) return true;
  if (!work.validation) work.validation.emplace(record.endpoint, settings_);
  while (const auto line = work.reader.next()) {
    work.validation->line(line->text, line->offset);
    if (std::chrono::steady_clock::now() >= deadline) return false;
  }
  work.validation->finish();
  work.validated = true;
  return true;
}

void Batches::leave_validation(Batch& batch) {
  BatchRecord& record = batch.record;
  if (!record.errors.is_null()) return fail(batch, Json::array({record.errors}));
  BatchValidation& validation = *batch.work->validation;
  if (!validation.errors().empty()) return fail(batch, validation.errors());
  if (record.fate.name == "validation_fails") return fail(batch, record.fate.errors);
  record.model = validation.model();
  record.enqueued_tokens = validation.input_tokens();
  const auto limit = settings_.enqueued_tokens.find(record.model);
  if (limit != settings_.enqueued_tokens.end() && limit->second > 0 &&
      enqueued_tokens(record.model) + record.enqueued_tokens > limit->second)
    return fail(batch, Json::array({BatchValidation::error(
                           "token_limit_exceeded",
                           "Enqueued token limit reached for " + record.model +
                               " in organization org-stand-in. Limit: " + grouped(limit->second) +
                               " enqueued tokens. Please try again once some in_progress batches have been completed.",
                           nullptr, nullptr)}));
  batch.work->offsets = validation.take_offsets();
  record.total = static_cast<std::int64_t>(batch.work->offsets.size());
  record.status = BatchStatus::in_progress;
  record.in_progress_ms = record.validated_at_ms();
  batch.work->validation.reset();
  save(record);
}

void Batches::fail(Batch& batch, Json errors) {
  BatchRecord& record = batch.record;
  record.errors = Json::object();
  record.errors["object"] = "list";
  record.errors["data"] = std::move(errors);
  record.model.clear();
  record.enqueued_tokens = 0;
  record.status = BatchStatus::failed;
  record.failed_ms = record.validated_at_ms();
  save(record);
  batch.work.reset();
  std::remove(path(record, ".input").c_str());
}

std::int64_t Batches::enqueued_tokens(const std::string& model) const {
  std::int64_t sum = 0;
  for (const auto& [batch_id, batch] : batches_)
    if (batch.record.model == model && batch.record.in_progress_ms && !is_final(batch.record.status))
      sum += batch.record.enqueued_tokens;
  return sum;
}

Batches::Work& Batches::open_work(Batch& batch) {
  const BatchRecord& record = batch.record;
  if (!batch.work) batch.work = std::make_unique<Work>(path(record, ".input"));
  Work& work = *batch.work;
  if (work.output >= 0) return work;
  if (work.offsets.empty()) {
    // After a restart.
    work.reader.seek(0);
    while (const auto line = work.reader.next()) work.offsets.push_back(line->offset);
  }
  work.order.resize(work.offsets.size());
  std::iota(work.order.begin(), work.order.end(), 0u);
  if (record.shuffle) {
    std::mt19937_64 random(stable_hash(std::to_string(record.order), record.seed));
    for (std::size_t i = work.order.size(); i > 1; --i) std::swap(work.order[i - 1], work.order[random() % i]);
  }
  const auto open = [&](const char* ending) {
    const int descriptor = ::open(path(record, ending).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) throw std::runtime_error("could not open a file of " + record.batch_id);
    return descriptor;
  };
  work.progress_file = open(".progress");
  work.error = open(".error");
  work.output = open(".output");
  if (::pread(work.progress_file, &work.progress, sizeof work.progress, 0) != sizeof work.progress) work.progress = {};
  if (::ftruncate(work.output, work.progress.output_bytes) != 0 ||
      ::ftruncate(work.error, work.progress.error_bytes) != 0 || ::lseek(work.output, 0, SEEK_END) < 0 ||
      ::lseek(work.error, 0, SEEK_END) < 0)
    throw std::runtime_error("could not take up the result files of " + record.batch_id);
  batch.record.completed = work.progress.completed;
  batch.record.failed = work.progress.failed;
  batch.record.use = work.progress.use;
  return work;
}

void Batches::write_text(Batch& batch, bool success, const std::string& text) {
  append(success ? batch.work->output : batch.work->error, text);
  (success ? batch.work->progress.output_bytes : batch.work->progress.error_bytes) +=
      static_cast<std::int64_t>(text.size());
}

void Batches::save_progress(Batch& batch) {
  Progress& progress = batch.work->progress;
  ++progress.lines;
  progress.completed = batch.record.completed;
  progress.failed = batch.record.failed;
  progress.use = batch.record.use;
  if (::pwrite(batch.work->progress_file, &progress, sizeof progress, 0) != sizeof progress)
    throw std::runtime_error("could not write the progress of " + batch.record.batch_id);
}

void Batches::answer_next_line(Batch& batch) {
  Work& work = open_work(batch);
  BatchRecord& record = batch.record;
  work.reader.seek(work.offsets[work.order[static_cast<std::size_t>(work.progress.lines)]]);
  const auto text = work.reader.next();
  const auto request = text ? parse_json(text->text) : std::nullopt;
  const Json* body = request ? member(*request, "body") : nullptr;
  if (!body) throw std::runtime_error("the input of " + record.batch_id + " has changed");
  const std::string custom_id = text_member(*request, "custom_id");
  const std::int64_t line_time = record.lines_done_at_ms() / 1000;

  Json line = Json::object();
  line["id"] = new_batch_request_id(line_time);
  line["custom_id"] = custom_id;
  const auto respond = [&](int status, Json answer) {
    Json response = Json::object();
    response["status_code"] = status;
    response["request_id"] = new_request_id();
    response["body"] = std::move(answer);
    line["response"] = std::move(response);
    line["error"] = nullptr;
  };

  ChatQuestion question;
  EmbeddingQuestion to_embed;
  std::optional<ApiError> refused;
  if (record.endpoint == "/v1/chat/completions")
    refused = chat_.read(*body, question);
  else if (record.endpoint == "/v1/embeddings")
    refused = embeddings_.read(*body, to_embed);
  else
    refused = ApiError{404, "Invalid URL (POST " + record.endpoint + ")", std::nullopt, std::nullopt};
  const auto fault = faults_.take({FaultPoint::batch_line, "POST", record.endpoint, question.asked.stage, text->text,
                                   custom_id, true});
  const auto is = [&](const char* name) { return fault && fault->name == name; };
  bool success = false;
  std::optional<HostileText> hostile;
  if (refused) {
    respond(refused->status, error_body(*refused));
  } else if (is("line_status")) {
    const int status = fault->parameters.value("status", 500);
    respond(status, error_body({status,
                                "An error occurred while processing your request. You can retry your request, or "
                                "contact us through our help center if the error persists.",
                                std::nullopt, fault->parameters.value("code", "server_error"), "server_error"}));
  } else if (is("line_error")) {
    line["response"] = nullptr;
    line["error"] = Json{{"code", fault->parameters.value("code", "request_timeout")},
                         {"message", fault->parameters.value("message", "The underlying call to the model timed out.")}};
  } else if (record.endpoint == "/v1/embeddings") {
    Embeddings::Reply reply = embeddings_.reply(to_embed, record.batch_id);
    success = true;
    record.use += reply.use;
    respond(200, std::move(reply.body));
  } else {
    ChatReply reply = chat_.reply(*body, question, record.batch_id);
    success = reply.status == 200;
    if (success) record.use += reply.use;
    hostile = reply.hostile;
    respond(reply.status, std::move(reply.body));
  }
  ++(success ? record.completed : record.failed);
  const auto serialize = [&](const Json& value) {
    std::string serialized = to_text(value);
    return hostile ? with_hostile_text(std::move(serialized), *hostile) : serialized;
  };
  if (fault)
    for (const LineToWrite& faulty : faulty_lines(*fault, success, line, serialize)) write_text(batch, faulty.success, faulty.text);
  else
    write_text(batch, success, serialize(line) + "\n");
  save_progress(batch);
}

void Batches::abandon_next_line(Batch& batch, const std::string& code, const std::string& message) {
  Work& work = open_work(batch);
  work.reader.seek(work.offsets[work.order[static_cast<std::size_t>(work.progress.lines)]]);
  const auto text = work.reader.next();
  const auto request = text ? parse_json(text->text) : std::nullopt;
  Json line = Json::object();
  line["id"] = new_batch_request_id(clock_.now_s());
  line["custom_id"] = request ? text_member(*request, "custom_id") : "";
  line["response"] = nullptr;
  line["error"] = Json{{"code", code}, {"message", message}};
  write_text(batch, false, to_text(line) + "\n");
  save_progress(batch);
}

void Batches::finish(Batch& batch, BatchStatus status, std::int64_t at_ms) {
  BatchRecord& record = batch.record;
  if (record.in_progress_ms) {
    open_work(batch);
    const auto publish = [&](const char* ending, const char* name) -> std::optional<std::string> {
      if (std::filesystem::file_size(path(record, ending)) == 0) return std::nullopt;
      // Linked, not renamed: after a kill before the record is saved it is done again.
      const std::string temporary = files_.new_temporary();
      if (::link(path(record, ending).c_str(), temporary.c_str()) != 0)
        throw std::runtime_error("could not publish a result file of " + record.batch_id);
      StoredFile file;
      file.filename = record.batch_id + name;
      file.purpose = "batch_output";
      file.bytes = static_cast<std::int64_t>(std::filesystem::file_size(temporary));
      return files_.add(temporary, file, record.output_lifetime_s.value_or(thirty_days)).file_id;
    };
    record.output_file_id = publish(".output", "_output.jsonl");
    record.error_file_id = publish(".error", "_error.jsonl");
  }
  record.errors = nullptr;
  record.status = status;
  (status == BatchStatus::completed ? record.completed_ms
   : status == BatchStatus::expired ? record.expired_ms
                                    : record.cancelled_ms) = at_ms;
  save(record);
  batch.work.reset();
  for (const char* ending : {".input", ".output", ".error", ".progress"}) std::remove(path(record, ending).c_str());
}

void Batches::clear() {
  batches_.clear();
  by_idempotency_key_.clear();
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) std::filesystem::remove(entry.path());
}

}  // namespace kg_sim
