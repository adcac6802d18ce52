#include "durable_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace kg_sim {

void write_file_atomically(const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.flush();
    if (!out) throw std::runtime_error("could not write \"" + beside + "\": " + std::strerror(errno));
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0)
    throw std::runtime_error("could not rename \"" + beside + "\": " + std::strerror(errno));
}

std::optional<std::string> read_whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

}  // namespace kg_sim
