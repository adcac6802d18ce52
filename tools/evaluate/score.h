// How well a reading does what a conversation wants, by rule.
//
//   right      an item that is meant, and is as the rule wants it
//   wrong      one that is meant, and none that is as the rule wants it
//   missed     nothing that is meant
//   forbidden  something that must not be
//
// precision = right / (right + wrong + forbidden), of what was said about the rule;
// recall = right / (right + wrong + missed), of what had to be said.
// Of the people rule, right are those who had to come and came, missed those who
// did not, forbidden things of class person that the conversation does not have.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "conversation.h"
#include "graph/reading.h"

namespace kg_batch::evaluate {

enum class Outcome { right, wrong, missed, forbidden, absent };  // absent: what must not be, and is not

struct Verdict {
  std::string conversation, rule;
  Outcome outcome = Outcome::right;
  std::string what;  // the pattern, or the thing that must not be
};

std::vector<Verdict> judge(const Conversation& conversation, const graph::Reading& reading);

struct Score {
  int right = 0, wrong = 0, missed = 0, forbidden = 0;

  void add(Outcome outcome);
  int said() const { return right + wrong + forbidden; }
  int wanted() const { return right + wrong + missed; }
  double precision() const;  // 1 where nothing was said
  double recall() const;     // 1 where nothing had to be
};

// By name of the rule, every rule of rules.h.
std::map<std::string, Score> scores(const std::vector<Verdict>& verdicts);
Score total(const std::vector<Verdict>& verdicts);

}  // namespace kg_batch::evaluate
