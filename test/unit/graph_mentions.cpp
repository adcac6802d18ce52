#include "graph/mentions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "stages_conversation.h"

namespace kg_batch::graph {
namespace {

using test::Conversation;
using testing::ElementsAre;

Fact fact(int id, int sentence = 1, std::string quote = "") {
  return {id, "fact " + std::to_string(id), Modality::asserted, false, {{sentence, std::move(quote)}}};
}

Thing named(int id, std::string label, std::string thing_class = "person", std::vector<int> facts = {1}) {
  Thing thing;
  thing.id = id;
  thing.type = "Entity";
  thing.label = std::move(label);
  thing.thing_class = std::move(thing_class);
  thing.category = thing.thing_class;
  thing.named = true;
  thing.facts = std::move(facts);
  return thing;
}

Thing unnamed(int id, std::string label, std::string thing_class = "person", std::vector<int> facts = {1}) {
  Thing thing = named(id, std::move(label), std::move(thing_class), std::move(facts));
  thing.named = false;
  return thing;
}

Thing speaker(int id, std::string label, int participant, std::vector<int> facts = {1}) {
  Thing thing = named(id, std::move(label), "person", std::move(facts));
  thing.participant = participant;
  return thing;
}

Thing of(Thing thing, int owner, std::string relation) {
  thing.of = owner;
  thing.relation = std::move(relation);
  return thing;
}

Statement statement(int id, std::string type, std::string label, std::vector<RoleOf> roles, std::vector<int> facts = {1}) {
  Statement value;
  value.id = id;
  value.type = std::move(type);
  value.label = label;
  value.category = std::move(label);
  value.facts = std::move(facts);
  value.roles = std::move(roles);
  return value;
}

Conversation one_sentence(std::string key = "conversation 1") {
  Conversation conversation({"Alice", "Bob"}, std::move(key));
  conversation.says(1, {"Some words."});
  return conversation;
}

Key key_of(const Mentions& mentions, std::size_t n) { return mentions.nodes.at(n - 1).key; }

Key key_of_one(const Thing& thing, const Conversation& conversation = one_sentence()) {
  return key_of(mentions_of({{fact(1)}, {thing}, {}, {}}, conversation.question, conversation.place), 1);
}

// Alice (1) and Clyde (2) with a statement about them.
Key key_of_statement_about(const Statement& about, const Conversation& conversation = one_sentence(),
                           std::vector<Fact> facts = {fact(1)}, const std::string& pet = "Clyde") {
  const Reading reading{std::move(facts), {speaker(1, "Alice", 1), named(2, pet, "animal")}, {about}, {}};
  return key_of(mentions_of(reading, conversation.question, conversation.place), 3);
}

TEST(ThingKeys, of_a_proper_name_reach_through_the_graph) {
  const Key clyde = key_of_one(named(1, "Clyde", "animal"));
  EXPECT_EQ(clyde, key_of_one(named(7, "CLYDE", "animal"), one_sentence("conversation 2")));
  EXPECT_NE(clyde, key_of_one(named(1, "Clyde", "person")));
  EXPECT_NE(clyde, key_of_one(named(1, "Bonnie", "animal")));
}

TEST(ThingKeys, of_a_proper_name_stay_in_the_conversation_where_names_are_shared) {
  Conversation here = one_sentence("conversation 1");
  Conversation there = one_sentence("conversation 2");
  here.place.names_shared = there.place.names_shared = true;
  const Thing clyde = named(1, "Clyde", "animal");
  EXPECT_EQ(key_of_one(clyde, here), key_of_one(clyde, here));
  EXPECT_NE(key_of_one(clyde, here), key_of_one(clyde, there));
}

TEST(ThingKeys, of_entity_and_concept_are_shared) {
  Thing concept_thing = named(1, "Pottery", "other");
  concept_thing.type = "Concept";
  EXPECT_EQ(key_of_one(concept_thing), key_of_one(named(1, "pottery", "other")));
}

TEST(ThingKeys, of_a_topic_reach_through_the_graph) {
  Thing topic = unnamed(1, "climate change", "other");
  topic.type = "Concept";
  EXPECT_EQ(key_of_one(topic), key_of_one(topic, one_sentence("conversation 2").in_segment("segment 2")));
}

TEST(ThingKeys, of_a_kin_word_stay_in_the_conversation) {
  EXPECT_NE(key_of_one(named(1, "Mum")), key_of_one(named(1, "Mum"), one_sentence("conversation 2")));
  EXPECT_EQ(key_of_one(named(1, "Mother", "work")), key_of_one(named(1, "Mother", "work"), one_sentence("conversation 2")));
}

TEST(ThingScopes, say_what_else_the_key_holds) {
  const Conversation conversation = one_sentence();
  const Reading reading{{fact(1)},
                        {speaker(1, "Alice", 1), of(unnamed(2, "dog", "animal"), 1, "dog"), named(3, "Mum"),
                         named(4, "Clyde", "animal"), named(5, "Alice"), named(6, "Max"), named(7, "Max")},
                        {},
                        {}};
  const std::vector<MentionRow> rows = mentions_of(reading, conversation.question, conversation.place).nodes;
  EXPECT_EQ(rows[0].scope, "");
  EXPECT_EQ(rows[1].scope, "segment\x1f" + conversation.place.messages.front().segment_key);
  EXPECT_EQ(rows[1].owner, rows[0].key);
  EXPECT_EQ(rows[1].relation, "dog");
  EXPECT_EQ(rows[2].scope, conversation.place.conversation_key);
  EXPECT_EQ(rows[2].owner, std::nullopt);
  EXPECT_EQ(rows[3].scope, "");
  EXPECT_TRUE(rows[4].scope.starts_with("beside participant\x1f")) << rows[4].scope;
  // Told apart by one answer: alike but for the last part.
  const auto without_ordinal = [](const std::string& scope) { return scope.substr(0, scope.rfind('\x1f')); };
  EXPECT_TRUE(rows[5].scope.starts_with("same name\x1f")) << rows[5].scope;
  EXPECT_EQ(without_ordinal(rows[5].scope), without_ordinal(rows[6].scope));
  EXPECT_NE(rows[5].scope, rows[6].scope);
}

TEST(ThingKeys, of_a_participant_are_those_of_who_speaks) {
  const Conversation plain = one_sentence();
  EXPECT_EQ(key_of_one(speaker(1, "Ali", 1), plain), key_of_one(named(1, "Alice"), one_sentence("conversation 2")));
  EXPECT_NE(key_of_one(speaker(1, "Alice", 1), plain), key_of_one(speaker(1, "Bob", 2), plain));

  Conversation with_id = one_sentence();
  with_id.place.participants[0].speaker_id = "u17";
  Conversation renamed = one_sentence("conversation 2");
  renamed.place.participants[0].name = "Alice M.";
  renamed.place.participants[0].speaker_id = "u17";
  EXPECT_EQ(key_of_one(speaker(1, "Alice", 1), with_id), key_of_one(speaker(1, "Alice M.", 1), renamed));
  EXPECT_NE(key_of_one(speaker(1, "Alice", 1), with_id), key_of_one(speaker(1, "Alice", 1), plain));

  Conversation self = one_sentence();
  self.place.participants[0].name = "user";
  self.place.participants[0].is_self = true;
  Conversation self_too = one_sentence("conversation 2");
  self_too.place.participants[1].is_self = true;
  EXPECT_EQ(key_of_one(speaker(1, "user", 1), self), key_of_one(speaker(1, "user", 2), self_too));
}

TEST(ThingKeys, of_a_nameless_participant_stay_in_the_conversation) {
  Conversation here = one_sentence("conversation 1");
  Conversation there = one_sentence("conversation 2");
  for (Conversation* conversation : {&here, &there}) {
    conversation->place.participants[0].name = "Speaker 1";
    conversation->place.participants[0].nameless = true;
  }
  EXPECT_NE(key_of_one(speaker(1, "Speaker 1", 1), here), key_of_one(speaker(1, "Speaker 1", 1), there));
  EXPECT_EQ(key_of_one(speaker(1, "Speaker 1", 1), here), key_of_one(named(1, "speaker 1"), here));
}

TEST(ThingKeys, of_two_participants_of_one_name_are_two) {
  Conversation conversation({"Anna", "Anna (2)"});
  conversation.says(1, {"Hi."});
  for (ParticipantIdentity& participant : conversation.place.participants) {
    participant.name = "Anna";
    participant.namesake = true;
  }
  const Key first = key_of_one(speaker(1, "Anna", 1), conversation);
  const Key second = key_of_one(speaker(1, "Anna (2)", 2), conversation);
  const Key somebody = key_of_one(named(1, "Anna"), conversation);
  EXPECT_NE(first, second);
  EXPECT_NE(first, somebody);
  EXPECT_NE(second, somebody);
  EXPECT_NE(somebody, key_of_one(named(1, "Anna"), one_sentence("conversation 2")));
  const Mentions mentions =
      mentions_of({{fact(1)}, {speaker(1, "Anna (2)", 2)}, {}, {}}, conversation.question, conversation.place);
  EXPECT_EQ(mentions.nodes.at(0).label, "Anna");
}

TEST(ThingKeys, of_two_things_that_one_answer_lists_apart_are_two) {
  const Conversation conversation = one_sentence();
  const Reading twice{{fact(1)}, {named(1, "Clyde", "animal"), named(2, "clyde", "animal")}, {}, {}};
  const Mentions mentions = mentions_of(twice, conversation.question, conversation.place);
  const Key plain = key_of_one(named(1, "Clyde", "animal"));
  EXPECT_NE(key_of(mentions, 1), key_of(mentions, 2));
  EXPECT_NE(key_of(mentions, 1), plain);
  EXPECT_NE(key_of(mentions, 2), plain);

  // Neither is the second Clyde of another chunk the second Clyde of this one.
  Conversation later = one_sentence();
  later.says(2, {"Other words."});
  const Mentions others = mentions_of(twice, later.question, later.place);
  EXPECT_NE(key_of(mentions, 1), key_of(others, 1));
  EXPECT_NE(key_of(mentions, 2), key_of(others, 2));
}

TEST(ThingKeys, leave_the_name_to_the_participant_where_somebody_else_has_it_too) {
  const Conversation conversation = one_sentence();
  const Reading reading{{fact(1)}, {named(1, "Alice"), speaker(2, "Alice", 1), speaker(3, "Ally", 1)}, {}, {}};
  const Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  EXPECT_EQ(key_of(mentions, 2), key_of_one(named(1, "Alice")));
  EXPECT_EQ(key_of(mentions, 3), key_of(mentions, 2));
  EXPECT_NE(key_of(mentions, 1), key_of(mentions, 2));
}

TEST(ThingKeys, of_the_unnamed_stay_in_their_segment) {
  Conversation conversation({"Alice", "Bob"});
  conversation.says(1, {"My car."}).in_segment("segment 2").says(1, {"My car."});
  const Reading reading{{fact(1, 1), fact(2, 2), fact(3, 1)},
                        {unnamed(1, "car", "product", {1}), unnamed(2, "car", "product", {2}),
                         unnamed(3, "house", "place", {3})},
                        {},
                        {}};
  const Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  EXPECT_NE(key_of(mentions, 1), key_of(mentions, 2));
  EXPECT_EQ(key_of(mentions, 1), key_of_one(unnamed(1, "Car", "product")));
}

TEST(ThingKeys, of_the_unnamed_say_whose_they_are) {
  const Conversation conversation = one_sentence();
  const Reading reading{{fact(1)},
                        {speaker(1, "Alice", 1), speaker(2, "Bob", 2), of(unnamed(3, "car", "product"), 1, "car"),
                         of(unnamed(4, "car", "product"), 2, "car"), unnamed(5, "car", "product")},
                        {},
                        {}};
  const Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  EXPECT_EQ(std::set<Key>({key_of(mentions, 3), key_of(mentions, 4), key_of(mentions, 5)}).size(), 3U);
}

TEST(ThingKeys, of_a_speakers_mother_reach_through_the_graph_whatever_she_is_called) {
  const auto mother = [](const std::string& label, int owner, const std::string& relation, const std::string& key) {
    Conversation conversation = one_sentence(key);
    conversation.in_segment(key);
    const Reading reading{{fact(1)},
                          {speaker(1, owner == 1 ? "Alice" : "Bob", owner), of(unnamed(2, label), 1, relation)},
                          {},
                          {}};
    return key_of(mentions_of(reading, conversation.question, conversation.place), 2);
  };
  EXPECT_EQ(mother("mother", 1, "mother", "a"), mother("Mutter", 1, "mother", "b"));
  EXPECT_NE(mother("mother", 1, "mother", "a"), mother("mother", 2, "mother", "a"));
  EXPECT_NE(mother("mother", 1, "mother", "a"), mother("father", 1, "father", "a"));
}

TEST(ThingKeys, of_a_brother_do_not_leave_the_segment) {
  const auto brother = [](const std::string& segment) {
    Conversation conversation({"Alice"});
    conversation.in_segment(segment).says(1, {"My brother."});
    const Reading reading{{fact(1)}, {speaker(1, "Alice", 1), of(unnamed(2, "brother"), 1, "brother")}, {}, {}};
    return key_of(mentions_of(reading, conversation.question, conversation.place), 2);
  };
  EXPECT_NE(brother("segment 1"), brother("segment 2"));
}

TEST(ThingKeys, survive_things_that_belong_to_each_other) {
  const Conversation conversation = one_sentence();
  const Reading reading{{fact(1)}, {of(unnamed(1, "a"), 2, "other"), of(unnamed(2, "b"), 1, "other")}, {}, {}};
  const Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  EXPECT_EQ(mentions.nodes.size(), 2U);
  ASSERT_EQ(mentions.rejected.size(), 1U);
  EXPECT_EQ(mentions.rejected[0].item, "thing 2, of");
}

TEST(StatementKeys, keep_two_ownerships_apart) {
  const Statement owns = statement(3, "State", "Ownership", {{"owner", {}, 1}, {"owned", {}, 2}});
  EXPECT_NE(key_of_statement_about(owns), key_of_statement_about(owns, one_sentence(), {fact(1)}, "Bonnie"));
  EXPECT_EQ(key_of_statement_about(owns), key_of_statement_about(owns, one_sentence("conversation 2")));
}

TEST(StatementKeys, hold_what_makes_a_statement_another) {
  const Statement base = statement(3, "State", "Liking", {{"agent", {}, 1}, {"object", {}, 2}});
  const Key key = key_of_statement_about(base);
  EXPECT_EQ(key, key_of_statement_about(statement(9, "State", "liking", {{"object", {}, 2}, {"agent", {}, 1}})));
  EXPECT_NE(key, key_of_statement_about(statement(3, "Goal", "Liking", {{"agent", {}, 1}, {"object", {}, 2}})));
  EXPECT_NE(key, key_of_statement_about(statement(3, "State", "Hating", {{"agent", {}, 1}, {"object", {}, 2}})));
  EXPECT_NE(key, key_of_statement_about(statement(3, "State", "Liking", {{"object", {}, 1}, {"agent", {}, 2}})));
  EXPECT_NE(key, key_of_statement_about(statement(3, "State", "Liking", {{"agent", {}, 1}})));
  EXPECT_NE(key, key_of_statement_about(statement(3, "State", "Liking", {{"agent", {}, 1}, {"other", "rival", 2}})));
  Statement kind = base;
  kind.category = "friendship";
  EXPECT_NE(key, key_of_statement_about(kind));
  Fact denied = fact(1);
  denied.negated = true;
  EXPECT_NE(key, key_of_statement_about(base, one_sentence(), {denied}));
  Statement dated = base;
  dated.start = Date{"2022-05-01", How::actual};
  EXPECT_EQ(key, key_of_statement_about(dated));  // a State is one through its periods
}

TEST(StatementKeys, are_negated_only_when_all_facts_are) {
  Fact denied = fact(1);
  denied.negated = true;
  const Statement likes = statement(3, "State", "Liking", {{"agent", {}, 1}, {"object", {}, 2}}, {1, 2});
  EXPECT_EQ(key_of_statement_about(likes, one_sentence(), {denied, fact(2)}),
            key_of_statement_about(likes, one_sentence(), {fact(1), fact(2)}));
}

TEST(StatementKeys, of_an_event_hold_its_day_or_its_segment) {
  const Statement undated = statement(3, "Event", "Concert", {{"attendee", {}, 1}});
  const auto on = [&](std::string start, How how, std::optional<Date> end = std::nullopt) {
    Statement event = undated;
    event.start = Date{std::move(start), how};
    event.end = std::move(end);
    return event;
  };
  Conversation elsewhere({"Alice", "Bob"}, "conversation 2");
  elsewhere.in_segment("segment 2").says(1, {"Some words."});
  const auto here_and_there_same = [&](const Statement& event) {
    return key_of_statement_about(event) == key_of_statement_about(event, elsewhere);
  };
  EXPECT_FALSE(here_and_there_same(undated));
  EXPECT_TRUE(here_and_there_same(on("2023-05-08", How::actual)));
  EXPECT_TRUE(here_and_there_same(on("2023-05-08", How::inferred, Date{"2023-05-08T22:00", How::inferred})));
  EXPECT_FALSE(here_and_there_same(on("2023-05-08", How::estimated)));
  EXPECT_FALSE(here_and_there_same(on("2023-05", How::actual)));
  EXPECT_FALSE(here_and_there_same(on("2023-05-08", How::actual, Date{"2023-05-09", How::actual})));
  EXPECT_EQ(key_of_statement_about(on("2023-05-08T20:00", How::actual)), key_of_statement_about(on("2023-05-08", How::inferred)));
  EXPECT_NE(key_of_statement_about(on("2023-05-08", How::actual)), key_of_statement_about(on("2023-05-09", How::actual)));
}

TEST(StatementKeys, of_nobody_known_stay_in_the_segment) {
  Conversation elsewhere({"Alice", "Bob"}, "conversation 2");
  elsewhere.in_segment("segment 2").says(1, {"Some words."});
  // Jazz (1), and Clyde (2), with a statement (3) and one about that (4).
  const auto reaches = [&](std::vector<RoleOf> roles, std::size_t n) {
    Thing jazz = unnamed(1, "jazz", "other");
    jazz.type = "Concept";
    const Reading reading{{fact(1)},
                          {jazz, named(2, "Clyde", "animal")},
                          {statement(3, "State", "Influence", std::move(roles)), statement(4, "State", "Regret", {{"cause", {}, 3}})},
                          {}};
    const Conversation here = one_sentence();
    return key_of(mentions_of(reading, here.question, here.place), n) == key_of(mentions_of(reading, elsewhere.question, elsewhere.place), n);
  };
  EXPECT_FALSE(reaches({{"agent", {}, 1}}, 3)) << "of a topic";
  EXPECT_FALSE(reaches({{"agent", {}, 1}}, 4)) << "of what is of a topic";
  EXPECT_TRUE(reaches({{"agent", {}, 1}, {"object", {}, 2}}, 3)) << "of who has a name";
  EXPECT_TRUE(reaches({{"agent", {}, 1}, {"object", {}, 2}}, 4)) << "of what is of who has a name";
}

TEST(StatementKeys, follow_the_statements_they_point_to) {
  const auto cause = [](const std::string& of_what) {
    const Conversation conversation = one_sentence();
    const Reading reading{{fact(1)},
                          {speaker(1, "Alice", 1)},
                          // Listed before what it points to.
                          {statement(5, "State", "Cause", {{"holder", {}, 1}, {"cause", {}, 6}}),
                           statement(6, "State", of_what, {{"experiencer", {}, 1}})},
                          {}};
    return key_of(mentions_of(reading, conversation.question, conversation.place), 2);
  };
  EXPECT_EQ(cause("Stress"), cause("stress"));
  EXPECT_NE(cause("Stress"), cause("Joy"));
}

TEST(StatementKeys, break_a_circle_and_reject_the_role_that_closes_it) {
  const Conversation conversation = one_sentence();
  const Reading reading{{fact(1)},
                        {speaker(1, "Alice", 1)},
                        {statement(2, "State", "A", {{"cause", {}, 3}}),
                         statement(3, "State", "B", {{"holder", {}, 1}, {"cause", {}, 2}}),
                         statement(4, "State", "C", {{"cause", {}, 4}}),
                         statement(5, "State", "D", {{"cause", {}, 4}, {"holder", {}, 1}})},
                        {}};
  const Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  std::vector<std::string> rejected;
  for (const Rejected& item : mentions.rejected) {
    rejected.push_back(item.item);
  }
  EXPECT_THAT(rejected, testing::UnorderedElementsAre("statement 3, role 2", "statement 4, role 1", "statement 4",
                                                      "statement 5, role 1"));
  ASSERT_EQ(mentions.nodes.size(), 4U);
  EXPECT_EQ(mentions.edges.size(), 3U);
}

TEST(StatementKeys, may_be_equal_and_both_are_kept) {
  const Conversation conversation = one_sentence();
  const Reading reading{{fact(1)},
                        {speaker(1, "Alice", 1)},
                        {statement(2, "State", "Joy", {{"experiencer", {}, 1}}),
                         statement(3, "State", "Joy", {{"experiencer", {}, 1}})},
                        {}};
  const Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  ASSERT_EQ(mentions.nodes.size(), 3U);
  EXPECT_EQ(key_of(mentions, 2), key_of(mentions, 3));
  EXPECT_NE(mentions.nodes[1].n, mentions.nodes[2].n);
}

TEST(Evidence, points_at_the_characters_of_the_message) {
  Conversation conversation({"Alice"});
  conversation.says(1, {"Grüße 👋 an alle.", "I adopted “Clyde”  last May."});
  const Reading reading{{fact(1, 2, "i adopted \"clyde\" LAST may"), fact(2, 2, "I adopted Bonnie")},
                        {speaker(1, "Alice", 1)},
                        {},
                        {}};
  const Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  ASSERT_EQ(mentions.sources.size(), 2U);
  const SourceRow& quoted = mentions.sources[0];
  EXPECT_TRUE(quoted.matched);
  EXPECT_EQ(chunking::char_slice(conversation.place.messages[0].text, quoted.span_start, quoted.span_end),
            "I adopted “Clyde”  last May");
  EXPECT_EQ(quoted.quote, "i adopted \"clyde\" LAST may");
  const SourceRow& missed = mentions.sources[1];
  EXPECT_FALSE(missed.matched);
  EXPECT_EQ(chunking::char_slice(conversation.place.messages[0].text, missed.span_start, missed.span_end),
            "I adopted “Clyde”  last May.");
  EXPECT_EQ(missed.span_start, missed.sentence_start);
}

TEST(Evidence, of_a_placeholder_is_the_whole_of_what_it_stands_for) {
  Conversation conversation({"Alice"});
  conversation.says(1, {"int main() { return 0; }"});
  conversation.question.messages[0].sentences[0].text = "[code, 1 line]";
  conversation.question.messages[0].sentences[0].where.shown = chunking::Shown::code;
  const Reading reading{{fact(1, 1, "[code, 1 line]"), fact(2, 1, "main")}, {speaker(1, "Alice", 1)}, {}, {}};
  for (const SourceRow& source : mentions_of(reading, conversation.question, conversation.place).sources) {
    EXPECT_FALSE(source.matched);
    EXPECT_EQ(source.span_start, 0);
    EXPECT_EQ(source.span_end, 24);
  }
}

TEST(Evidence, says_who_said_a_fact_and_when) {
  Conversation conversation({"Alice", "Bob"});
  conversation.at(10).said_before(2, {"Any pets?"}).at(20).says(0, {"Tell me."}).at(30).says(1, {"Yes.", "Clyde."});
  Reading reading{{fact(1), fact(2), fact(3)}, {speaker(1, "Alice", 1)}, {}, {}};
  reading.facts[0].evidence = {{3, ""}, {-1, ""}, {2, ""}};
  reading.facts[1].evidence = {{1, ""}, {2, ""}};
  reading.facts[2].evidence = {{-1, ""}, {1, ""}};
  const Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  ASSERT_EQ(mentions.facts.size(), 3U);
  EXPECT_EQ(mentions.facts[0].said_by, 1);
  EXPECT_EQ(mentions.facts[0].said_at_us, 30);
  EXPECT_EQ(mentions.facts[0].first_message_id, 102);
  EXPECT_EQ(mentions.facts[1].said_by, 1);  // beside the assistant's words
  EXPECT_EQ(mentions.facts[1].said_at_us, 20);
  EXPECT_EQ(mentions.facts[2].said_by, 2);
  EXPECT_EQ(mentions.facts[2].first_message_id, 101);
}

TEST(MentionRows, are_as_sure_as_their_surest_fact_and_said_with_the_first) {
  Conversation conversation({"Alice"});
  conversation.at(50).says(1, {"Later."}).at(40).says(1, {"Sooner."});
  Reading reading{{fact(1, 1), fact(2, 2)},
                  {speaker(1, "Alice", 1, {1, 2})},
                  {statement(2, "State", "Joy", {{"experiencer", {}, 1}}, {1, 2})},
                  {}};
  reading.facts[0].modality = Modality::hypothetical;
  reading.facts[1].modality = Modality::reported;
  reading.facts[0].negated = reading.facts[1].negated = true;
  const Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  EXPECT_EQ(mentions.nodes[1].modality, Modality::reported);
  EXPECT_EQ(mentions.nodes[1].said_at_us, 40);
  EXPECT_TRUE(mentions.nodes[1].negated);
  EXPECT_THAT(mentions.nodes[1].facts, ElementsAre(1, 2));
  EXPECT_FALSE(mentions.nodes[0].negated);  // nobody is negated
}

TEST(MentionRows, without_facts_of_their_own_take_those_they_serve) {
  const Conversation conversation = one_sentence();
  const Reading reading{{fact(5), fact(7)},
                        {named(1, "Rome", "place", {}), of(unnamed(2, "brother", "person", {}), 3, "brother"),
                         named(3, "Dana", "person", {})},
                        {statement(4, "State", "Residence", {{"resident", {}, 2}, {"place", {}, 1}}, {7})},
                        {}};
  const Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  for (const MentionRow& node : mentions.nodes) {
    EXPECT_THAT(node.facts, ElementsAre(2)) << node.label;
  }
}

TEST(MentionRows, count_from_one_things_first) {
  const Conversation conversation = one_sentence();
  const Reading reading{{fact(1)},
                        {named(10, "Rome", "place"), speaker(30, "Alice", 1)},
                        {statement(20, "State", "Residence", {{"resident", {}, 30}, {"place", {}, 10}})},
                        {}};
  const Mentions mentions = mentions_of(reading, conversation.question, conversation.place);
  ASSERT_EQ(mentions.nodes.size(), 3U);
  EXPECT_EQ(mentions.nodes[2].n, 3);
  EXPECT_TRUE(mentions.nodes[2].is_statement);
  ASSERT_EQ(mentions.edges.size(), 2U);
  EXPECT_EQ(mentions.edges[0].statement, 3);
  EXPECT_EQ(mentions.edges[0].target, 2);
  EXPECT_EQ(mentions.edges[1].target, 1);
  EXPECT_EQ(mentions.nodes[0].label_key, "rome");
}

// Keys as a set: what a shuffled answer must leave as it is.
std::multiset<std::pair<std::string, Key>> keys_of(const Mentions& mentions) {
  std::multiset<std::pair<std::string, Key>> keys;
  for (const MentionRow& node : mentions.nodes) {
    keys.emplace(node.label, node.key);
  }
  return keys;
}

TEST(MentionKeys, do_not_depend_on_the_order_of_the_answer) {
  Conversation conversation({"Alice", "Bob"});
  conversation.says(1, {"One.", "Two."}).in_segment("segment 2").says(2, {"Three."});
  Reading reading;
  for (int id = 1; id <= 6; ++id) {
    reading.facts.push_back(fact(id, 1 + id % 3));
  }
  reading.things = {speaker(1, "Alice", 1, {1}),        named(2, "Anna", "person", {2}),
                    named(3, "Anna", "person", {3}),    of(unnamed(4, "dog", "animal", {4}), 1, "dog"),
                    of(unnamed(5, "dog", "animal", {5}), 1, "dog"), of(unnamed(6, "mother", "person", {}), 1, "mother"),
                    of(unnamed(7, "house", "place", {6}), 6, "home")};
  reading.statements = {statement(8, "Event", "Visit", {{"agent", {}, 2}, {"place", {}, 7}}, {2}),
                        statement(9, "State", "Cause", {{"cause", {}, 8}, {"result", {}, 10}}, {3}),
                        statement(10, "State", "Joy", {{"experiencer", {}, 1}, {"cause", {}, 9}}, {1, 4}),
                        statement(11, "Goal", "Trip", {{"agent", {}, 6}, {"companion", {}, 4}}, {5})};
  const auto keys = keys_of(mentions_of(reading, conversation.question, conversation.place));
  EXPECT_EQ(keys.size(), 11U);
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::shuffle(reading.facts.begin(), reading.facts.end(), random);
    std::shuffle(reading.things.begin(), reading.things.end(), random);
    std::shuffle(reading.statements.begin(), reading.statements.end(), random);
    for (Statement& one : reading.statements) {
      std::shuffle(one.roles.begin(), one.roles.end(), random);
    }
    ASSERT_EQ(keys_of(mentions_of(reading, conversation.question, conversation.place)), keys);
  }
}

TEST(MentionKeys, do_not_depend_on_row_ids) {
  Conversation conversation = one_sentence();
  const Reading reading{{fact(1)},
                        {speaker(1, "Alice", 1), named(2, "Anna"), named(3, "Anna"), unnamed(4, "car", "product")},
                        {statement(5, "Event", "Drive", {{"agent", {}, 1}, {"object", {}, 4}})},
                        {}};
  const auto keys = keys_of(mentions_of(reading, conversation.question, conversation.place));
  conversation.place.messages[0].message_id = 77777;
  conversation.question.messages[0].sentences[0].where.message_id = 77777;
  EXPECT_EQ(keys_of(mentions_of(reading, conversation.question, conversation.place)), keys);
}

}  // namespace
}  // namespace kg_batch::graph
