// When States held, out of what was said of them: in any order, and again open
// when what closed them is gone.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "graph/validity.h"
#include "graph_gold.h"

namespace kg_batch::graph {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;

std::string text(std::optional<Day> when) {
  if (!when) return "?";
  const std::chrono::year_month_day on{*when};
  char buffer[32];
  snprintf(buffer, sizeof buffer, "%04d-%02u-%02u", static_cast<int>(on.year()), static_cast<unsigned>(on.month()),
           static_cast<unsigned>(on.day()));
  return buffer;
}

std::optional<Date> date(std::string words) {
  if (words.empty()) return std::nullopt;
  How how = How::actual;
  if (words.front() == '~') how = How::estimated, words.erase(0, 1);
  if (words.front() == '=') how = How::inferred, words.erase(0, 1);
  return Date{words, how};
}

struct Group {
  std::vector<State> states;

  // Words on a day: "" is no day, no start, no end. "~2020" is estimated, "=2020" inferred.
  Group& say(const std::string& name, const std::string& said, const std::string& start = "", const std::string& end = "",
             bool replaces = false, const std::vector<std::string>& holders = {}, bool own = false) {
    const Key key = key_of_text(name);
    auto found = std::ranges::find(states, key, &State::key);
    if (found == states.end()) {
      State state;
      state.key = key;
      for (const std::string& holder : holders) state.holders.push_back(key_of_text(holder));
      std::ranges::sort(state.holders);
      found = states.insert(states.end(), state);
    }
    StateMark mark;
    mark.start = date(start);
    mark.end = date(end);
    mark.replaces = replaces;
    mark.own = own;
    if (!said.empty()) mark.said = days_of(said)->first;
    mark.order_key = said.empty() ? "~" + std::to_string(found->marks.size()) : said;
    found->marks.push_back(mark);
    return *this;
  }

  // "2020-01-01..2021-01-01 2023-05-01.." of one of them; "<" and a letter: taken over by; "^": superseded by.
  std::string of(const std::string& name) const {
    const std::vector<Validity> all = validity_of(states);
    std::string result;
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i].key != key_of_text(name)) continue;
      for (const Period& period : all[i].periods) {
        if (!result.empty()) result += ' ';
        result += text(period.from) + ".." + (period.until ? text(period.until) : "");
        if (period.ended == Ended::taken_over) result += "<";
      }
      if (all[i].superseded_by) result += "^";
    }
    return result;
  }

  std::string on(const std::string& name, const std::string& moment) const {
    const std::vector<Validity> all = validity_of(states);
    std::string result;
    for (std::size_t i = 0; i < states.size(); ++i)
      if (states[i].key == key_of_text(name))
        for (const Period& period : all[i].periods)
          result += (result.empty() ? "" : ", ") +
                    std::string(status_names[static_cast<std::size_t>(status_of(all[i], period, days_of(moment)->first))]);
    return result;
  }
};

const std::vector<std::string> anna = {"Anna"}, both = {"Anna", "Bob"};

TEST(Validity, days_of_a_date_are_as_wide_as_it_is) {
  const auto shown = [](std::string_view words) {
    const auto days = days_of(words);
    return days ? text(days->first) + " " + text(days->last) : "none";
  };
  EXPECT_EQ(shown("2024"), "2024-01-01 2024-12-31");
  EXPECT_EQ(shown("2024-02"), "2024-02-01 2024-02-29");
  EXPECT_EQ(shown("2024-02-29T23:59"), "2024-02-29 2024-02-29");
  for (const char* wrong : {"", "202", "2024-13", "2024-00", "2023-02-29", "2024-02-3", "may 2024"}) EXPECT_EQ(shown(wrong), "none") << wrong;
}

TEST(Validity, a_state_that_is_left_and_taken_up_again_has_two_periods) {
  Group job;
  job.say("job", "2020-03-01", "2019").say("job", "2021-06-05", "", "=2021-06-05").say("job", "2023-02-01", "2023-01");
  EXPECT_EQ(job.of("job"), "2019-01-01..2021-06-06 2023-01-01..");
  EXPECT_EQ(Group(job).say("job", "2024-01-01").of("job"), "2019-01-01..2021-06-06 2023-01-01..");
}

