#include "application.h"
#include "sha256.h"

namespace kg_sim {

namespace {

Response complete(Application& application, Call& call) {
  if (!call.body)
    return error_response({400, "We could not parse the JSON body of your request. (HINT: This likely means you aren't "
                                "using your HTTP library correctly. The OpenAI API expects a JSON payload, but what "
                                "was sent was not valid JSON.)",
                           std::nullopt, std::nullopt});
  ChatQuestion question;
  if (const auto refused = application.chat.read(*call.body, question)) return error_response(*refused);
  call.entry.model = question.model;
  call.entry.question = question.hash;
  const Settings& settings = application.settings;
  if (auto limited = application.rate_limits.take(question.model, question.prompt_tokens, monotonic_ms(), settings))
    return *limited;
  const ChatReply reply = application.chat.reply(*call.body, question, "");
  Response response = json_response(reply.body);
  response.status = reply.status;
  if (reply.hostile) response.body = with_hostile_text(std::move(response.body), *reply.hostile);
  std::int64_t delay = settings.latency_ms;
  if (settings.latency_jitter_ms)
    delay += static_cast<std::int64_t>(stable_hash(question.hash, settings.seed) %
                                       static_cast<std::uint64_t>(settings.latency_jitter_ms + 1));
  response.delay = std::chrono::milliseconds(delay);
  response.is_held = true;
  return response;
}

}  // namespace

void add_chat_routes(Application& application) {
  application.router.add("POST", "/v1/chat/completions", [&](Call& call) { return complete(application, call); });
}

}  // namespace kg_sim
