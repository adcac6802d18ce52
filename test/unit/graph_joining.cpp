// Joining: what groups come of decided pairs, in whatever order they are given.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "graph/joining.h"
#include "graph_gold.h"

namespace kg_batch::graph {
namespace {

// Identities that nothing forbids to join, by one letter and number each.
struct Given {
  std::vector<IdentityView> identities;
  std::vector<DecidedPair> pairs;

  IdentityView& add(const std::string& name) {
    IdentityView view;
    view.key = key_of_text(name);
    view.type = "Entity";
    view.node_class = "person";
    view.named = true;
    view.label = view.label_key = "name";
    return identities.emplace_back(view);
  }
  void decide(const std::string& a, const std::string& b, Verdict verdict, int confidence = 950, Origin origin = Origin::model,
              std::int64_t said = 0) {
    pairs.push_back({key_of_text(a), key_of_text(b), verdict, confidence, origin, said});
  }
  void same(const std::string& a, const std::string& b, int confidence = 950) { decide(a, b, Verdict::same, confidence); }
  void different(const std::string& a, const std::string& b) { decide(a, b, Verdict::different); }
  void person(const std::string& a, const std::string& b, Verdict verdict, std::int64_t said) {
    decide(a, b, verdict, 1000, Origin::person, said);
  }
  Joined join() const { return graph::join(identities, pairs); }
};

Given given(const std::vector<std::string>& names) {
  Given given;
  for (const std::string& name : names) given.add(name);
  return given;
}

bool together(const Joined& joined, const std::string& a, const std::string& b) {
  return std::any_of(joined.groups.begin(), joined.groups.end(), [&](const std::vector<Key>& group) {
    return std::find(group.begin(), group.end(), key_of_text(a)) != group.end() &&
           std::find(group.begin(), group.end(), key_of_text(b)) != group.end();
  });
}

TEST(Joining, makes_one_of_what_is_connected) {
  Given input = given({"a", "b", "c", "d"});
  input.same("a", "b");
  input.same("b", "c");
  const Joined joined = input.join();
  EXPECT_EQ(joined.groups.size(), 2U);
  EXPECT_TRUE(together(joined, "a", "c"));
  EXPECT_TRUE(joined.skipped.empty());
}

TEST(Joining, honours_a_different_across_others) {
  Given input = given({"a", "b", "c"});
  input.same("a", "b", 990);
  input.same("b", "c", 950);
  input.different("a", "c");
  const Joined joined = input.join();
  EXPECT_TRUE(together(joined, "a", "b"));
  EXPECT_FALSE(together(joined, "b", "c"));
  ASSERT_EQ(joined.skipped.size(), 1U);
  EXPECT_EQ(joined.skipped[0].reason, "different");
  EXPECT_EQ(std::set({joined.skipped[0].x, joined.skipped[0].y}), std::set({key_of_text("a"), key_of_text("c")}));
}

TEST(Joining, takes_the_surer_pair_first) {
  Given input = given({"a", "b", "c"});
  input.same("a", "b", 950);
  input.same("b", "c", 990);
  input.different("a", "c");
  EXPECT_TRUE(together(input.join(), "b", "c"));
  EXPECT_FALSE(together(input.join(), "a", "b"));
}

TEST(Joining, honours_a_veto_between_any_two_members) {
  Given input = given({"a", "b"});
  input.add("jr").label_key = "sam miller jr";
  input.add("sr").label_key = "sam miller sr";
  input.same("a", "jr");
  input.same("a", "b", 940);
  input.same("b", "sr", 930);
  const Joined joined = input.join();
  EXPECT_TRUE(together(joined, "jr", "b"));
  EXPECT_FALSE(together(joined, "jr", "sr"));
  ASSERT_EQ(joined.skipped.size(), 1U);
  EXPECT_EQ(joined.skipped[0].reason, "numbers");
  EXPECT_EQ(std::set({joined.skipped[0].x, joined.skipped[0].y}), std::set({key_of_text("jr"), key_of_text("sr")}));
}

// What is unsure of a short name must not make one of two whole ones.
TEST(Joining, makes_no_bridge_of_a_given_name) {
  Given input;
  input.add("anna").label_key = "anna";
  input.add("miller").label_key = "anna miller";
  input.add("weber").label_key = "anna weber";
  input.same("anna", "miller", 960);
  input.same("anna", "weber", 950);
  const Joined joined = input.join();
  EXPECT_TRUE(together(joined, "anna", "miller"));
  EXPECT_FALSE(together(joined, "anna", "weber"));
  EXPECT_EQ(joined.skipped.at(0).reason, "full names");
}

TEST(Joining, a_pair_of_which_both_is_said_stays_apart) {
  Given input = given({"a", "b"});
  input.decide("a", "b", Verdict::same, 1000, Origin::rule);
  input.different("b", "a");
  EXPECT_FALSE(together(input.join(), "a", "b"));
}

TEST(Joining, a_person_beats_models_and_vetoes) {
  Given input = given({"a", "b"});
  input.add("jr").label_key = "sam miller jr";
  input.add("sr").label_key = "sam miller sr";
  input.different("a", "b");
  input.person("a", "b", Verdict::same, 1);
  input.person("jr", "sr", Verdict::same, 2);
  EXPECT_TRUE(together(input.join(), "a", "b"));
  EXPECT_TRUE(together(input.join(), "jr", "sr"));
}

TEST(Joining, a_person_keeps_apart_what_a_rule_joins) {
  Given input = given({"a", "b"});
  input.decide("a", "b", Verdict::same, 1000, Origin::rule);
  input.person("b", "a", Verdict::different, 1);
  const Joined joined = input.join();
  EXPECT_FALSE(together(joined, "a", "b"));
  ASSERT_EQ(joined.skipped.size(), 1U);
  EXPECT_EQ(joined.skipped[0].reason, "different");
}

TEST(Joining, the_later_word_of_a_person_beats_the_earlier) {
  Given input = given({"a", "b"});
  input.person("a", "b", Verdict::same, 1);
  input.person("a", "b", Verdict::different, 2);
  EXPECT_FALSE(together(input.join(), "a", "b"));
  EXPECT_EQ(input.join().skipped.at(0).reason, "later word");
  input.person("b", "a", Verdict::same, 3);
  EXPECT_TRUE(together(input.join(), "a", "b"));
  EXPECT_TRUE(input.join().skipped.empty());
}

TEST(Joining, the_later_word_beats_earlier_ones_across_others) {
  Given input = given({"a", "b", "c"});
  input.person("a", "c", Verdict::different, 2);
  input.person("a", "b", Verdict::same, 1);
  input.person("b", "c", Verdict::same, 3);
  EXPECT_TRUE(together(input.join(), "b", "c"));
  EXPECT_FALSE(together(input.join(), "a", "b"));
  // Said before both, it gives way to them.
  Given later = given({"a", "b", "c"});
  later.person("a", "c", Verdict::different, 1);
  later.person("a", "b", Verdict::same, 2);
  later.person("b", "c", Verdict::same, 3);
  EXPECT_TRUE(together(later.join(), "a", "c"));
}

Given two_of(std::size_t members) {
  Given input;
  for (const std::string side : {"x", "y"}) {
    for (std::size_t i = 0; i < members; ++i) {
      input.add(side + std::to_string(i));
      if (i > 0) input.same(side + "0", side + std::to_string(i), 999);
    }
  }
  return input;
}

TEST(Joining, of_two_large_groups_needs_two_that_have_nothing_in_common) {
  Given input = two_of(large_group + 1);
  input.same("x1", "y1");
  EXPECT_FALSE(together(input.join(), "x0", "y0"));
  EXPECT_EQ(input.join().skipped.at(0).reason, "one of two needed");
  input.same("x1", "y2");  // stands on x1 as well
  input.decide("y1", "x1", Verdict::same, 930, Origin::rule);
  EXPECT_FALSE(together(input.join(), "x0", "y0"));
  input.same("y3", "x4", 900);
  EXPECT_TRUE(together(input.join(), "x0", "y0"));
  EXPECT_TRUE(input.join().skipped.empty());
}

TEST(Joining, of_a_large_group_with_a_small_one_needs_one) {
  Given input = two_of(large_group);
  input.add("x more");
  input.same("x0", "x more", 999);
  input.same("x1", "y1");
  EXPECT_TRUE(together(input.join(), "x0", "y0"));
}

TEST(Joining, a_person_joins_large_groups_by_one_word) {
  Given input = two_of(large_group + 1);
  input.person("x1", "y1", Verdict::same, 1);
  const Joined joined = input.join();
  EXPECT_TRUE(together(joined, "x0", "y0"));
}

TEST(Joining, leaves_out_pairs_with_somebody_else) {
  Given input = given({"a", "b"});
  input.same("a", "stranger");
  input.same("stranger", "b");
  input.same("a", "a");
  EXPECT_EQ(input.join().groups.size(), 2U);
}

auto comparable(const Joined& joined) {
  std::vector<std::tuple<Key, Key, int, std::string, Key, Key>> skipped;
  for (const SkippedPair& s : joined.skipped) skipped.emplace_back(s.pair.a, s.pair.b, s.pair.confidence, s.reason, s.x, s.y);
  return std::pair(joined.groups, skipped);
}

Given random_component(std::mt19937& random, bool with_persons = true) {
  Given input;
  const int size = 2 + static_cast<int>(random() % 60);
  for (int i = 0; i < size; ++i) {
    IdentityView& view = input.add("i" + std::to_string(i));
    if (random() % 12 == 0) view.label_key = "room " + std::to_string(random() % 3);
  }
  const auto any = [&] { return "i" + std::to_string(random() % static_cast<unsigned>(size)); };
  const int pairs = size * 2;
  for (int i = 0; i < pairs; ++i) {
    const unsigned kind = random() % 20;
    if (kind == 0 && with_persons) {
      input.person(any(), any(), random() % 2 == 0 ? Verdict::same : Verdict::different, random() % 6);
    } else {
      input.decide(any(), any(), kind < 4 ? Verdict::different : Verdict::same, 900 + static_cast<int>(random() % 5) * 20,
                   random() % 3 == 0 ? Origin::rule : Origin::model);
    }
  }
  return input;
}

TEST(Joining, does_not_depend_on_the_order_in_which_anything_comes) {
  std::mt19937 random(20240508);
  for (int round = 0; round < 300; ++round) {
    Given input = random_component(random);
    const auto expected = comparable(input.join());
    for (int shuffle = 0; shuffle < 5; ++shuffle) {
      std::shuffle(input.identities.begin(), input.identities.end(), random);
      std::shuffle(input.pairs.begin(), input.pairs.end(), random);
      for (DecidedPair& pair : input.pairs) {
        if (random() % 2 == 0) std::swap(pair.a, pair.b);
      }
      ASSERT_EQ(comparable(input.join()), expected) << "round " << round;
    }
  }
}

// What must hold of any result, whatever came in.
TEST(Joining, brings_no_two_together_that_anybody_keeps_apart) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const Given input = random_component(random, false);  // a person's word may bring them together
    const Joined joined = input.join();
    std::map<Key, std::size_t> group_of;
    for (std::size_t g = 0; g < joined.groups.size(); ++g) {
      for (const Key& key : joined.groups[g]) EXPECT_TRUE(group_of.emplace(key, g).second);
    }
    EXPECT_EQ(group_of.size(), input.identities.size());
    for (const DecidedPair& pair : input.pairs) {
      if (pair.verdict == Verdict::different && pair.a != pair.b) {
        EXPECT_NE(group_of.at(pair.a), group_of.at(pair.b));
      }
    }
    for (const IdentityView& a : input.identities) {
      for (const IdentityView& b : input.identities) {
        if (veto(a, b)) {
          EXPECT_NE(group_of.at(a.key), group_of.at(b.key));
        }
      }
    }
    // Every `same` is either done or reported.
    std::set<std::pair<Key, Key>> reported;
    for (const SkippedPair& skipped : joined.skipped) reported.emplace(skipped.pair.a, skipped.pair.b);
    for (const DecidedPair& pair : input.pairs) {
      if (pair.verdict == Verdict::same) {
        EXPECT_TRUE(group_of.at(pair.a) == group_of.at(pair.b) || reported.contains(std::minmax(pair.a, pair.b)));
      }
    }
  }
}

TEST(Joining, of_an_unrelated_component_changes_nothing) {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    Given input = random_component(random);
    const std::vector<std::vector<Key>> alone = input.join().groups;
    input.add("far");
    input.add("away");
    input.same("far", "away");
    std::vector<std::vector<Key>> both = input.join().groups;
    std::erase_if(both, [](const std::vector<Key>& group) {
      return std::find(group.begin(), group.end(), key_of_text("far")) != group.end();
    });
    EXPECT_EQ(both, alone);
  }
}

}  // namespace
}  // namespace kg_batch::graph
