#include "transcripts/whatsapp_heading.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "chunking/characters.h"
#include "transcripts/app_text.h"

namespace kg_batch::transcripts {

namespace {

constexpr std::size_t longest_heading = 60;  // bytes
constexpr int century = 2000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::size_t position() const { return position_; }
  bool at_end() const { return position_ >= text_.size(); }

  bool take(char c) {
    if (at_end() || text_[position_] != c) {
      return false;
    }
    ++position_;
    return true;
  }

  bool take(std::string_view words) {
    if (!text_.substr(position_).starts_with(words)) {
      return false;
    }
    position_ += words.size();
    return true;
  }

  char take_one_of(std::string_view marks) {
    if (at_end() || marks.find(text_[position_]) == std::string_view::npos) {
      return '\0';
    }
    return text_[position_++];
  }

  std::optional<DatePart> take_number(int least, int most) {
    DatePart number;
    std::size_t at = position_;
    for (; at < text_.size() && is_digit(text_[at]) && number.digits <= most; ++at, ++number.digits) {
      number.value = number.value * 10 + (text_[at] - '0');
    }
    if (number.digits < least || number.digits > most) {
      return std::nullopt;
    }
    position_ = at;
    return number;
  }

  // Narrow and no-break ones too, which phones write between the clock and AM.
  bool take_spaces() {
    bool any = false;
    for (std::size_t next = position_; next < text_.size(); position_ = next, any = true) {
      if (!chunking::is_white_space(chunking::next_character(text_, next))) {
        break;
      }
    }
    return any;
  }

  void skip_marks_of_direction() {
    for (std::size_t next = position_; next < text_.size(); position_ = next) {
      if (!is_mark_of_direction(chunking::next_character(text_, next))) {
        break;
      }
    }
  }

  // A short word between date and clock: "um", "klo", "at".
  void skip_word() {
    std::size_t at = position_;
    int letters = 0;
    while (at < text_.size()) {
      std::size_t next = at;
      if (!u_isalpha(chunking::next_character(text_, next))) {
        break;
      }
      at = next;
      ++letters;
    }
    constexpr int longest_word = 4;
    if (letters >= 1 && letters <= longest_word) {
      position_ = at;
      take_spaces();
    }
  }

