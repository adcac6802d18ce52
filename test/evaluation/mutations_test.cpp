// A wrong answer costs the rule that it breaks: every mistake that models make,
// made once in an ideal answer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "ideal.h"
#include "rules.h"

namespace kg_batch::evaluate {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

// Rules whose precision or recall is below 1.
std::set<std::string> broken(const std::map<std::string, Score>& scores) {
  std::set<std::string> names;
  for (const auto& [rule, score] : scores) {
    if (score.precision() < 1 || score.recall() < 1) {
      names.insert(rule);
    }
  }
  return names;
}

std::set<std::string> broken_by(const std::string& conversation, const std::function<void(Json&)>& change) {
  return broken(test::scores_after(conversation, change));
}

Json& statement(Json& answer, const std::string& type, const std::string& category) {
  for (Json& item : answer["statements"]) {
    if (item["type"] == type && item["category"] == category) {
      return item;
    }
  }
  throw std::runtime_error("no " + type + " " + category);
}

Json& thing(Json& answer, const std::string& label) {
  for (Json& item : answer["things"]) {
    if (item["label"] == label) {
      return item;
    }
  }
  throw std::runtime_error("no " + label);
}

Json& fact(Json& answer, int id) { return answer["facts"][static_cast<std::size_t>(id - 1)]; }

TEST(Mutation, a_dropped_fact_costs_recall_of_its_rules_alone) {
  const auto after = test::scores_after("en-small-talk", [](Json& answer) { answer["facts"].erase(0); });
  EXPECT_THAT(broken(after), UnorderedElementsAre("small talk", "roles"));
  EXPECT_LT(after.at("small talk").recall(), 1);
  EXPECT_EQ(after.at("small talk").precision(), 1);
}

TEST(Mutation, an_answer_of_nothing_costs_recall_and_no_precision) {
  std::vector<StoredAnswer> answers = test::ideal();
  for (StoredAnswer& answer : answers) {
    answer.content = R"({"facts":[],"things":[],"statements":[]})";
  }
  for (const auto& [rule, score] :
       scores(judge(run_plan(test::conversations(), test::steps("combined"), answering_from(answers))))) {
    EXPECT_EQ(score.recall(), 0) << rule;
    EXPECT_EQ(score.precision(), 1) << rule;
  }
}

TEST(Mutation, a_plan_told_as_a_fact_costs_intention) {
  const auto after = test::scores_after("en-marathon", [](Json& answer) {
    fact(answer, 1)["modality"] = "asserted";
    Json& goal = statement(answer, "Goal", "running");
    goal["type"] = "Event";
    goal["goal_status"] = nullptr;
  });
  EXPECT_THAT(broken(after), Contains("intention"));
  EXPECT_LT(after.at("intention").precision(), 1);
  EXPECT_LT(after.at("intention").recall(), 1);
}

TEST(Mutation, a_plan_that_keeps_its_type_but_is_asserted_costs_intention_alone) {
  EXPECT_THAT(broken_by("en-marathon", [](Json& answer) { fact(answer, 1)["modality"] = "asserted"; }),
              UnorderedElementsAre("intention"));
}

TEST(Mutation, a_lost_negation_costs_negation_alone) {
  for (const char* conversation : {"en-not", "es-gemelas"}) {
    const auto after = test::scores_after(conversation, [](Json& answer) { fact(answer, 1)["negated"] = false; });
    EXPECT_THAT(broken(after), UnorderedElementsAre("negation"));
    EXPECT_LT(after.at("negation").precision(), 1);
    EXPECT_LT(after.at("negation").recall(), 1);
  }
}

TEST(Mutation, a_date_that_is_more_precise_than_known_costs_date_width) {
  const auto after = test::scores_after("en-adoption", [](Json& answer) {
    statement(answer, "Event", "adoption")["start"]["date"] = "2022-05-01";
  });
  // The end is now open to the month.
  EXPECT_THAT(broken(after), UnorderedElementsAre("date width"));
  EXPECT_LT(after.at("date width").precision(), 1);
  EXPECT_LT(after.at("date width").recall(), 1);
}

TEST(Mutation, an_invented_person_costs_precision_of_people_alone) {
  const auto after = test::scores_after("en-rent", [](Json& answer) {
    Json person = answer["things"][0];
    person["id"] = 90;
    person["label"] = "Harriet";
    person["participant"] = nullptr;
    answer["things"].push_back(person);
  });
  EXPECT_THAT(broken(after), UnorderedElementsAre("people"));
  EXPECT_LT(after.at("people").precision(), 1);
  EXPECT_EQ(after.at("people").recall(), 1);
}

TEST(Mutation, hearsay_told_as_so_costs_hearsay) {
  EXPECT_THAT(broken_by("en-hearsay", [](Json& answer) { fact(answer, 1)["modality"] = "asserted"; }),
              UnorderedElementsAre("hearsay"));
}

TEST(Mutation, a_condition_told_as_so_costs_condition) {
  for (const char* conversation : {"en-lottery", "fr-nantes", "zh-ruguo"}) {
    EXPECT_THAT(broken_by(conversation, [](Json& answer) { fact(answer, 1)["modality"] = "asserted"; }),
                UnorderedElementsAre("condition"));
  }
}

TEST(Mutation, no_longer_as_a_negation_costs_ended) {
  EXPECT_THAT(broken_by("en-no-longer", [](Json& answer) { fact(answer, 1)["negated"] = true; }),
              UnorderedElementsAre("ended"));
}

TEST(Mutation, the_day_of_saying_as_a_start_costs_time_of_saying) {
  EXPECT_THAT(broken_by("en-welder",
                        [](Json& answer) {
                          statement(answer, "State", "ownership")["start"] = {{"date", "2024-09-17"}, {"how", "inferred"}};
                        }),
              UnorderedElementsAre("time of saying"));
}

TEST(Mutation, yesterday_after_midnight_as_today_costs_relative_date) {
  for (const auto& [conversation, today] :
       {std::pair{"en-new-year", "2024-01-01"}, {"de-schalttag", "2024-03-01"}, {"pl-wesele", "2024-08-18"}}) {
    const auto after = test::scores_after(conversation, [&, day = today](Json& answer) {
      answer["statements"][0]["start"]["date"] = day;
      answer["statements"][0]["end"]["date"] = day;
    });
    EXPECT_THAT(broken(after), UnorderedElementsAre("relative date")) << conversation;
    EXPECT_LT(after.at("relative date").precision(), 1) << conversation;
  }
}

TEST(Mutation, a_quoted_I_as_the_speaker_costs_quoted_words) {
  EXPECT_THAT(broken_by("en-forwarded", [](Json& answer) { answer["statements"][0]["roles"][0]["node"] = 1; }),
              IsSupersetOf({"quoted words"}));
  EXPECT_THAT(broken_by("de-tante", [](Json& answer) { answer["statements"][0]["roles"][0]["node"] = 1; }),
              IsSupersetOf({"quoted words"}));
}

TEST(Mutation, two_of_one_name_as_one_costs_two_of_one_name) {
  EXPECT_THAT(broken_by("de-zwei-peter", [](Json& answer) { answer["statements"][1]["roles"][1]["node"] = 2; }),
              IsSupersetOf({"two of one name"}));
  EXPECT_THAT(broken_by("en-two-annas", [](Json& answer) { answer["statements"][1]["roles"][0]["node"] = 1; }),
              IsSupersetOf({"two of one name"}));
}

TEST(Mutation, a_job_taken_up_again_as_one_that_went_on_costs_taken_up_again) {
  for (const char* conversation : {"en-back-at-shell", "pl-huta"}) {
    EXPECT_THAT(broken_by(conversation,
                          [](Json& answer) {
                            answer["statements"].erase(1);
                            answer["statements"][0]["end"] = nullptr;
                          }),
                Contains("taken up again"))
        << conversation;
  }
}

TEST(Mutation, what_the_assistant_says_costs_assistant) {
  EXPECT_THAT(broken_by("es-cena",
                        [](Json& answer) {
                          Json told = fact(answer, 1);
                          told["id"] = 50;
                          told["text"] = "Valencia es famosa por su arroz.";
                          told["evidence"].push_back({{"sentence", 4}, {"quote", "Valencia es famosa por su arroz"}});
                          answer["facts"].push_back(told);
                        }),
              UnorderedElementsAre("assistant"));
}

TEST(Mutation, a_request_as_a_fact_costs_presupposed) {
  EXPECT_THAT(broken_by("en-paediatrician",
                        [](Json& answer) {
                          Json told = fact(answer, 1);
                          told["id"] = 50;
                          told["text"] = "The user wants to find a paediatrician.";
                          answer["facts"].push_back(told);
                        }),
              UnorderedElementsAre("presupposed"));
}

TEST(Mutation, translated_labels_and_native_categories_cost_language) {
  EXPECT_THAT(broken_by("de-katze", [](Json& answer) { thing(answer, "Minka")["category"] = "katze"; }),
              IsSupersetOf({"language", "class and category"}));
  EXPECT_THAT(broken_by("zh-lingyang", [](Json& answer) { thing(answer, "豆豆")["label"] = "Doudou"; }), Contains("language"));
}

TEST(Mutation, a_missing_owner_costs_unnamed) {
  EXPECT_THAT(broken_by("zh-ruguo", [](Json& answer) { thing(answer, "妈妈")["of"] = nullptr; }),
              UnorderedElementsAre("unnamed"));
}

TEST(Mutation, other_fields_cost_their_rules) {
  EXPECT_THAT(broken_by("en-gave-up", [](Json& answer) { answer["statements"][0]["goal_status"] = "active"; }),
              UnorderedElementsAre("goal status"));
  EXPECT_THAT(broken_by("en-moved", [](Json& answer) { statement(answer, "State", "residence")["replaces"] = false; }),
              UnorderedElementsAre("replaces"));
  EXPECT_THAT(broken_by("en-rent", [](Json& answer) { thing(answer, "Zoe")["attributes"] = Json::array(); }),
              UnorderedElementsAre("attributes"));
  EXPECT_THAT(broken_by("en-left-handed", [](Json& answer) { thing(answer, "chess")["type"] = "Entity"; }),
              UnorderedElementsAre("entity, concept, property"));
  EXPECT_THAT(broken_by("pl-kasia", [](Json& answer) { thing(answer, "Katarzyna")["aliases"] = Json::array(); }),
              UnorderedElementsAre("label"));
  EXPECT_THAT(broken_by("es-divorcio", [](Json& answer) { statement(answer, "Event", "divorce")["start"]["how"] = "estimated"; }),
              UnorderedElementsAre("date source"));
  EXPECT_THAT(broken_by("en-moved",
                        [](Json& answer) {
                          Json& roles = statement(answer, "Event", "relocation")["roles"];
                          roles.erase(roles.size() - 1);
                        }),
              UnorderedElementsAre("statement in a role"));
  EXPECT_THAT(broken_by("en-first-day", [](Json& answer) { answer["statements"][0]["start"] = nullptr; }),
              UnorderedElementsAre("starts as it is said"));
  EXPECT_THAT(broken_by("en-wedding", [](Json& answer) { answer["statements"].erase(1); }), Contains("implied statement"));
  EXPECT_THAT(broken_by("en-adoption", [](Json& answer) { statement(answer, "Event", "adoption")["type"] = "State"; }),
              Contains("event, state, goal"));
}

}  // namespace
}  // namespace kg_batch::evaluate
