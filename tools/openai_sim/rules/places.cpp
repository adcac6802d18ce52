// Where people live, come from, move to and travel.

#include "patterns.h"

namespace kg_sim::rules {
namespace {

// A place must have a name, or be a kind of place somebody owns.
int place_after(Reader& reader, Told& told, std::initializer_list<std::string_view> prepositions) {
  const Words& rest = told.rest();
  for (std::size_t at = 0; at + 1 < rest.size(); ++at) {
    if (!rest[at].in(prepositions)) continue;
    auto phrase = reader.phrase_at(rest, at + 1);
    if (!phrase || phrase->pronoun) continue;
    if (phrase->name.empty() && class_of_noun(phrase->head) != "place") continue;
    const int thing = reader.thing_of(*phrase, rest, told, "place");
    if (thing < 0 || reader.builder().thing(thing).type == "Concept") continue;
    Thing& place = reader.builder().thing(thing);
    if (place.thing_class == "person" || place.thing_class == "animal") continue;
    if (place.thing_class == "other") {
      place.thing_class = "place";
      place.category = "place";
    }
    return thing;
  }
  return -1;
}

Statement residence(int who, int place, int fact) {
  Statement state;
  state.type = "State";
  state.label = "Residence";
  state.category = "residence";
  state.roles = {{"resident", who}, {"place", place}};
  state.hash_tags = {"home"};
  state.facts = {fact};
  return state;
}

bool living(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  if (verb.lemma == "live") {
    const int place = place_after(reader, told, {"in", "at", "near", "on"});
    if (place < 0) return false;
    const int fact = reader.say(told);
    reader.state(told, fact, "Residence", "residence", {{"resident", told.subject}, {"place", place}});
    return true;
  }
  if (verb.lemma == "grow" && !told.rest().empty() && told.rest()[0].is("up")) {
    const int place = place_after(reader, told, {"in", "on", "near"});
    if (place < 0) return false;
    const int fact = reader.say(told);
    Statement state;
    state.type = "State";
    state.label = "Upbringing";
    state.category = "upbringing";
    state.roles = {{"subject", told.subject}, {"place", place}};
    state.facts = {fact};
    reader.builder().add_statement(state);
    return true;
  }
  // "I'm from Porto", "I come from Porto"
  if (is_any(verb.lemma, {"be", "come"}) && told.rest().size() > 1 && (told.rest()[0].is("from") || told.rest()[0].is("originally")) &&
      verb.tense == Tense::present && !verb.progressive) {
    const int place = place_after(reader, told, {"from"});
    if (place < 0 || !reader.builder().thing(place).named) return false;
    const int fact = reader.say(told);
    Statement state;
    state.type = "State";
    state.label = "Origin";
    state.category = "origin";
    state.roles = {{"subject", told.subject}, {"origin", place}};
    state.facts = {fact};
    reader.builder().add_statement(state);
    return true;
  }
  return false;
}

bool moving(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  if (!(is_any(verb.lemma, {"move", "relocate"}) || (verb.lemma == "settle" && !rest.empty() && rest[0].is("in")))) return false;
  if (verb.tense == Tense::present && !verb.progressive && told.factual()) return false;
  const int destination = place_after(reader, told, {"to", "into", "in"});
  const int origin = place_after(reader, told, {"from", "of"});
  if (destination < 0 && origin < 0 && !(!rest.empty() && rest[0].in({"house", "out", "home"}))) return false;
  const int fact = reader.say(told);
  const bool certain = told.factual() && !told.negated;
  const std::optional<When>& when = told.clause.when;
  std::optional<Day> day;
  if (certain && when) day = when->day;
  if (certain && !when && verb.just) day = reader.message_day(told, "estimated");
  int result = -1;
  if (destination >= 0) {
    Statement state = residence(told.subject, destination, fact);
    if (certain) {
      state.start = day;
      state.replaces = true;
    }
    result = reader.builder().add_statement(state);
  }
  if (origin >= 0) {
    Statement state = residence(told.subject, origin, fact);
    if (certain) state.end = day ? day : reader.message_day(told, "estimated");
    reader.builder().add_statement(state);
  }
  std::vector<Role> roles = {{"agent", told.subject}};
  if (told.with >= 0) roles.push_back({"agent", told.with});
  if (origin >= 0) roles.push_back({"origin", origin});
  if (destination >= 0) roles.push_back({"destination", destination});
  if (result >= 0 && certain) roles.push_back({"result", result, true});
  reader.event(told, fact, "Move", "move", roles);
  return true;
}

bool travelling(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  if (verb.tense == Tense::present && told.factual()) return false;
  int place = -1;
  if (verb.lemma == "visit") {
    auto phrase = rest.empty() ? std::nullopt : reader.phrase_at(rest, 0);
    if (!phrase || phrase->pronoun) return false;
    place = reader.thing_of(*phrase, rest, told, "place");
    if (place < 0) return false;
    const Thing& thing = reader.builder().thing(place);
    if (thing.thing_class == "person") {
      const int fact = reader.say(told);
      std::vector<Role> roles = {{"agent", told.subject}, {"participant", place}};
      if (const int where = place_after(reader, told, {"in"}); where >= 0) roles.push_back({"place", where});
      reader.event(told, fact, "Visit", "visit", roles);
      return true;
    }
  } else if (is_any(verb.lemma, {"go", "travel", "fly", "drive", "return", "come", "head"})) {
    place = place_after(reader, told, {"to", "from"});
    const bool named = place >= 0 && reader.builder().thing(place).named && reader.builder().thing(place).thing_class == "place";
    if (!named) return false;
  } else if (verb.lemma == "be" && verb.tense == Tense::perfect && !rest.empty() && rest[0].is("to")) {
    place = place_after(reader, told, {"to"});
    if (place < 0 || !reader.builder().thing(place).named) return false;
  } else if (verb.lemma == "spend" || verb.lemma == "stay") {
    place = place_after(reader, told, {"in"});
    if (place < 0 || !reader.builder().thing(place).named) return false;
  } else {
    return false;
  }
  if (reader.builder().thing(place).type == "Concept") return false;
  const int fact = reader.say(told);
  std::vector<Role> roles = {{"agent", told.subject}, {"destination", place}};
  const int companion = told.with >= 0 ? told.with : reader.thing_after(told, {"with"}, "person");
  if (companion >= 0 && companion != told.subject && reader.builder().thing(companion).thing_class == "person" && reader.builder().thing(companion).type == "Entity") {
    roles.push_back({"participant", companion});
  }
  const int trip = reader.event(told, fact, "Trip", "travel", roles);
  if (trip >= 0) reader.builder().statement(trip).hash_tags = {"travel"};
  return true;
}

bool buying(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  const bool buys = is_any(verb.lemma, {"buy", "purchase"});
  const bool sells = verb.lemma == "sell";
  const bool rents = verb.lemma == "rent";
  if (!(buys || sells || rents) || rest.empty() || (verb.tense == Tense::present && !verb.progressive && told.factual() && !rents)) return false;
  auto phrase = reader.phrase_at(rest, 0);
  if (!phrase || phrase->pronoun) return false;
  const int object = reader.thing_of(*phrase, rest, told, "product");
  if (object < 0 || reader.builder().thing(object).thing_class == "person") return false;
  Thing& thing = reader.builder().thing(object);
  if (!thing.named && thing.of < 0 && thing.type == "Entity") thing.of = told.subject;
  const int fact = reader.say(told);
  const bool certain = told.factual() && !told.negated;
  const std::optional<When>& when = told.clause.when;
  if (rents) {
    reader.state(told, fact, "Rental", "rental", {{"holder", told.subject}, {"object", object}});
    return true;
  }
  int result = -1;
  if (thing.type == "Entity") {
    Statement state;
    state.type = "State";
    state.label = "Ownership";
    state.category = "ownership";
    state.roles = {{"owner", told.subject}, {"owned", object}};
    state.facts = {fact};
    if (certain && buys && when) state.start = when->day;
    if (certain && sells) state.end = when ? std::optional(when->day) : reader.message_day(told, "estimated");
    result = reader.builder().add_statement(state);
  }
  std::vector<Role> roles = {{"agent", told.subject}, {"object", object}};
  if (result >= 0 && buys && certain) roles.push_back({"result", result, true});
  reader.event(told, fact, buys ? "Purchase" : "Sale", buys ? "purchase" : "sale", roles);
  return true;
}

}  // namespace

bool read_places(Reader& reader, Told& told) {
  if (told.subject < 0 || reader.builder().thing(told.subject).thing_class != "person") return false;
  return living(reader, told) || moving(reader, told) || travelling(reader, told) || buying(reader, told);
}

}  // namespace kg_sim::rules
