#include "graph/resolution.h"

namespace kg_batch::graph {

std::string_view name_of(BlockKind) { return "name"; }
std::vector<BlockKey> block_keys(const IdentityView&, const TokenFrequency&) { return {}; }
int score(const IdentityView&, const IdentityView&) { return 0; }
bool is_candidate(const IdentityView&, const IdentityView&, const TokenFrequency&) { return false; }
std::optional<RuleVerdict> rule(const IdentityView&, const IdentityView&) { return std::nullopt; }
std::optional<std::string_view> veto(const IdentityView&, const IdentityView&) { return std::nullopt; }
Treatment treatment(const IdentityView&, const IdentityView&, const TokenFrequency&) { return Treatment::apart; }

}  // namespace kg_batch::graph
