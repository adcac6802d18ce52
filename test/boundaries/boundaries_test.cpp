// That `boundaries = 'rules'` finds what people heard, better than not looking,
// than cutting by count and than TextTiling; and that it costs no request.

#include <gtest/gtest.h>

#include <algorithm>

#include "measures.h"
#include "text_tiling.h"

namespace kg_batch::measured {
namespace {

using Marks = std::vector<bool>;

TEST(WindowDiff, IsTheShareOfWindowsWithAnotherNumberOfBoundaries) {
  const Marks reference = {false, false, false, false, true, false, false, false};  // windows of two
  EXPECT_EQ(window_diff(reference, reference), 0);
  EXPECT_DOUBLE_EQ(window_diff(reference, Marks(8, false)), 2.0 / 6);
  EXPECT_DOUBLE_EQ(window_diff(reference, {false, false, false, true, false, false, false, false}), 2.0 / 6);
  EXPECT_DOUBLE_EQ(window_diff(reference, {false, false, false, true, true, false, false, false}), 2.0 / 6);
}

// A text about one thing, then one about another, in messages of ten words.
TEST(TextTiling, FindsTheBorderOfALongTextAndKeepsItsDistance) {
  std::vector<std::string> texts(30, "Rabbits carrots burrows hutches meadows rabbits carrots burrows hutches meadows.");
  texts.insert(texts.end(), 30, "Engines pistons gearboxes throttles exhausts engines pistons gearboxes throttles exhausts.");
  const Marks found = text_tiling(texts);
  EXPECT_TRUE(found[30]);
  std::size_t last = 0;
  for (std::size_t i = 1; i < found.size(); ++i) {
    if (found[i]) {
      EXPECT_TRUE(last == 0 || i - last >= 8);  // four token sequences of twenty words
      last = i;
    }
  }
  EXPECT_EQ(text_tiling({"One.", "Two."}), Marks(2, false));
}

void expect_better(const std::vector<Dialogue>& dialogues) {
  const Measures rules = measure(dialogues, by_rules);
  std::vector<Measures> others = {measure(dialogues, never),
                                  measure(dialogues, [](const std::vector<std::string>& texts) { return text_tiling(texts); })};
  for (int k = 1; k <= 15; ++k) {
    others.push_back(measure(dialogues, every(k)));
  }
  for (const Measures& other : others) {
    EXPECT_GT(rules.f1, other.f1);
    EXPECT_LT(rules.window_diff, other.window_diff);
  }
}

TEST(TopicShifts, AreBetterThanTheBaselinesWherePeopleMarkedThem) {
  const auto dialogues = tiage_dialogues();
  if (!dialogues) {
    GTEST_SKIP() << "the TIAGE dialogues are not there (" << data_file("tiage/anno_train.json") << ")";
  }
  ASSERT_EQ(dialogues->size(), 300U);
  expect_better(*dialogues);
  std::vector<Dialogue> others;  // that nothing was fitted on
  for (std::size_t i = 1; i < dialogues->size(); i += 2) {
    others.push_back((*dialogues)[i]);
  }
  expect_better(others);
}

// Cut each session by size alone: what was asked before there were topics.
TEST(TopicShifts, CostNoRequest) {
  const auto conversations = locomo_conversations();
  if (!conversations) {
    GTEST_SKIP() << "the LoCoMo conversations are not there (" << data_file("locomo/locomo-dev.json") << ")";
  }
  for (const int chunk_size : {5, 20, 50}) {
    chunking::CutOptions options;
    options.chunk_min = std::min(chunk_size, 20);
    options.chunk_max = chunk_size;
    chunking::CutOptions by_size = options;
    by_size.boundaries = chunking::Boundaries::none;
    for (const chunking::CutInput& conversation : *conversations) {
      std::size_t chunks = 0;
      chunking::CutInput session = conversation;
      for (auto first = conversation.messages.begin(); first != conversation.messages.end();) {
        const auto end = std::find_if(first, conversation.messages.end(), [&](const chunking::Message& message) { return message.session != first->session; });
        session.messages.assign(first, end);
        chunks += chunking::cut(session, by_size).chunks.size();
        first = end;
      }
      const chunking::Cuts cuts = chunking::cut(conversation, options);
      EXPECT_LE(cuts.chunks.size(), chunks) << chunk_size;
      EXPECT_GT(std::count_if(cuts.segments.begin(), cuts.segments.end(), [](const chunking::Segment& segment) { return segment.began_by == "topic"; }), 0);
    }
  }
}

}  // namespace
}  // namespace kg_batch::measured
