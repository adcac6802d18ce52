// When States held: periods, derived from what was said of them.
//
// Nothing here is stored: a period follows from the mentions that are live, so
// forgetting what closed it opens it again, and neither order nor clock matters.
// Only what was asserted or reported, and is not denied, is to be given.
//
//   a start begins a period, an end closes it; after an end a further start, or
//   being said to hold on a later day, begins another one: a State that is left
//   and taken up again has two periods, which is no conflict
//   several starts (ends) of one period: what is known best (actual, inferred,
//   estimated), then the narrower, then the lower counts
//   of an exclusive kind (residence, marriage) a later State closes those whose
//   holders are all among its own: when it has a dated start, or was said to
//   replace what was; "later" by the first day that its start may mean
//   what one says of oneself beats what another reports: a State that only others
//   speak of closes none of which a holder speaks, and an end that another gives
//   does not count where a holder says later that it holds
//   where neither is so, both stand, and all but the one that was said to hold
//   last are marked superseded, which hides nothing
//
// Days are days of the calendar in UTC.

#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/mentions.h"

namespace kg_batch::graph {

using Day = std::chrono::sys_days;

// What a date of any width may mean, both ends inclusive. Nothing for what is no date.
struct Days {
  Day first{}, last{};
};
std::optional<Days> days_of(std::string_view date);

// A live mention of a State.
struct StateMark {
  std::optional<Date> start, end;
  bool replaces = false;    // said with words like moved, new job, left
  std::optional<Day> said;  // nothing where the message has no time
  std::string order_key;    // of the total order
  bool own = false;         // said by one who takes part in it
};

struct State {
  Key key{};                  // of its node
  std::vector<Key> holders;   // of an exclusive kind: nodes of which each is in one such State at a time; sorted
  std::vector<StateMark> marks;
};

// A person's start (end) of a State: it stands for the one that is shown, which is
// that of the latest period, or of the only one what is known best, then the
// narrower, then the lower; for all where there is none or is to be none. So other
// periods keep their own.
void correct(std::vector<StateMark>& marks, std::optional<Date> StateMark::*which, const std::optional<Date>& said);

enum class Ended { open, said, taken_over };

struct Period {
  std::optional<Day> from;                    // where a start is known
  std::optional<Day> first_said, last_said;   // days within it on which it was said to hold
  std::optional<Day> until;                   // exclusive; nothing while it is open
  Ended ended = Ended::open;
  std::optional<std::size_t> ended_by;        // the State that took over
  std::optional<Date> start, end;             // as they were given, where they count
};

struct Validity {
  std::vector<Period> periods;               // by time; at least one
  std::optional<std::size_t> superseded_by;  // by whom its open period is
};

// For each State of a group, in its order. A group is States of one exclusive kind
// that have holders in common, over others too; or a single State of any kind.
std::vector<Validity> validity_of(std::span<const State> group);

enum class Status { not_yet, unknown, holds, last_known, superseded, ended };

// In the order of Status.
inline constexpr auto status_names = std::to_array<std::string_view>({"not yet", "unknown", "holds", "last known", "superseded", "ended"});

// What is known of one of its periods on a day. `holds` only up to the last day on
// which it was said to, or with an end that is known; from then on it is last known.
// Where no start is known nothing is known of the days before it was first said to
// hold, and where it never was, before the last day of its end.
Status status_of(const Validity& validity, const Period& period, Day day);

}  // namespace kg_batch::graph
