// What people like, dislike, cannot eat, and what they hold to.

#include "patterns.h"

namespace kg_sim::rules {
namespace {

// The thing liked: a phrase, or an activity ("hiking in the hills").
std::vector<int> topics_at(Reader& reader, Told& told, std::size_t at) {
  const Words& rest = told.rest();
  if (at >= rest.size()) return {};
  const VerbForm form = verb_form(rest[at].lower);
  const bool to = rest[at].is("to") && at + 1 < rest.size() && verb_form(rest[at + 1].lower).base;
  if (form.gerund || to) {
    // The activity with its object, if it has one.
    std::string label = to ? text_of(rest, at + 1, at + 2) : rest[at].lower;
    std::size_t next = at + (to ? 2 : 1);
    if (auto phrase = reader.phrase_at(rest, next); phrase && !phrase->pronoun) {
      label += " " + lowered(text_of(rest, phrase->begin + (phrase->determiner.empty() ? 0 : 1), phrase->end));
    }
    const std::string category = to ? verb_form(rest[at + 1].lower).lemma : form.lemma;
    std::vector<int> topics = {reader.concept_of(label, category)};
    for (; next + 1 < rest.size(); ++next) {
      if (!rest[next].in({"and", ","})) continue;
      for (const int more : topics_at(reader, told, next + 1)) topics.push_back(more);
      break;
    }
    return topics;
  }
  return reader.things_at(rest, at, told);
}

bool liking(Reader& reader, Told& told, const std::string& label, std::size_t at, bool over = false) {
  if (at < told.rest().size() && told.rest()[at].in({"it", "that", "this", "how", "when", "them", "you", "what", "the"}) &&
      !(told.rest()[at].is("the") && at + 1 < told.rest().size())) {
    return false;
  }
  std::vector<int> topics = topics_at(reader, told, at);
  if (topics.size() > 3) topics.resize(3);
  std::erase(topics, told.subject);
  if (topics.empty()) return false;
  const int fact = reader.say(told);
  for (const int topic : topics) {
    const int statement = reader.state(told, fact, label, lowered(label), {{"experiencer", told.subject}, {"topic", topic}});
    if (statement < 0) continue;
    reader.builder().statement(statement).hash_tags = {"preferences"};
    if (over && told.factual() && !told.negated) {
      reader.builder().statement(statement).end =
          told.clause.when && !told.clause.when->since ? std::optional(told.clause.when->day) : reader.message_day(told, "estimated");
      reader.builder().statement(statement).start.reset();
    }
  }
  return true;
}

bool feeling(Reader& reader, Told& told, const std::string& how, std::size_t at) {
  const std::vector<int> about = topics_at(reader, told, at);
  if (about.empty() || about[0] == told.subject) return false;
  const int fact = reader.say(told);
  reader.state(told, fact, how, "feeling", {{"experiencer", told.subject}, {"topic", about[0]}});
  return true;
}

}  // namespace

bool read_likes(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  // "My favourite food is ramen"
  if (verb.lemma == "be" && told.clause.subject.determiner == "my" && !told.clause.subject.described.empty() &&
      is_any(told.clause.subject.described.front(), {"favourite", "favorite"}) && !rest.empty()) {
    told.subject = told.speaker;
    const std::vector<int> things = reader.things_at(rest, 0, told);
    if (things.empty()) return false;
    const int fact = reader.say(told, reader.name_in_text(told.speaker) + "'s " + lowered(told.clause.subject.text) + " is " +
                                          text_of(rest, 0, rest.size()) + ".");
    reader.state(told, fact, "Favourite", "preference", {{"experiencer", told.speaker}, {"topic", things[0]}});
    return true;
  }
  // "Dancing is my passion"
  if (verb.lemma == "be" && !told.negated && rest.size() >= 2 && rest[0].is("my") && told.subject >= 0 &&
      told.subject != told.speaker && reader.builder().thing(told.subject).type == "Concept" &&
      rest.back().in({"passion", "hobby", "thing", "favorite", "favourite", "escape", "therapy"})) {
    const int fact = reader.say(told, reader.name_in_text(told.speaker) + " likes " + reader.builder().thing(told.subject).label + ".");
    reader.state(told, fact, "Liking", "liking", {{"experiencer", told.speaker}, {"topic", told.subject}});
    return true;
  }
  // "I have a clothing store"
  if (verb.lemma == "have" && told.subject >= 0 && !rest.empty() && rest[0].in({"a", "an", "two", "three", "some"}) && !verb.able &&
      verb.tense == Tense::present && told.factual() && reader.builder().thing(told.subject).thing_class == "person") {
    auto phrase = reader.phrase_at(rest, 0);
    const bool thing = phrase && is_any(class_of_noun(phrase->head), {"product", "place", "organisation", "work"});
    if (!thing) return false;
    const int owned = reader.thing_of(*phrase, rest, told, "product");
    if (owned < 0) return false;
    if (!reader.builder().thing(owned).named && reader.builder().thing(owned).of < 0) reader.builder().thing(owned).of = told.subject;
    const int fact = reader.say(told);
    reader.state(told, fact, "Ownership", "ownership", {{"owner", told.subject}, {"owned", owned}});
    return true;
  }
  if (told.subject < 0 || rest.empty()) return false;
  const std::string& subject_class = reader.builder().thing(told.subject).thing_class;
  if (subject_class != "person" && subject_class != "animal") return false;
  if (is_any(verb.lemma, {"like", "love", "enjoy", "adore"}) && !verb.passive) {
    if (verb.modality == "hypothetical" && !told.clause.link.empty() && told.clause.link != "if") return false;
    return liking(reader, told, "Liking", 0);
  }
  if (is_any(verb.lemma, {"hate", "dislike"}) && !verb.passive) return liking(reader, told, "Dislike", 0);
  if (verb.lemma == "stand" && verb.able && verb.negated) {
    told.negated = false;  // "cannot stand" affirms a dislike
    return liking(reader, told, "Dislike", 0);
  }
  if (verb.lemma == "prefer") return liking(reader, told, "Preference", 0);
  if (verb.lemma == "be" && rest.size() > 1) {
    if (rest[0].is("into")) return liking(reader, told, "Liking", 1);
    if (rest[0].is("keen") && rest[1].is("on")) return liking(reader, told, "Liking", 2);
    if (rest[0].is("passionate") && rest[1].is("about")) return liking(reader, told, "Liking", 2);
    if (rest[0].is("obsessed") && rest[1].is("with")) return liking(reader, told, "Liking", 2);
    if (rest[0].is("fond") && rest[1].is("of")) return liking(reader, told, "Liking", 2);
    if (rest[0].in({"excited", "proud", "worried", "nervous", "thankful", "grateful", "stressed", "sad", "upset", "inspired", "thrilled"}) &&
        rest[1].in({"about", "of", "for", "by"}) && subject_class == "person") {
      return feeling(reader, told, rest[0].lower, 2);
    }
    if (rest[0].is("tired") || rest[0].is("sick")) return rest[1].is("of") && liking(reader, told, "Dislike", 2);
    if (rest[0].is("scared") || rest[0].is("afraid") || rest[0].is("terrified")) {
      return rest[1].is("of") && liking(reader, told, "Fear", 2);
    }
    if (rest[0].is("allergic") && rest[1].is("to")) {
      const std::vector<int> what = reader.things_at(rest, 2, told);
      if (what.empty()) return false;
      const int fact = reader.say(told);
      for (const int allergen : what) {
        reader.state(told, fact, "Allergy", "allergy", {{"experiencer", told.subject}, {"cause", allergen}});
      }
      return true;
    }
    for (std::size_t n = 0; n + 2 < rest.size() && n < 4; ++n) {
      if (rest[n].is("fan") && rest[n + 1].is("of")) return liking(reader, told, "Liking", n + 2);
    }
  }
  const auto diet = [&](const Word& word) { return word.in({"vegetarian", "vegan", "coeliac", "celiac", "pescatarian"}); };
  if (is_any(verb.lemma, {"be", "become", "go", "turn"}) && subject_class == "person") {
    const std::size_t at = rest[0].in({"a", "an"}) ? 1 : 0;
    if (at < rest.size() && diet(rest[at])) {
      const int fact = reader.say(told);
      reader.state(told, fact, "Diet", "diet", {{"holder", told.subject}, {"topic", reader.concept_of(rest[at].lower, "diet")}});
      return true;
    }
  }
  // "stopped liking", "gave up coffee" is a plan's end and read there
  if (verb.lemma == "stop") {
    const VerbForm form = verb_form(rest[0].lower);
    if (is_any(form.lemma, {"like", "love", "enjoy"}) && form.gerund && rest.size() > 1) return liking(reader, told, "Liking", 1, true);
    if (form.gerund && form.lemma != "work") {
      std::vector<int> what = reader.things_at(rest, 1, told);
      if (what.empty()) what = topics_at(reader, told, 0);
      if (what.empty()) return false;
      const int fact = reader.say(told);
      const int habit = reader.state(told, fact, "Habit", "habit", {{"agent", told.subject}, {"topic", what[0]}});
      if (habit >= 0 && told.factual() && !told.negated) {
        reader.builder().statement(habit).start.reset();
        reader.builder().statement(habit).end = told.clause.when ? std::optional(told.clause.when->day) : reader.message_day(told, "estimated");
      }
      return true;
    }
  }
  const bool lasting = verb.tense == Tense::perfect && told.clause.when && told.clause.when->since;
  if (is_any(verb.lemma, {"drink", "eat", "play", "practice", "practise", "collect", "speak", "teach", "sing"}) &&
      (verb.tense == Tense::present || verb.used_to || verb.ended || lasting) && !verb.progressive && !verb.able) {
    const std::vector<int> what = reader.things_at(rest, rest[0].is("the") ? 1 : 0, told);
    if (what.empty()) return false;
    const int fact = reader.say(told);
    reader.state(told, fact, verb.lemma == "speak" ? "Language" : "Habit", verb.lemma == "speak" ? "language" : "habit",
                 {{"agent", told.subject}, {"topic", what[0]}});
    return true;
  }
  return false;
}

}  // namespace kg_sim::rules
