// skip_reason: what is not read at all. Markup inside code fences or backticks
// is talk about markup and is read.

#include <unicode/uchar.h>

#include <string>

#include "chunking/characters.h"
#include "chunking/placeholders.h"
#include "chunking/sentences.h"

namespace kg_batch::chunking {

namespace {

constexpr UChar32 blank_braille = 0x2800;

bool is_visible(UChar32 character) {
  if (is_white_space(character) || character == blank_braille ||
      u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) {
    return false;
  }
  return (U_GET_GC_MASK(character) & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_Z_MASK)) == 0;
}

bool has_visible(std::string_view text) {
  for (std::size_t position = 0; position < text.size();) {
    if (is_visible(next_character(text, position))) {
      return true;
    }
  }
  return false;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool begins_with(std::string_view text, std::string_view lower_word) {
  if (text.size() < lower_word.size()) {
    return false;
  }
  for (std::size_t i = 0; i < lower_word.size(); ++i) {
    if (lower(text[i]) != lower_word[i]) {
      return false;
    }
  }
  return true;
}

bool is_tag(std::string_view text, std::string_view name) {
  if (!begins_with(text, name)) {
    return false;
  }
  return text.size() == name.size() || std::string_view(" \t\r\n/>").find(text[name.size()]) != std::string_view::npos;
}

bool has_class(std::string_view tag) {
  constexpr std::size_t longest_tag = 2000;
  tag = tag.substr(0, longest_tag);
  tag = tag.substr(0, tag.find('>'));
  for (std::size_t i = 0; i < tag.size(); ++i) {
    if (begins_with(tag.substr(i), "class=")) {
      return true;
    }
  }
  return false;
}

// Counts over several parts of one message.
class PageSigns {
 public:
  void look_at(std::string_view text) {
    bool quoted = false;  // between backticks on one line
    for (std::size_t i = 0; i < text.size() && !page_; ++i) {
      if (text[i] == '`') {
        quoted = !quoted;
      } else if (text[i] == '\n') {
        quoted = false;
      } else if (text[i] == '<' && !quoted) {
        tag(text.substr(i));
      }
    }
  }
  bool page() const { return page_; }

 private:
  void tag(std::string_view text) {
    if (is_tag(text, "<html") || begins_with(text, "<!doctype")) {
      page_ = true;
      return;
    }
    const bool division = is_tag(text, "<div");
    if (division && has_class(text)) {
      page_ = true;
      return;
    }
    if (division || is_tag(text, "<ul") || is_tag(text, "<ol")) {
      ++containers_;
    }
    page_ = containers_ > 2;
  }

  int containers_ = 0;
  bool page_ = false;
};

}  // namespace

std::optional<std::string> skip_reason(std::string_view text) {
  if (!has_visible(text)) {
    return "empty";
  }
  if (text.find('<') == std::string_view::npos) {
    return std::nullopt;
  }
  PageSigns signs;
  std::size_t start = 0;
  for (const Block& code : find_code(text)) {
    signs.look_at(text.substr(start, code.start - start));
    start = code.end;
  }
  signs.look_at(text.substr(start));
  if (signs.page()) {
    return "html";
  }
  return std::nullopt;
}

}  // namespace kg_batch::chunking
