// Exports of WhatsApp: both layouts, what the app says itself, and which of the
// numbers of a date is the day.

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "transcripts/read.h"
#include "transcripts_shown.h"
#include "transcripts/whatsapp.h"

namespace kg_batch::transcripts {
namespace {

std::vector<Message> messages(const std::string& text, std::optional<DateOrder> order = std::nullopt) {
  return written(read(text, Format::whatsapp, order)).messages;
}

std::string shown(const std::string& text, std::optional<DateOrder> order = std::nullopt) {
  std::string all;
  for (const Message& message : messages(text, order)) {
    all += *message.sent_at + " <" + message.speaker + "> " + message.content;
    all += message.skipped.empty() ? "" : " {" + message.skipped + "}";
    all += "\n";
  }
  return all;
}

std::string refused(const std::string& text, std::optional<DateOrder> order = std::nullopt) {
  const Read read = read_whatsapp(text, order);
  const auto* why = std::get_if<Refused>(&read);
  return why == nullptr ? "taken" : why->what + ": " + why->reason + " | " + why->detail + " | " + why->hint;
}

std::vector<std::string> ids(const std::string& text) {
  std::vector<std::string> all;
  for (const Message& message : messages(text)) {
    all.push_back(*message.sent_at + " " + *message.id);
  }
  return all;
}

// How a chat of one message on the last of December is read.
std::string last_of_december(const std::string& heading) { return shown(heading + "Anna: a"); }

TEST(TranscriptsWhatsApp, BothLayoutsAreReadWithTheirContinuationLines) {
  EXPECT_EQ(shown("12/31/24, 10:15 PM - Anna: I moved to Graz.\nIt was cold.\n\nVery.\n12/31/24, 10:16 PM - Ben Ott: Why?\n"),
            "2024-12-31 22:15:00 <Anna> I moved to Graz.\nIt was cold.\n\nVery.\n2024-12-31 22:16:00 <Ben Ott> Why?\n");
  EXPECT_EQ(shown("\xEF\xBB\xBF[31.12.24, 22:15:03] Anna: I moved to Graz.\r\nIt was cold.\r\n[31.12.24, 22:16:40] Ben Ott: Why?\r\n"),
            "2024-12-31 22:15:03 <Anna> I moved to Graz.\nIt was cold.\n2024-12-31 22:16:40 <Ben Ott> Why?\n");
}

TEST(TranscriptsWhatsApp, DatesAndClocksOfManyPhonesAreRead) {
  for (const char* heading : {"12/31/24, 10:15 PM - ", "12/31/24, 10:15\u202FPM - ", "31/12/2024, 22:15 - ", "31/12/2024 22:15 - ", "31.12.24, 22:15 - ",
                              "31.12.2024 klo 22.15 - ", "31-12-2024 22:15 - ", "2024-12-31, 22:15 - ", "2024/12/31 22:15 - ", "31/12/24, 10:15 pm - ",
                              "31/12/24, 10:15 p. m. - ", "31. 12. 2024, 22:15 - ", "12/31/24, 22:15 – ", "[31/12/24, 22:15:00] ",
                              "\u200E[12/31/24, 10:15:00\u202FPM] ", "[2024-12-31, 22:15:00] ", "[31/12/2024 22:15:00] ", "[31.12.24, 22:15] "}) {
    EXPECT_EQ(last_of_december(heading), "2024-12-31 22:15:00 <Anna> a\n") << heading;
  }
  EXPECT_EQ(shown("12/31/24, 12:05 AM - Anna: a\n12/31/24, 12:05 PM - Anna: b"), "2024-12-31 00:05:00 <Anna> a\n2024-12-31 12:05:00 <Anna> b\n");
}

TEST(TranscriptsWhatsApp, WhatIsNoHeadingGoesOnWithTheMessage) {
  const std::string head = "31.12.24, 22:15 - Anna: see\n";
  for (const char* line : {"10:30 - Ben: no", "31.12.24 - Ben: no", "31.12, 22:15 - Ben: no", "31.12.24, 25:15 - Ben: no", "31.12.24, 22:75 - Ben: no",
                           "31.12.24, 22:15 Ben: no", "[31.12.24, 22:15:03] Ben: another layout", "31/12/24, 22:15 - Ben: another mark",
                           "31.12.24, 13:15 pm - Ben: no", "1.2.345, 22:15 - Ben: no", "Ben: no", "1.2.3"}) {
    EXPECT_EQ(messages(head + line).size(), 1U) << line;
    EXPECT_EQ(messages(head + line).at(0).content, std::string("see\n") + line);
  }
}

TEST(TranscriptsWhatsApp, TheOrderOfDayAndMonthFollowsFromTheWholeFile) {
  // A day over 12, far behind.
  EXPECT_EQ(shown("1/2/24, 10:00 - Anna: a\n1/13/24, 10:00 - Anna: b"), "2024-01-02 10:00:00 <Anna> a\n2024-01-13 10:00:00 <Anna> b\n");
  EXPECT_EQ(shown("1/2/24, 10:00 - Anna: a\n13/2/24, 10:00 - Anna: b"), "2024-02-01 10:00:00 <Anna> a\n2024-02-13 10:00:00 <Anna> b\n");
  // No day over 12, but read the other way messages would go back.
  EXPECT_EQ(shown("11/3/24, 10:00 - Anna: a\n12/3/24, 10:00 - Anna: b\n1/4/24, 10:00 - Anna: c"),
            "2024-03-11 10:00:00 <Anna> a\n2024-03-12 10:00:00 <Anna> b\n2024-04-01 10:00:00 <Anna> c\n");
  EXPECT_EQ(shown("3/11/24, 10:00 - Anna: a\n3/12/24, 10:00 - Anna: b\n4/1/24, 10:00 - Anna: c"),
            "2024-03-11 10:00:00 <Anna> a\n2024-03-12 10:00:00 <Anna> b\n2024-04-01 10:00:00 <Anna> c\n");
  // Two digits of a year before month and day.
  EXPECT_EQ(shown("24/12/31, 10:00 - Anna: a\n25/01/12, 10:00 - Anna: b\n25/02/11, 10:00 - Anna: c"),
            "2024-12-31 10:00:00 <Anna> a\n2025-01-12 10:00:00 <Anna> b\n2025-02-11 10:00:00 <Anna> c\n");
  EXPECT_EQ(shown("12/10/24, 10:00 - Anna: a\n13/10/24, 10:00 - Anna: b"), "2024-10-12 10:00:00 <Anna> a\n2024-10-13 10:00:00 <Anna> b\n");
  // With points between them the day comes first, and some days are the same either way.
  EXPECT_EQ(shown("1.2.24, 10:00 - Anna: a"), "2024-02-01 10:00:00 <Anna> a\n");
  EXPECT_EQ(shown("5/5/24, 10:00 - Anna: a"), "2024-05-05 10:00:00 <Anna> a\n");
}

TEST(TranscriptsWhatsApp, WhereNothingTellsTheOrderItHasToBeSaid) {
  const std::string unclear = "5/5/24, 10:00 - Anna: a\n6/7/24, 10:00 - Anna: b";
  EXPECT_EQ(refused(unclear),
            "dates of the WhatsApp export are not clear: day or month may come first in all of them | \"6/7/24\" in line 2 may be 6 July or 7 June. | "
            "Say date_order => 'dmy' when the day comes first, 'mdy' when the month does.");
  EXPECT_EQ(shown(unclear, DateOrder::dmy), "2024-05-05 10:00:00 <Anna> a\n2024-07-06 10:00:00 <Anna> b\n");
  EXPECT_EQ(shown(unclear, DateOrder::mdy), "2024-05-05 10:00:00 <Anna> a\n2024-06-07 10:00:00 <Anna> b\n");
  EXPECT_EQ(shown("10/11/12, 10:00 - Anna: a", DateOrder::ymd), "2010-11-12 10:00:00 <Anna> a\n");
}

TEST(TranscriptsWhatsApp, WhatIsNoExportIsRefused) {
  EXPECT_EQ(refused(" \n"), "text is no WhatsApp export: it is empty |  | It begins as \"12/31/24, 10:15 PM - Anna: …\" on Android, as \"[31.12.24, 22:15:03] "
                            "Anna: …\" on iOS.");
  EXPECT_EQ(refused("Anna: hello\n31.12.24, 22:15 - Ben: no").substr(0, 107),
            "text is no WhatsApp export: its first line does not begin with a time as WhatsApp writes it | It is: Anna: ");
  EXPECT_EQ(refused("31.13.24, 22:15 - Anna: a").substr(0, 108),
            "text is no WhatsApp export: its dates are none, whether the day, the month or the year comes first | The fir");
  EXPECT_EQ(refused("1/2/24, 10:00 - Anna: a\n13/2/24, 10:00 - Anna: b", DateOrder::mdy),
            "line 2: \"13/2/24\" is no date when date_order is mdy |  | Without date_order it is found out from the whole text.");
  EXPECT_EQ(refused("30/2/24, 10:00 - Anna: a\n13/2/24, 10:00 - Anna: b", DateOrder::dmy).substr(0, 54),
            "line 1: \"30/2/24\" is no date when date_order is dmy | ");
}

TEST(TranscriptsWhatsApp, WhatTheAppSaysIsOfNobodyOnAndroid) {
  for (const char* line : {"Messages and calls are end-to-end encrypted. Only people in this chat can read them.", "Anna added Ben", "Ben left",
                           "Tom created group “Trip: Rome”", "Tom changed the group name from \"Trip: Rome\" to \"Trip: Graz\"",
                           "Anna changed the description to fun: all year"}) {
    const auto list = messages(std::string("31.12.24, 22:15 - ") + line + "\n31.12.24, 22:16 - Anna: a");
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].speaker, "") << line;
    EXPECT_EQ(list[0].content, line);
    EXPECT_EQ(list[1].speaker, "Anna");
  }
}

