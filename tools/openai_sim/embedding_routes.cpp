#include "application.h"

namespace kg_sim {

namespace {

Response embed(Application& application, Call& call) {
  if (!call.body)
    return error_response({400, "We could not parse the JSON body of your request. The OpenAI API expects a JSON payload, but what was sent was not "
                                "valid JSON.",
                           std::nullopt, std::nullopt});
  EmbeddingQuestion question;
  if (const auto refused = application.embeddings.read(*call.body, question)) return error_response(*refused);
  call.entry.model = question.model;
  call.entry.question = question.hash;
  if (auto limited = application.rate_limits.take(question.model, question.tokens, monotonic_ms(), application.settings)) return *limited;
  Response response = json_response(application.embeddings.reply(question, "").body);
  response.delay = std::chrono::milliseconds(application.settings.latency_ms);
  response.is_held = true;
  return response;
}

}  // namespace

void add_embedding_routes(Application& application) {
  application.router.add("POST", "/v1/embeddings", [&](Call& call) { return embed(application, call); });
}

}  // namespace kg_sim
