// The rules' answers to kg_boundary questions.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rules/rules.h"

namespace kg_sim::rules {
namespace {

using Json = nlohmann::ordered_json;

Json asked(const std::vector<std::string>& texts, const std::vector<std::string>& days = {}) {
  Json question = {{"task", "boundary"}, {"participants", Json::array()}, {"messages", Json::array()}};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Json at = i < days.size() ? Json(days[i] + " 10:00 Mon") : Json(nullptr);
    question["messages"].push_back({{"id", i + 1}, {"by", 1}, {"at", at}, {"text", texts[i]}});
  }
  return answer("kg_boundary", question);
}

TEST(Boundaries, BeginWithAQuestionAboutSomethingElse) {
  EXPECT_EQ(asked({"Clyde chewed my slippers.", "Which slippers?", "The red ones.", "Have you booked the flights to Lisbon?", "Not yet."}).dump(),
            R"({"segments":[{"first":1,"last":3,"process":true,"topic":"clyde"},{"first":4,"last":5,"process":true,"topic":"booked"}]})");
}

TEST(Boundaries, BeginWithAnotherDay) {
  EXPECT_EQ(asked({"Hm.", "Hm.", "Hm."}, {"2023-05-08", "2023-05-08", "2023-05-09"})["segments"].size(), 2U);
}

TEST(Boundaries, LeaveOutWhatSaysNothing) {
  EXPECT_EQ(asked({"...", "!"}).dump(), R"({"segments":[{"first":1,"last":2,"process":false,"topic":""}]})");
}

TEST(Boundaries, HoldTogetherWhateverIsAsked) {
  EXPECT_EQ(asked({}).dump(), R"({"segments":[]})");
  EXPECT_TRUE(answer("kg_boundary", Json::object()).is_null());
  EXPECT_TRUE(answer("kg_boundary", Json::parse("[1]")).is_null());
  EXPECT_EQ(answer("kg_boundary", Json::parse(R"({"messages":[1,{"text":2},{"at":3,"text":"Hello"}]})"))["segments"].size(), 1U);
}

}  // namespace
}  // namespace kg_sim::rules
