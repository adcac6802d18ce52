#include "graph/validity.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace kg_batch::graph {

namespace {

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Lower is better: how it is known, then the narrower, then the lower.
auto rank(const Date& date) { return std::tuple(static_cast<int>(date.how), -static_cast<int>(date.date.size()), date.date); }

enum class Sort { ends, starts, said };

// Something on a day. On one day what ends comes before what begins.
struct Point {
  Day day{};
  Sort sort = Sort::said;
  std::size_t state = 0;
  const StateMark* mark = nullptr;
};

// A day of which a mark says that the State holds then.
std::optional<Day> said_to_hold(const StateMark& mark) {
  if (!mark.said) return std::nullopt;
  const auto start = mark.start ? days_of(mark.start->date) : std::nullopt;
  const auto end = mark.end ? days_of(mark.end->date) : std::nullopt;
  if (start && *mark.said < start->first) return std::nullopt;
  if (end && (*mark.said > end->last || !start)) return std::nullopt;
  return mark.said;
}

std::vector<Point> points_of(std::span<const State> group) {
  std::vector<Point> points;
  for (std::size_t state = 0; state < group.size(); ++state) {
    for (const StateMark& mark : group[state].marks) {
      if (mark.start)
        if (const auto days = days_of(mark.start->date)) points.push_back({days->first, Sort::starts, state, &mark});
      if (mark.end)
        if (const auto days = days_of(mark.end->date)) points.push_back({days->last, Sort::ends, state, &mark});
      if (const auto day = said_to_hold(mark)) points.push_back({*day, Sort::said, state, &mark});
    }
  }
  std::ranges::sort(points, {}, [&](const Point& point) {
    return std::tuple(point.day, point.sort, point.mark->order_key, group[point.state].key);
  });
  return points;
}

class Timeline {
 public:
  explicit Timeline(std::span<const State> group) : group_(group), runs_(group.size()) {
    for (std::size_t state = 0; state < group.size(); ++state) {
      for (const StateMark& mark : group[state].marks) {
        if (!mark.own) continue;
        const auto day = said_to_hold(mark);
        if (day || mark.start || !mark.end) runs_[state].has_own_words = true;
        runs_[state].last_own = std::max(runs_[state].last_own, day);
      }
    }
  }

  std::vector<Validity> run() {
    for (const Point& point : points_of(group_)) {
      switch (point.sort) {
        case Sort::starts: starts(point); break;
        case Sort::ends: ends(point); break;
        case Sort::said: said(point); break;
      }
    }
    for (auto& run : runs_)
      if (run.periods.empty()) run.periods.emplace_back();  // nothing but undated words
    supersede();
    std::vector<Validity> result;
    for (auto& run : runs_) result.push_back({std::move(run.periods), run.superseded_by});
    return result;
  }

 private:
  struct Run {
    std::vector<Period> periods;
    const Date* start = nullptr;  // that counts, of the last period
    const Date* end = nullptr;
    std::optional<std::size_t> superseded_by;
    bool has_own_words = false;    // a holder says that it holds or held
    std::optional<Day> last_own;   // the last day of such words
    bool is_open() const { return !periods.empty() && periods.back().ended == Ended::open; }
  };

  static Period& begin(Run& run) {
    run.start = run.end = nullptr;
    return run.periods.emplace_back();
  }

  void starts(const Point& point) {
    Run& run = runs_[point.state];
    const Date& date = *point.mark->start;
    if (!run.is_open()) begin(run);
    Period& period = run.periods.back();
    // Said to hold before it is said to have begun: since when is not known.
    const bool contradicted = period.first_said && *period.first_said < point.day;
    if (!contradicted && (run.start == nullptr || rank(date) < rank(*run.start))) {
      run.start = &date;
      period.from = point.day;
      period.start = date;
    }
    take_over(point);
  }

  void ends(const Point& point) {
    Run& run = runs_[point.state];
    const Date& date = *point.mark->end;
    if (!point.mark->own && run.last_own && *run.last_own > point.day) return;
    const Day until = point.day + std::chrono::days(1);
    if (run.periods.empty()) begin(run);
    Period& period = run.periods.back();
    switch (period.ended) {
      case Ended::open: break;
      case Ended::said:
        if (rank(date) > rank(*run.end)) return;
        break;
      case Ended::taken_over:
        // "I no longer live there" is said later than one moved.
        if (date.how != How::actual) return;
        break;
    }
    run.end = &date;
    period.until = until;
    period.end = date;
    period.ended = Ended::said;
    period.ended_by.reset();
  }

