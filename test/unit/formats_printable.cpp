#include "formats/printable.h"

#include <gtest/gtest.h>

namespace {

using kg_batch::formats::printable;
using kg_batch::formats::sql_literal;

TEST(FormatsPrintable, WhatATerminalObeysIsWritten) {
  EXPECT_EQ(printable("a\x1B[31mred\x07\r\x7F"), "a\\u001B[31mred\\u0007\\u000D\\u007F");
  EXPECT_EQ(printable("\xC2\x9B" "2J"), "\\u009B2J");
  EXPECT_EQ(printable("\x9B" "2J"), "\\u009B2J");
  EXPECT_EQ(printable(std::string_view("\0x", 2)), "\\u0000x");
}

TEST(FormatsPrintable, WhatShowsOthersInAnotherOrderIsWritten) {
  EXPECT_EQ(printable("\u202Etxt.exe\u2066\u061C\u2028\u2029"), "\\u202Etxt.exe\\u2066\\u061C\\u2028\\u2029");
}

TEST(FormatsPrintable, OtherTextIsAsItWas) {
  for (const char* text : {"", "plain", "tab\tand\nline", "Zoë \u05D0\u05D1 \U0001F469\u200D\U0001F467 100% \\ \" '", "\xFF\xC3"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(FormatsPrintable, ANameHasNoLines) { EXPECT_EQ(printable("a\nWARNING:  b", false), "a\\u000AWARNING:  b"); }

TEST(FormatsPrintable, ALiteralHoldsWhatItHolds) {
  EXPECT_EQ(sql_literal("inbox"), "'inbox'");
  EXPECT_EQ(sql_literal("x'); DROP TABLE y; --"), "'x''); DROP TABLE y; --'");
  EXPECT_EQ(sql_literal("a\\' b"), " E'a\\\\'' b'");
}

}  // namespace
