// A channel's day of a Slack export.

#include <gtest/gtest.h>

#include <string>

#include "transcripts/read.h"
#include "transcripts/slack.h"
#include "transcripts/slack_markup.h"
#include "transcripts_shown.h"

namespace kg_batch::transcripts {
namespace {

std::string message(const std::string& more) {
  return R"({"type": "message", "user": "U1", "ts": "1735679703.000200", "user_profile": {"real_name": "Anna Berg", "display_name": "anna"}, )" + more + "}";
}

std::string of_one(const std::string& more) { return shown(read_slack("[" + message(more) + "]")); }

constexpr const char* head = "1735679703.000200 2024-12-31 21:15:03.000200+00 <Anna Berg #U1> ";

TEST(TranscriptsSlack, AMessageIsKnownByItsTsAndSaidByItsUser) {
  EXPECT_EQ(of_one(R"("text": "I live in Graz.")"), std::string(head) + "I live in Graz.\n");
  EXPECT_EQ(of_one(R"("text": "Me too.", "thread_ts": "1735679700.000100", "parent_user_id": "U2")"), std::string(head) + "Me too. ^1735679700.000100\n");
  EXPECT_EQ(of_one(R"("text": "A thread begins.", "thread_ts": "1735679703.000200", "reply_count": 2)"), std::string(head) + "A thread begins.\n");
  EXPECT_EQ(of_one(R"("text": "Told to all.", "subtype": "thread_broadcast", "thread_ts": "1.2")"), std::string(head) + "Told to all. ^1.2\n");
  EXPECT_EQ(shown(read_slack(R"([{"type": "message", "user": "U9", "ts": "1735679703.000200", "text": "a"}])")), "1735679703.000200 2024-12-31 21:15:03.000200+00 <U9 #U9> a\n");
}

TEST(TranscriptsSlack, WhatIsNotOfAPersonIsOfNobody) {
  for (const char* more : {R"("subtype": "channel_join")", R"("subtype": "channel_topic")", R"("subtype": "bot_message")", R"("bot_id": "B1", "bot_profile": {"name": "ci"})",
                           R"("subtype": "pinned_item")"}) {
    EXPECT_EQ(of_one(std::string(more) + R"(, "text": "<@U1> has joined the channel")"),
              "1735679703.000200 2024-12-31 21:15:03.000200+00 <> @Anna Berg has joined the channel\n")
        << more;
  }
}

TEST(TranscriptsSlack, FilesWithoutWordsAreMediaAndTombstonesDeleted) {
  EXPECT_EQ(of_one(R"("text": "", "files": [{"name": "a.png"}], "upload": true)"), std::string(head) + " {media}\n");
  EXPECT_EQ(of_one(R"("text": "Our house", "files": [{"name": "a.png"}])"), std::string(head) + "Our house\n");
  EXPECT_EQ(of_one(R"("text": "This message was deleted.", "subtype": "tombstone")"), std::string(head) + "This message was deleted. {deleted}\n");
}

TEST(TranscriptsSlack, MarkupIsReadAsPeopleSeeIt) {
  const SlackNames names = {{"U1", "Anna Berg"}};
  const auto read = [&](const char* text) { return without_slack_markup(text, names); };
  EXPECT_EQ(read("<@U1> and <@U2> and <@U3|ben>"), "@Anna Berg and @U2 and @ben");
  EXPECT_EQ(read("see <https://x.org/a&amp;b> or <https://x.org|the &lt;page&gt;> or <mailto:a@x.org|a@x.org>"), "see https://x.org/a&b or the <page> or a@x.org");
  EXPECT_EQ(read("in <#C1|general> and <#C2>, <!here> <!subteam^S1|@team> <!date^1^{date}|31 December> <!channel|channel>"),
            "in #general and #C2, @here @team 31 December channel");
  EXPECT_EQ(read("a &amp; b &lt;3 &amp;lt; &quot;"), "a & b <3 &lt; &quot;");
  EXPECT_EQ(read("a < b"), "a < b");
  EXPECT_EQ(read("<>"), "");
}

TEST(TranscriptsSlack, NamesComeFromTheUsersOfTheWorkspaceWhereTheyAreGiven) {
  const std::string users = R"("users": [{"id": "U2", "name": "ben", "profile": {"real_name": "Ben Ott"}}, {"id": "U3", "name": "tom", "profile": {"real_name": ""}}])";
  const std::string day = R"([{"type": "message", "user": "U2", "ts": "1735679703.000200", "text": "Ask <@U3>."}])";
  const std::string both = "{" + users + R"(, "messages": )" + day + "}";
  EXPECT_EQ(shown(read_slack(both)), "1735679703.000200 2024-12-31 21:15:03.000200+00 <Ben Ott #U2> Ask @tom.\n");
  EXPECT_EQ(recognised(both), Format::slack);
}

TEST(TranscriptsSlack, WhatIsNoExportIsRefused) {
  EXPECT_EQ(refused(read_slack("[{]")), "text is no Slack export: it is no JSON that can be read");
  EXPECT_EQ(refused(read_slack("{}")), "text is no Slack export: it is no array of messages");
  EXPECT_EQ(refused(read_slack("[" + message(R"("text": "a")") + ", 5]")), "text is no Slack export: message 2 has no \"ts\"");
  EXPECT_EQ(refused(read_slack(R"([{"id": "U2", "name": "ben"}])")), "text is no Slack export: message 1 has no \"ts\"");
  EXPECT_EQ(shown(read_slack("[]")), "");
}

TEST(TranscriptsSlack, ItIsRecognised) {
  EXPECT_EQ(recognised("[\n    {\n        \"user\": \"U1\"}]"), Format::slack);
  EXPECT_EQ(recognised("[]"), Format::slack);
  EXPECT_EQ(recognised("[31.12.24, 22:15:03] Anna: a"), Format::whatsapp);
}

}  // namespace
}  // namespace kg_batch::transcripts
