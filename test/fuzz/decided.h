// What holds of every answer to a question about decisions (stages/decisions.h).

#pragma once

#include <algorithm>
#include <set>
#include <string_view>
#include <variant>

#include "openai/json_text.h"
#include "prompt_examples.h"
#include "require.h"
#include "stages/decisions.h"
#include "target.h"

namespace kg_batch::fuzz {

// `id_of` checks a decision and gives the id of what it decides.
template <typename Decision>
void require_decided(std::string_view answer, const char* items, const stages::DecidedOrBad<Decision>& result, std::size_t asked,
                     const auto& id_of) {
  if (const auto* bad = std::get_if<stages::BadAnswer>(&result)) {
    require(!bad->reason.empty(), "a bad answer says why");
    require_storable(bad->reason);
    return;
  }
  const auto& decided = std::get<stages::Decided<Decision>>(result);
  require_told(decided.rejected);
  std::set<int> ids;
  for (const Decision& decision : decided.decisions) {
    require(decision.confidence >= 0 && decision.confidence <= 1000, "a confidence is within 0 and 1");
    require(ids.insert(id_of(decision)).second, "each is decided once");
  }
  ids.insert(decided.unanswered.begin(), decided.unanswered.end());
  require(ids.size() == asked && decided.decisions.size() + decided.unanswered.size() == asked,
          "what was asked is decided or unanswered, never both");
  // Rows of a field have a comma in their name.
  const auto rejected = static_cast<std::size_t>(
      std::count_if(decided.rejected.begin(), decided.rejected.end(), [](const graph::Rejected& one) { return one.item.find(',') == std::string::npos; }));
  const std::size_t answered = openai::parse_untrusted(answer)->value[items].size();
  require(answered == decided.decisions.size() + static_cast<std::size_t>(decided.repeated) + rejected,
          "answered = decisions + repeated + rejected");
}

}  // namespace kg_batch::fuzz
