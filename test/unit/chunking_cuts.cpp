// Cuts: what cuts.h promises, over generated conversations.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "chunking/cuts.h"
#include "chunking/sentences.h"

namespace kg_batch::chunking {
namespace {

constexpr std::int64_t hour_us = 3'600'000'000;

Message said(std::int64_t id, std::string text, int delivery = 0) {
  Message message;
  message.message_id = id;
  message.delivery = delivery;
  message.speaker = 0;
  message.text = std::move(text);
  return message;
}

// `count` countable sentences.
std::string sentences(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += "The dog ate " + std::to_string(i) + " shoes. ";
  }
  return text;
}

CutInput closed_input(std::vector<Message> messages) {
  CutInput input;
  input.messages = std::move(messages);
  std::set<int> deliveries;
  for (const Message& message : input.messages) {
    deliveries.insert(message.delivery);
  }
  input.closing.assign(deliveries.begin(), deliveries.end());
  input.speakers = {"Anna"};
  return input;
}

std::vector<int> countables(const Cuts& cuts) {
  std::vector<int> counts;
  for (const Chunk& chunk : cuts.chunks) {
    counts.push_back(chunk.countable);
  }
  return counts;
}

std::vector<std::string> began(const Cuts& cuts) {
  std::vector<std::string> reasons;
  for (const Segment& segment : cuts.segments) {
    reasons.push_back(segment.began_by);
  }
  return reasons;
}

using Counts = std::vector<int>;
using Reasons = std::vector<std::string>;

// A conversation of every kind of message, with deliveries that hand it in.
struct Generated {
  CutInput input;
  CutOptions options;
};

Generated generate(unsigned seed) {
  std::mt19937 random(seed);
  const auto pick = [&random](unsigned below) { return static_cast<int>(random() % below); };
  Generated generated;
  CutOptions& options = generated.options;
  options.chunk_min = 1 + pick(6);
  options.chunk_max = options.chunk_min + pick(8);
  options.chunk_max_tokens = pick(4) == 0 ? 60 : 6000;
  options.context_sentences = pick(5);
  options.segment_max_sentences = 5 + pick(30);
  options.boundaries = pick(5) == 0 ? Boundaries::none : Boundaries::rules;
  const std::vector<std::string> texts = {
      "I met Clyde in Paris. He is nice.", "Hi!", "ok", "", "Thanks Ben.", "<html>x</html>", "Yesterday we saw Anna Berg and Dr. Smith. It was fun. Clyde slept.",
      "```\ncode\n```", "Zoe moved. Then Carl, Dora and Emil came to Berlin with Ben.", "😀", sentences(3), sentences(12), "Is Ben there, Clyde?", "Have you booked the flights to Lisbon?", "Lisbon flights are cheap."};
  const std::vector<std::string> names = {"Anna", "Ben", "Carl Smith", "Dora"};
  int delivery = 1;
  int speakers = 1;
  std::int64_t at = 0;
  const int count = pick(60);
  for (int i = 0; i < count; ++i) {
    if (pick(4) == 0) {
      delivery += 1 + pick(2);
    }
    Message message = said(100 + i, texts[static_cast<std::size_t>(pick(static_cast<unsigned>(texts.size())))], delivery);
    message.by_assistant = pick(4) == 0;
    if (message.by_assistant) {
      message.speaker = -1;
    } else {
      speakers = std::min(speakers + (pick(8) == 0 && i > 0 ? 1 : 0), 4);
      message.speaker = pick(3) == 0 ? speakers - 1 : pick(static_cast<unsigned>(speakers));
    }
    at += pick(12) == 0 ? 7 * hour_us : 60'000'000;
    if (pick(6) != 0) {
      message.sent_at_us = at;
    }
    if (pick(5) == 0) {
      message.session = std::string(1, static_cast<char>('a' + i / 15));
    }
    generated.input.messages.push_back(std::move(message));
  }
  // Numbers go by first appearance.
  std::map<int, int> order;
  for (Message& message : generated.input.messages) {
    if (message.speaker >= 0) {
      message.speaker = order.emplace(message.speaker, static_cast<int>(order.size())).first->second;
    }
  }
  generated.input.speakers.assign(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(order.size()));
  for (int closed = 1; closed <= delivery + 1; ++closed) {
    if (pick(4) == 0 || closed == delivery + 1) {
      generated.input.closing.push_back(closed);
    }
  }
  return generated;
}

// A model that says something of every window, by its first message alone:
// sometimes nonsense, sometimes that a segment is not worth reading.
std::vector<ToldSegment> told(const Window& window, const std::vector<Message>& messages) {
  std::mt19937 random(static_cast<unsigned>(messages[window.messages.front()].message_id));
  std::vector<ToldSegment> segments;
  for (unsigned count = random() % 5; count > 0; --count) {
    const int first = static_cast<int>(random() % 22);
    segments.push_back({first, first + static_cast<int>(random() % 9) - 1, random() % 4 != 0, ""});
  }
  return segments;
}

// Cuts, and asks that model, until nothing is to be asked.
Cuts cut_with_model(CutInput& input, const CutOptions& options) {
  Cuts cuts = cut(input, options);
  std::size_t windows = 0;
  while (!cuts.windows.empty()) {
    for (const Window& window : cuts.windows) {
      EXPECT_LE(++windows, input.messages.size());
      EXPECT_LE(window.messages.size(), static_cast<std::size_t>(window_messages));
      const Arranged arranged = arrange(told(window, input.messages), static_cast<int>(window.messages.size()));
      const auto read = read_segments(window, input.messages, arranged.segments);
      input.read.insert(input.read.end(), read.begin(), read.end());
    }
    cuts = cut(input, options);
  }
  return cuts;
}

// Hands in one delivery after the other and cuts after each, as the store does;
// or after some of them alone, when a model's answers or the cut come late.
Cuts replayed(const CutInput& whole, const CutOptions& options, bool late = false) {
  Cuts all;
  all.cast = whole.cast;
  std::vector<ReadSegment> read;
  std::set<int> deliveries(whole.closing.begin(), whole.closing.end());
  for (const Message& message : whole.messages) {
    deliveries.insert(message.delivery);
  }
  for (const int delivery : deliveries) {
    CutInput input;
    const auto taken = static_cast<std::ptrdiff_t>(all.taken);
    const std::ptrdiff_t tail = std::min<std::ptrdiff_t>(taken, 20);
    input.before.assign(whole.messages.begin() + taken - tail, whole.messages.begin() + taken);
    for (Message& message : input.before) {
      if (std::any_of(all.skipped.begin(), all.skipped.end(), [&](const Skipped& one) { return one.message_id == message.message_id; })) {
        message.text.clear();
      }
    }
    for (std::size_t i = 0; i < all.taken; ++i) {
      input.speakers_before = std::max(input.speakers_before, whole.messages[i].speaker + 1);
    }
    int last_speaker = -1;
    for (const Message& message : whole.messages) {
      if (message.delivery <= delivery) {
        last_speaker = std::max(last_speaker, message.speaker);
      }
    }
    for (std::size_t i = all.taken; i < whole.messages.size() && whole.messages[i].delivery <= delivery; ++i) {
      input.messages.push_back(whole.messages[i]);
    }
    for (const int closing : whole.closing) {
      if (closing <= delivery) {
        input.closing.push_back(closing);
      }
    }
    input.cast = all.cast;
    input.read = read;
    input.speakers.assign(whole.speakers.begin(), whole.speakers.begin() + (last_speaker + 1));
    const bool waits = late && delivery != *deliveries.rbegin() && delivery % 2 == 0;
    if (waits && options.boundaries != Boundaries::model) {
      continue;
    }
    Cuts cuts = waits ? cut(input, options) : cut_with_model(input, options);
    read = input.read;
    const int segments = static_cast<int>(all.segments.size());
    for (Chunk& chunk : cuts.chunks) {
      for (int& segment : chunk.segments) {
        segment += segments;
      }
      all.chunks.push_back(std::move(chunk));
    }
    std::move(cuts.segments.begin(), cuts.segments.end(), std::back_inserter(all.segments));
    std::move(cuts.skipped.begin(), cuts.skipped.end(), std::back_inserter(all.skipped));
    all.cast = std::move(cuts.cast);
    all.taken += cuts.taken;
  }
  return all;
}

void expect_equal(const Cuts& a, const Cuts& b) {
  EXPECT_EQ(a.taken, b.taken);
  EXPECT_EQ(a.cast, b.cast);
  ASSERT_EQ(a.segments.size(), b.segments.size());
  for (std::size_t i = 0; i < a.segments.size(); ++i) {
    EXPECT_EQ(a.segments[i].first_message_id, b.segments[i].first_message_id);
    EXPECT_EQ(a.segments[i].last_message_id, b.segments[i].last_message_id);
    EXPECT_EQ(a.segments[i].began_by, b.segments[i].began_by) << a.segments[i].first_message_id;
  }
  ASSERT_EQ(a.chunks.size(), b.chunks.size());
  for (std::size_t i = 0; i < a.chunks.size(); ++i) {
    EXPECT_EQ(a.chunks[i].segments, b.chunks[i].segments);
    EXPECT_EQ(a.chunks[i].context, b.chunks[i].context);
    EXPECT_EQ(a.chunks[i].sentences, b.chunks[i].sentences);
    EXPECT_EQ(a.chunks[i].cast, b.chunks[i].cast) << i;
    EXPECT_EQ(a.chunks[i].countable, b.chunks[i].countable);
    EXPECT_EQ(a.chunks[i].tokens, b.chunks[i].tokens);
  }
  ASSERT_EQ(a.skipped.size(), b.skipped.size());
  for (std::size_t i = 0; i < a.skipped.size(); ++i) {
    EXPECT_EQ(a.skipped[i].message_id, b.skipped[i].message_id);
    EXPECT_EQ(a.skipped[i].reason, b.skipped[i].reason);
  }
}

TEST(ChunkingCuts, AreTheSameAfterEachDeliveryAndAllAtOnce) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    const Generated generated = generate(seed);
    expect_equal(cut(generated.input, generated.options), replayed(generated.input, generated.options));
    expect_equal(cut(generated.input, generated.options), replayed(generated.input, generated.options, true));
    if (HasFailure()) {
      return;
    }
  }
}

