#include "dates.h"

#include <array>
#include <cstdio>

namespace kg_sim::rules {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::local_days;
using std::chrono::month;
using std::chrono::months;
using std::chrono::weekday;
using std::chrono::year;
using std::chrono::year_month;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 12> month_names = {"january", "february", "march",     "april",   "may",      "june",
                                                          "july",    "august",   "september", "october", "november", "december"};
constexpr std::array<std::string_view, 7> weekday_names = {"sunday",   "monday", "tuesday", "wednesday",
                                                           "thursday", "friday", "saturday"};

int month_number(const Word& word) {
  for (std::size_t n = 0; n < month_names.size(); ++n) {
    if (word.lower == month_names[n] || (word.capital() && word.lower.size() >= 3 && word.lower.size() <= 4 &&
                                         (word.lower == month_names[n].substr(0, 3) || word.lower == "sept") &&
                                         month_names[n].starts_with(word.lower.substr(0, 3)))) {
      return static_cast<int>(n) + 1;
    }
  }
  return 0;
}

int weekday_number(const Word& word) {
  for (std::size_t n = 0; n < weekday_names.size(); ++n) {
    if (word.lower == weekday_names[n] || (word.capital() && word.lower.size() == 3 &&
                                           word.lower == weekday_names[n].substr(0, 3))) {
      return static_cast<int>(n);
    }
  }
  return -1;
}

// The month a season is put at when only the season is known.
int season_month(const Word& word) {
  if (word.is("spring")) return 4;
  if (word.is("summer")) return 7;
  if (word.in({"autumn", "fall"})) return 10;
  if (word.is("winter")) return 1;
  return 0;
}

int year_number(const Word& word) {
  if (word.lower.size() != 4 || !(word.lower.starts_with("19") || word.lower.starts_with("20"))) return 0;
  return word.lower[2] >= '0' && word.lower[2] <= '9' && word.lower[3] >= '0' && word.lower[3] <= '9'
             ? std::stoi(word.lower)
             : 0;
}

int day_number(const Word& word) {
  std::string digits = word.lower;
  for (const std::string_view tail : {"st", "nd", "rd", "th"}) {
    if (digits.ends_with(tail)) digits.resize(digits.size() - 2);
  }
  if (digits.empty() || digits.size() > 2) return 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return 0;
  }
  const int n = std::stoi(digits);
  return n >= 1 && n <= 31 ? n : 0;
}

std::string year_text(int y) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d", y);
  return buffer.data();
}

std::string month_text(int y, int m) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02d", y, m);
  return buffer.data();
}

std::string month_text(year_month ym) {
  return month_text(static_cast<int>(ym.year()), static_cast<int>(static_cast<unsigned>(ym.month())));
}

std::optional<std::string> valid_day(int y, int m, int d) {
  const year_month_day ymd{year{y}, month{static_cast<unsigned>(m)}, day{static_cast<unsigned>(d)}};
  if (!ymd.ok()) return std::nullopt;
  return day_text(local_days{ymd});
}

class Finder {
 public:
  Finder(const Words& words, std::size_t end, Moment now, bool ahead)
      : words_(words), end_(end), now_(now), ahead_(ahead) {}

  // A date that starts exactly at `at`, without its preposition.
  std::optional<When> at(std::size_t position) {
    at_ = position;
    if (auto found = written_out()) return found;
    if (now_) {
      if (auto found = relative()) return found;
      if (auto found = without_year()) return found;
    }
    return std::nullopt;
  }

 private:
  const Word& word(std::size_t offset) const {
    static const Word none{};
    return at_ + offset < end_ ? words_[at_ + offset] : none;
  }

  When result(std::string date, std::string how, std::size_t length) const {
    When when;
    when.day = {std::move(date), std::move(how)};
    when.begin = at_;
    when.end = at_ + length;
    return when;
  }

  int this_year() const { return static_cast<int>(year_month_day{*now_}.year()); }
  int this_month() const { return static_cast<int>(static_cast<unsigned>(year_month_day{*now_}.month())); }

