#include "transcripts/whatsapp.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "chunking/characters.h"
#include "chunking/sentences.h"
#include "graph/sha256.h"
#include "transcripts/app_text.h"
#include "transcripts/whatsapp_phrases.h"

namespace kg_batch::transcripts {

namespace {

using chunking::Line;
using chunking::line_at;
using chunking::trimmed;

constexpr int longest_name = 100;  // characters

struct Entry {
  WhatsAppHeading heading;
  int line = 0;
  std::string_view text;         // behind the heading, with the lines that go on
  std::string speaker;           // empty: the app
  std::size_t content_at = 0;    // in `text`
};

std::string_view first_line_of(std::string_view text) {
  for (std::size_t start = 0; start < text.size();) {
    const Line line = line_at(text, start);
    const std::string_view words = text.substr(line.start, line.end - line.start);
    if (!trimmed(words).empty()) {
      return words;
    }
    start = line.next;
  }
  return {};
}

bool has_open_quote(std::string_view name) {
  int open = 0;
  int straight = 0;
  for (std::size_t position = 0; position < name.size();) {
    const UChar32 character = chunking::next_character(name, position);
    open += character == 0x201C || character == 0x201E || character == 0xAB ? 1 : 0;
    open -= character == 0x201D || character == 0xBB ? 1 : 0;
    straight += character == '"' ? 1 : 0;
  }
  return open > 0 || straight % 2 == 1;
}

// "Anna: words". Without a name it is the app that speaks, also where a subject
// with a colon is quoted: Ben changed the subject to "Trip: Rome".
void find_speaker(Entry& entry) {
  const Line first = line_at(entry.text, 0);
  const std::string_view line = entry.text.substr(0, first.end);
  std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos && trimmed(line).ends_with(':')) {
    colon = line.rfind(':');
  }
  if (colon == std::string_view::npos) {
    return;
  }
  std::string name = name_of(line.substr(0, colon));
  if (name.empty() || chunking::char_length(name) > longest_name || has_open_quote(name)) {
    return;
  }
  entry.speaker = std::move(name);
  entry.content_at = colon + 1;
}

// The headings of a text, each with what stands behind it; nothing when the
// first line is none.
std::vector<Entry> entries_of(std::string_view text) {
  std::vector<Entry> entries;
  int number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const Line line = line_at(text, start);
    start = line.next;
    ++number;
    const std::string_view words = text.substr(line.start, line.end - line.start);
    auto heading = read_heading(words);
    if (heading && (entries.empty() || heading->looks_like(entries.front().heading))) {
      Entry& entry = entries.emplace_back();
      entry.heading = *heading;
      entry.line = number;
      entry.text = words.substr(heading->length);
    } else if (!entries.empty()) {
      const char* const begin = entries.back().text.data();
      entries.back().text = {begin, static_cast<std::size_t>(text.data() + line.end - begin)};
    } else if (!trimmed(words).empty()) {
      return {};
    }
  }
  for (Entry& entry : entries) {
    find_speaker(entry);
  }
  return entries;
}

// "Anna changed the group name to Trip", once, where an Anna speaks: no name. On iOS
// the app marks what it says.
void drop_sentences_for_names(std::vector<Entry>& entries) {
  if (entries.front().heading.bracket) {
    return;
  }
  std::unordered_map<std::string, int> speakers;
  for (const Entry& entry : entries) {
    ++speakers[entry.speaker];
  }
  for (Entry& entry : entries) {
    const std::string& name = entry.speaker;
    if (name.empty() || speakers[name] > 1) {
      continue;
    }
    for (std::size_t space = name.find(' '); space != std::string::npos; space = name.find(' ', space + 1)) {
      std::size_t next = space + 1;
      const bool is_in_names = is_particle(std::string_view(name).substr(space + 1, name.find(' ', space + 1) - space - 1));
      if (!is_in_names && u_isULowercase(chunking::next_character(name, next)) && speakers.contains(name.substr(0, space))) {
        entry.speaker.clear();
        entry.content_at = 0;
        break;
      }
    }
  }
}

std::string with_plain_line_ends(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') {
      plain += text[i];
    }
  }
  return plain;
}

// Of the words alone: who is mentioned has the name of the phone's address book.
std::string hash_of(const std::string& text, const WhatsAppContent& content) {
  constexpr std::string_view opens = "\u2068", closes = "\u2069";
  constexpr std::size_t bytes = 8;
  if (text.find(opens) == std::string::npos) {
    return graph::hex(graph::sha256(content.words), bytes);
  }
  std::string anonymous;
  std::size_t from = 0;
  for (std::size_t at; (at = text.find(opens, from)) != std::string::npos;) {
    anonymous.append(text, from, at - from);
    const std::size_t end = text.find(closes, at);
    from = end == std::string::npos ? text.size() : end + closes.size();
  }
  anonymous.append(text, from);
  return graph::hex(graph::sha256(read_content(anonymous).words), bytes);
}

