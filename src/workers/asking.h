// Questions: planned from chunks, built again from the ledger.
//
// The body of a request follows from its chunk and its prompt; nobody stores it.
// It is built twice, when it is planned and when it is sent, by the same code;
// its hash is kept, and what no longer comes out the same is planned anew.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/chunk.h"
#include "store/queue.h"
#include "store/request.h"

namespace kg_batch::workers {

struct Prepared {
  store::Item claim;       // kind direct, of this worker
  store::Request request;  // state planned
  std::string body;
};

struct Body {
  std::string text, hash;
};
// As it is sent, with what it is found again by.
Body finished_body(std::int64_t graph_id, std::string body);

// What stands in the ledger once a draft is planned.
store::Request request_of(const store::Draft& draft, const store::PlanResult& result);

// In a transaction: plans the next question of each of these claimed chunks.
// Batch questions are put up for the batch manager; direct ones stay claimed by
// `worker_id` and are returned, ready to be sent.
std::vector<Prepared> plan_questions(std::int64_t worker_id, const std::vector<store::Item>& chunks);

// In a transaction: builds requests again. An entry is empty when its request is
// not to be sent any more (answered meanwhile) or comes out differently; the
// latter is planned anew. Claims are the caller's to release.
std::vector<std::optional<std::string>> rebuild_bodies(const std::vector<store::Request>& requests);

}  // namespace kg_batch::workers
