#include "router.h"

namespace kg_sim {

namespace {

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t from = 1;
  while (from <= path.size()) {
    const std::size_t end = std::min(path.find('/', from), path.size());
    parts.push_back(path.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

}  // namespace

void Router::add(const std::string& method, const std::string& pattern, Handler handler) {
  routes_.push_back({method + " " + pattern, method, parts_of(pattern), std::move(handler)});
}

Router::Match Router::match(const std::string& method, const std::string& path) const {
  Match match;
  const std::vector<std::string> parts = parts_of(path);
  for (const Route& route : routes_) {
    if (route.pattern.size() != parts.size()) continue;
    bool same = true;
    std::vector<std::string> taken;
    for (std::size_t i = 0; i < parts.size() && same; ++i) {
      if (route.pattern[i].front() == '{') {
        same = !parts[i].empty();
        taken.push_back(parts[i]);
      } else {
        same = route.pattern[i] == parts[i];
      }
    }
    if (!same) continue;
    if (route.method != method) {
      match.other_method = true;
      continue;
    }
    match.route = &route;
    match.parts = std::move(taken);
    return match;
  }
  return match;
}

}  // namespace kg_sim
