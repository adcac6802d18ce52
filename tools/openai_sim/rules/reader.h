// Reads a document clause by clause: resolves who and what is meant, lets the
// themes (patterns.h) try their patterns, and writes what they find through the
// builder.
//
// A pronoun is resolved where exactly one person or animal spoken of in the
// last sentences can be meant, and to nothing otherwise.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer_builder.h"
#include "clause.h"
#include "document.h"
#include "nouns.h"

namespace kg_sim::rules {

// A clause with its people known.
struct Told {
  const Clause& clause;
  int speaker = -1;  // things
  int subject = -1;  // -1: not known, no pattern that needs it fits
  int with = -1;     // "Tom and I": Tom
  std::string modality;
  bool negated = false;
  std::vector<Evidence> support;  // sentences that only say who a pronoun is

  const VerbGroup& verb() const { return clause.verb; }
  const Words& rest() const { return clause.rest; }
  // Said to be so, by whomever: what may carry dates.
  bool factual() const { return modality == "asserted" || modality == "reported"; }
};

class Reader {
 public:
  Reader(const Document& document, AnswerBuilder& builder) : document_(document), builder_(builder) {}

  void read();

  AnswerBuilder& builder() { return builder_; }
  const Document& document() const { return document_; }

  // The fact of the clause, in the third person and with its date resolved.
  int say(const Told& told);
  int say(const Told& told, const std::string& text);

  std::optional<NounPhrase> phrase_at(const Words& words, std::size_t at) const {
    return noun_phrase_at(words, at, document_);
  }
  // The thing a phrase stands for, made when it is new; -1 where it is unclear.
  // `class_hint` counts where the words do not say what it is.
  int thing_of(const NounPhrase& phrase, const Words& words, Told& told, std::string_view class_hint = {});
  // The things of "Rex, Bella and Max" from `at` on.
  std::vector<int> things_at(const Words& words, std::size_t at, Told& told, std::string_view class_hint = {});
  // The first thing after one of the prepositions; -1 where there is none.
  int thing_after(Told& told, std::initializer_list<std::string_view> prepositions, std::string_view class_hint = {});

  int concept_of(const std::string& label, const std::string& category);

  // Statements take their dates from the clause: an Event its day, a State its
  // start ("since") or its end ("no longer", "used to").
  int event(const Told& told, int fact, const std::string& label, const std::string& category, std::vector<Role> roles);
  int state(const Told& told, int fact, const std::string& label, const std::string& category, std::vector<Role> roles);
  int goal(const Told& told, int fact, const std::string& label, const std::string& category, std::vector<Role> roles,
           const std::string& status);
  // What "my sister" says by itself: kinship, friendship, ownership of a pet.
  int relation_state(int fact, int owner, const std::string& relation, int thing);

  // How a thing is called inside a fact.
  std::string name_in_text(int thing) const;
  std::optional<Day> message_day(const Told& told, const std::string& how) const;
  // Who is spoken to: the other one of two participants, or -1.
  int addressee(const Sentence& sentence);
  int last_animal() const;
  int participant(int id);

 private:
  struct SpokenOf {
    int thing = -1;
    std::size_t sentence = 0;  // index in the document
    std::size_t word = 0;
    int sentence_id = 0;
    std::string quote;
    Gender gender = Gender::unknown;
  };
  struct Touched {
    int owner = -1;
    std::string relation;
    int thing = -1;
  };

  void read_sentence(std::size_t index);
  bool read_clause(Told& told);
  void note_people(std::size_t index);
  // What "my dog Rex" says where no pattern reads the sentence, questions included.
  void read_possessions(std::size_t index);
  int resolve(std::string_view pronoun, const Sentence& sentence, std::size_t word, Told* told);
  int subject_of(const Clause& clause, Told& told);
  int related(int owner, const NounPhrase& phrase);
  int named(const std::string& name, std::string_view class_hint, bool title);
  std::string third_person_text(const Told& told);
  std::string verb_text(const Told& told) const;
  std::string rest_text(const Told& told);
  void attach_relations(Told& told);

  const Document& document_;
  AnswerBuilder& builder_;
  std::vector<SpokenOf> spoken_of_;
  std::vector<Touched> touched_;
  std::size_t sentence_index_ = 0;
  int last_fact_ = -1;
};

}  // namespace kg_sim::rules
