#include "boundaries.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "dates.h"
#include "words.h"

namespace kg_sim::rules {
namespace {

using Json = nlohmann::ordered_json;

struct Shown {
  std::set<std::string> telling;  // words of five letters or more
  std::string first_word;         // what a segment is named by
  bool asks = false;
  bool says = false;  // has a letter or a digit
  Moment day;
};

Shown shown(const Json& message) {
  constexpr std::size_t telling_letters = 5;
  Shown result;
  if (!message.is_object()) return result;
  if (message.contains("at") && message["at"].is_string()) result.day = moment_of(message["at"].get_ref<const std::string&>());
  if (!message.contains("text") || !message["text"].is_string()) return result;
  bool inside_speech = false;
  for (const Word& word : words_of(message["text"].get_ref<const std::string&>(), inside_speech)) {
    result.asks = result.asks || word.is("?");
    if (word.kind == WordKind::mark) continue;
    result.says = true;
    if (word.lower.size() < telling_letters) continue;
    if (result.first_word.empty()) result.first_word = word.lower;
    result.telling.insert(word.lower);
  }
  return result;
}

bool shares(const Shown& one, const Shown& other) {
  return std::any_of(one.telling.begin(), one.telling.end(), [&](const std::string& word) { return other.telling.contains(word); });
}

bool begins(const std::vector<Shown>& messages, std::size_t at) {
  const Shown& message = messages[at];
  const Shown& before = messages[at - 1];
  if (message.day && before.day && *message.day != *before.day) return true;
  return message.asks && !message.telling.empty() && !shares(message, before) && (at < 2 || !shares(message, messages[at - 2]));
}

}  // namespace

Json boundaries(const Json& question) {
  if (!question.is_object() || !question.contains("messages") || !question["messages"].is_array()) return nullptr;
  std::vector<Shown> messages;
  for (const Json& message : question["messages"]) messages.push_back(shown(message));
  Json segments = Json::array();
  for (std::size_t at = 0; at < messages.size(); ++at) {
    if (at == 0 || begins(messages, at)) segments.push_back({{"first", at + 1}, {"last", at + 1}, {"process", false}, {"topic", ""}});
    Json& segment = segments.back();
    segment["last"] = at + 1;
    if (messages[at].says) segment["process"] = true;
    if (segment["topic"] == "") segment["topic"] = messages[at].first_word;
  }
  return {{"segments", std::move(segments)}};
}

}  // namespace kg_sim::rules
