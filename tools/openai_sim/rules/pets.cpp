// Animals: how they come, what they are called, how they go.

#include "patterns.h"

namespace kg_sim::rules {

namespace {

Statement ownership(int owner, int animal, int fact) {
  Statement state;
  state.type = "State";
  state.label = "Ownership";
  state.category = "ownership";
  state.roles = {{"owner", owner}, {"owned", animal}};
  state.hash_tags = {"pets"};
  state.facts = {fact};
  return state;
}

// The animal a phrase brings in, as the subject's own.
int new_animal(Reader& reader, Told& told, const NounPhrase& phrase) {
  const int index = reader.thing_of(phrase, told.rest(), told, "animal");
  if (index < 0) return -1;
  Thing& thing = reader.builder().thing(index);
  const std::string species = animal_of(phrase.head);
  if (!species.empty()) {
    thing.thing_class = "animal";
    thing.category = species;
    thing.type = "Entity";
  }
  if (thing.thing_class != "animal") return -1;
  if (thing.of < 0 && thing.participant == 0 && !phrase.plural) {
    thing.of = told.subject;
    thing.relation = species == "dog" || species == "cat" ? species : "pet";
  }
  return index;
}

}  // namespace

bool read_pets(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  if (told.subject < 0 || reader.builder().thing(told.subject).thing_class != "person" || rest.empty()) return false;
  // "We named him Clyde", "I called her Pixel"
  if (is_any(verb.lemma, {"name", "call"}) && rest.size() >= 2 && rest[0].in({"him", "her", "it"}) && rest[1].capital()) {
    const int animal = reader.last_animal();
    if (animal < 0 || reader.builder().thing(animal).named) return false;
    const int fact = reader.say(told, reader.name_in_text(told.subject) + " named " + reader.name_in_text(animal) + " " + rest[1].text + ".");
    reader.builder().name_thing(animal, rest[1].text);
    reader.builder().add_statement(ownership(told.subject, animal, fact));
    return true;
  }
  std::size_t at = 0;
  if (rest[0].in({"home", "up", "in", "us", "me", "myself", "ourselves"})) at = 1;
  auto phrase = reader.phrase_at(rest, at);
  if (!phrase || phrase->pronoun) return false;
  const bool comes = is_any(verb.lemma, {"adopt", "rescue", "get", "buy", "foster", "bring"}) &&
                     (verb.tense == Tense::past || verb.tense == Tense::perfect || verb.modality == "hypothetical" || verb.modality == "possible");
  const bool has = verb.lemma == "have" || verb.lemma == "own" || (verb.lemma == "get" && verb.tense == Tense::perfect);
  const bool goes = is_any(verb.lemma, {"lose", "sell", "give", "rehome"});
  if (!comes && !has && !goes) return false;
  const bool animal_words = !animal_of(phrase->head).empty();
  // "adopted Clyde" is about an animal as long as nothing says otherwise.
  const bool bare_name = !phrase->name.empty() && phrase->head.empty() && is_any(verb.lemma, {"adopt", "rescue"}) && !is_given_name(phrase->name);
  if (!animal_words && !bare_name) return false;
  const int animal = new_animal(reader, told, *phrase);
  if (animal < 0) return false;
  const int fact = reader.say(told);
  Statement state = ownership(told.subject, animal, fact);
  const std::optional<When>& when = told.clause.when;
  const bool certain = told.factual() && !told.negated;
  if (goes) {
    if (certain) state.end = when ? std::optional(when->day) : reader.message_day(told, "estimated");
    reader.builder().add_statement(state);
    reader.event(told, fact, "Loss", "loss", {{"experiencer", told.subject}, {"object", animal}});
    return true;
  }
  if (has && !comes) {
    reader.state(told, fact, "Ownership", "ownership", {{"owner", told.subject}, {"owned", animal}});
    return true;
  }
  if (certain && when) state.start = when->day;
  if (certain && !when && verb.just) state.start = reader.message_day(told, "estimated");
  const int owned = reader.builder().add_statement(state);
  const bool bought = verb.lemma == "buy";
  std::vector<Role> roles = {{"agent", told.subject}, {"object", animal}};
  if (const int origin = reader.thing_after(told, {"from"}, "organisation"); origin >= 0) roles.push_back({"origin", origin});
  if (owned >= 0 && certain) roles.push_back({"result", owned, true});
  reader.event(told, fact, bought ? "Purchase" : "Adoption", bought ? "purchase" : "adoption", roles);
  return true;
}

}  // namespace kg_sim::rules
