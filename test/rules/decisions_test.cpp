// What the rules make of pairs, names and kinds.

#include <gtest/gtest.h>

#include <random>

#include "question.h"
#include "rules/name_forms.h"
#include "rules/rules.h"

namespace kg_sim::rules::testing {
namespace {

struct Side {
  std::string label;
  std::string thing_class = "person";
  std::vector<std::string> aliases = {};
  std::vector<int> conversations = {};
  std::vector<std::string> neighbors = {};
  bool participant = false;
  bool named = true;
  std::string type = "Entity";
  std::string dates = {};
};

Json json_of(const Side& side) {
  Json json;
  json["type"] = side.type;
  json["class"] = side.thing_class.empty() ? Json() : Json(side.thing_class);
  json["label"] = side.label;
  json["named"] = side.named;
  json["aliases"] = side.aliases;
  json["participant"] = side.participant;
  json["conversations"] = side.conversations;
  json["dates"] = side.dates.empty() ? Json() : Json(side.dates);
  json["facts"] = Json::array();
  json["neighbors"] = Json::array();
  for (const std::string& neighbor : side.neighbors) json["neighbors"].push_back({{"role", "object"}, {"label", neighbor}});
  return json;
}

std::string verdict(const Side& a, const Side& b) {
  Json question;
  question["task"] = "merge";
  question["pairs"] = Json::array({{{"id", 1}, {"a", json_of(a)}, {"b", json_of(b)}}, {{"id", 2}, {"a", json_of(b)}, {"b", json_of(a)}}});
  const Json answered = answer("kg_merge", question);
  EXPECT_EQ(answered["decisions"].size(), 2U);
  const Json& one = answered["decisions"][0];
  EXPECT_EQ(one["verdict"], answered["decisions"][1]["verdict"]) << "depends on which side is which: " << question.dump();
  EXPECT_EQ(Json::parse(one.dump()).size(), 4U);
  EXPECT_GE(one["confidence"].get<double>(), one["verdict"] == "same" ? 0.9 : 0.0);
  return one["verdict"];
}

struct PairCase {
  const char* name;
  Side a, b;
  const char* expected;
};

class Pairs : public ::testing::TestWithParam<PairCase> {};

TEST_P(Pairs, AreJudged) { EXPECT_EQ(verdict(GetParam().a, GetParam().b), GetParam().expected); }

std::vector<PairCase> pair_cases() {
  const Side ada{"Ada Krall"};
  return {
      {"Accents", {"Zoë Nuñez"}, {"Zoe Nunez"}, "same"},
      {"OtherLatinLetters", {"Bjørn Łuk"}, {"BJORN LUK"}, "same"},
      {"Honorific", {"Dr. Ada Krall"}, ada, "same"},
      {"MenAndWomen", {"Mr Krall"}, {"Mrs Krall"}, "different"},
      {"LegalForm", {"Quorvex GmbH", "organisation"}, {"Quorvex", "organisation"}, "same"},
      {"NoLegalFormOfAPerson", {"Ada Co"}, {"Ada"}, "unsure"},
      {"Alias", {"Ada Krall", "person", {"Addie"}}, {"Addie"}, "same"},
      {"AliasInOneConversation", {"Ada Krall", "person", {"Addie"}, {1}}, {"Addie", "person", {}, {1}}, "same"},
      {"AliasOfAnotherClass", {"Ada Krall", "person", {"Addie"}}, {"Addie", "animal"}, "unsure"},
      {"Initials", {"A. Krall", "person", {}, {}, {"Mill Lane"}}, {"Ada Krall", "person", {}, {}, {"mill lane"}}, "same"},
      {"InitialsAlone", {"A. Krall"}, ada, "unsure"},
      {"InitialOfTheLastName", {"Ada K.", "person", {}, {}, {"x"}}, {"Ada Krall", "person", {}, {}, {"x"}}, "unsure"},
      {"Acronym", {"NHM", "organisation", {}, {}, {"Vera"}}, {"Natural History Museum", "organisation", {}, {}, {"Vera"}}, "same"},
      {"Namesakes", ada, ada, "unsure"},
      {"NamesakesWithANeighbor", {"Ada Krall", "person", {}, {}, {"Vera"}}, {"Ada Krall", "person", {}, {}, {"Vera"}}, "same"},
      {"FirstNameOnly", {"Ada"}, ada, "unsure"},
      {"OneConversation", {"Ada", "person", {}, {1, 2}}, {"Ada Krall", "person", {}, {2}}, "different"},
      {"OtherConversations", {"Ada", "person", {}, {1}}, {"Ada Krall", "person", {}, {2}}, "unsure"},
      {"BothTakePart", {"Zoë", "person", {"Zoe"}, {1}, {}, true}, {"Zoe", "person", {}, {1}, {}, true}, "different"},
      {"Numbers", {"Room 12", "place"}, {"Room 14", "place"}, "different"},
      {"Generations", {"Ada Krall Jr."}, {"Ada Krall Senior"}, "different"},
      {"NumberOnOneSide", {"Room 12", "place"}, {"Room", "place"}, "unsure"},
      {"KinWords", {"Mum"}, {"mum"}, "unsure"},
      {"KinWordAsAnAlias", {"Vera", "person", {"Mum"}}, {"Mum"}, "unsure"},
      {"WithoutNames", {"dog", "animal", {}, {}, {"Vera"}, false, false}, {"Dog", "animal", {}, {}, {"Vera"}, false, false}, "unsure"},
      {"ThingAndStatement", {"Wedding", "other"}, {"Wedding", "", {}, {}, {}, false, false, "Event"}, "different"},
      {"StatementInOtherWords",
       {"Adoption", "", {}, {}, {"Ada", "Rufus"}, false, false, "Event", "2022-05"},
       {"Adopting", "", {}, {}, {"Rufus", "Ada"}, false, false, "Event", "2022-05"},
       "same"},
      {"StatementOfOtherDates",
       {"Adoption", "", {}, {}, {"Ada", "Rufus"}, false, false, "Event", "2022-05"},
       {"Adopting", "", {}, {}, {"Ada", "Rufus"}, false, false, "Event", "2023-05"},
       "different"},
      {"StatementOfOthers",
       {"Adoption", "", {}, {}, {"Ada", "Rufus"}, false, false, "Event"},
       {"Adopting", "", {}, {}, {"Ada"}, false, false, "Event"},
       "unsure"},
  };
}

INSTANTIATE_TEST_SUITE_P(All, Pairs, ::testing::ValuesIn(pair_cases()), [](const auto& tested) { return tested.param.name; });

// "owner, inverse"; "nothing" for null.
std::string mapped(const std::string& name, const std::vector<std::pair<std::string, std::string>>& canonical) {
  Json question;
  question["names"] = Json::array({{{"id", 1}, {"name", name}, {"example", ""}}});
  question["canonical"] = Json::array();
  for (const auto& [word, definition] : canonical) question["canonical"].push_back({{"name", word}, {"definition", definition}});
  const Json mapping = answer("kg_predicate", question)["mappings"][0];
  if (mapping["canonical"].is_null()) {
    EXPECT_FALSE(mapping["inverse"].get<bool>());
    return "nothing";
  }
  return mapping["canonical"].get<std::string>() + (mapping["inverse"].get<bool>() ? ", inverse" : "");
}

TEST(Names, GoToCanonicalOnesByTheirStems) {
  const std::vector<std::pair<std::string, std::string>> roles = {
      {"employer", "for whom one works"}, {"owner", "who owns"}, {"teacher", "who teaches"}, {"other", "a role of its own words"}};
  EXPECT_EQ(mapped("Owner", roles), "owner");
  EXPECT_EQ(mapped("owner of", roles), "owner, inverse");
  EXPECT_EQ(mapped("proud owner", roles), "owner");
  EXPECT_EQ(mapped("works", roles), "employer");
  EXPECT_EQ(mapped("landlady", roles), "nothing");
  EXPECT_EQ(mapped("of", roles), "nothing");
  EXPECT_EQ(mapped("words", roles), "nothing") << "other means nothing in particular";
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"management", "leading others at work"}, {"ownership", "having something as one's own"}, {"taught by", "learning"}};
  EXPECT_EQ(mapped("pet ownership", kinds), "ownership");
  EXPECT_EQ(mapped("owning", kinds), "ownership");
  EXPECT_EQ(mapped("being managed by", kinds), "management, inverse");
  EXPECT_EQ(mapped("taught by", kinds), "taught by");
  EXPECT_EQ(mapped("friendship", kinds), "nothing");
}

