// The staged plan: three questions and readers that end in the same value as the
// one of kg_extract.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "graph/mentions.h"
#include "stages/answer_schema.h"
#include "stages/stage.h"
#include "stages_conversation.h"
#include "stages_strict_schema.h"

namespace kg_batch::stages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const Stage& kg_parse() { return *find_stage("kg_parse"); }
const Stage& kg_facts() { return *find_stage("kg_facts"); }
const Stage& kg_metadata() { return *find_stage("kg_metadata"); }

// Sentences -1 (Bob), 1 (Alice), 2 (the assistant), 3 (Bob).
test::Conversation talk() {
  test::Conversation conversation({"Alice", "Bob"});
  conversation.said_before(2, {"Any pets?"});
  conversation.says(1, {"I adopted Clyde last May."}).says(0, {"Lovely."}).says(2, {"He is a dog."});
  conversation.question.context[0].at = "2023-05-08 15:50 Mon";
  conversation.question.messages[0].at = "2023-05-08 15:56 Mon";
  conversation.question.messages[2].at = "2023-05-09 08:00 Tue";
  return conversation;
}

// Three answers without a fault, to be spoilt.
struct Answers {
  Json facts = Json::parse(R"({
    "facts":[{"id":1,"text":"Alice adopted a dog named Clyde in May 2022.","modality":"asserted","negated":false,
              "evidence":[{"sentence":3,"quote":"a dog"},{"sentence":1,"quote":"I adopted Clyde last May"}]},
             {"id":4,"text":"Alice does not want a cat.","modality":"planned","negated":true,
              "evidence":[{"sentence":2,"quote":"Lovely"},{"sentence":-1,"quote":"pets"}]}]})");
  Json nodes = Json::parse(R"({
    "things":[{"id":1,"type":"Entity","label":"Alice","class":"person","category":"person","named":true,"participant":1,
               "of":null,"relation":null,"facts":[1,4]},
              {"id":2,"type":"Entity","label":"Clyde","class":"animal","category":"dog","named":true,"participant":null,
               "of":1,"relation":"dog","facts":[1]}],
    "statements":[{"id":3,"type":"Event","label":"Adoption","category":"adoption","facts":[1],
               "roles":[{"role":"agent","role_text":null,"node":1},{"role":"object","role_text":null,"node":2}]},
              {"id":5,"type":"Goal","label":"Pet","category":"pet","facts":[4],
               "roles":[{"role":"other","role_text":"keeper","node":1},{"role":"cause","role_text":null,"node":3}]}]})");
  Json metadata = Json::parse(R"({
    "things":[{"id":1,"aliases":[],"attributes":[],"hash_tags":[],"confidence":0.95,"importance":1},
              {"id":2,"aliases":["Cly"],"attributes":[{"key":"age","value":"3"}],"hash_tags":["pets"],"confidence":0.9,
               "importance":0.8}],
    "statements":[{"id":3,"start":{"date":"2022-05","how":"inferred"},"end":null,"replaces":false,"goal_status":null,
               "hash_tags":["pets"],"confidence":0.9,"importance":0.9},
              {"id":5,"start":null,"end":null,"replaces":true,"goal_status":"active","hash_tags":[],"confidence":1,
               "importance":0.5}]})");

  // What kg_extract would have said.
  Json whole() const {
    Json joined = facts;
    for (const char* part : {"things", "statements"}) {
      joined[part] = nodes[part];
      for (std::size_t n = 0; n < joined[part].size(); ++n) {
        joined[part][n].update(metadata[part][n]);
      }
    }
    return joined;
  }
};

