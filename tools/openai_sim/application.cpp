#include "application.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "identifiers.h"
#include "request_faults.h"

namespace kg_sim {

namespace {

std::string made(const std::string& folder) {
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace

Application::Application(Settings initial, const std::string& state_folder, const std::string& gold_path)
    : settings(std::move(initial)),
      clock(made(state_folder) + "/clock.json"),
      files(state_folder + "/files", clock),
      bill(state_folder + "/bill.jsonl"),
      answers(state_folder + "/readings"),
      chat(settings, clock, faults, bill, answers),
      embeddings(settings, bill, answers.world()),
      batches(state_folder + "/batches", files, chat, embeddings, faults, settings, clock) {
  if (!gold_path.empty()) answers.load_gold(gold_path, settings);
  add_file_routes(*this);
  add_batch_routes(*this);
  add_chat_routes(*this);
  add_embedding_routes(*this);
  add_model_routes(*this);
  add_control_routes(*this);
}

std::optional<std::chrono::milliseconds> Application::step(std::chrono::microseconds budget) {
  const auto wait = batches.step(budget);
  if (!wait) return std::nullopt;
  if (*wait <= 0) return std::chrono::milliseconds(0);
  if (clock.scale() <= 0) return std::nullopt;
  return std::chrono::milliseconds(
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(static_cast<double>(*wait) / clock.scale()))));
}

Exchange::Exchange(Application& application, Request head)
    : application_(application), request_(std::move(head)), began_ms_(monotonic_ms()) {
  match_ = application_.router.match(request_.method, request_.path);
  JournalEntry& entry = application_.journal.begin();
  seq_ = entry.seq;
  entry.method = request_.method;
  entry.path = request_.path;
  entry.route = match_.route ? match_.route->name : "unknown";
  entry.user_agent = request_.header("user-agent");
  entry.started_ms = began_ms_;
  chat_ = entry.route == "POST /v1/chat/completions";
  application_.bill.count_request(entry.route);
  if (chat_) application_.bill.chat_began();
  entry.in_flight_at_start = application_.bill.in_flight();
}

Exchange::~Exchange() { ended(false, 0); }

JournalEntry& Exchange::entry() {
  JournalEntry* found = application_.journal.find(seq_);
  return found ? *found : dropped_;
}

std::optional<Response> Exchange::before_body() {
  const Settings& settings = application_.settings;
  std::optional<ApiError> refused;
  if (request_.path.rfind("/_sim/", 0) != 0) {
    const std::string authorization = request_.header("authorization");
    constexpr std::string_view bearer = "Bearer ";
    const bool given = authorization.size() > bearer.size() && authorization.compare(0, bearer.size(), bearer) == 0;
    if (!given)
      refused = ApiError{401,
                         "You didn't provide an API key. You need to provide your API key in an Authorization header "
                         "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
                         std::nullopt, "invalid_api_key"};
    else if (!settings.api_key.empty() && authorization.substr(bearer.size()) != settings.api_key)
      refused = ApiError{401,
                         "Incorrect API key provided. You can find your API key at "
                         "https://platform.openai.com/account/api-keys.",
                         std::nullopt, "invalid_api_key"};
  }
  const bool upload = match_.route && match_.route->name == "POST /v1/files";
  // The parts around the file are small.
  const std::int64_t most = upload ? settings.max_file_bytes + (1 << 20) : settings.max_body_bytes;
  if (!refused && request_.content_length && *request_.content_length > static_cast<std::uint64_t>(most))
    refused = ApiError{413, "Request body is too large.", std::nullopt, std::nullopt};
  if (refused) {
    if (refused->code) entry().code = *refused->code;
    return finished(error_response(*refused));
  }
  if (upload)
    upload_ = std::make_unique<Upload>(request_.header("content-type"), application_.files, settings);
  return std::nullopt;
}

std::optional<Response> Exchange::body(std::string_view bytes) {
  body_bytes_ += bytes.size();
  const Settings& settings = application_.settings;
  const std::int64_t most = upload_ ? settings.max_file_bytes + (1 << 20) : settings.max_body_bytes;
  if (body_bytes_ > static_cast<std::uint64_t>(most)) {
    Response response = error_response({413, "Request body is too large.", std::nullopt, std::nullopt});
    response.close = true;
    return finished(std::move(response));
  }
  if (upload_)
    upload_->feed(bytes);
  else
    request_.body.append(bytes);
  return std::nullopt;
}

Response Exchange::after_body() { return finished(handle()); }

Response Exchange::handle() {
  JournalEntry& journal_entry = entry();
  Call call{request_, match_.parts, std::nullopt, journal_entry};
  // A cancel may come with a content type and nothing else.
  if (!request_.body.empty()) call.body = parse_json(request_.body);
  std::string stage;
  if (chat_ && call.body)
    if (const Json* format = member(*call.body, "response_format"))
      if (const Json* schema = member(*format, "json_schema")) stage = text_member(*schema, "name");
  journal_entry.stage = stage;
  if (!stage.empty()) application_.bill.count_asked(stage);

  std::optional<Fault> fault;
  if (!application_.faults.empty() && request_.path.rfind("/_sim/", 0) != 0)
    fault = application_.faults.take({FaultPoint::request, request_.method, request_.path, stage, request_.body,
                                      chat_ ? std::string_view(request_.body) : std::string_view(request_.path),
                                      false});
  if (fault) journal_entry.fault = fault->name;
  if (fault && !fault->accepted) return with_fault(application_, *fault, std::nullopt);

  Response response;
  if (upload_) {
    auto result = upload_->finish();
    if (const auto* file = std::get_if<StoredFile>(&result)) {
      journal_entry.file_id = file->file_id;
      response = json_response(to_json(*file));
    } else {
      response = error_response(std::get<ApiError>(result));
    }
  } else if (match_.route) {
    response = match_.route->handler(call);
  } else if (match_.other_method) {
    response = error_response({405, "Not allowed to " + request_.method + " on " + request_.path + ".", std::nullopt,
                               "method_not_supported"});
  } else {
    response = error_response({404, "Invalid URL (" + request_.method + " " + request_.path + ")", std::nullopt,
                               std::nullopt});
  }
  if (fault) return with_fault(application_, *fault, std::move(response));
  return response;
}

Response Exchange::finished(Response response) {
  const double now_ms = monotonic_ms();
  JournalEntry& journal_entry = entry();
  journal_entry.request_bytes = body_bytes_;
  const bool nothing_sent =
      response.wire == Wire::drop || response.wire == Wire::reset || response.wire == Wire::hang;
  journal_entry.status = nothing_sent ? 0 : response.status;
  if (response.status >= 400 && journal_entry.code.empty())
    if (const auto body = parse_json(response.body))
      if (const Json* error = member(*body, "error")) journal_entry.code = text_member(*error, "code");
  if (request_.path.rfind("/_sim/", 0) == 0) return response;
  const auto processing = static_cast<std::int64_t>(now_ms - began_ms_) + response.delay.count();
  response.headers.emplace_back("x-request-id", "req_" + new_request_id());
  response.headers.emplace_back("openai-processing-ms", std::to_string(processing));
  response.headers.emplace_back("openai-version", "2020-10-01");
  response.headers.emplace_back("openai-organization", "org-stand-in");
  if (chat_) {
    const auto headers = application_.rate_limits.headers(journal_entry.model, now_ms, application_.settings);
    response.headers.insert(response.headers.end(), headers.begin(), headers.end());
  }
  return response;
}

void Exchange::ended(bool delivered, std::uint64_t response_bytes) {
  if (ended_) return;
  ended_ = true;
  if (chat_) application_.bill.chat_ended();
  JournalEntry& journal_entry = entry();
  journal_entry.delivered = delivered && journal_entry.status > 0;
  journal_entry.ended_ms = monotonic_ms();
  journal_entry.in_flight_at_end = application_.bill.in_flight();
  journal_entry.response_bytes = response_bytes;
  application_.bill.count_status(journal_entry.route, journal_entry.status);
  if (chat_ && journal_entry.delivered && journal_entry.status == 200)
    application_.bill.delivered(journal_entry.question);
}

}  // namespace kg_sim
