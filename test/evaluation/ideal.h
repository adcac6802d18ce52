// The conversations with their ideal answers, whole or spoilt.

#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "answers.h"
#include "conversation.h"
#include "plan.h"
#include "report.h"
#include "score.h"
#include "shipped.h"

namespace kg_batch::evaluate::test {

inline std::filesystem::path source_dir() { return KG_BATCH_SOURCE_DIR; }

inline std::filesystem::path ideal_file() { return source_dir() / "tools/evaluate/answers/ideal.jsonl"; }

inline const std::vector<Conversation>& conversations() {
  static const std::vector<Conversation> all = read_conversations(source_dir() / "tools/evaluate/conversations");
  return all;
}

inline const std::vector<StoredAnswer>& ideal() {
  static const std::vector<StoredAnswer> all = read_answers(ideal_file());
  return all;
}

inline std::vector<Prompt> steps(const std::string& plan) {
  std::vector<Prompt> all = shipped_prompts(source_dir() / "src/schema");
  std::erase_if(all, [&](const Prompt& prompt) { return prompt.plan != plan; });
  return all;
}

inline PlanRun run_ideal(const std::string& plan) {
  return run_plan(conversations(), steps(plan), answering_from(ideal()));
}

// The scores when the answer of one conversation is changed.
inline std::map<std::string, Score> scores_after(const std::string& conversation,
                                                 const std::function<void(Json&)>& change) {
  std::vector<StoredAnswer> answers = ideal();
  const auto found = std::find_if(answers.begin(), answers.end(),
                                  [&](const StoredAnswer& answer) { return answer.conversation == conversation; });
  if (found == answers.end()) {
    throw std::runtime_error("no answer of " + conversation);
  }
  Json answer = Json::parse(found->content);
  change(answer);
  if (answer == Json::parse(found->content)) {
    throw std::runtime_error("the change of " + conversation + " changes nothing");
  }
  found->content = answer.dump();
  return scores(judge(run_plan(conversations(), steps("combined"), answering_from(answers))));
}

}  // namespace kg_batch::evaluate::test
