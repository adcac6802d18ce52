#include "dialogues.h"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace kg_batch::measured {

namespace {

using Json = nlohmann::ordered_json;

std::optional<Json> parsed(const std::string& name) {
  std::ifstream file(data_file(name));
  if (!file) {
    return std::nullopt;
  }
  return Json::parse(file);
}

}  // namespace

std::string data_file(const std::string& name) {
  const char* directory = std::getenv("KG_BATCH_DATA");
  return std::string(directory != nullptr && *directory != '\0' ? directory : "../shared/data") + "/" + name;
}

std::optional<std::vector<Dialogue>> tiage_dialogues() {
  const std::optional<Json> file = parsed("tiage/anno_train.json");
  if (!file) {
    return std::nullopt;
  }
  std::vector<Dialogue> dialogues;
  for (const auto& item : file->items()) {
    Dialogue dialogue;
    for (const Json& turn : item.value()) {
      dialogue.texts.push_back(turn.at(0).get<std::string>());
      dialogue.begins_topic.push_back(turn.at(1).get<std::string>() == "1");
    }
    dialogues.push_back(std::move(dialogue));
  }
  return dialogues;
}

std::optional<std::vector<chunking::CutInput>> locomo_conversations() {
  const std::optional<Json> file = parsed("locomo/locomo-dev.json");
  if (!file) {
    return std::nullopt;
  }
  std::vector<chunking::CutInput> conversations;
  for (const Json& item : *file) {
    const Json& said = item.at("conversation");
    chunking::CutInput conversation;
    conversation.speakers = {said.at("speaker_a").get<std::string>(), said.at("speaker_b").get<std::string>()};
    conversation.closing = {0};
    for (int session = 1; said.contains("session_" + std::to_string(session)); ++session) {
      for (const Json& turn : said.at("session_" + std::to_string(session))) {
        chunking::Message message;
        message.message_id = static_cast<std::int64_t>(conversation.messages.size()) + 1;
        message.speaker = turn.at("speaker") == said.at("speaker_a") ? 0 : 1;
        message.text = turn.at("text").get<std::string>();
        message.session = std::to_string(session);
        conversation.messages.push_back(std::move(message));
      }
    }
    conversations.push_back(std::move(conversation));
  }
  return conversations;
}

}  // namespace kg_batch::measured
