#include "list_parameters.h"

#include <algorithm>

namespace kg_sim {

std::variant<ListParameters, ApiError> read_list_parameters(const Request& request, std::int64_t default_limit,
                                                            std::int64_t most) {
  ListParameters parameters;
  parameters.limit = static_cast<std::size_t>(default_limit);
  if (const auto after = request.query.find("after"); after != request.query.end()) parameters.after = after->second;
  const auto limit = request.query.find("limit");
  if (limit == request.query.end()) return parameters;
  const std::string& text = limit->second;
  const bool digits = !text.empty() && text.size() < 10 &&
                      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits)
    return ApiError{400, "Invalid type for 'limit': expected an integer, but got a string instead.", "limit",
                    "invalid_type"};
  const std::int64_t number = std::stoll(text);
  if (number < 1)
    return ApiError{400, "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got " + text +
                             " instead.",
                    "limit", "integer_below_min_value"};
  if (number > most)
    return ApiError{400, "Invalid 'limit': integer above maximum value. Expected a value <= " + std::to_string(most) +
                             ", but got " + text + " instead.",
                    "limit", "integer_above_max_value"};
  parameters.limit = static_cast<std::size_t>(number);
  return parameters;
}

std::variant<Json, ApiError> page_of(std::vector<Json> all, const ListParameters& parameters) {
  std::size_t from = 0;
  if (!parameters.after.empty()) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Json& item) { return text_member(item, "id") == parameters.after; });
    if (found == all.end())
      return ApiError{400, "Invalid value for 'after': no object with id '" + parameters.after + "'.", "after",
                      "invalid_value"};
    from = static_cast<std::size_t>(found - all.begin()) + 1;
  }
  const std::size_t end = std::min(all.size(), from + parameters.limit);
  Json page = Json::object();
  page["object"] = "list";
  page["data"] = Json::array();
  for (std::size_t i = from; i < end; ++i) page["data"].push_back(std::move(all[i]));
  const Json& data = page["data"];
  const Json first = data.empty() ? Json(nullptr) : data.front()["id"];
  const Json last = data.empty() ? Json(nullptr) : data.back()["id"];
  page["first_id"] = first;
  page["last_id"] = last;
  page["has_more"] = end < all.size();
  return page;
}

}  // namespace kg_sim
