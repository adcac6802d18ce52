// "Name: words" transcripts.

#include <algorithm>
#include <set>
#include <variant>

#include "chunking/characters.h"
#include "transcripts/plain.h"
#include "openai/json_text.h"
#include "require.h"
#include "target.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() {
  return {"Anna: I moved.\nTo Berlin.\n\nIn May.\nBen: Really?\n",
          "\xEF\xBB\xBF" "Anna: a\r\nBen: b\r\nAnna:\r\nc",
          "[2024-05-03 18:20] Anna: a\n2024-05-03 18:21:05 Ben: b",
          "2024-05-03T18:20:11Z Anna: a\n2024/05/03 6:20 PM Ben: b",
          "[2024-05-03 18:20+02:00] Anna: a\n2024-05-03 - Ben: b",
          "[18:20] Anna: a\n18:21 Ben: b\n[5/3/24, 6:20 PM] Anna: c\n[2024-02-30 18:20] Ben: d",
          "Jan van Dyk: a\nuser_42: b\nО'Нил Мария: c\n小明：你好\nJan van Dyk: d\nuser_42: e\nО'Нил Мария: f\n小明：g",
          "+49 170 1234567: hi\n+49 170 1234567: there",
          "Note: buy milk\nTodo: call\nhttps://example.org\n10:30 leave"};
}

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kg_batch;
  using fuzz::require;
  // The database hands in valid text.
  const std::string text = openai::sanitize_utf8(fuzz::text_of(data, size));
  const auto result = transcripts::read_plain(text);
  if (const auto* refused = std::get_if<transcripts::Refused>(&result)) {
    require(!refused->what.empty() && !refused->reason.empty(), "a refusal says why");
    require(std::count(refused->detail.begin(), refused->detail.end(), '\n') <= 5, "with the first lines");
    fuzz::require_storable(refused->reason);
    fuzz::require_storable(refused->detail);
    return 0;
  }
  const auto& messages = std::get<transcripts::Written>(result).messages;
  require(!messages.empty(), "a transcript that is taken has a message");
  int lines = 0;
  for (std::size_t at = 0; at < text.size(); at = chunking::line_at(text, at).next) {
    ++lines;
  }
  int last = 0;
  std::set<std::string> speakers;
  std::size_t read = 0;
  for (const transcripts::Message& message : messages) {
    require(message.place.starts_with("line "), "a message says where it stands");
    const int line = std::stoi(message.place.substr(5));
    require(line > last && line <= lines, "messages are in the order of their lines");
    last = line;
    require(!message.speaker.empty() && chunking::trimmed(message.speaker) == message.speaker, "a speaker has a name");
    require(message.speaker.find(':') == std::string::npos, "a name ends at the first colon");
    fuzz::require_storable(message.speaker, 60);
    fuzz::require_storable(message.content);
    require(text.find(message.speaker) != std::string::npos, "a name stands in the text");
    require(!message.sent_at || text.find(*message.sent_at) != std::string::npos, "a time stands in the text");
    speakers.insert(message.speaker);
    read += message.speaker.size() + message.content.size();
  }
  require(read <= text.size(), "nothing is read twice");
  require(speakers.size() <= 2 || speakers.size() * 2 <= messages.size(), "who speaks is heard again");
  return 0;
}
