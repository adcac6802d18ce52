// Transcripts: who says what, and what is refused.

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "transcripts/plain.h"
#include "transcripts/read.h"

namespace kg_batch::transcripts {
namespace {

std::string read(const std::string& text) {
  const auto result = transcripts::read(text, Format::plain, std::nullopt);
  if (const auto* refused = std::get_if<Refused>(&result)) {
    std::string reason = "refused: ";
    reason += refused->reason;
    return reason;
  }
  std::string all;
  for (const Message& message : std::get<Written>(result).messages) {
    all += message.place.substr(5);
    all += " <";
    all += message.speaker;
    all += "> ";
    if (message.sent_at) {
      all += "(";
      all += *message.sent_at;
      all += ") ";
    }
    all += message.content;
    all += ";";
  }
  return all;
}

bool refused(const std::string& text) { return std::holds_alternative<Refused>(read_plain(text)); }

TEST(TranscriptsPlain, ALineWithANameOpensAMessageAndOthersGoOn) {
  EXPECT_EQ(read("Anna: I moved.\nTo Berlin.\n\nIn May.\nBen: Really?\n"), "1 <Anna> I moved.\nTo Berlin.\n\nIn May.;5 <Ben> Really?;");
  EXPECT_EQ(read("\xEF\xBB\xBF" "Anna: a\r\nBen: b\r\nAnna:\r\nc"), "1 <Anna> a;2 <Ben> b;3 <Anna> c;");
}

TEST(TranscriptsPlain, TimesBeforeTheNameAreTaken) {
  EXPECT_EQ(read("[2024-05-03 18:20] Anna: a\n2024-05-03 18:21:05 Ben: b"), "1 <Anna> (2024-05-03 18:20) a;2 <Ben> (2024-05-03 18:21:05) b;");
  EXPECT_EQ(read("2024-05-03T18:20:11Z Anna: a\n2024/05/03 6:20 PM Ben: b"), "1 <Anna> (2024-05-03T18:20:11Z) a;2 <Ben> (2024/05/03 6:20 PM) b;");
  EXPECT_EQ(read("[2024-05-03 18:20+02:00] Anna: a\n2024-05-03 - Ben: b"), "1 <Anna> (2024-05-03 18:20+02:00) a;2 <Ben> (2024-05-03) b;");
}

TEST(TranscriptsPlain, TimesThatTheDatabaseCouldNotReadAreLeftOut) {
  EXPECT_EQ(read("[18:20] Anna: a\n18:21 Ben: b\n[5/3/24, 6:20 PM] Anna: c\n[2024-02-30 18:20] Ben: d"), "1 <Anna> a;2 <Ben> b;3 <Anna> c;4 <Ben> d;");
}

TEST(TranscriptsPlain, NamesOfManyKindsAreNames) {
  EXPECT_EQ(read("Jan van Dyk: a\nuser_42: b\nО'Нил Мария: c\n小明：你好\nJan van Dyk: d\nuser_42: e\nО'Нил Мария: f\n小明：g"),
            "1 <Jan van Dyk> a;2 <user_42> b;3 <О'Нил Мария> c;4 <小明> 你好;5 <Jan van Dyk> d;6 <user_42> e;7 <О'Нил Мария> f;8 <小明> g;");
  EXPECT_EQ(read("+49 170 1234567: hi\n+49 170 1234567: there"), "1 <+49 170 1234567> hi;2 <+49 170 1234567> there;");
}

TEST(TranscriptsPlain, ColonsInsideAMessageOpenNothing) {
  EXPECT_EQ(read("Anna: see\nhttps://example.com\nNote: buy milk\nI told him: no\n10:30 works\nBen: ok"),
            "1 <Anna> see\nhttps://example.com\nNote: buy milk\nI told him: no\n10:30 works;6 <Ben> ok;");
}

TEST(TranscriptsPlain, WhatHasNoNamesIsRefusedWithTheLinesAsRead) {
  EXPECT_EQ(read(""), "refused: the text is empty");
  EXPECT_EQ(read("I moved to Berlin.\nIt was in May."), "refused: no line begins with a name and a colon");
  EXPECT_TRUE(refused("https://example.com\nhttp://example.org"));
  EXPECT_TRUE(refused("18:20 went home\n18:30: slept"));
  EXPECT_TRUE(refused("Ingredients: flour\nTime: 20 minutes\nServes: 4\nOven: 180"));
  EXPECT_TRUE(refused("One.\nTwo.\nThree.\nFour.\nAnna: five"));
  const auto result = read_plain("Ingredients: flour\nTime: 20 minutes\nmix it\nOven: 180");
  EXPECT_EQ(std::get<Refused>(result).detail,
            "The first lines were read as:\n\"Ingredients\" says: flour\n\"Time\" says: 20 minutes\nno name: mix it\n\"Oven\" says: 180");
}

}  // namespace
}  // namespace kg_batch::transcripts
