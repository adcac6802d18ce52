// Conversations as the cutter sees them, and the segments and chunks it makes.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chunking/cuts.h"
#include "store/queue.h"

namespace kg_batch::store {

// What of a conversation is to be cut now: the open run, and each edit of a
// message that was cut before, which is read again alone.
struct UncutRun {
  chunking::CutInput input;
  int participants_before = 0;  // who spoke before it, by first appearance
};

struct Uncut {
  std::int64_t graph_id = 0, conversation_id = 0, job_id = 0;
  int priority = 2;
  int deliveries = 0;  // up to which it is cut now
  bool more = false;   // others come after them
  std::string key;
  UncutRun open;
  std::vector<UncutRun> edits;  // one message each
};

// Locks the conversation. Nothing when it is gone. Edits are cut one delivery at
// a time, because what is shown as context are the words as they stood: else it
// would matter how many deliveries a worker finds.
std::optional<Uncut> load_uncut(std::int64_t graph_id, std::int64_t conversation_id);

struct CutRun {
  const Uncut* conversation;
  const UncutRun* run;  // its open run, or one of its edits
  chunking::Cuts cuts;
  std::string plan_stage;  // the first stage of the job's plan
};

// Writes segments and chunks, marks messages as taken or skipped, and puts the chunks
// up to be asked, with one statement a table for all of these runs of one graph.
void write_cuts(std::int64_t graph_id, const std::vector<CutRun>& runs);
// All deliveries up to `conversation->deliveries` are cut, or up to the one that waits
// for boundaries. Open runs, at most one of each conversation.
void mark_cut(std::int64_t graph_id, std::span<const CutRun> runs);
void mark_cut_failed(std::int64_t graph_id, std::int64_t conversation_id, const std::string& error);

}  // namespace kg_batch::store
