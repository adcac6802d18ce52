#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "chunking/sentences.h"
#include "graph/mentions.h"
#include "stages/answer_schema.h"
#include "stages/answer_text.h"
#include "stages/stage.h"
#include "stages_conversation.h"
#include "stages_strict_schema.h"

namespace kg_batch::stages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Alice and Bob; sentences -1 (Bob), -2 (assistant), 1 and 2 (Alice), 3 (assistant).
test::Conversation talk() {
  test::Conversation conversation({"Alice", "Bob"});
  conversation.said_before(2, {"Any pets?"}).said_before(0, {"Do tell."});
  conversation.says(1, {"I adopted Clyde last May.", "He is a dog."}).says(0, {"Clyde is lovely."});
  return conversation;
}

// An answer without a fault, to be spoilt.
Json good_answer() {
  return Json::parse(R"({
    "facts":[{"id":1,"text":"Alice adopted a dog named Clyde in May 2022.","modality":"asserted","negated":false,
              "evidence":[{"sentence":1,"quote":"I adopted Clyde last May"},{"sentence":3,"quote":"Clyde"}]},
             {"id":2,"text":"Clyde is a dog.","modality":"reported","negated":true,
              "evidence":[{"sentence":2,"quote":"He is a dog"}]}],
    "things":[{"id":1,"type":"Entity","label":"Alice","class":"person","category":"person","named":true,"participant":1,
               "of":null,"relation":null,"aliases":[],"attributes":[],"hash_tags":[],"facts":[1],"confidence":0.95,"importance":0.9},
              {"id":2,"type":"Entity","label":"Clyde","class":"animal","category":"dog","named":true,"participant":null,
               "of":1,"relation":"dog","aliases":["Cly"],"attributes":[{"key":"age","value":"3"}],"hash_tags":["pets"],
               "facts":[1,2],"confidence":0.9,"importance":0.8}],
    "statements":[{"id":3,"type":"Event","label":"Adoption","category":"adoption","facts":[1],
               "start":{"date":"2022-05","how":"inferred"},"end":null,"replaces":false,"goal_status":null,
               "hash_tags":["pets"],"confidence":0.9,"importance":0.9,
               "roles":[{"role":"agent","role_text":null,"node":1},{"role":"object","role_text":null,"node":2}]},
              {"id":4,"type":"Goal","label":"Training","category":"training","facts":[2],"start":null,"end":null,
               "replaces":true,"goal_status":"active","hash_tags":[],"confidence":1,"importance":0.5,
               "roles":[{"role":"other","role_text":"trainer","node":1},{"role":"cause","role_text":null,"node":3}]}]})");
}

graph::Reading read(const Json& answer, const Question& question = talk().question) {
  graph::Reading reading;
  const auto bad = find_stage("kg_extract")->read(answer.dump(), question, reading);
  EXPECT_FALSE(bad) << bad->reason;
  return reading;
}

std::vector<std::string> rejected_items(const graph::Reading& reading) {
  std::vector<std::string> items;
  for (const graph::Rejected& rejected : reading.rejected) {
    items.push_back(rejected.item);
    EXPECT_FALSE(rejected.reason.empty());
    EXPECT_FALSE(rejected.body.empty());
  }
  return items;
}

// What is rejected of the good answer after one change at a place of it.
std::vector<std::string> rejected_after(const std::string& path, Json value) {
  Json answer = good_answer();
  answer[Json::json_pointer(path)] = std::move(value);
  return rejected_items(read(answer));
}

