#include "graph/embedding_text.h"

#include "graph/prepared_identity.h"

namespace kg_batch::graph {

std::optional<std::string> embedding_text(const IdentityView& identity) {
  if (!is_found_by_name(identity) || identity.type == "Property" || identity.label.empty()) return std::nullopt;
  if (has_conversation_name(identity)) return std::nullopt;
  if (identity.kind.empty()) return identity.label;
  return identity.label + " (" + identity.kind + ")";
}

}  // namespace kg_batch::graph
