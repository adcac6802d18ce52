// The sentences of test/gold/sentences.jsonl: what is denied, over, conditional,
// heard, joked, asked or planned, each with the answer that a good model gives,
// written by hand. What the reader, mentions and validity make of it is what the
// row says, and never the State that must not be. test/tap/sentences.pl puts them
// all through a server.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "graph/mentions.h"
#include "graph/validity.h"
#include "graph/vocabulary.h"
#include "stages_conversation.h"

namespace kg_batch::graph {
namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

std::vector<json> gold_sentences() {
  std::vector<json> rows;
  std::ifstream file(KG_BATCH_SOURCE_DIR "/test/gold/sentences.jsonl");
  for (std::string line; std::getline(file, line);) rows.push_back(json::parse(line));
  return rows;
}

// What becomes of one sentence that `by` says on a day.
struct Said {
  Reading reading;
  Mentions mentions;
};

Said said(const json& sentence, const std::string& by) {
  const std::string at = sentence.at("at");
  test::Conversation conversation({by}, by + " " + at);
  const auto noon = days_of(at)->first + std::chrono::hours(12);
  conversation.at(std::chrono::duration_cast<std::chrono::microseconds>(noon.time_since_epoch()).count());
  conversation.says(1, {sentence.at("says").get<std::string>()});
  Said result;
  const auto bad = stages::find_stage("kg_extract")->read(sentence.at("answer").dump(), conversation.question, result.reading);
  EXPECT_FALSE(bad) << sentence;
  result.mentions = mentions_of(result.reading, conversation.question, conversation.place);
  return result;
}

// "State Employment: planned, not, from 2024, until 2025", as rows have it.
std::string shown(const MentionRow& row) {
  std::string text = row.type + " " + row.label + ": " + std::string(modalities[static_cast<std::size_t>(row.modality)]);
  if (row.negated) text += ", not";
  if (row.start) text += ", from " + row.start->date;
  if (row.end) text += ", until " + row.end->date;
  if (row.goal_status) text += ", " + *row.goal_status;
  return text;
}

// "Tomas Employment Norvik", without whoever speaks.
std::string linked(const Mentions& mentions, const MentionRow& statement, const std::string& by) {
  std::string before, after;
  bool is_first = true;
  for (const EdgeRow& edge : mentions.edges) {
    if (edge.statement != statement.n) continue;
    const std::string& label = mentions.nodes[static_cast<std::size_t>(edge.target) - 1].label;
    if (label != by) (is_first ? before : after) += is_first ? label + " " : " " + label;
    is_first = false;
  }
  return before + (statement.negated ? "not " : "") + statement.label + after;
}

// Whoever is in one such State at a time, as the shipped kinds have it.
std::vector<Key> holders_of(const Mentions& mentions, const MentionRow& statement) {
  static const std::map<std::string, std::string> exclusive = {{"residence", "resident"}, {"marriage", "spouse"}};
  std::vector<Key> holders;
  const auto kind = exclusive.find(statement.category);
  if (kind == exclusive.end() || statement.negated) return holders;
  for (const EdgeRow& edge : mentions.edges)
    if (edge.statement == statement.n && edge.role == kind->second) holders.push_back(mentions.nodes[static_cast<std::size_t>(edge.target) - 1].key);
  std::ranges::sort(holders);
  return holders;
}

// "Residence Ghent: last known" of every State that is known on a day, by what was
// asserted or reported; of each kind, because only those close each other.
Lines known_on(Day day, const std::vector<const Mentions*>& all, const std::string& by) {
  std::map<std::string, std::vector<State>> groups;
  std::map<Key, std::string> names;
  for (const Mentions* mentions : all) {
    for (const MentionRow& row : mentions->nodes) {
      if (row.type != "State" || row.modality > Modality::reported) continue;
      std::vector<Key> holders = holders_of(*mentions, row);
      // What is exclusive to nobody is a group of its own.
      std::vector<State>& group = groups[holders.empty() ? text_of(row.key) : row.category];
      auto state = std::ranges::find(group, row.key, &State::key);
      if (state == group.end()) state = group.insert(group.end(), State{row.key, std::move(holders), {}});
      const auto when = std::chrono::sys_time(std::chrono::microseconds(row.said_at_us.value()));
      state->marks.push_back({row.start, row.end, row.replaces, std::chrono::floor<std::chrono::days>(when), std::to_string(*row.said_at_us)});
      names[row.key] = linked(*mentions, row, by);
    }
  }
  Lines lines;
  for (const auto& [kind, group] : groups) {
    const std::vector<Validity> validities = validity_of(group);
    for (std::size_t i = 0; i < group.size(); ++i) {
      const Status status = status_of(validities[i], validities[i].periods.back(), day);
      if (status != Status::not_yet) lines.push_back(names.at(group[i].key) + ": " + std::string(status_names[static_cast<std::size_t>(status)]));
    }
  }
  std::ranges::sort(lines);
  return lines;
}

struct Row {
  json gold;
  std::string by, text;
  Day day;
  Said before, said;
  std::vector<const Mentions*> all() const { return {&before.mentions, &said.mentions}; }
};

const std::vector<Row>& rows() {
  static const std::vector<Row> read = [] {
    std::vector<Row> all;
    for (const json& gold : gold_sentences()) {
      Row row{gold, gold.at("by"), gold.at("says"), days_of(gold.at("at").get<std::string>())->first, {}, {}};
      if (gold.contains("before")) row.before = said(gold.at("before"), row.by);
      row.said = said(gold, row.by);
      all.push_back(std::move(row));
    }
    return all;
  }();
  return read;
}

TEST(GoldSentences, are_many_of_every_category) {
  std::map<std::string, int> categories;
  for (const Row& row : rows()) ++categories[row.gold.at("category")];
  EXPECT_GE(rows().size(), 40U);
  for (const char* category : {"negation", "no longer", "conditional", "hearsay", "joke", "question", "plan"}) {
    EXPECT_GE(categories[category], 6) << category;
    std::printf("| %s | %d |\n", category, categories[category]);
  }
  EXPECT_EQ(categories.size(), 7U);
}

TEST(GoldSentences, have_answers_that_are_taken_whole) {
  for (const Row& row : rows()) {
    for (const Said* one : {&row.before, &row.said})
      for (const Rejected& rejected : one->mentions.rejected) ADD_FAILURE() << row.text << ": " << rejected.item << ": " << rejected.reason;
    for (const SourceRow& source : row.said.mentions.sources) EXPECT_TRUE(source.matched) << row.text << ": " << source.quote;
  }
}

TEST(GoldSentences, give_the_statements_that_must_come_and_no_other) {
  for (const Row& row : rows()) {
    Lines statements;
    for (const MentionRow& mention : row.said.mentions.nodes)
      if (mention.is_statement) statements.push_back(shown(mention));
    std::ranges::sort(statements);
    EXPECT_EQ(statements, row.gold.at("instead").get<Lines>()) << row.text;
  }
}

TEST(GoldSentences, never_give_the_state_that_must_not_be) {
  for (const Row& row : rows()) {
    const Lines never = row.gold.at("never");
    EXPECT_FALSE(never.empty()) << row.text;
    for (const MentionRow& mention : row.said.mentions.nodes) {
      const bool holds = mention.type == "State" && mention.modality == Modality::asserted && !mention.end;
      EXPECT_FALSE(holds && std::ranges::count(never, linked(row.said.mentions, mention, row.by))) << row.text;
    }
    // Only what is over, and what others say to be so, holds on the day itself.
    const std::string category = row.gold.at("category");
    for (const int days : {0, 1, 366}) {
      if (days == 0 && (category == "no longer" || category == "hearsay")) continue;
      const Lines known = known_on(row.day + std::chrono::days(days), row.all(), row.by);
      for (const std::string& state : never) EXPECT_EQ(std::ranges::count(known, state + ": holds"), 0) << row.text << " after " << days;
    }
  }
}

TEST(GoldSentences, leave_what_was_known_as_it_is_unless_they_end_it) {
  for (const Row& row : rows())
    for (const int days : {1, 366})
      EXPECT_EQ(known_on(row.day + std::chrono::days(days), row.all(), row.by), row.gold.at("known").get<Lines>()) << row.text << " after " << days;
}

}  // namespace
}  // namespace kg_batch::graph
