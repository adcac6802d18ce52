#include "chunking/phrases.h"

#include <unicode/uchar.h>

#include <vector>

#include "chunking/characters.h"

namespace kg_batch::chunking {
namespace {

bool belongs_to_a_name(UChar32 character) { return u_isalnum(character) || character == '+' || character == '#'; }

// "(Anna's" is Anna's, "C++," is C++.
std::string_view without_what_is_around(std::string_view run) {
  std::size_t start = 0, end = run.size();
  for (std::size_t at = 0; at < end;) {
    if (belongs_to_a_name(next_character(run, at))) break;
    start = at;
  }
  for (std::size_t at = end; at > start;) {
    if (belongs_to_a_name(previous_character(run, at))) break;
    end = at;
  }
  return run.substr(start, end - start);
}

std::string_view without_possessive(std::string_view run) {
  for (const std::string_view ending : {"\u2019s", "'s"})
    if (run.size() > ending.size() && run.ends_with(ending)) return run.substr(0, run.size() - ending.size());
  return run;
}

}  // namespace

std::set<std::string> phrases(std::string_view text, std::size_t most_words) {
  struct Word {
    std::size_t start, end;
  };
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    if (is_white_space(next_character(text, at))) continue;
    std::size_t end = at;
    while (at < text.size()) {
      end = at;
      if (is_white_space(next_character(text, at))) break;
      end = at;
    }
    words.push_back({start, end});
  }
  std::set<std::string> found;
  for (std::size_t first = 0; first < words.size(); ++first)
    for (std::size_t last = first; last < std::min(words.size(), first + most_words); ++last) {
      const std::string_view run = without_what_is_around(text.substr(words[first].start, words[last].end - words[first].start));
      if (run.empty()) continue;
      found.emplace(run);
      found.emplace(without_possessive(run));
    }
  return found;
}

}  // namespace kg_batch::chunking
