#include "question.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace kg_sim::rules::testing {
namespace {

struct Shown {
  const Line* line = nullptr;
  std::string text;
};

Json messages(const std::vector<Shown>& shown, std::size_t begin, std::size_t end, bool context,
              const std::map<std::string, int>& ids) {
  Json result = Json::array();
  const Line* last = nullptr;
  for (std::size_t n = begin; n < end; ++n) {
    const Line& line = *shown[n].line;
    if (&line != last) {
      Json message;
      message["by"] = line.speaker.empty() ? Json() : Json(ids.at(line.speaker + "#" + line.speaker_id));
      message["at"] = line.at.empty() ? Json() : Json(line.at);
      message["s"] = Json::array();
      result.push_back(message);
      last = &line;
    }
    const int id = static_cast<int>(n - begin) + 1;
    result.back()["s"].push_back(Json::array({context ? -id : id, shown[n].text}));
  }
  return result;
}

bool is_date(const Json& date) {
  if (date.is_null()) return true;
  if (!date.is_object() || date.size() != 2) return false;
  const std::string text = date.value("date", "");
  const std::string how = date.value("how", "");
  if (text.size() != 4 && text.size() != 7 && text.size() != 10) return false;
  return how == "actual" || how == "inferred" || how == "estimated";
}

template <std::size_t size>
bool has_keys(const Json& item, const std::array<const char*, size>& keys) {
  if (!item.is_object() || item.size() != size) return false;
  std::size_t n = 0;
  for (auto at = item.begin(); at != item.end(); ++at, ++n) {
    if (at.key() != keys[n]) return false;
  }
  return true;
}

const std::set<std::string> roles = {
    "agent", "object", "participant", "owner", "owned", "employee", "employer", "resident", "place", "spouse", "parent",
    "child", "sibling", "friend", "topic", "content", "origin", "destination", "cause", "result", "experiencer", "holder",
    "member", "organisation", "student", "school", "teacher", "subject", "recipient", "instrument", "beneficiary",
    "location", "time", "goal", "plan", "colleague", "manager", "partner", "pet", "creator", "creation", "attendee", "host",
    "other"};
const std::set<std::string> relations = {
    "mother", "father", "parent", "sister", "brother", "sibling", "son", "daughter", "child", "wife", "husband", "spouse",
    "partner", "girlfriend", "boyfriend", "grandmother", "grandfather", "grandparent", "grandchild", "aunt", "uncle",
    "cousin", "niece", "nephew", "friend", "colleague", "manager", "neighbour", "pet", "dog", "cat", "home", "car", "other"};
const std::set<std::string> classes = {"person", "animal", "organisation", "place", "work", "product", "other"};
const std::set<std::string> modalities = {"asserted", "reported", "planned", "possible", "hypothetical"};

}  // namespace

std::vector<std::string> sentences(const std::string& text) {
  std::vector<std::string> result;
  std::string sentence;
  const auto finish = [&] {
    const std::size_t first = sentence.find_first_not_of(" \n");
    if (first != std::string::npos) result.push_back(sentence.substr(first, sentence.find_last_not_of(" \n") - first + 1));
    sentence.clear();
  };
  for (std::size_t n = 0; n < text.size(); ++n) {
    sentence += text[n];
    const bool stop = text[n] == '.' || text[n] == '!' || text[n] == '?';
    if (text[n] == '\n' || (stop && n + 1 < text.size() && text[n + 1] == ' ')) finish();
  }
  finish();
  return result;
}

std::vector<Json> questions(const std::vector<Line>& lines, std::size_t chunk) {
  std::map<std::string, int> ids;
  std::map<std::string, int> times;
  Json participants = Json::array();
  std::vector<Shown> shown;
  for (const Line& line : lines) {
    if (!line.speaker.empty() && ids.emplace(line.speaker + "#" + line.speaker_id, static_cast<int>(ids.size()) + 1).second) {
      const int time = ++times[line.speaker];
      participants.push_back({{"id", ids.size()},
                              {"name", time == 1 ? line.speaker : line.speaker + " (" + std::to_string(time) + ")"}});
    }
    for (std::string& sentence : sentences(line.text)) shown.push_back({&line, std::move(sentence)});
  }
  std::vector<Json> result;
  for (std::size_t begin = 0; begin < shown.size(); begin += chunk) {
    Json asked;
    asked["task"] = "extract";
    asked["participants"] = participants;
    asked["self"] = nullptr;
    asked["cast"] = Json::array();
    asked["context"] = messages(shown, begin < 8 ? 0 : begin - 8, begin, true, ids);
    asked["messages"] = messages(shown, begin, std::min(begin + chunk, shown.size()), false, ids);
    result.push_back(std::move(asked));
  }
  return result;
}

Json question(const std::vector<Line>& lines) { return questions(lines, 10000).front(); }

