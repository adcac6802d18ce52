#include "chunking/topics.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <unordered_map>

#include "chunking/characters.h"
#include "chunking/function_words.h"

namespace kg_batch::chunking {

namespace {

using Terms = Turn::Terms;

constexpr int own_question_points = 22;
constexpr int answer_points = -13;
constexpr int new_term_points = 3;
constexpr int shared_term_points = -3;
constexpr int taken_up_points = 5;
constexpr int pointing_points = -3;

constexpr std::size_t new_terms_counted = 4;
constexpr std::size_t taken_up_counted = 2;
constexpr std::size_t remembered = 4;  // messages before, for what is new
constexpr std::size_t window = 2;      // messages on either side, for what is shared
constexpr std::size_t term_letters = 5;
constexpr std::size_t long_question = 5;  // words; it asks about something even when all of them are function words
constexpr std::size_t words_read = 400;    // of a message
constexpr std::size_t common_in = 5;      // messages, at least

bool ends_sentence(UChar32 character) {
  return character == '.' || character == '!' || character == 0x2026 || character == 0x3002 || character == 0xFF01 ||
         character == 0x06D4 || character == 0x0964;
}

bool is_question_mark(UChar32 character) {
  return character == '?' || character == 0xFF1F || character == 0x061F || character == 0x2048 || character == 0x2049;
}

bool is_word_character(UChar32 character) {
  return u_isalnum(character) || (U_GET_GC_MASK(character) & U_GC_M_MASK) != 0;
}

bool is_apostrophe(UChar32 character) { return character == '\'' || character == 0x2019; }

// Chinese, Japanese, Thai and the like: words are not told apart by spaces.
bool is_written_without_spaces(UChar32 character) {
  const auto breaks = u_getIntPropertyValue(character, UCHAR_LINE_BREAK);
  return breaks == U_LB_IDEOGRAPHIC || breaks == U_LB_COMPLEX_CONTEXT || breaks == U_LB_CONDITIONAL_JAPANESE_STARTER;
}

void append(std::string& word, UChar32 character) {
  char bytes[U8_MAX_LENGTH];
  std::size_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, character);
  word.append(bytes, length);
}

// Calls `found(word)` with each word in lower case without apostrophes, and in
// overlapping pairs with characters of a script without spaces. The view lasts
// for the call.
template <class Found>
void each_folded_word(std::string_view sentence, const Found& found) {
  std::string word;
  UChar32 before = 0;  // last character of a script without spaces, when it adjoins
  const auto finish = [&] {
    if (!word.empty()) {
      found(std::string_view(word));
    }
    word.clear();
  };
  for (std::size_t position = 0; position < sentence.size();) {
    const UChar32 character = u_foldCase(next_character(sentence, position), U_FOLD_CASE_DEFAULT);
    if (character >= 0x80 && is_word_character(character) && is_written_without_spaces(character)) {
      finish();
      if (before != 0) {
        append(word, before);
        append(word, character);
        finish();
      }
      before = character;
      continue;
    }
    before = 0;
    if (is_word_character(character)) {
      append(word, character);
    } else if (!is_apostrophe(character)) {
      finish();
    }
  }
  finish();
}

// FNV-1a over the first letters.
std::uint32_t term_of(std::string_view word) {
  std::uint32_t hash = 2166136261U;
  std::size_t position = 0;
  for (std::size_t letters = 0; letters < term_letters && position < word.size(); ++letters) {
    next_character(word, position);
  }
  for (const char byte : word.substr(0, position)) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  }
  return hash;
}

bool is_one_character(std::string_view word) {
  std::size_t position = 0;
  next_character(word, position);
  return position >= word.size();
}

bool has_word(std::string_view sentence) {
  for (std::size_t position = 0; position < sentence.size();) {
    if (is_word_character(next_character(sentence, position))) {
      return true;
    }
  }
  return false;
}

struct TurnWord {
  WordMarks marks;
  std::uint32_t term = 0;
  bool one_character = false;
};

struct TurnSentence {
  std::vector<TurnWord> words;
  bool asks = false;
};

// The bit of the language with the most function words among these; 0 when none has any.
std::uint8_t language_of(const std::vector<TurnSentence>& sentences) {
  std::array<int, function_word_languages> known{};
  for (const TurnSentence& sentence : sentences) {
    for (const TurnWord& word : sentence.words) {
      for (std::size_t language = 0; word.marks.function != 0 && language < known.size(); ++language) {
        known[language] += (word.marks.function >> language) & 1;
      }
    }
  }
  const auto most = std::max_element(known.begin(), known.end());
  return *most > 0 ? static_cast<std::uint8_t>(1U << (most - known.begin())) : std::uint8_t{0};
}

void sort_each_once(Terms& terms) {
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
}

Terms without(const Terms& terms, const Terms& others) {
  Terms result;
  std::set_difference(terms.begin(), terms.end(), others.begin(), others.end(), std::back_inserter(result));
  return result;
}

Terms together(const Terms& some, const Terms& more) {
  Terms result;
  std::set_union(some.begin(), some.end(), more.begin(), more.end(), std::back_inserter(result));
  return result;
}

