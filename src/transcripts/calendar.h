// Days and times of the calendar as exports write them, without a zone.

#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace kg_batch::transcripts {

struct LocalTime {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;

  auto operator<=>(const LocalTime&) const = default;
};

bool is_date(int year, int month, int day);
std::string iso_text(const LocalTime& time);  // 2024-12-31 22:15:03, as timestamptz reads it under every DateStyle

LocalTime utc_of(std::int64_t seconds_since_1970);

}  // namespace kg_batch::transcripts
