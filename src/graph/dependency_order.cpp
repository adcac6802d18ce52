#include "graph/dependency_order.h"

namespace kg_batch::graph {

DependencyOrder dependency_order(const std::vector<std::vector<std::size_t>>& needs) {
  enum class Visit { none, open, done };
  struct Frame {
    std::size_t node;
    std::size_t next;  // index into needs[node]
  };

  DependencyOrder result;
  result.order.reserve(needs.size());
  std::vector<Visit> visits(needs.size(), Visit::none);
  // A stack of its own: a chain may be as long as an answer.
  std::vector<Frame> path;
  for (std::size_t start = 0; start < needs.size(); ++start) {
    if (visits[start] != Visit::none) {
      continue;
    }
    visits[start] = Visit::open;
    path.push_back({start, 0});
    while (!path.empty()) {
      Frame& frame = path.back();
      if (frame.next == needs[frame.node].size()) {
        visits[frame.node] = Visit::done;
        result.order.push_back(frame.node);
        path.pop_back();
        continue;
      }
      const std::size_t which = frame.next++;
      const std::size_t needed = needs[frame.node][which];
      if (visits[needed] == Visit::open) {
        result.closing.push_back({frame.node, which});
      } else if (visits[needed] == Visit::none) {
        visits[needed] = Visit::open;
        path.push_back({needed, 0});
      }
    }
  }
  return result;
}

}  // namespace kg_batch::graph
