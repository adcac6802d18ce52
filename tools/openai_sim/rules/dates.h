// Dates in words, resolved from the local time of the message.
//
// A date's width is its precision: "2022", "2022-05", "2022-05-08". `how` is
// actual for what is written out with its year, inferred for what follows from
// the message's time ("yesterday", "last May", "in March"), estimated for what
// is vague ("around 2019", "a few weeks ago", "last week"). Where the message
// has no time, only what is written out with its year is a date.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "words.h"

namespace kg_sim::rules {

struct Day {
  std::string date;
  std::string how;  // actual, inferred, estimated
  bool operator==(const Day&) const = default;
};

struct When {
  Day day;
  bool since = false;     // "since 2019", "for three years"
  bool until = false;     // "until May"
  bool duration = false;  // given as a length of time
  std::size_t begin = 0, end = 0;  // words, its preposition included
};

using Moment = std::optional<std::chrono::local_days>;

// The day of "2023-05-08 15:50 Mon"; nothing where there is none.
Moment moment_of(std::string_view at);
std::string day_text(std::chrono::local_days day);

// The first date in words [begin, end). `ahead`: the sentence looks forward, so
// that "in March" is the next one and not the last.
std::optional<When> find_when(const Words& words, std::size_t begin, std::size_t end, Moment now, bool ahead);

// "in May 2022", "on 8 May 2022", "since 2019".
std::string phrase_of(const When& when);

}  // namespace kg_sim::rules
