// Goals: what somebody wants, plans or is about to do, and how it ended.
//
// A goal is labelled with what is to be done ("run marathon"), without articles
// and dates, so that wanting, doing and giving up the same thing meet in one.

#include "patterns.h"

namespace kg_sim::rules {
namespace {

struct Deed {
  std::string label;
  std::string lemma;
  std::vector<Role> roles;  // named things that take part
};

// "to run the marathon with Tom" from its verb on, as a label.
std::optional<Deed> deed_of(Reader& reader, Told& told, const Words& words, std::size_t at, bool gerund) {
  while (at < words.size() && words[at].in({"finally", "just", "really", "also", "maybe", "eventually", "even"})) ++at;
  if (at >= words.size()) return std::nullopt;
  const VerbForm form = verb_form(words[at].lower);
  if (!(gerund ? form.gerund : form.base || words[at].is("be"))) return std::nullopt;
  Deed deed;
  deed.lemma = form.lemma;
  deed.label = form.lemma;
  std::size_t taken = 0;
  for (++at; at < words.size() && taken < 7; ++at) {
    const Word& word = words[at];
    if (word.kind == WordKind::mark || word.kind == WordKind::speech || word.in({"so", "because", "if", "when", "but", "before", "and", "while", "with", "instead", "again", "together", "someday", "one", "first", "under", "after", "too", "either", "then", "next", "who", "anyway"})) break;
    if (word.in({"a", "an", "the", "my", "our", "some", "his", "her", "their", "your", "this", "that", "own", "soon", "really"})) continue;
    if (word.in({"you", "it", "them", "mine"})) break;
    if (word.in({"me", "us"})) {
      deed.label += " " + reader.name_in_text(told.speaker);
      ++taken;
      continue;
    }
    deed.label += " " + (word.capital() || word.kind == WordKind::title ? word.text : word.lower);
    ++taken;
  }
  // A label does not end in the preposition before what was left out.
  while (is_any(deed.label.substr(deed.label.rfind(' ') + 1), {"to", "in", "at", "for", "of", "on", "with", "from", "by", "and", "about"})) {
    const std::size_t cut = deed.label.rfind(' ');
    if (cut == std::string::npos) break;
    deed.label.resize(cut);
  }
  if (deed.label == deed.lemma && !is_any(deed.lemma, {"retire", "graduate", "marry", "divorce", "move", "travel"})) return std::nullopt;
  for (std::size_t n = 0; n < words.size(); ++n) {
    auto phrase = reader.phrase_at(words, n);
    if (!phrase || phrase->name.empty() || phrase->title) continue;
    const bool to_place = n > 0 && words[n - 1].in({"to", "in"}) && is_any(deed.lemma, {"move", "go", "travel", "fly", "live", "relocate", "settle", "return"});
    const int thing = reader.thing_of(*phrase, words, told, to_place ? "place" : "");
    if (thing < 0 || thing == told.subject) continue;
    const std::string& thing_class = reader.builder().thing(thing).thing_class;
    if (reader.builder().thing(thing).type == "Concept") continue;
    deed.roles.push_back({thing_class == "place" ? "destination" : thing_class == "person" ? "participant" : "object", thing});
    n = phrase->end - 1;
    if (deed.roles.size() == 2) break;
  }
  return deed;
}

std::string category_of(const std::string& lemma) {
  if (is_any(lemma, {"learn", "study", "graduate", "read"})) return "learning goal";
  if (is_any(lemma, {"visit", "travel", "go", "fly", "explore", "see"})) return "travel goal";
  if (is_any(lemma, {"move", "live", "relocate", "settle"})) return "relocation goal";
  if (is_any(lemma, {"buy", "own", "rent", "save", "build", "renovate"})) return "purchase goal";
  if (is_any(lemma, {"run", "train", "swim", "climb", "hike", "compete"})) return "sport goal";
  if (is_any(lemma, {"start", "open", "launch", "become", "work", "join", "apply", "quit", "leave", "retire"})) return "career goal";
  if (is_any(lemma, {"marry", "adopt", "foster"})) return "family goal";
  return "goal";
}

std::vector<Role> roles_of(const Told& told, const Deed& deed) {
  std::vector<Role> roles = {{"holder", told.subject}};
  if (told.with >= 0) roles.push_back({"holder", told.with});
  for (const Role& role : deed.roles) roles.push_back(role);
  return roles;
}

bool plan(Reader& reader, Told& told, const Deed& deed, const std::string& status) {
  if (status == "active" && told.modality == "asserted") told.modality = "planned";
  if (status == "abandoned") told.negated = false;
  const int fact = reader.say(told);
  reader.goal(told, fact, deed.label, category_of(deed.lemma), roles_of(told, deed), told.negated ? "" : status);
  return true;
}

// The goal of the same holder that shares a telling word with `words`, else a
// label made of them.
bool give_up(Reader& reader, Told& told, std::size_t at) {
  const Words& rest = told.rest();
  const Statement* meant = nullptr;
  for (const Statement& statement : reader.builder().statements()) {
    if (statement.type != "Goal" || statement.roles.front().thing != told.subject) continue;
    for (std::size_t n = at; n < rest.size(); ++n) {
      // "gave up on that": the last one
      if (at + 1 == rest.size() && rest[at].in({"that", "it", "this"}) && statement.goal_status == "active") meant = &statement;
      if (rest[n].lower.size() > 4 && in_list(lowered(statement.label), rest[n].lower)) meant = &statement;
    }
  }
  Deed deed;
  std::vector<Role> roles;
  std::string category = "goal";
  if (meant != nullptr) {
    deed.label = meant->label;
    roles = meant->roles;
    category = meant->category;
  } else {
    for (std::size_t n = at; n < rest.size() && n < at + 6; ++n) {
      if (rest[n].in({"the", "a", "an", "my", "our", "on", "of", "idea", "plan", "plans", "that", "it", "this"})) continue;
      if (rest[n].kind == WordKind::mark) break;
      deed.label += (deed.label.empty() ? "" : " ") + (rest[n].capital() ? rest[n].text : rest[n].lower);
    }
    // A race is there to be run: so it meets the goal it was.
    const std::string last = lowered(deed.label.substr(deed.label.rfind(' ') + 1));
    if (is_any(last, {"marathon", "race", "half-marathon"})) deed.label = "run " + deed.label;
    if (is_any(last, {"exam", "test"})) deed.label = "pass " + deed.label;
    roles = {{"holder", told.subject}};
  }
  if (deed.label.empty()) return false;
  // Only what can be planned: a cancelled registration is no goal.
  const std::string head = lowered(deed.label.substr(deed.label.rfind(' ') + 1));
  if (meant == nullptr && told.verb().lemma == "cancel" && !is_any(head, {"trip", "wedding", "holiday", "move", "party", "marathon", "race"})) {
    return false;
  }
  told.negated = false;
  const int fact = reader.say(told);
  reader.goal(told, fact, deed.label, category, roles, "abandoned");
  return true;
}

// "cancelled the trip", "the plan fell through", "gave up on the marathon"
bool abandoned(Reader& reader, Told& told) {
  const std::string& lemma = told.verb().lemma;
  const Words& rest = told.rest();
  if (told.verb().negated || !told.factual()) return false;
  std::size_t at = 0;
  if (lemma == "give" && !rest.empty() && rest[0].is("up")) {
    at = rest.size() > 1 && rest[1].is("on") ? 2 : 1;
  } else if (lemma == "call" && !rest.empty() && rest[0].is("off")) {
    at = 1;
  } else if (is_any(lemma, {"cancel", "abandon", "drop", "scrap"}) ) {
    at = 0;
    if (lemma == "drop" && !(told.clause.rest_has("plan") || told.clause.rest_has("plans") || told.clause.rest_has("idea"))) return false;
  } else if (lemma == "change" && rest.size() > 3 && rest[1].is("mind") && rest[2].is("about")) {
    at = 3;
  } else {
    return false;
  }
  if (at >= rest.size()) return false;
  if (auto deed = deed_of(reader, told, rest, at, true)) return plan(reader, told, *deed, "abandoned");
  return give_up(reader, told, at);
}

// Where the deed starts in "want to …", "planning on …ing", "goal is to …".
std::optional<Deed> intention(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  const auto to = [&](std::size_t at) -> std::optional<Deed> {
    return at < rest.size() && rest[at].is("to") ? deed_of(reader, told, rest, at + 1, false) : std::nullopt;
  };
  if (is_any(verb.lemma, {"want", "plan", "hope", "intend", "aim", "decide", "promise"})) {
    if (auto deed = to(0)) return deed;
    if (rest.size() > 1 && rest[0].in({"on", "of"})) return deed_of(reader, told, rest, 1, true);
    return std::nullopt;
  }
  // "would love to", "'d like to" are wishes, not suppositions
  if (is_any(verb.lemma, {"like", "love"}) && verb.modality == "hypothetical") {
    auto deed = to(0);
    if (deed && told.clause.link != "if") told.modality = "planned";
    return deed;
  }
  if (verb.lemma == "dream" && rest.size() > 1 && rest[0].is("of")) return deed_of(reader, told, rest, 1, true);
  if (verb.lemma == "think" && verb.progressive && rest.size() > 1 && rest[0].in({"of", "about"})) {
    return deed_of(reader, told, rest, 1, true);
  }
  if (verb.lemma == "consider") return deed_of(reader, told, rest, 0, true);
  if (verb.lemma == "save" && rest.size() > 2 && rest[0].is("up")) return to(1);
  if (verb.lemma == "be" && rest.size() > 2 && rest[0].in({"hoping", "planning", "looking", "excited", "determined"})) {
    return to(1);
  }
  return std::nullopt;
}

}  // namespace

bool read_plans(Reader& reader, Told& told) {
  const VerbGroup& verb = told.verb();
  const Words& rest = told.rest();
  // "My goal is to …"
  if (verb.lemma == "be" && is_any(told.clause.subject.head, {"goal", "plan", "dream", "aim"}) && told.clause.subject.determiner == "my" &&
      !rest.empty() && rest[0].is("to")) {
    told.subject = told.speaker;
    if (auto deed = deed_of(reader, told, rest, 1, false)) {
      if (told.factual()) told.modality = "planned";
      const int fact = reader.say(told, reader.name_in_text(told.speaker) + "'s " + told.clause.subject.head + " is " + text_of(rest, 0, rest.size()) + ".");
      reader.goal(told, fact, deed->label, category_of(deed->lemma), roles_of(told, *deed), "active");
      return true;
    }
    return false;
  }
  // "The trip to Japan fell through"
  if ((verb.lemma == "fall" && !rest.empty() && rest[0].is("through")) && told.factual()) {
    const std::string label = lowered(told.clause.subject.text + (told.clause.subject.name.empty() ? "" : " " + told.clause.subject.name));
    const int fact = reader.say(told);
    reader.goal(told, fact, label, "goal", {{"holder", told.speaker}}, "abandoned");
    return true;
  }
  if (told.subject < 0) return false;
  const std::string& subject_class = reader.builder().thing(told.subject).thing_class;
  if (subject_class != "person" && subject_class != "organisation" && subject_class != "other") return false;
  if (reader.builder().thing(told.subject).type != "Entity") return false;
  if (abandoned(reader, told)) return true;
  if (auto deed = intention(reader, told)) {
    // "decided not to", "no longer want to"
    const bool over = verb.ended || (verb.negated && verb.lemma != "decide" && verb.tense == Tense::past);
    if (told.modality == "hypothetical" && verb.lemma != "dream") {
      const int fact = reader.say(told);
      reader.goal(told, fact, deed->label, category_of(deed->lemma), roles_of(told, *deed), "active");
      return true;
    }
    if (verb.used_to) return plan(reader, told, *deed, "abandoned");
    if (verb.lemma == "consider" || verb.lemma == "think") told.modality = "possible";
    return plan(reader, told, *deed, over ? "abandoned" : "active");
  }
  if (is_any(verb.lemma, {"decide", "choose"}) && rest.size() > 3 && (rest[0].is("not") || (rest[0].is("against"))) && told.factual()) {
    auto deed = rest[0].is("not") && rest[1].is("to") ? deed_of(reader, told, rest, 2, false) : deed_of(reader, told, rest, 1, true);
    if (deed) return plan(reader, told, *deed, "abandoned");
  }
  // "I did not make it", "managed to …"
  if (verb.lemma == "manage" && !rest.empty() && rest[0].is("to") && told.factual()) {
    if (auto deed = deed_of(reader, told, rest, 1, false)) return plan(reader, told, *deed, verb.negated ? "abandoned" : "completed");
  }
  // What is to come: "I'll …", "going to …", "I'm moving …", "flying … next week"
  const bool soon = verb.progressive && verb.tense == Tense::present &&
                    (is_any(verb.lemma, {"move", "marry", "leave", "fly", "travel", "quit", "adopt", "sell", "launch", "open", "visit", "retire", "host"}) ||
                     (told.clause.when && told.clause.sentence->at && told.clause.when->day.date > day_text(*told.clause.sentence->at)));
  const bool getting_married = verb.lemma == "get" && verb.progressive && !rest.empty() && rest[0].in({"married", "divorced"});
  if (verb.tense == Tense::future || soon || getting_married) {
    Words whole;
    Word start;
    start.lower = start.text = verb.lemma;
    whole.push_back(start);
    whole.insert(whole.end(), rest.begin(), rest.end());
    auto deed = deed_of(reader, told, whole, 0, false);
    if (!deed || is_any(verb.lemma, {"be", "have", "see", "keep", "let", "know", "miss", "do", "check", "take", "need", "tell", "send", "look", "expect", "try", "give", "say", "think", "come"})) {
      return false;
    }
    bool after_all = verb.ended;
    for (std::size_t n = 0; n + 1 < rest.size(); ++n) after_all = after_all || (rest[n].is("after") && rest[n + 1].is("all"));
    if (told.negated && after_all) return plan(reader, told, *deed, "abandoned");
    return plan(reader, told, *deed, "active");
  }
  // Done: says so itself ("finally"), or is the goal that was spoken of.
  if (told.factual() && !told.negated && (verb.tense == Tense::past || verb.tense == Tense::perfect) && !verb.used_to && !verb.progressive) {
    Words whole;
    Word start;
    start.lower = start.text = verb.lemma;
    whole.push_back(start);
    whole.insert(whole.end(), rest.begin(), rest.end());
    auto deed = deed_of(reader, told, whole, 0, false);
    if (!deed) return false;
    bool spoken_of = false;
    std::vector<Role> roles = roles_of(told, *deed);
    for (const Statement& statement : reader.builder().statements()) {
      if (statement.type != "Goal" || statement.goal_status != "active") continue;
      // "opened the shop" is "open the shop in Alfama".
      if (statement.label != deed->label && !statement.label.starts_with(deed->label + " in ") &&
          !statement.label.starts_with(deed->label + " at ")) {
        continue;
      }
      for (const Role& role : statement.roles) {
        if (role.role != "holder" || role.thing != told.subject) continue;
        spoken_of = true;
        roles = statement.roles;
        deed->label = statement.label;
        break;
      }
    }
    if (!spoken_of && !verb.at_last) return false;
    const int fact = reader.say(told);
    reader.goal(told, fact, deed->label, category_of(deed->lemma), std::move(roles), "completed");
    return false;  // what was done is an event as well
  }
  return false;
}

}  // namespace kg_sim::rules
