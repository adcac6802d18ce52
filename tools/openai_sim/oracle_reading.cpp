#include "oracle_reading.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "rules/staged.h"

namespace kg_sim {

namespace {

constexpr double usual_confidence = 0.9;
constexpr double usual_importance = 0.5;

// A sentence of the gold file where the question has it.
struct Said {
  const GoldSentence* sentence = nullptr;
  Json by;  // participant's id, or null
  Json at;  // "2023-05-08 15:56 Mon", or null
  std::vector<int> fact_ids;
};

Json array_in(const Json& object, const char* key) {
  const Json* value = member(object, key);
  return value && value->is_array() ? *value : Json::array();
}

Json or_null(const Json& object, const char* key) {
  const Json* value = member(object, key);
  return value ? *value : Json(nullptr);
}

Json or_empty(const Json& object, const char* key) { return array_in(object, key); }

// "Anna (2)" is called Anna.
std::string plain_name(const std::string& shown) {
  const std::size_t at = shown.rfind(" (");
  return at != std::string::npos && shown.back() == ')' ? shown.substr(0, at) : shown;
}

// An answer on its way: things and statements of what was said, in that order.
class Whole {
 public:
  Whole(const OracleGold& gold, const Json& participants) : gold_(gold) {
    for (const Json& participant : participants)
      if (const Json* id = member(participant, "id"); id && id->is_number_integer())
        names_[id->get<int>()] = text_member(participant, "name");
  }

  void add(const Said& said) {
    for (const std::string& ref : said.sentence->things) thing(ref, said);
    for (const Json& statement : said.sentence->statements) pending_.push_back({&statement, said, roles_of(statement, said)});
  }

  Json finish(Json facts) {
    Json answer = Json::object();
    answer["facts"] = std::move(facts);
    answer["things"] = things_;
    answer["statements"] = Json::array();
    int id = static_cast<int>(things_.size());
    std::map<std::string, int> statement_ids;  // by ref: what other statements may point to
    for (const Pending& pending : pending_) {
      ++id;
      if (const std::string ref = text_member(*pending.statement, "ref"); !ref.empty()) statement_ids.emplace(ref, id);
    }
    id = static_cast<int>(things_.size());
    for (const Pending& pending : pending_) answer["statements"].push_back(statement(pending, ++id, statement_ids));
    return answer;
  }

 private:
  struct Role {
    std::string role, ref;  // ref of a statement when `thing` is 0
    Json role_text;
    int thing = 0;
  };
  struct Pending {
    const Json* statement;
    Said said;
    std::vector<Role> roles;
  };

  std::vector<Role> roles_of(const Json& statement, const Said& said) {
    std::vector<Role> roles;
    for (const Json& item : array_in(statement, "roles")) {
      Role role;
      role.role = item[0].get<std::string>();
      role.role_text = item.size() > 2 ? item[2] : Json(nullptr);
      if (item[1].is_object())
        role.ref = text_member(item[1], "statement");
      else
        role.thing = thing(item[1].get<std::string>(), said);
      roles.push_back(std::move(role));
    }
    return roles;
  }

  // The id of a thing, new or known, which the sentence's facts speak of from now on.
  int thing(const std::string& ref, const Said& said) {
    std::string description = ref;
    Json participant = nullptr;
    if (ref == "@speaker" || ref == said.sentence->by) {
      participant = said.by;
      description = said.sentence->by;
    }
    const GoldThing* gold = description.empty() ? nullptr : gold_.thing(description);
    if (gold && participant.is_null()) participant = speaking(*gold);
    const bool speaks = participant.is_number_integer();
    if (!gold && !speaks) throw std::runtime_error("nobody is known to say this, and \"@speaker\" is meant");

    Json of = nullptr;
    if (gold)
      if (const std::string owner = text_member(gold->described, "of"); !owner.empty()) of = thing(owner, said);
    const std::string key = speaks ? "participant " + to_text(participant) : description + " of " + to_text(of);
    auto found = ids_.find(key);
    if (found == ids_.end()) {
      found = ids_.emplace(key, static_cast<int>(things_.size()) + 1).first;
      things_.push_back(described(gold, participant, of, found->second));
    }
    Json& facts = things_[static_cast<std::size_t>(found->second) - 1]["facts"];
    for (const int id : said.fact_ids)
      if (std::find(facts.begin(), facts.end(), Json(id)) == facts.end()) facts.push_back(id);
    return found->second;
  }

  // Whoever is described as one who takes part is found by the name, if one alone has it.
  Json speaking(const GoldThing& gold) const {
    if (!gold.described.value("participant", false)) return nullptr;
    Json found = nullptr;
    for (const auto& [id, name] : names_) {
      if (plain_name(name) != text_member(gold.described, "label")) continue;
      if (!found.is_null()) return nullptr;
      found = id;
    }
    return found;
  }

  Json described(const GoldThing* gold, const Json& participant, const Json& of, int id) const {
    static const Json nothing = Json::object();
    const Json& known = gold ? gold->described : nothing;
    const bool speaks = participant.is_number_integer();
    const auto name = speaks ? names_.find(participant.get<int>()) : names_.end();
    Json thing = Json::object();
    thing["id"] = id;
    thing["type"] = gold ? text_member(known, "type") : "Entity";
    thing["label"] = name != names_.end() ? name->second : text_member(known, "label");
    thing["class"] = gold ? text_member(known, "class") : "person";
    thing["category"] = gold ? text_member(known, "category") : "person";
    thing["named"] = known.value("named", true);
    thing["participant"] = participant;
    thing["of"] = of;
    thing["relation"] = or_null(known, "relation");
    thing["aliases"] = or_empty(known, "aliases");
    thing["attributes"] = or_empty(known, "attributes");
    thing["hash_tags"] = or_empty(known, "hash_tags");
    thing["facts"] = Json::array();
    thing["confidence"] = known.value("confidence", usual_confidence);
    thing["importance"] = known.value("importance", usual_importance);
    return thing;
  }

