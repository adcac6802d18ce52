// The question as the reader sees it: sentences in order, context first, each
// with who said it and when, and what the document shows of its names.

#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dates.h"
#include "words.h"

namespace kg_sim::rules {

struct Sentence {
  int id = 0;        // negative in the context
  int speaker = 0;   // participant; 0 for the assistant
  int message = 0;   // counts messages over context and chunk
  std::string text;
  Words words;
  Moment at;
  bool question = false;
  bool pasted = false;  // quoted, forwarded, or handed over to be rewritten: somebody else's words

  // May a fact rest on it?
  bool citable() const { return id > 0 && speaker != 0 && !pasted; }
};

struct Person {
  int id = 0;
  std::string name;  // without the "(2)" that tells namesakes apart
};

struct Document {
  std::vector<Person> participants;
  std::vector<Sentence> sentences;
  std::map<std::string, std::string> names;  // proper name to class, empty where unclear

  const Person* participant(int id) const;
  // Who "Mel" or "Melanie" is among those who speak; nothing where two fit.
  const Person* participant_named(const std::string& name) const;
};

std::optional<Document> document_of(const nlohmann::ordered_json& question);

}  // namespace kg_sim::rules
