#include "stages/answer_item.h"

#include <limits>

#include "stages/answer_reader.h"

namespace kg_batch::stages {

const Json* field(const Json& item, const char* name) {
  if (!item.is_object()) {
    return nullptr;
  }
  const auto found = item.find(name);
  return found == item.end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::int64_t> long_integer(const Json* value) {
  if (value == nullptr || !value->is_number_integer()) {
    return std::nullopt;
  }
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return value->get<std::int64_t>();
}

std::optional<int> integer(const Json* value) {
  const std::optional<std::int64_t> number = long_integer(value);
  if (!number || *number < std::numeric_limits<int>::min() || *number > std::numeric_limits<int>::max()) {
    return std::nullopt;
  }
  return static_cast<int>(*number);
}

std::string_view string_in(const Json* value) {
  const auto* string = value == nullptr ? nullptr : value->get_ptr<const Json::string_t*>();
  return string == nullptr ? std::string_view{} : std::string_view(*string);
}

std::string body_of(const Json& item) {
  const std::string json = item.dump(-1, ' ', false, Json::error_handler_t::replace);
  return std::string(cut_text(json, max_rejected_body));
}

std::string named_item(std::string_view kind, std::optional<int> id, std::size_t place) {
  return std::string(kind) + (id ? " " + std::to_string(*id) : " number " + std::to_string(place + 1));
}

}  // namespace kg_batch::stages
