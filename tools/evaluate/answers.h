// Answers in a file, a line each:
//
//   {"source":"…","conversation":"…","stage":"kg_extract","question_sha256":"…","content":{…}}
//
// The stand-in serves such a file in the mode `replay`: it knows a question by
// the hash over the user message followed by the stage. Here an answer is found
// by conversation and stage, so it outlives a change of the question, and the
// hash is written anew.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stages/stage.h"

namespace kg_batch::evaluate {

using stages::Json;

struct StoredAnswer {
  std::string source;  // who said so: a model, or that it was written by hand
  std::string conversation, stage, question_sha256;
  std::string content;
};

std::string question_sha256(std::string_view user_message, std::string_view stage);

// Throws std::runtime_error with the line for what is none.
std::vector<StoredAnswer> read_answers(const std::filesystem::path& file);
void write_answers(const std::filesystem::path& file, const std::vector<StoredAnswer>& answers);

// What of an answer of kg_extract a stage of the staged plan would say: the
// properties that its schema has.
Json part_for(const stages::Stage& stage, const Json& whole);

// The answer to a question of the conversation: the one stored for it, else the
// part of what is stored for kg_extract.
std::optional<StoredAnswer> stored_for(const std::vector<StoredAnswer>& answers, std::string_view conversation,
                                       const stages::Stage& stage);

}  // namespace kg_batch::evaluate
