// Whose database this is. A copy (template, dump and restore, pg_upgrade) has no
// `home` row or one that does not match, and nothing runs in it until `resume()`
// makes it its own: so a copy never spends, and never touches the original's
// batches.

#pragma once

#include <string>

namespace kg_batch::store {

enum class Home { ours, missing, foreign };

Home look_at_home();
// First use of a fresh installation: no graph exists yet.
void make_home_if_new();
// `same` keeps the installation id where there is one (after pg_upgrade).
void take_home(bool same);
std::string installation_id();  // empty without a home

bool is_stopped();
void set_stopped(bool stopped);

}  // namespace kg_batch::store
