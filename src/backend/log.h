// Messages to the server's log and to the client. Nothing here raises: levels
// from ERROR up do not exist. Whatever names stand in them, they hold nothing that a
// terminal would obey.

#pragma once

#include <string>

namespace kg_batch::backend {

enum class Level { debug, log, notice, warning };

void report(Level level, const std::string& message, const std::string& detail = "", const std::string& hint = "");

}  // namespace kg_batch::backend