TEST(Validity, being_said_to_hold_after_an_end_begins_a_period_of_unknown_start) {
  EXPECT_EQ(Group().say("job", "2020-03-01", "2019", "2020").say("job", "2020-10-01").of("job"), "2019-01-01..2021-01-01");
  EXPECT_EQ(Group().say("job", "2020-03-01", "2019", "2020").say("job", "2021-10-01").of("job"), "2019-01-01..2021-01-01 ?..");
}

TEST(Validity, of_several_starts_the_best_known_then_the_narrower_counts) {
  EXPECT_EQ(Group().say("job", "", "~2018").say("job", "", "=2019").say("job", "", "2020").of("job"), "2020-01-01..");
  EXPECT_EQ(Group().say("job", "", "2020").say("job", "", "2020-04").of("job"), "2020-04-01..");
  EXPECT_EQ(Group().say("job", "", "2019", "~2021").say("job", "", "", "2022").of("job"), "2019-01-01..2023-01-01");
}

TEST(Validity, an_end_alone_is_a_period_of_unknown_start) { EXPECT_EQ(Group().say("job", "2022-03-01", "", "2022-02").of("job"), "?..2022-03-01"); }

TEST(Validity, a_later_start_closes_what_was_before_of_the_same_holder) {
  Group homes;
  homes.say("Boston", "2020-01-01", "2018", "", false, anna).say("Graz", "2022-05-01", "2022-04", "", false, anna);
  EXPECT_EQ(homes.of("Boston"), "2018-01-01..2022-04-01<");
  EXPECT_EQ(homes.of("Graz"), "2022-04-01..");
  homes.say("Boston", "2023-01-01", "2023");
  EXPECT_EQ(homes.of("Boston"), "2018-01-01..2022-04-01< 2023-01-01..");
  EXPECT_EQ(homes.of("Graz"), "2022-04-01..2023-01-01<");
}

TEST(Validity, what_others_report_ends_nothing_that_one_says_of_oneself) {
  Group homes;
  homes.say("Boston", "2020-01-01", "", "", false, anna, true).say("Graz", "2022-05-01", "2022-04", "", true, anna);
  EXPECT_EQ(homes.of("Boston"), "?..^");
  EXPECT_EQ(Group(homes).say("Graz", "2022-06-01", "", "", false, anna, true).of("Boston"), "?..2022-04-01<");
  Group reported;
  reported.say("Boston", "2020-01-01", "", "", false, anna).say("Graz", "2022-05-01", "2022-04", "", true, anna);
  EXPECT_EQ(reported.of("Boston"), "?..2022-04-01<");
  reported.say("Boston", "2020-02-01", "", "", false, anna, true);
  EXPECT_EQ(reported.of("Boston"), "?..^");
}

TEST(Validity, an_end_that_others_give_counts_unless_one_says_later_that_it_holds) {
  Group job;
  job.say("job", "2020-03-01", "2019", "", false, {}, true).say("job", "2021-07-01", "", "2021-06");
  EXPECT_EQ(job.of("job"), "2019-01-01..2021-07-01");
  EXPECT_EQ(Group(job).say("job", "2022-01-01", "", "", false, {}, true).of("job"), "2019-01-01..");
  EXPECT_EQ(Group(job).say("job", "2022-01-01").of("job"), "2019-01-01..2021-07-01 ?..");
  EXPECT_EQ(Group(job).say("job", "2021-08-01", "", "2021-06", false, {}, true).say("job", "2022-01-01", "", "", false, {}, true).of("job"),
            "2019-01-01..2021-07-01 ?..");
}

TEST(Validity, before_it_was_first_said_to_hold_nothing_is_known_of_what_has_no_start) {
  Group ended;
  ended.say("job", "2022-03-01", "", "2022-02");
  EXPECT_EQ(ended.on("job", "1990"), "unknown");
  EXPECT_EQ(ended.on("job", "2022-02-27"), "unknown");
  EXPECT_EQ(ended.on("job", "2022-02-28"), "holds");
  EXPECT_EQ(ended.on("job", "2022-03-01"), "ended");
  ended.say("job", "2021-05-01");
  EXPECT_EQ(ended.on("job", "2021-04-30"), "unknown");
  EXPECT_EQ(ended.on("job", "2021-05-01"), "holds");
  EXPECT_EQ(ended.on("job", "2022-02-27"), "holds");
  EXPECT_EQ(ended.say("job", "", "2020").on("job", "2019-12-31"), "not yet");
}

