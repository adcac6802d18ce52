#include "oracle_gold.h"

#include <algorithm>
#include <stdexcept>

namespace kg_sim {

namespace {

[[noreturn]] void wrong(const std::string& place, const std::string& what) {
  throw std::runtime_error("gold file, " + place + ": " + what);
}

Json list_of(const Json& object, const char* key, const std::string& place) {
  const Json* value = member(object, key);
  if (!value) return Json::array();
  if (!value->is_array()) wrong(place, "\"" + std::string(key) + "\" is not an array");
  return *value;
}

}  // namespace

std::string folded(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

void OracleGold::load(const Json& gold) {
  if (const Json* things = member(gold, "things"))
    for (const auto& [ref, described] : things->items()) load_thing(ref, described);
  if (const Json* sentences = member(gold, "sentences"))
    for (const auto& [text, said] : sentences->items()) load_sentence(text, said);
  for (const auto& [text, sentence] : sentences_) {
    check_refs(text, sentence);
    for (std::size_t place = 0; place < sentence.facts.size(); ++place)
      if (!facts_.emplace(text_member(sentence.facts[place], "text"), FactOf{&sentence, place}).second)
        wrong("sentence \"" + text + "\"", "the fact \"" + text_member(sentence.facts[place], "text") + "\" is that of another sentence too");
    if (sentence.opens) openings_.emplace(text, &sentence);
  }
  if (const Json* kinds = member(gold, "kinds")) kinds_ = *kinds;
  if (const Json* predicates = member(gold, "predicates")) predicates_ = *predicates;
  for (const Json& pair : list_of(gold, "unsure", "\"unsure\"")) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
      wrong("\"unsure\"", "not a pair of names");
    unsure_.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
  }
}

void OracleGold::load_thing(const std::string& ref, const Json& described) {
  for (const char* key : {"type", "label", "class", "category"})
    if (text_member(described, key).empty()) wrong("thing \"" + ref + "\"", "no \"" + std::string(key) + "\"");
  const std::string is = text_member(described, "is");
  const GoldThing& thing = things_[ref] = {is.empty() ? ref : is, described};
  first_label_.emplace(thing.is, text_member(described, "label"));
  called_[folded(text_member(described, "label"))].insert(thing.is);
  for (const Json& alias : list_of(described, "aliases", "thing \"" + ref + "\""))
    if (alias.is_string()) called_[folded(alias.get<std::string>())].insert(thing.is);
}

void OracleGold::load_sentence(const std::string& text, const Json& said) {
  const std::string place = "sentence \"" + text + "\"";
  GoldSentence sentence;
  sentence.by = text_member(said, "by");
  sentence.facts = list_of(said, "facts", place);
  for (Json& fact : sentence.facts) {
    if (fact.is_string()) fact = Json{{"text", fact}};
    if (text_member(fact, "text").empty()) wrong(place, "a fact has no \"text\"");
  }
  sentence.statements = list_of(said, "statements", place);
  for (const Json& ref : list_of(said, "things", place)) sentence.things.push_back(ref.get<std::string>());
  if (const std::string topic = text_member(said, "opens"); !topic.empty()) sentence.opens = topic;
  sentence.process = said.value("process", true);
  sentences_[text] = std::move(sentence);
}

void OracleGold::check_refs(const std::string& text, const GoldSentence& sentence) const {
  const std::string place = "sentence \"" + text + "\"";
  const auto check = [&](const std::string& ref) {
    if (ref != "@speaker" && !things_.contains(ref)) wrong(place, "no thing \"" + ref + "\"");
  };
  if (!sentence.by.empty()) check(sentence.by);
  for (const std::string& ref : sentence.things) check(ref);
  for (const Json& statement : sentence.statements) {
    for (const char* key : {"type", "label", "category"})
      if (text_member(statement, key).empty()) wrong(place, "a statement has no \"" + std::string(key) + "\"");
    const Json roles = list_of(statement, "roles", place);
    if (roles.empty()) wrong(place, "a statement has no roles");
    for (const Json& role : roles) {
      if (!role.is_array() || role.size() < 2 || !role[0].is_string()) wrong(place, "a role is not [role, ref] or [\"other\", ref, words]");
      if (role[1].is_string()) check(role[1].get<std::string>());
    }
  }
}

const GoldSentence* OracleGold::sentence(const std::string& text) const {
  const auto found = sentences_.find(text);
  return found == sentences_.end() ? nullptr : &found->second;
}

std::optional<OracleGold::FactOf> OracleGold::fact(const std::string& text) const {
  const auto found = facts_.find(text);
  return found == facts_.end() ? std::nullopt : std::optional(found->second);
}

const GoldThing* OracleGold::thing(const std::string& ref) const {
  const auto found = things_.find(ref);
  return found == things_.end() ? nullptr : &found->second;
}

const Json* OracleGold::kind(const std::string& type, const std::string& category) const {
  return member(kinds_, type + " " + folded(category));
}

const Json* OracleGold::predicate(const std::string& name) const { return member(predicates_, folded(name)); }

std::string OracleGold::one_name_of(const std::string& text) const {
  const auto found = called_.find(folded(text));
  return found == called_.end() || found->second.size() != 1 ? text : first_label_.at(*found->second.begin());
}

bool OracleGold::are_unsure(const std::string& a, const std::string& b) const {
  return std::any_of(unsure_.begin(), unsure_.end(), [&](const auto& pair) {
    return (pair.first == a && pair.second == b) || (pair.first == b && pair.second == a);
  });
}

}  // namespace kg_sim
