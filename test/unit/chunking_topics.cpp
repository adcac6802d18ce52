// Shifts of topic: what topics.h promises, in several languages and scripts, and
// what becomes of them when a conversation is cut.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "chunking/cuts.h"
#include "chunking/topics.h"

namespace kg_batch::chunking {
namespace {

using Places = std::vector<std::size_t>;

Places shifts(const std::vector<std::string>& texts) {
  std::vector<Turn> turns;
  for (const std::string& text : texts) {
    turns.push_back(turn_of({text}, false));
  }
  return topic_shifts(turns);
}

TEST(ChunkingTopics, AQuestionOfItsOwnBeginsOne) {
  EXPECT_EQ(shifts({"Clyde chewed up my slippers again.", "That puppy is a menace! How old is he now?", "Five months, and he weighs twenty kilos.",
                    "Poor slippers. Have you booked the flights to Lisbon yet?", "Not yet, the fares to Lisbon went up.", "Check again on Tuesday."}),
            (Places{3}));
  EXPECT_EQ(shifts({"clyde chewed up my slippers again .", "that puppy is a menace ! how old is he now ?", "five months , and he weighs twenty kilos .",
                    "poor slippers . have you booked the flights to lisbon yet ?", "not yet , the fares to lisbon went up .", "check again on tuesday ."}),
            (Places{3}));
  EXPECT_EQ(shifts({"Clyde chewed up my slippers again.", "That puppy is a menace!", "Twenty kilos of trouble.", "Do you play tennis?", "Never.", "Pity."}), (Places{3}));
}

TEST(ChunkingTopics, SoDoesAStatementThatIsTakenUp) {
  EXPECT_EQ(shifts({"The soup needs more salt.", "I put two spoons of salt into the soup.", "It tastes of the sea now.",
                    "My sister bought a sailing boat in Kiel.", "A sailing boat in Kiel, how lovely!", "She has wanted one for years."}),
            (Places{3}));
}

TEST(ChunkingTopics, AskingBackAnsweringAndGoingOnDoNot) {
  EXPECT_TRUE(shifts({"I have two dogs.", "We have three.", "And you?", "Mine are terriers.", "How about you?", "Poodles."}).empty());
  EXPECT_TRUE(shifts({"I have two dogs.", "We have three.", "What colour are your dogs?", "Mine are brown.", "Brown is good."}).empty());
  EXPECT_TRUE(shifts({"I have two dogs.", "We have three.", "What do they eat?", "Rabbit, pumpkin and rice.", "Expensive."}).empty());
}

TEST(ChunkingTopics, AnAnswerBeginsNoneHoweverNewItIs) {
  EXPECT_TRUE(shifts({"The soup needs more salt.", "I put two spoons of salt into the soup.", "Who did?",
                      "My sister bought a sailing boat in Kiel.", "A sailing boat in Kiel, how lovely!", "She has wanted one for years."}).empty());
}

TEST(ChunkingTopics, WorksInOtherLanguages) {
  EXPECT_EQ(shifts({"Clyde hat schon wieder meine Hausschuhe zerbissen.", "Der Welpe ist schlimm. Wie alt ist er jetzt?", "Fünf Monate, und er wiegt zwanzig Kilo.",
                    "Hast du eigentlich die Flüge nach Lissabon gebucht?", "Noch nicht, Lissabon ist teurer geworden.", "Schau am Dienstag nochmal."}),
            (Places{3}));
  EXPECT_EQ(shifts({"Clyde a encore mangé mes pantoufles.", "Ce chiot est terrible !", "Il pèse déjà vingt kilos.",
                    "Tu as réservé les billets pour Lisbonne ?", "Pas encore, Lisbonne coûte trop cher.", "Regarde mardi."}),
            (Places{3}));
  EXPECT_EQ(shifts({"Clyde se comió mis zapatillas.", "Ese cachorro es terrible.", "Ya pesa veinte kilos.",
                    "¿Tienes los billetes para Lisboa?", "Todavía no, Lisboa subió mucho.", "Mira el martes."}),
            (Places{3}));
  EXPECT_EQ(shifts({"Клайд снова съел мои тапки.", "Какой ужасный щенок!", "Весит двадцать килограммов.",
                    "Ты купил билеты в Лиссабон?", "Лиссабон подорожал.", "Проверь во вторник."}),
            (Places{3}));
  // No list, no spaces.
  EXPECT_EQ(shifts({"克莱德又咬坏了我的拖鞋。", "这只小狗真可怕。", "已经二十公斤了。", "你买去里斯本的机票了吗？", "里斯本的机票涨价了。", "周二再看看。"}), (Places{3}));
}

TEST(ChunkingTopics, AnAssistantBeginsNone) {
  const std::vector<std::string> texts = {"The soup needs more salt.",    "Two spoons of salt are enough for the soup.",     "It tastes of the sea now.",
                                          "Have you thought of Lisbon?", "Lisbon has good fares in May, and sardines too.", "Sardines in Lisbon!"};
  EXPECT_EQ(shifts(texts), (Places{3}));
  std::vector<Turn> turns;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    turns.push_back(turn_of({texts[i]}, i == 3));
  }
  EXPECT_TRUE(topic_shifts(turns).empty());
}

TEST(ChunkingTopics, AQuestionIsReadToTheEndOfALongMessageAndItsWordsAreNot) {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text += "The dog chewed shoe number " + std::to_string(i) + ". ";
  }
  const Turn turn = turn_of({text, "Have you seen Lisbon?"}, false);
  EXPECT_TRUE(turn.ends_asking);
  EXPECT_LE(turn.terms.size(), 400U);
  EXPECT_FALSE(turn_of({"Have you seen Lisbon?", "We liked it."}, false).ends_asking);
  EXPECT_TRUE(turn_of({"Have you seen Lisbon?", " \U0001F600 ..."}, false).ends_asking);
  EXPECT_TRUE(turn_of({}, false).terms.empty());
  EXPECT_TRUE(topic_shifts({}).empty());
}