TEST(Reader, takes_a_good_answer_whole) {
  ASSERT_TRUE(test::passes(find_stage("kg_extract")->schema(), good_answer()));
  const graph::Reading reading = read(good_answer());
  EXPECT_THAT(rejected_items(reading), IsEmpty());
  ASSERT_EQ(reading.facts.size(), 2U);
  EXPECT_EQ(reading.facts[0].text, "Alice adopted a dog named Clyde in May 2022.");
  EXPECT_EQ(reading.facts[0].evidence.size(), 2U);
  EXPECT_EQ(reading.facts[0].evidence[0].quote, "I adopted Clyde last May");
  EXPECT_EQ(reading.facts[1].modality, graph::Modality::reported);
  EXPECT_TRUE(reading.facts[1].negated);
  ASSERT_EQ(reading.things.size(), 2U);
  EXPECT_EQ(reading.things[0].participant, 1);
  EXPECT_EQ(reading.things[0].confidence, 950);
  EXPECT_EQ(reading.things[1].of, 1);
  EXPECT_EQ(reading.things[1].relation, "dog");
  EXPECT_THAT(reading.things[1].aliases, ElementsAre("Cly"));
  EXPECT_THAT(reading.things[1].attributes, ElementsAre(testing::Pair("age", "3")));
  EXPECT_THAT(reading.things[1].facts, ElementsAre(1, 2));
  ASSERT_EQ(reading.statements.size(), 2U);
  EXPECT_EQ(reading.statements[0].start->date, "2022-05");
  EXPECT_EQ(reading.statements[0].start->how, graph::How::inferred);
  EXPECT_EQ(reading.statements[1].goal_status, "active");
  EXPECT_TRUE(reading.statements[1].replaces);
  EXPECT_EQ(reading.statements[1].roles[0].role_text, "trainer");
  EXPECT_EQ(reading.statements[1].roles[1].node, 3);
}

TEST(Reader, takes_nothing_from_an_answer_that_is_wrong_as_a_whole) {
  const Stage& stage = *find_stage("kg_extract");
  const Question question = talk().question;
  graph::Reading before;
  before.facts.push_back({7, "kept", {}, false, {}});
  for (const char* answer :
       {"", "I am sorry.", "null", "[]", "3", "{}", R"({"facts":[],"things":[]})",
        R"({"facts":{},"things":[],"statements":[]})", R"({"facts":[],"things":null,"statements":[]})",
        R"({"facts":[],"things":[],"statements":[])", "{\"facts\":[],\"things\":[],\"statements\":\"\"}"}) {
    graph::Reading reading = before;
    const auto bad = stage.read(answer, question, reading);
    ASSERT_TRUE(bad) << answer;
    EXPECT_THAT(bad->reason, testing::AnyOf(HasSubstr("not parseable: "), HasSubstr("against the schema: "))) << answer;
    EXPECT_EQ(reading.facts.size(), 1U);
    EXPECT_TRUE(reading.rejected.empty());
  }
  graph::Reading reading;
  EXPECT_FALSE(stage.read(R"({"facts":[],"things":[],"statements":[]})", question, reading));
}

TEST(Reader, rejects_a_fact_without_a_ground) {
  EXPECT_THAT(rejected_after("/facts/1/text", " \n "), testing::Contains("fact 2"));
  EXPECT_THAT(rejected_after("/facts/1/modality", "certain"), testing::Contains("fact 2"));
  EXPECT_THAT(rejected_after("/facts/1/negated", "no"), testing::Contains("fact 2"));
  EXPECT_THAT(rejected_after("/facts/1/evidence", Json::array()), testing::Contains("fact 2"));
  EXPECT_THAT(rejected_after("/facts/1/evidence/0/sentence", -1), testing::Contains("fact 2"));  // nothing new
  EXPECT_THAT(rejected_after("/facts/1/evidence/0/sentence", 3), testing::Contains("fact 2"));   // the assistant
  EXPECT_THAT(rejected_after("/facts/1/evidence/0/sentence", 99), testing::Contains("fact 2"));
  EXPECT_THAT(rejected_after("/facts/1", 17), testing::Contains("fact number 2"));
  EXPECT_THAT(rejected_after("/facts/1/id", "2"), testing::Contains("fact number 2"));
  EXPECT_THAT(rejected_after("/facts/1/id", 1), testing::Contains("fact 1"));
}

TEST(Reader, takes_the_assistants_words_beside_a_participants_or_when_told_to) {
  Json answer = good_answer();
  answer["facts"][1]["evidence"] = Json::parse(R"([{"sentence":3,"quote":"Clyde"},{"sentence":-1,"quote":"pets"}])");
  EXPECT_EQ(read(answer).facts.size(), 2U);
  answer["facts"][1]["evidence"] = Json::parse(R"([{"sentence":3,"quote":"Clyde"},{"sentence":-2,"quote":"tell"}])");
  EXPECT_EQ(read(answer).facts.size(), 1U);
  Question question = talk().question;
  question.learn_from_assistant = true;
  EXPECT_EQ(read(answer, question).facts.size(), 2U);
}