TEST(ChunkingCuts, AreTheSameWheneverAModelsAnswersCome) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    Generated generated = generate(seed);
    generated.options.boundaries = Boundaries::model;
    const Cuts each = replayed(generated.input, generated.options);
    expect_equal(each, replayed(generated.input, generated.options, true));
    const Cuts whole = cut_with_model(generated.input, generated.options);
    expect_equal(whole, each);
    EXPECT_EQ(whole.taken, generated.input.messages.size());
    // A message is skipped or in a segment, and what is skipped is in no chunk.
    std::set<std::int64_t> skipped;
    for (const Skipped& one : whole.skipped) {
      EXPECT_TRUE(skipped.insert(one.message_id).second);
    }
    for (const Chunk& chunk : whole.chunks) {
      for (const Sentence& sentence : chunk.sentences) {
        EXPECT_FALSE(skipped.contains(sentence.message_id));
      }
    }
    if (HasFailure()) {
      return;
    }
  }
}

TEST(ChunkingCuts, HoldWhatTheyPromiseInGeneratedConversations) {
  for (unsigned seed = 0; seed < 1500; ++seed) {
    SCOPED_TRACE(seed);
    const Generated generated = generate(seed);
    const std::vector<Message>& messages = generated.input.messages;
    const CutOptions& options = generated.options;
    const Cuts cuts = cut(generated.input, options);

    // Segments follow one another without a gap.
    std::size_t next = 0;
    for (const Segment& segment : cuts.segments) {
      ASSERT_LT(next, messages.size());
      EXPECT_EQ(segment.first_message_id, messages[next].message_id);
      while (messages[next].message_id != segment.last_message_id) {
        ++next;
      }
      ++next;
    }
    EXPECT_EQ(next, cuts.taken);
    EXPECT_EQ(cuts.taken, messages.size());  // the last delivery closes everything

    // Every countable sentence is in exactly one chunk.
    std::map<std::pair<std::int64_t, int>, int> seen;
    for (const Chunk& chunk : cuts.chunks) {
      ASSERT_FALSE(chunk.sentences.empty());
      EXPECT_GT(chunk.countable, 0);
      EXPECT_LE(chunk.countable, options.chunk_max);
      EXPECT_TRUE(chunk.tokens <= options.chunk_max_tokens || chunk.sentences.size() == 1);
      EXPECT_LE(chunk.context.size(), static_cast<std::size_t>(options.context_sentences));
      EXPECT_TRUE(std::is_sorted(chunk.segments.begin(), chunk.segments.end()));
      for (const Sentence& sentence : chunk.sentences) {
        ++seen[{sentence.message_id, sentence.start}];
      }
      for (const std::string& name : chunk.cast) {
        EXPECT_NE(name, "Anna");
      }
      EXPECT_LE(chunk.cast.size(), 30U);
    }
    for (const Message& message : messages) {
      if (message.by_assistant || skip_reason(message.text)) {
        continue;
      }
      for (const Sentence& sentence : sentences_of(message)) {
        const int times = seen[{sentence.message_id, sentence.start}];
        EXPECT_LE(times, 1);
        const bool countable = sentence.shown == Shown::words && is_countable(char_slice(message.text, sentence.start, sentence.end));
        EXPECT_TRUE(times == 1 || !countable);
      }
    }
    if (HasFailure()) {
      return;
    }
  }
}

