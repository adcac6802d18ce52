// A mini conversation with what must be read out of it and what must not: a line
// of a file in conversations/.
//
//   {"id","language","about","participants":["Dana"],"self":1,"cast":[],
//    "context":[message, …],"messages":[{"by":1,"at":"2023-05-08 15:56 Mon","s":["…", …]}],
//    "must":[{"rule","is":"statement","where":pattern,"then":pattern}],
//    "must_not":[{"rule","is":"statement","where":pattern}],
//    "people":[pattern, …],"people_may":[pattern, …]}
//
// `by` 0 is the assistant. Sentences count from 1, those of the context from -1
// downwards, as in the question. `where` says which item is meant, `then` what
// the rule wants of it. `people` has everybody who is a person of the
// conversation; who is in `people_may` may be left out.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graph/mentions.h"
#include "pattern.h"
#include "stages/stage.h"

namespace kg_batch::evaluate {

struct Expectation {
  std::string rule;
  Kind kind = Kind::statement;
  Json where, then;
  bool forbidden = false;  // must_not
};

struct Conversation {
  std::string id, language, about;
  stages::Question question;
  graph::Place place;
  std::vector<Expectation> expectations;
  std::vector<Json> people, people_may;
};

// Every line of every .jsonl file of the folder, by name of file and line.
// Throws std::runtime_error with file and line for what is none.
std::vector<Conversation> read_conversations(const std::filesystem::path& folder);

Conversation conversation_of(const Json& line);

}  // namespace kg_batch::evaluate
