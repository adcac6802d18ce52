// The query parameters that every list of the API takes.

#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api_error.h"
#include "http_message.h"
#include "json.h"

namespace kg_sim {

struct ListParameters {
  std::size_t limit = 0;
  std::string after;
};

std::variant<ListParameters, ApiError> read_list_parameters(const Request& request, std::int64_t default_limit,
                                                            std::int64_t most);

// Cuts one page out of `all` (objects with "id", in the order of the list). An
// `after` that is not in it is a 400: the service does not document what it does.
std::variant<Json, ApiError> page_of(std::vector<Json> all, const ListParameters& parameters);

}  // namespace kg_sim
