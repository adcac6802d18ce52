#include "settings.h"

#include <functional>

namespace kg_sim {

namespace {

using Setter = std::function<bool(Settings&, const Json&)>;
using Getter = std::function<Json(const Settings&)>;

struct Entry {
  const char* name;
  const char* expected;
  Setter set;
  Getter get;
};

Entry whole_number(const char* name, std::int64_t Settings::*field) {
  return {name, "a number from 0",
          [field](Settings& settings, const Json& value) {
            if (!value.is_number() || value.get<double>() < 0) return false;
            settings.*field = value.get<std::int64_t>();
            return true;
          },
          [field](const Settings& settings) { return Json(settings.*field); }};
}

Entry truth(const char* name, bool Settings::*field) {
  return {name, "true or false",
          [field](Settings& settings, const Json& value) {
            if (!value.is_boolean()) return false;
            settings.*field = value.get<bool>();
            return true;
          },
          [field](const Settings& settings) { return Json(settings.*field); }};
}

Entry names(const char* name, std::vector<std::string> Settings::*field) {
  return {name, "an array of strings",
          [field](Settings& settings, const Json& value) {
            if (!value.is_array()) return false;
            std::vector<std::string> list;
            for (const Json& item : value) {
              if (!item.is_string()) return false;
              list.push_back(item.get<std::string>());
            }
            settings.*field = std::move(list);
            return true;
          },
          [field](const Settings& settings) { return Json(settings.*field); }};
}

const std::vector<Entry>& entries() {
  static const std::vector<Entry> table = {
      {"mode", "rules, oracle, replay or fixed",
       [](Settings& settings, const Json& value) {
         if (value != "rules" && value != "oracle" && value != "replay" && value != "fixed") return false;
         settings.mode = value.get<std::string>();
         return true;
       },
       [](const Settings& settings) { return Json(settings.mode); }},
      {"fixed", "the answer, as JSON",
       [](Settings& settings, const Json& value) {
         settings.fixed = value;
         return true;
       },
       [](const Settings& settings) { return settings.fixed; }},
      {"seed", "a number from 0",
       [](Settings& settings, const Json& value) {
         if (!value.is_number_unsigned()) return false;
         settings.seed = value.get<std::uint64_t>();
         return true;
       },
       [](const Settings& settings) { return Json(settings.seed); }},
      truth("prompt_cache", &Settings::prompt_cache),
      whole_number("latency_ms", &Settings::latency_ms),
      whole_number("latency_jitter_ms", &Settings::latency_jitter_ms),
      {"hold_after", "a number from 0, or null",
       [](Settings& settings, const Json& value) {
         if (!value.is_null() && !value.is_number_unsigned()) return false;
         settings.hold_after = value.is_null() ? std::nullopt : std::optional(value.get<std::int64_t>());
         return true;
       },
       [](const Settings& settings) { return settings.hold_after ? Json(*settings.hold_after) : Json(nullptr); }},
      {"batch_turnaround_s", "a number of seconds from 0",
       [](Settings& settings, const Json& value) {
         if (!value.is_number() || value.get<double>() < 0) return false;
         settings.batch_turnaround_s = value.get<double>();
         return true;
       },
       [](const Settings& settings) { return Json(settings.batch_turnaround_s); }},
      {"cancel_s", "a number of seconds from 0, or null",
       [](Settings& settings, const Json& value) {
         if (value.is_null()) {
           settings.cancel_s.reset();
           return true;
         }
         if (!value.is_number() || value.get<double>() < 0) return false;
         settings.cancel_s = value.get<double>();
         return true;
       },
       [](const Settings& settings) { return settings.cancel_s ? Json(*settings.cancel_s) : Json(nullptr); }},
      whole_number("rpm", &Settings::rpm),
      whole_number("tpm", &Settings::tpm),
      {"enqueued_tokens", "an object of model and number",
       [](Settings& settings, const Json& value) {
         if (!value.is_object()) return false;
         std::map<std::string, std::int64_t> limits;
         for (const auto& [model, limit] : value.items()) {
           if (!limit.is_number_integer() || limit.get<std::int64_t>() < 0) return false;
           limits[model] = limit.get<std::int64_t>();
         }
         settings.enqueued_tokens = std::move(limits);
         return true;
       },
       [](const Settings& settings) { return Json(settings.enqueued_tokens); }},
      whole_number("batch_creations_per_hour", &Settings::batch_creations_per_hour),
      whole_number("max_batch_requests", &Settings::max_batch_requests),
      whole_number("max_batch_file_bytes", &Settings::max_batch_file_bytes),
      whole_number("max_file_bytes", &Settings::max_file_bytes),
      whole_number("max_body_bytes", &Settings::max_body_bytes),
      whole_number("context_tokens", &Settings::context_tokens),
      {"api_key", "a string",
       [](Settings& settings, const Json& value) {
         if (!value.is_string()) return false;
         settings.api_key = value.get<std::string>();
         return true;
       },
       nullptr},
      names("models", &Settings::models),
      names("reasoning_models", &Settings::reasoning_models),
      truth("shuffle", &Settings::shuffle),
      truth("empty_string_ids", &Settings::empty_string_ids),
      truth("batch_usage", &Settings::batch_usage),
      truth("cancelled_lines", &Settings::cancelled_lines),
      truth("idempotency", &Settings::idempotency),
      truth("check_uploads", &Settings::check_uploads),
  };
  return table;
}

}  // namespace

std::optional<std::string> change(Settings& settings, const Json& changes) {
  if (!changes.is_object()) return "settings are a JSON object";
  Settings changed = settings;
  for (const auto& [name, value] : changes.items()) {
    const Entry* entry = nullptr;
    for (const Entry& candidate : entries())
      if (name == candidate.name) entry = &candidate;
    if (!entry) {
      std::string known;
      for (const Entry& candidate : entries()) known += std::string(known.empty() ? "" : ", ") + candidate.name;
      return "unknown setting \"" + name + "\"; there are " + known;
    }
    if (!entry->set(changed, value)) return "\"" + name + "\" is " + entry->expected;
  }
  settings = std::move(changed);
  return std::nullopt;
}

Json to_json(const Settings& settings) {
  Json all = Json::object();
  for (const Entry& entry : entries())
    if (entry.get) all[entry.name] = entry.get(settings);
  return all;
}

}  // namespace kg_sim
