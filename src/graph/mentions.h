// From a reading to mentions: the rows that are written for a chunk, with keys
// and with evidence down to the characters.
//
// Everything here is a pure function of the reading and the chunk. Nothing is
// looked up, so mentions of different chunks can be made in any order and by any
// number of pipelines. `n` counts from 1 within the chunk and kind, in the
// order of the answer.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/reading.h"
#include "stages/stage.h"

namespace kg_batch::graph {

using Key = std::array<std::uint8_t, 16>;  // first half of a SHA-256; a uuid in the tables

// As a uuid is written, and back; nothing else may be given to key_from.
std::string text_of(const Key& key);
Key key_from(std::string_view uuid);

// Where the chunk stands: what keys depend on besides the answer.
struct ParticipantIdentity {
  std::string name;                   // plain, without "(2)"
  std::optional<std::string> speaker_id;
  bool is_self = false;               // the nameless user of the graph
  bool nameless = false;              // "Speaker 1", a phone number, a kin word, "user": known here alone
  bool namesake = false;              // another participant of the conversation has the same name
};

struct MessagePlace {
  std::int64_t message_id = 0;
  std::string text;
  std::optional<std::int64_t> sent_at_us;
  std::optional<int> participant;     // index into Place::participants + 1; nothing for the assistant
  std::string segment_key;            // content key of its segment: what scopes what has no name
};

struct Place {
  std::string conversation_key;
  std::vector<ParticipantIdentity> participants;  // by participant id - 1
  std::vector<MessagePlace> messages;             // of chunk and context
  bool names_shared = false;                      // graph option names = 'shared'
};

struct FactRow {
  int n = 0;
  std::string text;
  Modality modality = Modality::asserted;
  bool negated = false;
  std::optional<int> said_by;             // participant id
  std::optional<std::int64_t> said_at_us; // of the first new sentence it cites
  std::int64_t first_message_id = 0;
};

struct SourceRow {
  int fact = 0;  // FactRow::n
  int n = 0;
  std::int64_t message_id = 0;
  int sentence_start = 0, sentence_end = 0;  // the cited sentence
  std::string quote;                         // as the model gave it
  bool matched = false;                      // the quote stands in the sentence, folded
  int span_start = 0, span_end = 0;          // of the quote, or of the sentence where it does not match
};

struct MentionRow {
  int n = 0;
  bool is_statement = false;
  std::string type, node_class, label, category;
  std::string label_key;  // name_key of the label
  bool named = false;
  Key key{};              // of its identity
  // What its key was scoped by besides names, owner and roles: "", a conversation,
  // segment or day, or what tells it from others of its name.
  std::string scope;
  std::optional<Key> owner;  // of a thing: identity of the one it belongs to
  std::optional<std::string> relation;  // what it is to its owner, from the closed list
  std::vector<std::string> aliases;
  std::vector<std::string> stated_aliases;  // those that words of the conversation give: by name_key
  std::vector<int> addressed_by;            // participants who address it by its label; 0: somebody who is none
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<std::string> hash_tags;
  int confidence = 0, importance = 0;
  std::optional<Date> start, end;
  bool replaces = false;
  std::optional<std::string> goal_status;
  bool negated = false;
  Modality modality = Modality::asserted;  // the surest of its facts
  std::vector<int> facts;                  // FactRow::n
  std::optional<std::int64_t> said_at_us;
  std::optional<int> participant;
};

struct EdgeRow {
  int n = 0;
  int statement = 0;  // MentionRow::n
  int target = 0;     // MentionRow::n
  std::string role;
  std::optional<std::string> role_text;
};

struct Mentions {
  std::vector<FactRow> facts;
  std::vector<SourceRow> sources;
  std::vector<MentionRow> nodes;   // things first, then statements, each in the answer's order
  std::vector<EdgeRow> edges;
  std::vector<Rejected> rejected;  // the reading's and what fell away here
};

Mentions mentions_of(const Reading& reading, const stages::Question& question, const Place& place);

}  // namespace kg_batch::graph
