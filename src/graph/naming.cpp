#include "graph/naming.h"

namespace kg_batch::graph {

bool states_alias(std::string_view, std::string_view, std::string_view) { return false; }
bool addresses(std::string_view, std::string_view) { return false; }
bool is_short_form(std::string_view, std::string_view) { return false; }
std::optional<Key> addressee(std::string_view, const Key&, std::span<const ConversationParticipant>) {
  return std::nullopt;
}

}  // namespace kg_batch::graph
