// Kin, couples, births and deaths.

#include "patterns.h"

namespace kg_sim::rules {
namespace {

// Whom somebody is married to or engaged with, as far as the answer says.
int partner_of(const AnswerBuilder& builder, int who) {
  for (const char* relation : {"wife", "husband", "spouse", "partner", "girlfriend", "boyfriend"}) {
    if (const int found = builder.find_related(who, relation); found >= 0) return found;
  }
  // Two who plan to marry.
  for (const Statement& statement : builder.statements()) {
    if (statement.type != "Goal" || statement.label != "get married" || statement.roles.size() < 2) continue;
    if (statement.roles[0].role != statement.roles[1].role) continue;
    if (statement.roles[0].thing == who) return statement.roles[1].thing;
    if (statement.roles[1].thing == who) return statement.roles[0].thing;
  }
  return -1;
}

// A name, or a kind of place; "in a hailstorm" is none.
bool is_place(Reader& reader, int thing) {
  if (thing < 0) return false;
  const Thing& place = reader.builder().thing(thing);
  return place.thing_class == "place" && (place.named || class_of_noun(place.category) == "place");
}

bool wedding(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  const bool get = is_any(verb.lemma, {"get", "be"}) && !rest.empty() && rest[0].is("married");
  const bool knot = verb.lemma == "tie" && rest.size() > 1 && rest[1].is("knot");
  if (!(get || knot || verb.lemma == "marry")) return false;
  int spouse = told.with;
  if (spouse < 0) spouse = reader.thing_after(told, {"to"}, "person");
  if (spouse < 0 && verb.lemma == "marry" && !verb.passive) {
    const std::vector<int> things = reader.things_at(rest, 0, told, "person");
    if (!things.empty() && reader.builder().thing(things[0]).thing_class == "person") spouse = things[0];
  }
  if (spouse < 0) spouse = partner_of(reader.builder(), told.subject);
  const int fact = reader.say(told);
  std::vector<Role> spouses = {{"spouse", told.subject}};
  if (spouse >= 0 && spouse != told.subject) spouses.push_back({"spouse", spouse});
  Statement marriage;
  marriage.type = "State";
  marriage.label = "Marriage";
  marriage.category = "marriage";
  marriage.roles = spouses;
  marriage.facts = {fact};
  const bool event = verb.lemma != "be" || told.clause.when.has_value();
  if (told.factual() && !told.negated && told.clause.when && !told.clause.when->until) marriage.start = told.clause.when->day;
  const int state = reader.builder().add_statement(marriage);
  if (event && !(told.clause.when && told.clause.when->duration)) {
    std::vector<Role> roles;
    for (const Role& role : spouses) roles.push_back({"participant", role.thing});
    if (const int place = reader.thing_after(told, {"in"}, "place"); is_place(reader, place)) roles.push_back({"place", place});
    if (state >= 0) roles.push_back({"result", state, true});
    reader.event(told, fact, "Wedding", "wedding", roles);
  }
  return true;
}

bool parting(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  const bool divorced = (is_any(verb.lemma, {"get", "be"}) && !rest.empty() && rest[0].in({"divorced", "separated"})) ||
                        is_any(verb.lemma, {"divorce", "separate"});
  const bool broke_up = (verb.lemma == "break" || verb.lemma == "split") && !rest.empty() && rest[0].is("up");
  if (!divorced && !broke_up) return false;
  int other = told.with;
  if (other < 0) other = reader.thing_after(told, {"with", "from"}, "person");
  if (other < 0) other = partner_of(reader.builder(), told.subject);
  if (other < 0 && broke_up) return false;
  const int fact = reader.say(told);
  Statement end;
  end.type = "State";
  end.label = divorced ? "Marriage" : "Partnership";
  end.category = divorced ? "marriage" : "partnership";
  const std::string role = divorced ? "spouse" : "partner";
  end.roles = {{role, told.subject}};
  if (other >= 0) end.roles.push_back({role, other});
  end.facts = {fact};
  if (told.factual() && !told.negated) {
    end.end = told.clause.when && !told.clause.when->since ? std::optional(told.clause.when->day) : reader.message_day(told, "estimated");
  }
  reader.builder().add_statement(end);
  reader.event(told, fact, divorced ? "Divorce" : "Breakup", divorced ? "divorce" : "breakup", [&] {
    std::vector<Role> roles;
    for (const Role& one : end.roles) roles.push_back({"participant", one.thing});
    return roles;
  }());
  return true;
}

// What was "my boss" so far has a name.
bool called(Reader& reader, Told& told, const std::string& name) {
  const Thing unnamed = reader.builder().thing(told.subject);
  if (unnamed.named || unnamed.of < 0 || unnamed.relation.empty() || told.negated) return false;
  const int fact = reader.say(told);
  reader.builder().name_thing(told.subject, name);
  reader.relation_state(fact, unnamed.of, unnamed.relation, told.subject);
  return true;
}

// "Emma is my sister", "Tom is a friend of mine", "my sister's name is Emma"
bool is_kin(Reader& reader, Told& told) {
  if (is_any(told.verb().lemma, {"call", "name"}) && told.verb().passive && told.subject >= 0 && !told.rest().empty() &&
      told.rest()[0].capital()) {
    return called(reader, told, told.rest()[0].text);
  }
  if (told.verb().lemma != "be" || told.rest().empty()) return false;
  const Words& rest = told.rest();
  // "His name is Clyde", "My dog's name is Rex"
  if (told.clause.subject.head == "name" && rest[0].capital() && !told.negated) {
    int who = -1;
    const NounPhrase& subject = told.clause.subject;
    if (subject.possessor) {
      const Words& words = told.clause.sentence->words;
      Words owner(words.begin() + static_cast<std::ptrdiff_t>(subject.possessor->first),
                  words.begin() + static_cast<std::ptrdiff_t>(subject.possessor->second));
      if (auto phrase = reader.phrase_at(owner, 0)) who = reader.thing_of(*phrase, owner, told);
    } else if (is_any(subject.determiner, {"his", "her", "its"})) {
      who = reader.last_animal();
    }
    if (who < 0 || reader.builder().thing(who).named) return false;
    const std::string before = reader.name_in_text(who);
    const Thing unnamed = reader.builder().thing(who);
    reader.builder().name_thing(who, rest[0].text);
    std::string text = before + " is called " + rest[0].text + ".";
    text[0] = static_cast<char>(text[0] >= 'a' && text[0] <= 'z' ? text[0] - 'a' + 'A' : text[0]);
    const int fact = reader.say(told, text);
    const int owner = unnamed.of >= 0 ? unnamed.of : told.speaker;
    reader.relation_state(fact, owner, unnamed.relation.empty() ? "pet" : unnamed.relation, who);
    return true;
  }
  if (told.subject < 0) return false;
  // "My boss is called Gareth"
  if (rest.size() > 1 && rest[0].is("called") && rest[1].capital()) return called(reader, told, rest[1].text);
  auto phrase = reader.phrase_at(rest, 0);
  if (!phrase || !phrase->name.empty() || phrase->plural) return false;
  const std::string relation = relation_of(phrase->head);
  if (relation.empty() || reader.builder().thing(told.subject).thing_class == "animal") return false;
  int owner = -1;
  if (is_any(phrase->determiner, {"my", "our"})) owner = told.speaker;
  if (phrase->possessor) {
    Words possessor(rest.begin() + static_cast<std::ptrdiff_t>(phrase->possessor->first),
                    rest.begin() + static_cast<std::ptrdiff_t>(phrase->possessor->second));
    if (auto inner = reader.phrase_at(possessor, 0)) owner = reader.thing_of(*inner, possessor, told, "person");
  }
  if (owner < 0 || owner == told.subject) return false;
  const int fact = reader.say(told);
  reader.relation_state(fact, owner, relation, told.subject);
  return true;
}

// "I have two brothers", "we have a daughter named Ida"
bool has_kin(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  if (!(verb.lemma == "have" || (verb.lemma == "get" && verb.tense == Tense::perfect)) || told.rest().empty()) return false;
  auto phrase = reader.phrase_at(told.rest(), 0);
  if (!phrase) return false;
  const std::string relation = relation_of(phrase->head);
  if (relation.empty() || phrase->determiner.empty()) return false;
  if (phrase->head == "baby" && verb.tense != Tense::present) {
    const int fact = reader.say(told);
    Thing baby;
    baby.label = phrase->name.empty() ? "baby" : phrase->name;
    baby.named = !phrase->name.empty();
    baby.thing_class = "person";
    baby.category = "child";
    baby.of = told.subject;
    baby.relation = "child";
    const int child = reader.builder().add_thing(baby);
    reader.event(told, fact, "Birth", "birth", {{"parent", told.subject}, {"child", child}});
    reader.relation_state(fact, told.subject, "child", child);
    return true;
  }
  if (phrase->plural) {
    // Several without names are not one person each; how many there are is a trait.
    const int fact = reader.say(told);
    const int kin = reader.concept_of(phrase->head + "s", relation);
    if (phrase->count > 1) reader.builder().thing(kin).attributes = {{"count", std::to_string(phrase->count)}};
    reader.state(told, fact, "Family", "kinship", {{"holder", told.subject}, {"topic", kin}});
    return true;
  }
  Thing kin;
  kin.label = phrase->name.empty() ? phrase->head : phrase->name;
  kin.named = !phrase->name.empty();
  kin.thing_class = "person";
  kin.category = relation;
  kin.of = told.subject;
  kin.relation = relation;
  const int thing = reader.builder().add_thing(kin);
  const int fact = reader.say(told);
  reader.relation_state(fact, told.subject, relation, thing);
  return true;
}

bool life(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  if (told.subject < 0) return false;
  if (verb.passive && verb.lemma == "be") return false;
  const bool died = verb.lemma == "die" || (verb.lemma == "pass" && !rest.empty() && rest[0].is("away"));
  if (died && verb.tense != Tense::future) {
    const int fact = reader.say(told);
    reader.event(told, fact, "Death", "death", {{"subject", told.subject}});
    Thing& gone = reader.builder().thing(told.subject);
    if (gone.thing_class == "animal" && gone.of >= 0) {
      Statement ownership;
      ownership.type = "State";
      ownership.label = "Ownership";
      ownership.category = "ownership";
      ownership.roles = {{"owner", gone.of}, {"owned", told.subject}};
      ownership.facts = {fact};
      ownership.hash_tags = {"pets"};
      if (told.factual() && !told.negated) {
        ownership.end = told.clause.when ? std::optional(told.clause.when->day) : reader.message_day(told, "estimated");
      }
      reader.builder().add_statement(ownership);
    }
    return true;
  }
  if (verb.lemma == "be" && !rest.empty() && rest[0].is("born")) {
    const int fact = reader.say(told);
    std::vector<Role> roles = {{"child", told.subject}};
    if (const int place = reader.thing_after(told, {"in", "at"}, "place"); place >= 0) roles.push_back({"place", place});
    reader.event(told, fact, "Birth", "birth", roles);
    return true;
  }
  const bool engaged = (verb.lemma == "engage" && verb.passive) || (is_any(verb.lemma, {"get", "be"}) && !rest.empty() && rest[0].is("engaged")) || (verb.lemma == "propose" && !rest.empty() && rest[0].is("to"));
  if (engaged) {
    int other = told.with >= 0 ? told.with : reader.thing_after(told, {"to"}, "person");
    if (other < 0) other = partner_of(reader.builder(), told.subject);
    if (other >= 0 && reader.builder().thing(other).thing_class != "person") return false;
    const int fact = reader.say(told);
    std::vector<Role> roles = {{"participant", told.subject}};
    if (other >= 0 && other != told.subject) roles.push_back({"participant", other});
    reader.event(told, fact, "Engagement", "engagement", roles);
    return true;
  }
  if (verb.lemma == "expect" && verb.progressive && !rest.empty()) {
    const int fact = reader.say(told);
    reader.state(told, fact, "Pregnancy", "pregnancy", {{"experiencer", told.subject}});
    return true;
  }
  const bool dating = (verb.lemma == "date" || (verb.lemma == "see" && verb.progressive)) && !verb.passive;
  if (dating) {
    const std::vector<int> who = reader.things_at(rest, 0, told);
    if (who.empty() || reader.builder().thing(who[0]).thing_class != "person") return false;
    const int fact = reader.say(told);
    reader.state(told, fact, "Partnership", "partnership", {{"partner", told.subject}, {"partner", who[0]}});
    return true;
  }
  // "I met Emma in Rome"
  if (verb.lemma == "meet" && verb.tense != Tense::present) {
    const std::vector<int> who = reader.things_at(rest, rest.size() > 1 && rest[0].is("up") && rest[1].is("with") ? 2 : 0, told);
    std::vector<Role> roles = {{"participant", told.subject}};
    for (const int person : who) {
      if (reader.builder().thing(person).thing_class == "person" && person != told.subject) roles.push_back({"participant", person});
    }
    if (roles.size() < 2) return false;
    if (const int place = reader.thing_after(told, {"in", "at"}, "place"); is_place(reader, place)) roles.push_back({"place", place});
    const int fact = reader.say(told);
    reader.event(told, fact, "Meeting", "meeting", roles);
    return true;
  }
  return false;
}

}  // namespace

bool read_family(Reader& reader, Told& told) {
  if (is_kin(reader, told)) return true;
  if (told.subject < 0 || reader.builder().thing(told.subject).type != "Entity") return false;
  const std::string& subject_class = reader.builder().thing(told.subject).thing_class;
  if (subject_class != "person" && subject_class != "other" && subject_class != "animal") return false;
  if (life(reader, told)) return true;
  if (subject_class == "animal") return false;
  return wedding(reader, told) || parting(reader, told) || has_kin(reader, told);
}

}  // namespace kg_sim::rules
