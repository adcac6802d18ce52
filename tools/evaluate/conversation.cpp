#include "conversation.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <stdexcept>

#include "chunking/sentences.h"
#include "rules.h"

namespace kg_batch::evaluate {
namespace {

const Json& need(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) {
    throw std::runtime_error(std::string("\"") + name + "\" is missing");
  }
  return *found;
}

// Adds a message to the question and to where it stands; ids go on in steps.
void add_message(const Json& json, std::vector<stages::ShownMessage>& shown, graph::Place& place, int& next, int step) {
  stages::ShownMessage message;
  graph::MessagePlace where;
  where.message_id = static_cast<std::int64_t>(place.messages.size()) + 1;
  where.segment_key = "segment";
  const int by = need(json, "by").get<int>();
  if (by < 0 || by > static_cast<int>(place.participants.size())) {
    throw std::runtime_error("a message is by nobody");
  }
  if (by > 0) {
    message.by = by;
    where.participant = by;
  }
  if (!need(json, "at").is_null()) {
    message.at = json["at"].get<std::string>();
  }
  for (const Json& sentence : need(json, "s")) {
    where.text += where.text.empty() ? "" : " ";
    const int start = chunking::char_length(where.text);
    where.text += sentence.get<std::string>();
    message.sentences.push_back({next, sentence.get<std::string>(),
                                 {where.message_id, start, chunking::char_length(where.text), chunking::Shown::words}});
    next += step;
  }
  shown.push_back(std::move(message));
  place.messages.push_back(std::move(where));
}

Expectation expectation_of(const Json& json, bool forbidden) {
  Expectation expectation;
  expectation.rule = need(json, "rule").get<std::string>();
  if (!is_rule(expectation.rule) || expectation.rule == people_rule) {
    throw std::runtime_error("\"" + expectation.rule + "\" is no rule to be tagged with");
  }
  const std::string is = need(json, "is").get<std::string>();
  const auto names = std::to_array<std::string_view>({"thing", "statement", "fact"});
  const auto found = std::find(names.begin(), names.end(), is);
  if (found == names.end()) {
    throw std::runtime_error("\"" + is + "\" is neither thing, statement nor fact");
  }
  expectation.kind = static_cast<Kind>(found - names.begin());
  expectation.where = need(json, "where");
  expectation.then = json.value("then", Json::object());
  expectation.forbidden = forbidden;
  if (forbidden && json.contains("then")) {
    throw std::runtime_error("what must not be has no \"then\"");
  }
  check_pattern(expectation.kind, expectation.where);
  check_pattern(expectation.kind, expectation.then);
  return expectation;
}

std::vector<Json> people_of(const Json& json, const char* name) {
  std::vector<Json> people;
  for (const Json& pattern : json.value(name, Json::array())) {
    check_pattern(Kind::thing, pattern);
    people.push_back(pattern);
  }
  return people;
}

}  // namespace

Conversation conversation_of(const Json& line) {
  Conversation conversation;
  conversation.id = need(line, "id").get<std::string>();
  conversation.language = need(line, "language").get<std::string>();
  conversation.about = need(line, "about").get<std::string>();
  conversation.place.conversation_key = conversation.id;
  for (const Json& name : need(line, "participants")) {
    graph::ParticipantIdentity identity;
    const std::string shown = name.get<std::string>();
    identity.name = shown.substr(0, shown.find(" ("));
    identity.namesake = identity.name != shown;
    conversation.place.participants.push_back(identity);
    conversation.question.participants.push_back({static_cast<int>(conversation.place.participants.size()), shown});
  }
  if (line.contains("self") && !line["self"].is_null()) {
    conversation.question.self = line["self"].get<int>();
    conversation.place.participants.at(static_cast<std::size_t>(*conversation.question.self - 1)).is_self = true;
  }
  conversation.question.cast = line.value("cast", std::vector<std::string>{});
  int next = -1;
  for (const Json& message : line.value("context", Json::array())) {
    add_message(message, conversation.question.context, conversation.place, next, -1);
  }
  next = 1;
  for (const Json& message : need(line, "messages")) {
    add_message(message, conversation.question.messages, conversation.place, next, 1);
  }
  for (const Json& expectation : need(line, "must")) {
    conversation.expectations.push_back(expectation_of(expectation, false));
  }
  for (const Json& expectation : line.value("must_not", Json::array())) {
    conversation.expectations.push_back(expectation_of(expectation, true));
  }
  conversation.people = people_of(line, "people");
  conversation.people_may = people_of(line, "people_may");
  return conversation;
}

std::vector<Conversation> read_conversations(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".jsonl") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Conversation> conversations;
  std::set<std::string> ids;
  for (const auto& file : files) {
    std::ifstream stream(file);
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
      try {
        if (!line.empty()) {
          conversations.push_back(conversation_of(Json::parse(line)));
          if (!ids.insert(conversations.back().id).second) {
            throw std::runtime_error("id \"" + conversations.back().id + "\" is taken");
          }
        }
      } catch (const std::exception& error) {
        throw std::runtime_error(file.string() + ", line " + std::to_string(number) + ": " + error.what());
      }
    }
  }
  return conversations;
}

}  // namespace kg_batch::evaluate
