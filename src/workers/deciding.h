// Questions about the graph: gathered, kept, asked, their answers taken in. What
// is asked and what becomes of it is the sort's to say (store/inquiry.h).

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/queue.h"
#include "store/request.h"
#include "workers/asking.h"

namespace kg_batch::workers {

// In a transaction: plans whatever the job of this claimed item has open, and
// releases the claim. Direct questions stay claimed by `worker_id` and are
// returned, ready to be sent; what the budget has no room for is parked.
std::vector<Prepared> plan_inquiries(std::int64_t worker_id, const store::Item& decide);

// In a transaction: the body of a request about the graph out of the document
// that was kept; nothing when it comes out otherwise now, and is planned anew.
std::optional<std::string> rebuild_inquiry(const store::Request& request);

// In a transaction: reads the answers of these claimed requests, or takes in that
// they failed. The claims are released.
void conclude(const std::vector<store::Item>& requests);

// In a transaction: the answer of this request cannot be read by this library.
void give_up(const store::Item& request, const std::string& why);

}  // namespace kg_batch::workers
