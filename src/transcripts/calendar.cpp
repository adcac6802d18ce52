#include "transcripts/calendar.h"

#include <array>
#include <chrono>

namespace kg_batch::transcripts {

namespace {

void append_number(std::string& text, int number, std::size_t width) {
  const std::string digits = std::to_string(number);
  text.append(digits.size() < width ? width - digits.size() : 0, '0');
  text += digits;
}

}  // namespace

bool is_date(int year, int month, int day) {
  return year >= 1 && month >= 1 && day >= 1 &&
         std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(static_cast<unsigned>(day))).ok();
}

std::string iso_text(const LocalTime& time) {
  std::string text;
  append_number(text, time.year, 4);
  text += '-';
  append_number(text, time.month, 2);
  text += '-';
  append_number(text, time.day, 2);
  text += ' ';
  append_number(text, time.hour, 2);
  text += ':';
  append_number(text, time.minute, 2);
  text += ':';
  append_number(text, time.second, 2);
  return text;
}

LocalTime utc_of(std::int64_t seconds_since_1970) {
  using namespace std::chrono;
  const sys_seconds moment{seconds{seconds_since_1970}};
  const sys_days midnight = floor<days>(moment);
  const year_month_day date{midnight};
  const hh_mm_ss<seconds> clock{moment - midnight};
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count())};
}

}  // namespace kg_batch::transcripts
