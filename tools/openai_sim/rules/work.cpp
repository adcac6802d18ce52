// Jobs and studies: where, as what, since when, and their ends.

#include "patterns.h"

namespace kg_sim::rules {
namespace {

void tag(Reader& reader, int statement, const char* text) {
  if (statement >= 0 && reader.builder().statement(statement).hash_tags.empty()) reader.builder().statement(statement).hash_tags = {text};
}

// The employer behind "at" or "for"; only what has a name is one.
int employer_of(Reader& reader, Told& told, std::initializer_list<std::string_view> prepositions) {
  const Words& rest = told.rest();
  for (std::size_t at = 0; at + 1 < rest.size(); ++at) {
    if (!rest[at].in(prepositions)) continue;
    auto phrase = reader.phrase_at(rest, at + 1);
    if (!phrase || phrase->pronoun) continue;
    const bool organisation = !phrase->name.empty() || is_any(class_of_noun(phrase->head), {"organisation", "place"});
    if (!organisation || phrase->head == "home") continue;
    const int thing = reader.thing_of(*phrase, rest, told, "organisation");
    if (thing < 0 || reader.builder().thing(thing).type == "Concept") continue;
    Thing& found = reader.builder().thing(thing);
    if (found.thing_class == "other") {
      found.thing_class = "organisation";
      found.category = "organisation";
    }
    return thing;
  }
  return -1;
}

// The last employer the answer knows of somebody.
int current_employer(const AnswerBuilder& builder, int who) {
  int employer = -1;
  for (const Statement& statement : builder.statements()) {
    if (statement.label == "Employment" && !statement.end && statement.roles.size() == 2 && statement.roles[0].thing == who) {
      employer = statement.roles[1].thing;
    }
  }
  return employer;
}

// "as a nurse"
std::optional<std::string> profession_after_as(const Told& told, Reader& reader) {
  const Words& rest = told.rest();
  for (std::size_t at = 0; at + 1 < rest.size(); ++at) {
    if (!rest[at].is("as")) continue;
    auto phrase = reader.phrase_at(rest, at + 1);
    if (phrase && !phrase->text.empty() && phrase->name.empty() && !phrase->pronoun) return lowered(phrase->text);
  }
  return std::nullopt;
}

void profession(Reader& reader, const Told& told, int fact, const std::string& title) {
  const std::string head = title.substr(title.rfind(' ') + 1);
  tag(reader, reader.state(told, fact, "Profession", "profession", {{"holder", told.subject}, {"topic", reader.concept_of(title, head)}}), "work");
}

// One joins a bank for a living and a choir for the singing.
bool hires(Reader& reader, const Words& rest) {
  auto phrase = rest.empty() ? std::nullopt : reader.phrase_at(rest, 0);
  return phrase && is_any(phrase->head, {"bank", "company", "firm", "startup", "start-up", "agency", "government", "council"});
}

bool joins(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  if (verb.lemma != "join" || rest.empty() || verb.tense == Tense::present || verb.tense == Tense::future) return false;
  auto phrase = reader.phrase_at(rest, 0);
  if (!phrase || phrase->pronoun) return false;
  const int organisation = reader.thing_of(*phrase, rest, told, "organisation");
  if (organisation < 0 || is_any(reader.builder().thing(organisation).thing_class, {"person", "animal"})) return false;
  if (reader.builder().thing(organisation).type == "Concept") return false;
  const int fact = reader.say(told);
  Statement membership;
  membership.type = "State";
  membership.label = "Membership";
  membership.category = "membership";
  membership.roles = {{"member", told.subject}, {"organisation", organisation}};
  membership.facts = {fact};
  if (told.factual() && !told.negated && told.clause.when) membership.start = told.clause.when->day;
  reader.builder().add_statement(membership);
  return true;
}

bool start_of_job(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  const bool job = told.clause.rest_has("job") || told.clause.rest_has("role") || told.clause.rest_has("position") ||
                   told.clause.rest_has("apprenticeship") || told.clause.rest_has("internship") || told.clause.rest_has("offer") ||
                   told.clause.rest_has("contract");
  const bool starts = (is_any(verb.lemma, {"start", "get", "land", "take", "accept", "begin"}) && job) ||
                      (verb.lemma == "start" && !rest.empty() && (rest[0].in({"at", "as", "working"}))) ||
                      (is_any(verb.lemma, {"hire"}) && verb.passive) ||
                      (verb.lemma == "join" && hires(reader, rest));
  if (!starts || told.clause.rest_has("interview") || (verb.tense == Tense::present && !verb.progressive && told.factual())) return false;
  int employer = employer_of(reader, told, {"at", "with", "by", "from", "for"});
  if (employer < 0 && verb.lemma == "join") {
    auto phrase = reader.phrase_at(rest, 0);
    if (phrase) employer = reader.thing_of(*phrase, rest, told, "organisation");
    if (employer >= 0 && reader.builder().thing(employer).thing_class == "person") return false;
  }
  const auto title = profession_after_as(told, reader);
  const int fact = reader.say(told);
  const bool certain = told.factual() && !told.negated;
  // "Maya started at a new school": a pupil, unless a job is spoken of.
  if (employer >= 0 && !job && is_any(reader.builder().thing(employer).category, {"school", "university", "college"})) {
    Statement state;
    state.type = "State";
    state.label = "Studies";
    state.category = "education";
    state.roles = {{"student", told.subject}, {"school", employer}};
    state.facts = {fact};
    state.hash_tags = {"education"};
    if (certain && told.clause.when) state.start = told.clause.when->day;
    if (certain) state.replaces = told.clause.rest_has("new");
    reader.builder().add_statement(state);
    return true;
  }
  int employment = -1;
  if (employer >= 0) {
    Statement state;
    state.type = "State";
    state.label = "Employment";
    state.category = "employment";
    state.roles = {{"employee", told.subject}, {"employer", employer}};
    state.facts = {fact};
    state.hash_tags = {"work"};
    if (certain) {
      state.replaces = told.clause.rest_has("new");
      if (told.clause.when) {
        state.start = told.clause.when->day;
      } else if (verb.just || verb.lemma == "start") {
        state.start = reader.message_day(told, "estimated");
      }
    }
    employment = reader.builder().add_statement(state);
  }
  std::vector<Role> roles = {{"agent", told.subject}};
  if (employer >= 0) roles.push_back({"organisation", employer});
  if (employment >= 0 && certain) roles.push_back({"result", employment, true});
  tag(reader, reader.event(told, fact, "New job", "job start", roles), "work");
  if (title) profession(reader, told, fact, *title);
  return true;
}

bool end_of_job(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  const bool about_work = told.clause.rest_has("job") || told.clause.rest_has("company") || told.clause.rest_has("position");
  const bool laid_off = verb.passive && ((verb.lemma == "fire") || told.clause.rest_has("redundant"));
  const bool lost = verb.lemma == "lose" && told.clause.rest_has("job");
  const bool off = (verb.lemma == "be" || verb.lemma == "get") && !rest.empty() && (rest[0].in({"laid", "fired"}));
  const bool stopped = (verb.lemma == "stop") && !rest.empty() && rest[0].is("working");
  bool left = is_any(verb.lemma, {"leave", "quit", "resign", "retire"});
  if (!(laid_off || lost || left || stopped || off) || verb.tense == Tense::future) return false;
  int employer = employer_of(reader, told, {"at", "from", "for"});
  if (employer < 0 && left && !rest.empty()) {
    auto phrase = reader.phrase_at(rest, 0);
    const bool place = phrase && (is_place_name(phrase->name) || class_of_noun(phrase->head) == "place");
    if (phrase && !phrase->name.empty() && phrase->text.empty() && !place) {
      employer = reader.thing_of(*phrase, rest, told, "organisation");
      if (employer >= 0 && is_any(reader.builder().thing(employer).thing_class, {"person", "place", "animal"})) return false;
      if (employer >= 0 && reader.builder().thing(employer).thing_class == "other") {
        reader.builder().thing(employer).thing_class = reader.builder().thing(employer).category = "organisation";
      }
    }
  }
  if (employer < 0 && !about_work && !is_any(verb.lemma, {"resign", "retire"}) && !laid_off && !off) return false;
  if (employer < 0) employer = current_employer(reader.builder(), told.subject);
  const int fact = reader.say(told);
  const bool certain = told.factual() && !told.negated;
  const std::string label = verb.lemma == "retire" ? "Retirement" : laid_off || lost || off ? "Job loss" : "Resignation";
  std::vector<Role> roles = {{"agent", told.subject}};
  if (employer >= 0) {
    Statement state;
    state.type = "State";
    state.label = "Employment";
    state.category = "employment";
    state.roles = {{"employee", told.subject}, {"employer", employer}};
    state.facts = {fact};
    state.hash_tags = {"work"};
    if (certain) {
      state.end = told.clause.when && !told.clause.when->since ? std::optional(told.clause.when->day) : reader.message_day(told, "estimated");
    }
    reader.builder().add_statement(state);
    roles.push_back({"organisation", employer});
  }
  tag(reader, reader.event(told, fact, label, lowered(label), roles), "work");
  return true;
}

bool at_work(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  if (verb.lemma == "work" || (verb.lemma == "be" && !rest.empty() && rest[0].is("working"))) {
    const auto title = profession_after_as(told, reader);
    const int employer = employer_of(reader, told, {"at", "for", "with"});
    if (employer < 0 && !title) return false;
    if (employer >= 0 && reader.builder().thing(employer).thing_class == "person") return false;
    const int fact = reader.say(told);
    if (employer >= 0) tag(reader, reader.state(told, fact, "Employment", "employment", {{"employee", told.subject}, {"employer", employer}}), "work");
    if (title) profession(reader, told, fact, *title);
    return true;
  }
  if (is_any(verb.lemma, {"be", "become"}) && !rest.empty() && rest[0].in({"a", "an"})) {
    auto phrase = reader.phrase_at(rest, 0);
    if (!phrase || !is_profession(phrase->head) || !phrase->name.empty()) return false;
    const int employer = employer_of(reader, told, {"at", "for", "with"});
    const int fact = reader.say(told);
    profession(reader, told, fact, lowered(phrase->text));
    if (employer >= 0) tag(reader, reader.state(told, fact, "Employment", "employment", {{"employee", told.subject}, {"employer", employer}}), "work");
    return true;
  }
  const bool promoted = verb.lemma == "promote" && verb.passive;
  const bool got_promoted = verb.lemma == "get" && !rest.empty() && (rest[0].is("promoted") || (rest.size() > 1 && rest[1].is("promotion")));
  if (promoted || got_promoted) {
    const int fact = reader.say(told);
    std::vector<Role> roles = {{"beneficiary", told.subject}};
    for (std::size_t at = 0; at + 1 < rest.size(); ++at) {
      if (!rest[at].is("to")) continue;
      if (auto phrase = reader.phrase_at(rest, at + 1); phrase && !phrase->text.empty()) {
        roles.push_back({"result", reader.concept_of(lowered(phrase->text), phrase->head)});
        break;
      }
    }
    tag(reader, reader.event(told, fact, "Promotion", "promotion", roles), "work");
    return true;
  }
  return false;
}

bool studies(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  if (verb.lemma == "graduate") {
    const int school = reader.thing_after(told, {"from", "at"}, "organisation");
    const int fact = reader.say(told);
    std::vector<Role> roles = {{"student", told.subject}};
    if (school >= 0) roles.push_back({"school", school});
    tag(reader, reader.event(told, fact, "Graduation", "graduation", roles), "education");
    return true;
  }
  if (verb.lemma == "study" && !rest.empty()) {
    const int school = reader.thing_after(told, {"at"}, "organisation");
    const std::vector<int> topic = reader.things_at(rest, 0, told);
    std::vector<Role> roles = {{"student", told.subject}};
    if (!topic.empty() && topic[0] != school) roles.push_back({"topic", topic[0]});
    if (school >= 0) roles.push_back({"school", school});
    if (roles.size() < 2) return false;
    const int fact = reader.say(told);
    tag(reader, reader.state(told, fact, "Studies", "education", roles), "education");
    return true;
  }
  return false;
}

}  // namespace

bool read_work(Reader& reader, Told& told) {
  if (told.subject < 0 || reader.builder().thing(told.subject).thing_class != "person") return false;
  return end_of_job(reader, told) || start_of_job(reader, told) || joins(reader, told) || at_work(reader, told) || studies(reader, told);
}

}  // namespace kg_sim::rules
