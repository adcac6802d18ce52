#include "clause.h"

#include <algorithm>

#include "nouns.h"

namespace kg_sim::rules {
namespace {

constexpr std::string_view adverbs =
    "just finally really also still already always actually recently definitely even only both all ever once totally "
    "absolutely currently now officially later then soon usually often sometimes mostly mainly basically kind-of "
    "literally truly simply secretly somehow eventually suddenly almost nearly probably maybe perhaps possibly "
    "definitely certainly obviously sadly luckily unfortunately thankfully honestly apparently quite pretty super so "
    "very too deeply proudly happily quickly originally initially rarely hardly seriously gladly accidentally mostly "
    "immediately each";

// Where a noun phrase ends.
constexpr std::string_view stops =
    "at in on for to from with without of by about into onto over under near after before during since until till than "
    "as like because cause so and or but if when while where who which that whose then though although not n't "
    "'m 're 've 'll 'd is are was were am be been has have had do does did will would can could may might must "
    "i we he she they it you me us him them there here too again now already yet soon lately recently together anymore "
    "either instead today yesterday tomorrow tonight ago just also really up down out off away back around through "
    "named called what why how yes no more most less whatever myself yourself himself herself itself ourselves themselves mine anyway";

constexpr std::string_view determiners =
    "a an the this that these those my our your his her their its some any another every each no both";

constexpr std::string_view interjections =
    "hey hi hello oh well so yes yeah yep yup no nope wow ok okay btw anyway thanks honestly actually sadly luckily "
    "unfortunately thankfully apparently maybe perhaps finally also then now and but plus still guess what haha lol ugh "
    "aw aww good great news update sorry fyi meanwhile sure right cool nice omg ah hmm funny enough morning evening "
    "everyone all quick otherwise personally besides first second third";

constexpr std::string_view links =
    "and but because so since that then though although or if when while until after before as who cause where which "
    "unless whether plus how once 'cause";

bool is_determiner(const Word& word) { return in_list(determiners, word.lower); }

bool ends_phrase(const Word& word) {
  return word.kind == WordKind::mark || word.kind == WordKind::speech || in_list(stops, word.lower) || word.is("'s");
}

bool is_be(const Word& word) { return word.in({"am", "is", "are", "was", "were", "'m", "'re", "be", "been", "being"}); }

bool is_name_word(const Word& word, const Document& document, bool opens) {
  if (!word.capital() || word.text.size() < 2) return false;
  if (document.names.contains(word.text)) return true;
  // The first word of a sentence has its capital anyway.
  if (opens) return is_given_name(word.text) || is_place_name(word.text) || document.participant_named(word.text) != nullptr;
  return !in_list("i monday tuesday wednesday thursday friday saturday sunday january february march april may june july "
                  "august september october november december mum mom dad grandma grandpa gran granny",
                  word.lower);
}

// Words that can be between "'s" and what shows it to be "is" or "has".
bool verb_follows_s(const Words& words, std::size_t at) {
  if (at >= words.size()) return false;
  const Word& word = words[at];
  if (word.in({"a", "an", "the", "not", "been", "in", "at", "got", "my", "on", "so", "very", "no"}) ||
      in_list(adverbs, word.lower)) {
    return true;
  }
  const VerbForm form = verb_form(word.lower);
  return form.gerund || (form.participle && !form.base);
}

bool starts_clause(const Words& words, std::size_t at) {
  if (at == 0) return true;
  const Word& before = words[at - 1];
  return before.kind != WordKind::word || in_list(links, before.lower) || in_list(interjections, before.lower);
}

}  // namespace

bool Clause::rest_has(std::string_view word) const {
  return std::any_of(rest.begin(), rest.end(), [&](const Word& other) { return other.lower == word; });
}

std::optional<VerbGroup> verb_group_at(const Words& words, std::size_t at, bool needs_finite) {
  VerbGroup group;
  group.begin = at;
  std::string auxiliary;  // the last one: be, have, do, modal
  bool had_be = false, had_have = false, finite = false, past = false;
  for (; at < words.size(); ++at) {
    const Word& word = words[at];
    if (word.kind != WordKind::word) return std::nullopt;
    const Word next = at + 1 < words.size() ? words[at + 1] : Word{};
    if (word.in({"not", "n't", "never"})) {
      group.negated = true;
      continue;
    }
    if (word.is("no") && next.is("longer")) {
      group.ended = true;
      ++at;
      continue;
    }
    if (in_list(adverbs, word.lower)) {
      if (word.in({"maybe", "perhaps", "possibly", "probably"})) group.modality = "possible";
      if (word.in({"almost", "nearly"})) group.modality = "hypothetical";
      if (word.is("finally") || word.is("eventually")) group.at_last = true;
      if (word.is("just")) group.just = true;
      continue;
    }
    if (word.is("used") && next.is("to")) {
      group.used_to = finite = true;
      auxiliary = "modal";
      ++at;
      continue;
    }
    if (word.is("'s") || is_be(word)) {
      if (word.is("'s") && had_be) return std::nullopt;
      if (word.in({"'s", "am", "is", "are", "'m", "'re"})) finite = true;
      if (word.in({"was", "were"})) finite = past = true;
      // "'s been" is "has been".
      if (word.is("'s") && next.in({"been", "got", "had"})) {
        had_have = true;
        auxiliary = "have";
        continue;
      }
      if (word.is("been") && auxiliary == "have") group.tense = Tense::perfect;
      had_be = true;
      auxiliary = "be";
      group.end = at + 1;
      if (had_be && next.in({"going", "about"}) && at + 2 < words.size() && words[at + 2].is("to") && at + 3 < words.size() &&
          verb_form(words[at + 3].lower).base) {
        if (past) group.modality = "hypothetical";  // "was going to" did not come to be
        group.tense = Tense::future;
        auxiliary = "modal";
        had_be = false;
        at += 2;
      }
      continue;
    }
    if (word.in({"'ve", "have", "has", "had", "'d"}) ) {
      const std::size_t after = at + 1;
      std::size_t probe = after;
      while (probe < words.size() && (in_list(adverbs, words[probe].lower) || words[probe].in({"not", "n't", "never"}))) ++probe;
      const VerbForm form = probe < words.size() ? verb_form(words[probe].lower) : VerbForm{};
      const bool participle = form.participle || (probe < words.size() && words[probe].is("been"));
      if (word.is("'d") && !(participle && !form.base)) {
        group.modality = "hypothetical";
        auxiliary = "modal";
        finite = true;
        continue;
      }
      if (word.is("had") && probe < words.size() && words[probe].is("better")) return std::nullopt;
      if (participle && !(word.in({"have", "has", "had"}) && form.lemma == "have" && !form.participle)) {
        had_have = true;
        finite = true;
        group.tense = word.in({"had", "'d"}) ? Tense::past : Tense::perfect;
        auxiliary = "have";
        continue;
      }
      if (word.in({"'ve", "'d"})) return std::nullopt;
      // the verb itself: "have two dogs", "had a baby"
    }
    if (word.in({"do", "does", "did"}) && (next.in({"not", "n't", "never"}) || verb_form(next.lower).base)) {
      finite = true;
      past = past || word.is("did");
      auxiliary = "modal";
      continue;
    }
    if (word.in({"will", "'ll", "wo", "shall", "gonna"})) {
      group.tense = Tense::future;
      finite = true;
      auxiliary = "modal";
      continue;
    }
    if (word.in({"would", "should"})) {
      group.modality = "hypothetical";
      finite = true;
      auxiliary = "modal";
      continue;
    }
    if (word.in({"might", "may"})) {
      group.modality = "possible";
      finite = true;
      auxiliary = "modal";
      continue;
    }
    if (word.in({"can", "ca", "could", "must", "cannot"})) {
      group.able = true;
      if (word.is("cannot")) group.negated = true;
      if (word.is("could")) group.modality = "possible";
      finite = true;
      auxiliary = "modal";
      continue;
    }
    const VerbForm form = verb_form(word.lower);
    if (!form) break;
    if (auxiliary == "modal" && !form.base) return std::nullopt;
    if (auxiliary == "be") {
      if (form.gerund) {
        group.progressive = true;
      } else if (form.participle && !(form.base && !form.past)) {
        group.passive = true;
      } else {
        break;  // "is home": be is the verb itself
      }
    } else if (auxiliary == "have") {
      if (!form.participle) return std::nullopt;
    } else if (auxiliary.empty()) {
      if (form.gerund && needs_finite) return std::nullopt;
      if (form.past && !form.base) past = true;
      // "quit", "put", "read": the past looks like the base; with a date behind it, it is the past. Most often so in talk.
      if (form.past && form.base && form.lemma != "read" && form.lemma != "let") past = true;
      if (form.participle && !form.past && !form.base) return std::nullopt;
      finite = finite || !form.gerund;
    }
    group.lemma = form.lemma;
    group.end = at + 1;
    break;
  }
  if (group.lemma.empty()) {
    if (!had_be || group.end == 0) return std::nullopt;
    group.lemma = "be";
    group.end = at;  // with "not" and "no longer" behind it
  }
  if (needs_finite && !finite) return std::nullopt;
  if (group.tense == Tense::present && past) group.tense = Tense::past;
  if (had_have && group.tense == Tense::present) group.tense = Tense::perfect;
  return group;
}

std::optional<NounPhrase> noun_phrase_at(const Words& words, std::size_t at, const Document& document) {
  if (at >= words.size()) return std::nullopt;
  NounPhrase phrase;
  phrase.begin = at;
  const Word& first = words[at];
  if (first.kind == WordKind::title) {
    phrase.name = first.text;
    phrase.title = true;
    phrase.end = at + 1;
    return phrase;
  }
  if (first.kind != WordKind::word) return std::nullopt;
  if (first.in({"i", "we", "he", "she", "they", "it", "you", "me", "us", "him", "them", "myself"}) ||
      (first.is("her") && (at + 1 >= words.size() || ends_phrase(words[at + 1]) || is_determiner(words[at + 1])))) {
    phrase.pronoun = true;
    phrase.text = first.lower;
    phrase.end = at + 1;
    return phrase;
  }
  if (is_determiner(first)) {
    phrase.determiner = first.lower;
    ++at;
  }
  if (at < words.size() && number_of(words[at].lower) > 0 && !words[at].in({"a", "an"})) {
    phrase.count = number_of(words[at].lower);
    if (phrase.determiner.empty()) phrase.determiner = "some";
    ++at;
  }
  const std::size_t content = at;
  while (at < words.size() && words[at].kind == WordKind::word && !ends_phrase(words[at])) {
    const VerbForm form = verb_form(words[at].lower);
    const bool names = is_name_word(words[at], document, words[at].begin == 0);
    // A finite verb ends the phrase; a base form may be a noun ("a start", "my work").
    if (at > content && !names && (form.third || form.past) && !form.base && !form.gerund) {
      const bool adjective = form.participle && at + 1 < words.size() && !ends_phrase(words[at + 1]) && !is_determiner(words[at + 1]);
      if (!adjective || words[at - 1].capital() || !relation_of(words[at - 1].lower).empty()) break;
    }
    if (at > content && (is_determiner(words[at]) || words[at].in({"last", "next"}))) break;
    // "the shifts begin"
    if (at > content && !names && form.base && !form.gerund && singular(words[at - 1].lower) != words[at - 1].lower &&
        class_of_noun(words[at].lower).empty()) {
      break;
    }
    // A name before a word in lower case is a phrase of its own, unless it
    // describes a noun ("Labrador puppy").
    if (at > content && !names && is_name_word(words[at - 1], document, words[at - 1].begin == 0) &&
        (form || document.participant_named(words[at - 1].text) != nullptr || is_given_name(words[at - 1].text)) &&
        animal_of(words[at].lower).empty()) {
      break;
    }
    ++at;
    if (at - content >= 6) break;
  }
  if (at == content) {
    return std::nullopt;
  }
  // "Tom's sister"
  if (at + 1 < words.size() && words[at].is("'s") && !verb_follows_s(words, at + 1) && !ends_phrase(words[at + 1])) {
    const std::size_t owner_begin = phrase.begin, owner_end = at;
    if (auto owned = noun_phrase_at(words, at + 1, document); owned && !owned->pronoun) {
      owned->begin = owner_begin;
      owned->determiner = "'s";
      owned->possessor = {owner_begin, owner_end};
      return owned;
    }
    return std::nullopt;
  }
  std::size_t name_from = at;
  while (name_from > content && is_name_word(words[name_from - 1], document, words[name_from - 1].begin == 0)) --name_from;
  // "Labrador puppy": the capital belongs to the description.
  if (name_from < at) {
    for (std::size_t n = name_from; n < at; ++n) phrase.name += (phrase.name.empty() ? "" : " ") + words[n].text;
  }
  for (std::size_t n = content; n < name_from; ++n) {
    phrase.text += (phrase.text.empty() ? "" : " ") + words[n].text;
    if (n + 1 < name_from) phrase.described.push_back(words[n].lower);
  }
  if (name_from > content) {
    const std::string last = words[name_from - 1].lower;
    phrase.head = singular(last);
    phrase.plural = phrase.head != last;
  }
  phrase.end = at;
  // "my sister, Emma," and "a dog named Clyde"
  if (phrase.name.empty() && at + 1 < words.size() && words[at].in({"named", "called"}) &&
      (words[at + 1].capital() || words[at + 1].kind == WordKind::title)) {
    phrase.name = words[at + 1].text;
    phrase.title = words[at + 1].kind == WordKind::title;
    phrase.end = at + 2;
    while (phrase.end < words.size() && words[phrase.end].capital()) phrase.name += " " + words[phrase.end++].text;
  } else if (phrase.name.empty() && at + 2 < words.size() && words[at].is(",") && phrase.determiner == "my" && !phrase.plural &&
             is_name_word(words[at + 1], document, false) && (words[at + 2].in({",", ".", "!"}) || at + 2 == words.size())) {
    phrase.name = words[at + 1].text;
    phrase.end = at + (words[at + 2].is(",") ? 3 : 2);
  }
  return phrase;
}

std::string text_of(const Words& words, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t n = begin; n < end; ++n) {
    const Word& word = words[n];
    const bool joined = word.lower.starts_with("'") || word.is("n't") || word.in({",", ".", ";", ":", "!", "?", ")"}) ||
                        (n > begin && words[n - 1].in({"(", "$", "/"})) || word.is("/");
    if (!text.empty() && !joined) text += ' ';
    text += word.kind == WordKind::title ? "\"" + word.text + "\"" : word.text;
  }
  return text;
}