TEST(Reader, never_loses_a_fact_for_a_quote) {
  EXPECT_THAT(rejected_after("/facts/0/evidence/1/sentence", 99), ElementsAre("fact 1, quote 2"));
  EXPECT_THAT(rejected_after("/facts/0/evidence/1", "Clyde"), ElementsAre("fact 1, quote 2"));
  EXPECT_THAT(rejected_after("/facts/0/evidence/1", good_answer()["facts"][0]["evidence"][0]),
              ElementsAre("fact 1, quote 2"));
  EXPECT_THAT(rejected_after("/facts/0/evidence/0/quote", nullptr), IsEmpty());
  EXPECT_THAT(rejected_after("/facts/0/evidence/0/quote", "words that nobody said"), IsEmpty());
}

TEST(Reader, rejects_what_rested_on_a_rejected_fact) {
  // Fact 2 falls, so thing 2 cites one fact less and statement 4 none at all.
  EXPECT_THAT(rejected_after("/facts/1/modality", "certain"),
              UnorderedElementsAre("fact 2", "thing 2, fact 2", "statement 4"));
}

TEST(Reader, rejects_things_that_are_none) {
  EXPECT_THAT(rejected_after("/things/1/type", "Thing"),
              UnorderedElementsAre("thing 2", "statement 3, role 2"));
  EXPECT_THAT(rejected_after("/things/1/class", "dog"), testing::Contains("thing 2"));
  EXPECT_THAT(rejected_after("/things/1/label", "  "), testing::Contains("thing 2"));
  EXPECT_THAT(rejected_after("/things/1/id", 1), testing::Contains("thing 1"));
  EXPECT_THAT(rejected_after("/things/1/id", 0), testing::Contains("thing number 2"));
  EXPECT_THAT(rejected_after("/things/1/id", 4294967298), testing::Contains("thing number 2"));
}

TEST(Reader, leaves_out_a_field_that_is_wrong_and_keeps_the_thing) {
  EXPECT_THAT(rejected_after("/things/0/participant", 9), ElementsAre("thing 1, participant"));
  EXPECT_THAT(rejected_after("/things/1/of", 3), ElementsAre("thing 2, of"));
  EXPECT_THAT(rejected_after("/things/1/of", 2), ElementsAre("thing 2, of"));
  EXPECT_THAT(rejected_after("/things/0/of", 2), ElementsAre("thing 2, of"));  // one of a circle
  EXPECT_THAT(rejected_after("/things/1/relation", "owner"), ElementsAre("thing 2, relation"));
  EXPECT_THAT(rejected_after("/things/1/facts", Json::array({1, 9})), ElementsAre("thing 2, fact 9"));
  EXPECT_THAT(rejected_after("/things/1/aliases", "Cly"), ElementsAre("thing 2, aliases"));
  EXPECT_THAT(rejected_after("/things/1/confidence", "high"), ElementsAre("thing 2, confidence"));
  EXPECT_THAT(rejected_after("/things/1/attributes/0/value", ""), ElementsAre("thing 2, attributes"));
}

TEST(Reader, makes_a_participant_a_person) {
  Json answer = good_answer();
  answer["things"][0]["class"] = "other";
  answer["things"][0]["type"] = "Concept";
  EXPECT_EQ(read(answer).things[0].thing_class, "person");
  EXPECT_EQ(read(answer).things[0].type, "Entity");
}

TEST(Reader, keeps_a_thing_without_facts_only_for_what_points_to_it) {
  Json answer = good_answer();
  answer["things"][0]["facts"] = Json::array();
  EXPECT_THAT(rejected_items(read(answer)), IsEmpty());
  Json third = answer["things"][0];
  third["id"] = 9;
  third["participant"] = nullptr;
  answer["things"].push_back(third);
  EXPECT_THAT(rejected_items(read(answer)), ElementsAre("thing 9"));
  answer["things"][0]["of"] = 9;
  answer["things"][1]["of"] = nullptr;
  EXPECT_THAT(rejected_items(read(answer)), IsEmpty());
}

TEST(Reader, rejects_statements_that_stand_on_nothing) {
  EXPECT_THAT(rejected_after("/statements/1/type", "Wish"), ElementsAre("statement 4"));
  EXPECT_THAT(rejected_after("/statements/1/label", ""), ElementsAre("statement 4"));
  EXPECT_THAT(rejected_after("/statements/1/facts", Json::array()), ElementsAre("statement 4"));
  EXPECT_THAT(rejected_after("/statements/1/roles", Json::array()), ElementsAre("statement 4"));
  EXPECT_THAT(rejected_after("/statements/1/id", 2), ElementsAre("statement 2"));
  // Without statement 3 the second role of statement 4 leads nowhere.
  EXPECT_THAT(rejected_after("/statements/0/roles", nullptr),
              UnorderedElementsAre("statement 3", "statement 4, role 2"));
}

