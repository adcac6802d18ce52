#include "workers/api_access.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "backend/settings.h"

namespace kg_batch::workers {

namespace {

std::string trimmed(std::string text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

std::variant<openai::Endpoint, NoAccess> api_access() {
  openai::Endpoint endpoint;
  endpoint.base_url = backend::settings::api_base_url();
  while (!endpoint.base_url.empty() && endpoint.base_url.back() == '/') endpoint.base_url.pop_back();
  const std::string path = backend::settings::api_key_file();
  if (path.empty()) {
    const char* const key = std::getenv("OPENAI_API_KEY");
    if (key == nullptr || trimmed(key).empty())
      return NoAccess{"no API key", "Set kg_batch.api_key_file, or OPENAI_API_KEY in the server's environment."};
    endpoint.api_key = trimmed(key);
    return endpoint;
  }
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    return NoAccess{"the API key file cannot be read", "kg_batch.api_key_file must name a file that the server's user can read."};
  if (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0 || status.st_size > 4096)
    return NoAccess{"the API key file is not private", "It must be a regular file of mode 0600 and at most 4 kB."};
  std::ifstream file(path);
  std::string key((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  endpoint.api_key = trimmed(std::move(key));
  if (endpoint.api_key.empty() || endpoint.api_key.find_first_of("\r\n") != std::string::npos)
    return NoAccess{"the API key file holds no key", "It must hold the key alone, on one line."};
  return endpoint;
}

std::string without_key(std::string_view line, std::string_view key) {
  constexpr std::size_t shortest = 6;  // masking "none" would only garble texts
  std::string shown(line);
  if (key.size() < shortest) return shown;
  for (std::size_t at = 0; (at = shown.find(key, at)) != std::string::npos;) shown.replace(at, key.size(), "***");
  return shown;
}

}  // namespace kg_batch::workers
