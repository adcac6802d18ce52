#include "stages/question_document.h"

#include <algorithm>

namespace kg_batch::stages {
namespace {

template <typename Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

Json participants_json(const std::vector<Participant>& participants) {
  Json json = Json::array();
  for (const Participant& participant : participants) {
    Json one;
    one["id"] = participant.id;
    one["name"] = participant.name;
    json.push_back(std::move(one));
  }
  return json;
}

Json messages_json(const std::vector<ShownMessage>& messages) {
  Json json = Json::array();
  for (const ShownMessage& message : messages) {
    Json sentences = Json::array();
    for (const ShownSentence& sentence : message.sentences) {
      Json pair = Json::array();
      pair.push_back(sentence.id);
      pair.push_back(sentence.text);
      sentences.push_back(std::move(pair));
    }
    Json one;
    one["by"] = or_null(message.by);
    one["at"] = or_null(message.at);
    one["s"] = std::move(sentences);
    json.push_back(std::move(one));
  }
  return json;
}

Json conversation_question(std::string_view task, const Question& question) {
  Json json;
  json["task"] = task;
  json["participants"] = participants_json(question.participants);
  json["self"] = or_null(question.self);
  Json cast = Json::array();
  for (const std::string& name : question.cast) {
    cast.push_back(name);
  }
  json["cast"] = std::move(cast);
  json["context"] = messages_json(question.context);
  json["messages"] = messages_json(question.messages);
  return json;
}

Json first_of(const std::vector<std::string>& texts, std::size_t most) {
  Json json = Json::array();
  for (std::size_t i = 0; i < std::min(texts.size(), most); ++i) {
    json.push_back(texts[i]);
  }
  return json;
}

}  // namespace kg_batch::stages