TEST(TranscriptsWhatsApp, WhatTheAppSaysIsOfNobodyOnIOSWhateverItsLanguage) {
  for (const char* line : {"Trip: \u200EMessages and calls are end-to-end encrypted.", "Trip: \u200EAnna hat die Gruppe erstellt", "Anna: \u200EVerpasster Anruf",
                           "Anna: \u200EPOLL:\nWhere to?\n\u200EOPTION: Rome (1 vote)"}) {
    const auto list = messages(std::string("[31.12.24, 22:15:03] ") + line + "\n[31.12.24, 22:16:03] Anna: a");
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].speaker, "") << line;
    EXPECT_EQ(list[0].skipped, "");
    EXPECT_EQ(list[1].speaker, "Anna");
  }
}

TEST(TranscriptsWhatsApp, MediaAreSkippedAndTheirCaptionsRead) {
  const auto of = [](const std::string& content) { return messages("31.12.24, 22:15 - Anna: " + content).at(0); };
  for (const char* content : {"<Media omitted>", "<Medien ausgeschlossen>", "<Multimedia omitido>", "IMG-20241231-WA0001.jpg (file attached)",
                              "\u200EIMG-20241231-WA0001.jpg (Datei angehängt)", "null", "\u200Eimage omitted", "\u200ESticker weggelassen",
                              "\u200E<attached: 00000012-PHOTO-2024-12-31.jpg>", "\u200Ereport.pdf • \u200E3 pages \u200Edocument omitted"}) {
    EXPECT_EQ(of(content).skipped, "media") << content;
    EXPECT_EQ(of(content).speaker, "Anna") << content;
  }
  for (const char* content : {"IMG-20241231-WA0001.jpg (file attached)\nOur new house", "Our new house \u200Eimage omitted",
                              "Our new house \u200E<attached: 00000012-PHOTO-2024-12-31.jpg>"}) {
    EXPECT_EQ(of(content).skipped, "") << content;
    EXPECT_EQ(of(content).content, "Our new house") << content;
  }
  for (const char* content : {"<3", "<b>", "I omitted it", "a < b and c > d", "image omitted"}) {
    EXPECT_EQ(of(content).skipped, "") << content;
    EXPECT_EQ(of(content).content, content);
  }
}

