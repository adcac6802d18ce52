// What was sent and what came back, whichever endpoint it is of: chat completions,
// or embeddings.

#pragma once

#include <string>
#include <variant>

#include "openai/batch_file.h"
#include "openai/client.h"
#include "store/request.h"

namespace kg_batch::workers {

using Answered = std::variant<openai::ChatAnswer, openai::EmbeddingAnswer, openai::ApiError>;

openai::HttpRequest direct_request(const openai::Endpoint& endpoint, const std::string& stage, std::string body);
Answered read_response(const std::string& stage, const openai::HttpResponse& response);

// Lines of a batch are of its endpoint.
openai::LineSort line_sort(const std::string& endpoint_path);

// Enters what was answered; false when it is an error, which is the caller's.
bool take_answer(const Answered& answered, store::Answer& answer);

}  // namespace kg_batch::workers
