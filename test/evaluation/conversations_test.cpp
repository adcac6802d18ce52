// The yardstick itself: that it measures every rule, in several languages, and
// that what it says of days is so.

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "ideal.h"
#include "rules.h"

namespace kg_batch::evaluate {
namespace {

TEST(Conversations, are_forty_in_six_languages) {
  std::set<std::string> languages;
  for (const Conversation& conversation : test::conversations()) {
    languages.insert(conversation.language);
    EXPECT_TRUE(conversation.id.starts_with(conversation.language + "-")) << conversation.id;
    EXPECT_FALSE(conversation.people.empty()) << conversation.id;
  }
  EXPECT_GE(test::conversations().size(), 40U);
  EXPECT_GE(languages.size(), 6U);
}

TEST(Conversations, want_every_rule_at_least_twice) {
  std::map<std::string, std::set<std::string>> wanted;
  for (const Conversation& conversation : test::conversations()) {
    for (const Expectation& expectation : conversation.expectations) {
      if (!expectation.forbidden) {
        wanted[expectation.rule].insert(conversation.id);
      }
    }
  }
  for (const Rule& rule : rules) {
    if (rule.name != people_rule) {  // of every conversation
      EXPECT_GE(wanted[std::string(rule.name)].size(), 2U) << rule.name;
    }
  }
}

// A forbidden pattern without a key would forbid everything.
TEST(Conversations, forbid_only_what_they_name) {
  for (const Conversation& conversation : test::conversations()) {
    for (const Expectation& expectation : conversation.expectations) {
      EXPECT_FALSE(expectation.where.empty() && expectation.then.empty()) << conversation.id << ", " << expectation.rule;
      EXPECT_FALSE(expectation.forbidden && expectation.where.empty()) << conversation.id << ", " << expectation.rule;
    }
  }
}

std::string weekday_of(const std::string& at) {
  using namespace std::chrono;
  const year_month_day date{year{std::stoi(at.substr(0, 4))}, month{static_cast<unsigned>(std::stoi(at.substr(5, 2)))},
                            day{static_cast<unsigned>(std::stoi(at.substr(8, 2)))}};
  static const char* const names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  return names[weekday{sys_days{date}}.c_encoding()];
}

TEST(Conversations, have_the_weekday_of_their_day) {
  for (const Conversation& conversation : test::conversations()) {
    for (const auto* part : {&conversation.question.context, &conversation.question.messages}) {
      for (const stages::ShownMessage& message : *part) {
        ASSERT_TRUE(message.at && message.at->size() == std::string("2023-05-08 15:56 Mon").size()) << conversation.id;
        EXPECT_EQ(message.at->substr(17), weekday_of(*message.at)) << conversation.id << ", " << *message.at;
      }
    }
  }
}

Json line_with(const std::string& must) {
  Json line = Json::parse(R"({"id":"en-x","language":"en","about":"","participants":["Dana"],
                              "messages":[{"by":1,"at":null,"s":["I have a dog."]}],"must":[]})");
  line["must"].push_back(Json::parse(must));
  return line;
}

// What no answer could ever fit would count as a model's fault.
TEST(Conversations, are_refused_with_a_pattern_that_nothing_can_fit) {
  EXPECT_NO_THROW(conversation_of(line_with(R"({"rule":"negation","is":"statement","where":{"type":"State"}})")));
  for (const char* must : {R"({"rule":"negations","is":"statement","where":{}})",
                           R"({"rule":"negation","is":"node","where":{}})",
                           R"({"rule":"negation","is":"statement","where":{"kinds":"x"}})",
                           R"({"rule":"negation","is":"statement","where":{"type":"Entity"}})",
                           R"({"rule":"negation","is":"statement","where":{"negated":"no"}})",
                           R"({"rule":"negation","is":"statement","where":{"roles":[["keeper",{}]]}})",
                           R"({"rule":"negation","is":"statement","where":{"roles":[["owner",{"modality":"asserted"}]]}})",
                           R"({"rule":"negation","is":"thing","where":{"class":"dog"}})",
                           R"({"rule":"negation","is":"thing","where":{"relation":"boss"}})",
                           R"({"rule":"negation","is":"thing","where":{"label":null}})",
                           R"({"rule":"negation","is":"fact","where":{"modality":"sure"}})",
                           R"({"rule":"negation","is":"fact","where":{"says":"dog"}})"}) {
    EXPECT_THROW(conversation_of(line_with(must)), std::runtime_error) << must;
  }
}

}  // namespace
}  // namespace kg_batch::evaluate
