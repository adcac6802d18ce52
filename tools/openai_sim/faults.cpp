#include "faults.h"

#include "hostile_text.h"
#include "json_changes.h"
#include "sha256.h"

namespace kg_sim {

namespace {

struct Known {
  std::string_view name;
  FaultPoint point;
  bool accepted;  // acts after the request was done, unless the rule says otherwise
};

constexpr Known known_faults[] = {
    {"status", FaultPoint::request, false},
    {"rate_limited", FaultPoint::request, false},
    {"insufficient_quota", FaultPoint::request, false},
    {"internal_error", FaultPoint::request, false},
    {"bad_gateway", FaultPoint::request, false},
    {"unavailable", FaultPoint::request, false},
    {"gateway_timeout", FaultPoint::request, false},
    {"spend_limit", FaultPoint::request, false},
    {"unauthorized", FaultPoint::request, false},
    {"forbidden", FaultPoint::request, false},
    {"not_found", FaultPoint::request, false},
    {"accepted_but_500", FaultPoint::request, true},
    {"drop_after_read", FaultPoint::request, false},
    {"reset_before_response", FaultPoint::request, false},
    {"hang", FaultPoint::request, false},
    {"delay", FaultPoint::request, true},
    {"reset_in_body", FaultPoint::request, true},
    {"cut_body", FaultPoint::request, true},
    {"drip", FaultPoint::request, true},
    {"stall", FaultPoint::request, true},
    {"chunked_without_end", FaultPoint::request, true},
    {"truncated_body", FaultPoint::request, true},
    {"truncated_lines", FaultPoint::request, true},
    {"wrong_length", FaultPoint::request, true},
    {"refuse_connections", FaultPoint::request, true},
    {"changed_answer", FaultPoint::request, true},
    {"clock_skew", FaultPoint::request, true},
    {"late_file", FaultPoint::request, true},
    {"missing_in_list", FaultPoint::request, true},
    {"unknown_status", FaultPoint::request, true},
    {"status_regression", FaultPoint::request, true},
    {"empty_file_ids", FaultPoint::request, true},
    {"no_batch_usage", FaultPoint::request, true},
    {"wrong_batch_usage", FaultPoint::request, true},
    {"refusal", FaultPoint::answer, false},
    {"length", FaultPoint::answer, false},
    {"content_filter", FaultPoint::answer, false},
    {"null_content", FaultPoint::answer, false},
    {"empty_content", FaultPoint::answer, false},
    {"bad_schema", FaultPoint::answer, false},
    {"not_json", FaultPoint::answer, false},
    {"answer_text", FaultPoint::answer, false},
    {"bad_text", FaultPoint::answer, false},
    {"huge_answer", FaultPoint::answer, false},
    {"deep_json", FaultPoint::answer, false},
    {"no_usage", FaultPoint::answer, false},
    {"wrong_usage", FaultPoint::answer, false},
    {"missing_line", FaultPoint::batch_line, false},
    {"duplicated_line", FaultPoint::batch_line, false},
    {"unknown_line", FaultPoint::batch_line, false},
    {"line_status", FaultPoint::batch_line, false},
    {"line_error", FaultPoint::batch_line, false},
    {"conflicting_line", FaultPoint::batch_line, false},
    {"line_in_both_files", FaultPoint::batch_line, false},
    {"body_as_text", FaultPoint::batch_line, false},
    {"changed_line", FaultPoint::batch_line, false},
    {"raw_line", FaultPoint::batch_line, false},
    {"shuffled", FaultPoint::batch, false},
    {"validation_fails", FaultPoint::batch, false},
    {"expires", FaultPoint::batch, false},
    {"cancelled", FaultPoint::batch, false},
    {"stuck", FaultPoint::batch, false},
    {"vanishes", FaultPoint::batch, false},
};

}  // namespace

std::optional<std::string> Faults::add(const Json& description) {
  if (!description.is_object()) return "a fault is a JSON object";
  Rule rule;
  rule.name = text_member(description, "fault");
  const Known* known = nullptr;
  std::string names;
  for (const Known& candidate : known_faults) {
    names += std::string(names.empty() ? "" : ", ") + std::string(candidate.name);
    if (candidate.name == rule.name) known = &candidate;
  }
  if (!known) return "unknown fault \"" + rule.name + "\"; there are " + names;
  rule.point = known->point;
  rule.accepted = known->accepted;
  rule.parameters = Json::object();
  try {
    for (const auto& [key, value] : description.items()) {
      if (key == "fault") continue;
      if (key == "method") rule.method_text = value.get<std::string>();
      else if (key == "path") rule.path_text = value.get<std::string>();
      else if (key == "stage") rule.stage = value.get<std::string>();
      else if (key == "contains") rule.contains = value.get<std::string>();
      else if (key == "where") rule.where = value.get<std::string>();
      else if (key == "count") rule.count = value.get<std::int64_t>();
      else if (key == "skip") rule.skip = value.get<std::int64_t>();
      else if (key == "probability") rule.probability = value.get<double>();
      else if (key == "seed") rule.seed = value.get<std::uint64_t>();
      else if (key == "accepted") rule.accepted = value.get<bool>();
      else rule.parameters[key] = value;
    }
    if (!rule.method_text.empty()) rule.method.emplace(rule.method_text);
    if (!rule.path_text.empty()) rule.path.emplace(rule.path_text);
  } catch (const std::exception& error) {
    return "fault \"" + rule.name + "\" is not as it should be: " + error.what();
  }
  if (!rule.where.empty() && rule.where != "direct" && rule.where != "batch")
    return "\"where\" is \"direct\" or \"batch\"";
  if (const auto wrong = wrong_changes(rule.parameters)) return "fault \"" + rule.name + "\": " + *wrong;
  if (rule.name == "bad_text" && !hostile_text(text_member(rule.parameters, "kind"), true))
    return "\"bad_text\" has a \"kind\"; there are " + hostile_kinds();
  rules_.push_back(std::move(rule));
  return std::nullopt;
}

std::optional<Fault> Faults::take(const Occasion& occasion) {
  for (Rule& rule : rules_) {
    if (rule.point != occasion.point) continue;
    if (rule.count && rule.taken >= *rule.count) continue;
    if (!rule.where.empty() && (rule.where == "batch") != occasion.batch) continue;
    if (!rule.stage.empty() && rule.stage != occasion.stage) continue;
    if (rule.method && !std::regex_search(occasion.method.begin(), occasion.method.end(), *rule.method)) continue;
    if (rule.path && !std::regex_search(occasion.path.begin(), occasion.path.end(), *rule.path)) continue;
    if (!rule.contains.empty() && occasion.text.find(rule.contains) == std::string_view::npos) continue;
    if (rule.matched++ < rule.skip) continue;
    if (rule.probability < 1.0) {
      const std::uint64_t question = stable_hash(occasion.key, rule.seed);
      const std::uint64_t draw = stable_hash(std::to_string(rule.seen[question]++), question);
      if (static_cast<double>(draw >> 11) * 0x1.0p-53 >= rule.probability) continue;
    }
    ++rule.taken;
    return Fault{rule.name, rule.parameters, rule.accepted};
  }
  return std::nullopt;
}

Json Faults::describe() const {
  Json all = Json::array();
  for (const Rule& rule : rules_) {
    Json one = Json::object();
    one["fault"] = rule.name;
    if (rule.method) one["method"] = rule.method_text;
    if (rule.path) one["path"] = rule.path_text;
    if (!rule.stage.empty()) one["stage"] = rule.stage;
    if (!rule.contains.empty()) one["contains"] = rule.contains;
    if (!rule.where.empty()) one["where"] = rule.where;
    if (rule.count) one["count"] = *rule.count;
    if (rule.skip) one["skip"] = rule.skip;
    if (rule.probability < 1.0) one["probability"] = rule.probability;
    if (rule.accepted) one["accepted"] = true;
    for (const auto& [key, value] : rule.parameters.items()) one[key] = value;
    one["matched"] = rule.matched;
    one["taken"] = rule.taken;
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace kg_sim