  std::optional<When> written_out() const {
    // 2024-05-03
    const std::string& text = word(0).lower;
    if (text.size() == 10 && text[4] == '-' && text[7] == '-' && year_number({text.substr(0, 4), text.substr(0, 4)}) != 0) {
      return result(text, "actual", 1);
    }
    std::size_t skip = word(0).is("the") ? 1 : 0;
    // 5 May 2024, 5th of May 2024
    if (const int d = day_number(word(skip)); d != 0) {
      const std::size_t of = word(skip + 1).is("of") ? 1 : 0;
      const int m = month_number(word(skip + 1 + of));
      const std::size_t comma = word(skip + 2 + of).is(",") ? 1 : 0;
      const int y = year_number(word(skip + 2 + of + comma));
      if (m != 0 && y != 0) {
        if (auto date = valid_day(y, m, d)) return result(*date, "actual", skip + 3 + of + comma);
      }
    }
    if (const int m = month_number(word(0)); m != 0) {
      // May 5th, 2024
      const int d = day_number(word(1));
      const std::size_t comma = word(2).is(",") ? 1 : 0;
      if (d != 0 && year_number(word(2 + comma)) != 0) {
        if (auto date = valid_day(year_number(word(2 + comma)), m, d)) return result(*date, "actual", 3 + comma);
      }
      // May 2024
      const std::size_t between = word(1).in({"of", ","}) ? 1 : 0;
      if (const int y = year_number(word(1 + between)); y != 0) {
        return result(month_text(y, m), "actual", 2 + between);
      }
    }
    // A bare year only after a preposition: "2000 euros" is none.
    if (const int y = year_number(word(0)); y != 0 && at_ > 0 &&
                                            words_[at_ - 1].in({"in", "since", "around", "until", "till", "by", "from",
                                                                "of", "early", "late", "mid", "about", "during"})) {
      return result(year_text(y), words_[at_ - 1].in({"around", "about"}) ? "estimated" : "actual", 1);
    }
    return std::nullopt;
  }

  std::optional<When> relative() const {
    const local_days now = *now_;
    const Word& first = word(0);
    const Word& second = word(1);
    if (first.in({"today", "tonight"})) return result(day_text(now), "inferred", 1);
    if (first.is("this") && second.in({"morning", "afternoon", "evening"})) return result(day_text(now), "inferred", 2);
    if (first.is("yesterday")) {
      return result(day_text(now - days{1}), "inferred", second.in({"morning", "afternoon", "evening", "night"}) ? 2 : 1);
    }
    if (first.in({"tomorrow"})) {
      return result(day_text(now + days{1}), "inferred", second.in({"morning", "afternoon", "evening", "night"}) ? 2 : 1);
    }
    if (first.is("last") && second.is("night")) return result(day_text(now - days{1}), "inferred", 2);
    if (first.is("the") && second.is("day") && word(2).in({"before", "after"}) && word(3).in({"yesterday", "tomorrow"})) {
      return result(day_text(word(2).is("before") ? now - days{2} : now + days{2}), "inferred", 4);
    }
    if (first.in({"last", "next", "this", "past"})) {
      if (auto found = neighbouring()) return found;
    }
    if (auto found = season()) return found;
    return some_time_ago();
  }

  // last May, next Friday, this weekend, last year
  std::optional<When> neighbouring() const {
    const local_days now = *now_;
    const int direction = word(0).in({"last", "past"}) ? -1 : word(0).is("next") ? 1 : 0;
    const Word& unit = word(1);
    const year_month this_one{year_month_day{now}.year(), year_month_day{now}.month()};
    if (unit.is("week")) return result(day_text(now + days{7 * direction}), "estimated", 2);
    if (unit.is("month")) return result(month_text(this_one + months{direction}), "inferred", 2);
    if (unit.is("year")) return result(year_text(this_year() + direction), "inferred", 2);
    if (unit.is("weekend")) {
      const auto past_saturday = (weekday{now} - weekday{6}).count();
      local_days saturday = now - days{past_saturday};
      if (direction >= 0 && past_saturday > 1) saturday += days{7};
      if (direction < 0 && past_saturday <= 1) saturday -= days{7};
      if (direction > 0) saturday += days{past_saturday > 1 ? 0 : 7};
      return result(day_text(saturday), "estimated", 2);
    }
    if (const int n = weekday_number(unit); n >= 0) {
      const weekday wanted{static_cast<unsigned>(n)};
      auto back = (weekday{now} - wanted).count();
      if (direction < 0) return result(day_text(now - days{back == 0 ? 7 : back}), "inferred", 2);
      auto forward = (wanted - weekday{now}).count();
      if (direction > 0) return result(day_text(now + days{forward == 0 ? 7 : forward}), "inferred", 2);
      return result(day_text(ahead_ ? now + days{forward} : now - days{back}), "inferred", 2);
    }
    if (const int m = month_number(unit); m != 0) {
      int y = this_year();
      if (direction < 0 && m >= this_month()) --y;
      if (direction > 0 && m <= this_month()) ++y;
      return result(month_text(y, m), "inferred", 2);
    }
    if (const int m = season_month(unit); m != 0) {
      int y = this_year();
      if (direction < 0 && m > this_month()) --y;
      if ((direction > 0 && m <= this_month()) || (direction == 0 && ahead_ && m < this_month())) ++y;
      return result(month_text(y, m), "estimated", 2);
    }
    return std::nullopt;
  }

