#include "stages/call_sizes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace kg_batch::stages {
namespace {

TEST(CallSizes, WhatFillsACallMakesFullCallsOnly) {
  for (std::size_t items = 20; items < 700; ++items) {
    const auto sizes = call_sizes(items, 30, 40);
    EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}), items);
    EXPECT_GE(*std::min_element(sizes.begin(), sizes.end()), 20U) << items;
    EXPECT_LE(*std::max_element(sizes.begin(), sizes.end()), 40U) << items;
  }
}

TEST(CallSizes, FewAreOneCallAndNoneIsNone) {
  EXPECT_TRUE(call_sizes(0, 30, 40).empty());
  EXPECT_EQ(call_sizes(1, 30, 40), std::vector<std::size_t>{1});
  EXPECT_EQ(call_sizes(3, 1, 1), (std::vector<std::size_t>{1, 1, 1}));
}

TEST(CallSizes, CallsDifferByOneAtMost) {
  const auto sizes = call_sizes(100, 30, 40);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{34, 33, 33}));
}

TEST(CallSizes, WhatCameBackWithoutAnAnswerIsAskedWithFewerOthers) {
  EXPECT_TRUE(call_sizes(std::vector<int>{}, 30, 40).empty());
  EXPECT_EQ(call_sizes(std::vector<int>{0, 0, 0, 1, 1, 2, 2, 2}, 4, 4), (std::vector<std::size_t>{3, 2, 1, 1, 1}));
  EXPECT_EQ(call_sizes(std::vector<int>{9, 9}, 30, 40), (std::vector<std::size_t>{1, 1}));
}

}  // namespace
}  // namespace kg_batch::stages
