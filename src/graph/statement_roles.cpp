#include "graph/statement_roles.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

#include "graph/dependency_order.h"

namespace kg_batch::graph {
namespace {

Rejected rejected_role(const Statement& statement, std::size_t role, std::string reason) {
  return {"statement " + std::to_string(statement.id) + ", role " + std::to_string(role + 1), std::move(reason),
          statement.roles[role].role + " " + std::to_string(statement.roles[role].node)};
}

// Roles in an order that does not depend on the answer's.
std::vector<std::size_t> sorted_roles(const Statement& statement) {
  std::vector<std::size_t> roles(statement.roles.size());
  std::iota(roles.begin(), roles.end(), std::size_t{0});
  std::stable_sort(roles.begin(), roles.end(), [&](std::size_t a, std::size_t b) {
    const auto rank = [&](const RoleOf& role) { return std::tie(role.node, role.role, role.role_text); };
    return rank(statement.roles[a]) < rank(statement.roles[b]);
  });
  return roles;
}

}  // namespace

StatementRoles statement_roles(const std::vector<Statement>& statements, const std::set<int>& things,
                               std::vector<Rejected>& rejected) {
  StatementRoles result;
  result.kept.resize(statements.size());
  for (std::size_t i = 0; i < statements.size(); ++i) {
    if (things.contains(statements[i].id) || !result.index_of.emplace(statements[i].id, i).second) {
      rejected.push_back({"statement " + std::to_string(statements[i].id), "its id is taken", statements[i].label});
    }
  }

  Needs needs;
  std::map<int, std::vector<std::size_t>> roles_of_needs;
  for (const auto& [id, index] : result.index_of) {
    const Statement& statement = statements[index];
    for (const std::size_t role : sorted_roles(statement)) {
      result.kept[index].push_back(role);
      needs[id].push_back(statement.roles[role].node);
      roles_of_needs[id].push_back(role);
    }
    needs.try_emplace(id);
  }
  const DependencyOrder order = dependency_order(needs);
  for (const ClosingNeed& closing : order.closing) {
    const std::size_t index = result.index_of.at(closing.id);
    const std::size_t role = roles_of_needs[closing.id][closing.which];
    std::erase(result.kept[index], role);
    rejected.push_back(rejected_role(statements[index], role, "closes a circle of statements"));
  }
  // One pass is enough: what a statement points to is settled before it.
  for (const int id : order.order) {
    const std::size_t index = result.index_of.at(id);
    const Statement& statement = statements[index];
    std::erase_if(result.kept[index], [&](std::size_t role) {
      const int node = statement.roles[role].node;
      const auto target = result.index_of.find(node);
      const bool leads_somewhere =
          things.contains(node) || (target != result.index_of.end() && !result.kept[target->second].empty());
      if (!leads_somewhere) {
        rejected.push_back(
            rejected_role(statement, role, "node " + std::to_string(node) + " is not among those that were kept"));
      }
      return !leads_somewhere;
    });
    std::sort(result.kept[index].begin(), result.kept[index].end());
    if (result.kept[index].empty()) {
      rejected.push_back({"statement " + std::to_string(id), "no role is left", statement.label});
    } else {
      result.order.push_back(index);
    }
  }
  return result;
}

}  // namespace kg_batch::graph
