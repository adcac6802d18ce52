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

int days_in(int year, int month) {
  static constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

bool is_date(int year, int month, int day) { return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days_in(year, month); }

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
