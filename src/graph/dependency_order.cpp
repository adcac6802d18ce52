#include "graph/dependency_order.h"

namespace kg_batch::graph {

DependencyOrder dependency_order(const Needs& needs) {
  enum class Visit { none, open, done };
  struct Step {
    Needs::const_iterator at;
    std::size_t next = 0;
  };

  DependencyOrder result;
  std::map<int, Visit> visits;
  // A stack of its own: a chain may be as long as an answer.
  std::vector<Step> path;
  for (auto start = needs.begin(); start != needs.end(); ++start) {
    if (visits[start->first] != Visit::none) {
      continue;
    }
    visits[start->first] = Visit::open;
    path.push_back({start});
    while (!path.empty()) {
      Step& step = path.back();
      const auto& [id, needed_ids] = *step.at;
      if (step.next == needed_ids.size()) {
        visits[id] = Visit::done;
        result.order.push_back(id);
        path.pop_back();
        continue;
      }
      const std::size_t which = step.next++;
      const auto needed = needs.find(needed_ids[which]);
      if (needed == needs.end()) {
        continue;
      }
      Visit& visit = visits[needed->first];
      if (visit == Visit::open) {
        result.closing.push_back({id, which});
      } else if (visit == Visit::none) {
        visit = Visit::open;
        path.push_back({needed});
      }
    }
  }
  return result;
}

}  // namespace kg_batch::graph
