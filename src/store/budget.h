// Money: what may be spent is reserved before a question is planned, and what was spent
// or lost takes its place. So spent + reserved never passes a budget.
//
// Whoever changes it locks in this order: requests, days (`spending`), jobs, each lowest
// first, and the ledger (`usage`) last.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kg_batch::store {

// The most that each of these requests can cost, US dollars; nothing without a price.
struct Worst {
  std::string model, mode;
  std::int64_t input_tokens = 0, output_tokens = 0;
};
std::vector<std::optional<double>> most_costs(const std::vector<Worst>& requests);
// Reserves for one more request; false when the job's or the day's budget has no
// room: the job then waits for answers, or is paused when none is out.
bool reserve(std::int64_t graph_id, std::int64_t job_id, double amount);
// For several at once; false without consequences, so that they are tried one by one.
bool reserve_together(std::int64_t graph_id, std::int64_t job_id, double amount);
// What was reserved in this transaction and is not needed.
void unreserve(std::int64_t graph_id, std::int64_t job_id, double amount);

// Locks these requests, and the days and jobs that pay for them.
void lock_ledger_of(const std::vector<std::int64_t>& graphs, const std::vector<std::int64_t>& requests);

// Reserves for a request what it costs at most in that mode, where less is reserved for
// it: it goes another way than was planned, or what was reserved is lost. False when
// there is no room; it keeps what it has.
bool reserve_as(std::int64_t graph_id, std::int64_t request_id, const std::string& mode);

}  // namespace kg_batch::store
