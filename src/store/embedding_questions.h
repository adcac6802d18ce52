// Embeddings of what things are called: which texts are asked about, each once for
// a graph and a model, and where their vectors are kept.
//
// Only in a database that has the extension vector (pgvector), and only for things
// that chunks of a job with `embedding_model` speak of. Everywhere else nothing is
// noted, so nothing is asked.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kg_batch::store {

class InquirySort;

inline constexpr std::string_view embedding_stage = "kg_embed";

const InquirySort& embedding_questions();

// In a round, under the graph's lock: things that these chunks, or these identities
// (keys), speak of are found by embeddings of the models that the chunks' jobs name.
void note_embedding_models(std::int64_t graph_id, const std::vector<std::int64_t>& chunks, const std::vector<std::string>& keys);

// In a round, under the graph's lock: what these identities are called now; "" for
// nothing that an embedding would find them by. A text without a vector is paid for
// by the job that named the model, which runs again.
struct TextOfIdentity {
  std::int64_t identity_id = 0;
  std::string text;
};
void note_texts(std::int64_t graph_id, const std::vector<TextOfIdentity>& texts);

// Texts that nothing is called by any more, with their vectors.
void drop_unused_texts(std::int64_t graph_id);

}  // namespace kg_batch::store
