// What a transcript or an export gives: messages in the order in which they
// stand, or why it is none.
//
// An id is given where the export has one, or where its times make one: then the
// same message has the same id in a later, longer export of the same chat, also
// in one that begins later or was made on a phone that has moved to another zone.

#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kg_batch::transcripts {

struct Message {
  std::string conversation;             // its key within an export that may hold several; empty where it holds one
  std::optional<std::string> id;
  std::string speaker;                  // empty: the app itself
  std::string speaker_id;               // empty where there is none
  std::string content;
  std::optional<std::string> sent_at;   // for timestamptz to read; in the reader's time zone unless it names one
  std::optional<std::string> reply_to;
  std::string skipped;                  // why it is not read: media, deleted; empty when it may be
  std::string place;                    // where it stands, as "line 5" or "message 5"
};

struct Refused {
  std::string what;                     // begins the sentence that `reason` ends: "what: reason"
  std::string reason;                   // lower case, no full stop
  std::string detail, hint;             // sentences, or empty
};

struct Written {
  std::vector<Message> messages;
  std::string key;                      // of the one conversation it holds, where the export says one
  int replaced = 0;                     // characters that no text may hold
  bool ids_are_of_moments = false;      // an id is one of the words said at the moment `sent_at`: several may be equal there, and in other moments
};

using Read = std::variant<Written, Refused>;

}  // namespace kg_batch::transcripts
