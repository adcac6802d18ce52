// What is answered when a fault says that a request is not to go well.

#pragma once

#include <optional>

#include "application.h"
#include "faults.h"

namespace kg_sim {

// `handled` is the answer that it would have had, for a fault that acts after the work was done.
Response with_fault(Application& application, const Fault& fault, std::optional<Response> handled);

}  // namespace kg_sim
