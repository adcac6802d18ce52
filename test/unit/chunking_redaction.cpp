// What looks like a secret does not leave; what does not, stays as it is.

#include "chunking/redaction.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kg_batch::chunking {
namespace {

TEST(Redaction, KeysByTheirIssuersPrefixAreMasked) {
  EXPECT_EQ(redact("use sk-abcdEFGH1234567890abcd, please"), "use [key], please");
  EXPECT_EQ(redact("AKIAIOSFODNN7EXAMPLE"), "[key]");
  EXPECT_EQ(redact("token ghp_0123456789abcdefghijABCDEFGHIJ."), "token [key].");
  EXPECT_EQ(redact("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123456_-x"), "[key]");
  EXPECT_EQ(redact("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- done"), "[key] done");
  EXPECT_EQ(redact("-----BEGIN PRIVATE KEY-----\ncut off"), "[key]");
}

TEST(Redaction, CardNumbersAreKnownByTheirCheckDigit) {
  EXPECT_EQ(redact("my card is 4111 1111 1111 1111 ok"), "my card is [card number] ok");
  EXPECT_EQ(redact("5500-0000-0000-0004"), "[card number]");
  EXPECT_EQ(redact("order 4111 1111 1111 1112"), "order 4111 1111 1111 1112");
  EXPECT_EQ(redact("call +44 20 7946 0958"), "call +44 20 7946 0958");
}

TEST(Redaction, ACardNumberIsMaskedBesideOtherNumbers) {
  EXPECT_EQ(redact("4111 1111 1111 1111 05/27 123"), "[card number] 05/27 123");
  EXPECT_EQ(redact("order 12 4111 1111 1111 1111"), "order 12 [card number]");
  EXPECT_EQ(redact("12 3782-822463-10005 1"), "12 [card number] 1");
  EXPECT_EQ(redact("Anna,4111111111111111,05/27"), "Anna,[card number],05/27");
  EXPECT_EQ(redact("4111111111111111 5500000000000004"), "[card number] [card number]");
  EXPECT_EQ(redact("0.4111111111111111"), "0.4111111111111111");
  EXPECT_EQ(redact("call +44 20 7946 0958 123"), "call +44 20 7946 0958 123");
}

TEST(Redaction, WhatATextCallsAPasswordIsMasked) {
  EXPECT_EQ(redact("The password is hunter2."), "The password is [password].");
  EXPECT_EQ(redact("pwd=S3cret!x, thanks"), "pwd=[password], thanks");
  EXPECT_EQ(redact("Das Passwort lautet \"Geheim1\""), "Das Passwort lautet \"[password]\"");
  EXPECT_EQ(redact("пароль: тайна9"), "пароль: [password]");
}

TEST(Redaction, WhatStandsNextToASecretIsLookedAtAgain) {
  EXPECT_EQ(redact("AKIAIOSFODNN7EXAMPLEsk-abcdEFGH1234567890abcd"), "[key][key]");
  EXPECT_EQ(redact("4111111111111111sk-abcdEFGH1234567890abcd"), "[card number][key]");
  EXPECT_EQ(redact("4111111111111111password: hunter2"), "[card number]password: [password]");
  EXPECT_EQ(redact("pin: 4111 1111 1111 1111abc"), "pin: [card number]");
}

TEST(Redaction, WhatIsMaskedStaysAsItIs) {
  for (const char* text : {"password is sk-abcdEFGH1234567890abcd!", "pin: 4111 1111 1111 1111", "password: hunter2", "my key: AKIAIOSFODNN7EXAMPLE"}) {
    const std::string once = redact(text);
    EXPECT_NE(once, text);
    EXPECT_EQ(redact(once), once);
  }
  EXPECT_EQ(redact("password: [key].hunter2"), "password: [password]");
}

TEST(Redaction, ATextThatIsMadeToBeLookedAtAgainAndAgainIsMaskedAsAWhole) {
  std::string keys;
  for (int i = 0; i < 1000; ++i) keys += "AKIAIOSFODNN7EXAMPLE";
  EXPECT_EQ(redact(keys + " and more"), "[text]");
}

TEST(Redaction, ASecretThatGoesOverSentencesIsMaskedInEach) {
  const std::string text = "Zoë 🐕.\n-----BEGIN PRIVATE KEY-----\nMIIE\nQQ\n-----END PRIVATE KEY-----\nDone.";
  const std::vector<Secret> secrets = secrets_in(text);
  ASSERT_EQ(secrets.size(), 1u);
  EXPECT_EQ(secrets[0].start, 7);
  EXPECT_EQ(slice_without(secrets, text, 0, 6), "Zoë 🐕.");
  EXPECT_EQ(slice_without(secrets, text, 7, 34), "[key]");
  EXPECT_EQ(slice_without(secrets, text, 35, 39), "[key]");
  EXPECT_EQ(slice_without(secrets, text, secrets[0].end, 1000), "\nDone.");
  EXPECT_EQ(redact("The password:\nTango7\nis it"), "The password:\n[password]\nis it");
  EXPECT_EQ(redact("password is sk-abcdEFGH1234567890abcd!"), "password is [key]!");
}

TEST(Redaction, OtherTextStaysAsItIs) {
  for (const char* text : {"I forgot my password again", "risk-averse people", "née Müller 🐕 2024-05-03", "ask-me-anything-about-it-all", ""})
    EXPECT_EQ(redact(text), text);
}

}  // namespace
}  // namespace kg_batch::chunking
