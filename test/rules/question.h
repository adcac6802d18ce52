// Questions for the rules, built from lines, and answers looked at: what the
// tests of the answering mode share.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace kg_sim::rules::testing {

using Json = nlohmann::ordered_json;

struct Line {
  std::string speaker;  // empty: the assistant
  std::string text;
  std::string at = "2023-05-08 15:56 Mon";  // empty: unknown
  std::string speaker_id = {};
};

// A simple splitter: after . ! ? before a space, and at line ends.
std::vector<std::string> sentences(const std::string& text);

// One question over all lines, or several of `chunk` sentences with the eight
// before each as its context.
Json question(const std::vector<Line>& lines);
std::vector<Json> questions(const std::vector<Line>& lines, std::size_t chunk);

// The first thing wrong with an answer to that question; nothing when it holds
// everything rules.h promises.
std::optional<std::string> flaw(const Json& question, const Json& answer);

// Statements as lines: "State Ownership: owner Alice, owned Clyde; from 2022-05".
// Prefixed with "not " where denied, with the modality where not asserted.
std::vector<std::string> told(const Json& answer);
bool tells(const std::vector<std::string>& told, const std::string& line);
std::string joined(const std::vector<std::string>& lines);

}  // namespace kg_sim::rules::testing
