// Windows of a stretch for a model, and what of its answers counts.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "chunking/cuts.h"
#include "chunking/windows.h"

namespace kg_batch::chunking {
namespace {

using Told = std::vector<ToldSegment>;

TEST(ChunkingWindows, WhatIsLeftOutIsASegmentOfItsOwn) {
  EXPECT_EQ(arrange({}, 5).segments, (Told{{1, 5, true, ""}}));
  EXPECT_EQ(arrange({{2, 3, false, "jokes"}}, 5).segments, (Told{{1, 1, true, ""}, {2, 3, false, "jokes"}, {4, 5, true, ""}}));
}

TEST(ChunkingWindows, OverlapsGoToTheEarlierOne) {
  const Arranged arranged = arrange({{3, 6, true, "b"}, {1, 4, true, "a"}, {2, 4, true, "c"}}, 6);
  EXPECT_EQ(arranged.segments, (Told{{1, 4, true, "a"}, {5, 6, true, "b"}}));
  ASSERT_EQ(arranged.dropped.size(), 1U);
  EXPECT_EQ(arranged.dropped[0].first, 2U);
}

TEST(ChunkingWindows, MessagesThatAreNotShownAreNoSegment) {
  const Arranged arranged = arrange({{0, 2, true, ""}, {3, 2, true, ""}, {4, 6, true, ""}, {-5, -1, true, ""}}, 5);
  EXPECT_EQ(arranged.segments, (Told{{1, 5, true, ""}}));
  EXPECT_EQ(arranged.dropped.size(), 4U);
}

TEST(ChunkingWindows, HoldEveryMessageOnceWhateverIsTold) {
  std::mt19937 random(1);
  for (int round = 0; round < 5000; ++round) {
    const int messages = 1 + static_cast<int>(random() % 20);
    Told told;
    for (unsigned count = random() % 8; count > 0; --count) {
      const int first = static_cast<int>(random() % 24) - 2;
      told.push_back({first, first + static_cast<int>(random() % 10) - 1, true, ""});
    }
    const Arranged arranged = arrange(told, messages);
    int next = 1;
    for (const ToldSegment& segment : arranged.segments) {
      EXPECT_EQ(segment.first, next);
      EXPECT_GE(segment.last, segment.first);
      next = segment.last + 1;
    }
    EXPECT_EQ(next, messages + 1);
  }
}

CutInput conversation(int messages) {
  CutInput input;
  for (int i = 1; i <= messages; ++i) {
    Message message;
    message.message_id = i;
    message.speaker = 0;
    message.text = "Clyde ate shoe number " + std::to_string(i) + ".";
    input.messages.push_back(std::move(message));
  }
  input.closing = {0};
  input.speakers = {"Anna"};
  return input;
}

CutOptions by_model() {
  CutOptions options;
  options.boundaries = Boundaries::model;
  return options;
}

TEST(ChunkingWindows, AreTwentyMessagesAndCountUpToTheFirstEndFromTheFifteenthOn) {
  CutInput input = conversation(30);
  Cuts cuts = cut(input, by_model());
  EXPECT_EQ(cuts.taken, 0U);
  ASSERT_EQ(cuts.windows.size(), 1U);
  EXPECT_EQ(cuts.windows[0].messages.size(), 20U);
  EXPECT_FALSE(cuts.windows[0].reaches_end);

  const Told told = {{1, 4, true, ""}, {5, 14, true, ""}, {15, 16, true, ""}, {17, 18, true, ""}, {19, 20, true, ""}};
  input.read = read_segments(cuts.windows[0], input.messages, told);
  EXPECT_EQ(input.read, (std::vector<ReadSegment>{{1, 4, true}, {5, 14, true}, {15, 16, true}}));
  EXPECT_EQ(read_segments(cuts.windows[0], input.messages, {{1, 14, true, ""}, {15, 15, true, ""}, {16, 20, true, ""}}).size(), 2U);
  EXPECT_EQ(read_segments(cuts.windows[0], input.messages, {{1, 14, true, ""}, {15, 20, true, ""}}).size(), 2U);

  cuts = cut(input, by_model());
  ASSERT_EQ(cuts.windows.size(), 1U);
  EXPECT_EQ(cuts.windows[0].messages.front(), 16U);
  EXPECT_EQ(cuts.windows[0].messages.size(), 14U);
  EXPECT_TRUE(cuts.windows[0].reaches_end);
  for (const ReadSegment& segment : read_segments(cuts.windows[0], input.messages, {{1, 10, true, ""}, {11, 12, false, ""}, {13, 14, true, ""}})) {
    input.read.push_back(segment);
  }
  cuts = cut(input, by_model());
  EXPECT_TRUE(cuts.windows.empty());
  ASSERT_EQ(cuts.segments.size(), 6U);
  EXPECT_EQ(cuts.segments[3].first_message_id, 17);
  EXPECT_EQ(cuts.segments[3].began_by, "topic");
  ASSERT_EQ(cuts.skipped.size(), 2U);
  EXPECT_EQ(cuts.skipped[0].message_id, 27);
  EXPECT_EQ(cuts.skipped[0].reason, "model");
  ASSERT_EQ(cuts.chunks.size(), 1U);
  EXPECT_EQ(cuts.chunks[0].countable, 28);
}

TEST(ChunkingWindows, LeaveOutWhatIsNotRead) {
  CutInput input = conversation(6);
  input.messages[2].text = "<html>";
  const Cuts cuts = cut(input, by_model());
  ASSERT_EQ(cuts.windows.size(), 1U);
  EXPECT_EQ(cuts.windows[0].messages, (std::vector<std::size_t>{0, 1, 3, 4, 5}));
}

TEST(ChunkingWindows, AreForStretchesThatClosed) {
  CutInput input = conversation(6);
  input.closing = {};
  EXPECT_TRUE(cut(input, by_model()).windows.empty());
  for (std::size_t i = 0; i < 6; ++i) {
    input.messages[i].session = i < 3 ? "a" : i < 5 ? "b" : "c";
  }
  EXPECT_EQ(cut(input, by_model()).windows.size(), 2U);
  input.closing = {0};
  EXPECT_EQ(cut(input, by_model()).windows.size(), 2U);  // nothing to ask about one message
  EXPECT_TRUE(cut(conversation(1), by_model()).windows.empty());
}

TEST(ChunkingWindows, SayWhetherTheyHoldTheirWholeStretch) {
  const CutOptions options = by_model();
  const Cuts one = cut(conversation(20), options);
  ASSERT_EQ(one.windows.size(), 1U);
  EXPECT_TRUE(one.windows[0].begins && one.windows[0].reaches_end);
  EXPECT_EQ(one.waiting, 0);  // the delivery that they came with
  CutInput longer = conversation(21);
  const Cuts first = cut(longer, options);
  ASSERT_EQ(first.windows.size(), 1U);
  EXPECT_TRUE(first.windows[0].begins && !first.windows[0].reaches_end);
  longer.read = read_segments(first.windows[0], longer.messages, arrange({{1, 15, true, ""}}, 20).segments);
  const Cuts last = cut(longer, options);
  ASSERT_EQ(last.windows.size(), 1U);
  EXPECT_TRUE(!last.windows[0].begins && last.windows[0].reaches_end);
  longer.read.push_back({16, 21, true});
  EXPECT_EQ(cut(longer, options).waiting, std::nullopt);
}

TEST(ChunkingWindows, WithoutAnAnswerTheRulesDivideThem) {
  std::vector<Message> messages = conversation(20).messages;
  for (Message& message : messages) {
    message.text = message.message_id < 11 ? "The puppy chewed the slippers again." : "The flights to Lisbon are cheap.";
    message.sent_at_us = message.message_id * std::int64_t{86'400'000'000};  // silences divide nothing within a window
  }
  messages[10].text = "Have you booked the flights to Lisbon with Portugal Airlines?";
  messages[11].text = "The Lisbon flights with Airlines are booked.";
  EXPECT_EQ(told_by_rules(messages), (Told{{1, 10, true, ""}, {11, 20, true, ""}}));
  EXPECT_EQ(told_by_rules({messages[0]}), (Told{{1, 1, true, ""}}));
}

}  // namespace
}  // namespace kg_batch::chunking
