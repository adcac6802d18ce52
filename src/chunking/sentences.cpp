#include "chunking/sentences.h"

#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>
#include <unicode/uversion.h>

#include <algorithm>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "chunking/abbreviations.h"
#include "chunking/characters.h"
#include "chunking/located_sentences.h"
#include "chunking/placeholders.h"

namespace kg_batch::chunking {

namespace {

void check(UErrorCode status, const char* doing) {
  if (U_FAILURE(status)) {
    throw std::runtime_error(std::string("could not ") + doing + ": " + u_errorName(status));
  }
}

// The iterator is expensive to make and cheap to clone; a clone belongs to one
// call. Never destroyed, so that nothing of ICU is called while a process ends.
std::unique_ptr<icu::BreakIterator> sentence_iterator() {
  static const icu::BreakIterator* const prototype = [] {
    UErrorCode status = U_ZERO_ERROR;
    const icu::BreakIterator* made = icu::BreakIterator::createSentenceInstance(icu::Locale::getEnglish(), status);
    check(status, "make a sentence iterator");
    return made;
  }();
  std::unique_ptr<icu::BreakIterator> clone(prototype->clone());
  if (clone == nullptr) {
    throw std::bad_alloc();
  }
  return clone;
}

// UTF-8 in, byte offsets out; closed whatever happens.
class Utf8Text {
 public:
  explicit Utf8Text(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    utext_openUTF8(&text_, text.data(), static_cast<std::int64_t>(text.size()), &status);
    check(status, "open a text");
  }
  ~Utf8Text() { utext_close(&text_); }
  Utf8Text(const Utf8Text&) = delete;
  Utf8Text& operator=(const Utf8Text&) = delete;

  UText* get() { return &text_; }

 private:
  UText text_ = UTEXT_INITIALIZER;
};

// Turns byte ranges, in order, into sentences: trims, cuts what is too long,
// counts characters as it goes.
class Emitter {
 public:
  Emitter(const Message& message, int max_chars, const FoundSentence& found)
      : message_(message), max_chars_(std::max(max_chars, 1)), found_(found) {}

  void block(std::size_t start, std::size_t end, Shown shown) { emit(start, end, shown); }

  void words(std::size_t start, std::size_t end) {
    const std::string_view text = message_.text;
    while (start < end) {
      const std::string_view rest = trimmed(text.substr(start, end - start));
      if (rest.empty()) {
        return;
      }
      start = static_cast<std::size_t>(rest.data() - text.data());
      const std::size_t cut = start + first_piece(rest);
      emit(start, cut, Shown::words);
      start = cut;
    }
  }

 private:
  // Bytes of the first piece of at most max_chars characters: all of it, or up
  // to the last white space that fits, or as many as fit without tearing a
  // character from its accents.
  std::size_t first_piece(std::string_view rest) const {
    std::size_t position = 0;
    std::size_t white_space = 0;
    for (int count = 0; count < max_chars_; ++count) {
      if (position == rest.size()) {
        return rest.size();
      }
      const std::size_t before = position;
      if (is_white_space(next_character(rest, position))) {
        white_space = before;
      }
    }
    if (position == rest.size()) {
      return position;
    }
    std::size_t next = position;
    if (is_white_space(next_character(rest, next))) {
      return position;
    }
    if (white_space > 0) {
      return white_space;
    }
    return untorn(rest, position);
  }

  static std::size_t untorn(std::string_view rest, std::size_t position) {
    constexpr int furthest = 16;
    std::size_t at = position;
    for (int step = 0; step < furthest && at > 0; ++step) {
      std::size_t next = at;
      const UChar32 behind = next_character(rest, next);
      std::size_t before = at;
      const UChar32 ahead = previous_character(rest, before);
      constexpr UChar32 joiner = 0x200D;
      if (!u_hasBinaryProperty(behind, UCHAR_GRAPHEME_EXTEND) && behind != joiner && ahead != joiner) {
        return at;
      }
      at = before;
    }
    return position;
  }

  void emit(std::size_t start, std::size_t end, Shown shown) {
    const std::string_view text = message_.text;
    const std::string_view words = trimmed(text.substr(start, end - start));
    if (words.empty()) {
      return;
    }
    const auto first = static_cast<std::size_t>(words.data() - text.data());
    characters_ += char_length(text.substr(counted_to_, first - counted_to_));
    const int begins = characters_;
    characters_ += char_length(words);
    counted_to_ = first + words.size();
    found_(Sentence{message_.message_id, begins, characters_, shown}, words);
  }

  const Message& message_;
  int max_chars_;
  const FoundSentence& found_;
  std::size_t counted_to_ = 0;
  int characters_ = 0;
};

void iterate_words(std::string_view text, std::size_t start, std::size_t end, icu::BreakIterator& iterator, Emitter& emitter) {
  const std::string_view part = text.substr(start, end - start);
  if (trimmed(part).empty()) {
    return;
  }
  Utf8Text opened(part);
  UErrorCode status = U_ZERO_ERROR;
  iterator.setText(opened.get(), status);
  check(status, "read a text");
  std::size_t begun = 0;
  iterator.first();
  for (std::int32_t at = iterator.next(); at != icu::BreakIterator::DONE; at = iterator.next()) {
    const auto position = static_cast<std::size_t>(at);
    if (position < part.size() && ends_with_abbreviation(part, position)) {
      continue;
    }
    emitter.words(start + begun, start + position);
    begun = position;
  }
  emitter.words(start + begun, end);
}

}  // namespace

void each_sentence(const Message& message, int max_chars, const FoundSentence& found) {
  const std::unique_ptr<icu::BreakIterator> iterator = sentence_iterator();
  Emitter emitter(message, max_chars, found);
  std::size_t start = 0;
  for (const Block& block : find_blocks(message.text)) {
    iterate_words(message.text, start, block.start, *iterator, emitter);
    emitter.block(block.start, block.end, block.shown);
    start = block.end;
  }
  iterate_words(message.text, start, message.text.size(), *iterator, emitter);
}

std::vector<Sentence> sentences_of(const Message& message, int max_chars) {
  std::vector<Sentence> sentences;
  each_sentence(message, max_chars, [&sentences](const Sentence& sentence, std::string_view) { sentences.push_back(sentence); });
  return sentences;
}

std::string icu_version() {
  UVersionInfo icu_release;
  u_getVersion(icu_release);
  UVersionInfo unicode_release;
  u_getUnicodeVersion(unicode_release);
  const auto shown = [](const UVersionInfo& version) {
    return std::to_string(version[0]) + "." + std::to_string(version[1]);
  };
  return shown(icu_release) + "/" + shown(unicode_release);
}

}  // namespace kg_batch::chunking