TEST(Validity, words_that_replace_close_without_a_date) {
  Group homes;
  homes.say("Boston", "2020-01-01", "", "", false, anna).say("Graz", "2022-05-01", "", "", true, anna);
  EXPECT_EQ(homes.of("Boston"), "?..2022-05-01<");
  EXPECT_EQ(homes.of("Graz"), "?..");
}

TEST(Validity, where_neither_is_dated_both_stand_and_the_older_is_superseded) {
  Group homes;
  homes.say("Boston", "2020-01-01", "", "", false, anna).say("Graz", "2022-05-01", "", "", false, anna);
  EXPECT_EQ(homes.of("Boston"), "?..^");
  EXPECT_EQ(homes.of("Graz"), "?..");
  homes.say("Boston", "2023-01-01");
  EXPECT_EQ(homes.of("Boston"), "?..");
  EXPECT_EQ(homes.of("Graz"), "?..^");
}

TEST(Validity, one_that_moves_does_not_end_what_others_still_hold) {
  Group homes;
  homes.say("Boston", "2020-01-01", "2018", "", false, both).say("Graz", "2022-05-01", "2022", "", false, anna);
  EXPECT_EQ(homes.of("Boston"), "2018-01-01..");
  Group moved;
  moved.say("Boston", "2020-01-01", "2018", "", false, anna).say("Graz", "2022-05-01", "2022", "", false, both);
  EXPECT_EQ(moved.of("Boston"), "2018-01-01..2022-01-01<");
}

TEST(Validity, its_own_end_counts_before_that_of_a_successor_and_after_it_only_when_actual) {
  Group homes;
  homes.say("Boston", "2020-01-01", "2018", "", false, anna).say("Graz", "2022-05-01", "2022-04", "", false, anna);
  EXPECT_EQ(Group(homes).say("Boston", "", "", "2021-12-31").of("Boston"), "2018-01-01..2022-01-01");
  EXPECT_EQ(Group(homes).say("Boston", "2023-02-01", "", "=2023-02-01").of("Boston"), "2018-01-01..2022-04-01<");
  EXPECT_EQ(Group(homes).say("Boston", "2023-02-01", "", "2022-06-30").of("Boston"), "2018-01-01..2022-07-01");
}

TEST(Validity, statuses_on_a_day) {
  Group job;
  job.say("job", "2020-03-01", "2019").say("job", "2021-06-05", "", "2021-06-05").say("job", "2023-02-01", "2023-01");
  EXPECT_EQ(job.on("job", "2018-12-31"), "not yet, not yet");
  EXPECT_EQ(job.on("job", "2019-01-01"), "holds, not yet");
  EXPECT_EQ(job.on("job", "2021-06-05"), "holds, not yet");
  EXPECT_EQ(job.on("job", "2021-06-06"), "ended, not yet");
  EXPECT_EQ(job.on("job", "2023-02-01"), "ended, holds");
  EXPECT_EQ(job.on("job", "2023-02-02"), "ended, last known");
  Group homes;
  homes.say("Boston", "2020-01-01", "", "", false, anna).say("Graz", "2022-05-01", "", "", false, anna);
  EXPECT_EQ(homes.on("Boston", "2019-12-31"), "unknown");
  EXPECT_EQ(homes.on("Boston", "2020-01-01"), "holds");
  EXPECT_EQ(homes.on("Boston", "2023-01-01"), "superseded");
  EXPECT_EQ(homes.on("Graz", "2023-01-01"), "last known");
}

TEST(Validity, words_without_any_day_are_one_open_period) {
  EXPECT_EQ(Group().say("job", "").say("job", "").of("job"), "?..");
  EXPECT_EQ(Group().say("job", "").on("job", "2020"), "last known");
}

