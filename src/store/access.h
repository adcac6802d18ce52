// Graphs by name, and who may do what on them.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kg_batch::store {

enum class Right : int { reader = 1, auditor = 2, writer = 3, admin = 4 };

// The id of a graph on which `role` has the right. Errors: an unknown graph,
// with the nearest name that the role may see as hint; permission denied.
// `default` is made by the first call that needs it, by a role that may
// (superusers and the extension's owner); this makes the database a home too.
std::int64_t graph_for(unsigned int role, const std::string& graph, Right right);

// Whether a role has the right on a graph that exists.
bool has_right(unsigned int role, std::int64_t graph_id, Right right);

// Whether a role may do everything everywhere: superusers, members of the owner.
bool is_all_powerful(unsigned int role);

// Throws unless the role is all-powerful: stop, resume of a copy, create_graph.
void require_all_powerful(unsigned int role, const char* what);

std::int64_t create_graph(const std::string& name, const std::string& options_json);
// Options over those that it has; null takes one away. Where names changes, all keys are
// made anew (rekeying.h). Returns how many chunks were asked about under another `self`.
// Errors: as create_graph's, and those of rekeying.
std::int64_t alter_graph(std::int64_t graph_id, const std::string& changes_json);
// With all that is its own but the usage by day. Errors: something is out.
void drop_graph(std::int64_t graph_id, const std::string& name);
void grant_access(const std::string& role, const std::string& level, std::int64_t graph_id);

struct GraphOptions {
  std::string self;              // who a nameless user is; empty: nobody in particular
  bool names_shared = false;     // names = 'shared'
  std::string timezone = "UTC";  // in which times are shown to the model
};
GraphOptions graph_options(std::int64_t graph_id);

}  // namespace kg_batch::store
