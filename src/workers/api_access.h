// Where the API is and with which key: read by batch manager and pipelines,
// never by a user's backend, and never put into a text.

#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "openai/client.h"

namespace kg_batch::workers {

struct NoAccess {
  std::string reason, hint;  // what a person is told
};

// The key file must be a regular file that nobody but its owner can read, of at
// most 4 kB; without the setting the server's environment counts.
std::variant<openai::Endpoint, NoAccess> api_access();

// A line of a file with the key masked, as http.h does with answers that are not streamed.
std::string without_key(std::string_view line, std::string_view key);

}  // namespace kg_batch::workers