// Taxon and suggestion.
std::pair<int, std::string> placed(const std::string& category, const std::vector<std::string>& labels) {
  Json question;
  question["kinds"] = Json::array({{{"id", 1}, {"type", "Entity"}, {"category", category}, {"labels", labels}, {"facts", Json::array()},
                                    {"candidates", {{{"taxon", 7}, {"path", "entity > animal > dog"}},
                                                    {{"taxon", 5}, {"path", "entity > animal"}},
                                                    {{"taxon", 1}, {"path", "entity"}},
                                                    {{"taxon", 9}, {"path", "entity > place > bus station"}}}}}});
  const Json choice = answer("kg_classify", question)["choices"][0];
  return {choice["taxon"].get<int>(), choice["suggestion"].is_null() ? "" : choice["suggestion"].get<std::string>()};
}

TEST(Kinds, GoToTheDeepestTaxonOfTheirName) {
  EXPECT_EQ(placed("Dogs", {}), std::pair(7, std::string()));
  EXPECT_EQ(placed("guide dog animal", {}), std::pair(7, std::string()));
  EXPECT_EQ(placed("animal", {"the dog"}), std::pair(5, std::string())) << "the category before the labels";
  EXPECT_EQ(placed("building", {"old station"}), std::pair(9, std::string()));
  EXPECT_EQ(placed("entity", {}), std::pair(1, std::string()));
}

