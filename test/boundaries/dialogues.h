// The conversations that boundaries are measured on, which the project does not
// hold: they are looked for in the directory that KG_BATCH_DATA names, or in
// ../shared/data.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chunking/cuts.h"

namespace kg_batch::measured {

// A dialogue of TIAGE (Xie et al., 2021) and where people heard the topic shift.
struct Dialogue {
  std::vector<std::string> texts;
  std::vector<bool> begins_topic;  // as long; the first is false
};

std::string data_file(const std::string& name);

// tiage/anno_train.json in the order of the file; nothing when it is not there.
std::optional<std::vector<Dialogue>> tiage_dialogues();

// locomo/locomo-dev.json, a conversation each with its explicit sessions and no
// times, all handed in at once; nothing when it is not there.
std::optional<std::vector<chunking::CutInput>> locomo_conversations();

}  // namespace kg_batch::measured
