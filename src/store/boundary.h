// Boundaries that a model tells: which windows of a conversation (chunking/windows.h)
// are asked about by which request, and what came of it.
//
// A conversation waits as long as a window of it does. Whoever changes what waits
// holds the conversation's row, so a cut sees either what was read or that it waits
// still; and what is read hands the conversation in to be cut again.
//
// Guarantees: a window that waits has a request that is out, is planned or was
// answered and is put up to be read. One that waits no more is never read. What a
// message said before it was edited or forgotten decides nothing.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chunking/windows.h"
#include "stages/stage.h"
#include "store/conversation.h"

namespace kg_batch::store {

// Of those that a cut of it may need: segments from this message on.
std::vector<chunking::ReadSegment> told_segments(std::int64_t graph_id, std::int64_t conversation_id, std::int64_t first_message_id);

// What a model is shown of these messages of a conversation, one question for each list.
// A function of the messages and of who had spoken by then.
std::vector<stages::Question> window_questions(std::int64_t graph_id, std::int64_t conversation_id,
                                               const std::vector<std::vector<std::int64_t>>& windows);

struct BoundaryWindow {
  std::int64_t conversation_id = 0, request_id = 0;
  std::vector<std::int64_t> message_ids;
  bool reaches_end = false;
};
// These are what the conversation waits for, and nothing else is.
void set_waiting(std::int64_t graph_id, std::int64_t conversation_id, const std::vector<BoundaryWindow>& windows);
void wait_for_nothing(std::int64_t graph_id, const std::vector<std::int64_t>& conversation_ids);

// Of one request, by conversation. They show the same, so any of them will do to build the question.
std::vector<BoundaryWindow> waiting_windows(std::int64_t graph_id, std::int64_t request_id);
// To be called before any of these requests is locked.
void lock_waiting_conversations(std::int64_t graph_id, const std::vector<std::int64_t>& request_ids);

// A window is read: `arranged` is what was told of it. It waits no more.
void write_boundaries(std::int64_t graph_id, const BoundaryWindow& window, const std::vector<chunking::ToldSegment>& arranged, const char* told_by);
void wait_no_more(std::int64_t graph_id, const BoundaryWindow& window);
// As they stand; only texts and who is the assistant.
std::vector<chunking::Message> messages_of(std::int64_t graph_id, const BoundaryWindow& window);

// To be cut again, each by its own job; none of a job that was cancelled. One that
// waits for other windows besides only if `at_once`.
void hand_in_again(std::int64_t graph_id, const std::vector<std::int64_t>& conversation_ids, bool at_once);

// Their request is not to be sent: the conversations are cut again, and ask anew.
void withdraw_windows(std::int64_t graph_id, std::int64_t request_id);
// What waits in a cancelled job waits no more; who waited elsewhere for what it did
// not send asks for himself.
void withdraw_cancelled_windows(std::int64_t graph_id, std::int64_t job_id);
// These messages are edited or forgotten before they were cut.
void drop_boundaries(std::int64_t graph_id, const std::vector<std::int64_t>& message_ids);

}  // namespace kg_batch::store
