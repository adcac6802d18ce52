#include "transcripts/read.h"

#include "chunking/characters.h"
#include "transcripts/plain.h"
#include "transcripts/slack.h"
#include "transcripts/telegram.h"
#include "transcripts/whatsapp.h"

namespace kg_batch::transcripts {

std::optional<Format> format_named(std::string_view name) {
  if (name == "plain") return Format::plain;
  if (name == "whatsapp") return Format::whatsapp;
  if (name == "telegram") return Format::telegram;
  if (name == "slack") return Format::slack;
  return std::nullopt;
}

std::optional<DateOrder> date_order_named(std::string_view name) {
  if (name == "dmy") return DateOrder::dmy;
  if (name == "mdy") return DateOrder::mdy;
  if (name == "ymd") return DateOrder::ymd;
  return std::nullopt;
}

namespace {

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

}  // namespace

Format recognised(std::string_view text) {
  text = without_byte_order_mark(text);
  if (looks_like_whatsapp(text)) return Format::whatsapp;
  if (looks_like_slack(text)) return Format::slack;
  return chunking::trimmed(text.substr(0, 100)).starts_with('{') ? Format::telegram : Format::plain;
}

Read read(std::string_view text, Format format, std::optional<DateOrder> order) {
  text = without_byte_order_mark(text);
  switch (format) {
    case Format::whatsapp:
      return read_whatsapp(text, order);
    case Format::telegram:
      return read_telegram(text);
    case Format::slack:
      return read_slack(text);
    case Format::plain:
      break;
  }
  return read_plain(text);
}

}  // namespace kg_batch::transcripts
