#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "graph/naming.h"
#include "graph_gold.h"

namespace kg_batch::graph {
namespace {

using Triples = std::vector<std::tuple<std::string, std::string, std::string>>;  // quote, label, alias

TEST(Naming, of_an_alias_takes_words_that_name) {
  const Triples stated = {
      {"Robert, whom we all call Bob, is late", "Robert", "Bob"},
      {"everybody calls me Bob", "Robert Miller", "Bob"},
      {"Call me “Bob”", "Robert Miller", "Bob"},
      {"IBM stands for International Business Machines", "IBM", "International Business Machines"},
      {"International Business Machines (IBM)", "International Business Machines", "IBM"},
      {"Anna Schmidt is now Anna Weber", "Anna Schmidt", "Anna Weber"},
      {"Anna Weber, née Schmidt", "Anna Weber", "Schmidt"},
      {"Facebook was renamed Meta", "Facebook", "Meta"},
      {"Elizabeth goes by Liz", "Elizabeth", "Liz"},
      {"Tiggy, kurz für Antigone", "Antigone", "Tiggy"},
      {"меня зовут Саша", "Александр", "Саша"},
  };
  for (const auto& [quote, label, alias] : stated) EXPECT_TRUE(states_alias(quote, label, alias)) << quote;
}

TEST(Naming, of_an_alias_is_not_taken_from_words_beside_each_other) {
  const Triples silent = {
      {"Robert and Bob went home", "Robert", "Bob"},
      {"Bob, Robert and I", "Robert", "Bob"},
      {"I adopted Clyde", "dog", "Clyde"},
      {"I called Bob yesterday about Robert", "Robert", "Bob"},
      {"Robert called Bob", "Robert", "Bob"},
      {"call me, Bob", "Robert", "Bob"},
      {"Ali Miller is here", "Ali Miller", "Ali"},
      {"Robert is called a bobby dazzler", "Robert", "Bob"},
      {"nothing of the kind", "Robert", "Bob"},
      {"Robert", "Robert", "Robert"},
  };
  for (const auto& [quote, label, alias] : silent) EXPECT_FALSE(states_alias(quote, label, alias)) << quote;
}

TEST(Naming, tells_who_is_addressed) {
  for (const std::string quote : {"Thanks, Ali!", "Hi Ali", "Ali, can you come?", "See you tomorrow, Ali.", "hey Ali, what's up", "Good morning Ali!", "Привет, Ali!"}) {
    EXPECT_TRUE(addresses(quote, "Ali")) << quote;
  }
  for (const std::string quote : {"I saw Ali", "Ali said hi", "Ali, Bob and I went", "Thanks to Ali", "I like Alice, Ali and Bob", "Alibaba, thanks"}) {
    EXPECT_FALSE(addresses(quote, "Ali")) << quote;
  }
}

TEST(Naming, knows_short_forms) {
  const std::vector<std::pair<std::string, std::string>> fit = {{"Ali", "Alice Miller"}, {"Alice", "Alice Miller"}, {"Bob", "Robert"}, {"Bob", "Robert Miller"},
                                                                {"Miller", "Alice Miller"}, {"Anna M.", "Anna Miller"}, {"小明", "王小明"}, {"Саша", "Александр"}};
  for (const auto& [brief, name] : fit) EXPECT_TRUE(is_short_form(brief, name)) << brief << " " << name;
  const std::vector<std::pair<std::string, std::string>> misfit = {{"Alice", "Alice"}, {"Bob", "Alice"}, {"Carl", "Carla"}, {"A", "Alice"}, {"Anna W.", "Anna Miller"},
                                                                   {"Alice Miller", "Alice"}};
  for (const auto& [brief, name] : misfit) EXPECT_FALSE(is_short_form(brief, name)) << brief << " " << name;
}

TEST(Naming, takes_the_only_one_whom_it_fits) {
  const Key alice = key_of_text("alice"), alina = key_of_text("alina"), bob = key_of_text("bob");
  const std::vector<ConversationParticipant> two = {{alice, "Alice Miller"}, {bob, "Bob"}};
  EXPECT_EQ(addressee("Ali", bob, two), alice);
  EXPECT_EQ(addressee("Ali", alice, two), std::nullopt) << "nobody addresses herself";
  EXPECT_EQ(addressee("Clyde", bob, two), std::nullopt);
  const std::vector<ConversationParticipant> three = {{alice, "Alice Miller"}, {alina, "Alina"}, {bob, "Bob"}};
  EXPECT_EQ(addressee("Ali", bob, three), std::nullopt) << "fits two";
  const std::vector<ConversationParticipant> with_ali = {{alice, "Alice Miller"}, {alina, "Ali"}, {bob, "Bob"}};
  EXPECT_EQ(addressee("Ali", bob, with_ali), std::nullopt) << "another has that name";
}

}  // namespace
}  // namespace kg_batch::graph
