// result.json of Telegram Desktop.

#include <gtest/gtest.h>

#include <string>

#include "transcripts/read.h"
#include "transcripts/telegram.h"
#include "transcripts_shown.h"

namespace kg_batch::transcripts {
namespace {

std::string chat(const std::string& messages, const std::string& id = "4711") {
  return R"({"name": "Ben", "type": "personal_chat", "id": )" + id + R"(, "messages": [)" + messages + "]}";
}

std::string message(const std::string& more) {
  return R"({"id": 7, "type": "message", "date": "2024-12-31T22:15:03", "date_unixtime": "1735679703", "from": "Anna", "from_id": "user12", )" + more + "}";
}

constexpr const char* head = "7 2024-12-31 21:15:03+00 <Anna #user12> ";

TEST(TranscriptsTelegram, AMessageHasItsIdItsMomentAndWhoWroteIt) {
  const Read read = read_telegram(chat(message(R"("text": "I live in Graz.")") +
                                       R"(, {"id": 8, "type": "message", "date_unixtime": 1735679710, "from": "Ben", "from_id": "user13", "text": "Why?", "reply_to_message_id": 7})"));
  EXPECT_EQ(shown(read), std::string(head) + "I live in Graz.\n8 2024-12-31 21:15:10+00 <Ben #user13> Why? ^7\n");
  EXPECT_EQ(written(read).key, "telegram/4711");
}

TEST(TranscriptsTelegram, TextInPartsIsJoinedAndCodeStaysCode) {
  EXPECT_EQ(shown(read_telegram(chat(message(
                R"("text": ["Look at ", {"type": "link", "text": "example.org"}, " or ", {"type": "text_link", "text": "here", "href": "https://x.org"}, {"type": "plain", "text": ", @ben."}])")))),
            std::string(head) + "Look at example.org or here, @ben.\n");
  EXPECT_EQ(shown(read_telegram(chat(message(R"("text": [{"type": "code", "text": "ls"}, {"type": "pre", "text": "a\nb", "language": "sh"}])")))),
            std::string(head) + "`ls`\n```\na\nb\n```\n");
  EXPECT_EQ(shown(read_telegram(chat(message(R"("text_entities": [{"type": "plain", "text": "only here"}])")))), std::string(head) + "only here\n");
}

TEST(TranscriptsTelegram, FilesWithoutWordsAreMediaAndCaptionsAreRead) {
  for (const char* media : {R"("photo": "photo.jpg")", R"("file": "voice.ogg", "media_type": "voice_message")", R"("location_information": {"latitude": 1})",
                            R"("poll": {"question": "Where to?"})", R"("media_type": "sticker", "sticker_emoji": "x")"}) {
    EXPECT_EQ(shown(read_telegram(chat(message(std::string(R"("text": "", )") + media)))), std::string(head) + " {media}\n") << media;
    EXPECT_EQ(shown(read_telegram(chat(message(std::string(R"("text": "Our house", )") + media)))), std::string(head) + "Our house\n") << media;
  }
  EXPECT_EQ(shown(read_telegram(chat(message(R"("text": "")")))), std::string(head) + "\n");
}

TEST(TranscriptsTelegram, ServiceMessagesAreOfNobody) {
  EXPECT_EQ(shown(read_telegram(chat(
                R"({"id": 1, "type": "service", "date_unixtime": "1735679703", "actor": "Anna", "actor_id": "user12", "action": "invite_members", "members": ["Ben"], "text": ""})"))),
            "1 2024-12-31 21:15:03+00 <> Anna: invite_members\n");
}

TEST(TranscriptsTelegram, ForwardedWordsSayWhoseTheyAre) {
  EXPECT_EQ(shown(read_telegram(chat(message(R"("text": "I moved.", "forwarded_from": "Tom")")))), std::string(head) + "Forwarded from Tom:\nI moved.\n");
  EXPECT_EQ(shown(read_telegram(chat(message(R"("text": "I moved.", "forwarded_from": null)")))), std::string(head) + "Forwarded:\nI moved.\n");
}

TEST(TranscriptsTelegram, WhatOlderExportsLackIsMadeUpFor) {
  EXPECT_EQ(shown(read_telegram(chat(R"({"id": 1, "type": "message", "date": "2019-05-01T10:00:00", "from": null, "from_id": 99, "text": "a"})"))), "1 2019-05-01T10:00:00 <99 #99> a\n");
  EXPECT_EQ(shown(read_telegram(chat(R"({"id": 2, "type": "message", "date_unixtime": "x", "text": "a"})"))), "2 - <Ben> a\n");
}

TEST(TranscriptsTelegram, AWholeAccountIsAConversationAChat) {
  const std::string account = R"({"about": "…", "chats": {"about": "…", "list": [)" + chat(message(R"("text": "a")")) + "," + chat(message(R"("text": "b")"), "-5") +
                              R"(]}, "left_chats": {"list": [)" + chat(message(R"("text": "c")"), "\"6\"") + "]}}";
  EXPECT_EQ(shown(read_telegram(account)),
            "telegram/4711 " + std::string(head) + "a\ntelegram/-5 " + head + "b\ntelegram/6 " + head + "c\n");
  EXPECT_EQ(written(read_telegram(account)).key, "");
  EXPECT_EQ(written(read_telegram(account)).messages.at(1).place, "message 1 of chat -5");
}

TEST(TranscriptsTelegram, WhatIsNoExportIsRefused) {
  // A log of an assistant, and what is Slack's with the messages first.
  EXPECT_EQ(refused(read_telegram(R"({"messages": [{"role": "user", "content": "I live in Graz."}]})")), "text is no Telegram export: message 1 has no \"id\"");
  EXPECT_EQ(refused(read_telegram(R"({"messages": [{"type": "message", "user": "U1", "ts": "1735679701.000200", "text": "a"}], "users": []})")),
            "text is no Telegram export: message 1 has no \"id\"");
  EXPECT_EQ(refused(read_telegram("{\"messages\": [")), "text is no Telegram export: it is no JSON that can be read");
  EXPECT_EQ(refused(read_telegram("{\"contacts\": {}}")), "text is no Telegram export: it has neither \"messages\" nor \"chats\"");
  EXPECT_EQ(refused(read_telegram("[]")), "text is no Telegram export: it has neither \"messages\" nor \"chats\"");
  EXPECT_EQ(refused(read_telegram(chat("5"))), "text is no Telegram export: message 1 is of type number");
  EXPECT_EQ(refused(read_telegram(R"({"chats": {"list": [{"messages": []}]}})")), "text is no Telegram export: chat 1 of \"chats\" has no \"id\"");
  EXPECT_EQ(refused(read_telegram(R"({"chats": {"list": [{"id": 5}]}})")), "text is no Telegram export: telegram/5 has no \"messages\"");
}

TEST(TranscriptsTelegram, ItIsRecognised) {
  EXPECT_EQ(recognised(" \n" + chat("")), Format::telegram);
  EXPECT_EQ(recognised("{\"about\": \"…\", \"chats\": {}}"), Format::telegram);
}

}  // namespace
}  // namespace kg_batch::transcripts
