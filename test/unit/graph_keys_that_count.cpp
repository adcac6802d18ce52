// What a person splits off has keys of its own, and so has all that stands on it;
// everything else keeps the key that its chunk gave.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "graph/content_key.h"
#include "graph/keys_that_count.h"

namespace kg_batch::graph {
namespace {

Key key(const std::string& name) { return ContentKey("test").add(name).key(); }

GivenMention thing(int n, const std::string& name, std::set<int> facts) {
  GivenMention mention;
  mention.n = n;
  mention.given = key(name);
  mention.type = "Entity";
  mention.node_class = "person";
  mention.label = name;
  mention.named = true;
  mention.facts = std::move(facts);
  return mention;
}

GivenMention owned(int n, const std::string& name, const std::string& owner, const std::string& relation) {
  GivenMention mention = thing(n, name, {1});
  mention.named = false;
  mention.given_owner = key(owner);
  mention.relation = relation;
  return mention;
}

GivenMention statement(int n, const std::string& name) {
  GivenMention mention = thing(n, name, {1});
  mention.is_statement = true;
  mention.type = "State";
  return mention;
}

// Anna, her mother, her dog by name; a State of Anna's, one on that, one of Ben's.
std::vector<GivenMention> family() {
  std::vector<GivenMention> mentions{thing(1, "Anna", {1, 2}), owned(2, "mother", "Anna", "mother"), owned(3, "Rex", "Anna", "dog"),
                                     thing(4, "Ben", {3}),     statement(5, "home"),              statement(6, "because of home"),
                                     statement(7, "Ben's"),    statement(8, "of her mother")};
  mentions[0].participates = true;
  mentions[2].named = true;
  return mentions;
}

const std::vector<GivenRole> roles{{5, 1, "resident"}, {6, 5, "cause"}, {7, 4, "resident"}, {8, 2, "agent"}};

SplitHere split(const std::string& from, std::set<int> facts = {}) {
  const Key own = split_key(key(from), "conversation", {"club"});
  return {{{key(from), own}}, facts.empty(), std::move(facts)};
}

TEST(KeysThatCount, are_the_given_ones_without_a_split) {
  const KeysThatCount keys = keys_that_count(family(), roles, {});
  for (const GivenMention& mention : family()) EXPECT_EQ(keys.of_mention.at(mention.n), mention.given) << mention.label;
  EXPECT_EQ(keys.of_owner.at(2), key("Anna"));
}

TEST(KeysThatCount, change_for_what_is_split_off_and_what_stands_on_it) {
  const KeysThatCount keys = keys_that_count(family(), roles, {split("Anna")});
  std::vector<std::string> changed;
  for (const GivenMention& mention : family())
    if (keys.of_mention.at(mention.n) != mention.given) changed.push_back(mention.label);
  EXPECT_EQ(changed, (std::vector<std::string>{"Anna", "mother", "home", "because of home", "of her mother"}));
  EXPECT_EQ(keys.of_mention.at(1), split_key(key("Anna"), "conversation", {"club"}));
  EXPECT_EQ(keys.of_owner.at(3), keys.of_mention.at(1));  // Rex is the same dog, of the other Anna
}

TEST(KeysThatCount, are_equal_where_places_are_equal) {
  std::vector<GivenMention> elsewhere = family();
  std::reverse(elsewhere.begin(), elsewhere.end());
  for (GivenMention& mention : elsewhere) mention.n += 10;
  std::vector<GivenRole> moved = roles;
  for (GivenRole& role : moved) role = {role.statement + 10, role.target + 10, role.role};
  const KeysThatCount one = keys_that_count(family(), roles, {split("Anna")}), other = keys_that_count(elsewhere, moved, {split("Anna")});
  for (const auto& [n, counted] : one.of_mention) EXPECT_EQ(counted, other.of_mention.at(n + 10));
}

TEST(KeysThatCount, change_by_facts_only_for_what_cites_them) {
  EXPECT_EQ(keys_that_count(family(), roles, {split("Anna", {3})}).of_mention.at(1), key("Anna"));
  EXPECT_NE(keys_that_count(family(), roles, {split("Anna", {2})}).of_mention.at(1), key("Anna"));
}

TEST(KeysThatCount, what_was_split_off_first_is_no_more_there_for_the_second) {
  const SplitHere again{{{key("Anna"), key("second")}}, true, {}};
  EXPECT_EQ(keys_that_count(family(), roles, {split("Anna"), again}).of_mention.at(1), split_key(key("Anna"), "conversation", {"club"}));
  const SplitHere of_first{{{split_key(key("Anna"), "conversation", {"club"}), key("third")}}, true, {}};
  EXPECT_EQ(keys_that_count(family(), roles, {split("Anna"), of_first}).of_mention.at(1), key("third"));
}

TEST(KeysThatCount, one_side_of_a_statement_between_two_of_one_key) {
  // Two mentions of one thing in one statement, of which one is split off.
  const std::vector<GivenMention> two{thing(1, "Anna", {1}), thing(2, "Anna", {2}), statement(3, "met")};
  const std::vector<GivenRole> met{{3, 1, "agent"}, {3, 2, "agent"}};
  const Key none = keys_that_count(two, met, {}).of_mention.at(3), one = keys_that_count(two, met, {split("Anna", {2})}).of_mention.at(3),
            both = keys_that_count(two, met, {split("Anna")}).of_mention.at(3);
  EXPECT_NE(none, one);
  EXPECT_NE(one, both);
  EXPECT_NE(none, both);
}

TEST(KeysThatCount, of_what_stands_on_itself_there_is_one) {
  std::vector<GivenMention> rings{statement(1, "a"), statement(2, "b"), thing(3, "Anna", {1})};
  const KeysThatCount keys = keys_that_count(rings, {{1, 2, "cause"}, {2, 1, "cause"}, {2, 3, "agent"}}, {split("Anna")});
  EXPECT_EQ(keys.of_mention.size(), 3u);
}

TEST(SplitKey, is_of_the_key_and_the_place) {
  EXPECT_NE(split_key(key("a"), "conversation", {"club"}), split_key(key("b"), "conversation", {"club"}));
  EXPECT_NE(split_key(key("a"), "conversation", {"club"}), split_key(key("a"), "conversation", {"work"}));
  EXPECT_NE(split_key(key("a"), "conversation", {"club"}), split_key(key("a"), "facts", {"club"}));
  EXPECT_NE(split_key(key("a"), "facts", {"1", "2"}), split_key(key("a"), "facts", {"12"}));
}

}  // namespace
}  // namespace kg_batch::graph
