// A round: mentions of finished chunks are folded into identities, nodes and
// edges.
//
// Guarantees: folding is commutative and idempotent (a chunk is folded once, in
// the transaction that says so), with integers, COLLATE "C" and the total order,
// so the graph is the same whatever the order of chunks and rounds. Its cost is
// that of the new mentions; what has to be taken out again (facts of edited
// messages) is computed anew for the identities that it touches.
//
// One round a graph at a time: the caller holds the claim of the graph's round
// items and the graph's lock.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace kg_batch::store {

struct RoundResult {
  std::int64_t nodes = 0, edges = 0;  // new ones
};

RoundResult fold_chunks(std::int64_t graph_id, const std::vector<std::int64_t>& chunk_ids);

// Facts that cite a replaced message rest, and what they carried is folded anew.
void rest_replaced(std::int64_t graph_id, std::int64_t job_id);

// Sums up these identities, by key, from zero: for what can only be added to and has
// to be taken back (facts that rest or count again, mentions that have another
// key). Those of which no live mention is left are gone, and nodes with them.
// `freed` are statements that lost their nodes on the way (store/resolution.h).
void fold_again(std::int64_t graph_id, const std::set<std::string>& keys, const std::vector<std::string>& freed = {},
                std::int64_t job_id = 0);

// What the nodes of these identities show, after a person corrected it.
void show_again(std::int64_t graph_id, const std::set<std::string>& keys);

// Joins and parts what is marked as unresolved (store/resolution.h).
RoundResult resolve_now(std::int64_t graph_id, std::int64_t job_id = 0, bool recompare = false);

// Keeps the planner from believing that tables are as small as they were.
void analyze_grown();

}  // namespace kg_batch::store
