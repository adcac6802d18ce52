// Workers in the tables: who runs, what they did.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kg_batch::store {

std::int64_t add_worker_row(const std::string& kind);
void count_work(std::int64_t worker_id, std::int64_t chunks_done, std::int64_t chunks_failed, std::int64_t requests, std::int64_t nodes,
                std::int64_t edges);
// The same by the minute, with the milliseconds spent in each backend::Phase.
void count_minute(std::int64_t worker_id, std::int64_t chunks_done, std::int64_t chunks_failed, std::int64_t requests, std::int64_t nodes,
                  std::int64_t edges, const std::vector<std::int64_t>& spent_ms);
// What is older than an hour as one row, and rows of workers that ended as one.
void sum_up_minutes();
// All that was measured, of all graphs.
void reset_performance();
void end_worker_row(std::int64_t worker_id);
void note_worker_error(std::int64_t worker_id, const std::string& error);

// A sample of each running job's progress; drops those older than 15 minutes.
void sample_progress();

}  // namespace kg_batch::store
