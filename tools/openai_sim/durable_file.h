// Small files that a kill at any moment leaves either old or new.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kg_sim {

// Writes beside it and renames; throws std::runtime_error when it cannot.
void write_file_atomically(const std::string& path, std::string_view text);

std::optional<std::string> read_whole_file(const std::string& path);

}  // namespace kg_sim