TEST(ChunkingCuts, ALongSegmentBecomesEqualChunks) {
  EXPECT_EQ(countables(cut(closed_input({said(1, sentences(50))}), {})), (Counts{50}));
  EXPECT_EQ(countables(cut(closed_input({said(1, sentences(51))}), {})), (Counts{25, 26}));
  EXPECT_EQ(countables(cut(closed_input({said(1, sentences(60)), said(2, sentences(60))}), {})), (Counts{40, 40, 40}));
}

TEST(ChunkingCuts, AChunkKeepsToItsTokens) {
  CutOptions options;
  options.chunk_max_tokens = 200;
  const Cuts cuts = cut(closed_input({said(1, sentences(50))}), options);
  ASSERT_GT(cuts.chunks.size(), 1U);
  int all = 0;
  for (const Chunk& chunk : cuts.chunks) {
    EXPECT_LE(chunk.tokens, 200);
    EXPECT_GE(chunk.countable, 50 / static_cast<int>(cuts.chunks.size()) - 2);
    all += chunk.countable;
  }
  EXPECT_EQ(all, 50);
}

std::vector<Message> sessions(const std::vector<int>& counts) {
  std::vector<Message> messages;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    messages.push_back(said(static_cast<std::int64_t>(i) + 1, counts[i] > 0 ? sentences(counts[i]) : "ok"));
    messages.back().session = std::to_string(i);
  }
  return messages;
}

