// The text hazards that were measured to break nlohmann/json or PostgreSQL.

#include "openai/json_text.h"

#include <gtest/gtest.h>

namespace kg_batch::openai {
namespace {

const std::string kReplacement = "\xEF\xBF\xBD";

std::string text_of(std::string_view json, int replaced) {
  const auto parsed = parse_untrusted(json);
  if (!parsed) return "(unreadable)";
  EXPECT_EQ(parsed->replaced, replaced) << json;
  return parsed->value.at("a").get<std::string>();
}

TEST(OpenaiJsonText, OrdinaryTextIsAsItWas) {
  EXPECT_EQ(text_of(R"({"a":"K\u00f2rsou \"\\\/\n\ud83d\ude00 é 😀"})", 0), "Kòrsou \"\\/\n😀 é 😀");
  EXPECT_EQ(text_of("{\"a\":\"\xE2\x80\xA8\"}", 0), "\xE2\x80\xA8") << "U+2028";
  EXPECT_EQ(parse_untrusted(R"({"b":1,"a":2})")->value.dump(), R"({"b":1,"a":2})") << "the order of keys is kept";
}

TEST(OpenaiJsonText, NulIsReplacedAndCounted) {
  EXPECT_EQ(text_of(R"({"a":"K\u0000f2rsou"})", 1), "K" + kReplacement + "f2rsou");
  EXPECT_EQ(text_of(std::string_view("{\"a\":\"x\0y\0\"}", 12), 2), "x" + kReplacement + "y" + kReplacement);
  EXPECT_EQ(text_of(R"({"a":"\\u0000"})", 0), "\\u0000") << "an escaped backslash begins no escape";
  const auto key = parse_untrusted(R"({"a\u0000":1})");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->value.begin().key(), "a" + kReplacement);
}

TEST(OpenaiJsonText, LoneSurrogatesAreReplaced) {
  EXPECT_EQ(text_of(R"({"a":"x\ud800y"})", 1), "x" + kReplacement + "y");
  EXPECT_EQ(text_of(R"({"a":"\udc00"})", 1), kReplacement);
  EXPECT_EQ(text_of(R"({"a":"\ud800\ud83d\ude00"})", 1), kReplacement + "😀");
  EXPECT_EQ(text_of(R"({"a":"\ude00\ud83d"})", 2), kReplacement + kReplacement);
  EXPECT_EQ(text_of(R"({"a":"\ud800\u0000"})", 2), kReplacement + kReplacement);
  EXPECT_EQ(text_of("{\"a\":\"\xED\xA0\x80\"}", 3), kReplacement + kReplacement + kReplacement) << "as bytes";
}

TEST(OpenaiJsonText, InvalidUtf8IsReplacedByMaximalSubparts) {
  EXPECT_EQ(text_of("{\"a\":\"x\xFFy\"}", 1), "x" + kReplacement + "y");
  EXPECT_EQ(text_of("{\"a\":\"\xC0\x80\"}", 2), kReplacement + kReplacement) << "overlong NUL";
  EXPECT_EQ(text_of("{\"a\":\"\xE2\x82\"}", 1), kReplacement) << "cut off by the quote, which is not swallowed";
  EXPECT_EQ(text_of("{\"a\":\"\xF0\x9F\x98\"}", 1), kReplacement);
  EXPECT_EQ(text_of("{\"a\":\"\xF4\x90\x80\x80\"}", 4), kReplacement + kReplacement + kReplacement + kReplacement);
}

TEST(OpenaiJsonText, RawControlCharactersInStringsAreKept) {
  EXPECT_EQ(text_of("{\"a\":\"x\ny\tz\x1F\"}", 0), "x\ny\tz\x1F");
}

TEST(OpenaiJsonText, ByteOrderMarkIsNoError) { EXPECT_EQ(text_of("\xEF\xBB\xBF{\"a\":\"x\"}", 0), "x"); }

