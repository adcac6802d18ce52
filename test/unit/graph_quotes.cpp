#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "chunking/sentences.h"
#include "graph/keys.h"
#include "graph/quote_span.h"

namespace kg_batch::graph {
namespace {

std::string found(std::string_view sentence, std::string_view quote) {
  const auto span = find_quote(sentence, quote);
  return span ? std::string(chunking::char_slice(sentence, span->start, span->end)) : "nowhere";
}

TEST(FoldQuote, sees_past_case_white_space_quotes_and_dashes) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"I  adopted\n Clyde", "i adopted clyde"},
      {"“It’s fine”", "\"It's fine\""},
      {"«Да» — сказал он", "\"да\" - сказал он"},
      {"well--yes", "well—yes"},
      {"and so…", "and so..."},
      {"STRASSE", "Straße"},
      {"cafe\u0301", "CAFÉ"},
      {"\u1112\u1161\u11ab", "한"},  // a syllable in its letters
      {"ΣΊΣΥΦΟΣ", "σίσυφος"},
      {"soft\u00adware\u200b", "software"},
      {"u\u00ad\u0308", "ü"},
  };
  for (const auto& [a, b] : pairs) {
    EXPECT_EQ(fold_quote(a), fold_quote(b)) << a << " | " << b;
  }
  EXPECT_NE(fold_quote("1.5"), fold_quote("15"));
  EXPECT_NE(fold_quote("Anna"), fold_quote("Anne"));
  EXPECT_NE(fold_quote("naïve"), fold_quote("naive"));
}

TEST(FoldQuote, tells_where_each_character_came_from) {
  std::vector<int> from;
  EXPECT_EQ(fold_quote("  aß  B ", &from), "ass b");
  EXPECT_EQ(from, (std::vector<int>{2, 3, 3, 4, 6, 7}));
  EXPECT_EQ(fold_quote("", &from), "");
  EXPECT_EQ(from, (std::vector<int>{0}));
  EXPECT_EQ(fold_quote(" \u200b ", &from), "");
  EXPECT_EQ(from, (std::vector<int>{0}));
  EXPECT_EQ(fold_quote("au\u00ad\u0308 B", &from), "aü b");
  EXPECT_EQ(from, (std::vector<int>{0, 1, 4, 5, 6}));
}

TEST(FindQuote, gives_the_characters_of_the_sentence) {
  EXPECT_EQ(found("Well, I adopted Clyde last May.", "i adopted  CLYDE"), "I adopted Clyde");
  EXPECT_EQ(found("Sie sagte „Grüße aus der Straße“.", "grüsse aus der strasse"), "Grüße aus der Straße");
  EXPECT_EQ(found("👩‍👧 wir heißen Anna", "heissen"), "heißen");
  EXPECT_EQ(found("昨日、東京に引っ越しました。", "東京に引っ越し"), "東京に引っ越し");
  EXPECT_EQ(found("أنا أسكن في برلين", "أسكن في"), "أسكن في");
  EXPECT_EQ(found("मैं दिल्ली में रहता हूँ", "दिल्ली में"), "दिल्ली में");
  EXPECT_EQ(found("Я живу в МОСКВЕ.", "москве"), "МОСКВЕ");
  EXPECT_EQ(found("re\u0301sume\u0301 sent", "résumé"), "re\u0301sume\u0301");
}

TEST(FindQuote, prefers_whole_words) {
  const auto span = find_quote("this is what I said", "I");
  ASSERT_TRUE(span);
  EXPECT_EQ(span->start, 13);
  EXPECT_EQ(found("party at the art house", "art"), "art");
  EXPECT_EQ(find_quote("party at the art house", "art")->start, 13);
  EXPECT_EQ(find_quote("a party", "art")->start, 3);  // better than nowhere
}

TEST(FindQuote, finds_nothing_where_nothing_stands) {
  EXPECT_EQ(found("I adopted Clyde", "I adopted Bonnie"), "nowhere");
  EXPECT_EQ(found("I adopted Clyde", ""), "nowhere");
  EXPECT_EQ(found("I adopted Clyde", " \n"), "nowhere");
  EXPECT_EQ(found("", "Clyde"), "nowhere");
}

// Whatever part of a sentence is quoted, and however it is written, the span
// reads as the quote does.
TEST(FindQuote, span_reads_as_the_quote) {
  const std::vector<std::string> pieces = {"a", "B", "ß", "İ", "e\u0301", " ", "  ", "\n", "“", "'", "—", "--", "…",
                                           "👍🏽", "한", "\u1112\u1161", "ﬁ", "Σ", "\u200b", "7", ".", "語", "\u0345"};
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::string> sentence_pieces;
    for (unsigned length = 1 + random() % 12; length > 0; --length) {
      sentence_pieces.push_back(pieces[random() % pieces.size()]);
    }
    const std::size_t begin = random() % sentence_pieces.size();
    const std::size_t end = begin + 1 + random() % (sentence_pieces.size() - begin);
    std::string sentence;
    std::string quote;
    for (std::size_t i = 0; i < sentence_pieces.size(); ++i) {
      sentence += sentence_pieces[i];
      quote += i >= begin && i < end ? sentence_pieces[i] : "";
    }
    const auto span = find_quote(sentence, quote);
    if (!span) {
      // Only what joins with its neighbours into another character is not found.
      continue;
    }
    ASSERT_LE(0, span->start);
    ASSERT_LT(span->start, span->end);
    ASSERT_LE(span->end, chunking::char_length(sentence));
    const std::string words(chunking::char_slice(sentence, span->start, span->end));
    ASSERT_NE(fold_quote(words).find(fold_quote(quote)), std::string::npos) << sentence << " | " << quote;
  }
}

TEST(FindQuote, finds_every_quote_that_is_copied_by_words) {
  const std::vector<std::string> words = {"Straße", "“yes”", "I", "don’t", "Клод", "東京", "2.5", "—", "café", "naïve"};
  std::mt19937 random(11);
  for (int round = 0; round < 5000; ++round) {
    std::string sentence;
    std::string quote;
    const std::size_t length = 1 + random() % 10;
    const std::size_t begin = random() % length;
    const std::size_t end = begin + 1 + random() % (length - begin);
    for (std::size_t i = 0; i < length; ++i) {
      const std::string& word = words[random() % words.size()];
      sentence += (i > 0 ? " " : "") + word;
      if (i >= begin && i < end) {
        quote += (i > begin ? " " : "") + word;
      }
    }
    ASSERT_TRUE(find_quote(sentence, quote)) << sentence << " | " << quote;
    EXPECT_EQ(fold_quote(found(sentence, quote)), fold_quote(quote));
  }
}

}  // namespace
}  // namespace kg_batch::graph
