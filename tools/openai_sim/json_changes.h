// {"set":{POINTER:VALUE},"remove":[POINTER]}: how faults change a JSON value.

#pragma once

#include <optional>
#include <string>

#include "json.h"

namespace kg_sim {

// An error text for changes that are none.
std::optional<std::string> wrong_changes(const Json& parameters);

// What cannot be changed, because there is nothing of the kind, stays as it is.
Json changed(Json value, const Json& parameters);

}  // namespace kg_sim
