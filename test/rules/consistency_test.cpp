// Whatever is said, the answer holds together: sentences of the demo shuffled,
// cut and spoilt by a fixed seed.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "question.h"
#include "rules/rules.h"

namespace kg_sim::rules::testing {
namespace {

std::vector<std::string> demo_sentences() {
  std::vector<std::string> result;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(DEMO_CONVERSATIONS)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream stream(file);
    const Json conversation = Json::parse(stream);
    for (const Json& message : conversation["messages"]) {
      for (std::string& sentence : sentences(message["content"].get<std::string>())) result.push_back(std::move(sentence));
    }
  }
  return result;
}

TEST(Consistency, OverShuffledSentences) {
  const std::vector<std::string> pool = demo_sentences();
  ASSERT_GT(pool.size(), 500u);
  std::mt19937 random(20240302);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const std::vector<std::string> speakers = {"Anna", "Bob", "Emma", "user", "Mum", ""};
  for (int round = 0; round < 400; ++round) {
    std::vector<Line> lines;
    const std::size_t count = 1 + below(60);
    for (std::size_t n = 0; n < count; ++n) {
      std::string text = pool[below(pool.size())];
      switch (below(6)) {
        case 0:  // cut anywhere, inside a character too: what a placeholder or a bad log leaves
          text = text.substr(0, below(text.size() + 1));
          break;
        case 1:
          text += " " + pool[below(pool.size())];
          break;
        case 2:
          text.insert(below(text.size() + 1), below(2) == 0 ? "\"" : " - ");
          break;
        default:
          break;
      }
      if (text.find_first_not_of(" \n") == std::string::npos) text = "Hm";
      lines.push_back({speakers[below(speakers.size())], text, below(5) == 0 ? "" : "2024-02-29 10:00 Thu"});
    }
    lines.push_back({"Anna", "I live in Leeds."});
    for (const Json& asked : questions(lines, 20 + below(30))) {
      const Json answered = answer("kg_extract", asked);
      const auto wrong = flaw(asked, answered);
      ASSERT_FALSE(wrong.has_value()) << *wrong << "\n" << asked.dump(1, ' ', false, Json::error_handler_t::replace);
      ASSERT_EQ(answer("kg_extract", asked), answered);
    }
  }
}

TEST(Consistency, OverOddDocuments) {
  for (const char* text : {R"({"messages":[]})", R"({"messages":[{"by":7,"at":3,"s":[[1,"I live in Rome."]]}]})",
                           R"({"messages":[{"s":[[1,"I live in Rome."],["x",2],[]]}],"participants":[{}],"cast":[1]})",
                           R"({"messages":[{"by":1,"s":[[1,""],[2,"'"],[3,"'s"],[4,"I"],[5,"my"],[6,"\""]]}],"participants":[{"id":1,"name":""}]})"}) {
    Json asked = Json::parse(text);
    const Json answered = answer("kg_extract", asked);
    EXPECT_TRUE(answered.is_object()) << text;
    EXPECT_TRUE(answered["facts"].empty()) << text;
  }
}

}  // namespace
}  // namespace kg_sim::rules::testing