TEST(ChunkingCuts, ShortNeighboursShareAChunkUpToTheLeastSize) {
  EXPECT_EQ(countables(cut(closed_input(sessions({5, 5, 5, 5, 5})), {})), (Counts{20, 5}));
  EXPECT_EQ(countables(cut(closed_input(sessions({19, 19, 19})), {})), (Counts{38, 19}));
  EXPECT_EQ(countables(cut(closed_input(sessions({5, 30, 5, 5})), {})), (Counts{5, 30, 10}));
  CutOptions small;
  small.chunk_min = 5;
  small.chunk_max = 5;
  EXPECT_EQ(countables(cut(closed_input(sessions({4, 4, 1})), small)), (Counts{4, 5}));
  const Cuts shared = cut(closed_input(sessions({5, 5})), {});
  ASSERT_EQ(shared.chunks.size(), 1U);
  EXPECT_EQ(shared.chunks[0].segments, (std::vector<int>{0, 1}));
}

TEST(ChunkingCuts, WhatClosedWithAnotherDeliveryDoesNotShare) {
  std::vector<Message> messages = sessions({5, 5, 5, 5});
  messages[2].delivery = 1;
  messages[3].delivery = 1;
  CutInput input = closed_input(std::move(messages));
  input.closing = {1};
  // The second one is open until the third begins.
  EXPECT_EQ(countables(cut(input, {})), (Counts{5, 15}));
}

TEST(ChunkingCuts, ASegmentWithoutCountableSentencesAsksNothing) {
  const Cuts alone = cut(closed_input(sessions({0, 0})), {});
  EXPECT_EQ(alone.segments.size(), 2U);
  EXPECT_TRUE(alone.chunks.empty());
  EXPECT_EQ(alone.taken, 2U);
  const Cuts taken = cut(closed_input(sessions({5, 0, 3})), {});
  ASSERT_EQ(taken.chunks.size(), 1U);
  EXPECT_EQ(taken.chunks[0].sentences.size(), 9U);
  const Cuts context = cut(closed_input(sessions({0, 30})), {});
  ASSERT_EQ(context.chunks.size(), 1U);
  EXPECT_EQ(context.chunks[0].context, (std::vector<Sentence>{{1, 0, 2, Shown::words}}));
}