  void return_to(std::size_t position) { position_ = position; }

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

bool read_date(Reader& reader, WhatsAppHeading& heading) {
  const auto first = reader.take_number(1, 4);
  if (!first || first->digits == 3) {
    return false;
  }
  heading.mark = reader.take_one_of("/.-");
  if (heading.mark == '\0') {
    return false;
  }
  reader.take_spaces();  // "31. 12. 24"
  const auto second = reader.take_number(1, 2);
  if (!second || !reader.take(heading.mark)) {
    return false;
  }
  reader.take_spaces();
  const auto third = first->digits == 4 ? reader.take_number(1, 2) : reader.take_number(2, 4);
  if (!third || third->digits == 3) {
    return false;
  }
  heading.date = {*first, *second, *third};
  reader.take('.');
  return true;
}

// AM, pm, a.m., "p. m.": whether it is there, and which.
std::optional<bool> read_half(Reader& reader) {
  const std::size_t start = reader.position();
  reader.take_spaces();
  const char half = reader.take_one_of("AaPp");
  if (half != '\0') {
    reader.take('.');
    reader.take_spaces();
    if (reader.take_one_of("Mm") != '\0') {
      reader.take('.');
      return half == 'P' || half == 'p';
    }
  }
  reader.return_to(start);
  return std::nullopt;
}

bool read_clock(Reader& reader, WhatsAppHeading& heading) {
  const auto hour = reader.take_number(1, 2);
  const char mark = hour ? reader.take_one_of(":.") : '\0';
  if (mark == '\0') {
    return false;
  }
  const auto minute = reader.take_number(2, 2);
  if (!minute) {
    return false;
  }
  heading.hour = hour->value;
  heading.minute = minute->value;
  if (reader.take(mark)) {
    const auto second = reader.take_number(2, 2);
    if (!second) {
      return false;
    }
    heading.has_seconds = true;
    heading.second = second->value;
  }
  if (const auto afternoon = read_half(reader)) {
    if (heading.hour < 1 || heading.hour > 12) {
      return false;
    }
    heading.hour = heading.hour % 12 + (*afternoon ? 12 : 0);
  }
  return heading.hour <= 23 && heading.minute <= 59 && heading.second <= 59;
}

}  // namespace

std::optional<WhatsAppHeading> read_heading(std::string_view line) {
  const std::string_view start = line.substr(0, longest_heading);
  Reader reader(start);
  WhatsAppHeading heading;
  reader.skip_marks_of_direction();
  heading.bracket = reader.take('[');
  const std::size_t date_begins = reader.position();
  if (!read_date(reader, heading)) {
    return std::nullopt;
  }
  heading.written = line.substr(date_begins, reader.position() - date_begins);
  const bool comma = reader.take(',');
  reader.skip_marks_of_direction();
  if (!reader.take_spaces() && !comma) {
    return std::nullopt;
  }
  reader.skip_word();
  if (!read_clock(reader, heading)) {
    return std::nullopt;
  }
  if (heading.bracket) {
    if (!reader.take(']')) {
      return std::nullopt;
    }
    reader.take_spaces();
  } else if (!reader.take_spaces() || !(reader.take('-') || reader.take("–")) || !(reader.take_spaces() || reader.at_end())) {
    return std::nullopt;
  }
  heading.length = reader.position();
  return heading;
}

std::optional<LocalTime> time_of(const WhatsAppHeading& heading, DateOrder order) {
  const auto& [first, second, third] = heading.date;
  const DatePart& year = order == DateOrder::ymd ? first : third;
  const DatePart& month = order == DateOrder::mdy ? first : second;
  const DatePart& day = order == DateOrder::ymd ? third : order == DateOrder::mdy ? second : first;
  if ((year.digits != 2 && year.digits != 4) || month.digits > 2 || day.digits > 2) {
    return std::nullopt;
  }
  const LocalTime time = {year.value + (year.digits == 2 ? century : 0), month.value, day.value, heading.hour, heading.minute, heading.second};
  return is_date(time.year, time.month, time.day) ? std::optional(time) : std::nullopt;
}

std::vector<DateOrder> orders_of(const std::vector<WhatsAppHeading>& headings) {
  struct Candidate {
    DateOrder order;
    int back = 0;  // how often the day before comes after a day
  };
  std::vector<Candidate> possible;
  const auto consider = [&](DateOrder order) {
    Candidate candidate{order};
    std::optional<LocalTime> latest;
    for (const WhatsAppHeading& heading : headings) {
      auto time = time_of(heading, order);
      if (!time) {
        return;
      }
      time->hour = time->minute = time->second = 0;
      candidate.back += latest && *time < *latest ? 1 : 0;
      latest = time;
    }
    possible.push_back(candidate);
  };
  consider(DateOrder::dmy);
  consider(DateOrder::mdy);
  consider(DateOrder::ymd);
  // Nobody writes 12.31.24; and 5/5/24 is one day either way.
  const bool one_meaning = std::all_of(headings.begin(), headings.end(), [](const WhatsAppHeading& heading) {
    return heading.mark == '.' || heading.date[0].value == heading.date[1].value;
  });
  if (possible.size() > 1 && one_meaning && possible.front().order == DateOrder::dmy) {
    return {DateOrder::dmy};
  }
  int least = 0;
  for (const Candidate& candidate : possible) {
    least = &candidate == &possible.front() ? candidate.back : std::min(least, candidate.back);
  }
  std::vector<DateOrder> orders;
  for (const Candidate& candidate : possible) {
    // Two digits of a year come first where nothing else is as good: few phones write so.
    if (candidate.back == least && (candidate.order != DateOrder::ymd || orders.empty())) {
      orders.push_back(candidate.order);
    }
  }
  return orders;
}

}  // namespace kg_batch::transcripts
