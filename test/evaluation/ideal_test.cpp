// The ideal answers: taken whole by schemas and readers, right by every rule, in
// both plans, and fit to be served by the stand-in.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "endpoint.h"
#include "ideal.h"
#include "openai_server.h"
#include "rules.h"
#include "stages_strict_schema.h"
#include "stand_in.h"

namespace kg_batch::evaluate {
namespace {

void expect_all_right(const PlanRun& run) {
  for (const Verdict& verdict : judge(run)) {
    EXPECT_TRUE(verdict.outcome == Outcome::right || verdict.outcome == Outcome::absent)
        << verdict.conversation << ", " << verdict.rule << ": " << verdict.what;
  }
  for (const auto& [rule, score] : scores(judge(run))) {
    EXPECT_EQ(score.precision(), 1) << rule;
    EXPECT_EQ(score.recall(), 1) << rule;
    EXPECT_GE(score.right, 2) << rule;
  }
}

void expect_taken_whole(const PlanRun& run) {
  for (const ReadConversation& read : run.conversations) {
    const std::string& id = read.conversation->id;
    for (const std::string& failure : read.failures) {
      ADD_FAILURE() << id << ": " << failure;
    }
    for (const graph::Rejected& rejected : read.rejected) {
      ADD_FAILURE() << id << ", " << rejected.item << ": " << rejected.reason;
    }
    EXPECT_EQ(read.quotes_found, read.quotes) << id;
    EXPECT_GE(read.quotes, 1) << id;
  }
}

TEST(Ideal, answers_say_that_they_were_written_by_hand) {
  EXPECT_EQ(test::ideal().size(), test::conversations().size());
  for (const StoredAnswer& answer : test::ideal()) {
    EXPECT_NE(answer.source.find("written by hand"), std::string::npos) << answer.conversation;
    EXPECT_EQ(answer.stage, "kg_extract") << answer.conversation;
  }
}

TEST(Ideal, answers_pass_the_schema_of_every_stage_of_both_plans) {
  for (const StoredAnswer& answer : test::ideal()) {
    const Json whole = Json::parse(answer.content);
    EXPECT_TRUE(kg_batch::test::passes(stages::find_stage("kg_extract")->schema(), whole)) << answer.conversation;
    for (const char* name : {"kg_parse", "kg_facts", "kg_metadata"}) {
      const stages::Stage& stage = *stages::find_stage(name);
      EXPECT_TRUE(kg_batch::test::passes(stage.schema(), part_for(stage, whole))) << answer.conversation << ", " << name;
    }
  }
}

TEST(Ideal, answers_are_taken_whole_with_every_quote_found) {
  expect_taken_whole(test::run_ideal("combined"));
  expect_taken_whole(test::run_ideal("staged"));
}

TEST(Ideal, answers_are_right_by_every_rule_in_both_plans) {
  expect_all_right(test::run_ideal("combined"));
  expect_all_right(test::run_ideal("staged"));
}

TEST(Ideal, answers_stand_under_the_hashes_of_todays_questions) {
  const PlanRun run = test::run_ideal("combined");
  const std::filesystem::path written = std::filesystem::path(::testing::TempDir()) / "evaluation_ideal.jsonl";
  write_answers(written, run.answers);
  const auto text = [](const std::filesystem::path& file) {
    std::ifstream stream(file);
    return std::string{std::istreambuf_iterator<char>(stream), {}};
  };
  EXPECT_EQ(text(written), text(test::ideal_file()))
      << "run: evaluate --answers tools/evaluate/answers/ideal.jsonl --store tools/evaluate/answers/ideal.jsonl";
}

// Through the client and the stand-in, as a run on a model goes.
TEST(Ideal, answers_come_back_through_a_stand_in_that_replays_them) {
  std::vector<StoredAnswer> stored;
  for (const char* plan : {"combined", "staged"}) {
    const PlanRun run = test::run_ideal(plan);
    stored.insert(stored.end(), run.answers.begin(), run.answers.end());
  }
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) / "evaluation_replay.jsonl";
  write_answers(file, stored);
  const StandIn stand_in(KG_BATCH_STAND_IN, {"--mode", "replay", "--gold", file.string()});
  EndpointOptions options;
  options.endpoint = {stand_in.base_url(), "any", "", ""};
  options.model = "gpt-5-mini";
  for (const char* plan : {"combined", "staged"}) {
    const PlanRun run = run_plan(test::conversations(), test::steps(plan), answering_by(options));
    expect_taken_whole(run);
    expect_all_right(run);
    EXPECT_EQ(run.usage.size(), test::steps(plan).size());
    for (const auto& [stage, usage] : run.usage) {
      EXPECT_EQ(usage.requests, static_cast<int>(test::conversations().size())) << stage;
      EXPECT_EQ(usage.failures, 0) << stage;
      EXPECT_GT(usage.tokens.input_tokens, 40 * 500) << stage;
      EXPECT_GT(usage.tokens.output_tokens, 40 * 20) << stage;
    }
    ASSERT_FALSE(run.answers.empty());
    EXPECT_NE(run.answers.front().source.find("gpt-5-mini"), std::string::npos);
  }
}

// What a server gets wrong for a moment is asked again; what the model refuses is told.
TEST(Ideal, answers_come_in_spite_of_faults_and_a_refusal_is_told) {
  const StandIn stand_in(KG_BATCH_STAND_IN, {"--mode", "replay", "--gold", test::ideal_file().string()});
  EndpointOptions options;
  options.endpoint = {stand_in.base_url(), "any", "", ""};
  options.model = "gpt-5-mini";
  openai::Http http;
  openai::HttpRequest faults;
  faults.method = "POST";
  faults.url = stand_in.base_url().substr(0, stand_in.base_url().rfind("/v1")) + "/_sim/faults";
  faults.headers = {"Authorization: Bearer any"};
  faults.body = R"([{"fault":"unavailable","count":5,"retry_after_ms":10},{"fault":"drop_after_read","skip":20,"count":1},
                    {"fault":"refusal","contains":"Minka"}])";
  ASSERT_EQ(openai::testing::Loop{http}.fetch(faults).status, 200);
  const PlanRun run = run_plan(test::conversations(), test::steps("combined"), answering_by(options));
  for (const ReadConversation& read : run.conversations) {
    EXPECT_EQ(read.failures.size(), read.conversation->id == "de-katze" ? 1U : 0U) << read.conversation->id;
    for (const std::string& failure : read.failures) {
      EXPECT_TRUE(failure.starts_with("kg_extract: refused")) << failure;
    }
  }
  EXPECT_EQ(run.usage.front().second.failures, 1);
}