  // two weeks ago, a few months ago, in three days
  std::optional<When> some_time_ago() const {
    const bool in = word(0).is("in");
    std::size_t at = in ? 1 : 0;
    bool vague = false;
    int count = 0;
    if (word(at).in({"a", "about", "almost"}) && word(at + 1).in({"few", "couple"})) {
      vague = true;
      count = word(at + 1).is("few") ? 3 : 2;
      at += 2;
      if (word(at).is("of")) ++at;
    } else if (word(at).is("couple")) {
      vague = true;
      count = 2;
      at += word(at + 1).is("of") ? 2 : 1;
    } else {
      if (word(at).in({"about", "almost", "around"})) {
        vague = true;
        ++at;
      }
      count = number_of(word(at).lower);
      if (count == 0) return std::nullopt;
      ++at;
    }
    std::string unit = word(at).lower;
    if (unit.ends_with('s')) unit.pop_back();
    if (!is_any(unit, {"day", "week", "month", "year"})) return std::nullopt;
    ++at;
    int sign = 1;
    if (!in) {
      if (!word(at).in({"ago", "back"})) return std::nullopt;
      sign = -1;
      ++at;
    } else if (!ahead_) {
      return std::nullopt;  // "in two weeks" of something past is a length of time
    }
    const local_days now = *now_;
    const year_month_day today{now};
    if (unit == "day") return result(day_text(now + days{sign * count}), vague ? "estimated" : "inferred", at);
    if (unit == "week") return result(day_text(now + days{sign * 7 * count}), "estimated", at);
    const std::string how = vague ? "estimated" : "inferred";
    if (unit == "month") {
      return result(month_text(year_month{today.year(), today.month()} + months{sign * count}), how, at);
    }
    return result(year_text(this_year() + sign * count), how, at);
  }

  // in the summer
  std::optional<When> season() const {
    if (!word(0).is("the") || at_ == 0 || !words_[at_ - 1].in({"in", "during"})) return std::nullopt;
    const int m = season_month(word(1));
    if (m == 0) return std::nullopt;
    int y = this_year();
    if (ahead_ && m < this_month()) ++y;
    if (!ahead_ && m > this_month()) --y;
    return result(month_text(y, m), "estimated", 2);
  }

  // 5 May, May 5th, in March, on Saturday: the year or week follows from which way the sentence looks
  std::optional<When> without_year() const {
    const local_days now = *now_;
    const std::size_t skip = word(0).is("the") ? 1 : 0;
    int d = day_number(word(skip));
    int m = 0;
    std::size_t length = 0;
    if (d != 0) {
      const std::size_t of = word(skip + 1).is("of") ? 1 : 0;
      m = month_number(word(skip + 1 + of));
      length = skip + 2 + of;
    } else if ((m = month_number(word(0))) != 0) {
      d = day_number(word(1));
      length = d != 0 ? 2 : 1;
    }
    if (m != 0) {
      if (d != 0) {
        int y = this_year();
        auto date = valid_day(y, m, d);
        if (!date) return std::nullopt;
        if (ahead_ && *date < day_text(now)) ++y;
        if (!ahead_ && *date > day_text(now)) --y;
        date = valid_day(y, m, d);
        return date ? std::optional(result(*date, "inferred", length)) : std::nullopt;
      }
      // "May" and "March" are words of their own: a month needs a preposition before it.
      const bool introduced =
          at_ > 0 && words_[at_ - 1].in({"in", "since", "until", "till", "by", "of", "early", "late", "mid", "from",
                                         "during", "around", "about"});
      if (!introduced) return std::nullopt;
      int y = this_year();
      if (ahead_ && m < this_month()) ++y;
      if (!ahead_ && m > this_month()) --y;
      return result(month_text(y, m), "inferred", 1);
    }
    if (const int n = weekday_number(word(0)); n >= 0) {
      const bool introduced = at_ > 0 && words_[at_ - 1].in({"on", "since", "until", "by", "from"});
      if (!introduced) return std::nullopt;
      const weekday wanted{static_cast<unsigned>(n)};
      const auto back = (weekday{now} - wanted).count();
      const auto forward = (wanted - weekday{now}).count();
      return result(day_text(ahead_ ? now + days{forward} : now - days{back}), "inferred", 1);
    }
    return std::nullopt;
  }

