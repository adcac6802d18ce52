#include <gtest/gtest.h>

#include "stages/stage.h"
#include "stages_conversation.h"
#include "stages_strict_schema.h"

namespace kg_batch::stages {
namespace {

const Stage& kg_extract() { return *find_stage("kg_extract"); }

TEST(Stages, are_found_by_name) {
  ASSERT_NE(find_stage("kg_extract"), nullptr);
  EXPECT_EQ(find_stage("kg_extract")->name(), "kg_extract");
  EXPECT_EQ(find_stage("kg_nothing"), nullptr);
  EXPECT_EQ(find_stage(""), nullptr);
}

TEST(KgExtract, shows_the_chunk_as_the_contract_says) {
  test::Conversation conversation({"Alice", "Bob"});
  conversation.said_before(2, {"Any pets?"}).says(1, {"I adopted Clyde last May.", "He is 3."}).says(0, {"Nice!"});
  conversation.question.self = 1;
  conversation.question.cast = {"Clyde"};
  conversation.question.context[0].at = "2023-05-08 15:50 Mon";
  EXPECT_EQ(kg_extract().question(conversation.question, {}).dump(),
            R"({"task":"extract","participants":[{"id":1,"name":"Alice"},{"id":2,"name":"Bob"}],"self":1,)"
            R"("cast":["Clyde"],"context":[{"by":2,"at":"2023-05-08 15:50 Mon","s":[[-1,"Any pets?"]]}],)"
            R"("messages":[{"by":1,"at":null,"s":[[1,"I adopted Clyde last May."],[2,"He is 3."]]},)"
            R"({"by":null,"at":null,"s":[[3,"Nice!"]]}]})");
}

TEST(KgExtract, shows_what_is_not_there_as_null_or_empty) {
  EXPECT_EQ(kg_extract().question({}, {}).dump(),
            R"({"task":"extract","participants":[],"self":null,"cast":[],"context":[],"messages":[]})");
}

TEST(KgExtract, has_a_schema_within_the_strict_subset) {
  std::vector<std::string> wrong;
  test::check_strict_subset(kg_extract().schema(), "answer", 1, wrong);
  EXPECT_TRUE(wrong.empty()) << wrong.front();
  EXPECT_EQ(kg_extract().schema()["type"], "object");
}

TEST(ChatBody, holds_what_the_model_takes_and_nothing_else) {
  const Json question = {{"task", "extract"}, {"words", "\"äöü\" 👋\n"}};
  const Json body = Json::parse(chat_body(kg_extract(), "gpt-5-mini", "Read this.", "none", 1234, question));
  EXPECT_EQ(body["model"], "gpt-5-mini");
  EXPECT_EQ(body["messages"], Json::parse(R"([{"role":"system","content":"Read this."},{"role":"user","content":""}])")
                                  .patch(Json::array({{{"op", "replace"},
                                                       {"path", "/1/content"},
                                                       {"value", R"({"task":"extract","words":"\"äöü\" 👋\n"})"}}})));
  const Json& format = body["response_format"];
  EXPECT_EQ(format["type"], "json_schema");
  EXPECT_EQ(format["json_schema"]["name"], "kg_extract");
  EXPECT_EQ(format["json_schema"]["strict"], true);
  EXPECT_EQ(format["json_schema"]["schema"], kg_extract().schema());
  EXPECT_EQ(format["json_schema"].size(), 3U);
  EXPECT_EQ(body["max_completion_tokens"], 1234);
  EXPECT_EQ(body["reasoning_effort"], "none");
  EXPECT_EQ(body.size(), 5U);
  EXPECT_FALSE(Json::parse(chat_body(kg_extract(), "m", "", "", 1, {})).contains("reasoning_effort"));
}

TEST(ChatBody, has_nothing_of_another_model_or_prompt_that_the_stage_was_asked_with) {
  const auto body = [](const char* model, const char* prompt, int tokens) { return Json::parse(chat_body(kg_extract(), model, prompt, "", tokens, {})); };
  const Json first = body("m", "p", 1), other_model = body("n", "p", 1), other_prompt = body("n", "q", 2);
  EXPECT_EQ(first["model"], "m");
  EXPECT_EQ(other_model["model"], "n");
  EXPECT_EQ(other_prompt["messages"][0]["content"], "q");
  EXPECT_EQ(other_prompt["max_completion_tokens"], 2);
  EXPECT_EQ(body("m", "p", 1), first);
}

TEST(ChatBody, is_the_same_bytes_for_the_same_question) {
  test::Conversation conversation;
  conversation.says(1, {"Words."});
  const auto body = [&] {
    return chat_body(kg_extract(), "m", "p", "low", 1, kg_extract().question(conversation.question, {}));
  };
  EXPECT_EQ(body(), body());
}

}  // namespace
}  // namespace kg_batch::stages
