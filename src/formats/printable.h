// Text as it may be shown at a terminal or stand in a log, whatever is in it:
// names of jobs, graphs and speakers are anybody's.

#pragma once

#include <string>
#include <string_view>

namespace kg_batch::formats {

// Characters that a terminal obeys rather than shows, or that show others in
// another order, are written as \u001B; a tab stays, and so do line feeds where
// the text may have lines.
std::string printable(std::string_view text, bool has_lines = true);

// A literal of SQL with this value, for a statement that somebody is to copy.
std::string sql_literal(std::string_view text);

}  // namespace kg_batch::formats