TEST(Kinds, WithoutATaxonStayAtTheRootAndSuggestOne) {
  EXPECT_EQ(placed("Cello", {"the cello"}), std::pair(1, std::string("cello")));
  EXPECT_EQ(placed("", {}), std::pair(1, std::string()));
}

TEST(Decisions, AreAsManyAsTheSchemaTakes) {
  Json question;
  question["pairs"] = Json::array();
  question["names"] = Json::array();
  question["canonical"] = Json::array();
  question["kinds"] = Json::array();
  for (int id = 1; id <= 100; ++id) {
    question["pairs"].push_back({{"id", id}, {"a", json_of({"x"})}, {"b", json_of({"y"})}});
    question["names"].push_back({{"id", id}, {"name", "x"}});
    question["kinds"].push_back({{"id", id}, {"category", "x"}, {"candidates", {{{"taxon", 1}, {"path", "entity"}}}}});
  }
  EXPECT_EQ(answer("kg_merge", question)["decisions"].size(), 40U);
  EXPECT_EQ(answer("kg_predicate", question)["mappings"].size(), 60U);
  EXPECT_EQ(answer("kg_classify", question)["choices"].size(), 40U);
}

TEST(Decisions, OnOddDocumentsAreNoneOrFew) {
  for (const char* stage : {"kg_merge", "kg_predicate", "kg_classify"}) {
    EXPECT_TRUE(answer(stage, Json::parse(R"({"task":"extract","messages":[]})")).is_null()) << stage;
    EXPECT_TRUE(answer(stage, Json::parse(R"([1])")).is_null()) << stage;
    const Json asked = Json::parse(R"({"pairs":[1,{"id":"x","a":{},"b":{}},{"id":1},{"id":2,"a":7,"b":null},{"id":3,"a":{"aliases":[1]},"b":{"neighbors":[1]}}],
      "names":[null,{"name":3},{"id":1,"name":[]}],"canonical":[1,{"name":""}],
      "kinds":[[],{"id":1},{"id":2,"candidates":[1,{"taxon":"x","path":"y"}]}]})");
    const Json answered = answer(stage, asked);
    EXPECT_EQ(answered.size(), 1U) << stage;
    EXPECT_EQ(answer(stage, asked), answered);
  }
}

TEST(Forms, BringWordsOfOneStemTogether) {
  for (const auto& [a, b] : {std::pair{"owner", "ownership"}, {"owned", "owning"}, {"adoption", "adopting"}, {"resident", "residing"},
                             {"student", "studies"}, {"dogs", "dog"}, {"travelling", "travel"}, {"manager", "management"}}) {
    EXPECT_EQ(stem_of(a), stem_of(b)) << a << ", " << b;
  }
  EXPECT_NE(stem_of("owner"), stem_of("object"));
}

}  // namespace
}  // namespace kg_sim::rules::testing
