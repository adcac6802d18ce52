// What WhatsApp writes in the place of words. On iOS it is marked (U+200E), in
// every language; on Android it is told by its form or by the words themselves,
// which are known in English, German, Spanish, French, Italian, Portuguese and
// Dutch.

#pragma once

#include <string>
#include <string_view>

namespace kg_batch::transcripts {

struct WhatsAppContent {
  std::string words;     // without marks, edited or attachment marks; as it stands when it is not read
  std::string skipped;   // media or deleted; empty when words of a person
  bool of_app = false;   // the app says it: a call, a poll, who was added
};

// `text` is what stands behind the name, with the lines that go on.
WhatsAppContent read_content(std::string_view text);

}  // namespace kg_batch::transcripts
