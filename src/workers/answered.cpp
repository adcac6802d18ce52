#include "workers/answered.h"

#include "openai/embeddings.h"
#include "store/embedding_questions.h"

namespace kg_batch::workers {

namespace {

const char* outcome_name(openai::Finish finish) {
  switch (finish) {
    case openai::Finish::stop: return "answered";
    case openai::Finish::length: return "length";
    case openai::Finish::refusal: return "refused";
    case openai::Finish::content_filter: return "content_filter";
    case openai::Finish::empty: return "empty";
  }
  return "answered";
}

template <typename Result>
Answered from(Result result) {
  return std::visit([](auto& value) -> Answered { return std::move(value); }, result);
}

}  // namespace

openai::HttpRequest direct_request(const openai::Endpoint& endpoint, const std::string& stage, std::string body) {
  return stage == store::embedding_stage ? openai::embeddings_request(endpoint, std::move(body)) : openai::chat_request(endpoint, std::move(body));
}

Answered read_response(const std::string& stage, const openai::HttpResponse& response) {
  return stage == store::embedding_stage ? from(openai::read_embeddings(response)) : from(openai::read_chat(response));
}

openai::LineSort line_sort(const std::string& endpoint_path) {
  return endpoint_path == openai::embeddings_url ? openai::LineSort::embeddings : openai::LineSort::chat;
}

bool take_answer(const Answered& answered, store::Answer& answer) {
  if (const auto* chat = std::get_if<openai::ChatAnswer>(&answered)) {
    answer.outcome = outcome_name(chat->finish);
    answer.model = chat->model;
    answer.usage = chat->usage;
    answer.remote_request_id = chat->request_id;
    answer.body = chat->content;
    return true;
  }
  if (const auto* embeddings = std::get_if<openai::EmbeddingAnswer>(&answered)) {
    answer.outcome = "answered";
    answer.model = embeddings->model;
    answer.usage = embeddings->usage;
    answer.remote_request_id = embeddings->request_id;
    answer.body = openai::pack_vectors(embeddings->vectors);
    return true;
  }
  return false;
}

}  // namespace kg_batch::workers
