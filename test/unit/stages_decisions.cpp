// The questions of a round: what is shown, and that whatever comes back every
// item is a decision, a repetition or rejected, and nothing is decided by guess.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "stages/decisions.h"
#include "stages_strict_schema.h"

namespace kg_batch::stages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

MergeSide side(std::string label) {
  MergeSide side;
  side.type = "Entity";
  side.thing_class = "person";
  side.label = std::move(label);
  side.named = true;
  return side;
}

std::vector<MergePair> pairs() {
  return {{1, side("Otti"), side("Ottoline")}, {2, side("Ada B."), side("Ada C.")}, {3, side("Leo"), side("Leon")}};
}

std::vector<PredicateName> names() { return {{1, "owner of", "She is the owner of a boat."}, {2, "rower", "He rows."}}; }

std::vector<CanonicalName> canonical() { return {{"owner", "who owns"}, {"Work place", "where one works"}}; }

std::vector<KindToClassify> kinds() {
  return {{1, "Entity", "dog", {"Rufus"}, {"Rufus is a dog."}, {{1, "entity"}, {5'000'000'017, "entity > animal"}}},
          {2, "Entity", "cello", {}, {}, {{1, "entity"}}}};
}

template <typename Decision>
Decided<Decision> taken(const DecidedOrBad<Decision>& result) {
  if (const auto* bad = std::get_if<BadAnswer>(&result)) {
    ADD_FAILURE() << bad->reason;
    return {};
  }
  return std::get<Decided<Decision>>(result);
}

Decided<MergeDecision> merged(const std::string& decisions) {
  return taken(KgMerge::read("{\"decisions\":" + decisions + "}", pairs()));
}
Decided<PredicateMapping> mapped(const std::string& mappings) {
  return taken(KgPredicate::read("{\"mappings\":" + mappings + "}", names(), canonical()));
}
Decided<KindChoice> chosen(const std::string& choices) {
  return taken(KgClassify::read("{\"choices\":" + choices + "}", kinds()));
}

// "decision 1: verdict is missing"
std::vector<std::string> rejected(const auto& decided) {
  std::vector<std::string> lines;
  for (const graph::Rejected& one : decided.rejected) {
    EXPECT_FALSE(one.body.empty());
    lines.push_back(one.item + ": " + one.reason);
  }
  return lines;
}

// Rows of a whole item: those of a field have a comma in their name.
std::size_t rejected_items(const auto& decided) {
  std::size_t count = 0;
  for (const graph::Rejected& one : decided.rejected) {
    count += one.item.find(',') == std::string::npos ? 1 : 0;
  }
  return count;
}

TEST(DecisionSchemas, are_in_the_strict_subset_and_stay_the_same) {
  for (const Json& schema : {KgMerge::schema(), KgPredicate::schema(), KgClassify::schema()}) {
    std::vector<std::string> wrong;
    test::check_strict_subset(schema, "$", 1, wrong);
    EXPECT_THAT(wrong, IsEmpty());
    EXPECT_EQ(schema["type"], "object");
  }
  EXPECT_EQ(&KgMerge::schema(), &KgMerge::schema());
  EXPECT_EQ(KgMerge::schema()["properties"]["decisions"]["maxItems"], KgMerge::most_a_call);
  EXPECT_EQ(KgPredicate::schema()["properties"]["mappings"]["maxItems"], KgPredicate::most_a_call);
  EXPECT_EQ(KgClassify::schema()["properties"]["choices"]["maxItems"], KgClassify::most_a_call);
}

TEST(DecisionSchemas, ask_for_the_reason_before_the_verdict) {
  EXPECT_EQ(KgMerge::schema()["properties"]["decisions"]["items"]["required"],
            Json::parse(R"(["pair","reason","verdict","confidence"])"));
}

TEST(DecisionSizes, leave_room_for_every_answer_that_the_schema_takes) {
  // The longest that is asked for: a reason of 25 long words is about 60 tokens.
  EXPECT_GE(KgMerge::max_output_tokens(KgMerge::most_a_call), static_cast<int>(KgMerge::most_a_call) * 110);
  EXPECT_LE(KgMerge::usual_a_call, KgMerge::most_a_call);
  EXPECT_LE(KgPredicate::usual_a_call, KgPredicate::most_a_call);
  EXPECT_LE(KgClassify::usual_a_call, KgClassify::most_a_call);
}

TEST(DecisionBody, is_that_of_every_stage) {
  const Json body = Json::parse(chat_body(KgMerge::name, KgMerge::schema(), "a-model", "Decide.", "low",
                                          KgMerge::max_output_tokens(3), KgMerge::question(pairs())));
  EXPECT_EQ(body["response_format"]["json_schema"]["name"], "kg_merge");
  EXPECT_EQ(body["response_format"]["json_schema"]["strict"], true);
  EXPECT_EQ(body["response_format"]["json_schema"]["schema"], KgMerge::schema());
  EXPECT_EQ(body["messages"][0]["content"], "Decide.");
  EXPECT_EQ(Json::parse(body["messages"][1]["content"].get<std::string>()), KgMerge::question(pairs()));
  EXPECT_EQ(body["reasoning_effort"], "low");

  const Stage& extract = *find_stage("kg_extract");
  EXPECT_EQ(chat_body(extract, "m", "p", "", 10, Json::object()),
            chat_body("kg_extract", extract.schema(), "m", "p", "", 10, Json::object()));
}

TEST(MergeQuestion, is_the_document_of_the_contract) {
  MergePair pair{1, side("Otti"), {}};
  pair.a.aliases = {"Ottoline"};
  pair.a.participant = true;
  pair.a.conversations = {907, 41};
  pair.a.dates = "2021-03";
  pair.a.facts = {"Otti bakes."};
  pair.a.neighbors = {{"owned", "bakery"}};
  pair.b.type = "State";
  pair.b.label = "Ownership";
  pair.b.conversations = {41};
  EXPECT_EQ(KgMerge::question({pair}).dump(),
            R"({"task":"merge","pairs":[{"id":1,)"
            R"("a":{"type":"Entity","class":"person","label":"Otti","named":true,"aliases":["Ottoline"],"participant":true,)"
            R"("conversations":[1,2],"dates":"2021-03","facts":["Otti bakes."],"neighbors":[{"role":"owned","label":"bakery"}]},)"
            R"("b":{"type":"State","class":null,"label":"Ownership","named":false,"aliases":[],"participant":false,)"
            R"("conversations":[1],"dates":null,"facts":[],"neighbors":[]}}]})");
}

TEST(MergeQuestion, shows_the_first_of_each_list_as_they_stand) {
  MergePair pair{1, side("a"), side("b")};
  pair.a.facts = {" One,\ttwo. ", "2", "3", "4"};
  for (int i = 0; i < 30; ++i) {
    pair.a.aliases.push_back(std::to_string(i));
    pair.a.neighbors.push_back({"owner", std::to_string(i)});
  }
  const Json a = KgMerge::question({pair})["pairs"][0]["a"];
  EXPECT_EQ(a["facts"], Json::parse(R"([" One,\ttwo. ","2","3"])"));
  EXPECT_EQ(a["aliases"].size(), KgMerge::most_aliases);
  EXPECT_EQ(a["aliases"][0], "0");
  EXPECT_EQ(a["neighbors"].size(), KgMerge::most_neighbors);
}

// Were a shared conversation cut off, the model would not learn that one
// conversation speaks of both.
TEST(MergeQuestion, never_hides_that_a_conversation_is_shared) {
  MergePair pair{1, side("a"), side("b")};
  for (int i = 0; i < 1000; ++i) {
    pair.a.conversations.push_back(i);
  }
  pair.b.conversations = {5000, 999, 5000};
  const Json one = KgMerge::question({pair})["pairs"][0];
  EXPECT_EQ(one["a"]["conversations"].size(), KgMerge::most_conversations);
  EXPECT_EQ(one["a"]["conversations"][0], 1);
  EXPECT_EQ(one["b"]["conversations"], Json::parse("[1,11]"));
}

TEST(MergeQuestion, numbers_conversations_alike_over_all_pairs_whatever_their_ids) {
  const auto asked = [](std::int64_t one, std::int64_t other) {
    std::vector<MergePair> two = {{1, side("a"), side("b")}, {2, side("c"), side("d")}};
    two[0].a.conversations = {one};
    two[0].b.conversations = {other};
    two[1].a.conversations = {other};
    two[1].b.conversations = {one, other};
    return KgMerge::question(two);
  };
  const Json question = asked(80, 7);
  EXPECT_EQ(question["pairs"][0]["b"]["conversations"], question["pairs"][1]["a"]["conversations"]);
  EXPECT_EQ(question["pairs"][1]["b"]["conversations"], Json::parse("[1,2]"));
  EXPECT_EQ(question.dump(), asked(3, 4'000'000'000).dump());
}

TEST(PredicateQuestion, is_the_document_of_the_contract) {
  EXPECT_EQ(KgPredicate::question({{1, "owner of", "She owns it."}}, {{"owner", "who owns"}}).dump(),
            R"({"task":"predicate","names":[{"id":1,"name":"owner of","example":"She owns it."}],)"
            R"("canonical":[{"name":"owner","definition":"who owns"}]})");
}

TEST(ClassifyQuestion, is_the_document_of_the_contract) {
  KindToClassify kind = kinds()[0];
  kind.labels = {"1", "2", "3", "4", "5", "6"};
  kind.facts = {"1", "2", "3", "4"};
  EXPECT_EQ(KgClassify::question({kind}).dump(),
            R"({"task":"classify","kinds":[{"id":1,"type":"Entity","category":"dog","labels":["1","2","3","4","5"],)"
            R"("facts":["1","2","3"],"candidates":[{"taxon":1,"path":"entity"},{"taxon":5000000017,"path":"entity > animal"}]}]})");
}

TEST(MergeAnswer, becomes_decisions_in_the_order_asked) {
  const auto decided = merged(R"([{"pair":3,"reason":" Not  sure. ","verdict":"unsure","confidence":0.5},
                                  {"pair":1,"reason":"","verdict":"same","confidence":0.97},
                                  {"pair":2,"reason":"x","verdict":"different","confidence":1}])");
  ASSERT_EQ(decided.decisions.size(), 3U);
  EXPECT_EQ(decided.decisions[0].pair, 1);
  EXPECT_EQ(decided.decisions[0].verdict, Verdict::same);
  EXPECT_EQ(decided.decisions[0].confidence, 970);
  EXPECT_EQ(decided.decisions[1].verdict, Verdict::different);
  EXPECT_EQ(decided.decisions[1].confidence, 1000);
  EXPECT_EQ(decided.decisions[2].reason, "Not sure.");
  EXPECT_THAT(decided.rejected, IsEmpty());
  EXPECT_THAT(decided.unanswered, IsEmpty());
}

TEST(MergeAnswer, that_is_none_is_bad_as_a_whole) {
  for (const char* answer : {"", "null", "[]", "{}", R"({"decisions":{}})", R"({"decisions":[{"pair":1,)", "Same, all of them."}) {
    EXPECT_TRUE(std::holds_alternative<BadAnswer>(KgMerge::read(answer, pairs()))) << answer;
  }
  EXPECT_TRUE(std::holds_alternative<BadAnswer>(KgPredicate::read(R"({"decisions":[]})", names(), canonical())));
  EXPECT_TRUE(std::holds_alternative<BadAnswer>(KgClassify::read(R"({"choices":7})", kinds())));
}

TEST(MergeAnswer, that_leaves_pairs_out_says_which_to_ask_again) {
  EXPECT_THAT(merged("[]").unanswered, ElementsAre(1, 2, 3));
  EXPECT_THAT(merged(R"([{"pair":2,"reason":"","verdict":"same","confidence":0.9}])").unanswered, ElementsAre(1, 3));
}

TEST(MergeAnswer, loses_items_that_say_nothing_usable) {
  const auto decided = merged(R"([{"pair":9,"reason":"","verdict":"same","confidence":1},
                                  {"pair":"1","reason":"","verdict":"same","confidence":1},
                                  {"pair":1,"reason":"","verdict":"Same","confidence":1},
                                  {"pair":1,"reason":"","verdict":null,"confidence":1},
                                  {"pair":-1,"reason":"","verdict":"same","confidence":1},
                                  {"pair":99999999999,"reason":"","verdict":"same","confidence":1},
                                  7, null])");
  EXPECT_THAT(rejected(decided),
              ElementsAre("decision 9: pair 9 was not asked", "decision number 2: no pair",
                          "decision 1: verdict \"Same\" is none of same, different, unsure", "decision 1: verdict is missing",
                          "decision number 5: pair -1 was not asked", "decision number 6: no pair",
                          "decision number 7: not an object", "decision number 8: not an object"));
  EXPECT_THAT(decided.decisions, IsEmpty());
  EXPECT_THAT(decided.unanswered, ElementsAre(1, 2, 3));
}

// A model that counts in percent would be sure of everything.
TEST(MergeAnswer, is_not_made_surer_than_it_is) {
  for (const char* confidence : {"97", "1.01", "-0.1", "\"0.97\"", "true", "null"}) {
    const auto decided = merged(std::string(R"([{"pair":1,"reason":"","verdict":"same","confidence":)") + confidence + "}]");
    EXPECT_THAT(decided.decisions, IsEmpty()) << confidence;
    ASSERT_EQ(decided.rejected.size(), 1U);
    EXPECT_THAT(decided.rejected[0].reason, HasSubstr("confidence"));
  }
  EXPECT_THAT(rejected(merged(R"([{"pair":1,"reason":"","verdict":"same"}])")), ElementsAre("decision 1: confidence is missing"));
}

TEST(MergeAnswer, that_contradicts_itself_decides_nothing) {
  const std::string same = R"({"pair":1,"reason":"","verdict":"same","confidence":0.99})";
  const std::string different = R"({"pair":1,"reason":"","verdict":"different","confidence":0.99})";
  for (const std::string& answer : {"[" + same + "," + different + "]", "[" + different + "," + same + "," + same + "]"}) {
    const auto decided = merged(answer);
    EXPECT_THAT(decided.decisions, IsEmpty());
    EXPECT_THAT(decided.unanswered, ElementsAre(1, 2, 3));
    EXPECT_EQ(decided.repeated, 0);
    for (const std::string& line : rejected(decided)) {
      EXPECT_EQ(line, "decision 1: contradicts another answer to the same pair");
    }
  }
}

TEST(MergeAnswer, that_repeats_itself_counts_once_and_for_the_less_sure) {
  const auto decided = merged(R"([{"pair":1,"reason":"a","verdict":"same","confidence":0.99},
                                  {"pair":1,"reason":"b","verdict":"same","confidence":0.4}])");
  ASSERT_EQ(decided.decisions.size(), 1U);
  EXPECT_EQ(decided.decisions[0].confidence, 400);
  EXPECT_EQ(decided.decisions[0].reason, "a");
  EXPECT_EQ(decided.repeated, 1);
  EXPECT_THAT(decided.rejected, IsEmpty());
}

TEST(MergeAnswer, keeps_a_verdict_whose_reason_is_none) {
  const auto decided = merged(R"([{"pair":1,"reason":["x"],"verdict":"same","confidence":0.95},
                                  {"pair":2,"verdict":"unsure","confidence":0.95}])");
  EXPECT_EQ(decided.decisions.size(), 2U);
  EXPECT_THAT(rejected(decided), ElementsAre("decision 1, reason: not a text"));
}

TEST(MergeAnswer, is_cut_at_what_is_kept) {
  const auto decided = merged(R"([{"pair":1,"reason":")" + std::string(100'000, 'x') + R"(","verdict":"unsure","confidence":0},
                                  {"pair":8,"reason":")" + std::string(100'000, 'x') + R"(","verdict":"unsure","confidence":0}])");
  EXPECT_EQ(decided.decisions[0].reason.size(), 500U);
  EXPECT_LE(decided.rejected[0].body.size(), 2000U);
}

TEST(MergeAnswer, beyond_what_the_schema_takes_is_not_read) {
  std::string items = "[";
  for (std::size_t i = 0; i < KgMerge::most_a_call; ++i) {
    items += R"({"pair":7,"reason":"","verdict":"same","confidence":1},)";
  }
  const auto decided = merged(items + R"({"pair":1,"reason":"","verdict":"same","confidence":1}])");
  EXPECT_THAT(decided.decisions, IsEmpty());
  EXPECT_EQ(decided.rejected.back().reason, "more than 40 decisions");
}

TEST(PredicateAnswer, becomes_mappings_to_names_as_they_were_asked) {
  const auto decided = mapped(R"([{"id":1,"canonical":"owner","inverse":true,"confidence":0.9},
                                  {"id":2,"canonical":" work  Place","inverse":false,"confidence":0.7}])");
  ASSERT_EQ(decided.decisions.size(), 2U);
  EXPECT_EQ(decided.decisions[0].canonical, "owner");
  EXPECT_TRUE(decided.decisions[0].inverse);
  EXPECT_EQ(decided.decisions[0].confidence, 900);
  EXPECT_EQ(decided.decisions[1].canonical, "Work place");
}

TEST(PredicateAnswer, may_say_that_nothing_fits) {
  const auto decided = mapped(R"([{"id":1,"canonical":null,"inverse":false,"confidence":0.9},
                                  {"id":2,"canonical":null,"inverse":true,"confidence":0.9}])");
  ASSERT_EQ(decided.decisions.size(), 2U);
  EXPECT_EQ(decided.decisions[0].canonical, std::nullopt);
  EXPECT_FALSE(decided.decisions[1].inverse);
  EXPECT_THAT(rejected(decided), ElementsAre("mapping 2, inverse: without a canonical name"));
}

TEST(PredicateAnswer, never_leads_to_a_name_that_was_not_given) {
  const auto decided = mapped(R"([{"id":1,"canonical":"proprietor","inverse":false,"confidence":1},
                                  {"id":1,"canonical":"","inverse":false,"confidence":1},
                                  {"id":1,"canonical":["owner"],"inverse":false,"confidence":1},
                                  {"id":1,"inverse":false,"confidence":1},
                                  {"id":1,"canonical":"owner","confidence":1},
                                  {"id":1,"canonical":"owner","inverse":"no","confidence":1},
                                  {"id":3,"canonical":"owner","inverse":false,"confidence":1}])");
  EXPECT_THAT(rejected(decided),
              ElementsAre("mapping 1: canonical \"proprietor\" is none of those that were given",
                          "mapping 1: canonical \"\" is none of those that were given",
                          "mapping 1: canonical [\"owner\"] is none of those that were given",
                          "mapping 1: canonical is missing", "mapping 1: inverse is neither true nor false",
                          "mapping 1: inverse is neither true nor false", "mapping 3: id 3 was not asked"));
  EXPECT_THAT(decided.unanswered, ElementsAre(1, 2));
}

TEST(PredicateAnswer, that_says_it_from_both_ends_decides_nothing) {
  const auto decided = mapped(R"([{"id":1,"canonical":"owner","inverse":true,"confidence":1},
                                  {"id":1,"canonical":"owner","inverse":false,"confidence":1}])");
  EXPECT_THAT(decided.decisions, IsEmpty());
  EXPECT_EQ(decided.rejected.size(), 2U);
}

