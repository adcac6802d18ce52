#include "score.h"

#include <algorithm>

#include "rules.h"

namespace kg_batch::evaluate {
namespace {

Outcome outcome_among(const Expectation& expectation, const auto& items, const graph::Reading& reading) {
  bool meant = false;
  for (const auto& item : items) {
    if (fits(expectation.where, item, reading)) {
      if (expectation.forbidden) {
        return Outcome::forbidden;
      }
      if (fits(expectation.then, item, reading)) {
        return Outcome::right;
      }
      meant = true;
    }
  }
  if (expectation.forbidden) {
    return Outcome::absent;
  }
  return meant ? Outcome::wrong : Outcome::missed;
}

Outcome outcome_of(const Expectation& expectation, const graph::Reading& reading) {
  switch (expectation.kind) {
    case Kind::thing:
      return outcome_among(expectation, reading.things, reading);
    case Kind::statement:
      return outcome_among(expectation, reading.statements, reading);
    case Kind::fact:
      break;
  }
  return outcome_among(expectation, reading.facts, reading);
}

std::string described(const Expectation& expectation) {
  static const char* const kinds[] = {"thing ", "statement ", "fact "};
  std::string text = kinds[static_cast<std::size_t>(expectation.kind)] + expectation.where.dump();
  if (!expectation.then.empty()) {
    text += " is " + expectation.then.dump();
  }
  return text;
}

void judge_people(const Conversation& conversation, const graph::Reading& reading, std::vector<Verdict>& verdicts) {
  const std::string rule(people_rule);
  for (const Json& person : conversation.people) {
    const bool came = std::any_of(reading.things.begin(), reading.things.end(), [&](const graph::Thing& thing) {
      return thing.thing_class == "person" && fits(person, thing, reading);
    });
    verdicts.push_back({conversation.id, rule, came ? Outcome::right : Outcome::missed, "person " + person.dump()});
  }
  for (const graph::Thing& thing : reading.things) {
    const auto is_this = [&](const Json& person) { return fits(person, thing, reading); };
    if (thing.thing_class == "person" && std::none_of(conversation.people.begin(), conversation.people.end(), is_this) &&
        std::none_of(conversation.people_may.begin(), conversation.people_may.end(), is_this)) {
      verdicts.push_back({conversation.id, rule, Outcome::forbidden, "person \"" + thing.label + "\""});
    }
  }
}

double share(int part, int whole) { return whole == 0 ? 1 : static_cast<double>(part) / whole; }

}  // namespace

std::vector<Verdict> judge(const Conversation& conversation, const graph::Reading& reading) {
  std::vector<Verdict> verdicts;
  for (const Expectation& expectation : conversation.expectations) {
    verdicts.push_back({conversation.id, expectation.rule, outcome_of(expectation, reading), described(expectation)});
  }
  judge_people(conversation, reading, verdicts);
  return verdicts;
}

void Score::add(Outcome outcome) {
  right += outcome == Outcome::right ? 1 : 0;
  wrong += outcome == Outcome::wrong ? 1 : 0;
  missed += outcome == Outcome::missed ? 1 : 0;
  forbidden += outcome == Outcome::forbidden ? 1 : 0;
}

double Score::precision() const { return share(right, said()); }

double Score::recall() const { return share(right, wanted()); }

std::map<std::string, Score> scores(const std::vector<Verdict>& verdicts) {
  std::map<std::string, Score> by_rule;
  for (const Rule& rule : rules) {
    by_rule[std::string(rule.name)];
  }
  for (const Verdict& verdict : verdicts) {
    by_rule[verdict.rule].add(verdict.outcome);
  }
  return by_rule;
}

Score total(const std::vector<Verdict>& verdicts) {
  Score score;
  for (const Verdict& verdict : verdicts) {
    score.add(verdict.outcome);
  }
  return score;
}

}  // namespace kg_batch::evaluate