  void said(const Point& point) {
    Run& run = runs_[point.state];
    const bool within = !run.periods.empty() && run.periods.back().until && point.day < *run.periods.back().until;
    if (!run.is_open() && !within) begin(run);
    Period& period = run.periods.back();
    if (!period.first_said) period.first_said = point.day;
    period.last_said = point.day;
    if (point.mark->replaces && !point.mark->start) take_over(point);
  }

  // Closes what was before and has no holder of its own left.
  void take_over(const Point& point) {
    for (std::size_t other = 0; other < group_.size(); ++other) {
      Run& run = runs_[other];
      if (other == point.state || !run.is_open() || !covers(point.state, other)) continue;
      if (run.has_own_words && !runs_[point.state].has_own_words) continue;
      Period& period = run.periods.back();
      const std::optional<Day> began = period.from ? period.from : period.first_said;
      if (!began || *began >= point.day) continue;
      period.until = point.day;
      period.ended = Ended::taken_over;
      period.ended_by = point.state;
    }
  }

  bool covers(std::size_t by, std::size_t of) const {
    const auto& outer = group_[by].holders;
    const auto& inner = group_[of].holders;
    return !inner.empty() && std::ranges::includes(outer, inner);
  }

  // Which of two that stand was said to hold last; what has no day was never.
  auto recency(std::size_t state) const {
    const Period& period = runs_[state].periods.back();
    std::string latest;
    for (const StateMark& mark : group_[state].marks) latest = std::max(latest, mark.order_key);
    return std::tuple(std::max(period.from, period.last_said), latest, group_[state].key);
  }

  void supersede() {
    for (std::size_t one = 0; one < group_.size(); ++one) {
      if (!runs_[one].is_open()) continue;
      for (std::size_t other = 0; other < group_.size(); ++other) {
        if (other == one || !runs_[other].is_open() || !covers(other, one) || recency(other) <= recency(one)) continue;
        auto& by = runs_[one].superseded_by;
        if (!by || recency(*by) < recency(other)) by = other;
      }
    }
  }

  std::span<const State> group_;
  std::vector<Run> runs_;
};

}  // namespace

std::optional<Days> days_of(std::string_view date) {
  using namespace std::chrono;
  const auto at = [&](std::size_t place, std::size_t size) { return number(date.substr(std::min(place, date.size()), size)); };
  const auto y = at(0, 4);
  if (date.size() < 4 || !y) return std::nullopt;
  if (date.size() == 4) return Days{year{*y} / January / 1, year{*y} / December / 31};
  const auto m = at(5, 2);
  if (date.size() < 7 || !m || *m < 1 || *m > 12) return std::nullopt;
  const year_month in = year{*y} / month{static_cast<unsigned>(*m)};
  if (date.size() == 7) return Days{in / 1, in / std::chrono::last};
  const auto d = at(8, 2);
  if (date.size() < 10 || !d || *d < 1) return std::nullopt;
  const year_month_day on = in / day{static_cast<unsigned>(*d)};
  if (!on.ok()) return std::nullopt;
  return Days{on, on};
}

void correct(std::vector<StateMark>& marks, std::optional<Date> StateMark::*which, const std::optional<Date>& said) {
  const auto rank = [](const Date& date) {
    return std::tuple(date.how, std::numeric_limits<std::size_t>::max() - date.date.size(), std::string_view(date.date));
  };
  std::optional<Date> shown;
  State own;
  own.marks = marks;
  const std::vector<Period> periods = validity_of({&own, 1}).front().periods;
  if (periods.size() > 1) {
    shown = which == &StateMark::start ? periods.back().start : periods.back().end;
    if (said && !shown) {
      marks.emplace_back().*which = said;
      return;
    }
  } else {
    for (const StateMark& mark : marks) {
      const std::optional<Date>& date = mark.*which;
      if (date && (!shown || rank(*date) < rank(*shown))) shown = date;
    }
  }
  const std::optional<std::string> instead_of = said && shown ? std::optional(shown->date) : std::nullopt;
  for (StateMark& mark : marks) {
    std::optional<Date>& date = mark.*which;
    if (!instead_of || (date && date->date == *instead_of)) date = said;
  }
}

std::vector<Validity> validity_of(std::span<const State> group) { return Timeline(group).run(); }

Status status_of(const Validity& validity, const Period& period, Day day) {
  std::optional<Day> began = period.from ? period.from : period.first_said;
  if (!began && period.until) began = *period.until - std::chrono::days(1);
  if (period.ended != Ended::open && day >= *period.until) return Status::ended;
  if (began && day < *began) return period.from ? Status::not_yet : Status::unknown;
  if (period.ended != Ended::open) return Status::holds;
  if (period.last_said && day <= *period.last_said) return Status::holds;
  return validity.superseded_by ? Status::superseded : Status::last_known;
}

}  // namespace kg_batch::graph
