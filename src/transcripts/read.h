// Which of the ways in which conversations are written down a text is in, and
// its messages.

#pragma once

#include <optional>
#include <string_view>

#include "transcripts/message.h"
#include "transcripts/whatsapp_heading.h"

namespace kg_batch::transcripts {

enum class Format { plain, whatsapp, telegram, slack };

std::optional<Format> format_named(std::string_view name);
std::optional<DateOrder> date_order_named(std::string_view name);

// By what the text begins with; plain when it is none of the others.
Format recognised(std::string_view text);

Read read(std::string_view text, Format format, std::optional<DateOrder> order);

}  // namespace kg_batch::transcripts