  const Words& words_;
  std::size_t end_;
  Moment now_;
  bool ahead_;
  std::size_t at_ = 0;
};

// for three years: the start is as far back as that
std::optional<When> duration_at(const Words& words, std::size_t at, std::size_t end, Moment now) {
  if (!now || !words[at].in({"for", "almost", "over"})) return std::nullopt;
  std::size_t position = at + 1;
  bool vague = false;
  while (position < end && words[position].in({"about", "almost", "over", "nearly", "around", "the", "last", "past"})) {
    vague = vague || !words[position].in({"the", "last", "past"});
    ++position;
  }
  if (position + 1 >= end) return std::nullopt;
  const int count = number_of(words[position].lower);
  if (count == 0) return std::nullopt;
  const std::string& unit = words[position + 1].lower;
  const year_month_day today{*now};
  When when;
  when.since = true;
  when.duration = true;
  when.begin = at;
  when.end = position + 2;
  const std::string how = vague ? "estimated" : "inferred";
  if (is_any(unit, {"year", "years"})) {
    when.day = {year_text(static_cast<int>(today.year()) - count), how};
  } else if (is_any(unit, {"month", "months"})) {
    when.day = {month_text(year_month{today.year(), today.month()} - months{count}), how};
  } else {
    return std::nullopt;
  }
  if (when.end < end && words[when.end].is("now")) ++when.end;
  return when;
}

}  // namespace

std::string day_text(local_days when) {
  const year_month_day ymd{when};
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02u", static_cast<int>(ymd.year()),
                static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
  return buffer.data();
}

Moment moment_of(std::string_view at) {
  if (at.size() < 10 || at[4] != '-' || at[7] != '-') return std::nullopt;
  for (const std::size_t n : {0u, 1u, 2u, 3u, 5u, 6u, 8u, 9u}) {
    if (at[n] < '0' || at[n] > '9') return std::nullopt;
  }
  const year_month_day ymd{year{std::stoi(std::string(at.substr(0, 4)))},
                           month{static_cast<unsigned>(std::stoi(std::string(at.substr(5, 2))))},
                           day{static_cast<unsigned>(std::stoi(std::string(at.substr(8, 2))))}};
  if (!ymd.ok()) return std::nullopt;
  return local_days{ymd};
}

std::optional<When> find_when(const Words& words, std::size_t begin, std::size_t end, Moment now, bool ahead) {
  Finder finder(words, end, now, ahead);
  for (std::size_t at = begin; at < end; ++at) {
    if (auto found = duration_at(words, at, end, now)) return found;
    std::optional<When> found = finder.at(at);
    if (!found) continue;
    // "10 May" must not be read from "May" on; words are tried in order, so the
    // longest reading that starts first has been found.
    while (found->begin > begin) {
      const Word& before = words[found->begin - 1];
      if (before.in({"in", "on", "at", "since", "until", "till", "by", "around", "about", "from", "during", "back",
                     "early", "late", "mid", "of", "end", "beginning", "start", "middle", "the", "starting"})) {
        if (before.in({"the"}) && found->begin < found->end && !words[found->begin].in({"end", "beginning", "start", "middle"})) {
          break;
        }
        if (before.is("of") && (found->begin < 2 || !words[found->begin - 2].in({"end", "beginning", "start", "middle"}))) {
          break;
        }
        if (before.is("since")) found->since = true;
        if (before.in({"until", "till"})) found->until = true;
        if (before.in({"around", "about", "early", "late", "mid"})) found->day.how = "estimated";
        --found->begin;
        continue;
      }
      break;
    }
    return found;
  }
  return std::nullopt;
}

std::string phrase_of(const When& when) {
  const std::string& date = when.day.date;
  std::string text = date.substr(0, 4);
  if (date.size() >= 7) {
    std::string name(month_names[static_cast<std::size_t>(std::stoi(date.substr(5, 2))) - 1]);
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    text = name + " " + text;
  }
  if (date.size() >= 10) text = std::to_string(std::stoi(date.substr(8, 2))) + " " + text;
  if (when.since) return "since " + text;
  if (when.until) return "until " + text;
  if (when.day.how == "estimated") return "around " + text;
  return (date.size() >= 10 ? "on " : "in ") + text;
}

}  // namespace kg_sim::rules
