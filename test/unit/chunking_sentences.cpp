// Sentences: what sentences.h promises, over text from many scripts and shapes.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "chunking/characters.h"
#include "chunking/cuts.h"
#include "chunking/sentences.h"

namespace kg_batch::chunking {
namespace {

Message message_of(std::string text) {
  Message message;
  message.message_id = 7;
  message.speaker = 0;
  message.text = std::move(text);
  return message;
}

std::vector<std::string> texts_of(const std::string& text, int max_chars = max_sentence_chars) {
  const Message message = message_of(text);
  std::vector<std::string> texts;
  for (const Sentence& sentence : sentences_of(message, max_chars)) {
    texts.emplace_back(char_slice(message.text, sentence.start, sentence.end));
  }
  return texts;
}

using Texts = std::vector<std::string>;

// In order, apart, trimmed, within the message, and nothing visible is left out.
void expect_promises(const std::string& text, int max_chars) {
  const Message message = message_of(text);
  const std::vector<Sentence> sentences = sentences_of(message, max_chars);
  const int length = char_length(text);
  int covered_to = 0;
  for (const Sentence& sentence : sentences) {
    EXPECT_EQ(sentence.message_id, 7);
    ASSERT_LE(covered_to, sentence.start);
    ASSERT_LT(sentence.start, sentence.end);
    ASSERT_LE(sentence.end, length);
    const std::string_view words = char_slice(text, sentence.start, sentence.end);
    EXPECT_EQ(trimmed(words), words);
    if (sentence.shown == Shown::words) {
      EXPECT_LE(sentence.end - sentence.start, max_chars);
    }
    EXPECT_TRUE(trimmed(char_slice(text, covered_to, sentence.start)).empty());
    covered_to = sentence.end;
  }
  EXPECT_TRUE(trimmed(char_slice(text, covered_to, length)).empty());
}

TEST(ChunkingSentences, CoverEveryVisibleCharacterOnceInGeneratedTexts) {
  const std::vector<std::string> parts = {
      "I adopted Clyde.", "Really?", "Dr. Smith", " ", "  ", "\n", "\r\n", "\r", "\xE2\x80\xA8", "\xC2\x85", "\t", "😀", "👩‍👩‍👧", "e\xCC\x81",
      "今日は犬を飼いました。", "ありがとう！", "Привет. Как дела?", "مرحبا. كيف حالك؟", "नमस्ते।", "...", "!", "```", "~~~", "`x`", "| a | b |",
      "|---|---|", "a\tb\tc", "{\"a\": 1}", "[", "]", "12.5", "https://example.com/a?b=c", "\xC2\xA0", "\xE2\x80\x8B", "No. 5", "z.B. Berlin",
      std::string(70, 'x'), std::string(210, 'A') + "b3", "2024-05-03 18:20:11 INFO started", ";)", "— ", "“Yes.”", "¿Qué?"};
  std::mt19937 random(20240503);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    const auto count = random() % 30;
    for (unsigned i = 0; i < count; ++i) {
      text += parts[random() % parts.size()];
    }
    expect_promises(text, round % 3 == 0 ? 10 : max_sentence_chars);
    if (HasFatalFailure()) {
      FAIL() << text;
    }
  }
}

TEST(ChunkingSentences, BytesThatAreNoUtf8DoNotHarm) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (unsigned i = random() % 60; i > 0; --i) {
      text += static_cast<char>(random() % 256);
    }
    const Message message = message_of(text);
    for (const Sentence& sentence : sentences_of(message, 8)) {
      EXPECT_LE(sentence.start, sentence.end);  // bytes that begin no character count as none
    }
    is_countable(text);
    skip_reason(text);
  }
}

TEST(ChunkingSentences, EmptyAndBlankMessagesHaveNone) {
  EXPECT_TRUE(texts_of("").empty());
  EXPECT_TRUE(texts_of(" \n\t\r\n \xC2\xA0\xE2\x80\xA8").empty());
}

TEST(ChunkingSentences, OffsetsAreCodePointsBehindEmojiAccentsAndCjk) {
  const Message message = message_of("😀👍🏽 Hi. 犬を飼った。 Cafe\xCC\x81! Ok.");
  const std::vector<Sentence> sentences = sentences_of(message);
  ASSERT_EQ(sentences.size(), 4U);
  EXPECT_EQ(sentences[0], (Sentence{7, 0, 7, Shown::words}));
  EXPECT_EQ(sentences[1], (Sentence{7, 8, 14, Shown::words}));
  EXPECT_EQ(sentences[2], (Sentence{7, 15, 21, Shown::words}));
  EXPECT_EQ(char_slice(message.text, 22, 25), "Ok.");
  EXPECT_EQ(sentences[3], (Sentence{7, 22, 25, Shown::words}));
}

