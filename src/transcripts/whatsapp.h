// Reads what "Export chat" of WhatsApp writes, on Android and on iOS.
//
// The first line that is not empty begins with a time (whatsapp_heading.h); each
// further line with a time of the same look opens a message, others go on with
// it. Who was added, calls, changed subjects and the like are messages of nobody;
// media and deleted messages are there with the reason why they are not read
// (whatsapp_phrases.h). Times are local.
//
// Refused when the first line has no such time, when a date is none, and when
// dates could have the day or the month first and nothing in the file tells
// which, unless `order` says so.

#pragma once

#include <optional>
#include <string_view>

#include "transcripts/message.h"
#include "transcripts/whatsapp_heading.h"

namespace kg_batch::transcripts {

bool looks_like_whatsapp(std::string_view text);
Read read_whatsapp(std::string_view text, std::optional<DateOrder> order = std::nullopt);

}  // namespace kg_batch::transcripts