TEST(ChunkingTopics, ATopicHasTwoMessagesWhateverIsSaid) {
  const std::vector<std::string> texts = {"Have you ever seen a lynx?", "Do you own a bicycle with brakes?", "ok", "Where did you buy those curtains?",
                                          "My cousin repairs violins.", "Violins and cousins.", "So it goes.", "", "你喜欢音乐吗？", "?"};
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    std::vector<Turn> turns;
    for (unsigned count = random() % 12; count > 0; --count) {
      turns.push_back(turn_of({texts[random() % texts.size()]}, random() % 4 == 0));
    }
    const Places places = topic_shifts(turns);
    std::size_t before = 0;
    for (const std::size_t place : places) {
      EXPECT_GE(place - before, 2U) << seed;
      EXPECT_FALSE(turns[place].by_assistant) << seed;
      before = place;
    }
    EXPECT_TRUE(places.empty() || places.back() + 2 <= turns.size()) << seed;
  }
}

// ---- what cuts make of them ----

Message said(std::int64_t id, std::string text) {
  Message message;
  message.message_id = id;
  message.speaker = 0;
  message.text = std::move(text);
  return message;
}

// `count` countable sentences about one thing, of which a question makes a topic.
void talk(CutInput& input, const std::string& thing, int count) {
  auto id = static_cast<std::int64_t>(input.messages.size());
  if (id > 0) {
    input.messages.push_back(said(++id, "Have you heard of the " + thing + "?"));
    --count;
  }
  for (int i = 0; i < count; ++i) {
    input.messages.push_back(said(++id, "The " + thing + " cost " + std::to_string(i) + " coins."));
  }
  input.closing = {0};
  input.speakers = {"Anna"};
}

std::vector<std::string> began(const Cuts& cuts) {
  std::vector<std::string> reasons;
  for (const Segment& segment : cuts.segments) {
    reasons.push_back(segment.began_by);
  }
  return reasons;
}

std::vector<int> countables(const Cuts& cuts) {
  std::vector<int> counts;
  for (const Chunk& chunk : cuts.chunks) {
    counts.push_back(chunk.countable);
  }
  return counts;
}

TEST(ChunkingTopics, DivideAStretchIntoSegments) {
  CutInput input;
  talk(input, "rabbit", 6);
  talk(input, "engine", 6);
  CutOptions options;
  const Cuts cuts = cut(input, options);
  EXPECT_EQ(began(cuts), (std::vector<std::string>{"start", "topic"}));
  EXPECT_EQ(cuts.segments[0].last_message_id, 6);
  EXPECT_EQ(cuts.segments[1].first_message_id, 7);
  ASSERT_EQ(cuts.chunks.size(), 1U);
  EXPECT_EQ(cuts.chunks[0].segments, (std::vector<int>{0, 1}));
  options.boundaries = Boundaries::none;
  EXPECT_EQ(began(cut(input, options)), (std::vector<std::string>{"start"}));
}

TEST(ChunkingTopics, CloseNothing) {
  CutInput input;
  talk(input, "rabbit", 6);
  talk(input, "engine", 6);
  input.closing = {};
  EXPECT_EQ(cut(input, {}).taken, 0U);
}

TEST(ChunkingTopics, DrawTheCutsOfALongStretchToThemselves) {
  CutInput input;
  talk(input, "rabbit", 24);
  talk(input, "engine", 36);
  EXPECT_EQ(countables(cut(input, {})), (std::vector<int>{24, 36}));
  CutInput far;
  talk(far, "rabbit", 20);
  talk(far, "engine", 40);
  EXPECT_EQ(countables(cut(far, {})), (std::vector<int>{30, 30}));  // more than a quarter of a chunk away
  CutInput full;
  talk(full, "rabbit", 48);
  talk(full, "engine", 51);
  EXPECT_EQ(countables(cut(full, {})), (std::vector<int>{49, 50}));  // the second one has no room for more
}

// No more chunks than by size alone, and none over its size.
TEST(ChunkingTopics, CostNoRequest) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    CutInput input;
    for (unsigned topics = 1 + random() % 8; topics > 0; --topics) {
      static const std::vector<std::string> things = {"rabbit", "engine", "violin", "curtain", "glacier"};
      talk(input, things[random() % things.size()], 2 + static_cast<int>(random() % 60));
    }
    CutOptions options;
    options.chunk_max = 1 + static_cast<int>(random() % 50);
    options.chunk_min = 1;
    options.segment_max_sentences = 1000;
    options.chunk_max_tokens = seed % 3 == 0 ? 400 : 6000;
    CutOptions by_size = options;
    by_size.boundaries = Boundaries::none;
    const std::vector<int> counts = countables(cut(input, options));
    EXPECT_LE(counts.size(), cut(input, by_size).chunks.size()) << seed;
    for (const int count : counts) {
      EXPECT_LE(count, options.chunk_max) << seed;
    }
  }
}

}  // namespace
}  // namespace kg_batch::chunking
