// What a gold file says of a world: what each of its sentences means, which
// things are the same in truth, and where kinds and words belong. README.md has
// the format.
//
// A sentence is known by its text, a fact by its own: both stand for one sentence
// of the file, so that later questions, which show facts and no longer sentences,
// have the same answers.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json.h"

namespace kg_sim {

struct GoldThing {
  std::string is;  // what it is in truth: things with one are the same
  Json described;
};

struct GoldSentence {
  std::string by;  // ref of who says it; "" where anybody may
  Json facts = Json::array();
  Json statements = Json::array();
  std::vector<std::string> things;  // refs of what it speaks of beside its statements' roles
  std::optional<std::string> opens;  // topic of the segment that a message beginning with it opens
  bool process = true;
};

class OracleGold {
 public:
  // Takes what is there of "sentences", "things", "kinds", "predicates", "unsure".
  // Throws std::runtime_error with the place of what is wrong.
  void load(const Json& gold);
  bool empty() const { return sentences_.empty() && things_.empty() && kinds_.is_null() && predicates_.is_null(); }

  const GoldSentence* sentence(const std::string& text) const;
  struct FactOf {
    const GoldSentence* sentence = nullptr;
    std::size_t place = 0;  // among its facts
  };
  std::optional<FactOf> fact(const std::string& text) const;
  const GoldThing* thing(const std::string& ref) const;
  const std::map<std::string, GoldThing>& things() const { return things_; }
  // Those that open a segment, by text.
  const std::map<std::string, const GoldSentence*>& openings() const { return openings_; }
  const Json* kind(const std::string& type, const std::string& category) const;
  const Json* predicate(const std::string& name) const;
  // A name that all have who are what one alone is called so; else the text itself.
  std::string one_name_of(const std::string& text) const;
  bool are_unsure(const std::string& a, const std::string& b) const;

 private:
  void load_thing(const std::string& ref, const Json& described);
  void load_sentence(const std::string& text, const Json& said);
  void check_refs(const std::string& text, const GoldSentence& sentence) const;

  std::unordered_map<std::string, GoldSentence> sentences_;
  std::unordered_map<std::string, FactOf> facts_;
  std::map<std::string, GoldThing> things_;
  std::map<std::string, std::set<std::string>> called_;  // what is called so, by folded label and alias
  std::map<std::string, std::string> first_label_;       // of what it is in truth
  std::map<std::string, const GoldSentence*> openings_;
  Json kinds_, predicates_;
  std::vector<std::pair<std::string, std::string>> unsure_;
};

// Lower case of ASCII letters: how names of kinds and labels are compared.
std::string folded(std::string_view text);

}  // namespace kg_sim