TEST(OpenaiJsonText, DepthIsBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_untrusted(nested(64)));
  EXPECT_FALSE(parse_untrusted(nested(65)));
  EXPECT_FALSE(parse_untrusted(nested(200'000)));
  EXPECT_FALSE(parse_untrusted(std::string(10'000'000, '[')));
  EXPECT_TRUE(parse_untrusted(nested(65), 65));
  EXPECT_TRUE(parse_untrusted("{\"a\":\"" + std::string(1000, '[') + "\"}")) << "brackets in strings do not count";
}

TEST(OpenaiJsonText, ObjectsWithAbsurdlyManyKeysAreRefusedQuickly) {
  std::string json = "{";
  for (int i = 0; i < 300'000; ++i) json += "\"k" + std::to_string(i) + "\":1,";
  json += "\"last\":1}";
  EXPECT_FALSE(parse_untrusted(json));
  std::string array = "[";
  for (int i = 0; i < 30'000; ++i) array += "{\"k\":1},";
  EXPECT_TRUE(parse_untrusted(array + "1]")) << "many small ones are no harm";
}

TEST(OpenaiJsonText, NumbersBeyondWhatIsHeldAreNoTrap) {
  EXPECT_DOUBLE_EQ(parse_untrusted(R"({"a":18446744073709551616})")->value["a"].get<double>(), 18446744073709551616.0);
  EXPECT_FALSE(parse_untrusted(R"({"a":1e400})"));
  EXPECT_FALSE(parse_untrusted(R"({"a":NaN})"));
  EXPECT_FALSE(parse_untrusted(R"({"a":-Infinity})"));
}

TEST(OpenaiJsonText, WhatIsNoJsonIsNothing) {
  for (const char* text : {"", " ", "{", "}", "{\"a\":\"x", "{\"a\":1}}", "{\"a\":1} x", "<html></html>", "\"\\", "\"\\u12",
                           "{\"a\":\"\\ud8", "[1,2", "]", "nul", "{\"a\":\"\\x\"}", ":"}) {
    EXPECT_FALSE(parse_untrusted(text)) << text;
  }
  EXPECT_FALSE(parse_untrusted(std::string_view("{}\0{}", 5))) << "the parser would stop at the NUL and be content";
}

TEST(OpenaiJsonText, DuplicateKeysTheLastWins) {
  EXPECT_EQ(parse_untrusted(R"({"a":1,"a":2})")->value.dump(), R"({"a":2})");
}

TEST(OpenaiJsonText, WhatWasReadCanAlwaysBeWritten) {
  const auto parsed = parse_untrusted("{\"a\":\"\xFF\\ud800\\u0000\xC3\x28\",\"\xFE\":\"\x01\"}");
  ASSERT_TRUE(parsed);
  const std::string text = parsed->value.dump();
  EXPECT_EQ(sanitize_utf8(text), text);
  EXPECT_EQ(text.find("\\u0000"), std::string::npos);
  EXPECT_EQ(parse_untrusted(text)->replaced, 0);
}

TEST(OpenaiJsonText, SanitizeReplacesAndCounts) {
  int replaced = 1;
  EXPECT_EQ(sanitize_utf8(std::string_view("a\0\xFFé\n", 6), &replaced), "a" + kReplacement + kReplacement + "é\n");
  EXPECT_EQ(replaced, 3);
  EXPECT_EQ(sanitize_utf8(""), "");
}

TEST(OpenaiJsonText, ShortTextIsOneLineOfAtMostSoManyCharacters) {
  EXPECT_EQ(short_text("could not\r\n\tconnect \x1B[31m!\x7F", 100), "could not connect [31m!");
  EXPECT_EQ(short_text("ééééé", 5), "ééééé");
  EXPECT_EQ(short_text("éééééé", 5), "éééé…");
  EXPECT_EQ(short_text("abc def", 4), "abc…");
  EXPECT_EQ(short_text("abc   ", 3), "abc");
  EXPECT_EQ(short_text("abc", 0), "");
  EXPECT_EQ(short_text("\xE2\x80\xAE" "abc\xC2\x85", 10), "abc") << "no turning of the writing direction";
  EXPECT_EQ(short_text(std::string(10'000'000, 'x'), 10), "xxxxxxxxx…");
}

}  // namespace
}  // namespace kg_batch::openai
