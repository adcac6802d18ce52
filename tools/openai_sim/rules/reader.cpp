#include "reader.h"

#include <algorithm>
#include <cctype>

#include "patterns.h"

namespace kg_sim::rules {
namespace {

// How far back a pronoun may reach.
constexpr std::size_t sentences_back = 3;

bool denies(const Words& words) {
  for (std::size_t n = 0; n < words.size(); ++n) {
    if (words[n].in({"false", "nonsense", "rubbish", "untrue"})) return true;
    if (words[n].is("true") && n > 0 && words[n - 1].in({"not", "n't"})) return true;
    if (words[n].is("no") && n + 1 < words.size() && words[n + 1].in({"truth"})) return true;
  }
  return false;
}

bool mentions_rumour(const Words& words) {
  return std::any_of(words.begin(), words.end(),
                     [](const Word& word) { return word.in({"rumour", "rumor", "rumours", "rumors", "gossip"}); });
}

bool conditional(const Words& words) {
  for (std::size_t n = 0; n < words.size(); ++n) {
    if (words[n].in({"if", "unless"}) && !(n > 0 && words[n - 1].in({"as", "even", "wonder", "what"}))) return true;
    if (words[n].in({"wish", "imagine", "pretend", "suppose"})) return true;
  }
  return false;
}

// A verb whose complement is somebody's report, opinion or wish.
enum class Frame { none, plain, reported, possible, hypothetical };

Frame frame_of(const Clause& clause, bool by_speaker) {
  const std::string& lemma = clause.verb.lemma;
  if (clause.verb.able && clause.verb.negated && lemma == "believe") return Frame::plain;  // "I can't believe we won"
  if (is_any(lemma, {"say", "tell", "mention", "claim", "announce", "answer", "explain"})) return by_speaker ? Frame::plain : Frame::reported;
  if (lemma == "hear") return Frame::reported;
  if (is_any(lemma, {"think", "guess", "believe", "hope", "wonder"})) return Frame::possible;
  if (is_any(lemma, {"wish", "imagine", "pretend", "suppose", "dream"})) return Frame::hypothetical;
  if (is_any(lemma, {"know", "realise", "realize", "mean", "remember", "forget", "notice", "discover", "find"})) return Frame::plain;
  return Frame::none;
}

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace

void Reader::read() {
  for (std::size_t index = 0; index < document_.sentences.size(); ++index) {
    note_people(index);
    if (!builder_.full()) read_sentence(index);
  }
}

int Reader::participant(int id) {
  const Person* person = document_.participant(id);
  if (person == nullptr) return -1;
  Thing thing;
  thing.label = person->name;
  thing.thing_class = "person";
  thing.category = "person";
  thing.named = person->name != "user";
  thing.participant = id;
  return builder_.add_thing(std::move(thing));
}

int Reader::addressee(const Sentence& sentence) {
  if (document_.participants.size() != 2 || sentence.speaker == 0) return -1;
  for (const Person& person : document_.participants) {
    if (person.id != sentence.speaker) return participant(person.id);
  }
  return -1;
}

int Reader::last_animal() const {
  for (std::size_t n = spoken_of_.size(); n-- > 0;) {
    if (spoken_of_[n].sentence + sentences_back < sentence_index_) return -1;
    if (builder_.thing(spoken_of_[n].thing).thing_class == "animal") return spoken_of_[n].thing;
  }
  return -1;
}

void Reader::note_people(std::size_t index) {
  const Sentence& sentence = document_.sentences[index];
  if (sentence.pasted || sentence.speaker == 0) return;
  const Words& words = sentence.words;
  const Clause none;
  Told told{none, participant(sentence.speaker), -1, -1, {}, false, {}};
  sentence_index_ = index;
  for (std::size_t at = 0; at < words.size();) {
    auto phrase = phrase_at(words, at);
    if (!phrase || phrase->pronoun) {
      at = phrase ? phrase->end : at + 1;
      continue;
    }
    const bool kin = !relation_of(phrase->head).empty() && phrase->determiner != "a" && phrase->determiner != "an" && !phrase->plural;
    const bool animal = !animal_of(phrase->head).empty() && !phrase->determiner.empty() && !phrase->plural;
    const auto known = document_.names.find(phrase->name);
    const bool name = !phrase->name.empty() && known != document_.names.end() &&
                      (known->second == "person" || known->second == "animal" || known->second.empty());
    // A vocative is who is spoken to, not who is spoken of.
    const bool vocative = name && phrase->text.empty() && document_.participant_named(phrase->name) != nullptr &&
                          at > 0 && words[at - 1].kind == WordKind::mark;
    const bool greeted = name && phrase->text.empty() && at > 0 && words[at - 1].in({"hey", "hi", "hello", "thanks"});
    if ((kin || animal || name) && !vocative && !greeted) {
      // "A greyhound!" said of one that has a name is no second one.
      bool again = false;
      if (animal && phrase->name.empty() && phrase->determiner.starts_with("a")) {
        for (const SpokenOf& other : spoken_of_) {
          const Thing& thing = builder_.thing(other.thing);
          again = again || (thing.named && thing.category == animal_of(phrase->head) && other.sentence + sentences_back >= index);
        }
      }
      const int thing = again ? -1 : thing_of(*phrase, words, told);
      const Thing* found = thing < 0 ? nullptr : &builder_.thing(thing);
      if (found != nullptr && (found->thing_class == "person" || found->thing_class == "animal" || found->thing_class == "other") &&
          found->participant != sentence.speaker && found->type == "Entity") {
        Gender gender = gender_of_relation(found->relation);
        if (gender == Gender::unknown && found->named) gender = gender_of_name(found->label.substr(0, found->label.find(' ')));
        spoken_of_.push_back({thing, index, at, sentence.id,
                              sentence.text.substr(words[phrase->begin].begin, words[phrase->end - 1].end - words[phrase->begin].begin),
                              gender});
      }
    }
    at = phrase->end;
  }
  touched_.clear();
}

int Reader::resolve(std::string_view pronoun, const Sentence& sentence, std::size_t word, Told* told) {
  const Gender wanted = is_any(pronoun, {"she", "her"}) ? Gender::female : is_any(pronoun, {"he", "him", "his"}) ? Gender::male : Gender::unknown;
  const bool it = is_any(pronoun, {"it", "its"});
  if (wanted == Gender::unknown && !it) return -1;
  const SpokenOf* only = nullptr;
  for (const SpokenOf& candidate : spoken_of_) {
    if (candidate.sentence + sentences_back < sentence_index_) continue;
    if (candidate.sentence == sentence_index_ && candidate.word >= word) continue;
    const Thing& thing = builder_.thing(candidate.thing);
    if (thing.participant == sentence.speaker) continue;
    const bool fits = it ? thing.thing_class == "animal"
                         : (thing.thing_class != "other" && (candidate.gender == Gender::unknown || candidate.gender == wanted));
    if (!fits) continue;
    if (only != nullptr && only->thing != candidate.thing) return -1;
    only = &candidate;
  }
  if (only == nullptr) return -1;
  if (told != nullptr && only->sentence_id != sentence.id && only->sentence != sentence_index_) {
    told->support.push_back({only->sentence_id, only->quote});
  }
  return only->thing;
}

int Reader::named(const std::string& name, std::string_view class_hint, bool title) {
  if (const Person* person = document_.participant_named(name); person != nullptr && !title) {
    const int index = participant(person->id);
    if (person->name != name) {
      Thing again = builder_.thing(index);
      again.aliases = {name};
      builder_.add_thing(std::move(again));
    }
    return index;
  }
  // The name of two who speak: whoever is meant, nobody can say.
  for (const Person& person : document_.participants) {
    if (person.name == name && !title) return -1;
  }
  Thing thing;
  thing.label = name;
  thing.named = true;
  // A name has one class within the document: what it was first seen to be.
  for (int n = 0; n < builder_.thing_count(); ++n) {
    if (builder_.thing(n).named && builder_.thing(n).label == name) return n;
  }
  const auto known = document_.names.find(name);
  thing.thing_class = title                                                      ? (class_hint.empty() ? "work" : std::string(class_hint))
                      : known != document_.names.end() && !known->second.empty() ? known->second
                      : !class_hint.empty()                                      ? std::string(class_hint)
                                                                                 : "other";
  thing.category = thing.thing_class == "other" ? "thing" : thing.thing_class;
  return builder_.add_thing(std::move(thing));
}

int Reader::related(int owner, const NounPhrase& phrase) {
  std::string relation = relation_of(phrase.head);
  const std::string animal = animal_of(phrase.head);
  if (relation.empty() && !animal.empty()) relation = is_any(animal, {"dog", "cat"}) ? animal : "pet";
  if (relation.empty() && is_any(phrase.head, {"house", "flat", "apartment", "home"})) relation = "home";
  if (relation.empty() && is_any(phrase.head, {"car", "van"})) relation = "car";
  if (relation.empty() || (phrase.plural && phrase.name.empty())) return -1;
  const bool past = std::any_of(phrase.described.begin(), phrase.described.end(),
                                [](const std::string& word) { return is_any(word, {"ex", "former", "late", "old", "new", "best"}); });
  int index = builder_.find_related(owner, relation);
  if (phrase.name.empty()) {
    if (index < 0) {
      Thing thing;
      thing.label = phrase.head;
      thing.thing_class = !animal.empty() ? "animal" : relation == "home" ? "place" : relation == "car" ? "product" : "person";
      thing.category = !animal.empty() ? animal : relation == "home" ? phrase.head : relation;
      thing.of = owner;
      thing.relation = relation;
      index = builder_.add_thing(std::move(thing));
    }
  } else {
    if (index >= 0 && !builder_.thing(index).named) {
      builder_.name_thing(index, phrase.name);
    } else {
      index = named(phrase.name, !animal.empty() ? "animal" : "person", false);
    }
    if (index < 0) return -1;
    Thing& thing = builder_.thing(index);
    if (thing.participant == 0) {
      if (!animal.empty()) {
        thing.thing_class = "animal";
        thing.category = animal;
      }
      if (thing.relation.empty()) {
        thing.of = owner;
        thing.relation = relation;
      }
    }
  }
  if (index != owner && (!past || relation == "friend")) touched_.push_back({owner, relation, index});
  return index;
}

int Reader::concept_of(const std::string& label, const std::string& category) {
  Thing thing;
  thing.type = "Concept";
  thing.label = label;
  thing.category = category.empty() ? label : category;
  return builder_.add_thing(std::move(thing));
}

int Reader::thing_of(const NounPhrase& phrase, const Words& words, Told& told, std::string_view class_hint) {
  static const Sentence nowhere;
  const Sentence& sentence = told.clause.sentence != nullptr ? *told.clause.sentence : document_.sentences.empty() ? nowhere : document_.sentences[sentence_index_];
  const std::size_t place = told.clause.sentence != nullptr ? told.clause.verb.begin : phrase.begin;
  if (phrase.pronoun) {
    if (is_any(phrase.text, {"i", "me", "we", "us", "myself"})) return told.speaker;
    if (phrase.text == "you") return addressee(sentence);
    return resolve(phrase.text, sentence, place, &told);
  }
  int owner = -1;
  bool owned = false;
  if (is_any(phrase.determiner, {"my", "our"})) {
    owned = true;
    owner = told.speaker;
  } else if (phrase.determiner == "your") {
    owned = true;
    owner = addressee(sentence);
  } else if (is_any(phrase.determiner, {"his", "her", "its"})) {
    owned = true;
    owner = resolve(phrase.determiner, sentence, place, &told);
  } else if (phrase.determiner == "their") {
    owned = true;
  } else if (phrase.possessor) {
    owned = true;
    Words possessor(words.begin() + static_cast<std::ptrdiff_t>(phrase.possessor->first),
                    words.begin() + static_cast<std::ptrdiff_t>(phrase.possessor->second));
    if (auto inner = noun_phrase_at(possessor, 0, document_)) {
      owner = thing_of(*inner, possessor, told);
    } else if (!possessor.empty() && possessor.front().capital()) {
      owner = named(text_of(possessor, 0, possessor.size()), "person", false);
    }
  } else if (phrase.determiner.empty() && !phrase.plural && phrase.described.empty() &&
             is_any(relation_of(phrase.head), {"mother", "father", "grandmother", "grandfather", "aunt", "uncle"})) {
    // "Mum", as a child says it: who speaks here under that name, or the
    // speaker's own. What a "Mum" calls "Dad" is not her father.
    const std::string word = words[phrase.begin].text;
    for (const Person& person : document_.participants) {
      if (person.name == word) return participant(person.id);
    }
    owned = true;
    if (told.speaker >= 0 && relation_of(lowered(builder_.thing(told.speaker).label)).empty()) owner = told.speaker;
  }
  if (owned && owner < 0) return -1;
  if (owned) {
    if (const int index = related(owner, phrase); index >= 0) return index;
  }
  if (!phrase.name.empty() && (phrase.text.empty() || !animal_of(phrase.head).empty() || !class_of_noun(phrase.head).empty())) {
    const std::string animal = animal_of(phrase.head);
    const std::string hint = !animal.empty() ? "animal" : !class_of_noun(phrase.head).empty() ? class_of_noun(phrase.head) : std::string(class_hint);
    const int index = named(phrase.name, hint, phrase.title);
    if (index >= 0 && builder_.thing(index).participant == 0) {
      Thing& thing = builder_.thing(index);
      if (!animal.empty()) {
        thing.thing_class = "animal";
        thing.category = animal;
      } else if (!phrase.head.empty() && thing.category == thing.thing_class) {
        thing.category = phrase.head;
      }
    }
    return index;
  }
  if (phrase.head.empty() || phrase.text.size() > 60 || is_any(phrase.determiner, {"every", "each", "no", "any", "this", "that"})) return -1;
  if (in_list("thing things lot bit way time something anything nothing everything someone somebody everyone anyone people one ones stuff "
              "day week month year time minute hour moment kind part fact idea point news doing being having getting going",
              phrase.head) &&
      class_hint != "any") {
    return -1;
  }
  if (!phrase.plural && is_any(phrase.head, {"night", "morning", "evening", "afternoon"})) return -1;
  const std::string label = lowered(phrase.text) == phrase.text || phrase.name.empty() ? phrase.text : lowered(phrase.text);
  const std::string known_class = class_of_noun(phrase.head);
  const bool entity = !known_class.empty() && !phrase.determiner.empty() && !phrase.plural;
  if (!entity && (class_hint.empty() || class_hint == "any" || phrase.determiner.empty() || phrase.plural)) {
    const std::string full = phrase.name.empty() ? label : label + " " + phrase.name;
    return concept_of(lowered(full), phrase.head);
  }
  Thing thing;
  thing.label = phrase.name.empty() ? lowered(label) : lowered(label) + " " + phrase.name;
  thing.thing_class = !known_class.empty() ? known_class : std::string(class_hint);
  thing.category = animal_of(phrase.head).empty() ? phrase.head : animal_of(phrase.head);
  thing.of = owned ? owner : -1;
  if (phrase.count > 1) thing.attributes.push_back({"count", std::to_string(phrase.count)});
  return builder_.add_thing(std::move(thing));
}

std::vector<int> Reader::things_at(const Words& words, std::size_t at, Told& told, std::string_view class_hint) {
  std::vector<int> things;
  while (at < words.size() && things.size() < 5) {
    while (at < words.size() && (in_list("really very so also all both most", words[at].lower))) ++at;
    auto phrase = phrase_at(words, at);
    if (!phrase) break;
    if (const int thing = thing_of(*phrase, words, told, class_hint); thing >= 0) {
      if (!std::count(things.begin(), things.end(), thing)) things.push_back(thing);
    }
    at = phrase->end;
    const std::size_t before = at;
    while (at < words.size() && words[at].in({",", "and", "&", "or"})) ++at;
    if (at == before) break;
  }
  return things;
}

int Reader::thing_after(Told& told, std::initializer_list<std::string_view> prepositions, std::string_view class_hint) {
  const Words& rest = told.rest();
  for (std::size_t at = 0; at + 1 < rest.size(); ++at) {
    if (!rest[at].in(prepositions)) continue;
    auto phrase = phrase_at(rest, at + 1);
    if (!phrase) continue;
    if (const int thing = thing_of(*phrase, rest, told, class_hint); thing >= 0) return thing;
  }
  return -1;
}

std::optional<Day> Reader::message_day(const Told& told, const std::string& how) const {
  if (!told.clause.sentence->at) return std::nullopt;
  return Day{day_text(*told.clause.sentence->at), how};
}

int Reader::event(const Told& told, int fact, const std::string& label, const std::string& category, std::vector<Role> roles) {
  Statement statement;
  statement.type = "Event";
  statement.label = label;
  statement.category = category;
  statement.roles = std::move(roles);
  statement.facts = {fact};
  if (told.factual() && !told.negated) {
    if (told.clause.when && !told.clause.when->duration && !told.clause.when->until) statement.start = told.clause.when->day;
    if (!told.clause.when && told.verb().just) statement.start = message_day(told, "estimated");
  }
  return builder_.add_statement(std::move(statement));
}

int Reader::state(const Told& told, int fact, const std::string& label, const std::string& category, std::vector<Role> roles) {
  Statement statement;
  statement.type = "State";
  statement.label = label;
  statement.category = category;
  statement.roles = std::move(roles);
  statement.facts = {fact};
  const std::optional<When>& when = told.clause.when;
  if (told.factual() && !told.negated) {
    const VerbGroup& verb = told.verb();
    const bool over = verb.ended || verb.used_to || (verb.tense == Tense::past && !verb.just);
    if (over) {
      if (when && !when->duration && !when->since) {
        statement.end = when->day;
        if (verb.tense == Tense::past && !when->until && !verb.ended) statement.start = when->day;
      } else {
        // It had ended when this was said; when exactly, nobody knows.
        statement.end = message_day(told, "estimated");
      }
      if (when && when->since && !when->duration) statement.start = when->day;
    } else if (when && when->until) {
      statement.end = when->day;
    } else if (when && when->since) {
      statement.start = when->day;
    }
  }
  return builder_.add_statement(std::move(statement));
}

int Reader::goal(const Told& told, int fact, const std::string& label, const std::string& category, std::vector<Role> roles,
                 const std::string& status) {
  Statement statement;
  statement.type = "Goal";
  statement.label = label;
  statement.category = category;
  statement.roles = std::move(roles);
  statement.facts = {fact};
  statement.goal_status = status;
  if (status == "active" && told.modality == "planned") statement.start = message_day(told, "inferred");
  if (status != "active" && told.factual()) {
    statement.end = told.clause.when && !told.clause.when->since ? std::optional(told.clause.when->day)
                                                                 : message_day(told, "estimated");
  }
  return builder_.add_statement(std::move(statement));
}

int Reader::relation_state(int fact, int owner, const std::string& relation, int thing) {
  Statement statement;
  statement.type = "State";
  statement.category = "kinship";
  statement.facts = {fact};
  const auto both = [&](const char* label, const char* role) {
    statement.label = label;
    statement.roles = {{role, owner}, {role, thing}};
  };
  const auto said = [&](const char* label, const char* owner_text, const char* thing_text) {
    statement.label = label;
    statement.roles = {{"other", thing, false, thing_text}, {"other", owner, false, owner_text}};
  };
  if (is_any(relation, {"mother", "father", "parent"})) {
    statement.label = "Parent";
    statement.roles = {{"parent", thing}, {"child", owner}};
  } else if (is_any(relation, {"son", "daughter", "child"})) {
    statement.label = "Parent";
    statement.roles = {{"parent", owner}, {"child", thing}};
  } else if (is_any(relation, {"sister", "brother", "sibling"})) {
    both("Sibling", "sibling");
  } else if (is_any(relation, {"wife", "husband", "spouse"})) {
    both("Marriage", "spouse");
    statement.category = "marriage";
  } else if (is_any(relation, {"partner", "girlfriend", "boyfriend"})) {
    both("Partnership", "partner");
    statement.category = "partnership";
  } else if (relation == "friend") {
    both("Friendship", "friend");
    statement.category = "friendship";
  } else if (relation == "colleague") {
    both("Colleagues", "colleague");
    statement.category = "colleagues";
  } else if (relation == "manager") {
    statement.label = "Management";
    statement.category = "management";
    statement.roles = {{"manager", thing}, {"employee", owner}};
  } else if (relation == "neighbour") {
    both("Neighbours", "participant");
    statement.category = "neighbourhood";
  } else if (is_any(relation, {"grandmother", "grandfather", "grandparent"})) {
    said("Grandparent", "grandchild", "grandparent");
  } else if (relation == "grandchild") {
    said("Grandparent", "grandparent", "grandchild");
  } else if (is_any(relation, {"aunt", "uncle"})) {
    said("Aunt or uncle", "niece or nephew", "aunt or uncle");
  } else if (is_any(relation, {"niece", "nephew"})) {
    said("Aunt or uncle", "aunt or uncle", "niece or nephew");
  } else if (relation == "cousin") {
    both("Cousins", "participant");
  } else if (relation == "home") {
    return -1;  // to say "my flat" is not yet to say who owns it
  } else {
    statement.label = "Ownership";
    statement.category = "ownership";
    statement.roles = {{"owner", owner}, {"owned", thing}};
    if (relation != "car") statement.hash_tags = {"pets"};
  }
  return builder_.add_statement(std::move(statement));
}

std::string Reader::name_in_text(int index) const {
  if (index < 0) return "somebody";
  const Thing& thing = builder_.thing(index);
  if (thing.participant != 0) return thing.named ? thing.label : "the user";
  if (thing.named) return thing.label;
  if (thing.of >= 0 && !thing.relation.empty()) return name_in_text(thing.of) + "'s " + thing.label;
  return "the " + thing.label;
}

std::string Reader::verb_text(const Told& told) const {
  const Clause& clause = told.clause;
  const Words& words = clause.sentence->words;
  const bool plural = told.with >= 0 || (!clause.subject.pronoun && clause.subject.plural);
  std::string text;
  bool auxiliary = false;
  const auto add = [&](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
  for (std::size_t at = clause.verb.begin; at < clause.verb.end; ++at) {
    const Word& word = words[at];
    const bool last = at + 1 == clause.verb.end;
    if (word.in({"just", "also", "really", "actually", "so", "then", "too", "honestly", "literally", "even", "basically"})) continue;
    if (word.in({"am", "'m", "are", "'re", "is"})) {
      add(plural ? "are" : "is");
      auxiliary = true;
    } else if (word.is("'s")) {
      add(clause.verb.tense == Tense::perfect ? "has" : "is");
      auxiliary = true;
    } else if (word.in({"was", "were"})) {
      add(plural ? "were" : "was");
      auxiliary = true;
    } else if (word.in({"have", "'ve"}) && !auxiliary) {
      add(plural ? "have" : "has");
      auxiliary = true;
    } else if (word.is("'d")) {
      add(clause.verb.modality == "hypothetical" ? "would" : "had");
      auxiliary = true;
    } else if (word.in({"'ll", "wo", "will"})) {
      add("will");
      auxiliary = true;
    } else if (word.is("ca")) {
      add("can");
      auxiliary = true;
    } else if (word.is("gonna")) {
      add(auxiliary ? "going to" : "is going to");
      auxiliary = true;
    } else if (word.is("n't")) {
      add("not");
    } else if (word.in({"do", "does"}) && !last) {
      add(plural ? "do" : "does");
      auxiliary = true;
    } else if (last && !auxiliary && clause.verb.tense == Tense::present && !plural && verb_form(word.lower).base) {
      add(third_person(clause.verb.lemma));
    } else {
      if (word.in({"can", "could", "might", "may", "would", "should", "must", "did", "had", "has", "used"})) auxiliary = true;
      add(word.lower);
    }
  }
  return text;
}

std::string Reader::rest_text(const Told& told) {
  Words words = told.rest();
  const bool own = told.subject == told.speaker;
  const std::string speaker = name_in_text(told.speaker);
  const Sentence& sentence = *told.clause.sentence;
  for (std::size_t n = 0; n < words.size(); ++n) {
    Word& word = words[n];
    if (word.kind != WordKind::word) continue;
    if (word.in({"my", "our"})) {
      word.text = own ? "their" : speaker + "'s";
    } else if (word.in({"me", "us", "i", "we"})) {
      word.text = speaker;
    } else if (word.in({"myself", "ourselves"})) {
      word.text = "themselves";
    } else if (word.in({"'m", "am"})) {
      word.text = word.lower = "is";
    } else if (word.is("your")) {
      const int you = addressee(sentence);
      if (you >= 0) word.text = name_in_text(you) + "'s";
    } else if (word.is("you")) {
      const int you = addressee(sentence);
      if (you >= 0) word.text = name_in_text(you);
    } else if (word.is("him") || (word.is("her") && (n + 1 == words.size() || words[n + 1].kind == WordKind::mark))) {
      Told scratch = told;
      const int who = resolve(word.lower, sentence, told.clause.verb.begin, &scratch);
      if (who >= 0) word.text = name_in_text(who);
    }
    word.lower = lowered(word.text);
  }
  return text_of(words, 0, words.size());
}

std::string Reader::third_person_text(const Told& told) {
  std::string subject = name_in_text(told.subject);
  if (told.subject < 0) {
    subject = text_of(told.clause.sentence->words, told.clause.subject.begin, told.clause.subject.end);
  }
  if (told.with >= 0) subject += " and " + name_in_text(told.with);
  std::string text = capitalised(subject + " " + verb_text(told));
  const std::string rest = rest_text(told);
  if (!rest.empty()) text += " " + rest;
  if (told.verb().ended && text.find("no longer") == std::string::npos) text += " any more";
  if (told.clause.when) {
    if (told.clause.when->duration) {
      const Words& words = told.clause.sentence->words;
      text += " " + text_of(words, told.clause.when->begin, told.clause.when->end);
    } else {
      text += " " + phrase_of(*told.clause.when);
    }
  }
  if (told.modality == "hypothetical") text = "Only supposed: " + text;
  if (told.modality == "possible" && told.verb().modality.empty()) text = "Perhaps " + text;
  if (const std::size_t at = text.find("can not "); at != std::string::npos) text.replace(at, 8, "cannot ");
  if (told.negated && !told.verb().negated) text = "It is not true that " + text;
  return text + ".";
}

int Reader::say(const Told& told) { return say(told, third_person_text(told)); }

int Reader::say(const Told& told, const std::string& text) {
  const Sentence& sentence = *told.clause.sentence;
  Fact fact;
  fact.text = text;
  fact.modality = told.modality;
  fact.negated = told.negated;
  const std::size_t begin = sentence.words[told.clause.begin].begin;
  const std::size_t end = sentence.words[told.clause.end - 1].end;
  fact.evidence.push_back({sentence.id, sentence.text.substr(begin, end - begin)});
  for (const Evidence& support : told.support) {
    if (std::find(fact.evidence.begin(), fact.evidence.end(), support) == fact.evidence.end()) fact.evidence.push_back(support);
  }
  last_fact_ = builder_.add_fact(std::move(fact));
  return last_fact_;
}

int Reader::subject_of(const Clause& clause, Told& told) {
  if (clause.subject_dropped) return told.speaker;
  if (clause.subject.pronoun) {
    const std::string& word = clause.subject.text;
    if (is_any(word, {"i", "we"})) return told.speaker;
    if (word == "you" || word == "there") return -1;
    if (word == "who") {
      // Whoever stands directly before.
      for (std::size_t n = spoken_of_.size(); n-- > 0;) {
        if (spoken_of_[n].sentence == sentence_index_ && spoken_of_[n].word < clause.subject.begin &&
            spoken_of_[n].word + 5 > clause.subject.begin) {
          return spoken_of_[n].thing;
        }
      }
      return -1;
    }
    return resolve(word, *clause.sentence, clause.subject.begin, &told);
  }
  return thing_of(clause.subject, clause.sentence->words, told);
}

bool Reader::read_clause(Told& told) {
  for (const auto theme : {read_plans, read_family, read_pets, read_work, read_places, read_likes, read_events}) {
    if (theme(*this, told)) return true;
  }
  return false;
}

void Reader::attach_relations(Told& told) {
  const std::vector<Touched> touched = std::move(touched_);
  touched_.clear();
  for (const Touched& relation : touched) {
    const bool named = builder_.thing(relation.thing).named;
    int fact = last_fact_;
    // A supposed or denied clause still says "my sister" in earnest.
    if (fact >= 0 && (builder_.fact(fact).negated || !(builder_.fact(fact).modality == "asserted" || builder_.fact(fact).modality == "reported"))) {
      fact = -1;
    }
    if (fact < 0) {
      if (builder_.full() || relation.relation == "home") continue;
      Told plain = told;
      plain.modality = "asserted";
      plain.negated = false;
      const int kept = last_fact_;
      const std::string owner = capitalised(name_in_text(relation.owner));
      fact = say(plain, named ? builder_.thing(relation.thing).label + " is " + name_in_text(relation.owner) + "'s " + relation.relation + "."
                              : owner + " has a " + builder_.thing(relation.thing).label + ".");
      last_fact_ = kept;
    }
    relation_state(fact, relation.owner, relation.relation, relation.thing);
  }
}

void Reader::read_sentence(std::size_t index) {
  const Sentence& sentence = document_.sentences[index];
  sentence_index_ = index;
  if (!sentence.citable() || document_.participant(sentence.speaker) == nullptr) return;
  if (sentence.question) {
    read_possessions(index);
    return;
  }
  const bool rumour = mentions_rumour(sentence.words);
  const bool denied = denies(sentence.words);
  const bool supposed = conditional(sentence.words);
  Frame frame = Frame::none;
  bool frame_negated = false, read_any = false;
  for (const Clause& clause : clauses_of(sentence, document_)) {
    if (builder_.full()) return;
    Told told{clause, participant(sentence.speaker), -1, -1, clause.modality, clause.verb.negated, {}};
    touched_.clear();
    last_fact_ = -1;
    told.subject = subject_of(clause, told);
    // "Ingrid told me that you are selling your house"
    if (clause.subject.text == "you" && clause.subject.pronoun && frame == Frame::reported) told.subject = addressee(sentence);
    if (clause.with_subject) told.with = thing_of(*clause.with_subject, sentence.words, told, "person");
    if (frame != Frame::none) {
      if (frame == Frame::reported && told.modality == "asserted") told.modality = "reported";
      if (frame == Frame::possible && told.modality == "asserted") told.modality = "possible";
      if (frame == Frame::hypothetical) told.modality = "hypothetical";
      if (frame_negated) told.negated = !told.negated;
    }
    if (supposed && told.modality != "hypothetical") told.modality = "hypothetical";
    if ((rumour || denied) && clause.subject.text != "it") {
      if (denied) {
        told.negated = true;
        told.modality = "asserted";
      } else if (told.modality == "asserted") {
        told.modality = "reported";
      }
    }
    const Frame opens = frame_of(clause, told.subject == told.speaker);
    if (opens != Frame::none && !(opens == Frame::possible && clause.rest.size() > 0 && clause.rest[0].is("to"))) {
      const bool has_more = clause.end < sentence.words.size();
      // A verb of saying with a clause behind it says nothing itself.
      if (has_more || opens != Frame::plain) {
        frame = opens;
        frame_negated = clause.verb.negated && opens != Frame::plain;
        if (opens != Frame::plain || !is_any(clause.verb.lemma, {"find", "discover", "forget"})) continue;
      }
    }
    if (read_clause(told)) read_any = true;
    attach_relations(told);
    if (last_fact_ >= 0) read_any = true;
  }
  if (!read_any) read_possessions(index);
}

void Reader::read_possessions(std::size_t index) {
  const Sentence& sentence = document_.sentences[index];
  const Words& words = sentence.words;
  for (std::size_t at = 0; at < words.size() && !builder_.full(); ++at) {
    if (!words[at].in({"my", "our"})) continue;
    auto phrase = phrase_at(words, at);
    if (!phrase || phrase->name.empty() || phrase->head.empty()) continue;
    Clause clause;
    clause.sentence = &sentence;
    clause.begin = phrase->begin;
    clause.end = phrase->end;
    Told told{clause, participant(sentence.speaker), -1, -1, "asserted", false, {}};
    touched_.clear();
    last_fact_ = -1;
    thing_of(*phrase, words, told);
    attach_relations(told);
  }
}

}  // namespace kg_sim::rules
