// What there is of each job, counted as it comes and goes: chunks by state,
// conversations, the queue (src/schema/25_tables_counting.sql), nodes and edges.
// Triggers, and rounds, note what each statement changes; here the notes are taken
// into one row each.

#pragma once

#include <cstdint>

namespace kg_batch::store {

// Takes in what is noted, up to a few seconds' worth; true when there is more.
// Does nothing while somebody else does it, or drops a graph.
bool fold_counts();

// Nodes and edges that a round with chunks of a job made, in the round's transaction.
void note_made(std::int64_t graph_id, std::int64_t job_id, std::int64_t nodes, std::int64_t edges);

// After a restore or copy: notes what the counts are wrong by.
void count_anew();

// Of a graph that is dropped, whoever folds locked out.
void forget_counts(std::int64_t graph_id);

}  // namespace kg_batch::store
