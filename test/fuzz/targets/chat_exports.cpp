// Exports of chat apps, in whichever format a text looks like, and WhatsApp's
// with each order of dates.

#include <set>
#include <string>
#include <variant>

#include "openai/json_text.h"
#include "require.h"
#include "target.h"
#include "transcripts/read.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() {
  return {"12/31/24, 10:15\u202FPM - Anna: I moved.\nIt was cold.\n12/31/24, 10:16\u202FPM - Ben Ott: <Media omitted>\n",
          "1/2/24, 10:15 - Anna added Ben\n1/3/24, 10:15 - Ben: This message was deleted\n",
          "\u200E[31.12.24, 22:15:03] ~\u00A0Ben: \u200Eimage omitted\r\n[31.12.24, 22:15:04] Anna: hi @\u2068Ben\u2069 \u200E<This message was edited>\r\n",
          "31.12.24, 22:15 - Anna: IMG-1.jpg (file attached)\nOur house\n31.12.24, 22:15 - Anna changed the name from \"a: b\"",
          R"({"name":"Ben","type":"personal_chat","id":4711,"messages":[{"id":1,"type":"message","date_unixtime":"1735679703","from":"Anna","from_id":"user12","text":["a ",{"type":"code","text":"b"}],"reply_to_message_id":7},{"id":2,"type":"service","actor":"Anna","action":"phone_call","date":"2024-12-31T22:15:00"}]})",
          R"({"chats":{"list":[{"id":5,"messages":[{"id":1,"type":"message","text":"a","forwarded_from":"Tom"}]}]},"left_chats":{"list":[]}})",
          R"([{"type":"message","user":"U1","ts":"1735679703.000200","text":"<@U1> <https://x.org|a> &amp; <!here>","user_profile":{"real_name":"Anna"},"thread_ts":"1.2"}])",
          R"({"users":[{"id":"U1","profile":{"real_name":"Anna"}}],"messages":[{"ts":"1.2","user":"U1","text":"","files":[{}]}]})"};
}

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kg_batch;
  using namespace kg_batch::transcripts;
  using fuzz::require;
  // The database hands in valid text.
  const std::string text = openai::sanitize_utf8(fuzz::text_of(data, size));
  const Format format = recognised(text);
  for (const std::optional<DateOrder> order : {std::optional<DateOrder>(), std::optional(DateOrder::dmy), std::optional(DateOrder::mdy)}) {
    const Read result = read(text, format, order);
    if (const auto* refused = std::get_if<Refused>(&result)) {
      require(!refused->what.empty() && !refused->reason.empty(), "a refusal says why");
      for (const std::string* said : {&refused->what, &refused->reason, &refused->detail, &refused->hint}) {
        fuzz::require_storable(*said);
      }
      continue;
    }
    for (const Message& message : std::get<Written>(result).messages) {
      require(!message.place.empty(), "a message says where it stands");
      require(message.skipped.empty() || message.skipped == "media" || message.skipped == "deleted", "what is not read has a reason of the list");
      for (const std::string* said : {&message.conversation, &message.speaker, &message.speaker_id, &message.content}) {
        fuzz::require_storable(*said);
      }
      if (format == Format::whatsapp) {
        require(message.sent_at->size() == 19, "a time of the calendar");
        require(message.content.size() <= text.size(), "nothing is read twice");
      }
    }
  }
  return 0;
}
