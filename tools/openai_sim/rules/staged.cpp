#include "staged.h"

#include <cstdlib>
#include <initializer_list>
#include <map>
#include <set>
#include <utility>

namespace kg_sim::rules {
namespace {

using Json = nlohmann::ordered_json;

Json part_of(const Json& item, std::initializer_list<const char*> keys) {
  Json part = Json::object();
  for (const char* key : keys) part[key] = item.at(key);
  return part;
}

Json parts_of(const Json& items, std::initializer_list<const char*> keys) {
  Json parts = Json::array();
  for (const Json& item : items) parts.push_back(part_of(item, keys));
  return parts;
}

Json array_in(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_array() ? object[key] : Json::array();
}

std::set<int> ids_in(const Json& items) {
  std::set<int> ids;
  for (const Json& item : items) {
    if (item.is_object() && item.contains("id") && item["id"].is_number_integer()) ids.insert(item["id"].get<int>());
  }
  return ids;
}

Json known_about(const Json& items, const std::set<int>& ids, std::initializer_list<const char*> keys) {
  Json parts = Json::array();
  for (const Json& item : items) {
    if (ids.contains(item.at("id").get<int>())) parts.push_back(part_of(item, keys));
  }
  return parts;
}

// Keys in one order, whoever wrote them: the facts are known again by their bytes.
Json shown(const Json& participants, const Json& facts) {
  const auto ordered = [](const Json& items, std::initializer_list<const char*> keys) {
    Json list = Json::array();
    for (const Json& item : items) {
      Json one = Json::object();
      for (const char* key : keys) one[key] = item.is_object() ? item.value(key, Json()) : Json();
      list.push_back(std::move(one));
    }
    return list;
  };
  return Json{{"participants", ordered(participants, {"id", "name"})},
              {"facts", ordered(facts, {"id", "text", "modality", "negated", "said_by", "said_at"})}};
}

// New sentences before those of the context, whose ids count downwards.
std::pair<bool, int> reading_order(int sentence) { return {sentence < 0, std::abs(sentence)}; }

}  // namespace

Json facts_part(const Json& whole) { return Json{{"facts", whole.at("facts")}}; }

Json nodes_part(const Json& whole) {
  return Json{{"things", parts_of(whole.at("things"), {"id", "type", "label", "class", "category", "named", "participant",
                                                       "of", "relation", "facts"})},
              {"statements", parts_of(whole.at("statements"), {"id", "type", "label", "category", "facts", "roles"})}};
}

Json metadata_part(const Json& whole, const Json& question) {
  return Json{{"things", known_about(whole.at("things"), ids_in(array_in(question, "things")),
                                     {"id", "aliases", "attributes", "hash_tags", "confidence", "importance"})},
              {"statements", known_about(whole.at("statements"), ids_in(array_in(question, "statements")),
                                         {"id", "start", "end", "replaces", "goal_status", "hash_tags", "confidence",
                                          "importance"})}};
}

Json shown_facts(const Json& parse_question, const Json& whole) {
  std::map<int, Json> message_of;  // by sentence
  for (const char* part : {"context", "messages"}) {
    for (const Json& message : array_in(parse_question, part)) {
      for (const Json& sentence : array_in(message, "s")) {
        if (sentence.is_array() && !sentence.empty() && sentence[0].is_number_integer()) {
          message_of[sentence[0].get<int>()] = Json{{"by", message.value("by", Json())}, {"at", message.value("at", Json())}};
        }
      }
    }
  }
  Json facts = Json::array();
  for (const Json& fact : whole.at("facts")) {
    int said_by = 0, said_at = 0;  // sentences
    for (const Json& evidence : fact.at("evidence")) {
      const int sentence = evidence.at("sentence").get<int>();
      if (!message_of.contains(sentence)) continue;
      if (sentence > 0 && (said_at == 0 || sentence < said_at)) said_at = sentence;
      if (!message_of[sentence]["by"].is_null() &&
          (said_by == 0 || reading_order(sentence) < reading_order(said_by))) {
        said_by = sentence;
      }
    }
    Json one = part_of(fact, {"id", "text", "modality", "negated"});
    one["said_by"] = said_by == 0 ? Json() : message_of[said_by]["by"];
    one["said_at"] = said_at == 0 ? Json() : message_of[said_at]["at"];
    facts.push_back(std::move(one));
  }
  return shown(array_in(parse_question, "participants"), facts);
}

Json shown_facts(const Json& question) {
  if (!question.is_object() || !question.contains("facts") || !question["facts"].is_array()) return nullptr;
  return shown(array_in(question, "participants"), question["facts"]);
}

}  // namespace kg_sim::rules