TEST(TranscriptsWhatsApp, DeletedMessagesAreSkippedAndEditedMarksTakenOff) {
  const auto of = [](const std::string& content) { return messages("31.12.24, 22:15 - Anna: " + content).at(0); };
  for (const char* content : {"This message was deleted", "You deleted this message", "\u200EThis message was deleted.", "Diese Nachricht wurde gelöscht.",
                              "This message was deleted by admin Ben"}) {
    EXPECT_EQ(of(content).skipped, "deleted") << content;
  }
  EXPECT_EQ(of("This message was deleted by me, sorry").skipped, "");
  EXPECT_EQ(of("I live in Graz. <This message was edited>").content, "I live in Graz.");
  EXPECT_EQ(of("I live in Graz. \u200E<This message was edited>").content, "I live in Graz.");
  EXPECT_EQ(of("I live in Graz. \u200E<Este mensaje se ha modificado>").content, "I live in Graz.");
}

TEST(TranscriptsWhatsApp, NamesAreReadAsTheyStandInTheAddressBook) {
  const auto speaker = [](const std::string& name) { return messages("[31.12.24, 22:15:03] " + name + ": a").at(0).speaker; };
  EXPECT_EQ(speaker("~\u00A0Ben Ott"), "Ben Ott");
  EXPECT_EQ(speaker("\u202A+49\u00A0170\u00A01234567\u202C"), "+49 170 1234567");
  EXPECT_EQ(speaker("mum 🌻 (new phone)"), "mum 🌻 (new phone)");
  EXPECT_EQ(speaker("Anna from the gym next door to us"), "Anna from the gym next door to us");
  EXPECT_EQ(messages("31.12.24, 22:15 - Anna: say hi to @\u2068Ben Ott\u2069!").at(0).content, "say hi to @Ben Ott!");
  // A particle stands within names, and on iOS the app marks what it says.
  EXPECT_EQ(messages("31.12.24, 22:15 - Maria: a\n31.12.24, 22:15 - Maria da Silva: b").at(1).speaker, "Maria da Silva");
  EXPECT_EQ(messages("[31.12.24, 22:15:03] Anna: a\n[31.12.24, 22:15:04] Anna from work: b").at(1).speaker, "Anna from work");
  // Who speaks twice is a name, whatever it looks like.
  EXPECT_EQ(messages("31.12.24, 22:15 - Anna: a\n31.12.24, 22:15 - Anna from work: b\n31.12.24, 22:15 - Anna from work: c").at(1).speaker, "Anna from work");
}

