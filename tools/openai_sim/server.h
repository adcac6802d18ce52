// HTTP/1.1 on one event loop: thousands of connections wait at once, each for
// its timer, its client or its turn. What is answered is decided elsewhere.
//
// A body is read in pieces of 64 KB and handed on; an answer that does not need
// it is sent before it is read. Every byte of a response is written here, so
// that it can also be written wrongly.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "application.h"

namespace kg_sim {

// Serves until SIGTERM or SIGINT. `on_listening` gets the port. Throws
// std::exception when it cannot listen.
void serve(Application& application, const std::string& host, std::uint16_t port,
           const std::function<void(std::uint16_t)>& on_listening);

}  // namespace kg_sim
