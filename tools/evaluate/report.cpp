#include "report.h"

#include <iomanip>
#include <set>
#include <sstream>
#include <string>

#include "rules.h"

namespace kg_batch::evaluate {
namespace {

// Of nothing there is no share.
std::string shown(int of, double share) {
  if (of == 0) {
    return "-";
  }
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << share;
  return text.str();
}

void line(std::ostream& out, std::string_view name, const Score& score) {
  out << std::left << std::setw(28) << name << std::right << std::setw(10) << shown(score.said(), score.precision())
      << std::setw(10) << shown(score.wanted(), score.recall()) << std::setw(8) << score.right << std::setw(8)
      << score.wrong << std::setw(8) << score.missed << std::setw(11) << score.forbidden << '\n';
}

void cost_line(std::ostream& out, std::string_view name, const Usage& usage, const std::optional<Price>& price) {
  out << std::left << std::setw(28) << name << std::right << std::setw(10) << usage.requests << std::setw(10)
      << usage.tokens.input_tokens << std::setw(10) << usage.tokens.cached_tokens << std::setw(10)
      << usage.tokens.output_tokens << std::setw(12);
  if (price) {
    out << std::fixed << std::setprecision(5) << cost(*price, usage.tokens) << '\n';
  } else {
    out << "unknown" << '\n';
  }
}

}  // namespace

std::vector<Verdict> judge(const PlanRun& run) {
  std::vector<Verdict> verdicts;
  for (const ReadConversation& read : run.conversations) {
    const std::vector<Verdict> own = judge(*read.conversation, read.reading);
    verdicts.insert(verdicts.end(), own.begin(), own.end());
  }
  return verdicts;
}

void report(std::ostream& out, const PlanRun& run, const std::optional<Price>& price, bool verbose) {
  std::set<std::string> sources;
  for (const StoredAnswer& answer : run.answers) {
    sources.insert(answer.source);
  }
  for (const std::string& source : sources) {
    out << "answers: " << source << '\n';
  }
  const std::vector<Verdict> verdicts = judge(run);
  out << '\n' << std::left << std::setw(28) << "rule" << std::right << std::setw(10) << "precision" << std::setw(10)
      << "recall" << std::setw(8) << "right" << std::setw(8) << "wrong" << std::setw(8) << "missed" << std::setw(11)
      << "forbidden" << '\n';
  const auto by_rule = scores(verdicts);
  for (const Rule& rule : rules) {
    line(out, rule.name, by_rule.at(std::string(rule.name)));
  }
  line(out, "all", total(verdicts));

  out << '\n' << std::left << std::setw(28) << "stage" << std::right << std::setw(10) << "requests" << std::setw(10)
      << "input" << std::setw(10) << "cached" << std::setw(10) << "output" << std::setw(12) << "dollars" << '\n';
  Usage all;
  for (const auto& [stage, usage] : run.usage) {
    cost_line(out, stage, usage, price);
    all.requests += usage.requests;
    add(all.tokens, usage.tokens);
  }
  cost_line(out, "all", all, price);

  int quotes = 0, found = 0;
  std::size_t rejected = 0;
  for (const ReadConversation& read : run.conversations) {
    quotes += read.quotes;
    found += read.quotes_found;
    rejected += read.rejected.size();
  }
  out << "\nquotes found where they were said: " << found << " of " << quotes << "; items rejected: " << rejected << '\n';
  for (const ReadConversation& read : run.conversations) {
    for (const std::string& failure : read.failures) {
      out << "no answer: " << read.conversation->id << ", " << failure << '\n';
    }
    if (verbose) {
      for (const graph::Rejected& item : read.rejected) {
        out << "rejected: " << read.conversation->id << ", " << item.item << ": " << item.reason << '\n';
      }
    }
  }
  if (verbose) {
    static const char* const outcomes[] = {"right", "wrong", "missed", "forbidden", "absent"};
    for (const Verdict& verdict : verdicts) {
      if (verdict.outcome != Outcome::right && verdict.outcome != Outcome::absent) {
        out << outcomes[static_cast<std::size_t>(verdict.outcome)] << ": " << verdict.conversation << ", " << verdict.rule
            << ": " << verdict.what << '\n';
      }
    }
  }
}

}  // namespace kg_batch::evaluate