TEST(ChunkingSentences, AbbreviationsEndNothing) {
  EXPECT_EQ(texts_of("I met Dr. Smith. He left."), (Texts{"I met Dr. Smith.", "He left."}));
  EXPECT_EQ(texts_of("Dr.  Smith and Mrs. Jones came."), (Texts{"Dr.  Smith and Mrs. Jones came."}));
  EXPECT_EQ(texts_of("J. Doe and John F. Kennedy met Mr. J. R. Tolkien."),
            (Texts{"J. Doe and John F. Kennedy met Mr. J. R. Tolkien."}));
  EXPECT_EQ(texts_of("We live z.B. Am Ring. Am 5. Mai ist es so weit."), (Texts{"We live z.B. Am Ring.", "Am 5. Mai ist es so weit."}));
  EXPECT_EQ(texts_of("See No. 5 and Fig. 2. Done."), (Texts{"See No. 5 and Fig. 2.", "Done."}));
}

TEST(ChunkingSentences, WordsThatOnlyLookLikeAbbreviationsEndTheirSentence) {
  EXPECT_EQ(texts_of("I said no. Then we left."), (Texts{"I said no.", "Then we left."}));
  EXPECT_EQ(texts_of("We use a protocol. It works."), (Texts{"We use a protocol.", "It works."}));
  EXPECT_EQ(texts_of("So do I. We went."), (Texts{"So do I.", "We went."}));
  EXPECT_EQ(texts_of("Take vitamin C. It helps."), (Texts{"Take vitamin C.", "It helps."}));
  EXPECT_EQ(texts_of("I live in CA. It is hot."), (Texts{"I live in CA.", "It is hot."}));
  EXPECT_EQ(texts_of("I got the Job. All. Then"), (Texts{"I got the Job.", "All.", "Then"}));
}