// Equal ones of a moment are told apart by their number, which is given where the zone is known.
TEST(TranscriptsWhatsApp, TheIdOfAMessageIsOfItsWordsAlone) {
  EXPECT_TRUE(written(read_whatsapp("31.12.24, 22:15 - Anna: ok", std::nullopt)).ids_are_of_moments);
  EXPECT_EQ(ids("31.12.24, 22:15 - Anna: ok"), ids("31.12.24, 22:15 - Ben: ok"));
  EXPECT_NE(ids("31.12.24, 22:15 - Anna: ok"), ids("31.12.24, 22:15 - Anna: no"));
  EXPECT_EQ(ids("31.12.24, 22:15 - Anna: a\n31.12.24, 22:16 - Ben: b").at(1), ids("31.12.24, 22:16 - Ben: b").at(0));
  // Somebody gets a name in the address book, who speaks or is spoken of, or the phone another language.
  EXPECT_EQ(ids("12/31/24, 10:15 PM - +49 170 1234567: ok"), ids("31.12.24, 22:15 - Anna: ok"));
  EXPECT_EQ(ids("31.12.24, 22:15 - Anna: hi @\u2068Ben Ott\u2069!"), ids("31.12.24, 22:15 - Anna: hi @\u2068Benno\u2069!"));
  EXPECT_NE(ids("31.12.24, 22:15 - Anna: hi @\u2068Ben\u2069!"), ids("31.12.24, 22:15 - Anna: hi @\u2068Ben\u2069?"));
}

TEST(TranscriptsWhatsApp, AnExportIsToldFromWhatAPersonWrote) {
  EXPECT_EQ(recognised("31.12.24, 22:15 - Anna: a"), Format::whatsapp);
  EXPECT_EQ(recognised("\n\u200E[31/12/2024 22:15:03] Anna: a"), Format::whatsapp);
  EXPECT_EQ(recognised("[2024-12-31, 22:15:03] Anna: a"), Format::whatsapp);
  EXPECT_EQ(recognised("[2024-05-03 18:20] Anna: a"), Format::plain);
  EXPECT_EQ(recognised("2024-05-03 18:20 Anna: a"), Format::plain);
  EXPECT_EQ(recognised("2024-05-03 - Anna: a"), Format::plain);
  EXPECT_EQ(recognised("Anna: a\n31.12.24, 22:15 - Anna: a"), Format::plain);
}

}  // namespace
}  // namespace kg_batch::transcripts
