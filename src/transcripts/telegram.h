// Reads the result.json of Telegram Desktop: one chat ("Export chat history") or
// a whole account (chats.list and left_chats.list), a conversation a chat.
//
// Ids and moments are Telegram's own. Service messages (calls, who joined, pins)
// are messages of nobody, files without words are media, forwarded words say so
// in front. Conversations are known as telegram/ID.

#pragma once

#include <string_view>

#include "transcripts/message.h"

namespace kg_batch::transcripts {

Read read_telegram(std::string_view text);

}  // namespace kg_batch::transcripts
