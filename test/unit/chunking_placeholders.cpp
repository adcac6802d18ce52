// Placeholders: what is shown as one, what stays words, and where it lies.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chunking/sentences.h"

namespace kg_batch::chunking {
namespace {

std::vector<std::string> shown(const std::string& text) {
  Message message;
  message.text = text;
  std::vector<std::string> texts;
  for (const Sentence& sentence : sentences_of(message)) {
    texts.push_back(shown_text(text, sentence));
  }
  return texts;
}

using Texts = std::vector<std::string>;

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

TEST(ChunkingPlaceholders, KeepTheOffsetsOfWhatTheyStandFor) {
  Message message;
  message.text = "Sieh 😀:\n```python\nprint(1)\n\nprint(2)\n```\nGut.";
  const std::vector<Sentence> sentences = sentences_of(message);
  ASSERT_EQ(sentences.size(), 3U);
  EXPECT_EQ(sentences[1].shown, Shown::code);
  EXPECT_EQ(char_slice(message.text, sentences[1].start, sentences[1].end), "```python\nprint(1)\n\nprint(2)\n```");
  EXPECT_EQ(shown_text(message.text, sentences[1]), "[code, 2 lines]");
  EXPECT_EQ(shown_text(message.text, sentences[2]), "Gut.");
}

TEST(ChunkingPlaceholders, FencedCodeIsOneSentence) {
  EXPECT_EQ(shown("Look: ```first()\nsecond()``` nice. Really."), (Texts{"Look:", "[code, 2 lines]", "nice.", "Really."}));
  EXPECT_EQ(shown("~~~\nx. Y.\n~~~"), (Texts{"[code, 1 line]"}));
  EXPECT_EQ(shown("````\n```\nin\n```\n````\nOut."), (Texts{"[code, 1 line]", "Out."}));
}

TEST(ChunkingPlaceholders, FencesWithoutEndAndCodeInALineStayWords) {
  EXPECT_EQ(shown("```\nI moved.\nTo Berlin."), (Texts{"```", "I moved.", "To Berlin."}));
  EXPECT_EQ(shown("Use ```ls -l``` there."), (Texts{"Use ```ls -l``` there."}));
  EXPECT_EQ(shown("So nice ~~~ really ~~~ yes"), (Texts{"So nice ~~~ really ~~~ yes"}));
}

TEST(ChunkingPlaceholders, TablesAreOneSentence) {
  EXPECT_EQ(shown("Prices:\n| what | much |\n|---|---|\n| milk | 2 |\n| eggs | 3 |\nOk?"), (Texts{"Prices:", "[table, 3 rows]", "Ok?"}));
  EXPECT_EQ(shown("  +---+---+\n  | a | b |\n  +---+---+\n  | 1 | 2 |\n  +---+---+"), (Texts{"[table, 2 rows]"}));
  EXPECT_EQ(shown(" a | b\n---+---\n 1 | 2\n"), (Texts{"[table, 2 rows]"}));
  EXPECT_EQ(shown("a\tb\tc\n1\t2\t3\n4\t5\t6"), (Texts{"[table, 3 rows]"}));
}

TEST(ChunkingPlaceholders, AFewPipesMakeNoTable) {
  EXPECT_EQ(shown("tea | coffee\nI take tea."), (Texts{"tea | coffee", "I take tea."}));
  EXPECT_EQ(shown("|x| is small\n---\nnext"), (Texts{"|x| is small", "---", "next"}));
}

TEST(ChunkingPlaceholders, LongEncodedRunsAreOneSentence) {
  const std::string base64 = repeated("aGVsbG8gd29ybGQ0Mg", 20);
  EXPECT_EQ(shown("See data:image/png;base64," + base64 + " ok?"), (Texts{"See", "[base64, 382 characters]", "ok?"}));
  EXPECT_EQ(shown("Hash " + repeated("0123456789abcdef", 16)), (Texts{"Hash", "[base64, 256 characters]"}));
  const std::string line = repeated("aGVsbG8gd29ybGQ0", 4) + "\n";
  EXPECT_EQ(shown("Key:\n" + repeated(line, 5) + "aGVsbG8=\nDone."), (Texts{"Key:", "[base64, 333 characters]", "Done."}));
}

TEST(ChunkingPlaceholders, ShoutsAndShortRunsStayWords) {
  EXPECT_EQ(shown("N" + std::string(300, 'o') + "!").size(), 1U);
  EXPECT_EQ(shown("N" + std::string(300, 'o') + "!")[0].front(), 'N');
  EXPECT_EQ(shown(repeated("aGVsbG8gd29ybGQ0Mg", 5)), (Texts{repeated("aGVsbG8gd29ybGQ0Mg", 5)}));
}

TEST(ChunkingPlaceholders, LongLogsAndJsonAreOneSentence) {
  const std::string log = "2024-05-03 18:20:11,123 INFO started worker. Ready.\n";
  EXPECT_EQ(shown("It says:\n" + repeated(log, 40) + "Why?"), (Texts{"It says:", "[pasted text, 40 lines]", "Why?"}));
  std::string json = "{\n";
  for (int i = 0; i < 100; ++i) {
    json += "  \"key" + std::to_string(i) + "\": {\"a\": [1, 2], \"b\": \"Text. More.\"},\n";
  }
  json += "  \"last\": null\n}\n";
  EXPECT_EQ(shown(json + "What is wrong?"), (Texts{"[pasted text, 103 lines]", "What is wrong?"}));
}

TEST(ChunkingPlaceholders, PastedChatsAndShortLogsStayWords) {
  const std::string chat = "[2024-05-03 18:20:11] Anna: I adopted a dog today.\n";
  EXPECT_EQ(shown(repeated(chat, 60)).size(), 60U);
  EXPECT_EQ(shown(repeated("2024-05-03 18:20:11 INFO started\n", 5)).size(), 5U);
  EXPECT_EQ(shown(repeated("- [x] Buy milk for Anna, call Ben and clean the kitchen\n", 60)).size(), 60U);
}

}  // namespace
}  // namespace kg_batch::chunking
