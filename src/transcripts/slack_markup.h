// Slack's text as people see it: mentions, channels and links between < and >,
// and the three characters that are escaped because of them.

#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace kg_batch::transcripts {

using SlackNames = std::unordered_map<std::string, std::string>;  // of users, by id

std::string without_slack_markup(std::string_view text, const SlackNames& names);

}  // namespace kg_batch::transcripts
