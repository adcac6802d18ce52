// What is handed in becomes conversations and messages, set by set.
//
// Guarantees: the same message handed in again is a repeat and writes nothing;
// the same id with another text is an edit. A message that was not cut yet is
// edited in place; one that was is replaced by a new version, which is read
// alone, and a round rests the facts of the old one. Messages whose tombstone
// is there stay forgotten. All is written in the caller's transaction, and each
// conversation is locked from its first message in this call to the end.
//
// A call is one delivery to each conversation, however many pages it comes in:
// what is cut does not depend on the size of pages.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/sha256.h"

namespace kg_batch::store {

// Validated before it comes here: keys and names of at most `longest_key`
// bytes, valid UTF-8 without U+0000.
struct IncomingMessage {
  std::string conversation;         // the user's key
  std::optional<std::string> id;    // the user's; without one its content stands in
  std::string role = "user";        // user, assistant, system, developer, tool
  std::string speaker, speaker_id;  // empty where the log has none
  std::optional<std::int64_t> sent_at_us;
  std::optional<std::string> session, reply_to;
  std::string content;
  std::string skipped;  // why it is not read: role, media, deleted, empty; empty when it is
  int repaired = 0;     // characters that were replaced
};

inline constexpr std::size_t longest_key = 1'000;  // bytes: keys are indexed

struct IngestTarget {
  std::int64_t graph_id = 0;
  std::int64_t job_id = 0;  // not needed when nothing is stored
  int priority = 2;         // lower first, below `parked` (store/queue.h)
  bool final = false;       // nothing more comes: all that is open is closed
  bool dry_run = false;     // everything is looked up, nothing stored
};

struct IngestReport {
  std::int64_t conversations = 0;  // touched
  std::int64_t known = 0;          // of these, with messages before
  std::int64_t added = 0;
  std::int64_t edits = 0;
  std::int64_t repeats = 0;
  std::int64_t forgotten = 0;  // stayed forgotten
  std::int64_t repaired = 0;   // characters
  std::map<std::string, std::int64_t> skipped;  // of added and edited ones, by reason
};

class Ingest {
 public:
  explicit Ingest(const IngestTarget& target);

  // Stores one page; gives the places in it of what is new and will be read.
  std::vector<std::size_t> take(const std::vector<IncomingMessage>& page);
  // A conversation without messages, so that `final` closes it; no error when it is unknown.
  void touch(const std::string& conversation);
  // Counts, closes and queues what was taken; nothing more may be taken.
  void finish();

  const IngestReport& report() const { return report_; }

 private:
  struct Conversation {
    std::int64_t conversation_id = 0;
    std::uint64_t number = 0;  // within this call
    int messages = 0;
    int deliveries = 0;
    int cut_deliveries = 0;
    int delivery = 0;       // of this call's new messages, 0 before the first
    int edit_delivery = 0;  // of this call's edits of what was cut
    bool existed = false;   // had messages before this call
    bool taken = false;     // has messages of an earlier page
    bool fresh = false;     // has something new to read
    bool changed = false;
    std::unordered_map<std::string, int> participants;  // by name_of_participant, from 1
    std::vector<std::pair<std::string, std::string>> new_participants;  // name, speaker_id
  };
  struct Row;     // a message to insert or to edit in place
  struct Stored;  // a message that is there
  struct Incoming;

  bool nobody_has(const std::vector<std::string>& keys) const;
  void open_conversations(const std::vector<IncomingMessage>& page);
  std::vector<Incoming> identify(const std::vector<IncomingMessage>& page);
  void drop_forgotten(std::vector<Incoming>& incoming);
  std::vector<std::optional<Stored>> look_up(const std::vector<Incoming>& incoming) const;
  std::optional<int> participant_of(Conversation& conversation, const IncomingMessage& message) const;
  void insert(const std::vector<Row>& rows) const;
  void edit_in_place(const std::vector<Row>& rows) const;
  void count(const IncomingMessage& message);
  void finish_conversations(const std::vector<Conversation*>& conversations);

  IngestTarget target_;
  std::unordered_map<std::string, Conversation> conversations_;
  std::unordered_map<std::uint64_t, int> equal_before_;  // messages without id, by conversation and content
  IngestReport report_;
};

// Closes everything that is open in the graph and queues it; how many conversations.
std::int64_t flush(std::int64_t graph_id);

// What stays of a message that is forgotten. Fields are told apart by their lengths.
graph::Sha256Digest tombstone_hash(std::string_view conversation_key, std::string_view message_key);

}  // namespace kg_batch::store