TEST(ClassifyAnswer, becomes_choices_among_the_candidates) {
  const auto decided = chosen(R"([{"kind":1,"taxon":5000000017,"confidence":0.9,"suggestion":" Dog"},
                                  {"kind":2,"taxon":1,"confidence":0.5,"suggestion":null}])");
  ASSERT_EQ(decided.decisions.size(), 2U);
  EXPECT_EQ(decided.decisions[0].taxon, 5'000'000'017);
  EXPECT_EQ(decided.decisions[0].suggestion, "dog");
  EXPECT_EQ(decided.decisions[1].suggestion, std::nullopt);
  EXPECT_THAT(decided.rejected, IsEmpty());
}

// A candidate of one kind is none of another.
TEST(ClassifyAnswer, never_leads_to_a_taxon_that_was_no_candidate) {
  const auto decided = chosen(R"([{"kind":2,"taxon":5000000017,"confidence":0.9,"suggestion":null},
                                  {"kind":1,"taxon":18446744073709551615,"confidence":0.9,"suggestion":null},
                                  {"kind":1,"taxon":1.0,"confidence":0.9,"suggestion":null},
                                  {"kind":1,"confidence":0.9,"suggestion":"dog"},
                                  {"kind":4,"taxon":1,"confidence":0.9,"suggestion":null}])");
  EXPECT_THAT(rejected(decided),
              ElementsAre("choice 2: taxon 5000000017 is none of the candidates", "choice 1: taxon is no whole number",
                          "choice 1: taxon is no whole number", "choice 1: no taxon", "choice 4: kind 4 was not asked"));
  EXPECT_THAT(decided.unanswered, ElementsAre(1, 2));
}

