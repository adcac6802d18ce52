#include "transcripts/read.h"

#include "transcripts/plain.h"
#include "transcripts/whatsapp.h"

namespace kg_batch::transcripts {

std::optional<Format> format_named(std::string_view name) {
  if (name == "plain") return Format::plain;
  if (name == "whatsapp") return Format::whatsapp;
  return std::nullopt;
}

std::optional<DateOrder> date_order_named(std::string_view name) {
  if (name == "dmy") return DateOrder::dmy;
  if (name == "mdy") return DateOrder::mdy;
  if (name == "ymd") return DateOrder::ymd;
  return std::nullopt;
}

Format recognised(std::string_view text) { return looks_like_whatsapp(text) ? Format::whatsapp : Format::plain; }

Read read(std::string_view text, Format format, std::optional<DateOrder> order) {
  switch (format) {
    case Format::whatsapp:
      return read_whatsapp(text, order);
    case Format::plain:
      break;
  }
  return read_plain(text);
}

}  // namespace kg_batch::transcripts
