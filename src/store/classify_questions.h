// kg_classify over the graph: which open kinds are asked about, with which labels
// and facts of their nodes, and where they are filed by what is answered.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kg_batch::store {

class InquirySort;

const InquirySort& classify_questions();

// In a round, under the graph's lock: the kinds of what these chunks, or these
// identities (keys), say. `job_id` pays for what no taxon is called by; 0: whoever
// works on the graph next.
void note_kinds(std::int64_t graph_id, std::int64_t job_id, const std::vector<std::int64_t>& chunks, const std::vector<std::string>& keys);

}  // namespace kg_batch::store