std::optional<std::string> flaw(const Json& question, const Json& answer) {
  if (!has_keys(answer, std::array{"facts", "things", "statements"})) return "the answer has other keys";
  std::map<int, std::string> shown;
  for (const char* part : {"context", "messages"}) {
    for (const Json& message : question[part]) {
      for (const Json& pair : message["s"]) shown[pair[0].get<int>()] = pair[1].get<std::string>();
    }
  }
  std::set<int> facts, nodes, used;
  for (const Json& fact : answer["facts"]) {
    if (!has_keys(fact, std::array{"id", "text", "modality", "negated", "evidence"})) return "keys of a fact: " + fact.dump();
    if (!facts.insert(fact["id"].get<int>()).second) return "a fact's id twice";
    if (fact["text"].get<std::string>().empty()) return "a fact without text";
    if (!modalities.contains(fact["modality"])) return "modality of " + fact.dump();
    bool new_one = false;
    for (const Json& evidence : fact["evidence"]) {
      const auto sentence = shown.find(evidence["sentence"].get<int>());
      if (sentence == shown.end()) return "a sentence that is not there: " + fact.dump();
      const std::string quote = evidence["quote"];
      if (quote.empty() || sentence->second.find(quote) == std::string::npos) return "a quote that is not there: " + fact.dump();
      new_one = new_one || sentence->first > 0;
    }
    if (!new_one) return "no new sentence: " + fact.dump();
  }
  if (answer["facts"].size() > 44) return "too many facts";
  for (const Json& thing : answer["things"]) {
    if (!has_keys(thing, std::array{"id", "type", "label", "class", "category", "named", "participant", "of", "relation",
                                    "aliases", "attributes", "hash_tags", "facts", "confidence", "importance"})) {
      return "keys of a thing: " + thing.dump();
    }
    if (!nodes.insert(thing["id"].get<int>()).second) return "a node's id twice";
    if (thing["label"].get<std::string>().empty() || thing["category"].get<std::string>().empty()) return "no label: " + thing.dump();
    if (!classes.contains(thing["class"])) return "class of " + thing.dump();
    if (!thing["relation"].is_null() && !relations.contains(thing["relation"])) return "relation of " + thing.dump();
    if (thing["facts"].empty()) return "a thing without facts: " + thing.dump();
  }
  for (const Json& statement : answer["statements"]) {
    if (!has_keys(statement, std::array{"id", "type", "label", "category", "facts", "start", "end", "replaces", "goal_status",
                                        "hash_tags", "confidence", "importance", "roles"})) {
      return "keys of a statement: " + statement.dump();
    }
    if (!nodes.insert(statement["id"].get<int>()).second) return "a node's id twice";
    if (!is_date(statement["start"]) || !is_date(statement["end"])) return "date of " + statement.dump();
    if (!statement["goal_status"].is_null() && statement["type"] != "Goal") return "a goal_status on no Goal";
    if (statement["facts"].empty() || statement["roles"].empty()) return "no facts or roles: " + statement.dump();
  }
  for (const Json& statement : answer["statements"]) {
    for (const Json& role : statement["roles"]) {
      if (!roles.contains(role["role"])) return "role of " + statement.dump();
      if ((role["role"] == "other") != role["role_text"].is_string()) return "role_text of " + statement.dump();
      if (!nodes.contains(role["node"].get<int>())) return "a role that leads nowhere: " + statement.dump();
      if (role["node"] == statement["id"]) return "a statement about itself: " + statement.dump();
      used.insert(role["node"].get<int>());
    }
  }
  for (const char* part : {"things", "statements"}) {
    for (const Json& node : answer[part]) {
      for (const Json& fact : node["facts"]) {
        if (!facts.contains(fact.get<int>())) return "a fact that is not there: " + node.dump();
      }
    }
  }
  for (const Json& thing : answer["things"]) {
    if (!used.contains(thing["id"].get<int>())) return "a thing that nothing uses: " + thing.dump();
    if (!thing["of"].is_null() && (!nodes.contains(thing["of"].get<int>()) || thing["of"] == thing["id"])) {
      return "owner of " + thing.dump();
    }
  }
  return std::nullopt;
}

std::vector<std::string> told(const Json& answer) {
  std::map<int, std::string> labels;
  std::map<int, std::string> manner;
  for (const Json& thing : answer["things"]) labels[thing["id"].get<int>()] = thing["label"];
  for (const Json& statement : answer["statements"]) labels[statement["id"].get<int>()] = statement["label"];
  for (const Json& fact : answer["facts"]) {
    std::string prefix = fact["negated"].get<bool>() ? "not " : "";
    if (fact["modality"] == "reported" || fact["modality"] == "possible" || fact["modality"] == "hypothetical") {
      prefix += fact["modality"].get<std::string>() + " ";
    }
    manner[fact["id"].get<int>()] = prefix;
  }
  std::vector<std::string> lines;
  for (const Json& statement : answer["statements"]) {
    std::string line = manner[statement["facts"][0].get<int>()] + statement["type"].get<std::string>() + " " +
                       statement["label"].get<std::string>() + ":";
    std::string comma = " ";
    for (const Json& role : statement["roles"]) {
      const std::string name = role["role_text"].is_string() ? role["role_text"] : role["role"];
      line += comma + name + " " + labels[role["node"].get<int>()];
      comma = ", ";
    }
    if (statement["goal_status"].is_string()) line += "; " + statement["goal_status"].get<std::string>();
    if (statement["start"].is_object()) line += "; from " + statement["start"]["date"].get<std::string>();
    if (statement["end"].is_object()) line += "; to " + statement["end"]["date"].get<std::string>();
    lines.push_back(std::move(line));
  }
  return lines;
}

bool tells(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "  " + line + "\n";
  return text;
}

}  // namespace kg_sim::rules::testing
