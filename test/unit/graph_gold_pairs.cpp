// The hard pairs of test/gold/pairs.jsonl: each is treated as it was marked by hand,
// and no rule joins two that are not one. Prints the table of doc/merging.md.

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "graph_gold.h"

namespace kg_batch::graph {
namespace {

using Json = nlohmann::json;

struct GoldPair {
  std::string category, mark, text;
  IdentityView a, b;
  bool same = false;
};

const std::vector<GoldPair>& gold_pairs() {
  static const std::vector<GoldPair> pairs = [] {
    std::vector<GoldPair> read;
    std::ifstream file(KG_BATCH_SOURCE_DIR "/test/gold/pairs.jsonl");
    for (std::string line; std::getline(file, line);) {
      const Json json = Json::parse(line);
      read.push_back({json.at("category"), json.at("mark"), line, identity_of(json.at("a"), "a"), identity_of(json.at("b"), "b"),
                      json.at("same")});
    }
    return read;
  }();
  return pairs;
}

std::string treated(const GoldPair& pair) {
  switch (treatment(pair.a, pair.b)) {
    case Treatment::rule: return "rule";
    case Treatment::model: return "model";
    default: return "never";
  }
}

std::string why(const GoldPair& pair) {
  const auto vetoed = veto(pair.a, pair.b);
  const auto ruled = rule(pair.a, pair.b);
  return "candidate " + std::to_string(is_candidate(pair.a, pair.b)) + ", score " + std::to_string(score(pair.a, pair.b)) +
         ", veto " + std::string(vetoed.value_or("none")) + ", rule " + std::string(ruled ? ruled->name : "none");
}

TEST(GoldPairs, are_many_and_of_every_category) {
  std::map<std::string, int> categories;
  for (const GoldPair& pair : gold_pairs()) ++categories[pair.category];
  EXPECT_GE(gold_pairs().size(), 150U);
  EXPECT_EQ(categories.size(), 15U);
  for (const auto& [category, pairs] : categories) EXPECT_GE(pairs, 10) << category;
}

TEST(GoldPairs, are_treated_as_they_are_marked) {
  for (const GoldPair& pair : gold_pairs()) EXPECT_EQ(treated(pair), pair.mark) << pair.text << "\n  " << why(pair);
}

TEST(GoldPairs, are_never_joined_wrongly_by_rule) {
  for (const GoldPair& pair : gold_pairs()) {
    if (treated(pair) == "rule") {
      EXPECT_TRUE(pair.same) << pair.text;
    }
  }
}

TEST(GoldPairs, are_treated_the_same_both_ways_round) {
  for (const GoldPair& pair : gold_pairs()) {
    EXPECT_EQ(score(pair.a, pair.b), score(pair.b, pair.a)) << pair.text;
    EXPECT_EQ(veto(pair.a, pair.b), veto(pair.b, pair.a)) << pair.text;
    EXPECT_EQ(treatment(pair.a, pair.b), treatment(pair.b, pair.a)) << pair.text;
  }
}

struct Counts {
  int pairs = 0, same = 0, by_rule = 0, wrong_by_rule = 0, asked = 0, found = 0;
};

std::string percent(int part, int whole) {
  return whole == 0 ? "–" : std::to_string((100 * part + whole / 2) / whole) + " %";
}

std::string row_of(const std::string& category, const Counts& counts) {
  return "| " + category + " | " + std::to_string(counts.pairs) + " | " + std::to_string(counts.same) + " | " +
         std::to_string(counts.by_rule) + " | " + std::to_string(counts.wrong_by_rule) + " | " + std::to_string(counts.asked) + " | " +
         percent(counts.found, counts.by_rule + counts.asked) + " | " + percent(counts.found, counts.same) + " |\n";
}

TEST(GoldPairs, give_the_table_of_the_documentation) {
  std::map<std::string, Counts> categories;
  Counts all;
  for (const GoldPair& pair : gold_pairs()) {
    const std::string treatment = treated(pair);
    for (Counts* counts : {&categories[pair.category], &all}) {
      ++counts->pairs;
      counts->same += pair.same ? 1 : 0;
      counts->by_rule += treatment == "rule" ? 1 : 0;
      counts->wrong_by_rule += treatment == "rule" && !pair.same ? 1 : 0;
      counts->asked += treatment == "model" ? 1 : 0;
      counts->found += treatment != "never" && pair.same ? 1 : 0;
    }
  }
  std::string table =
      "| category | pairs | one | by rule | wrong | asked | precision | recall |\n|---|---|---|---|---|---|---|---|\n";
  for (const auto& [category, counts] : categories) table += row_of(category, counts);
  table += row_of("all", all);
  std::printf("%s", table.c_str());
  std::ifstream file(KG_BATCH_SOURCE_DIR "/doc/merging.md");
  const std::string document{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_NE(document.find(table), std::string::npos) << "doc/merging.md has another table";
}

}  // namespace
}  // namespace kg_batch::graph
