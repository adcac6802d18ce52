#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "graph/keys.h"

namespace kg_batch::graph {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(NameKey, is_one_for_what_is_written_differently) {
  const Pairs pairs = {
      {"Alice", "ALICE"},
      {"  Alice \n Miller ", "alice miller"},
      {"Dr. Müller", "dr müller"},
      {"Dr. M\u00fcller", "DR. MU\u0308LLER"},  // composed and decomposed
      {"Straße", "STRASSE"},
      {"Jean-Luc Picard", "Jean Luc Picard"},
      {"Jean\u2011Luc", "jean\u2010luc"},
      {"“Clyde”", "'Clyde'"},
      {"O'Brien", "O’Brien"},
      {"Clyde (the dog)", "clyde the dog"},
      {"Smith, John", "smith john"},
      {"Yahoo!", "yahoo"},
      {"Where is it?", "where is it"},
      {"soft\u00adware", "software"},
      {"\u200eAnna\u200f", "Anna"},
      {"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645"},
      {"ΟΔΥΣΣΕΥΣ", "Οδυσσευς"},
      {"МОСКВА", "Москва"},
      {"❤\ufe0f", "❤"},
      {"東京。", "東京"},
      {"A — B", "A B"},
      {"in 2023.", "in 2023"},
  };
  for (const auto& [a, b] : pairs) {
    EXPECT_EQ(name_key(a), name_key(b)) << a << " | " << b;
  }
}

TEST(NameKey, tells_apart_what_is_named_differently) {
  const Pairs pairs = {
      {"C", "C++"},       {"C", "C#"},       {"C++", "C#"},        {"v1.2", "v12"},      {"1,5", "15"},
      {"A+", "A"},        {"A-", "A"},       {"A+", "A-"},         {"AC/DC", "ACDC"},    {"1-2", "12"},
      {"5%", "5"},        {"$5", "€5"},      {"Müller", "Muller"}, {"Anna", "Анна"},     {"👍", "👎"},
      {"👍🏽", "👍🏿"},       {"🇩🇪", "🇫🇷"},     {"東京", "京都"},     {"anna@x", "anna"},   {"AT&T", "ATT"},
      {"node.js", "nodejs"}, {"Room 1", "Room 2"}, {"!!!", "???"}, {"हिन्दी", "हनद"}, {"Q*", "Q"},
      {"🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F",
       "🏴\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F"},
  };
  for (const auto& [a, b] : pairs) {
    EXPECT_NE(name_key(a), name_key(b)) << a << " | " << b;
  }
}

TEST(NameKey, reads_as_the_rule_says) {
  const Pairs pairs = {
      {"Dr. Müller", "dr müller"},
      {"COVID-19", "covid-19"},
      {"COVID\u201119", "covid-19"},
      {"Version 1.2.3.", "version 1.2.3"},
      {"2. Weltkrieg", "2. weltkrieg"},
      {"3:10 to Yuma", "3:10 to yuma"},
      {"Re: Zero", "re zero"},
      {"  ", "  "},
      {"...", "..."},
      {"(?)", "(?)"},
      {"¿Qué?", "qué"},
      {"a(-)b", "a b"},
      {",-,d", "d"},
      {"a,- b", "a b"},
  };
  for (const auto& [label, key] : pairs) {
    EXPECT_EQ(name_key(label), key) << label;
  }
}

TEST(NameKey, is_its_own_key_and_never_empty_and_neither_begins_nor_ends_with_a_space) {
  const std::vector<std::string> pieces = {"a", "B", "7", ".", ",", "-", " ", "\"", "(", ")", "!", "?", ":", "+", "#",
                                           "é", "e\u0301", "ß", "—", "\u200d", "👍", "東", "\t", ";", "’", "\u0301"};
  std::mt19937 random(20230508);
  for (int round = 0; round < 20000; ++round) {
    std::string label = "x";
    for (unsigned length = random() % 8; length > 0; --length) {
      label += pieces[random() % pieces.size()];
    }
    const std::string key = name_key(label);
    ASSERT_FALSE(key.empty()) << label;
    ASSERT_NE(key.front(), ' ') << label;
    ASSERT_NE(key.back(), ' ') << label;
    ASSERT_EQ(key.find("  "), std::string::npos) << label;
    ASSERT_EQ(name_key(key), key) << label;
  }
}

TEST(ConversationName, is_what_means_somebody_else_elsewhere) {
  for (const char* name :
       {"Mum", "mom", "my mother", "Grandma", "Papa", "PAPÁ", "Oma", "Großmutter", "meine Mutter", "maman",
        "Grand-mère", "mamá", "abuela", "mamma", "nonno", "мама", "Бабушка", "mother-in-law", "妈妈", "Speaker 1",
        "speaker_00", "SPEAKER 12", "Speaker A", "user", "User 42", "user7", "Unknown", "Unbekannt", "Sprecher 2",
        "+49 170 1234567", "(555) 123-4567", "\u202a+44 20 7946 0958\u202c", "0049-30-123456", "٠١٢٣٤٥٦٧٨٩", "me"}) {
    EXPECT_TRUE(is_conversation_name(name)) << name;
  }
}

TEST(ConversationName, is_not_a_proper_name) {
  for (const char* name : {"Alice", "Anne", "Clyde", "Dr. Müller", "Mumford", "Mother Teresa", "Oma Kleinmann", "007",
                           "Route 66", "Anna 2", "Userson", "C++", "Анна", "東京", "Paul B", "1984", "", "Mari"}) {
    EXPECT_FALSE(is_conversation_name(name)) << name;
  }
}

}  // namespace
}  // namespace kg_batch::graph
