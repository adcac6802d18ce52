// What is to be as if it had never come: a conversation, or one message.
//
// Guarantees: afterwards no table holds its words, and the graph is the one that
// never had it; what was asked and paid stays in the ledger, without text. A hash
// stays of each message (tombstone), by which later ingests skip it. An answer that
// is still out is booked when it comes, and its text is not kept (request.chunk_id
// is 0 then). Pairs of which a model was shown what is gone are to be asked again.
//
// In a transaction that holds the graph's lock. Safe beside workers: whoever has
// one of its chunks in hand ends first, or finds nothing any more.

#pragma once

#include <cstdint>
#include <string>

namespace kg_batch::store {

// Returns how many messages went, 0 when that was done before. Errors: an unknown
// key or message, with the nearest as hint.
std::int64_t forget_conversation(std::int64_t graph_id, const std::string& key);
std::int64_t forget_message(std::int64_t graph_id, const std::string& key, const std::string& message_id);

}  // namespace kg_batch::store
