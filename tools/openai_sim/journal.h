// One entry for each request, in the order in which they began, so that a test
// can prove that something was sent exactly once, and what ran beside what.

#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "json.h"

namespace kg_sim {

struct JournalEntry {
  std::int64_t seq = 0;  // from 1
  std::string method, path, route, stage, model;
  std::string question;             // hash of model, messages and response_format
  std::string file_id, batch_id;    // what was made or asked for
  std::string fault;                // that was made to happen
  std::string code;                 // of the error that was answered
  std::string user_agent;
  int status = 0;                   // 0: nothing was answered
  bool delivered = false;           // the last byte of an answer was handed to the connection
  double started_ms = 0;            // CLOCK_MONOTONIC, when the header was read
  double ended_ms = 0;              // 0 while it lasts
  std::int64_t in_flight_at_start = 0;  // chat completions, itself included
  std::int64_t in_flight_at_end = 0;    // chat completions, itself excluded
  std::uint64_t request_bytes = 0, response_bytes = 0;
};

class Journal {
 public:
  JournalEntry& begin();
  // nullptr when it has been dropped.
  JournalEntry* find(std::int64_t seq);
  // {"entries":[…],"last_seq":N,"dropped":N}; entries after `after` whose path matches.
  Json read(std::int64_t after, std::size_t limit, const std::string& path_pattern) const;
  void clear();

 private:
  std::deque<JournalEntry> entries_;
  std::int64_t last_seq_ = 0;
  std::int64_t dropped_ = 0;
};

}  // namespace kg_sim
