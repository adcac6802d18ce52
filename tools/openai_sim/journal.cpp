#include "journal.h"

#include <regex>

namespace kg_sim {

namespace {

constexpr std::size_t most_entries = 500'000;

Json to_json(const JournalEntry& entry) {
  Json json = Json::object();
  json["seq"] = entry.seq;
  json["method"] = entry.method;
  json["path"] = entry.path;
  json["route"] = entry.route;
  json["stage"] = entry.stage.empty() ? Json(nullptr) : Json(entry.stage);
  json["status"] = entry.status;
  json["delivered"] = entry.delivered;
  json["started_ms"] = entry.started_ms;
  json["ended_ms"] = entry.ended_ms > 0 ? Json(entry.ended_ms) : Json(nullptr);
  json["in_flight_at_start"] = entry.in_flight_at_start;
  json["in_flight_at_end"] = entry.in_flight_at_end;
  json["request_bytes"] = entry.request_bytes;
  json["response_bytes"] = entry.response_bytes;
  const std::pair<const char*, const std::string&> optional[] = {
      {"model", entry.model},       {"question", entry.question}, {"file_id", entry.file_id},
      {"batch_id", entry.batch_id}, {"fault", entry.fault},       {"code", entry.code},
      {"user_agent", entry.user_agent}};
  for (const auto& [name, value] : optional)
    if (!value.empty()) json[name] = value;
  return json;
}

}  // namespace

JournalEntry& Journal::begin() {
  if (entries_.size() >= most_entries) {
    entries_.pop_front();
    ++dropped_;
  }
  entries_.emplace_back();
  entries_.back().seq = ++last_seq_;
  return entries_.back();
}

JournalEntry* Journal::find(std::int64_t seq) {
  // Sequence numbers have no gaps.
  if (entries_.empty() || seq < entries_.front().seq || seq > last_seq_) return nullptr;
  return &entries_[static_cast<std::size_t>(seq - entries_.front().seq)];
}

Json Journal::read(std::int64_t after, std::size_t limit, const std::string& path_pattern) const {
  const std::regex pattern(path_pattern.empty() ? "" : path_pattern);
  Json list = Json::array();
  for (const JournalEntry& entry : entries_) {
    if (entry.seq <= after) continue;
    if (list.size() >= limit) break;
    if (!path_pattern.empty() && !std::regex_search(entry.path, pattern)) continue;
    list.push_back(to_json(entry));
  }
  Json answer = Json::object();
  answer["entries"] = std::move(list);
  answer["last_seq"] = last_seq_;
  answer["dropped"] = dropped_;
  return answer;
}

void Journal::clear() {
  entries_.clear();
  dropped_ = 0;
}

}  // namespace kg_sim
