// The JSON document a stage asks with, part by part: what kg_extract and
// kg_parse show of the conversation, and what kg_facts and kg_metadata show of
// what was read. Keys stand in one order, and nothing in it depends on when or by
// whom it is asked, so equal questions are equal bytes.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "stages/stage.h"

namespace kg_batch::stages {

// [{"id":1,"name":"Alice"}]
Json participants_json(const std::vector<Participant>& participants);

// [{"by":1,"at":"2023-05-08 15:50 Mon","s":[[1,"I adopted Clyde."]]}]; `by`
// null for the assistant, `at` null where nothing is known.
Json messages_json(const std::vector<ShownMessage>& messages);

// {"task":…,"participants":…,"self":…,"cast":…,"context":…,"messages":…}
Json conversation_question(std::string_view task, const Question& question);

// [{"id":1,"text":"Alice adopted Clyde.","modality":"asserted","negated":false,
// "said_by":1,"said_at":"2023-05-08 15:56 Mon"}]; `said_by` and `said_at` null
// where nothing is known.
Json facts_json(const std::vector<graph::Fact>& facts, const Question& question);

// Without what kg_metadata says of them.
Json things_json(const std::vector<graph::Thing>& things);
Json statements_json(const std::vector<graph::Statement>& statements);

// The first texts of a list, as they stand.
Json first_of(const std::vector<std::string>& texts, std::size_t most);

}  // namespace kg_batch::stages
