// Reads "Name: words" transcripts.
//
// A line that begins with a name and a colon opens a message; lines without one
// go on with it. Optional time in brackets or before the name, as
// "[2024-05-03 18:20] Anna: …" or "2024-05-03 18:20 Anna: …".
// A text in which what stands before the colons are no names (fewer than half
// of the non-empty lines open or continue a message, more speakers than half
// the messages, a URL, a clock time alone) is refused with the first lines as
// they were read.

#pragma once

#include <string_view>

#include "transcripts/message.h"

namespace kg_batch::transcripts {

Read read_plain(std::string_view text);

}  // namespace kg_batch::transcripts
