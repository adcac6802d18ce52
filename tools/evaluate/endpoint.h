// Asks an endpoint, many questions at once, with the extension's own client.
//
// What may be asked again (too many requests, a server's fault, a broken
// transfer) is, up to five times with growing pauses; what stays without an
// answer says why. An answer that was refused, cut off or filtered is none.

#pragma once

#include <string>
#include <vector>

#include "openai/client.h"
#include "plan.h"

namespace kg_batch::evaluate {

struct EndpointOptions {
  openai::Endpoint endpoint;
  std::string model;
  std::string reasoning_effort;  // empty: the model's own
  int parallel = 8;
  std::string said_by;  // who answers; empty: the model as it names itself, at the endpoint
};

Answering answering_by(EndpointOptions options);

}  // namespace kg_batch::evaluate
