#include "verbs.h"

#include <sstream>
#include <unordered_map>
#include <vector>

namespace kg_sim::rules {
namespace {

// Lemma, past, participle.
constexpr const char* irregular =
    "be was been, have had had, do did done, go went gone, get got got, get got gotten, buy bought bought, "
    "leave left left, quit quit quit, find found found, lose lost lost, win won won, run ran run, begin began begun, "
    "take took taken, make made made, meet met met, see saw seen, give gave given, come came come, eat ate eaten, "
    "drink drank drunk, drive drove driven, ride rode ridden, fly flew flown, write wrote written, read read read, "
    "sing sang sung, swim swam swum, teach taught taught, sell sold sold, build built built, break broke broken, "
    "tell told told, say said said, hear heard heard, think thought thought, know knew known, feel felt felt, "
    "grow grew grown, keep kept kept, bring brought brought, send sent sent, spend spent spent, hold held held, "
    "put put put, set set set, hurt hurt hurt, catch caught caught, fall fell fallen, become became become, "
    "speak spoke spoken, wear wore worn, draw drew drawn, lead led led, pay paid paid, bake baked baked, "
    "hit hit hit, let let let, choose chose chosen, throw threw thrown, understand understood understood, "
    "mean meant meant, sleep slept slept, wake woke woken, stand stood stood, sit sat sat, show showed shown, "
    "beat beat beaten, steal stole stolen, forget forgot forgotten, shoot shot shot, dream dreamt dreamt, "
    "learn learnt learnt, burn burnt burnt";

constexpr const char* regular =
    "adopt like love hate dislike enjoy adore prefer live move work start stop join visit travel study graduate marry "
    "divorce separate want plan hope intend aim decide finish pass fail cancel postpone apply accept reject resign "
    "retire promote hire fire launch open close paint cook play watch attend practice practise train volunteer organize "
    "organise host celebrate try book sign register enroll enrol complete manage complain walk hike climb camp "
    "explore relax rescue foster name call rename die miss need use help receive call talk chat ask answer "
    "mention claim announce suggest recommend believe guess wonder wish suppose imagine pretend look seem stay return "
    "arrive land propose engage date suffer injure break recover diagnose own rent renovate repair fix clean plant "
    "harvest knit sew craft create record perform dance compete coach mentor lecture publish submit deliver present "
    "design develop code deploy release ship merge review discuss agree refuse drop abandon switch change replace turn "
    "collect photograph film listen order taste upgrade donate raise support share post email text message invite "
    "welcome introduce interview audition rehearse discover notice realize realise remember happen interest "
    "inspire motivate excite save invest borrow lend earn owe offer expect continue consider dream avoid skip "
    "settle relocate head stumble check kick wrap host score crash bike jog ski surf skate sail garden barbecue "
    "babysit swap pick explain hurry tie welcome prepare research work-out attract handle manage migrate switch raise rehome smoke count test backup carry bond stick enter focus expand search";

struct Forms {
  std::unordered_map<std::string, VerbForm> by_form;
  std::unordered_map<std::string, std::string> third_of;
};

bool vowel(char c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u'; }

bool doubles(const std::string& lemma) {
  static constexpr std::string_view list =
      "stop quit plan drop get run win swim begin put set let hit sit ship chat swap skip jog knit babysit forget wrap "
      "cancel travel enrol";
  for (std::size_t at = list.find(lemma); at != std::string_view::npos; at = list.find(lemma, at + 1)) {
    const std::size_t end = at + lemma.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

std::string stem(const std::string& lemma) { return doubles(lemma) ? lemma + lemma.back() : lemma; }

std::string third_form(const std::string& lemma) {
  if (lemma == "be") return "is";
  if (lemma == "have") return "has";
  if (lemma == "go" || lemma == "do") return lemma + "es";
  const char last = lemma.back();
  if (last == 'y' && !vowel(lemma[lemma.size() - 2])) return lemma.substr(0, lemma.size() - 1) + "ies";
  if (last == 's' || last == 'x' || last == 'z' || lemma.ends_with("ch") || lemma.ends_with("sh")) return lemma + "es";
  return lemma + "s";
}

std::string past_form(const std::string& lemma) {
  const char last = lemma.back();
  if (last == 'e') return lemma + "d";
  if (last == 'y' && !vowel(lemma[lemma.size() - 2])) return lemma.substr(0, lemma.size() - 1) + "ied";
  return stem(lemma) + "ed";
}

std::string gerund_form(const std::string& lemma) {
  if (lemma == "be") return "being";
  if (lemma == "die" || lemma == "tie") return lemma.substr(0, 1) + "ying";
  if (lemma.back() == 'e' && lemma != "see") return lemma.substr(0, lemma.size() - 1) + "ing";
  return stem(lemma) + "ing";
}

void add(Forms& forms, const std::string& form, const std::string& lemma, bool VerbForm::*kind) {
  VerbForm& entry = forms.by_form[form];
  if (entry.lemma.empty()) entry.lemma = lemma;
  if (entry.lemma == lemma) entry.*kind = true;
}

void add_common(Forms& forms, const std::string& lemma) {
  add(forms, lemma, lemma, &VerbForm::base);
  add(forms, third_form(lemma), lemma, &VerbForm::third);
  add(forms, gerund_form(lemma), lemma, &VerbForm::gerund);
  // American spelling beside the British one.
  if (lemma == "cancel" || lemma == "travel") {
    add(forms, lemma + "ed", lemma, &VerbForm::past);
    add(forms, lemma + "ed", lemma, &VerbForm::participle);
    add(forms, lemma + "ing", lemma, &VerbForm::gerund);
  }
  forms.third_of[lemma] = third_form(lemma);
}

Forms all_forms() {
  Forms forms;
  std::istringstream rows{std::string(irregular)};
  for (std::string row; std::getline(rows, row, ',');) {
    std::istringstream columns(row);
    std::string lemma, past, participle;
    columns >> lemma >> past >> participle;
    add_common(forms, lemma);
    add(forms, past, lemma, &VerbForm::past);
    add(forms, participle, lemma, &VerbForm::participle);
  }
  std::istringstream lemmas{std::string(regular)};
  for (std::string lemma; lemmas >> lemma;) {
    add_common(forms, lemma);
    add(forms, past_form(lemma), lemma, &VerbForm::past);
    add(forms, past_form(lemma), lemma, &VerbForm::participle);
  }
  for (const char* lemma : {"learn", "dream", "burn"}) {
    add(forms, std::string(lemma) + "ed", lemma, &VerbForm::past);
    add(forms, std::string(lemma) + "ed", lemma, &VerbForm::participle);
  }
  add(forms, "were", "be", &VerbForm::past);
  add(forms, "am", "be", &VerbForm::base);
  add(forms, "are", "be", &VerbForm::base);
  return forms;
}

const Forms& known_forms() {
  static const Forms forms = all_forms();
  return forms;
}

}  // namespace

VerbForm verb_form(std::string_view lower) {
  const auto found = known_forms().by_form.find(std::string(lower));
  return found == known_forms().by_form.end() ? VerbForm{} : found->second;
}

std::string third_person(std::string_view lemma) {
  const auto found = known_forms().third_of.find(std::string(lemma));
  return found == known_forms().third_of.end() ? std::string(lemma) : found->second;
}

std::string gerund(std::string_view lemma) { return gerund_form(std::string(lemma)); }

}  // namespace kg_sim::rules
