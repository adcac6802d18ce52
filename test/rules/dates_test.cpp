// Dates in words, against the message's own day: Monday 8 May 2023.

#include <gtest/gtest.h>

#include "rules/dates.h"

namespace kg_sim::rules {
namespace {

struct Case {
  const char* text;
  const char* date;  // empty: no date
  const char* how;
  bool ahead = false;
};

class Dates : public ::testing::TestWithParam<Case> {};

TEST_P(Dates, AreResolved) {
  const Case& one = GetParam();
  bool inside_speech = false;
  const Words words = words_of(one.text, inside_speech);
  const auto when = find_when(words, 0, words.size(), moment_of("2023-05-08 15:50 Mon"), one.ahead);
  if (*one.date == '\0') {
    EXPECT_FALSE(when.has_value()) << one.text << " is " << when->day.date;
    return;
  }
  ASSERT_TRUE(when.has_value()) << one.text;
  EXPECT_EQ(when->day.date, one.date) << one.text;
  EXPECT_EQ(when->day.how, one.how) << one.text;
}

INSTANTIATE_TEST_SUITE_P(
    Words, Dates,
    ::testing::Values(Case{"I left yesterday", "2023-05-07", "inferred"}, Case{"I left last night", "2023-05-07", "inferred"},
                      Case{"I left last Friday", "2023-05-05", "inferred"}, Case{"I left last Monday", "2023-05-01", "inferred"},
                      Case{"I left on Saturday", "2023-05-06", "inferred"}, Case{"I leave on Saturday", "2023-05-13", "inferred", true},
                      Case{"I left last May", "2022-05", "inferred"}, Case{"I left in March", "2023-03", "inferred"},
                      Case{"I left in August", "2022-08", "inferred"}, Case{"I leave in March", "2024-03", "inferred", true},
                      Case{"I left last month", "2023-04", "inferred"}, Case{"I leave next year", "2024", "inferred", true},
                      Case{"I left last week", "2023-05-01", "estimated"}, Case{"I left last weekend", "2023-05-06", "estimated"},
                      Case{"I left two weeks ago", "2023-04-24", "estimated"}, Case{"I left 3 months ago", "2023-02", "inferred"},
                      Case{"I left a few years ago", "2020", "estimated"}, Case{"I leave in two months", "2023-07", "inferred", true},
                      Case{"I left in 2021", "2021", "actual"}, Case{"I left around 2019", "2019", "estimated"},
                      Case{"I left in March 2024", "2024-03", "actual"}, Case{"I left on 5 June 2022", "2022-06-05", "actual"},
                      Case{"I left on June 5th, 2022", "2022-06-05", "actual"}, Case{"I left on the 3rd of April", "2023-04-03", "inferred"},
                      Case{"I left on 2022-06-05", "2022-06-05", "actual"}, Case{"I have lived here for three years", "2020", "inferred"},
                      Case{"I live here since 2017", "2017", "actual"}, Case{"I paid 2000 euros", "", ""},
                      Case{"I may march on", "", ""}, Case{"I left on 31 February 2022", "2022-02", "actual"}));

TEST(Date, WithoutTheMessagesTimeOnlyWhatIsWrittenOutIsOne) {
  bool inside_speech = false;
  const Words relative = words_of("I left last Friday", inside_speech);
  EXPECT_FALSE(find_when(relative, 0, relative.size(), std::nullopt, false).has_value());
  const Words absolute = words_of("I left in May 2021", inside_speech);
  EXPECT_TRUE(find_when(absolute, 0, absolute.size(), std::nullopt, false).has_value());
}

TEST(Date, IsSaidAsOneWouldSayIt) {
  EXPECT_EQ(phrase_of({{"2022-05", "inferred"}}), "in May 2022");
  EXPECT_EQ(phrase_of({{"2022-05-08", "actual"}}), "on 8 May 2022");
  EXPECT_EQ(phrase_of({{"2019", "estimated"}}), "around 2019");
}

}  // namespace
}  // namespace kg_sim::rules