TEST(ClassifyAnswer, suggests_names_and_no_paths_nor_what_is_there) {
  for (const char* suggestion : {R"("animal > dog")", R"("Animal")", "7", R"(["dog"])"}) {
    const auto decided =
        chosen(std::string(R"([{"kind":1,"taxon":1,"confidence":0.9,"suggestion":)") + suggestion + "}]");
    ASSERT_EQ(decided.decisions.size(), 1U) << suggestion;
    EXPECT_EQ(decided.decisions[0].suggestion, std::nullopt) << suggestion;
    ASSERT_EQ(decided.rejected.size(), 1U) << suggestion;
    EXPECT_EQ(decided.rejected[0].item, "choice 1, suggestion");
  }
  const auto decided = chosen(R"([{"kind":1,"taxon":1,"confidence":0.9,"suggestion":")" + std::string(5000, 'a') + "\"}]");
  EXPECT_EQ(decided.decisions[0].suggestion->size(), 100U);
}

// Whatever is answered: nothing throws, and no item is lost or counted twice.
TEST(DecisionAnswers, add_up_whatever_they_hold) {
  std::mt19937 random(7);
  const auto one_of = [&](const std::vector<Json>& values) { return values[random() % values.size()]; };
  const Json any = Json::parse(R"([null,true,0,1,2,3,-1,4,0.5,1e300,18446744073709551615,"","same","unsure","owner",[],{},[[]]])");
  const std::vector<Json> anything(any.begin(), any.end());
  std::size_t decisions = 0;
  std::size_t repeated = 0;
  for (int round = 0; round < 1000; ++round) {
    Json items = Json::array();
    const std::size_t count = random() % 50;
    for (std::size_t i = 0; i < count; ++i) {
      Json item;
      for (const char* name : {"pair", "id", "kind"}) {
        item[name] = one_of({1, 2, 3, 1, 2, one_of(anything)});
      }
      item["verdict"] = one_of({"same", "same", "different", "unsure", one_of(anything)});
      item["confidence"] = one_of({0.9, 1, 0.2, one_of(anything)});
      item["reason"] = one_of({"because", one_of(anything)});
      item["canonical"] = one_of({"owner", "owner", nullptr, one_of(anything)});
      item["inverse"] = one_of({false, false, true, one_of(anything)});
      item["taxon"] = one_of({1, 1, 5'000'000'017, one_of(anything)});
      item["suggestion"] = one_of({nullptr, "dog", one_of(anything)});
      if (random() % 4 == 0) {
        item.erase(one_of({"pair", "id", "kind", "verdict", "confidence", "canonical", "taxon"}).get<std::string>());
      }
      items.push_back(random() % 20 == 0 ? one_of(anything) : item);
    }
    const auto adds_up = [&](const auto& decided, std::size_t asked) {
      EXPECT_EQ(decided.decisions.size() + static_cast<std::size_t>(decided.repeated) + rejected_items(decided), count);
      EXPECT_EQ(decided.decisions.size() + decided.unanswered.size(), asked);
      decisions += decided.decisions.size();
      repeated += static_cast<std::size_t>(decided.repeated);
    };
    adds_up(merged(items.dump()), 3);
    adds_up(mapped(items.dump()), 2);
    adds_up(chosen(items.dump()), 2);
  }
  EXPECT_GT(decisions, 300U);
  EXPECT_GT(repeated, 300U);
}

}  // namespace
}  // namespace kg_batch::stages
