#include "stages/question_document.h"

#include <algorithm>

#include "graph/evidence.h"
#include "graph/vocabulary.h"

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
  if (!question.known.empty()) json["known"] = question.known;
  return json;
}

Json facts_json(const std::vector<graph::Fact>& facts, const Question& question) {
  const graph::KnownSentences sentences = graph::known_sentences(question, {});
  Json json = Json::array();
  for (const graph::Fact& fact : facts) {
    const auto [first_new, first_said] = graph::saying_of(fact, sentences);
    Json one;
    one["id"] = fact.id;
    one["text"] = fact.text;
    one["modality"] = graph::modalities[static_cast<std::size_t>(fact.modality)];
    one["negated"] = fact.negated;
    one["said_by"] = first_said == 0 ? Json(nullptr) : or_null(sentences.at(first_said).by);
    one["said_at"] = first_new == 0 ? Json(nullptr) : or_null(sentences.at(first_new).said_in->at);
    json.push_back(std::move(one));
  }
  return json;
}

Json things_json(const std::vector<graph::Thing>& things) {
  Json json = Json::array();
  for (const graph::Thing& thing : things) {
    Json one;
    one["id"] = thing.id;
    one["type"] = thing.type;
    one["label"] = thing.label;
    one["class"] = thing.thing_class;
    one["category"] = thing.category;
    one["named"] = thing.named;
    one["participant"] = or_null(thing.participant);
    one["of"] = or_null(thing.of);
    one["relation"] = or_null(thing.relation);
    one["facts"] = thing.facts;
    json.push_back(std::move(one));
  }
  return json;
}

Json statements_json(const std::vector<graph::Statement>& statements) {
  Json json = Json::array();
  for (const graph::Statement& statement : statements) {
    Json roles = Json::array();
    for (const graph::RoleOf& role : statement.roles) {
      Json one;
      one["role"] = role.role;
      one["role_text"] = or_null(role.role_text);
      one["node"] = role.node;
      roles.push_back(std::move(one));
    }
    Json one;
    one["id"] = statement.id;
    one["type"] = statement.type;
    one["label"] = statement.label;
    one["category"] = statement.category;
    one["facts"] = statement.facts;
    one["roles"] = std::move(roles);
    json.push_back(std::move(one));
  }
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
