// Facts with the words behind them, and what several facts say together.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "graph/mentions.h"

namespace kg_batch::graph {

// A sentence of the question with where it comes from.
struct KnownSentence {
  const stages::ShownSentence* shown = nullptr;
  const stages::ShownMessage* said_in = nullptr;
  const MessagePlace* message = nullptr;  // nullptr when the place does not have it
  std::optional<int> by;                  // participant; nothing for the assistant

  std::string_view words() const;  // as they stand in the message
};

// By id: those above 0 are the chunk in reading order. Points into the question
// and the place.
using KnownSentences = std::map<int, KnownSentence>;

KnownSentences known_sentences(const stages::Question& question, const Place& place);

// The sentences that say when a fact was said and by whom; 0 where there is none.
struct Saying {
  int first_new = 0;   // of the chunk
  int first_said = 0;  // of a participant, those of the chunk before those of the context
};

Saying saying_of(const Fact& fact, const KnownSentences& sentences);

// What mentions need of a fact beyond its row.
struct CitedFact {
  int n = 0;  // FactRow::n
  Modality modality = Modality::asserted;
  bool negated = false;
  std::optional<std::int64_t> said_at_us;
  int first_sentence = 0;  // first new sentence it cites; 0 when there is none
};

using CitedFacts = std::map<int, CitedFact>;  // by the answer's id

// Writes facts and sources into `mentions`.
CitedFacts write_facts(const std::vector<Fact>& facts, const KnownSentences& sentences, Mentions& mentions);

// What the facts of one mention say together: as sure as the surest, negated
// when all are, said when the first was.
struct Standing {
  std::vector<int> facts;  // FactRow::n, ascending
  Modality modality = Modality::asserted;
  bool negated = false;
  std::optional<std::int64_t> said_at_us;
  int first_sentence = 0;
};

Standing standing_of(const std::set<int>& fact_ids, const CitedFacts& facts);

// The standing of every thing, in the reading's order: by its own facts, else
// those of the statements it takes part in, else those of what belongs to it.
// So no thing is without evidence.
std::vector<Standing> standings_of_things(const Reading& reading, const CitedFacts& facts);

}  // namespace kg_batch::graph
