// The staged plan's answers: parts of the one that kg_extract gets, which put
// together are it again; and facts that are known again when they come back.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "question.h"
#include "rules/rules.h"
#include "rules/staged.h"

namespace kg_sim::rules::testing {
namespace {

const std::vector<Line> talk = {
    {"", "How are the pets?", ""},
    {"Anna", "I adopted a dog named Clyde on Saturday.", "2024-05-06 09:10 Mon"},
    {"Bob", "My sister Ruth lives in York. I want to run a marathon.", "2024-05-07 20:00 Tue"},
    {"Anna", "I work at Acme. I don't like spiders.", ""},
};

// kg_facts as it would be asked about a kg_parse question's facts.
Json facts_question(const Json& parse_question, const Json& whole) {
  Json question = {{"task", "facts"}};
  question.update(shown_facts(parse_question, whole));
  return question;
}

Json metadata_question(const Json& parse_question, const Json& whole) {
  Json question = facts_question(parse_question, whole);
  question["task"] = "metadata";
  question.update(nodes_part(whole));
  return question;
}

std::vector<std::string> keys_of(const Json& item) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : item.items()) keys.push_back(key);
  return keys;
}

TEST(Staged, PartsAreTheWholeInPieces) {
  const Json asked = question(talk);
  const Json whole = answer("kg_extract", asked);
  ASSERT_GT(whole["statements"].size(), 4u);
  EXPECT_EQ(facts_part(whole)["facts"], whole["facts"]);
  EXPECT_EQ(facts_part(whole).size(), 1u);
  const Json nodes = nodes_part(whole);
  const Json metadata = metadata_part(whole, metadata_question(asked, whole));
  for (const char* part : {"things", "statements"}) {
    ASSERT_EQ(nodes[part].size(), whole[part].size());
    ASSERT_EQ(metadata[part].size(), whole[part].size());
    for (std::size_t n = 0; n < whole[part].size(); ++n) {
      Json joined = nodes[part][n];
      joined.update(metadata[part][n]);
      EXPECT_EQ(joined.size(), whole[part][n].size());
      for (const auto& [key, value] : whole[part][n].items()) EXPECT_EQ(joined[key], value) << key;
      EXPECT_EQ(nodes[part][n].size() + metadata[part][n].size(), whole[part][n].size() + 1) << "only the id is in both";
    }
  }
}

TEST(Staged, PartsHaveTheirKeysInTheOrderOfTheSchema) {
  const Json asked = question(talk);
  const Json whole = answer("kg_extract", asked);
  const Json nodes = nodes_part(whole);
  const Json metadata = metadata_part(whole, metadata_question(asked, whole));
  using Keys = std::vector<std::string>;
  EXPECT_EQ(keys_of(nodes["things"][0]),
            (Keys{"id", "type", "label", "class", "category", "named", "participant", "of", "relation", "facts"}));
  EXPECT_EQ(keys_of(nodes["statements"][0]), (Keys{"id", "type", "label", "category", "facts", "roles"}));
  EXPECT_EQ(keys_of(metadata["things"][0]),
            (Keys{"id", "aliases", "attributes", "hash_tags", "confidence", "importance"}));
  EXPECT_EQ(keys_of(metadata["statements"][0]),
            (Keys{"id", "start", "end", "replaces", "goal_status", "hash_tags", "confidence", "importance"}));
}

TEST(Staged, FactsAreShownWithWhoSaidThemWhen) {
  const Json asked = question(talk);
  const Json shown = shown_facts(asked, answer("kg_extract", asked));
  EXPECT_EQ(shown["participants"], asked["participants"]);
  int checked = 0;
  for (const Json& fact : shown["facts"]) {
    EXPECT_EQ(keys_of(fact), (std::vector<std::string>{"id", "text", "modality", "negated", "said_by", "said_at"}));
    const std::string text = fact["text"];
    if (text.find("Clyde") != std::string::npos || text.find("spiders") != std::string::npos) {
      EXPECT_EQ(fact["said_by"], 1) << text;
      ++checked;
    }
    if (text.find("Ruth") != std::string::npos) {
      EXPECT_EQ(fact["said_by"], 2) << text;
      EXPECT_EQ(fact["said_at"], "2024-05-07 20:00 Tue") << text;
      ++checked;
    }
    if (text.find("spiders") != std::string::npos) {
      EXPECT_TRUE(fact["said_at"].is_null()) << text;
      ++checked;
    }
  }
  EXPECT_GE(checked, 4);
}

// New sentences count before those of the context, whoever stands first in the answer.
TEST(Staged, FactsAreSaidInTheFirstNewSentence) {
  const Json asked = Json::parse(R"({"participants":[],"context":[{"by":2,"at":"c","s":[[-1,""],[-2,""]]}],
    "messages":[{"by":null,"at":"a","s":[[1,""]]},{"by":1,"at":"b","s":[[2,""]]}]})");
  const auto shown = [&](const std::vector<int>& sentences) {
    Json evidence = Json::array();
    for (const int sentence : sentences) evidence.push_back({{"sentence", sentence}, {"quote", ""}});
    const Json whole = {{"facts", {{{"id", 1}, {"text", "t"}, {"modality", "asserted"}, {"negated", false}, {"evidence", evidence}}}}};
    const Json fact = shown_facts(asked, whole)["facts"][0];
    return std::pair{fact["said_by"], fact["said_at"]};
  };
  EXPECT_EQ(shown({-1, 2}), (std::pair<Json, Json>{1, "b"}));
  EXPECT_EQ(shown({2, 1}), (std::pair<Json, Json>{1, "a"}));
  EXPECT_EQ(shown({1, -2, -1}), (std::pair<Json, Json>{2, "a"}));
  EXPECT_EQ(shown({1}), (std::pair<Json, Json>{nullptr, "a"}));
}

TEST(Staged, FactsAreKnownAgain) {
  const Json asked = question(talk);
  const Json whole = answer("kg_extract", asked);
  const Json known = shown_facts(asked, whole);
  EXPECT_EQ(shown_facts(facts_question(asked, whole)), known);
  EXPECT_EQ(shown_facts(metadata_question(asked, whole)), known);
  EXPECT_TRUE(shown_facts(asked).is_null());
  EXPECT_TRUE(shown_facts(Json(3)).is_null());
}

TEST(Staged, MetadataIsOfWhatTheQuestionShows) {
  const Json asked = question(talk);
  const Json whole = answer("kg_extract", asked);
  Json shown = metadata_question(asked, whole);
  const Json first = shown["things"][0];
  shown["things"] = Json::array({first, {{"id", 999}}, 3});
  shown["statements"] = nullptr;
  const Json metadata = metadata_part(whole, shown);
  ASSERT_EQ(metadata["things"].size(), 1u);
  EXPECT_EQ(metadata["things"][0]["id"], first["id"]);
  EXPECT_TRUE(metadata["statements"].empty());
}

}  // namespace
}  // namespace kg_sim::rules::testing
