// The time that WhatsApp writes before each message, in the two layouts and the
// forms of date and clock that phones have:
//
//   Android   12/31/24, 10:15 PM - Anna: …     31.12.24, 22:15 - Anna: …
//   iOS       [31.12.24, 22:15:03] Anna: …     [2024-12-31, 10:15:03 PM] Anna: …
//
// Which of three numbers is the day is a matter of the phone's language and is
// not written anywhere. It follows from the whole file: an order counts when it
// makes every date one of the calendar, and of several those in which the
// messages go back least often. Where that leaves two, nobody can tell.

#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transcripts/calendar.h"

namespace kg_batch::transcripts {

enum class DateOrder { dmy, mdy, ymd };

struct DatePart {
  int value = 0;
  int digits = 0;
};

struct WhatsAppHeading {
  bool bracket = false;     // iOS
  char mark = '/';          // between the numbers of the date
  bool has_seconds = false;
  std::array<DatePart, 3> date{};
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::size_t length = 0;   // in bytes, of what stands before the name
  std::string_view written; // the date as it stands there

  bool year_first() const { return date[0].digits == 4; }
  // Two headings of one export look alike; what is quoted in a message seldom does.
  bool looks_like(const WhatsAppHeading& other) const {
    return bracket == other.bracket && mark == other.mark && has_seconds == other.has_seconds &&
           year_first() == other.year_first();
  }
};

std::optional<WhatsAppHeading> read_heading(std::string_view line);

// In this order; nothing when that is no day of the calendar.
std::optional<LocalTime> time_of(const WhatsAppHeading& heading, DateOrder order);

// What the dates can mean: one order, several when it cannot be told, none when
// no order makes dates of all of them.
std::vector<DateOrder> orders_of(const std::vector<WhatsAppHeading>& headings);

}  // namespace kg_batch::transcripts