std::string_view name_of_order(DateOrder order) {
  switch (order) {
    case DateOrder::dmy:
      return "dmy";
    case DateOrder::mdy:
      return "mdy";
    case DateOrder::ymd:
      break;
  }
  return "ymd";
}

std::string written_out(const WhatsAppHeading& heading, DateOrder order) {
  static constexpr std::array months = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
  const auto time = time_of(heading, order);
  return time ? std::to_string(time->day) + " " + months[static_cast<std::size_t>(time->month - 1)] : "no date";
}

// The order to read dates in, or why there is none.
std::variant<DateOrder, Refused> order_for(const std::vector<Entry>& entries, std::optional<DateOrder> said) {
  std::vector<WhatsAppHeading> headings;
  for (const Entry& entry : entries) {
    headings.push_back(entry.heading);
  }
  const std::vector<DateOrder> orders = said ? std::vector{*said} : orders_of(headings);
  if (orders.empty()) {
    return Refused{"text is no WhatsApp export", "its dates are none, whether the day, the month or the year comes first",
                   "The first is \"" + std::string(headings.front().written) + "\".", ""};
  }
  for (const Entry& entry : entries) {
    if (!time_of(entry.heading, orders.front())) {
      return Refused{"line " + std::to_string(entry.line),
                     "\"" + std::string(entry.heading.written) + "\" is no date when date_order is " + std::string(name_of_order(orders.front())), "",
                     "Without date_order it is found out from the whole text."};
    }
  }
  if (orders.size() > 1) {
    const auto differs = std::find_if(entries.begin(), entries.end(), [](const Entry& entry) {
      return time_of(entry.heading, DateOrder::dmy) != time_of(entry.heading, DateOrder::mdy);
    });
    const Entry& entry = differs == entries.end() ? entries.front() : *differs;
    return Refused{"dates of the WhatsApp export are not clear", "day or month may come first in all of them",
                   "\"" + std::string(entry.heading.written) + "\" in line " + std::to_string(entry.line) + " may be " +
                       written_out(entry.heading, DateOrder::dmy) + " or " + written_out(entry.heading, DateOrder::mdy) + ".",
                   "Say date_order => 'dmy' when the day comes first, 'mdy' when the month does."};
  }
  return orders.front();
}

}  // namespace

bool looks_like_whatsapp(std::string_view text) {
  const std::string_view line = first_line_of(text);
  const auto heading = read_heading(line);
  // "[2024-05-03 18:20] Anna: …" is what a person writes, without a comma.
  return heading && !(heading->bracket && heading->year_first() && line.substr(0, heading->length).find(',') == std::string_view::npos);
}

Read read_whatsapp(std::string_view text, std::optional<DateOrder> said) {
  std::vector<Entry> entries = entries_of(text);
  if (entries.empty()) {
    const std::string_view line = trimmed(first_line_of(text));
    return Refused{"text is no WhatsApp export", line.empty() ? "it is empty" : "its first line does not begin with a time as WhatsApp writes it",
                   line.empty() ? "" : "It is: " + std::string(chunking::char_slice(line, 0, std::min(80, chunking::char_length(line)))),
                   "It begins as \"12/31/24, 10:15 PM - Anna: …\" on Android, as \"[31.12.24, 22:15:03] Anna: …\" on iOS."};
  }
  const auto order = order_for(entries, said);
  if (const auto* refused = std::get_if<Refused>(&order)) {
    return *refused;
  }
  drop_sentences_for_names(entries);
  Written written;
  written.ids_are_of_moments = true;
  written.messages.reserve(entries.size());
  for (const Entry& entry : entries) {
    const std::string text_of_message = with_plain_line_ends(entry.text.substr(entry.content_at));
    WhatsAppContent content = read_content(text_of_message);
    Message& message = written.messages.emplace_back();
    message.id = hash_of(text_of_message, content);
    if (!content.of_app) {
      message.speaker = entry.speaker;
    }
    message.content = std::move(content.words);
    message.skipped = std::move(content.skipped);
    message.sent_at = iso_text(*time_of(entry.heading, std::get<DateOrder>(order)));
    message.place = "line " + std::to_string(entry.line);
  }
  return written;
}

}  // namespace kg_batch::transcripts