TEST(ChunkingSentences, EveryKindOfLineEndEndsASentence) {
  for (const std::string end : {"\n", "\r\n", "\r", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9", "\n\n\n"}) {
    EXPECT_EQ(texts_of("milk and" + end + "eggs for Dr." + end + "Smith"), (Texts{"milk and", "eggs for Dr.", "Smith"}));
  }
}

TEST(ChunkingSentences, RightToLeftTextIsCutInReadingOrder) {
  EXPECT_EQ(texts_of("تبنيت كلبا. اسمه كلايد؟ نعم"), (Texts{"تبنيت كلبا.", "اسمه كلايد؟", "نعم"}));
  EXPECT_EQ(texts_of("אימצתי כלב. קוראים לו קלייד!"), (Texts{"אימצתי כלב.", "קוראים לו קלייד!"}));
}

TEST(ChunkingSentences, OverLongOnesAreCutAtWhiteSpaceOrAnywhere) {
  EXPECT_EQ(texts_of("alpha beta gamma delta", 11), (Texts{"alpha beta", "gamma delta"}));
  EXPECT_EQ(texts_of("alpha beta gamma delta", 10), (Texts{"alpha beta", "gamma", "delta"}));
  EXPECT_EQ(texts_of("犬犬犬犬犬犬犬", 3), (Texts{"犬犬犬", "犬犬犬", "犬"}));
  EXPECT_EQ(texts_of("abce\xCC\x81" "d", 4), (Texts{"abc", "e\xCC\x81" "d"}));
  std::string words;
  for (int i = 0; i < 1000; ++i) {
    words += "word ";
  }
  expect_promises(words, max_sentence_chars);
  EXPECT_EQ(texts_of(words).size(), 5U);
}

TEST(ChunkingSentences, CharacterIndexFindsWhatCharSliceFinds) {
  std::string text;
  for (int i = 0; i < 700; ++i) {
    text += i % 3 == 0 ? "😀" : i % 3 == 1 ? "é" : "x";
  }
  const CharacterIndex index(text);
  for (const auto& [start, end] : std::vector<std::pair<int, int>>{{0, 0}, {0, 1}, {255, 257}, {256, 512}, {3, 700}, {699, 9999}, {700, 701}, {5000, 5001}}) {
    EXPECT_EQ(index.slice(start, end), char_slice(text, start, end)) << start;
  }
}

// Shapes that invite a search from each place to the end; a square would take
// hours, so the bound can be generous.
TEST(ChunkingSentences, TenMegabytesAreCutInLinearTime) {
  const std::vector<std::string> units = {
      "I adopted a dog named Clyde last May. ", "a. 1 ", "```\n", "``` ", "no end ", "x", "| a | b |\n", "\n", "Dr. ", "{\"a\": [1, 2]}\n", "犬。", "a | b\n---+---\n",
      "J. ", "<div ", "`````\n````\n```\n"};
  for (const std::string& unit : units) {
    std::string text;
    while (text.size() < 10'000'000) {
      text += unit;
    }
    const auto begun = std::chrono::steady_clock::now();
    const Message message = message_of(std::move(text));
    const std::vector<Sentence> sentences = sentences_of(message);
    skip_reason(message.text);
    const auto took = std::chrono::steady_clock::now() - begun;
    EXPECT_FALSE(sentences.empty() && unit != "\n");
    EXPECT_LT(took, std::chrono::seconds(60)) << unit;
    if (std::getenv("KG_BATCH_SHOW_TIMES") != nullptr) {
      std::cout << "  " << testing::PrintToString(unit) << ": " << sentences.size() << " sentences, "
                << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms\n";
    }
  }
}

TEST(ChunkingSentences, IcuVersionNamesBothReleases) {
  const std::string version = icu_version();
  EXPECT_NE(version.find('/'), std::string::npos);
  EXPECT_NE(version.find('.'), std::string::npos);
}

TEST(ChunkingCountable, GreetingsAnswersAndEmojiDoNotCount) {
  for (const char* sentence :
       {"Hi!", "Hey Mel!", "Hello there", "Thanks so much!", "Thank you, Anna.", "ok", "OK 👍", "Yes.", "yeah yeah", "heyyyy", "Hahaha", "lol",
        "What's up?", "😀", "...", "!!!", "", "Danke schön!", "Guten Morgen", "Merci beaucoup !", "¡Hola!", "Привет!", "спасибо", "谢谢", "はい", "안녕하세요", "شكرا",
        "नमस्ते"}) {
    EXPECT_FALSE(is_countable(sentence)) << sentence;
  }
}

TEST(ChunkingCountable, WhatSaysSomethingCounts) {
  for (const char* sentence :
       {"5", "Berlin", "I moved.", "Yes, in May.", "No, Anna did.", "Thanks for the dog!", "Hi, I am Anna.", "犬を飼いました", "Я переехал", "me too", "Yes Monday",
        "ok see you at 5"}) {
    EXPECT_TRUE(is_countable(sentence)) << sentence;
  }
}

TEST(ChunkingSkip, PagesAndInvisibleMessagesAreNotRead) {
  EXPECT_EQ(skip_reason(""), "empty");
  EXPECT_EQ(skip_reason(" \n\xE2\x80\x8B\xEF\xBB\xBF\xE2\xA0\x80\xE3\x85\xA4"), "empty");
  EXPECT_EQ(skip_reason("<HTML><body>Hi</body></HTML>"), "html");
  EXPECT_EQ(skip_reason("<!DOCTYPE html>"), "html");
  EXPECT_EQ(skip_reason("x <div id=\"a\" class=\"b\">y</div>"), "html");
  EXPECT_EQ(skip_reason("<div>a</div><ul><li>b</ul><ol></ol>"), "html");
}

TEST(ChunkingSkip, TalkAboutMarkupIsRead) {
  EXPECT_EQ(skip_reason("I <3 you"), std::nullopt);
  EXPECT_EQ(skip_reason("😀"), std::nullopt);
  EXPECT_EQ(skip_reason("My <divorce> was hard"), std::nullopt);
  EXPECT_EQ(skip_reason("What does `<html>` do?"), std::nullopt);
  EXPECT_EQ(skip_reason("Fix this:\n```html\n<div class=\"a\"></div>\n```\nplease"), std::nullopt);
}

TEST(ChunkingTokens, EnglishIsWithinATenth) {
  // In words as plain as these, each word and each mark is one token.
  EXPECT_NEAR(estimate_tokens("Hey Mel! Good to see you! How have you been?"), 13, 1.3);
  EXPECT_NEAR(estimate_tokens("I went to the store and bought some milk, eggs and bread for the week."), 17, 1.7);
}

// In tenths: a word 10, more for letters past the eighth, capitals past the third and an
// apostrophe, three digits 10, a mark 9, a letter of another alphabet 5 and its word 2.
TEST(ChunkingTokens, WhatStandsBetweenWordsBeginsAnew) {
  EXPECT_EQ(estimate_tokens("internationalization"), 4);
  EXPECT_EQ(estimate_tokens("ABCDEF"), 3);
  EXPECT_EQ(estimate_tokens("it's"), 2);
  EXPECT_EQ(estimate_tokens("1a1a1"), 5);
  EXPECT_EQ(estimate_tokens("-a-a-a-"), 7);
  EXPECT_EQ(estimate_tokens("дaдaдaдaдaд"), 10);
}

// As they leave, each is "\\u001b".
TEST(ChunkingTokens, ControlCharactersAreCountedAsTheyAreWritten) {
  EXPECT_GE(estimate_tokens(std::string(100, '\x1b')), 300);
  EXPECT_GT(estimate_tokens("\x7f"), 0);
  EXPECT_EQ(estimate_tokens(" \t\r\v"), 0);
}

TEST(ChunkingTokens, GrowWithTheTextInEveryScript) {
  EXPECT_EQ(estimate_tokens(""), 0);
  EXPECT_GE(estimate_tokens("今日は犬を飼いました"), 7);
  EXPECT_GE(estimate_tokens("Я вчера завёл собаку по имени Клайд"), 12);
  EXPECT_GE(estimate_tokens("تبنيت كلبا اسمه كلايد"), 8);
  EXPECT_GE(estimate_tokens("นี่คือสุนัขของฉัน"), 8);
  EXPECT_GE(estimate_tokens("😀😀😀"), 3);
  EXPECT_GE(estimate_tokens("1234567890123"), 4);
}

}  // namespace
}  // namespace kg_batch::chunking
