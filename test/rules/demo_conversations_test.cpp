// What demo/README.md says a reader finds in the graph is what the rules read
// out of demo/conversations.

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "question.h"
#include "rules/dates.h"
#include "rules/rules.h"

namespace kg_sim::rules::testing {
namespace {

std::string local_time(const std::string& sent_at) {
  static constexpr const char* names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const std::string text = sent_at.substr(0, 10) + " " + sent_at.substr(11, 5);
  const Moment day = moment_of(text);
  return text + " " + names[std::chrono::weekday{*day}.c_encoding()];
}

Json conversation(const std::string& name) {
  std::ifstream stream(std::filesystem::path(DEMO_CONVERSATIONS) / (name + ".json"));
  return Json::parse(stream);
}

std::vector<Line> lines_of(const Json& conversation) {
  std::vector<Line> lines;
  for (const Json& message : conversation["messages"]) {
    std::string speaker = message.value("speaker", message.value("role", ""));
    if (speaker == "assistant") speaker.clear();
    lines.push_back({speaker, message["content"], local_time(message["sent_at"]), message.value("speaker_id", "")});
  }
  return lines;
}

struct Case {
  const char* file;
  std::vector<std::string> expected;
};

class Demo : public ::testing::TestWithParam<Case> {};

TEST_P(Demo, TellsWhatItsReadmeSays) {
  std::vector<std::string> all;
  for (const Json& asked : questions(lines_of(conversation(GetParam().file)), 35)) {
    const Json answered = answer("kg_extract", asked);
    const auto wrong = flaw(asked, answered);
    EXPECT_FALSE(wrong.has_value()) << *wrong;
    for (std::string& line : told(answered)) all.push_back(std::move(line));
  }
  EXPECT_GE(all.size(), 10u);
  for (const std::string& line : GetParam().expected) EXPECT_TRUE(tells(all, line)) << line << "\nis not in\n" << joined(all);
}

std::vector<Case> cases() {
  return {
      {"family-2024-03",
       {"State Employment: employee Tom, employer Harbour Freight; from 2024-02-26",
        "State Management: manager Gareth, employee Tom",
        "State Residence: resident Emma, place Lisbon; from 2024-02",
        "State Sibling: sibling Anna, sibling Emma",
        "State Allergy: experiencer Anna, cause cats",
        "Goal adopt cat: holder Anna; abandoned; from 2024-03-23; to 2024-03-23"}},
      {"anna-bob-2024-05",
       {"State Ownership: owner Bob, owned Bella", "State Ownership: owner Bob, owned Rusty",
        "Event Death: subject Pepper; from 2011",
        "Goal adopt Clyde: holder Anna, object Clyde; completed; from 2024-05-18; to 2024-05-25",
        "State Ownership: owner Anna, owned Clyde; from 2024-05-25",
        "State Dislike: experiencer Anna, topic mornings; to 2024-05-27"}},
      {"anna-priya-2024-06",
       {"State Employment: employee Priya, employer Northwind Logistics; from 2018",
        "State Cousins: participant Priya, participant Ravi",
        "State Employment: employee Anna, employer Calder Health",
        "State Employment: employee Anna, employer Northwind Logistics; to 2024-07-05",
        "Event Promotion: beneficiary Priya, result team lead; from 2024-07-22",
        "State Employment: employee Ravi, employer Calder Health; to 2024-06",
        "hypothetical State Residence: resident Priya, place Bristol"}},
      {"tom-marathon-2024",
       {"Goal run York Marathon: holder Tom, object York Marathon; active; from 2024-04-06",
        "Event Injury: subject Tom, object ankle; from 2024-08-15",
        "Goal run York Marathon: holder Tom; abandoned; to 2024-08-17",
        "State Membership: member Nina, organisation Valley Striders; from 2018",
        "State Liking: experiencer Tom, topic running; to 2024-12-08",
        "not State Liking: experiencer Tom, topic tea"}},
      {"priya-omar-move-2024-09",
       {"State Marriage: spouse Priya, spouse Omar", "State Residence: resident Priya, place Leeds; from 2017",
        "State Residence: resident Priya, place Ilkley; from 2024-11-16",
        "Event Sale: agent Omar, object old sofa; from 2024-10-12", "State Sibling: sibling Omar, sibling Hassan",
        "State Pregnancy: experiencer Priya"}},
      {"wedding-2024-08",
       {"Goal get married: holder Emma, holder Luis; completed; from 2024-06-22; to 2024-08-24",
        "State Marriage: spouse Emma, spouse Luis; from 2024-08-24",
        "State Aunt or uncle: aunt or uncle Teresa, niece or nephew Luis", "State Fear: experiencer Luis, topic flying",
        "State Dislike: experiencer dad, topic dancing"}},
      {"platform-team-2024-09",
       {"State Membership: member Sam, organisation team; from 2024-09-02",
        "Goal migrate billing database: holder Marco; completed; from 2024-09-05; to 2024-10-21",
        "State Dislike: experiencer Yuki, topic new ticket system", "State Sibling: sibling Marco, sibling Giulia",
        "Event Promotion: beneficiary Marco, result staff engineer; from 2024-11-18"}},
      {"rumours-2024-10",
       {"reported Goal sell house: holder Bob; active", "not Goal move to Canada: holder Bob, destination Canada",
        "not Goal leave Leeds: holder Bob, destination Leeds", "State Liking: experiencer Bob, topic Leeds",
        "hypothetical Event Opening: agent Bob, object shelter", "State Profession: holder Bob, topic carpenter",
        "State Employment: employee Nina, employer Aire Bank; to 2024-08"}},
      {"assistant-2024-05",
       {"State Residence: resident user, place Sheffield", "State Profession: holder user, topic nurse",
        "State Parent: parent user, child Maya", "not State Liking: experiencer user, topic mushrooms",
        "State Ownership: owner user, owned Miso",
        "Goal swim mile: holder user; completed; from 2024-05-20; to 2024-08-25"}},
      {"assistant-2025-01",
       {"State Employment: employee user, employer Weston Park; from 2017; to 2025-03-14",
        "State Employment: employee user, employer Calder Health; from 2025-01-04",
        "State Residence: resident user, place Bristol; from 2025-02",
        "State Diet: holder Maya, topic vegetarian; to 2025-03-16"}},
      {"choir-2024-11",
       {"State Residence: resident Anna, place Bristol; from 2024-09", "State Residence: resident Anna, place Bristol; from 2010",
        "State Liking: experiencer Anna, topic musicals", "State Dislike: experiencer Anna, topic musicals",
        "State Ownership: owner Anna, owned Clyde", "State Marriage: spouse Anna, spouse Erik"}},
      {"anna-lindqvist-2024-08",
       {"State Origin: subject mother, origin Brno", "State Residence: resident Otto, place Brno",
        "State Profession: holder Otto, topic baker", "State Marriage: spouse Greta, spouse Felix",
        "State Parent: parent Anna, child Emil"}},
      {"book-club-2024-09",
       {"State Liking: experiencer Tom, topic poems", "State Employment: employee grandfather, employer mill; to 2024-09-01",
        "Event Publication: agent grandfather, creation book; from 1974",
        "Event Purchase: agent Nina, object telescope, result Ownership; from 2024-09-28"}},
      {"book-club-2024-12",
       {"Goal see Saturn: holder Nina, object Saturn; completed; from 2024-09-29; to 2024-12-29"}},
      {"garden-2025-03",
       {"State Dislike: experiencer Tom, topic tomatoes", "State Liking: experiencer Tom, topic tomatoes",
        "State Employment: employee Tom, employer Harbour Freight; to 2025-04-08",
        "State Employment: employee Tom, employer botanical garden",
        "State Residence: resident Selma, place Leeds; from 2023", "State Colleagues: colleague Tom, colleague Selma"}},
      {"bob-portuguese-2025",
       {"State Learning: agent Bob, topic Portuguese; from 2025-01-11",
        "Event Death: subject Bella; from 2025-06-12", "State Ownership: owner Bob, owned Bella; to 2025-06-12",
        "possible State Residence: resident Bob, place Lisbon", "reported State Learning: agent Rosa, topic English",
        "State Residence: resident Emma, place Alfama"}},
      {"anna-bob-2025-11",
       {"Goal move to Lisbon: holder Bob, destination Lisbon; active; from 2025-11-08",
        "State Ownership: owner Bob, owned Saudade; from 2025-09", "State Partnership: partner Anna, partner Jonas",
        "State Habit: agent Anna, topic singing; to 2025-05", "State Pregnancy: experiencer Emma",
        "Event Sale: agent Bob, object house; from 2025-11-28"}},
  };
}

std::string test_name(const ::testing::TestParamInfo<Case>& one) {
  std::string name = one.param.file;
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Conversations, Demo, ::testing::ValuesIn(cases()), test_name);

TEST(DemoFolder, HasEveryConversationTested) {
  std::size_t files = 0, messages = 0;
  for (const auto& entry : std::filesystem::directory_iterator(DEMO_CONVERSATIONS)) {
    ++files;
    messages += conversation(entry.path().stem().string())["messages"].size();
  }
  EXPECT_EQ(files, cases().size());
  EXPECT_GE(messages, 350u);
}

}  // namespace
}  // namespace kg_sim::rules::testing
