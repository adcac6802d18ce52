// The three questions that are not about a chunk but about what chunks left:
// are two identities the same (kg_merge), which canonical name does a word
// stand for (kg_predicate), where in the taxonomy does a kind belong
// (kg_classify). Each takes many items a call and gives a decision an item.
//
// Guarantees: nothing throws, whatever the answer holds. A question is a pure
// function of what is asked, so the same items in the same order are the same
// bytes and are found again by their hash. Of an answer every item is a
// decision, a repetition of one, or stands in `rejected` with its reason:
//   answered = decisions + repeated + rejected items.
// A field that is wrong in an item that counts is left out and has a row of its
// own in `rejected` ("choice 3, suggestion"), which is no item. What was asked
// and has no decision is in `unanswered`, to be asked again.
//
// A decision is for ever, so nothing is guessed: a confidence that is missing or
// not between 0 and 1 costs the item (97 for 0.97 must not become certainty),
// and two answers to one thing that contradict each other count as none.
//
// Ids are the caller's, positive and unique within the call. To be the same
// bytes the next time they should be places in what is asked, from 1.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/reading.h"
#include "stages/stage.h"

namespace kg_batch::stages {

template <typename Decision>
struct Decided {
  std::vector<Decision> decisions;  // at most one for each that was asked, in the order asked
  int repeated = 0;                 // items that said again what another had said
  std::vector<graph::Rejected> rejected;
  std::vector<int> unanswered;  // ids, in the order asked
};

// BadAnswer: nothing of it can be used, all is to be asked again.
template <typename Decision>
using DecidedOrBad = std::variant<Decided<Decision>, BadAnswer>;

// ---------------------------------------------------------------- kg_merge

struct MergeNeighbor {
  std::string role;
  std::string label;
};

// One of two identities, as far as the model is shown it. Every list in an order
// that does not depend on ids or on when it was written: the first of it are
// shown (see KgMerge).
struct MergeSide {
  std::string type;         // Entity, Concept, Property, Event, State, Goal
  std::string thing_class;  // empty for a statement
  std::string label;
  bool named = false;
  std::vector<std::string> aliases;
  bool participant = false;                 // speaks in a conversation
  std::vector<std::int64_t> conversations;  // any numbers, equal for the same conversation; shown as local ones
  std::string dates;                        // "2022-05 to 2023-01"; empty where nothing is known
  std::vector<std::string> facts;           // texts as they stand
  std::vector<MergeNeighbor> neighbors;
};

struct MergePair {
  int id = 0;
  MergeSide a;
  MergeSide b;
};

enum class Verdict { same, different, unsure };

// In the order of Verdict.
inline constexpr auto verdicts = std::to_array<std::string_view>({"same", "different", "unsure"});

struct MergeDecision {
  int pair = 0;  // its id
  Verdict verdict = Verdict::unsure;
  int confidence = 0;  // thousandths
  std::string reason;  // at most 500 characters; may be empty
};

struct KgMerge {
  static constexpr std::string_view name = "kg_merge";  // also the schema's name

  // A pair is 200 to 350 tokens of question and about 60 of answer; prompt and
  // schema are about 1,200 a call. With 10 pairs those are nearly a third of
  // what goes in, with 30 an eighth; beyond that little is left to save, while
  // an answer that is cut off costs more pairs, and the last of a long list are
  // judged with less care.
  static constexpr std::size_t usual_a_call = 30;
  static constexpr std::size_t most_a_call = 40;  // maxItems

  // Of each side.
  static constexpr std::size_t most_facts = 3;
  static constexpr std::size_t most_aliases = 10;
  static constexpr std::size_t most_neighbors = 8;
  static constexpr std::size_t most_conversations = 10;  // those of both sides first

  static const Json& schema();
  // Most an answer for that many may take, reasoning included.
  static int max_output_tokens(std::size_t pairs);
  static Json question(const std::vector<MergePair>& pairs);
  static DecidedOrBad<MergeDecision> read(std::string_view answer, const std::vector<MergePair>& asked);
};

// ------------------------------------------------------------ kg_predicate

// A role of a statement's own words (`role_text`), or a kind of statements. The
// two are asked apart, because their canonical names are.
struct PredicateName {
  int id = 0;
  std::string name;
  std::string example;  // a fact that uses it
};

struct CanonicalName {
  std::string name;
  std::string definition;
};

struct PredicateMapping {
  int id = 0;                            // of the name
  std::optional<std::string> canonical;  // as it was asked; nothing where none means the same
  bool inverse = false;                  // the name says it from the other end
  int confidence = 0;                    // thousandths
};

struct KgPredicate {
  static constexpr std::string_view name = "kg_predicate";
  static constexpr std::size_t usual_a_call = 40;  // a name is short: the list of canonical names is what is paid for
  static constexpr std::size_t most_a_call = 60;

  static const Json& schema();
  static int max_output_tokens(std::size_t names);
  static Json question(const std::vector<PredicateName>& names, const std::vector<CanonicalName>& canonical);
  static DecidedOrBad<PredicateMapping> read(std::string_view answer, const std::vector<PredicateName>& asked,
                                             const std::vector<CanonicalName>& canonical);
};

// ------------------------------------------------------------- kg_classify

struct TaxonCandidate {
  std::int64_t taxon = 0;
  std::string path;  // "entity > animal > dog"
};

struct KindToClassify {
  int id = 0;
  std::string type;
  std::string category;
  std::vector<std::string> labels;
  std::vector<std::string> facts;
  std::vector<TaxonCandidate> candidates;  // the root among them: it always fits
};

struct KindChoice {
  int kind = 0;  // its id
  std::int64_t taxon = 0;
  int confidence = 0;                     // thousandths
  std::optional<std::string> suggestion;  // a new child of `taxon`: lower case, at most 100 characters
};

struct KgClassify {
  static constexpr std::string_view name = "kg_classify";
  static constexpr std::size_t usual_a_call = 25;  // a kind brings its own candidates: about 400 tokens
  static constexpr std::size_t most_a_call = 40;

  // Of each kind.
  static constexpr std::size_t most_labels = 5;
  static constexpr std::size_t most_facts = 3;

  static const Json& schema();
  static int max_output_tokens(std::size_t kinds);
  static Json question(const std::vector<KindToClassify>& kinds);
  static DecidedOrBad<KindChoice> read(std::string_view answer, const std::vector<KindToClassify>& asked);
};

}  // namespace kg_batch::stages
