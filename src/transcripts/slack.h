// Reads a file of a Slack export: the messages of one channel and one day, an
// array; or that and the workspace's users.json as
// {"users": […], "messages": […]}, for the names of who is mentioned.
//
// A message is known by its ts. Who joined, topics, bots and the like are
// messages of nobody, files without words are media, tombstones are deleted.

#pragma once

#include <string_view>

#include "transcripts/message.h"

namespace kg_batch::transcripts {

bool looks_like_slack(std::string_view text);
Read read_slack(std::string_view text);

}  // namespace kg_batch::transcripts
