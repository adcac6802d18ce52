#include "transcripts/slack_markup.h"

#include <array>
#include <utility>

namespace kg_batch::transcripts {

namespace {

void append_unescaped(std::string& words, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 3> escapes = {{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}}};
  for (std::size_t at = 0; at < text.size();) {
    bool escaped = false;
    for (const auto& [escape, character] : escapes) {
      if (text.substr(at, escape.size()) == escape) {
        words += character;
        at += escape.size();
        escaped = true;
        break;
      }
    }
    if (!escaped) {
      words += text[at++];
    }
  }
}

// What stands between < and >: what it leads to, and perhaps how it is shown.
void append_reference(std::string& words, std::string_view reference, const SlackNames& names) {
  const std::size_t bar = reference.find('|');
  const std::string_view target = reference.substr(0, bar);
  std::string_view label = bar == std::string_view::npos ? std::string_view() : reference.substr(bar + 1);
  const char sort = target.empty() ? '\0' : target.front();
  if (sort == '@' || sort == '#') {
    const auto name = names.find(std::string(target.substr(1)));
    if (sort == '@' && name != names.end()) {
      words += '@';
      words += name->second;
      return;
    }
    words += sort;
    append_unescaped(words, label.empty() ? target.substr(1) : label.substr(label.front() == sort ? 1 : 0));
  } else if (sort == '!') {
    // <!here>, <!subteam^S1|@team>, <!date^…|31 December>
    words += label.empty() ? "@" : "";
    append_unescaped(words, label.empty() ? target.substr(1, target.find('^') - 1) : label);
  } else {
    append_unescaped(words, label.empty() ? target : label);
  }
}

}  // namespace

std::string without_slack_markup(std::string_view text, const SlackNames& names) {
  std::string words;
  words.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find('<', at);
    const std::size_t close = open == std::string_view::npos ? open : text.find('>', open);
    append_unescaped(words, text.substr(at, close == std::string_view::npos ? close : open - at));
    if (close == std::string_view::npos) {
      break;
    }
    append_reference(words, text.substr(open + 1, close - open - 1), names);
    at = close + 1;
  }
  return words;
}

}  // namespace kg_batch::transcripts