TEST(Reader, rejects_roles_one_by_one) {
  EXPECT_THAT(rejected_after("/statements/0/roles/1/node", 77), ElementsAre("statement 3, role 2"));
  EXPECT_THAT(rejected_after("/statements/0/roles/1/node", "2"), ElementsAre("statement 3, role 2"));
  EXPECT_THAT(rejected_after("/statements/0/roles/1/role", "buyer"), ElementsAre("statement 3, role 2"));
  EXPECT_THAT(rejected_after("/statements/0/roles/1", nullptr), ElementsAre("statement 3, role 2"));
  EXPECT_THAT(rejected_after("/statements/0/roles/1", good_answer()["statements"][0]["roles"][0]),
              ElementsAre("statement 3, role 2"));
  EXPECT_THAT(rejected_after("/statements/1/roles/0/role_text", " "), ElementsAre("statement 4, role 1"));
  EXPECT_THAT(rejected_after("/statements/0/roles/1/node", 4), ElementsAre("statement 4, role 2"));  // a circle
  EXPECT_THAT(rejected_after("/statements/0/roles/1/node", 3), ElementsAre("statement 3, role 2"));
}

TEST(Reader, drops_a_status_of_no_goal_and_dates_that_are_none) {
  EXPECT_THAT(rejected_after("/statements/0/goal_status", "active"), ElementsAre("statement 3, goal_status"));
  EXPECT_THAT(rejected_after("/statements/1/goal_status", "done"), ElementsAre("statement 4, goal_status"));
  EXPECT_THAT(rejected_after("/statements/0/start/date", "last May"), ElementsAre("statement 3, start"));
  EXPECT_THAT(rejected_after("/statements/0/start/how", "guessed"), ElementsAre("statement 3, start"));
  EXPECT_THAT(rejected_after("/statements/0/start", "2022-05"), ElementsAre("statement 3, start"));
  EXPECT_THAT(rejected_after("/statements/0/end", Json::parse(R"({"date":"2021","how":"actual"})")),
              ElementsAre("statement 3, end"));
  EXPECT_THAT(rejected_after("/statements/0/end", Json::parse(R"({"date":"2022","how":"actual"})")), IsEmpty());
}

TEST(Reader, takes_an_answer_that_leaves_metadata_out) {
  Json answer = good_answer();
  for (const char* name : {"aliases", "attributes", "hash_tags", "confidence", "importance", "of", "relation"}) {
    answer["things"][1].erase(name);
  }
  for (const char* name : {"start", "end", "replaces", "goal_status", "hash_tags", "confidence", "importance"}) {
    answer["statements"][0].erase(name);
  }
  const graph::Reading reading = read(answer);
  EXPECT_THAT(rejected_items(reading), IsEmpty());
  EXPECT_EQ(reading.things[1].confidence, 0);
}

TEST(Reader, tidies_and_limits_texts) {
  Json answer = good_answer();
  answer["facts"][0]["text"] = std::string("  Two\n\nlines ") + std::string(5000, 'x');
  answer["things"][1]["label"] = std::string(300, ' ') + "ä" + std::string(300, 'b');
  answer["things"][1]["category"] = " Dog ";
  answer["things"][1]["confidence"] = 7;
  answer["things"][1]["importance"] = -0.5;
  for (int i = 0; i < 30; ++i) {
    answer["things"][1]["aliases"].push_back("alias " + std::to_string(i));
  }
  answer["things"][1]["hash_tags"] = Json::array({"#Pets", "pets", "", 3});
  const graph::Reading reading = read(answer);
  EXPECT_EQ(chunking::char_length(reading.facts[0].text), 2000);
  EXPECT_THAT(reading.facts[0].text, testing::StartsWith("Two lines xxx"));
  EXPECT_EQ(chunking::char_length(reading.things[1].label), 200);
  EXPECT_THAT(reading.things[1].label, testing::StartsWith("äbbb"));
  EXPECT_EQ(reading.things[1].category, "dog");
  EXPECT_EQ(reading.things[1].confidence, 1000);
  EXPECT_EQ(reading.things[1].importance, 0);
  EXPECT_EQ(reading.things[1].aliases.size(), 20U);
  EXPECT_THAT(reading.things[1].hash_tags, ElementsAre("pets"));
  EXPECT_THAT(rejected_items(reading), ElementsAre("thing 2, aliases"));
}

