// What the rules make of single sentences and short exchanges.

#include <gtest/gtest.h>

#include "question.h"
#include "rules/rules.h"

namespace kg_sim::rules::testing {
namespace {

struct Case {
  const char* name;
  std::vector<Line> lines;
  std::vector<std::string> expected;
};

class Patterns : public ::testing::TestWithParam<Case> {};

TEST_P(Patterns, Tell) {
  const Json asked = question(GetParam().lines);
  const Json answered = answer("kg_extract", asked);
  const auto wrong = flaw(asked, answered);
  EXPECT_FALSE(wrong.has_value()) << *wrong;
  const std::vector<std::string> lines = told(answered);
  for (const std::string& line : GetParam().expected) EXPECT_TRUE(tells(lines, line)) << line << "\nis not in\n" << joined(lines);
  if (GetParam().expected.empty()) {
    EXPECT_TRUE(lines.empty()) << joined(lines);
  }
}

std::vector<Case> cases() {
  return {
      {"Adoption", {{"Alice", "I adopted a dog named Clyde last May."}},
       {"State Ownership: owner Alice, owned Clyde; from 2022-05",
        "Event Adoption: agent Alice, object Clyde, result Ownership; from 2022-05"}},
      {"NameComesLater", {{"Alice", "We got a kitten last week. Her name is Pixel."}},
       {"State Ownership: owner Alice, owned Pixel; from 2023-05-01"}},
      {"Kin", {{"Alice", "My sister Emma lives in Lisbon."}},
       {"State Residence: resident Emma, place Lisbon", "State Sibling: sibling Alice, sibling Emma"}},
      {"UnnamedKin", {{"Alice", "My mother moved to Porto in 2020."}},
       {"State Residence: resident mother, place Porto; from 2020", "State Parent: parent mother, child Alice"}},
      {"Grandmother", {{"Alice", "My grandmother hates flying."}},
       {"State Grandparent: grandparent grandmother, grandchild Alice", "State Dislike: experiencer grandmother, topic flying"}},
      {"JobLeftAndHomeLeft", {{"Bob", "I quit my job at Acme Corp last Friday and moved to Leeds."}},
       {"State Employment: employee Bob, employer Acme Corp; to 2023-05-05", "State Residence: resident Bob, place Leeds"}},
      {"NoLongerIsAnEnd", {{"Bob", "I no longer work at Northwind."}},
       {"State Employment: employee Bob, employer Northwind; to 2023-05-08"}},
      {"NotIsADenial", {{"Bob", "I don't like coriander."}}, {"not State Liking: experiencer Bob, topic coriander"}},
      {"CannotStandIsADislike", {{"Bob", "I can't stand coriander."}}, {"State Dislike: experiencer Bob, topic coriander"}},
      {"UsedTo", {{"Bob", "I used to live in Dresden."}}, {"State Residence: resident Bob, place Dresden; to 2023-05-08"}},
      {"Since", {{"Bob", "I have lived in Leeds since 2017."}}, {"State Residence: resident Bob, place Leeds; from 2017"}},
      {"ThreeYears", {{"Bob", "I've worked at Northwind for three years."}},
       {"State Employment: employee Bob, employer Northwind; from 2020"}},
      {"GoalDone", {{"Bob", "I want to run the York Marathon."}, {"Bob", "I finally ran the York Marathon!", "2023-10-16 09:00 Mon"}},
       {"Goal run York Marathon: holder Bob, object York Marathon; completed; from 2023-05-08; to 2023-10-16"}},
      {"GoalGivenUp", {{"Bob", "I'm planning to learn Portuguese."}, {"Bob", "I gave up on learning Portuguese."}},
       {"Goal learn Portuguese: holder Bob, object Portuguese; abandoned; from 2023-05-08; to 2023-05-08"}},
      {"ToCome", {{"Bob", "I'm moving to Vienna next year."}},
       {"Goal move to Vienna: holder Bob, destination Vienna; active; from 2023-05-08"}},
      {"If", {{"Bob", "If I moved to Paris, I would learn French."}}, {"hypothetical State Residence: resident Bob, place Paris"}},
      {"Might", {{"Bob", "I might move to Vienna."}}, {"possible State Residence: resident Bob, place Vienna"}},
      {"Reported", {{"Bob", "Tom told me he works at Acme Corp."}}, {"reported State Employment: employee Tom, employer Acme Corp"}},
      {"DeniedRumour", {{"Bob", "It's not true that I'm moving to Canada."}}, {"not Goal move to Canada: holder Bob, destination Canada"}},
      {"Wedding", {{"Bob", "My wife and I got married in Prague in 2015."}},
       {"State Marriage: spouse Bob, spouse wife; from 2015",
        "Event Wedding: participant Bob, participant wife, place Prague, result Marriage; from 2015"}},
      {"PronounOfOne", {{"Bob", "My cousin Ravi lives in Bristol."}, {"Bob", "He works as a nurse."}},
       {"State Profession: holder Ravi, topic nurse"}},
      {"PronounOfTwoIsNobody", {{"Bob", "Ravi met Omar."}, {"Alice", "He likes jazz."}}, {"Event Meeting: participant Ravi, participant Omar"}},
      {"QuestionsAreNoFacts", {{"Bob", "Do I live in Leeds?"}}, {}},
      {"ButPresupposeSome", {{"user", "What can I cook for my daughter Maya?"}}, {"State Parent: parent user, child Maya"}},
      {"SpeechIsSomebodyElses", {{"Bob", "She said \"I love my cat and I live in Rome\" and that was it."}}, {}},
      {"HandedOverIsSomebodyElses", {{"user", "Please translate this:\nI live in Madrid and I love jazz."}}, {}},
      {"AssistantIsNoSource", {{"", "I love Rome and I live in Paris."}, {"user", "Thanks."}}, {}},
      {"SmallTalk", {{"Bob", "Good morning! Great to hear from you. Take care!"}}, {}},
      {"ShortFormIsTheParticipant", {{"Melanie", "Hello."}, {"Bob", "I met Mel in Rome yesterday."}},
       {"Event Meeting: participant Bob, participant Melanie, place Rome; from 2023-05-07"}},
      {"CurlyQuotes", {{"Bob", "I don’t like “The Long Road”."}}, {"not State Liking: experiencer Bob, topic The Long Road"}},
      {"WithoutATime", {{"Bob", "I moved to Leeds yesterday.", ""}}, {"State Residence: resident Bob, place Leeds"}},
  };
}

INSTANTIATE_TEST_SUITE_P(Rules, Patterns, ::testing::ValuesIn(cases()),
                         [](const ::testing::TestParamInfo<Case>& one) { return one.param.name; });

TEST(Rules, FactsStandAlone) {
  const Json answered = answer("kg_extract", question({{"Alice", "I adopted a dog named Clyde last May."}}));
  ASSERT_EQ(answered["facts"].size(), 1u);
  EXPECT_EQ(answered["facts"][0]["text"], "Alice adopted a dog named Clyde in May 2022.");
  EXPECT_EQ(answered["facts"][0]["evidence"][0]["quote"], "I adopted a dog named Clyde last May");
}

TEST(Rules, AnswerOnlyWhatTheyCanRead) {
  const Json asked = question({{"Alice", "I live in Rome."}});
  EXPECT_TRUE(answer("kg_merge", asked).is_null());
  EXPECT_TRUE(answer("kg_extract", Json::array()).is_null());
  EXPECT_TRUE(answer("kg_extract", Json::object()).is_null());
}

TEST(Rules, ContextAloneIsNoSource) {
  Json asked = questions({{"Alice", "My sister Emma called."}, {"Alice", "She lives in Rome."}}, 1)[1];
  const Json answered = answer("kg_extract", asked);
  EXPECT_FALSE(flaw(asked, answered).has_value());
  EXPECT_TRUE(tells(told(answered), "State Residence: resident Emma, place Rome")) << joined(told(answered));
  asked["messages"] = Json::array();
  EXPECT_TRUE(answer("kg_extract", asked)["facts"].empty());
}

}  // namespace
}  // namespace kg_sim::rules::testing
