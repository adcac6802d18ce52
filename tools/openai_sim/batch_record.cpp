#include "batch_record.h"

#include <algorithm>
#include <utility>

namespace kg_sim {

namespace {

constexpr const char* names[] = {"validating", "failed",  "in_progress", "finalizing",
                                 "completed",  "expired", "cancelling",  "cancelled"};

// 20 minutes is the longest that validation was seen to take.
constexpr std::int64_t longest_validation_ms = 20 * 60 * 1000;

using Time = std::optional<std::int64_t> BatchRecord::*;
constexpr std::pair<const char*, Time> times[] = {
    {"in_progress", &BatchRecord::in_progress_ms}, {"finalizing", &BatchRecord::finalizing_ms},
    {"completed", &BatchRecord::completed_ms},     {"failed", &BatchRecord::failed_ms},
    {"expired", &BatchRecord::expired_ms},         {"cancelling", &BatchRecord::cancelling_ms},
    {"cancelled", &BatchRecord::cancelled_ms}};

Json optional_json(const auto& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

const char* to_string(BatchStatus status) { return names[static_cast<int>(status)]; }

bool is_final(BatchStatus status) {
  return status == BatchStatus::failed || status == BatchStatus::completed || status == BatchStatus::expired ||
         status == BatchStatus::cancelled;
}

std::int64_t BatchRecord::validated_at_ms() const {
  return created_ms + std::min(turnaround_ms / 10, longest_validation_ms);
}

std::int64_t BatchRecord::line_at_ms(std::int64_t n) const {
  const std::int64_t begin = validated_at_ms();
  return begin + (lines_done_at_ms() - begin) * (n + 1) / std::max<std::int64_t>(total, 1);
}

std::int64_t BatchRecord::lines_to_answer() const {
  const bool cut_short = fate.name == "expires" || fate.name == "cancelled" ||
                         (fate.name == "stuck" && fate.status == to_string(BatchStatus::in_progress));
  return cut_short ? static_cast<std::int64_t>(static_cast<double>(total) * fate.done) : total;
}

bool BatchRecord::has_vanished() const {
  if (fate.name != "vanishes") return false;
  for (const char* name : names) {
    if (fate.status == name) return true;
    if (std::string_view(to_string(status)) == name) return false;
  }
  return true;
}

Json usage_json(const TokenUse& use) {
  Json usage = Json::object();
  usage["input_tokens"] = use.input;
  usage["input_tokens_details"] = Json{{"cached_tokens", use.cached}};
  usage["output_tokens"] = use.output;
  usage["output_tokens_details"] = Json{{"reasoning_tokens", use.reasoning}};
  usage["total_tokens"] = use.input + use.output;
  return usage;
}

Json to_api_json(const BatchRecord& batch, const Settings& settings) {
  const auto at = [&](Time time) {
    return batch.*time ? Json(*(batch.*time) / 1000) : Json(nullptr);
  };
  const auto file = [&](const std::optional<std::string>& file_id) {
    return file_id ? Json(*file_id) : settings.empty_string_ids ? Json("") : Json(nullptr);
  };
  Json json = Json::object();
  json["id"] = batch.batch_id;
  json["object"] = "batch";
  json["endpoint"] = batch.endpoint;
  if (!batch.model.empty()) json["model"] = batch.model;
  // What is wrong may be known before validation has ended.
  json["errors"] = batch.status == BatchStatus::failed ? batch.errors : Json(nullptr);
  json["input_file_id"] = batch.input_file_id;
  json["completion_window"] = "24h";
  json["status"] = to_string(batch.status);
  json["output_file_id"] = file(batch.output_file_id);
  json["error_file_id"] = file(batch.error_file_id);
  json["created_at"] = batch.created_ms / 1000;
  json["in_progress_at"] = at(&BatchRecord::in_progress_ms);
  json["expires_at"] = batch.expires_ms() / 1000;
  json["finalizing_at"] = at(&BatchRecord::finalizing_ms);
  json["completed_at"] = at(&BatchRecord::completed_ms);
  json["failed_at"] = at(&BatchRecord::failed_ms);
  json["expired_at"] = at(&BatchRecord::expired_ms);
  json["cancelling_at"] = at(&BatchRecord::cancelling_ms);
  json["cancelled_at"] = at(&BatchRecord::cancelled_ms);
  json["request_counts"] = Json{{"total", batch.total}, {"completed", batch.completed}, {"failed", batch.failed}};
  if (settings.batch_usage) json["usage"] = usage_json(batch.use);
  json["metadata"] = batch.metadata;
  return json;
}

Json to_state_json(const BatchRecord& batch) {
  Json json = Json::object();
  json["batch_id"] = batch.batch_id;
  json["input_file_id"] = batch.input_file_id;
  json["endpoint"] = batch.endpoint;
  json["model"] = batch.model;
  json["order"] = batch.order;
  json["status"] = to_string(batch.status);
  json["metadata"] = batch.metadata;
  json["errors"] = batch.errors;
  json["output_lifetime_s"] = optional_json(batch.output_lifetime_s);
  json["output_file_id"] = optional_json(batch.output_file_id);
  json["error_file_id"] = optional_json(batch.error_file_id);
  json["created_ms"] = batch.created_ms;
  for (const auto& [name, time] : times) json[name] = optional_json(batch.*time);
  json["turnaround_ms"] = batch.turnaround_ms;
  json["cancel_takes_ms"] = batch.cancel_takes_ms;
  json["seed"] = batch.seed;
  json["shuffle"] = batch.shuffle;
  json["total"] = batch.total;
  json["completed_lines"] = batch.completed;
  json["failed_lines"] = batch.failed;
  json["enqueued_tokens"] = batch.enqueued_tokens;
  if (!batch.fate.name.empty())
    json["fate"] = Json{{"name", batch.fate.name},
                        {"status", batch.fate.status},
                        {"done", batch.fate.done},
                        {"window_ms", optional_json(batch.fate.window_ms)},
                        {"errors", batch.fate.errors}};
  json["use"] = Json::array({batch.use.input, batch.use.cached, batch.use.cache_write, batch.use.output,
                             batch.use.reasoning});
  return json;
}

BatchRecord from_state_json(const Json& state) {
  BatchRecord batch;
  batch.batch_id = text_member(state, "batch_id");
  batch.input_file_id = text_member(state, "input_file_id");
  batch.endpoint = text_member(state, "endpoint");
  batch.model = text_member(state, "model");
  batch.order = state.at("order").get<std::int64_t>();
  const std::string status = text_member(state, "status");
  for (int i = 0; i < 8; ++i)
    if (status == names[i]) batch.status = static_cast<BatchStatus>(i);
  batch.metadata = state.at("metadata");
  batch.errors = state.at("errors");
  const auto number = [&](const char* name) -> std::optional<std::int64_t> {
    const Json* value = member(state, name);
    return value ? std::optional(value->get<std::int64_t>()) : std::nullopt;
  };
  const auto text = [&](const char* name) -> std::optional<std::string> {
    const Json* value = member(state, name);
    return value ? std::optional(value->get<std::string>()) : std::nullopt;
  };
  batch.output_lifetime_s = number("output_lifetime_s");
  batch.output_file_id = text("output_file_id");
  batch.error_file_id = text("error_file_id");
  batch.created_ms = state.at("created_ms").get<std::int64_t>();
  for (const auto& [name, time] : times) batch.*time = number(name);
  batch.turnaround_ms = state.at("turnaround_ms").get<std::int64_t>();
  batch.cancel_takes_ms = state.at("cancel_takes_ms").get<std::int64_t>();
  batch.seed = state.at("seed").get<std::uint64_t>();
  batch.shuffle = state.at("shuffle").get<bool>();
  batch.total = state.at("total").get<std::int64_t>();
  batch.completed = state.at("completed_lines").get<std::int64_t>();
  batch.failed = state.at("failed_lines").get<std::int64_t>();
  batch.enqueued_tokens = state.at("enqueued_tokens").get<std::int64_t>();
  if (const Json* fate = member(state, "fate")) {
    batch.fate.name = text_member(*fate, "name");
    batch.fate.status = text_member(*fate, "status");
    batch.fate.done = fate->at("done").get<double>();
    if (const Json* window = member(*fate, "window_ms")) batch.fate.window_ms = window->get<std::int64_t>();
    batch.fate.errors = fate->at("errors");
  }
  const Json& use = state.at("use");
  batch.use = {use[0].get<std::int64_t>(), use[1].get<std::int64_t>(), use[2].get<std::int64_t>(),
               use[3].get<std::int64_t>(), use[4].get<std::int64_t>()};
  return batch;
}

}  // namespace kg_sim
