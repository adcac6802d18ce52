// Text that JSON libraries, databases and readers stumble over, put where a
// model's words should be. Serializing would mend or refuse most of it, so a
// placeholder goes through and its bytes are exchanged at the very end.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json.h"

namespace kg_sim {

struct HostileText {
  std::string bytes;    // what stands in place of the placeholder
  bool quoted = true;   // false: also in place of the quotes around it, as a number would
};

// Names of `bad_text`'s kinds, for messages.
std::string hostile_kinds();

// The bytes of one kind. In the model's own JSON ("answer") a backslash is
// escaped once more by the JSON around it; in the body itself it is not.
std::optional<HostileText> hostile_text(std::string_view kind, bool inside_answer);

// `depth` arrays, one in the other.
std::string nested_arrays(std::int64_t depth);

extern const std::string hostile_placeholder;

// Puts `text` before the first string of an answer, or the one at `pointer`;
// false when there is none.
bool put_before_text(Json& answer, const std::string& pointer, const std::string& text, bool replace = false);

std::string with_hostile_text(std::string serialized, const HostileText& hostile);

}  // namespace kg_sim
