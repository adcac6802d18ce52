// From messages to sentences, segments and chunks.
//
// A line is a message: two characters that say who hands it in and when, then its
// text, in which | stands for a new line. The first line says how to cut.

#include "chunking/cuts.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "chunking/characters.h"
#include "chunking/sentences.h"
#include "openai/json_text.h"
#include "require.h"
#include "target.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() {
  return {"0000\naaI met Clyde in Paris. He is nice.\nbaHi!\naaok\n\x61\x62\nbaThanks Ben.\n",
          "1213\naa<html>x</html>\nbcYesterday we saw Anna Berg and Dr. Smith. It was fun. Clyde slept.\neaYes?|```|code|```|Done.\n",
          "2521\naaZoe moved. Then Carl, Dora and Emil came to Berlin with Ben.\nba😀\nbdHave you booked the flights to Lisbon?\naeLisbon flights are cheap. "
          "The dog ate 1 shoe. The dog ate 2 shoes. The dog ate 3 shoes. The dog ate 4 shoes. The dog ate 5 shoes.\n",
          "3110\neaOne. Two. Three. Four. Five. Six. Seven. Eight. Nine. Ten. Eleven. Twelve. Thirteen. Fourteen.\naiI see. I have a dog.\nca我叫小明。我住在北京。\n",
          "0730\naa| a | b ||---|---|| 1 | 2 || 3 | 4 |\nbaIt costs $5.50, e.g. at No. 3 St. Mary's. Really?! Yes... OK\n"};
}

}  // namespace kg_batch::fuzz