TEST(ChunkingCuts, SegmentsEndAtSessionSilenceAndSize) {
  std::vector<Message> messages;
  for (int i = 1; i <= 6; ++i) {
    messages.push_back(said(i, sentences(2)));
    messages.back().sent_at_us = i * 60'000'000;
  }
  messages[0].session = "a";
  messages[2].session = "a";
  messages[3].session = "b";
  messages[4].sent_at_us = *messages[3].sent_at_us + 6 * hour_us;
  messages[5].sent_at_us = *messages[4].sent_at_us + 6 * hour_us + 1;
  CutOptions options;
  EXPECT_EQ(began(cut(closed_input(messages), options)), (Reasons{"start", "session", "silence"}));
  options.boundaries = Boundaries::none;
  EXPECT_EQ(began(cut(closed_input(messages), options)), (Reasons{"start"}));
  options.segment_max_sentences = 4;
  EXPECT_EQ(began(cut(closed_input(messages), options)), (Reasons{"start", "size", "size"}));
}

TEST(ChunkingCuts, AnOpenSegmentComesBackUntouched) {
  CutInput input = closed_input({said(1, sentences(3)), said(2, ""), said(3, sentences(3), 1)});
  input.closing = {};
  const Cuts open = cut(input, {});
  EXPECT_EQ(open.taken, 0U);
  EXPECT_TRUE(open.segments.empty());
  EXPECT_TRUE(open.chunks.empty());
  EXPECT_TRUE(open.skipped.empty());
  EXPECT_TRUE(open.cast.empty());
  input.closing = {0};
  EXPECT_EQ(cut(input, {}).taken, 2U);
  input.closing = {5};
  EXPECT_EQ(cut(input, {}).taken, 3U);
}

TEST(ChunkingCuts, ContextIsTheLastSentencesBefore) {
  CutInput input = closed_input({said(3, sentences(2))});
  input.before = {said(1, "One dog. Two dogs. Three dogs."), said(2, "<html>")};
  CutOptions options;
  options.context_sentences = 2;
  const Cuts cuts = cut(input, options);
  ASSERT_EQ(cuts.chunks.size(), 1U);
  EXPECT_EQ(cuts.chunks[0].context, (std::vector<Sentence>{{1, 9, 18, Shown::words}, {1, 19, 30, Shown::words}}));
  EXPECT_TRUE(cuts.skipped.empty());
}

TEST(ChunkingCuts, AssistantsAreShownButNotCounted) {
  Message answer = said(2, sentences(30));
  answer.by_assistant = true;
  answer.speaker = -1;
  const Cuts cuts = cut(closed_input({said(1, sentences(2)), answer, said(3, sentences(2))}), {});
  ASSERT_EQ(cuts.chunks.size(), 1U);
  EXPECT_EQ(cuts.chunks[0].countable, 4);
  EXPECT_EQ(cuts.chunks[0].sentences.size(), 2U + 6U + 4U + 2U);
  EXPECT_TRUE(cut(closed_input({answer}), {}).chunks.empty());
}

TEST(ChunkingCuts, SkippedMessagesAreNamedWithTheirReason) {
  const Cuts cuts = cut(closed_input({said(1, sentences(1)), said(2, " "), said(3, "<html>x</html>")}), {});
  ASSERT_EQ(cuts.skipped.size(), 2U);
  EXPECT_EQ(cuts.skipped[0].message_id, 2);
  EXPECT_EQ(cuts.skipped[0].reason, "empty");
  EXPECT_EQ(cuts.skipped[1].reason, "html");
  EXPECT_EQ(cuts.taken, 3U);
}

TEST(ChunkingCuts, OneGiantMessageIsCutInLinearTime) {
  std::string text;
  while (text.size() < 10'000'000) {
    text += "We saw Clyde and Anna Berg in Paris last May. ";
  }
  const auto begun = std::chrono::steady_clock::now();
  const Cuts cuts = cut(closed_input({said(1, std::move(text))}), {});
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
  EXPECT_GT(cuts.chunks.size(), 4000U);
}

std::vector<std::string> cast_of(const std::vector<std::string>& texts, std::vector<std::string> speakers = {"Anna"}) {
  std::vector<Message> messages;
  for (const std::string& text : texts) {
    messages.push_back(said(static_cast<std::int64_t>(messages.size()) + 1, text));
  }
  CutInput input = closed_input(std::move(messages));
  input.speakers = std::move(speakers);
  return cut(input, {}).cast;
}