  // {"date":"said"} is the day on which it was said, if that is known.
  static Json date_of(const Json& statement, const char* key, const Json& at) {
    Json date = or_null(statement, key);
    if (date.is_null() || text_member(date, "date") != "said") return date;
    if (!at.is_string() || at.get_ref<const std::string&>().size() < 10) return nullptr;
    date["date"] = at.get_ref<const std::string&>().substr(0, 10);
    return date;
  }

  static Json statement(const Pending& pending, int id, const std::map<std::string, int>& statement_ids) {
    const Json& said = *pending.statement;
    Json statement = Json::object();
    statement["id"] = id;
    statement["type"] = text_member(said, "type");
    statement["label"] = text_member(said, "label");
    statement["category"] = text_member(said, "category");
    statement["facts"] = pending.said.fact_ids;
    statement["start"] = date_of(said, "start", pending.said.at);
    statement["end"] = date_of(said, "end", pending.said.at);
    statement["replaces"] = said.value("replaces", false);
    statement["goal_status"] = or_null(said, "goal_status");
    statement["hash_tags"] = or_empty(said, "hash_tags");
    statement["confidence"] = said.value("confidence", usual_confidence);
    statement["importance"] = said.value("importance", usual_importance);
    statement["roles"] = Json::array();
    for (const Role& role : pending.roles) {
      int node = role.thing;
      if (node == 0) {
        const auto found = statement_ids.find(role.ref);
        if (found == statement_ids.end()) continue;  // not said in this chunk
        node = found->second;
      }
      statement["roles"].push_back(Json{{"role", role.role}, {"role_text", role.role_text}, {"node", node}});
    }
    return statement;
  }

  const OracleGold& gold_;
  std::map<int, std::string> names_;
  std::map<std::string, int> ids_;
  Json things_ = Json::array();
  std::vector<Pending> pending_;
};

// Out of a conversation: facts with their evidence. Context says nothing new.
Json whole_of_conversation(const OracleGold& gold, const Json& question) {
  Whole whole(gold, array_in(question, "participants"));
  Json facts = Json::array();
  for (const Json& message : array_in(question, "messages"))
    for (const Json& shown : array_in(message, "s")) {
      if (!shown.is_array() || shown.size() != 2 || !shown[1].is_string()) continue;
      const std::string text = shown[1].get<std::string>();
      Said said{gold.sentence(text), or_null(message, "by"), or_null(message, "at"), {}};
      if (!said.sentence) continue;
      for (const Json& gold_fact : said.sentence->facts) {
        const int id = static_cast<int>(facts.size()) + 1;
        said.fact_ids.push_back(id);
        const std::string quote = text_member(gold_fact, "quote");
        Json fact = Json::object();
        fact["id"] = id;
        fact["text"] = text_member(gold_fact, "text");
        fact["modality"] = gold_fact.value("modality", "asserted");
        fact["negated"] = gold_fact.value("negated", false);
        fact["evidence"] = Json::array({Json{{"sentence", shown[0]}, {"quote", quote.empty() ? text : quote}}});
        facts.push_back(std::move(fact));
      }
      whole.add(said);
    }
  return whole.finish(std::move(facts));
}

// Out of facts, as they were given for the conversation: a sentence's stand
// together, and begin anew where it was said again.
Json whole_of_facts(const OracleGold& gold, const Json& question) {
  Whole whole(gold, array_in(question, "participants"));
  std::vector<Said> all;
  std::size_t expected = 0;
  const Json facts = array_in(question, "facts");
  for (const Json& fact : facts) {
    const auto known = gold.fact(text_member(fact, "text"));
    if (!known) throw std::runtime_error("the gold file has no fact \"" + text_member(fact, "text") + "\"");
    if (all.empty() || all.back().sentence != known->sentence || known->place < expected)
      all.push_back({known->sentence, or_null(fact, "said_by"), or_null(fact, "said_at"), {}});
    all.back().fact_ids.push_back(fact.value("id", 0));
    expected = known->place + 1;
  }
  for (const Said& said : all) whole.add(said);
  return whole.finish(facts);
}

// A message that begins with a sentence that opens a segment begins one; so does the first.
Json boundaries(const OracleGold& gold, const Json& question) {
  Json segments = Json::array();
  for (const Json& message : array_in(question, "messages")) {
    const std::string text = text_member(message, "text");
    const Json id = or_null(message, "id");
    const GoldSentence* opening = nullptr;
    // The longest that it begins with: the last of those in order.
    for (const auto& [sentence, said] : gold.openings())
      if (text.compare(0, sentence.size(), sentence) == 0) opening = said;
    if (opening || segments.empty())
      segments.push_back(Json{{"first", id},
                              {"last", id},
                              {"process", opening ? opening->process : true},
                              {"topic", opening ? *opening->opens : "other"}});
    segments.back()["last"] = id;
  }
  return Json{{"segments", std::move(segments)}};
}

}  // namespace

Json oracle_reading(const OracleGold& gold, const std::string& stage, const Json& question) {
  if (stage == "kg_extract") return whole_of_conversation(gold, question);
  if (stage == "kg_parse") return rules::facts_part(whole_of_conversation(gold, question));
  if (stage == "kg_facts") return rules::nodes_part(whole_of_facts(gold, question));
  if (stage == "kg_metadata") return rules::metadata_part(whole_of_facts(gold, question), question);
  if (stage == "kg_boundary") return boundaries(gold, question);
  return nullptr;
}

}  // namespace kg_sim