namespace {

using namespace kg_batch;
using namespace kg_batch::chunking;
using fuzz::require;

struct Input {
  CutInput cut;
  CutOptions options;
};

Input input_of(std::string_view text) {
  Input input;
  const auto line_of = [&] {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
  };
  const auto value_at = [](std::string_view line, std::size_t at) { return at < line.size() ? static_cast<unsigned char>(line[at]) - 0x20 : 0; };
  const std::string_view how = line_of();
  input.options.chunk_min = 1 + (value_at(how, 0) & 7);
  input.options.chunk_max = input.options.chunk_min + (value_at(how, 1) & 7);
  input.options.chunk_max_tokens = (value_at(how, 2) & 3) == 1 ? 60 : 6000;
  input.options.context_sentences = value_at(how, 3) & 3;
  input.options.segment_max_sentences = 5 + (value_at(how, 2) & 31);
  input.options.boundaries = (value_at(how, 3) & 8) != 0 ? Boundaries::none : Boundaries::rules;
  std::map<int, int> speakers;  // by first appearance
  int delivery = 1;
  std::int64_t sent_at_us = 0;
  int session = 0;
  while (!text.empty() && input.cut.messages.size() < 200) {
    const std::string_view line = line_of();
    const int who = value_at(line, 0) & 7;
    const int when = value_at(line, 1);
    Message message;
    message.message_id = 100 + static_cast<std::int64_t>(input.cut.messages.size());
    delivery += when & 1;
    session += (when >> 2) & 1;
    sent_at_us += (when & 8) != 0 ? 25'000'000'000 : 60'000'000;
    message.delivery = delivery;
    message.by_assistant = who == 5;
    message.speaker = who == 5 ? -1 : speakers.emplace(who, static_cast<int>(speakers.size())).first->second;
    if ((when & 2) == 0) {
      message.sent_at_us = sent_at_us;
    }
    if (session > 0) {
      message.session = std::to_string(session);
    }
    message.text = openai::sanitize_utf8(line.substr(std::min<std::size_t>(2, line.size())));
    std::replace(message.text.begin(), message.text.end(), '|', '\n');
    input.cut.messages.push_back(std::move(message));
  }
  for (std::size_t i = 0; i < speakers.size(); ++i) {
    input.cut.speakers.push_back("Speaker " + std::string(1, static_cast<char>('A' + i)));
  }
  for (int closed = 1; closed <= delivery; ++closed) {
    if ((value_at(how, 0) & (8 << (closed % 3))) != 0 || closed == delivery) {
      input.cut.closing.push_back(closed);
    }
  }
  return input;
}

void require_sentences(const Message& message) {
  const CharacterIndex characters(message.text);
  const int length = char_length(message.text);
  int covered = 0;
  const auto require_white_space_up_to = [&](int end) {
    require(trimmed(characters.slice(covered, end)).empty(), "sentences cover all that is not white space");
  };
  for (const Sentence& sentence : sentences_of(message, 40)) {
    require(sentence.message_id == message.message_id, "a sentence is of its message");
    require(sentence.start >= covered && sentence.end > sentence.start && sentence.end <= length, "sentences are in order and do not overlap");
    require_white_space_up_to(sentence.start);
    covered = sentence.end;
    const std::string_view words = characters.slice(sentence.start, sentence.end);
    require(sentence.shown != Shown::words || trimmed(words) == words, "a sentence has no white space around it");
    require(sentence.shown != Shown::words || sentence.end - sentence.start <= 40, "a sentence is no longer than it may be");
    fuzz::require_storable(shown_text(message.text, sentence));
    require(estimate_tokens(words) > 0, "words have tokens");
  }
  require_white_space_up_to(length);
}

void require_halves(const Chunk& chunk) {
  const auto halves = split(chunk, 4);
  require(halves.has_value() == (chunk.sentences.size() > 1), "one sentence alone is not divided");
  if (halves) {
    require(!halves->first.sentences.empty() && !halves->second.sentences.empty(), "no half is empty");
    std::vector<Sentence> both = halves->first.sentences;
    both.insert(both.end(), halves->second.sentences.begin(), halves->second.sentences.end());
    require(both == chunk.sentences, "halves have all sentences, each once");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Input input = input_of(fuzz::text_of(data, size));
  const std::vector<Message>& messages = input.cut.messages;
  for (const Message& message : messages) {
    require_sentences(message);
  }
  const Cuts cuts = cut(input.cut, input.options);
  std::size_t next = 0;
  for (const Segment& segment : cuts.segments) {
    require(next < messages.size() && segment.first_message_id == messages[next].message_id, "segments follow one another without a gap");
    while (messages[next].message_id != segment.last_message_id) {
      require(++next < messages.size(), "a segment ends at a message");
    }
    ++next;
  }
  require(next == cuts.taken && cuts.taken == messages.size(), "the last delivery closes everything");

  std::map<std::pair<std::int64_t, int>, int> seen;
  std::pair<std::int64_t, int> last{0, 0};
  for (const Chunk& chunk : cuts.chunks) {
    require(!chunk.sentences.empty() && chunk.countable > 0 && chunk.countable <= input.options.chunk_max, "a chunk keeps to its size");
    require(chunk.tokens <= input.options.chunk_max_tokens || chunk.sentences.size() == 1, "a chunk keeps to its tokens");
    require(chunk.context.size() <= static_cast<std::size_t>(input.options.context_sentences), "a context keeps to its size");
    require(!chunk.segments.empty() && std::is_sorted(chunk.segments.begin(), chunk.segments.end()) && chunk.segments.front() >= 0 &&
                chunk.segments.back() < static_cast<int>(cuts.segments.size()),
            "a chunk is of segments, in order");
    for (const Sentence& sentence : chunk.sentences) {
      const std::pair<std::int64_t, int> place{sentence.message_id, sentence.start};
      require(last < place, "sentences of chunks are in order, each in one chunk");
      last = place;
      ++seen[place];
    }
    for (const Sentence& sentence : chunk.context) {
      require(std::pair(sentence.message_id, sentence.start) < std::pair(chunk.sentences.front().message_id, chunk.sentences.front().start),
              "context comes before");
    }
    require_halves(chunk);
  }
  for (const Message& message : messages) {
    if (message.by_assistant || skip_reason(message.text)) {
      continue;
    }
    for (const Sentence& sentence : sentences_of(message)) {
      const bool countable = sentence.shown == Shown::words && is_countable(char_slice(message.text, sentence.start, sentence.end));
      require(seen.contains({sentence.message_id, sentence.start}) || !countable, "every sentence that counts is in a chunk");
    }
  }
  return 0;
}