// The right answers under wrong questions: a failure is told, and costs recall.
TEST(Ideal, answers_that_are_missing_are_told_and_missed) {
  std::vector<StoredAnswer> answers = test::ideal();
  std::erase_if(answers, [](const StoredAnswer& answer) { return answer.conversation == "en-not"; });
  const PlanRun run = run_plan(test::conversations(), test::steps("staged"), answering_from(answers));
  int failures = 0;
  for (const ReadConversation& read : run.conversations) {
    failures += static_cast<int>(read.failures.size());
  }
  EXPECT_EQ(failures, 1);  // the later stages are not asked
  EXPECT_LT(scores(judge(run))["negation"].recall(), 1);
  EXPECT_EQ(scores(judge(run))["quoted words"].recall(), 1);
}

TEST(Shipped, prompts_are_steps_of_two_plans_and_prices_go_by_the_longest_prefix) {
  ASSERT_EQ(test::steps("combined").size(), 1U);
  EXPECT_EQ(test::steps("combined").front().stage, "kg_extract");
  const std::vector<Prompt> staged = test::steps("staged");
  ASSERT_EQ(staged.size(), 3U);
  EXPECT_EQ(staged[0].stage, "kg_parse");
  EXPECT_EQ(staged[1].stage, "kg_facts");
  EXPECT_EQ(staged[2].stage, "kg_metadata");
  for (const Prompt& prompt : staged) {
    EXPECT_GT(prompt.text.size(), 1000U) << prompt.stage;
  }
  const std::vector<Price> prices = shipped_prices(test::source_dir() / "src/schema");
  ASSERT_TRUE(price_of(prices, "gpt-5-mini-2025-08-07"));
  EXPECT_EQ(price_of(prices, "gpt-5-mini-2025-08-07")->model_prefix, "gpt-5-mini");
  EXPECT_EQ(price_of(prices, "gpt-5-2025-08-07")->model_prefix, "gpt-5");
  EXPECT_FALSE(price_of(prices, "llama"));
  openai::Usage usage;
  usage.input_tokens = 3'000'000;
  usage.cached_tokens = 1'000'000;
  usage.output_tokens = 1'000'000;
  EXPECT_NEAR(cost({"", 2, 0.5, 10}, usage), 14.5, 1e-9);
}

}  // namespace
}  // namespace kg_batch::evaluate