TEST(ChunkingCast, NamesStandInTheMiddleOfASentence) {
  EXPECT_EQ(cast_of({"Clyde ate. Then I saw Clyde with Uncle Bob, Zoë and O'Brien's dog."}), (std::vector<std::string>{"Clyde", "Uncle Bob", "Zoë", "O'Brien"}));
  EXPECT_EQ(cast_of({"We met Dr. Smith in New York City on Monday, and I think NASA called."}), (std::vector<std::string>{"Smith", "New York City"}));
  EXPECT_EQ(cast_of({"Вчера я видел Ивана Петрова в парке."}), (std::vector<std::string>{"Ивана Петрова"}));
  EXPECT_EQ(cast_of({"Ich war mit Clyde und dem Hund im Garten."}), (std::vector<std::string>{"Clyde"}));
}

TEST(ChunkingCast, WhoSpeaksIsNotInIt) {
  EXPECT_EQ(cast_of({"I met Anna and Ben Berg, and Berg left with Clyde."}, {"Anna Berg", "ben"}), (std::vector<std::string>{"Ben Berg", "Clyde"}));
}

TEST(ChunkingCast, HasThirtyNamesAtMost) {
  std::vector<std::string> texts;
  for (char a = 'a'; a <= 'z'; ++a) {
    texts.push_back(std::string("I saw X") + a + "x and Y" + a + "y.");
  }
  const std::vector<std::string> names = cast_of(texts);
  EXPECT_EQ(names.size(), 30U);
  EXPECT_EQ(names.front(), "Xax");
}

TEST(ChunkingCast, AChunkGetsTheNamesSeenBeforeIt) {
  CutInput input = closed_input({said(1, "We saw Clyde. " + sentences(49)), said(2, "We saw Bob. " + sentences(9))});
  input.cast = {"Zoe"};
  const Cuts cuts = cut(input, {});
  ASSERT_EQ(cuts.chunks.size(), 2U);
  EXPECT_EQ(cuts.chunks[0].cast, (std::vector<std::string>{"Zoe"}));
  EXPECT_EQ(cuts.chunks[1].cast, (std::vector<std::string>{"Zoe", "Clyde"}));
  EXPECT_EQ(cuts.cast, (std::vector<std::string>{"Zoe", "Clyde", "Bob"}));
}

TEST(ChunkingSplit, HalvesHoldEverySentenceOnceAndTheSecondSeesTheFirst) {
  CutInput input = closed_input({said(1, sentences(20)), said(2, sentences(21))});
  input.before = {said(0, "One dog. Two dogs.")};
  const Cuts cuts = cut(input, {});
  ASSERT_EQ(cuts.chunks.size(), 1U);
  const Chunk& whole = cuts.chunks[0];
  const auto halves = split(whole, 3);
  ASSERT_TRUE(halves);
  const auto& [first, second] = *halves;
  EXPECT_EQ(first.sentences.size(), 20U);  // between the messages, near the middle
  EXPECT_EQ(second.sentences.size(), 21U);
  EXPECT_EQ(first.context, whole.context);
  EXPECT_EQ(second.context, (std::vector<Sentence>(first.sentences.end() - 3, first.sentences.end())));
  EXPECT_EQ(first.countable + second.countable, whole.countable);
  EXPECT_GT(first.tokens, 0);
  EXPECT_LT(second.tokens, whole.tokens);
  EXPECT_EQ(first.segments, whole.segments);
}

TEST(ChunkingSplit, GoesDownToOneSentence) {
  Chunk chunk;
  chunk.sentences = {{1, 0, 10, Shown::words}};
  EXPECT_FALSE(split(chunk, 8));
  chunk.sentences.push_back({1, 11, 900, Shown::words});
  chunk.countable = 2;
  const auto halves = split(chunk, 0);
  ASSERT_TRUE(halves);
  EXPECT_EQ(halves->first.sentences.size(), 1U);
  EXPECT_EQ(halves->second.sentences.size(), 1U);
  EXPECT_TRUE(halves->second.context.empty());
  EXPECT_GE(halves->first.countable, 1);
  EXPECT_GE(halves->second.countable, 1);
}

}  // namespace
}  // namespace kg_batch::chunking
