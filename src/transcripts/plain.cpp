#include "transcripts/plain.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "chunking/characters.h"
#include "chunking/sentences.h"
#include "transcripts/app_text.h"
#include "transcripts/calendar.h"

namespace kg_batch::transcripts {

using chunking::char_length;
using chunking::char_slice;
using chunking::Line;
using chunking::line_at;
using chunking::next_character;
using chunking::trimmed;

namespace {

constexpr int longest_name = 60;  // characters
constexpr int most_words_in_name = 5;
constexpr std::size_t lines_shown = 5;
constexpr int shown_width = 80;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What letters, notes and recipes put before a colon.
bool is_heading(std::string_view lower) {
  static const std::unordered_set<std::string_view> words = {
      "note", "notes", "todo", "ps", "p.s.", "nb", "n.b.", "re", "fwd", "subject", "from", "to", "cc", "bcc", "date", "sent",
      "edit", "update", "tl;dr", "tldr", "example", "warning", "tip", "http", "https", "ftp", "mailto", "file", "betreff",
      "von", "an", "datum", "hinweis", "objet", "asunto", "тема"};
  return words.contains(lower);
}

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

// Reads digits at `position`, which moves behind them; -1 unless there are
// between `least` and `most`.
int number_at(std::string_view text, std::size_t& position, std::size_t least, std::size_t most) {
  std::size_t end = position;
  int number = 0;
  while (end < text.size() && end - position < most && is_digit(text[end])) {
    number = number * 10 + (text[end] - '0');
    ++end;
  }
  if (end - position < least) {
    return -1;
  }
  position = end;
  return number;
}


bool skip(std::string_view text, std::size_t& position, char mark) {
  if (position < text.size() && text[position] == mark) {
    ++position;
    return true;
  }
  return false;
}

// 18:20, 18:20:11, 18:20:11.5, 6:20 PM, with an offset as Z, +02, +02:00.
bool read_clock(std::string_view text, std::size_t& position) {
  std::size_t at = position;
  const int hour = number_at(text, at, 1, 2);
  if (hour < 0 || hour > 23 || !skip(text, at, ':')) {
    return false;
  }
  const int minute = number_at(text, at, 2, 2);
  if (minute < 0 || minute > 59) {
    return false;
  }
  if (at < text.size() && text[at] == ':') {
    std::size_t second_at = at + 1;
    const int second = number_at(text, second_at, 2, 2);
    if (second >= 0 && second <= 59) {
      at = second_at;
      if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
        at += 1;
        number_at(text, at, 1, 9);
      }
    }
  }
  const std::size_t letters = at < text.size() && text[at] == ' ' ? at + 1 : at;
  const std::string half = ascii_lower(text.substr(letters, 2));
  if ((half == "am" || half == "pm") && hour >= 1 && hour <= 12 &&
      (letters + 2 == text.size() || std::string_view(" ]").find(text[letters + 2]) != std::string_view::npos)) {
    at = letters + 2;
  }
  if (at < text.size() && text[at] == 'Z') {
    ++at;
  } else if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    std::size_t offset = at + 1;
    if (number_at(text, offset, 2, 2) >= 0) {
      at = offset;
      std::size_t minutes = at;
      skip(text, minutes, ':');
      if (number_at(text, minutes, 2, 2) >= 0) {
        at = minutes;
      }
    }
  }
  position = at;
  return true;
}

// 2024-05-03 or 2024/05/03, alone or with a clock behind a space or T: what
// timestamptz reads the same under every DateStyle.
bool read_date(std::string_view text, std::size_t& position) {
  std::size_t at = position;
  const int year = number_at(text, at, 4, 4);
  if (year < 1 || at >= text.size() || (text[at] != '-' && text[at] != '/')) {
    return false;
  }
  const char mark = text[at];
  ++at;
  const int month = number_at(text, at, 1, 2);
  if (month < 1 || !skip(text, at, mark)) {
    return false;
  }
  if (!is_date(year, month, number_at(text, at, 1, 2))) {
    return false;
  }
  position = at;
  if (at < text.size() && (text[at] == ' ' || text[at] == 'T')) {
    std::size_t clock = at + 1;
    if (read_clock(text, clock)) {
      position = clock;
    }
  }
  return true;
}

struct Time {
  std::optional<std::string> sent_at;
  std::size_t length = 0;  // of what stands before the name, spaces behind it included
};

// A clock without a date is passed over: it says nothing that could be stored.
Time read_time(std::string_view line) {
  Time time;
  const bool bracket = line.starts_with('[') || line.starts_with('(');
  std::size_t position = bracket ? 1 : 0;
  const std::size_t begins = position;
  if (read_date(line, position)) {
    time.sent_at = std::string(line.substr(begins, position - begins));
  } else if (!read_clock(line, position)) {
    // Another way to write a time: passed over when brackets show where it ends.
    const std::size_t end = bracket ? line.find(line.front() == '[' ? ']' : ')') : std::string_view::npos;
    const bool dated = end != std::string_view::npos && end <= 40 && position < end && is_digit(line[position]) &&
                       line.substr(0, end).find_first_of(":./-") != std::string_view::npos;
    if (!dated) {
      return {};
    }
    position = end;
  }
  if (bracket && !skip(line, position, line.front() == '[' ? ']' : ')')) {
    return {};
  }
  const std::size_t space = line.find_first_not_of(" \t-", position);
  if (!bracket && (space == position || space == std::string_view::npos)) {
    return {};
  }
  time.length = space == std::string_view::npos ? line.size() : space;
  return time;
}

