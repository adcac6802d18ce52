// Which handler a method and path lead to. A pattern's parts in braces match
// one part of the path: "/v1/files/{file_id}/content".

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "http_message.h"
#include "journal.h"
#include "json.h"

namespace kg_sim {

struct Call {
  const Request& request;
  std::vector<std::string> parts;  // what stood for the braces
  std::optional<Json> body;        // parsed, nullopt when it is not JSON
  JournalEntry& entry;             // what the handler wants to be known of it
};

using Handler = std::function<Response(Call&)>;

struct Route {
  std::string name;  // "GET /v1/files/{file_id}"
  std::string method;
  std::vector<std::string> pattern;
  Handler handler;
};

class Router {
 public:
  void add(const std::string& method, const std::string& pattern, Handler handler);
  struct Match {
    const Route* route = nullptr;
    std::vector<std::string> parts;
    bool other_method = false;  // the path is known, the method is not
  };
  Match match(const std::string& method, const std::string& path) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace kg_sim
