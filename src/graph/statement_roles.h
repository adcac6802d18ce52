// Which roles of which statements are written, and in which order statements
// can be keyed.
//
// A role that leads nowhere or closes a circle of statements is rejected. A
// statement without a role left is rejected too, and so is what led to it.

#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "graph/reading.h"

namespace kg_batch::graph {

struct StatementRoles {
  // Indices into Statement::roles, ascending, by index of the statement; empty
  // for a statement that is not written.
  std::vector<std::vector<std::size_t>> kept;
  // Indices of the statements that are written, each after those it points to.
  std::vector<std::size_t> order;
  std::map<int, std::size_t> index_of;  // by the answer's id
};

// `things` are the ids that roles may point to besides statements.
StatementRoles statement_roles(const std::vector<Statement>& statements, const std::set<int>& things,
                               std::vector<Rejected>& rejected);

}  // namespace kg_batch::graph
