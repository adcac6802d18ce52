// A graph as it leaves the database: what every format is written from.
//
// Everything is known by keys made of content, so equal graphs are equal
// documents. Texts are valid UTF-8 and may hold any character but U+0000.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kg_batch::formats {

struct Node {
  std::string key;  // a uuid, as all ids here
  bool is_statement = false;
  std::string type, node_class, label, category;
  std::vector<std::string> aliases;
  std::vector<std::pair<std::string, std::string>> attributes;  // a name may come more than once
  std::vector<std::string> hash_tags;
  std::optional<std::string> start_date, start_how, end_date, end_how, goal_status;
  std::vector<std::pair<std::string, std::string>> asserted_on;  // first and last day, both inclusive
  bool negated = false;
  std::string modality;
  int confidence = 0, importance = 0;  // thousandths
  std::int64_t mentions = 0;
  // How far its name reaches (MentionRow in graph/mentions.h), of its identity with this key.
  bool named = false;
  std::string scope;
};

struct Edge {
  std::string source, predicate, target;
  bool negated = false;
  std::int64_t mentions = 0;
};

struct Evidence {
  std::string conversation;
  std::optional<std::string> message_id;
  std::int64_t position = 0;
  std::string speaker;
  std::optional<std::string> sent_at;
  std::string quote;
  bool matched = false;
  int span_start = 0, span_end = 0;
};

struct Fact {
  std::string id;
  std::string text, modality;
  bool negated = false;
  std::optional<std::string> said_by, said_at;  // ISO 8601 in UTC
  std::string conversation;
  std::vector<std::string> nodes;    // keys of what it speaks of, sorted
  std::vector<Evidence> evidence;    // of an auditor's export
};

}  // namespace kg_batch::formats