namespace {

struct Found {
  NounPhrase subject;
  std::optional<NounPhrase> with;
  VerbGroup verb;
  bool dropped = false;
  bool shared = false;  // the subject of the clause before
};

std::optional<Found> subject_and_verb_at(const Words& words, std::size_t at, const Document& document) {
  const Word& word = words[at];
  Found found;
  if (word.in({"i", "we", "he", "she", "they"}) || (word.in({"it", "you", "who", "there"}) && starts_clause(words, at))) {
    found.subject.begin = at;
    found.subject.end = at + 1;
    found.subject.pronoun = true;
    found.subject.text = word.lower;
  } else {
    const bool after_saying = at > 0 && (words[at - 1].in({"me", "us", "that"}) ||
                                         is_any(verb_form(words[at - 1].lower).lemma,
                                                {"say", "hear", "think", "guess", "believe", "know", "hope", "wish", "mention"}));
    if (!starts_clause(words, at) && !after_saying) return std::nullopt;
    auto phrase = noun_phrase_at(words, at, document);
    if (!phrase || phrase->pronoun || phrase->end >= words.size()) return std::nullopt;
    found.subject = *phrase;
    // "Tom and I got married"
    if (phrase->end + 1 < words.size() && words[phrase->end].is("and") && words[phrase->end + 1].is("i")) {
      found.with = *phrase;
      found.subject = {};
      found.subject.begin = at;
      found.subject.end = phrase->end + 2;
      found.subject.pronoun = true;
      found.subject.text = "i";
    }
  }
  auto verb = verb_group_at(words, found.subject.end);
  if (!verb) return std::nullopt;
  const VerbForm form = verb_form(words[verb->begin].lower);
  // "Emma work" is no clause: a single name with a bare base form.
  if (!found.subject.pronoun && !found.subject.plural && verb->begin + 1 == verb->end && form.base && !form.past) {
    return std::nullopt;
  }
  found.verb = *verb;
  return found;
}

// Words at the start that belong to nobody: greetings, adverbs, commas.
std::size_t after_interjections(const Words& words) {
  std::size_t at = 0;
  while (at < words.size() && (in_list(interjections, words[at].lower) || in_list(adverbs, words[at].lower) ||
                               (words[at].kind == WordKind::mark && words[at].in({",", "!", "-", ":", "."})))) {
    ++at;
  }
  return at;
}

std::optional<Found> dropped_subject(const Words& words, std::size_t at) {
  std::size_t probe = at;
  while (probe < words.size() && in_list(adverbs, words[probe].lower)) ++probe;
  if (probe >= words.size()) return std::nullopt;
  const VerbForm form = verb_form(words[probe].lower);
  if (!form.past || form.lemma == "be" || form.lemma == "have") return std::nullopt;
  if (form.base && !is_any(form.lemma, {"quit"})) return std::nullopt;
  // "Married people": a participle that describes is no verb.
  if (form.participle && probe + 1 < words.size()) {
    const Word& next = words[probe + 1];
    if (next.kind == WordKind::word && !in_list(stops, next.lower) && !is_determiner(next) && !next.capital() &&
        number_of(next.lower) == 0 && !verb_form(next.lower).gerund) {
      return std::nullopt;
    }
  }
  auto verb = verb_group_at(words, probe);
  if (!verb) return std::nullopt;
  Found found;
  found.dropped = true;
  found.subject.begin = found.subject.end = at;
  found.verb = *verb;
  for (std::size_t n = 0; n < probe; ++n) {
    if (words[n].in({"finally"})) found.verb.at_last = true;
    if (words[n].is("just")) found.verb.just = true;
  }
  return found;
}

// "… and moved to Leeds": a verb of the same form after "and".
std::optional<Found> shared_subject(const Words& words, std::size_t at, std::size_t limit, const Found& before) {
  if (!words[at].in({"and", "but", "then", ","})) return std::nullopt;
  std::size_t probe = at + 1;
  while (probe < limit && (in_list(adverbs, words[probe].lower) || words[probe].in({"and", "then"}))) ++probe;
  if (probe >= limit) return std::nullopt;
  const VerbForm form = verb_form(words[probe].lower);
  const bool auxiliary = words[probe].in({"am", "is", "'m", "do", "does", "did", "have", "has", "will", "can", "might"});
  if (!form && !auxiliary) return std::nullopt;
  const bool past = before.verb.tense == Tense::past || before.verb.tense == Tense::perfect;
  const bool same_form = past ? (form.past && (!form.base || is_any(form.lemma, {"quit", "put"})))
                              : (form.third || (auxiliary && !words[probe].is("have")) ||
                                 (form.base && is_any(form.lemma, {"work", "live", "have", "hate", "love", "enjoy", "study", "play"})));
  if (!same_form || before.verb.tense == Tense::future || before.verb.used_to) return std::nullopt;
  auto verb = verb_group_at(words, probe);
  if (!verb) return std::nullopt;
  for (std::size_t n = at; n < probe; ++n) verb->at_last = verb->at_last || words[n].is("finally");
  Found found = before;
  found.verb = *verb;
  found.shared = true;
  return found;
}

bool looks_ahead(const Clause& clause) {
  const VerbGroup& verb = clause.verb;
  return verb.tense == Tense::future || verb.progressive || !verb.modality.empty() ||
         (verb.tense == Tense::present && verb.lemma != "be" && verb.lemma != "live" && verb.lemma != "work") ||
         is_any(verb.lemma, {"plan", "want", "hope", "decide", "intend", "book"});
}

// Where what the verb says ends: at a mark that begins something else.
std::size_t end_of_thought(const Words& words, std::size_t begin, std::size_t end) {
  for (std::size_t at = begin; at < end; ++at) {
    const Word& word = words[at];
    if (word.kind == WordKind::speech) return at;
    if (word.kind != WordKind::mark) {
      if (at > begin && word.in({"because", "but", "although", "though", "which", "who", "cause", "when", "while", "unless"})) return at;
      // "… and this is the fourth time": another sentence, even if no clause is read out of it
      if (at > begin && word.in({"and", "so"})) {
        for (std::size_t n = at + 1; n < end && n < at + 5; ++n) {
          const VerbForm form = verb_form(words[n].lower);
          if (words[n].in({"is", "are", "was", "were", "'s", "'m", "'re", "has", "had", "will", "'ll"}) || (form.third && !form.base) ||
              (form.past && !form.base && !form.participle)) {
            return at;
          }
          if (words[n].kind == WordKind::mark) break;
        }
      }
      // "that I am leaving is nonsense": the verb of the sentence around it
      if (at > begin && word.in({"is", "was", "are", "were"}) &&
          !words[at - 1].in({"who", "which", "that", "what", "how", "where", "it", "this", "there", "they", "he", "she"})) {
        return at;
      }
      if (at > begin && word.is("so") && at + 1 < end && words[at + 1].in({"that", "now", "we", "i"})) return at;
      continue;
    }
    if (word.in({"-", ";", ":", ".", "!", "?", "(", ")"})) return at;
    if (word.is(",")) {
      // A list goes on, everything else ends: "Rex, Bella and Max".
      bool list = false;
      for (std::size_t n = at + 1; n < end && n < at + 6; ++n) {
        if (words[n].kind == WordKind::mark && !words[n].is(",")) break;
        if (verb_form(words[n].lower).past || verb_form(words[n].lower).third || in_list("i we he she it they", words[n].lower)) break;
        if (words[n].is("and") && n > at + 1) list = true;
      }
      if (!list) return at;
    }
    if (static_cast<unsigned char>(word.text[0]) >= 0x80) return at;
  }
  return end;
}

}  // namespace

