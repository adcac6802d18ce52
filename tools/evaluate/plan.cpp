#include "plan.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace kg_batch::evaluate {
namespace {

const stages::Stage& stage_of(const Prompt& prompt) {
  const stages::Stage* stage = stages::find_stage(prompt.stage);
  if (stage == nullptr) {
    throw std::runtime_error("stage \"" + prompt.stage + "\" is not in this program");
  }
  return *stage;
}

std::string message_of(const Json& question) {
  return question.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// What the graph would keep of the reading, and where its quotes stand.
void finish(ReadConversation& read) {
  const graph::Mentions mentions =
      graph::mentions_of(read.reading, read.conversation->question, read.conversation->place);
  read.rejected = mentions.rejected;
  read.quotes = static_cast<int>(mentions.sources.size());
  read.quotes_found = static_cast<int>(std::count_if(mentions.sources.begin(), mentions.sources.end(),
                                                     [](const graph::SourceRow& source) { return source.matched; }));
}

}  // namespace

void add(openai::Usage& sum, const openai::Usage& usage) {
  sum.input_tokens += usage.input_tokens;
  sum.cached_tokens += usage.cached_tokens;
  sum.cache_write_tokens += usage.cache_write_tokens;
  sum.output_tokens += usage.output_tokens;
  sum.reasoning_tokens += usage.reasoning_tokens;
}

PlanRun run_plan(const std::vector<Conversation>& conversations, const std::vector<Prompt>& steps,
                 const Answering& answering) {
  PlanRun run;
  for (const Conversation& conversation : conversations) {
    run.conversations.push_back({&conversation, {}, {}, 0, 0, {}});
  }
  for (const Prompt& prompt : steps) {
    const stages::Stage& stage = stage_of(prompt);
    std::vector<Asked> asked;
    std::vector<ReadConversation*> asking;
    for (ReadConversation& read : run.conversations) {
      if (read.failures.empty() && stage.has_question(read.reading)) {
        asked.push_back({read.conversation, &stage, &prompt, stage.question(read.conversation->question, read.reading)});
        asking.push_back(&read);
      }
    }
    const std::vector<Answered> answers = answering(asked);
    Usage usage;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const Answered& answer = answers.at(i);
      ++usage.requests;
      add(usage.tokens, answer.usage);
      std::optional<std::string> failure = answer.failure;
      if (!failure) {
        run.answers.push_back({answer.source, asked[i].conversation->id, prompt.stage,
                               question_sha256(message_of(asked[i].question), prompt.stage), answer.content});
        if (const auto bad = stage.read(answer.content, asked[i].conversation->question, asking[i]->reading)) {
          failure = bad->reason;
        }
      }
      if (failure) {
        ++usage.failures;
        asking[i]->failures.push_back(prompt.stage + ": " + *failure);
      }
    }
    run.usage.emplace_back(prompt.stage, usage);
  }
  std::for_each(run.conversations.begin(), run.conversations.end(), finish);
  return run;
}

Answering answering_from(std::vector<StoredAnswer> answers) {
  return [answers = std::move(answers)](const std::vector<Asked>& asked) {
    std::vector<Answered> given;
    for (const Asked& question : asked) {
      Answered answer;
      if (const auto stored = stored_for(answers, question.conversation->id, *question.stage)) {
        answer.source = stored->source;
        answer.content = stored->content;
      } else {
        answer.failure = "no stored answer";
      }
      given.push_back(std::move(answer));
    }
    return given;
  };
}

}  // namespace kg_batch::evaluate
