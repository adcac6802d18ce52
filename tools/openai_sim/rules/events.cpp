// What happened otherwise, and what is under way: the plain reading of a verb
// with its people, things and places, for verbs whose sentences stand alone.

#include "patterns.h"

namespace kg_sim::rules {
namespace {

struct Kind {
  const char* lemma;
  const char* label;
  const char* category;
  const char* object_role;
  const char* object_class;
};

constexpr Kind kinds[] = {
    {"pass", "Exam passed", "exam", "object", ""},
    {"fail", "Exam failed", "exam", "object", ""},
    {"finish", "Completion", "completion", "object", ""},
    {"complete", "Completion", "completion", "object", ""},
    {"win", "Win", "win", "object", ""},
    {"lose", "Loss", "loss", "object", ""},
    {"run", "Run", "sport", "object", ""},
    {"attend", "Attendance", "attendance", "object", ""},
    {"join", "Joining", "membership", "organisation", "organisation"},
    {"sign", "Registration", "registration", "object", ""},
    {"register", "Registration", "registration", "object", ""},
    {"enroll", "Registration", "registration", "object", ""},
    {"enrol", "Registration", "registration", "object", ""},
    {"cancel", "Cancellation", "cancellation", "object", ""},
    {"apply", "Application", "application", "object", ""},
    {"paint", "Creation", "creation", "creation", "work"},
    {"write", "Creation", "creation", "creation", "work"},
    {"make", "Creation", "creation", "creation", "product"},
    {"build", "Creation", "creation", "creation", "product"},
    {"create", "Creation", "creation", "creation", "work"},
    {"design", "Creation", "creation", "creation", "work"},
    {"bake", "Cooking", "cooking", "creation", "product"},
    {"cook", "Cooking", "cooking", "creation", "product"},
    {"publish", "Publication", "publication", "creation", "work"},
    {"release", "Release", "release", "object", "product"},
    {"ship", "Release", "release", "object", "product"},
    {"deploy", "Deployment", "deployment", "object", "product"},
    {"merge", "Merge", "software change", "object", "product"},
    {"fix", "Repair", "repair", "object", "product"},
    {"repair", "Repair", "repair", "object", "product"},
    {"launch", "Launch", "launch", "object", "product"},
    {"open", "Opening", "opening", "object", "organisation"},
    {"start", "Start", "start", "object", ""},
    {"begin", "Start", "start", "object", ""},
    {"watch", "Viewing", "viewing", "object", "work"},
    {"read", "Reading", "reading", "object", "work"},
    {"play", "Game", "game", "object", ""},
    {"perform", "Performance", "performance", "object", ""},
    {"plant", "Planting", "gardening", "object", ""},
    {"break", "Injury", "injury", "object", ""},
    {"injure", "Injury", "injury", "object", ""},
    {"hurt", "Injury", "injury", "object", ""},
    {"book", "Booking", "booking", "object", ""},
    {"order", "Order", "order", "object", "product"},
    {"receive", "Receipt", "receipt", "object", "product"},
    {"celebrate", "Celebration", "celebration", "object", ""},
    {"host", "Hosting", "event", "object", ""},
    {"organize", "Hosting", "event", "object", ""},
    {"organise", "Hosting", "event", "object", ""},
    {"volunteer", "Volunteering", "volunteering", "object", ""},
    {"donate", "Donation", "donation", "object", ""},
    {"hike", "Hike", "hiking", "place", "place"},
    {"climb", "Climb", "climbing", "place", "place"},
    {"explore", "Exploration", "travel", "place", "place"},
    {"teach", "Teaching", "teaching", "object", ""},
    {"submit", "Submission", "submission", "object", "work"},
    {"present", "Presentation", "presentation", "object", ""},
    {"interview", "Interview", "interview", "object", ""},
    {"try", "Trial", "trial", "object", ""},
    {"take", "Course", "course", "object", ""},
    {"find", "Discovery", "discovery", "object", ""},
    {"discover", "Discovery", "discovery", "object", ""},
    {"renovate", "Renovation", "renovation", "object", "place"},
    {"record", "Recording", "creation", "creation", "work"},
    {"learn", "Learning", "learning", "topic", ""},
    {"steal", "Theft", "theft", "object", "product"},
    {"crash", "Accident", "accident", "object", "product"},
    {"go", "Outing", "outing", "object", ""},
    {"meet", "Meeting", "meeting", "object", ""},
    {"see", "Viewing", "viewing", "object", "work"},
    {"visit", "Visit", "visit", "object", ""},
    {"give", "Gift", "gift", "object", "product"},
    {"help", "Help", "help", "object", ""},
    {"support", "Help", "help", "object", ""},
    {"adopt", "Adoption", "adoption", "object", ""},
    {"get", "Acquisition", "acquisition", "object", "product"},
    {"lead", "Leading", "leadership", "object", ""},
    {"recover", "Recovery", "recovery", "object", ""},
    {"plan", "Planning", "planning", "object", ""},
    {"train", "Training", "training", "object", ""},
    {"share", "Sharing", "sharing", "object", ""},
    {"enter", "Entry", "participation", "object", ""},
    {"invite", "Invitation", "invitation", "object", ""},
    {"spend", "Stay", "stay", "object", ""},
    {"quit", "End", "end", "object", ""},
    {"camp", "Camping", "camping", "place", "place"},
    {"upgrade", "Improvement", "improvement", "object", "product"},
    {"collect", "Collection", "collection", "object", ""},
    {"score", "Score", "sport", "object", ""},
    {"check", "Visit", "visit", "object", ""},
    {"discuss", "Discussion", "discussion", "topic", ""},
    {"talk", "Conversation", "conversation", "topic", ""},
    {"chat", "Conversation", "conversation", "topic", ""},
    {"notice", "Discovery", "discovery", "object", ""},
    {"remember", "Memory", "memory", "topic", ""},
};

const Kind* kind_of(const std::string& lemma) {
  for (const Kind& kind : kinds) {
    if (lemma == kind.lemma) return &kind;
  }
  return nullptr;
}

// What goes on for a while: "learning Portuguese", "training for a marathon".
bool under_way(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  std::string lemma = verb.lemma;
  std::size_t at = 0;
  bool starting = false;
  if (is_any(lemma, {"start", "begin", "take"}) && verb.tense != Tense::future && rest.size() > 1) {
    const std::size_t gerund = rest[0].is("up") ? 1 : 0;
    const VerbForm form = verb_form(rest[gerund].lower);
    if (!form.gerund) return false;
    lemma = form.lemma;
    at = gerund + 1;
    starting = true;
  } else if (!verb.progressive || verb.tense == Tense::past) {
    return false;
  }
  if (!is_any(lemma, {"learn", "study", "train", "practice", "practise", "write", "paint", "read", "build", "take", "renovate", "play",
                      "teach", "volunteer", "work", "develop", "design", "research", "organize", "organise", "coach", "mentor", "knit", "watch", "run", "focus", "prepare", "look", "search", "save", "explore", "think", "try",
                      "promote", "expand", "help", "support", "host", "grow", "plan", "create", "make", "record", "draw", "bake", "cook"})) {
    return false;
  }
  while (at < rest.size() && rest[at].in({"on", "for", "how", "at", "about", "with", "in", "to", "out", "into", "hard", "forward", "of"})) ++at;
  if (at < rest.size() && verb_form(rest[at].lower).base && !rest[at].capital() && at > 0 && rest[at - 1].is("to")) {
    if (!is_any(lemma, {"learn", "train", "study", "practice", "practise"})) return false;
    // "learning to drive"
    const int skill = reader.concept_of(text_of(rest, at, std::min(at + 3, rest.size())), verb_form(rest[at].lower).lemma);
    const int fact = reader.say(told);
    reader.state(told, fact, "Learning", "activity", {{"agent", told.subject}, {"topic", skill}});
    return true;
  }
  const std::vector<int> what = reader.things_at(rest, at, told);
  if (what.empty() || what[0] == told.subject) return false;
  const int fact = reader.say(told);
  std::string label = gerund(lemma);
  label[0] = static_cast<char>(label[0] - 'a' + 'A');
  Statement state;
  state.type = "State";
  state.label = label;
  state.category = "activity";
  state.roles = {{"agent", told.subject}, {"topic", what[0]}};
  state.facts = {fact};
  if (told.factual() && !told.negated && told.clause.when) {
    if (starting || told.clause.when->since) state.start = told.clause.when->day;
  }
  reader.builder().add_statement(state);
  return true;
}

}  // namespace

bool read_events(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  if (told.subject < 0) return false;
  const Thing& subject = reader.builder().thing(told.subject);
  if (subject.type != "Entity" || !is_any(subject.thing_class, {"person", "organisation", "animal"})) return false;
  const bool person = subject.thing_class == "person";
  if (under_way(reader, told)) return true;
  if (verb.lemma == "diagnose" && verb.passive && !rest.empty()) {
    const int illness = reader.thing_after(told, {"with"});
    if (illness < 0) return false;
    const int fact = reader.say(told);
    reader.event(told, fact, "Diagnosis", "diagnosis", {{"experiencer", told.subject}, {"topic", illness}});
    return true;
  }
  if (verb.passive || verb.used_to || verb.ended || rest.empty()) return false;
  const bool happened = verb.tense == Tense::past || verb.tense == Tense::perfect;
  const bool thought = told.modality == "hypothetical" || told.modality == "possible";
  if (!happened && !thought) return false;
  const Kind* kind = kind_of(verb.lemma);
  if (kind == nullptr) return false;
  // What is commonly said with "get" is too many things; only what somebody now has counts.
  std::size_t at = 0;
  while (at < rest.size() && rest[at].in({"up", "for", "to", "in", "at", "out", "as", "off", "on", "about", "through", "with", "into"})) {
    if (rest[at].is("with") || (rest[at].is("up") && verb.lemma == "give")) break;
    // "wrote at night": when or where, not what
    if (is_any(kind->object_role, {"creation"})) break;
    ++at;
  }
  if (verb.lemma == "take" && !(told.clause.rest_has("class") || told.clause.rest_has("classes") || told.clause.rest_has("course") ||
                                told.clause.rest_has("lessons") || told.clause.rest_has("trip") || told.clause.rest_has("exam") || told.clause.rest_has("test"))) {
    return false;
  }
  // "started to learn", "got mentored": the verb behind is what it is about
  if (at < rest.size()) {
    const VerbForm form = verb_form(rest[at].lower);
    if ((at > 0 && rest[at - 1].is("to") && form.base && !rest[at].capital()) || (verb.lemma == "get" && rest[at].lower.ends_with("ed"))) return false;
  }
  const std::vector<int> objects = reader.things_at(rest, at, told, kind->object_class);
  std::vector<Role> roles = {{person && verb.lemma != "break" ? "agent" : "subject", told.subject}};
  if (told.with >= 0) roles.push_back({"agent", told.with});
  for (const int object : objects) {
    if (object == told.subject || roles.size() > 3) continue;
    const Thing& thing = reader.builder().thing(object);
    const bool to_place = thing.thing_class == "place" && !is_any(verb.lemma, {"renovate", "build", "open", "paint", "buy"});
    roles.push_back({to_place ? "place" : thing.thing_class == "person" && thing.type == "Entity" ? "participant" : kind->object_role, object});
  }
  if (roles.size() < 2) return false;
  if (is_any(verb.lemma, {"get", "see", "find", "give", "try", "make"}) &&
      reader.builder().thing(roles.back().thing).type == "Concept" && !told.clause.when) {
    return false;
  }
  // Who was along, and where.
  for (std::size_t n = at; n + 1 < rest.size() && roles.size() < 5; ++n) {
    if (!rest[n].in({"with", "in"})) continue;
    auto phrase = reader.phrase_at(rest, n + 1);
    if (!phrase) continue;
    const int thing = reader.thing_of(*phrase, rest, told, rest[n].is("in") ? "" : "person");
    if (thing < 0 || reader.builder().thing(thing).type == "Concept") continue;
    const std::string& thing_class = reader.builder().thing(thing).thing_class;
    bool known = false;
    for (const Role& role : roles) known = known || (!role.statement && role.thing == thing);
    if (known) continue;
    if (rest[n].is("with") && (thing_class == "person" || thing_class == "animal")) roles.push_back({"participant", thing});
    if (rest[n].is("in") && thing_class == "place") roles.push_back({"place", thing});
  }
  const int fact = reader.say(told);
  const bool trip = verb.lemma == "take" && told.clause.rest_has("trip");
  reader.event(told, fact, trip ? "Trip" : kind->label, trip ? "travel" : kind->category, roles);
  return true;
}

}  // namespace kg_sim::rules