bool may_be_in_name(UChar32 character) {
  if (u_isalnum(character) || (U_GET_GC_MASK(character) & (U_GC_M_MASK | U_GC_SO_MASK | U_GC_SK_MASK | U_GC_CF_MASK)) != 0) {
    return true;
  }
  return character == 0x2019 || (character < 0x80 && std::string_view(" .'-_@+()#&/~|").find(static_cast<char>(character)) != std::string_view::npos);
}

// A phone number stands where a name is not known.
bool is_phone_number(std::string_view name) {
  const auto digits = std::count_if(name.begin(), name.end(), is_digit);
  return name.starts_with('+') && digits >= 7 && name.find_first_not_of("+0123456789 ()-") == std::string_view::npos;
}

// One word of any kind, or several of which none begins with a small letter
// unless it is a particle: "Anna", "user42", "Jan van Dyk"; not "I told him".
bool is_name(std::string_view name) {
  if (name.empty() || char_length(name) > longest_name || is_heading(ascii_lower(name))) {
    return false;
  }
  if (is_phone_number(name)) {
    return true;
  }
  bool letter = false;
  int words = 0;
  int small = 0;
  for (std::size_t start = 0; start < name.size();) {
    std::size_t end = name.find(' ', start);
    end = end == std::string_view::npos ? name.size() : end;
    const std::string_view word = name.substr(start, end - start);
    start = end + 1;
    if (word.empty()) {
      continue;
    }
    ++words;
    for (std::size_t position = 0; position < word.size();) {
      const UChar32 character = next_character(word, position);
      if (!may_be_in_name(character)) {
        return false;
      }
      letter = letter || u_isalpha(character);
    }
    std::size_t first = 0;
    if (u_isULowercase(next_character(word, first)) && !is_particle(word)) {
      ++small;
    }
  }
  if (!letter || words > most_words_in_name) {
    return false;
  }
  return words == 1 || small == 0;
}

struct Opening {
  std::string_view speaker;
  std::string_view content;
  std::optional<std::string> sent_at;
};

std::optional<Opening> read_opening(std::string_view line) {
  line = trimmed(line);
  Time time = read_time(line);
  const std::string_view rest = line.substr(time.length);
  constexpr std::string_view wide_colon = "：";
  const std::size_t narrow = rest.find(':');
  const std::size_t wide = rest.find(wide_colon);
  const std::size_t colon = std::min(narrow, wide);
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t behind = colon + (wide < narrow ? wide_colon.size() : 1);
  // "https://", "10:30", "a::b" have no space there.
  if (narrow < wide && behind < rest.size() && rest[behind] != ' ' && rest[behind] != '\t') {
    return std::nullopt;
  }
  const std::string_view speaker = trimmed(rest.substr(0, colon));
  if (!is_name(speaker)) {
    return std::nullopt;
  }
  return Opening{speaker, trimmed(rest.substr(behind)), std::move(time.sent_at)};
}

std::string shortened(std::string_view text) {
  if (char_length(text) <= shown_width) {
    return std::string(text);
  }
  std::string start(char_slice(text, 0, shown_width));
  start += "…";
  return start;
}

std::string as_read(const std::optional<Opening>& opening, std::string_view line) {
  std::string shown;
  if (opening) {
    shown += '"';
    shown += opening->speaker;
    shown += "\" says: ";
    shown += shortened(opening->content);
  } else {
    shown += "no name: ";
    shown += shortened(trimmed(line));
  }
  return shown;
}

}  // namespace

Read read_plain(std::string_view text) {
  std::vector<Message> messages;
  std::vector<std::string> shown;
  std::string refused;
  std::unordered_set<std::string_view> speakers;
  std::size_t lines = 0;
  std::size_t belonging = 0;  // lines that open a message or go on with one
  int blank = 0;              // since the last line of the message
  int number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const Line line = line_at(text, start);
    start = line.next;
    ++number;
    const std::string_view words = text.substr(line.start, line.end - line.start);
    if (trimmed(words).empty()) {
      ++blank;
      continue;
    }
    ++lines;
    std::optional<Opening> opening = read_opening(words);
    if (shown.size() < lines_shown) {
      shown.push_back(as_read(opening, words));
    }
    if (opening) {
      speakers.insert(opening->speaker);
      Message& message = messages.emplace_back();
      message.speaker = opening->speaker;
      message.content = opening->content;
      message.sent_at = std::move(opening->sent_at);
      message.place = "line " + std::to_string(number);
    } else if (!messages.empty()) {
      std::string& content = messages.back().content;
      if (!content.empty()) {
        content.append(static_cast<std::size_t>(blank) + 1, '\n');
      }
      content += words;
    }
    belonging += messages.empty() ? 0 : 1;
    blank = 0;
  }
  // Two who have said one thing each are a conversation that has just begun.
  constexpr std::size_t always_allowed = 2;
  if (lines == 0) {
    refused = "the text is empty";
  } else if (messages.empty()) {
    refused = "no line begins with a name and a colon";
  } else if (belonging * 2 < lines) {
    refused = "most lines stand before the first name";
  } else if (speakers.size() > always_allowed && speakers.size() * 2 > messages.size()) {
    refused = "what stands before the colons are no names: " + std::to_string(speakers.size()) + " speakers in " +
                     std::to_string(messages.size()) + " messages";
  } else {
    return Written{std::move(messages), ""};
  }
  std::string detail = shown.empty() ? "" : "The first lines were read as:";
  for (const std::string& line : shown) {
    detail += "\n";
    detail += line;
  }
  return Refused{"text is no transcript", refused, detail,
                 "Each message begins on a line of its own, as \"Anna: I adopted a dog.\"; a time may stand before the name."};
}

}  // namespace kg_batch::transcripts
