#include "oracle_decisions.h"

#include <algorithm>
#include <optional>
#include <set>

namespace kg_sim {

namespace {

constexpr double sure = 0.97;
constexpr double unsure = 0.5;

Json array_in(const Json& object, const char* key) {
  const Json* value = member(object, key);
  return value && value->is_array() ? *value : Json::array();
}

bool is_statement(const std::string& type) { return type == "Event" || type == "State" || type == "Goal"; }

bool is_called(const GoldThing& thing, const std::string& label) {
  if (folded(text_member(thing.described, "label")) == label) return true;
  const Json aliases = array_in(thing.described, "aliases");
  return std::any_of(aliases.begin(), aliases.end(),
                     [&](const Json& alias) { return alias.is_string() && folded(alias.get<std::string>()) == label; });
}

// What one side of a pair is in truth.
class Truth {
 public:
  Truth(const OracleGold& gold, const Json& side)
      : gold_(gold), type_(text_member(side, "type")), class_(text_member(side, "class")), label_(folded(text_member(side, "label"))) {
    for (const Json& fact : array_in(side, "facts"))
      if (fact.is_string())
        if (const auto known = gold_.fact(fact.get<std::string>())) narrow(*known->sentence);
    if (!said_ && !is_statement(type_))
      for (const auto& [ref, thing] : gold_.things())
        if (fits(thing)) may_be_.insert(text_member(thing.described, "of") == "@speaker" ? ref + " of somebody" : thing.is);
  }

  // Nothing when several are called so, or none.
  std::optional<std::string> what() const {
    return may_be_.size() == 1 ? std::optional(*may_be_.begin()) : std::nullopt;
  }

 private:
  bool fits(const GoldThing& thing) const {
    return (class_.empty() || text_member(thing.described, "class") == class_) && is_called(thing, label_);
  }

  // One car is described for all who have one; each has a car of their own.
  std::string truth_of_thing(const GoldThing& thing, const GoldSentence& sentence) const {
    if (text_member(thing.described, "of") != "@speaker") return thing.is;
    const GoldThing* owner = gold_.thing(sentence.by);
    return thing.is + " of " + (owner ? owner->is : "somebody");
  }

  void take(const std::string& ref, const GoldSentence& sentence, std::set<std::string>& found) const {
    const GoldThing* thing = gold_.thing(ref == "@speaker" ? sentence.by : ref);
    if (!thing) return;
    if (fits(*thing)) found.insert(truth_of_thing(*thing, sentence));
    if (const std::string owner = text_member(thing->described, "of"); !owner.empty()) take(owner, sentence, found);
  }

  // Of all the facts that speak of it, it is what every one of them can mean.
  void narrow(const GoldSentence& sentence) {
    std::set<std::string> found;
    if (is_statement(type_)) {
      for (const Json& statement : sentence.statements)
        if (text_member(statement, "type") == type_ && folded(text_member(statement, "label")) == label_) found.insert(truth_of(statement, sentence));
    } else {
      for (const std::string& ref : sentence.things) take(ref, sentence, found);
      for (const Json& statement : sentence.statements)
        for (const Json& role : array_in(statement, "roles"))
          if (role[1].is_string()) take(role[1].get<std::string>(), sentence, found);
    }
    if (found.empty()) return;
    if (!said_) {
      may_be_ = found;
    } else {
      std::erase_if(may_be_, [&](const std::string& is) { return !found.contains(is); });
    }
    said_ = true;
  }

  // A statement is what it says of what: kind, polarity, who takes part, when.
  std::string truth_of(const Json& statement, const GoldSentence& sentence) const {
    if (const std::string is = text_member(statement, "is"); !is.empty()) return is;
    const Json* mapped = gold_.predicate(text_member(statement, "category"));
    const std::string kind = !mapped ? "" : mapped->is_string() ? mapped->get<std::string>() : text_member(*mapped, "canonical");
    std::set<std::string> parts;
    for (const Json& role : array_in(statement, "roles")) {
      if (!role[1].is_string()) continue;
      const std::string ref = role[1].get<std::string>();
      const GoldThing* thing = gold_.thing(ref == "@speaker" ? sentence.by : ref);
      parts.insert(role[0].get<std::string>() + "\n" + (thing ? thing->is : ref));
    }
    Json whole = Json::array({type_, kind.empty() ? folded(text_member(statement, "category")) : kind, Json(parts)});
    for (const char* key : {"start", "end"}) {
      const Json* date = member(statement, key);
      whole.push_back(date ? *date : Json(nullptr));
    }
    const bool negated = std::any_of(sentence.facts.begin(), sentence.facts.end(), [](const Json& fact) { return fact.value("negated", false); });
    whole.push_back(negated);
    return to_text(whole);
  }

