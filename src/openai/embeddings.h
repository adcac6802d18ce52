// Embeddings: texts as they are asked about, vectors as they come back, directly
// or in a line of a batch.
//
// A vector is taken whole or not at all. What a server sent counts only if each
// text has exactly one, told by `index` (never by order), all of one length, of
// finite numbers that are not all zero; else nothing of the answer does, as an
// `ApiError` that says what was wrong.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openai/client.h"

namespace kg_batch::openai {

inline constexpr std::string_view embeddings_url = "/v1/embeddings";
inline constexpr std::size_t most_embedding_inputs = 2'048;           // of a request
inline constexpr std::size_t most_embedding_inputs_of_batch = 50'000;  // of all requests of a batch
inline constexpr std::size_t most_dimensions = 16'000;                 // what pgvector can hold

enum class EncodingFormat { number, base64 };

// The body as JSON text; the same texts give the same bytes. Without `dimensions`
// the model's own.
std::string embeddings_body(std::string_view model, const std::vector<std::string>& texts, EncodingFormat format,
                            std::optional<std::size_t> dimensions);

HttpRequest embeddings_request(const Endpoint&, std::string body, long timeout_ms = 600'000);

// In either encoding, whichever was asked for: some servers know only numbers.
// `texts`: how many were asked about, where that is known.
Result<EmbeddingAnswer> read_embeddings(const HttpResponse& response, std::optional<std::size_t> texts = std::nullopt);

// Vectors as one text, to be stored and read again; bit for bit.
std::string pack_vectors(const std::vector<std::vector<float>>& vectors);
std::optional<std::vector<std::vector<float>>> unpack_vectors(std::string_view text);

}  // namespace kg_batch::openai
