// Boundaries by a model: the questions that a conversation waits for before it can
// be cut, and their answers. What stands where, and who waits, is store/boundary.h.
//
// An answer that cannot be used is asked for again, and after `max_attempts` the
// window is divided as `rules` would: nobody waits for ever, and no message is lost.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chunking/cuts.h"
#include "store/conversation.h"
#include "store/job.h"
#include "store/queue.h"
#include "store/request.h"

namespace kg_batch::workers {

// In a transaction, at its end: asks about the windows that a cut wants, and makes them
// what the conversation waits for, also when there are none. False when the budget had no
// room for some: the conversation is to be parked.
bool plan_windows(const store::Uncut& conversation, const store::Job& job, const std::vector<chunking::Window>& windows);

// In a transaction: the body of such a request; nothing when it comes out otherwise now or
// nobody waits for it, and is planned anew.
std::optional<std::string> rebuild_window(const store::Request& request);

// In a transaction: takes those of these claimed requests that ask about windows, reads
// what they were answered, and hands their conversations in again. Returns the others.
std::vector<store::Item> read_windows(const std::vector<store::Item>& requests);

// In a transaction: the answer of this request cannot be read by this library. False when
// it does not ask about windows.
bool give_up_windows(const store::Item& request, const std::string& why);

}  // namespace kg_batch::workers