TEST(Reader, keeps_the_body_of_what_it_rejects_within_limits) {
  Json answer = good_answer();
  answer["facts"][1]["modality"] = std::string(100, 'm');
  answer["facts"][1]["text"] = std::string(3000, 'x') + "ä";
  for (const graph::Rejected& rejected : read(answer).rejected) {
    EXPECT_LE(chunking::char_length(rejected.body), 2000);
    EXPECT_LT(rejected.reason.size(), 200U);
  }
}

TEST(Dates, are_days_that_exist_at_the_width_of_what_is_known) {
  for (const char* date : {"0001", "1999", "2023-01", "2023-12-31", "2024-02-29", "2000-02-29", "2023-05-08T15:56",
                           "2023-05-08T00:00"}) {
    EXPECT_TRUE(is_date(date)) << date;
  }
  for (const char* date : {"", "0000", "99", "20233", "2023-", "2023-13", "2023-00", "2023-1", "2023-02-29", "1900-02-29",
                           "2023-04-31", "2023-05-08T", "2023-05-08T24:00", "2023-05-08T15:60", "2023-05-08 15:56",
                           "2023-05-08T15:56:00", "2023/05/08", "May 2023", "２０２３", "-2023", "2023-05-08T15:56Z"}) {
    EXPECT_FALSE(is_date(date)) << date;
  }
}

// ---- generated answers -----------------------------------------------------

class Garbage {
 public:
  explicit Garbage(unsigned seed) : random_(seed) {}

  Json answer() {
    Json answer;
    next_id_ = 1;
    answer["facts"] = list("fact", 8);
    next_id_ = 1;
    answer["things"] = list("thing", 8);
    answer["statements"] = list("statement", 8);
    return answer;
  }

 private:
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  bool rarely() { return below(30) == 0; }

  Json anything() {
    switch (below(12)) {
      case 0: return nullptr;
      case 1: return below(2) == 0;
      case 2: return static_cast<int>(below(12)) - 3;
      case 3: return 1.5;
      case 4: return 18446744073709551615ULL;
      case 5: return "";
      case 6: return "agent";
      case 7: return std::string(below(3000), 'x');
      case 8: return Json::array({1, "2", nullptr});
      case 9: return Json::object({{"id", 1}, {"role", "agent"}});
      case 10: return "2023-02-31";
      default: return "Ω\n\u200b👍";
    }
  }

  Json pick(std::initializer_list<Json> values) {
    return rarely() ? anything() : *(values.begin() + below(static_cast<unsigned>(values.size())));
  }

  Json id() { return pick({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}); }

  Json own_id() { return rarely() ? id() : Json(next_id_++); }

  Json list(const std::string& kind, unsigned most) {
    if (kind != "fact" && kind != "thing" && kind != "statement" && rarely()) {
      return anything();
    }
    Json items = Json::array();
    for (unsigned n = below(most + 1); n > 0; --n) {
      items.push_back(rarely() ? anything() : item(kind));
    }
    return items;
  }

  Json date() {
    return below(2) == 0 ? Json()
                         : Json({{"date", pick({"2023", "2023-05", "2022-05-08", "2023-05-08T12:30", "soon"})},
                                 {"how", pick({"actual", "inferred", "estimated"})}});
  }

