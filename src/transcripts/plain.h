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

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kg_batch::transcripts {

struct Message {
  std::string speaker;
  std::string content;
  std::optional<std::string> sent_at;  // as it stands in the text, for timestamptz to read
  int line = 0;                        // from 1
};

struct Refused {
  std::string reason;                  // lower case, no full stop
  std::vector<std::string> as_read;    // first lines, as speaker and words
};

std::variant<std::vector<Message>, Refused> read_plain(std::string_view text);

}  // namespace kg_batch::transcripts
