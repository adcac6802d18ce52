// Rows that a caller handed in and that cannot be messages: they are kept with the
// reason, and the rest is taken.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kg_batch::store {

struct RejectedInput {
  std::int64_t graph_id = 0;
  std::optional<std::int64_t> job_id;
  std::string item, reason, body;  // item: which row it is
};

void reject_rows(const std::vector<RejectedInput>& rejected);

}  // namespace kg_batch::store