  Json item(const std::string& kind) {
    Json json = Json::object();
    if (kind == "number") {
      return id();
    }
    if (kind == "string") {
      return pick({"a", "b", "c", "d"});
    }
    if (kind == "quote") {
      json["sentence"] = pick({1, 1, 2, 2, 3, -1, -2, 50});
      json["quote"] = pick({"Clyde", "a dog", "never said", "", "LAST  may"});
    } else if (kind == "role") {
      json["role"] = pick({"agent", "object", "owner", "other", "buyer"});
      json["role_text"] = pick({nullptr, "rival"});
      json["node"] = id();
    } else if (kind == "attribute") {
      json["key"] = item("string");
      json["value"] = item("string");
    } else if (kind == "fact") {
      json["id"] = own_id();
      json["text"] = pick({"A fact.", "Another."});
      json["modality"] = pick({"asserted", "reported", "planned", "possible", "hypothetical"});
      json["negated"] = pick({true, false});
      json["evidence"] = list("quote", 3);
    } else {
      json["id"] = own_id();
      json["type"] = kind == "thing" ? pick({"Entity", "Entity", "Concept", "Property"}) : pick({"Event", "State", "Goal"});
      json["label"] = pick({"Anna", "Clyde", "Mum", "car", "Ownership", "👍", "!!!"});
      json["category"] = pick({"person", "dog", "ownership", ""});
      json["facts"] = list("number", 4);
      json["hash_tags"] = list("string", 7);
      json["confidence"] = pick({0, 0.5, 1, 7, -3});
      json["importance"] = pick({0, 0.5, 1});
      if (kind == "thing") {
        json["class"] = pick({"person", "animal", "other", "place"});
        json["named"] = pick({true, false});
        json["participant"] = pick({nullptr, nullptr, 1, 2, 3});
        json["of"] = pick({nullptr, id()});
        json["relation"] = pick({nullptr, "mother", "dog"});
        json["aliases"] = list("string", 25);
        json["attributes"] = list("attribute", 3);
      } else {
        json["start"] = date();
        json["end"] = date();
        json["replaces"] = pick({true, false});
        json["goal_status"] = pick({nullptr, "active"});
        json["roles"] = list("role", 5);
      }
    }
    if (rarely() && !json.empty()) {
      json.erase(std::next(json.begin(), static_cast<Json::difference_type>(below(static_cast<unsigned>(json.size())))));
    }
    return json;
  }

  std::mt19937 random_;
  int next_id_ = 1;
};

// Rejected items that are called `what` and a number: "fact 3", "fact number 3"
// for what "fact", "fact 3, quote 1" for "fact 3, quote".
std::size_t count(const std::vector<graph::Rejected>& rejected, const std::string& what) {
  return static_cast<std::size_t>(std::count_if(rejected.begin(), rejected.end(), [&](const graph::Rejected& one) {
    std::string_view item = one.item;
    if (!item.starts_with(what + " ")) {
      return false;
    }
    item.remove_prefix(what.size() + 1);
    if (item.starts_with("number ")) {
      item.remove_prefix(7);
    }
    return !item.empty() && item.find_first_not_of("0123456789") == std::string_view::npos;
  }));
}

std::size_t size_of(const Json& item, const char* name) {
  return item.is_object() && item.contains(name) && item[name].is_array() ? item[name].size() : 0;
}

// Items of the answer by the first one with the id: later ones of it are rejected.
const Json& by_id(const Json& items, int id) {
  return *std::find_if(items.begin(), items.end(), [&](const Json& item) {
    return item.is_object() && item.contains("id") && item["id"] == id;
  });
}

TEST(Reader, accounts_for_every_item_of_any_answer) {
  const Question question = talk().question;
  std::size_t kept = 0;
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const Json answer = Garbage(seed).answer();
    const graph::Reading reading = read(answer, question);
    ASSERT_EQ(answer["facts"].size(), reading.facts.size() + count(reading.rejected, "fact")) << seed;
    ASSERT_EQ(answer["things"].size(), reading.things.size() + count(reading.rejected, "thing")) << seed;
    ASSERT_EQ(answer["statements"].size(),
              reading.statements.size() + count(reading.rejected, "statement"))
        << seed;
    for (const graph::Fact& fact : reading.facts) {
      const std::string parts = "fact " + std::to_string(fact.id) + ", quote";
      ASSERT_EQ(size_of(by_id(answer["facts"], fact.id), "evidence"),
                fact.evidence.size() + count(reading.rejected, parts))
          << seed;
    }
    for (const graph::Statement& statement : reading.statements) {
      const std::string parts = "statement " + std::to_string(statement.id) + ", role";
      ASSERT_EQ(size_of(by_id(answer["statements"], statement.id), "roles"),
                statement.roles.size() + count(reading.rejected, parts))
          << seed;
    }
    kept += reading.statements.size();
  }
  EXPECT_GT(kept, 200U);  // the garbage is not all garbage
}