Terms in_both(const Terms& some, const Terms& others) {
  Terms result;
  std::set_intersection(some.begin(), some.end(), others.begin(), others.end(), std::back_inserter(result));
  return result;
}

int points(std::size_t count, int each) { return static_cast<int>(count) * each; }

// Calls `found(sentence, asks)` for each sentence of a part. Rules of its own
// instead of ICU's: in a chat a sentence often begins with a small letter.
template <class Found>
void each_turn_sentence(std::string_view part, const Found& found) {
  std::size_t first = 0;
  for (std::size_t position = 0; position < part.size();) {
    const UChar32 character = next_character(part, position);
    const bool asks = is_question_mark(character);
    bool ends = asks;
    if (ends_sentence(character)) {
      std::size_t next = position;
      ends = position == part.size() || character >= 0x80 || is_white_space(next_character(part, next));
    }
    if (ends) {
      found(part.substr(first, position - first), asks);
      first = position;
    }
  }
  found(part.substr(first), false);
}

}  // namespace

Turn turn_of(const std::vector<std::string_view>& parts, bool by_assistant) {
  Turn turn;
  turn.by_assistant = by_assistant;
  std::vector<TurnSentence> sentences;
  std::size_t words = 0;
  for (const std::string_view part : parts) {
    each_turn_sentence(part, [&](std::string_view text, bool asks) {
      if (!has_word(text)) {
        return;  // a mark of its own: "?!", ":)"
      }
      turn.ends_asking = asks;
      if (words < words_read) {
        sentences.push_back({{}, asks});
        each_folded_word(text, [&](std::string_view word) {
          sentences.back().words.push_back({marks_of(word), term_of(word), is_one_character(word)});
        });
        words += sentences.back().words.size();
      }
    });
  }

  const std::uint8_t language = language_of(sentences);
  for (const TurnSentence& sentence : sentences) {
    bool to_other = language == 0;
    bool about_something = sentence.words.size() >= long_question;
    for (const TurnWord& word : sentence.words) {
      turn.points_back = turn.points_back || (word.marks.pointing & language) != 0;
      to_other = to_other || (word.marks.second_person & language) != 0;
      if ((word.marks.function & language) != 0 || word.one_character) {
        continue;
      }
      about_something = true;
      turn.terms.push_back(word.term);
      if (sentence.asks) {
        turn.question_terms.push_back(word.term);
      }
    }
    turn.asks_other = turn.asks_other || (sentence.asks && to_other && about_something);
  }
  sort_each_once(turn.terms);
  sort_each_once(turn.question_terms);
  return turn;
}

std::vector<std::size_t> topic_shifts(const std::vector<Turn>& all) {
  std::vector<Turn> turns = all;
  std::unordered_map<std::uint32_t, std::size_t> messages_with;
  for (const Turn& turn : turns) {
    for (const std::uint32_t term : turn.terms) {
      ++messages_with[term];
    }
  }
  const std::size_t common = std::max(common_in, turns.size() / 3 + 1);
  for (Turn& turn : turns) {
    const auto is_common = [&](std::uint32_t term) { return messages_with[term] >= common; };
    std::erase_if(turn.terms, is_common);
    std::erase_if(turn.question_terms, is_common);
  }

  std::vector<int> scores(turns.size(), 0);
  for (std::size_t i = 2; i + 1 < turns.size(); ++i) {
    const Turn& turn = turns[i];
    if (turn.by_assistant) {
      continue;
    }
    Terms near;    // what the messages of the window before say
    Terms before;  // and the ones before them
    for (std::size_t back = 1; back <= std::min(remembered, i); ++back) {
      before = together(before, turns[i - back].terms);
      if (back == window) {
        near = before;
      }
    }
    const Terms fresh = without(turn.terms, before);
    const Terms after = together(turn.terms, turns[i + 1].terms);
    int score = points(std::min(fresh.size(), new_terms_counted), new_term_points);
    score += points(in_both(near, after).size(), shared_term_points);
    score += points(std::min(in_both(fresh, turns[i + 1].terms).size(), taken_up_counted), taken_up_points);
    if (turn.asks_other && in_both(turn.question_terms, near).empty()) {
      score += own_question_points;
    }
    // An assistant ends with an offer as often as not; what follows is no answer to it.
    if (turns[i - 1].ends_asking && !turns[i - 1].by_assistant) {
      score += answer_points;
    }
    if (turn.points_back) {
      score += pointing_points;
    }
    scores[i] = score;
  }

  // Of two in a row the stronger one, the earlier one when they are equal.
  std::vector<std::size_t> shifts;
  for (std::size_t i = 2; i + 1 < turns.size(); ++i) {
    if (scores[i] < topic_threshold) {
      continue;
    }
    if (shifts.empty() || shifts.back() + 1 < i) {
      shifts.push_back(i);
    } else if (scores[i] > scores[shifts.back()]) {
      shifts.back() = i;
    }
  }
  return shifts;
}

}  // namespace kg_batch::chunking
