// kg_merge over the graph: which open pairs are asked, with which evidence of
// each side, and what becomes of the verdicts.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kg_batch::store {

class InquirySort;

const InquirySort& merge_questions();

// A round found these pairs of which nobody has said anything, or only `unsure`;
// the latter are asked again when their evidence has doubled. Keys as text, the
// lower first. `job_id` pays; 0: whoever works on the graph next.
void note_open_pairs(std::int64_t graph_id, std::int64_t job_id, const std::vector<std::string>& as, const std::vector<std::string>& bs,
                     const std::vector<std::int64_t>& evidence);

// What keeps two of which a model has not decided from being joined by it; "" nothing.
struct BarredPair {
  std::string a, b;  // keys as text, the lower first
  std::string by;
};
void set_barred(std::int64_t graph_id, const std::vector<BarredPair>& pairs);

// In a round, under the graph's lock: of these identities (keys), which got more
// mentions, what was `unsure` and has twice its evidence now is open again.
void reopen_doubled(std::int64_t graph_id, std::int64_t job_id, const std::vector<std::string>& keys);

// In a round, under the graph's lock: both of each pair that was decided since the
// last are to be looked at.
void take_decisions(std::int64_t graph_id);

}  // namespace kg_batch::store