  const OracleGold& gold_;
  const std::string type_, class_, label_;
  bool said_ = false;
  std::set<std::string> may_be_;
};

Json merge_answer(const OracleGold& gold, const Json& question) {
  Json decisions = Json::array();
  for (const Json& pair : array_in(question, "pairs")) {
    static const Json nothing = Json::object();
    const Json* a = member(pair, "a");
    const Json* b = member(pair, "b");
    const auto one = Truth(gold, a ? *a : nothing).what();
    const auto other = Truth(gold, b ? *b : nothing).what();
    std::string verdict = "unsure", reason = "the gold file does not say what they are";
    if (one && other && gold.are_unsure(*one, *other)) {
      reason = "the gold file leaves open whether " + *one + " is " + *other;
    } else if (one && other) {
      verdict = *one == *other ? "same" : "different";
      reason = *one == *other ? "both are " + *one : "one is " + *one + ", the other " + *other;
    }
    const Json* id = member(pair, "id");
    decisions.push_back(Json{{"pair", id ? *id : Json(0)},
                             {"reason", reason.substr(0, 300)},
                             {"verdict", verdict},
                             {"confidence", verdict == "unsure" ? unsure : sure}});
  }
  return Json{{"decisions", std::move(decisions)}};
}

Json predicate_answer(const OracleGold& gold, const Json& question) {
  std::set<std::string> canonical;
  for (const Json& name : array_in(question, "canonical")) canonical.insert(text_member(name, "name"));
  Json mappings = Json::array();
  for (const Json& asked : array_in(question, "names")) {
    const Json* mapped = gold.predicate(text_member(asked, "name"));
    // A text, or {"canonical":…,"inverse":…}.
    const std::string name = !mapped ? "" : mapped->is_string() ? mapped->get<std::string>() : text_member(*mapped, "canonical");
    const bool offered = canonical.contains(name);
    const bool inverse = offered && mapped->is_object() && mapped->value("inverse", false);
    const Json* id = member(asked, "id");
    mappings.push_back(Json{{"id", id ? *id : Json(0)}, {"canonical", offered ? Json(name) : Json(nullptr)}, {"inverse", inverse}, {"confidence", sure}});
  }
  return Json{{"mappings", std::move(mappings)}};
}

// The deepest candidate on the way to where the gold file has the kind; the
// shallowest of all, the root, where it has it nowhere.
Json classify_answer(const OracleGold& gold, const Json& question) {
  Json choices = Json::array();
  for (const Json& kind : array_in(question, "kinds")) {
    const Json* where = gold.kind(text_member(kind, "type"), text_member(kind, "category"));
    const std::string path = !where ? "" : where->is_string() ? where->get<std::string>() : text_member(*where, "path");
    const Json* best = nullptr;
    const Json* root = nullptr;
    const Json candidates = array_in(kind, "candidates");
    for (const Json& candidate : candidates) {
      const std::string offered = text_member(candidate, "path");
      if (!root || offered.size() < text_member(*root, "path").size()) root = &candidate;
      const bool on_the_way = path == offered || path.rfind(offered + " > ", 0) == 0;
      if (on_the_way && (!best || offered.size() > text_member(*best, "path").size())) best = &candidate;
    }
    const Json* taken = best ? best : root;
    if (!taken) continue;
    const Json* suggestion = best && where->is_object() ? member(*where, "suggestion") : nullptr;
    const Json* id = member(kind, "id");
    choices.push_back(Json{{"kind", id ? *id : Json(0)},
                           {"taxon", (*taken)["taxon"]},
                           {"confidence", best ? sure : unsure},
                           {"suggestion", suggestion ? *suggestion : Json(nullptr)}});
  }
  return Json{{"choices", std::move(choices)}};
}

}  // namespace

Json oracle_decision(const OracleGold& gold, const std::string& stage, const Json& question) {
  if (stage == "kg_merge") return merge_answer(gold, question);
  if (stage == "kg_predicate") return predicate_answer(gold, question);
  if (stage == "kg_classify") return classify_answer(gold, question);
  return nullptr;
}

}  // namespace kg_sim