std::vector<Clause> clauses_of(const Sentence& sentence, const Document& document) {
  const Words& words = sentence.words;
  std::vector<Found> found;
  if (words.empty()) return {};
  std::size_t at = 0;
  if (auto first = dropped_subject(words, after_interjections(words))) {
    found.push_back(*first);
    at = first->verb.end;
  }
  while (at < words.size()) {
    auto next = subject_and_verb_at(words, at, document);
    if (!next && !found.empty()) next = shared_subject(words, at, words.size(), found.back());
    if (!next) {
      ++at;
      continue;
    }
    at = std::max(next->verb.end, at + 1);
    found.push_back(std::move(*next));
  }

  std::vector<Clause> clauses;
  std::size_t previous_end = 0;
  for (std::size_t n = 0; n < found.size(); ++n) {
    Clause clause;
    clause.sentence = &sentence;
    clause.subject = found[n].subject;
    clause.with_subject = found[n].with;
    clause.subject_dropped = found[n].dropped;
    clause.verb = found[n].verb;
    const std::size_t start = found[n].shared || found[n].dropped ? clause.verb.begin : clause.subject.begin;
    std::size_t limit = words.size();
    if (n + 1 < found.size()) {
      limit = found[n + 1].shared ? found[n + 1].verb.begin : found[n + 1].subject.begin;
      // What leads into the next clause belongs to it: the link, and a date before its subject.
      std::size_t back = limit;
      while (back > clause.verb.end && (in_list(links, words[back - 1].lower) || in_list(interjections, words[back - 1].lower) ||
                                        (words[back - 1].kind == WordKind::mark && words[back - 1].in({",", "-", ";", ":"})))) {
        --back;
      }
      if (back == limit && !found[n + 1].shared) {
        for (std::size_t mark = limit; mark-- > clause.verb.end;) {
          if (words[mark].kind == WordKind::mark || words[mark].is("and") || words[mark].is("but")) {
            back = mark;
            break;
          }
        }
      }
      limit = back;
    }
    for (std::size_t lead = previous_end; lead < start; ++lead) {
      if (in_list(links, words[lead].lower)) clause.link = words[lead].lower;
      if (words[lead].in({"maybe", "perhaps", "possibly", "probably"})) clause.modality = "possible";
      if (words[lead].in({"apparently", "rumour", "rumor", "supposedly", "allegedly"})) clause.modality = "reported";
      if (words[lead].in({"if", "unless", "whether", "imagine", "wish", "suppose"})) clause.modality = "hypothetical";
      if (words[lead].is("finally")) clause.verb.at_last = true;
    }
    clause.complement = n > 0 && (start == found[n - 1].verb.end ||
                                  (start == found[n - 1].verb.end + 1 && words[start - 1].in({"that", "me", "us"})) ||
                                  (start == found[n - 1].verb.end + 2 && words[start - 1].in({"that"})) ||
                                  (start <= found[n - 1].verb.end + 3 && words[start - 1].in({"that", "me", "us"})));
    if (!clause.verb.modality.empty()) clause.modality = clause.verb.modality;

    const std::size_t rest_end = end_of_thought(words, clause.verb.end, limit);
    const bool ahead = looks_ahead(clause);
    auto when = find_when(words, clause.verb.end, limit, sentence.at, ahead);
    if (!when && !found[n].shared) when = find_when(words, previous_end, start, sentence.at, ahead);
    clause.begin = when && when->begin < start ? when->begin : start;
    clause.end = std::max({rest_end, clause.verb.end, when ? when->end : std::size_t{0}});
    for (std::size_t word = clause.verb.end; word < rest_end; ++word) {
      if (when && word >= when->begin && word < when->end) continue;
      // "not … any more" is an end, and says nothing beyond it.
      if (words[word].is("anymore") || (words[word].is("any") && word + 1 < rest_end && words[word + 1].in({"more", "longer"}))) {
        if (clause.verb.negated) clause.verb.ended = true;
        if (words[word].is("any")) ++word;
        continue;
      }
      if (words[word].is("at") && word + 1 < rest_end && words[word + 1].is("last")) {
        clause.verb.at_last = true;
        ++word;
        continue;
      }
      clause.rest.push_back(words[word]);
    }
    while (!clause.rest.empty() && (clause.rest.back().kind == WordKind::mark ||
                                    (in_list(links, clause.rest.back().lower) && !clause.rest.back().is("that")) ||
                                    clause.rest.back().in({"too", "also", "now", "just", "lately", "recently", "actually"}))) {
      clause.rest.pop_back();
    }
    if (clause.verb.ended) clause.verb.negated = false;
    clause.when = when;
    clauses.push_back(std::move(clause));
    previous_end = limit;
  }
  return clauses;
}

}  // namespace kg_sim::rules