TEST(Validity, does_not_depend_on_the_order_in_which_anything_comes) {
  std::mt19937 random(7);
  const std::vector<std::string> dates = {"", "", "2019", "2020-05", "2021-02-03", "~2020", "=2021-02", "2022"};
  const std::vector<std::string> days = {"", "2019-06-01", "2020-07-02", "2021-08-03", "2022-09-04"};
  const auto one_of = [&](const std::vector<std::string>& from) { return from[random() % from.size()]; };
  for (int world = 0; world < 300; ++world) {
    Group group;
    for (const char* name : {"a", "b", "c"}) {
      const auto& holders = random() % 3 == 0 ? both : anna;
      for (int n = 1 + static_cast<int>(random() % 4); n > 0; --n) {
        const std::string start = one_of(dates), end = one_of(dates);
        group.say(name, one_of(days), start, start.empty() || (end.size() > 4 && end > start) ? end : "", random() % 4 == 0, holders, random() % 2 == 0);
      }
      for (std::size_t i = 0; i < group.states.back().marks.size(); ++i)
        group.states.back().marks[i].order_key += "/" + std::string(name) + std::to_string(i);  // no two are equal
    }
    Group shuffled = group;
    std::ranges::shuffle(shuffled.states, random);
    for (State& state : shuffled.states) std::ranges::shuffle(state.marks, random);
    for (const char* name : {"a", "b", "c"}) ASSERT_EQ(shuffled.of(name), group.of(name)) << "world " << world;
  }
}

// ---- what a person says of it ----

StateMark given(std::optional<Date> start, std::optional<Date> end) {
  StateMark one;
  one.start = std::move(start);
  one.end = std::move(end);
  return one;
}

TEST(Corrected, stands_for_the_date_that_is_shown) {
  std::vector<StateMark> marks{given(Date{"2019", How::actual}, {}), given(Date{"2020-06", How::actual}, {}), given({}, {}),
                               given(Date{"2020-06", How::inferred}, {})};
  correct(marks, &StateMark::start, Date{"2018", How::actual});
  EXPECT_EQ(marks[0].start->date, "2019");  // less narrow: a period of its own
  EXPECT_EQ(marks[1].start->date, "2018");
  EXPECT_FALSE(marks[2].start.has_value());
  EXPECT_EQ(marks[3].start->date, "2018");
}

TEST(Corrected, stands_for_the_date_of_the_latest_period) {
  Group job;
  job.say("job", "", "2019").say("job", "", "", "2021-03").say("job", "", "2022").say("job", "", "", "2024");
  correct(job.states[0].marks, &StateMark::end, Date{"2024-05", How::actual});
  EXPECT_EQ(job.of("job"), "2019-01-01..2021-04-01 2022-01-01..2024-06-01");
  correct(job.states[0].marks, &StateMark::start, Date{"2022-11", How::actual});
  EXPECT_EQ(job.of("job"), "2019-01-01..2021-04-01 2022-11-01..2024-06-01");
  Group open;
  open.say("job", "", "2019").say("job", "", "", "2021-03").say("job", "", "2022");
  correct(open.states[0].marks, &StateMark::end, Date{"2024-05", How::actual});
  EXPECT_EQ(open.of("job"), "2019-01-01..2021-04-01 2022-01-01..2024-06-01");
}

TEST(Validity, a_period_has_the_dates_that_count_as_they_were_given) {
  Group job;
  job.say("job", "", "2019-05").say("job", "", "~2018").say("job", "", "", "2021-03").say("job", "", "=2022");
  const std::vector<Period> periods = validity_of(job.states).front().periods;
  ASSERT_EQ(periods.size(), 2u);
  EXPECT_EQ(periods[0].start->date, "2019-05");
  EXPECT_EQ(periods[0].end->date, "2021-03");
  EXPECT_EQ(periods[1].start->date, "2022");
  EXPECT_EQ(periods[1].start->how, How::inferred);
  EXPECT_FALSE(periods[1].end.has_value());
}

TEST(Corrected, is_everywhere_where_there_was_none_and_nowhere_where_there_is_to_be_none) {
  std::vector<StateMark> marks{given({}, {}), given({}, {})};
  correct(marks, &StateMark::end, Date{"2021", How::actual});
  EXPECT_EQ(marks[0].end->date, "2021");
  EXPECT_EQ(marks[1].end->date, "2021");
  marks[1].end = Date{"2022", How::actual};
  correct(marks, &StateMark::end, std::nullopt);
  EXPECT_FALSE(marks[0].end.has_value());
  EXPECT_FALSE(marks[1].end.has_value());
}

}  // namespace
}  // namespace kg_batch::graph
