#include "graph/dependency_order.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace kg_batch::graph {
namespace {

TEST(DependencyOrder, puts_what_is_needed_first) {
  const DependencyOrder order = dependency_order({{1, {3}}, {2, {}}, {3, {2, 9}}});
  EXPECT_EQ(order.order, (std::vector<int>{2, 3, 1}));
  EXPECT_TRUE(order.closing.empty());
}

TEST(DependencyOrder, breaks_a_circle_at_one_place) {
  const DependencyOrder order = dependency_order({{1, {2}}, {2, {3}}, {3, {1}}, {4, {4}}});
  EXPECT_EQ(order.order, (std::vector<int>{3, 2, 1, 4}));
  ASSERT_EQ(order.closing.size(), 2U);
  EXPECT_EQ(order.closing[0].id, 3);
  EXPECT_EQ(order.closing[1].id, 4);
}

TEST(DependencyOrder, stands_a_chain_of_a_hundred_thousand) {
  Needs needs;
  for (int id = 0; id < 100000; ++id) {
    needs[id] = {id + 1};
  }
  const DependencyOrder order = dependency_order(needs);
  EXPECT_EQ(order.order.size(), 100000U);
  EXPECT_EQ(order.order.front(), 99999);
}

TEST(DependencyOrder, holds_every_id_after_its_needs_but_the_closing_ones) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    Needs needs;
    const int size = 1 + static_cast<int>(random() % 12);
    for (int id = 0; id < size; ++id) {
      for (unsigned n = random() % 3; n > 0; --n) {
        needs[id].push_back(static_cast<int>(random() % 14));
      }
      needs.try_emplace(id);
    }
    const DependencyOrder order = dependency_order(needs);
    std::set<std::pair<int, std::size_t>> closing;
    for (const ClosingNeed& need : order.closing) {
      closing.emplace(need.id, need.which);
    }
    std::set<int> done;
    for (const int id : order.order) {
      for (std::size_t which = 0; which < needs[id].size(); ++which) {
        const int needed = needs[id][which];
        ASSERT_TRUE(needed >= size || done.contains(needed) || closing.contains({id, which}));
      }
      ASSERT_TRUE(done.insert(id).second);
    }
    ASSERT_EQ(done.size(), static_cast<std::size_t>(size));
  }
}

}  // namespace
}  // namespace kg_batch::graph