graph::Reading read(const Answers& answers, const Question& question = talk().question) {
  graph::Reading reading;
  for (const auto& [stage, answer] : {std::pair{&kg_parse(), &answers.facts}, {&kg_facts(), &answers.nodes},
                                      {&kg_metadata(), &answers.metadata}}) {
    const auto bad = stage->read(answer->dump(), question, reading);
    EXPECT_FALSE(bad) << bad->reason;
  }
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

std::vector<std::string> rejected_after(const std::function<void(Answers&)>& change) {
  Answers answers;
  change(answers);
  return rejected_items(read(answers));
}

// Everything of a reading that is not in its order of rejecting.
std::string told(const graph::Reading& reading) {
  const auto date = [](const std::optional<graph::Date>& day) {
    return day ? Json{day->date, static_cast<int>(day->how)} : Json();
  };
  Json json;
  for (const graph::Fact& fact : reading.facts) {
    json["facts"].push_back({fact.id, fact.text, static_cast<int>(fact.modality), fact.negated});
    for (const graph::Quote& quote : fact.evidence) {
      json["facts"].back().push_back({quote.sentence, quote.quote});
    }
  }
  for (const graph::Thing& thing : reading.things) {
    json["things"].push_back({thing.id, thing.type, thing.label, thing.thing_class, thing.category, thing.named,
                              thing.participant.value_or(0), thing.of.value_or(0), thing.relation.value_or(""),
                              thing.aliases, thing.attributes, thing.hash_tags, thing.facts, thing.confidence,
                              thing.importance});
  }
  for (const graph::Statement& statement : reading.statements) {
    json["statements"].push_back({statement.id, statement.type, statement.label, statement.category, statement.facts,
                                  date(statement.start), date(statement.end), statement.replaces,
                                  statement.goal_status.value_or(""), statement.hash_tags, statement.confidence,
                                  statement.importance});
    for (const graph::RoleOf& role : statement.roles) {
      json["statements"].back().push_back({role.role, role.role_text.value_or(""), role.node});
    }
  }
  return json.dump(1);
}

// ---- questions -------------------------------------------------------------

TEST(Staged, kg_parse_shows_what_kg_extract_shows) {
  Json expected = find_stage("kg_extract")->question(talk().question, {});
  expected["task"] = "parse";
  EXPECT_EQ(kg_parse().question(talk().question, {}).dump(), expected.dump());
}

TEST(Staged, kg_facts_shows_facts_with_who_said_them_when) {
  // Said by the first participant that is cited, new sentences first; when the first new sentence was.
  EXPECT_EQ(kg_facts().question(talk().question, read(Answers())).dump(),
            R"({"task":"facts","participants":[{"id":1,"name":"Alice"},{"id":2,"name":"Bob"}],"facts":[)"
            R"({"id":1,"text":"Alice adopted a dog named Clyde in May 2022.","modality":"asserted","negated":false,)"
            R"("said_by":1,"said_at":"2023-05-08 15:56 Mon"},)"
            R"({"id":4,"text":"Alice does not want a cat.","modality":"planned","negated":true,)"
            R"("said_by":2,"said_at":null}]})");
}

TEST(Staged, facts_are_said_by_whom_the_graph_says_they_are) {
  const test::Conversation conversation = talk();
  const graph::Reading reading = read(Answers());
  const Json facts = kg_facts().question(conversation.question, reading)["facts"];
  const graph::Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  ASSERT_EQ(facts.size(), mentions.facts.size());
  for (std::size_t n = 0; n < facts.size(); ++n) {
    EXPECT_EQ(facts[n]["said_by"], Json(mentions.facts[n].said_by.value()));
  }
}

TEST(Staged, kg_metadata_shows_what_was_read_without_what_is_asked) {
  const graph::Reading reading = read(Answers());
  const Json question = kg_metadata().question(talk().question, reading);
  Json expected = kg_facts().question(talk().question, reading);
  expected["task"] = "metadata";
  expected.update(Answers().nodes);
  EXPECT_EQ(question.dump(), expected.dump());
}

TEST(Staged, a_stage_with_nothing_before_it_has_no_question) {
  graph::Reading reading;
  EXPECT_TRUE(find_stage("kg_extract")->has_question(reading));
  EXPECT_TRUE(kg_parse().has_question(reading));
  EXPECT_FALSE(kg_facts().has_question(reading));
  EXPECT_FALSE(kg_metadata().has_question(reading));
  ASSERT_FALSE(kg_parse().read(Answers().facts.dump(), talk().question, reading));
  EXPECT_TRUE(kg_facts().has_question(reading));
  EXPECT_FALSE(kg_metadata().has_question(reading));
  ASSERT_FALSE(kg_facts().read(Answers().nodes.dump(), talk().question, reading));
  EXPECT_TRUE(kg_metadata().has_question(reading));
}

// ---- schemas ---------------------------------------------------------------

TEST(Staged, schemas_are_within_the_strict_subset_and_constant) {
  for (const char* name : {"kg_parse", "kg_facts", "kg_metadata"}) {
    const Stage& stage = *find_stage(name);
    EXPECT_EQ(stage.name(), name);
    std::vector<std::string> wrong;
    test::check_strict_subset(stage.schema(), name, 1, wrong);
    EXPECT_TRUE(wrong.empty()) << wrong.front();
    EXPECT_EQ(stage.schema()["type"], "object");
    EXPECT_EQ(&stage.schema(), &stage.schema());
  }
  EXPECT_TRUE(test::passes(kg_parse().schema(), Answers().facts));
  EXPECT_TRUE(test::passes(kg_facts().schema(), Answers().nodes));
  EXPECT_TRUE(test::passes(kg_metadata().schema(), Answers().metadata));
}

// Taken apart, the properties of kg_extract are those of the three, each once
// but for the ids.
TEST(Staged, schemas_are_the_combined_one_in_parts) {
  const auto item = [](const Stage& stage, const char* list) { return stage.schema()["properties"][list]["items"]["properties"]; };
  const Stage& kg_extract = *find_stage("kg_extract");
  EXPECT_EQ(item(kg_parse(), "facts"), item(kg_extract, "facts"));
  for (const char* list : {"things", "statements"}) {
    const Json whole = item(kg_extract, list);
    Json joined = item(kg_facts(), list);
    EXPECT_EQ(joined.size() + item(kg_metadata(), list).size(), whole.size() + 1);
    joined.update(item(kg_metadata(), list));
    for (const auto& [name, schema] : whole.items()) {
      EXPECT_EQ(joined.value(name, Json()), schema) << list << " " << name;
    }
  }
}

// ---- readers ---------------------------------------------------------------

TEST(Staged, ends_in_the_value_that_kg_extract_ends_in) {
  const Answers answers;
  graph::Reading combined;
  ASSERT_FALSE(find_stage("kg_extract")->read(answers.whole().dump(), talk().question, combined));
  EXPECT_EQ(told(read(answers)), told(combined));
  EXPECT_THAT(rejected_items(combined), IsEmpty());
  EXPECT_THAT(rejected_items(read(answers)), IsEmpty());
}

// What is wrong in it is rejected alike, whichever plan the answer is of.
TEST(Staged, rejects_what_kg_extract_rejects) {
  const std::vector<std::function<void(Answers&)>> changes = {
      [](Answers& a) { a.facts["facts"][1]["modality"] = "sure"; },
      [](Answers& a) { a.facts["facts"][0]["evidence"][0]["sentence"] = 99; },
      [](Answers& a) { a.nodes["things"][1]["class"] = "dog"; },
      [](Answers& a) { a.nodes["statements"][0]["roles"][1]["node"] = 77; },
      [](Answers& a) { a.nodes["statements"][0]["roles"] = Json::array(); },
      [](Answers& a) { a.nodes["statements"][1]["roles"][0]["role_text"] = nullptr; },
      [](Answers& a) { a.metadata["statements"][0]["goal_status"] = "active"; },
      [](Answers& a) { a.metadata["statements"][0]["start"]["date"] = "last May"; },
      [](Answers& a) { a.metadata["things"][1]["confidence"] = "high"; },
      [](Answers& a) { a.metadata["things"][1]["attributes"][0]["value"] = " "; },
  };
  for (std::size_t n = 0; n < changes.size(); ++n) {
    Answers answers;
    changes[n](answers);
    graph::Reading combined;
    ASSERT_FALSE(find_stage("kg_extract")->read(answers.whole().dump(), talk().question, combined));
    const graph::Reading staged = read(answers);
    EXPECT_EQ(told(staged), told(combined)) << n;
    std::vector<std::string> items;
    for (const std::string& item : rejected_items(staged)) {
      // Metadata of what fell away in kg_facts is one more item of its own.
      if (!item.starts_with("metadata of ")) {
        items.push_back(item);
      }
    }
    EXPECT_THAT(items, testing::UnorderedElementsAreArray(rejected_items(combined))) << n;
    EXPECT_FALSE(items.empty()) << n;
  }
}

TEST(Staged, rejects_metadata_of_what_is_not_there) {
  EXPECT_THAT(rejected_after([](Answers& a) { a.metadata["things"][1]["id"] = 9; }), ElementsAre("metadata of thing 9"));
  // A statement's id among the things is no thing's.
  EXPECT_THAT(rejected_after([](Answers& a) { a.metadata["things"][1]["id"] = 3; }), ElementsAre("metadata of thing 3"));
  EXPECT_THAT(rejected_after([](Answers& a) { a.metadata["statements"][0]["id"] = 1; }),
              ElementsAre("metadata of statement 1"));
  EXPECT_THAT(rejected_after([](Answers& a) { a.metadata["things"][1]["id"] = 1; }), ElementsAre("metadata of thing 1"));
  EXPECT_THAT(rejected_after([](Answers& a) { a.metadata["things"][1]["id"] = "2"; }),
              ElementsAre("metadata of thing number 2"));
  EXPECT_THAT(rejected_after([](Answers& a) { a.metadata["statements"][1] = 5; }),
              ElementsAre("metadata of statement number 2"));
  // And of what was rejected before.
  EXPECT_THAT(rejected_after([](Answers& a) { a.nodes["things"][1]["label"] = ""; }),
              UnorderedElementsAre("thing 2", "statement 3, role 2", "metadata of thing 2"));
}

TEST(Staged, a_role_without_a_statement_is_none) {
  // kg_facts knows no statement 3: what led to it falls, and its metadata too.
  EXPECT_THAT(rejected_after([](Answers& a) { a.nodes["statements"].erase(0); }),
              UnorderedElementsAre("statement 5, role 2", "metadata of statement 3"));
}

TEST(Staged, what_metadata_leaves_out_keeps_the_defaults) {
  Answers answers;
  answers.metadata["things"].erase(1);
  answers.metadata["statements"] = Json::array({{{"id", 5}}});
  const graph::Reading reading = read(answers);
  EXPECT_THAT(rejected_items(reading), IsEmpty());
  ASSERT_EQ(reading.things.size(), 2U);
  EXPECT_EQ(reading.things[0].importance, 1000);
  EXPECT_EQ(reading.things[1].label, "Clyde");
  EXPECT_THAT(reading.things[1].aliases, IsEmpty());
  EXPECT_EQ(reading.things[1].confidence, 0);
  ASSERT_EQ(reading.statements.size(), 2U);
  for (const graph::Statement& statement : reading.statements) {
    EXPECT_FALSE(statement.start);
    EXPECT_FALSE(statement.replaces);
    EXPECT_FALSE(statement.goal_status);
    EXPECT_EQ(statement.importance, 0);
    EXPECT_EQ(statement.roles.size(), 2U);
  }
}

TEST(Staged, metadata_changes_nothing_but_metadata) {
  Answers answers;
  answers.metadata["things"][1].update(
      {{"label", "Bonnie"}, {"type", "Concept"}, {"facts", Json::array()}, {"participant", 2}, {"of", nullptr}});
  answers.metadata["statements"][0].update({{"label", "Sale"}, {"type", "Goal"}, {"roles", Json::array()}});
  EXPECT_EQ(told(read(answers)), told(read(Answers())));
}

TEST(Staged, takes_nothing_from_an_answer_that_is_wrong_as_a_whole) {
  graph::Reading before;
  ASSERT_FALSE(kg_parse().read(Answers().facts.dump(), talk().question, before));
  ASSERT_FALSE(kg_facts().read(Answers().nodes.dump(), talk().question, before));
  for (const char* name : {"kg_parse", "kg_facts", "kg_metadata"}) {
    for (const char* answer : {"", "null", "[]", "{}", R"({"facts":{},"things":{},"statements":{}})", R"({"things":[]})",
                               R"({"facts":[],"things":[],"statements":[)"}) {
      graph::Reading reading = before;
      const auto bad = find_stage(name)->read(answer, talk().question, reading);
      ASSERT_TRUE(bad) << name << " " << answer;
      EXPECT_THAT(bad->reason, testing::AnyOf(HasSubstr("not parseable: "), HasSubstr("against the schema: ")));
      EXPECT_EQ(told(reading), told(before));
      EXPECT_THAT(reading.rejected, IsEmpty());
    }
  }
}

TEST(Staged, reads_the_same_each_time) {
  EXPECT_EQ(told(read(Answers())), told(read(Answers())));
}

TEST(Staged, caps_what_it_takes_of_endless_metadata) {
  Answers answers;
  for (int id = 1000; id < 1200; ++id) {
    Json item = answers.metadata["things"][0];
    item["id"] = id;
    answers.metadata["things"].push_back(item);
  }
  EXPECT_EQ(read(answers).rejected.size(), 200U);
}

TEST(Staged, stands_any_bytes) {
  std::mt19937 random(7);
  graph::Reading before;
  ASSERT_FALSE(kg_parse().read(Answers().facts.dump(), talk().question, before));
  ASSERT_FALSE(kg_facts().read(Answers().nodes.dump(), talk().question, before));
  for (const auto& [stage, good] : {std::pair{&kg_parse(), Answers().facts.dump()}, {&kg_facts(), Answers().nodes.dump()},
                                    {&kg_metadata(), Answers().metadata.dump()}}) {
    for (int round = 0; round < 2000; ++round) {
      std::string bytes = good;
      for (unsigned n = 1 + random() % 4; n > 0 && !bytes.empty(); --n) {
        const std::size_t at = random() % bytes.size();
        switch (random() % 3) {
          case 0: bytes[at] = static_cast<char>(random()); break;
          case 1: bytes.erase(at, 1 + random() % 9); break;
          default: bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
        }
      }
      graph::Reading reading = before;
      EXPECT_NO_THROW(stage->read(bytes, talk().question, reading));
      EXPECT_NO_THROW(mentions_of(reading, talk().question, talk().place));
    }
  }
}

}  // namespace
}  // namespace kg_batch::stages