TEST(Reader, leaves_nothing_dangling_in_any_answer) {
  const test::Conversation conversation = talk();
  for (unsigned seed = 10000; seed < 12000; ++seed) {
    const graph::Reading reading = read(Garbage(seed).answer(), conversation.question);
    std::set<int> facts;
    std::set<int> nodes;
    for (const graph::Fact& fact : reading.facts) {
      ASSERT_TRUE(facts.insert(fact.id).second);
      ASSERT_TRUE(std::any_of(fact.evidence.begin(), fact.evidence.end(),
                              [](const graph::Quote& quote) { return quote.sentence > 0; }));
    }
    for (const graph::Thing& thing : reading.things) {
      ASSERT_TRUE(nodes.insert(thing.id).second);
      ASSERT_TRUE(thing.confidence >= 0 && thing.confidence <= 1000);
      ASSERT_TRUE(std::all_of(thing.facts.begin(), thing.facts.end(), [&](int id) { return facts.contains(id); }));
    }
    for (const graph::Statement& statement : reading.statements) {
      ASSERT_TRUE(nodes.insert(statement.id).second);
      ASSERT_FALSE(statement.facts.empty());
      ASSERT_FALSE(statement.roles.empty());
    }
    for (const graph::Statement& statement : reading.statements) {
      for (const graph::RoleOf& role : statement.roles) {
        ASSERT_TRUE(nodes.contains(role.node));
      }
    }
    for (const graph::Thing& thing : reading.things) {
      ASSERT_TRUE(!thing.of || nodes.contains(*thing.of));
    }

    // A reading is written whole: nothing more falls away.
    const graph::Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
    ASSERT_EQ(mentions.rejected.size(), reading.rejected.size()) << seed;
    ASSERT_EQ(mentions.nodes.size(), reading.things.size() + reading.statements.size());
    for (const graph::MentionRow& node : mentions.nodes) {
      ASSERT_FALSE(node.facts.empty()) << seed << " " << node.label;
      ASSERT_NE(node.key, graph::Key{});
      ASSERT_FALSE(node.label_key.empty());
    }
    for (const graph::EdgeRow& edge : mentions.edges) {
      ASSERT_TRUE(edge.statement >= 1 && edge.statement <= static_cast<int>(mentions.nodes.size()));
      ASSERT_TRUE(mentions.nodes[static_cast<std::size_t>(edge.statement - 1)].is_statement);
      ASSERT_TRUE(edge.target >= 1 && edge.target <= static_cast<int>(mentions.nodes.size()));
    }
    for (const graph::SourceRow& source : mentions.sources) {
      ASSERT_TRUE(source.span_start <= source.span_end && source.sentence_start <= source.span_start &&
                  source.span_end <= source.sentence_end);
    }
  }
}

TEST(Reader, stands_any_bytes) {
  const Stage& stage = *find_stage("kg_extract");
  const Question question = talk().question;
  const std::string good = good_answer().dump();
  std::mt19937 random(99);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = good;
    for (unsigned n = 1 + random() % 4; n > 0; --n) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0: bytes[at] = static_cast<char>(random()); break;
        case 1: bytes.erase(at, 1 + random() % 9); break;
        default: bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
      }
      if (bytes.empty()) {
        bytes = "{";
      }
    }
    graph::Reading reading;
    EXPECT_NO_THROW(stage.read(bytes, question, reading));
  }
}

TEST(Reader, caps_what_it_takes_of_an_endless_answer) {
  Json answer = good_answer();
  for (int id = 1000; id < 1400; ++id) {
    Json fact = answer["facts"][0];
    fact["id"] = id;
    answer["facts"].push_back(fact);
  }
  for (int n = 0; n < 30; ++n) {
    answer["statements"][0]["roles"].push_back({{"role", "other"}, {"role_text", "r" + std::to_string(n)}, {"node", 2}});
    answer["facts"][0]["evidence"].push_back({{"sentence", 1}, {"quote", std::to_string(n)}});
  }
  const graph::Reading reading = read(answer);
  EXPECT_EQ(reading.facts.size(), static_cast<std::size_t>(max_facts));
  EXPECT_EQ(reading.facts[0].evidence.size(), static_cast<std::size_t>(max_quotes));
  EXPECT_EQ(reading.statements[0].roles.size(), static_cast<std::size_t>(max_roles));
  EXPECT_EQ(answer["facts"].size(), reading.facts.size() + count(reading.rejected, "fact"));
}

}  // namespace
}  // namespace kg_batch::stages
