// What a round asks of pairs of identities: which may be one, what was said of
// them, and what follows for the components that something new touches.
//
// Guarantees: what becomes one is a function of the identities and of what was said
// of pairs of them. A component is computed from single identities, never from what
// was joined before. Of a pair that nobody has decided on, and that is a candidate,
// the model is asked once.
//
// Things (store/resolution.cpp) and statements (store/statement_resolution.cpp) are
// compared by this; each brings its views and makes its nodes.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/joining.h"
#include "graph/resolution.h"

namespace kg_batch::store {

using KeyPair = std::pair<graph::Key, graph::Key>;

KeyPair in_order(const graph::Key& a, const graph::Key& b);
std::vector<std::string> texts_of(const std::set<graph::Key>& keys);
// These and all that are one node with any of them.
std::set<graph::Key> with_their_nodes(std::int64_t graph_id, const std::set<graph::Key>& keys);

struct Known {
  graph::IdentityView view;
  std::int64_t identity_id = 0, node_id = 0, first_node_id = 0, mentions = 0;  // node ids: 0 without
};

class Comparison {
 public:
  Comparison(std::int64_t graph_id, std::int64_t job_id, bool recompare) : graph_id_(graph_id), job_id_(job_id), recompare_(recompare) {}
  virtual ~Comparison() = default;

 protected:
  struct Decision {
    bool by_person = false;
    bool rests = false;  // since a recomparison in which the two did not meet
    std::string verdict;
    int confidence = 0;
    std::int64_t said = 0;
  };

  // Views of those that are not known yet, into known_.
  virtual void load(const std::set<graph::Key>& keys) = 0;
  // Pairs of one of these (keys) that do not have to meet in a block: near each other by
  // what they are called, which is a question to a model and to no rule; and those of
  // which splits say something, noted.
  virtual std::set<KeyPair> pairs_by_names(const std::vector<std::string>&) { return {}; }
  virtual std::set<KeyPair> pairs_of_splits(const std::vector<std::string>&) { return {}; }
  // Whether the two met now, in a block or by what they are called.
  virtual bool have_met(const KeyPair& pair) const { return met_.contains(pair); }
  // Whether what was said of the two counts as they are now.
  virtual bool is_heard(const graph::Key&, const graph::Key&) const { return true; }

  // Those of `keys` go, and `found` are found by theirs.
  void write_blocks(const std::set<graph::Key>& keys, const std::set<graph::Key>& found);
  // From the new ones over whatever is said to be the same, until nothing more is
  // reached. What is one node now is looked at whole: it may fall apart.
  void expand(const std::set<graph::Key>& fresh, std::set<graph::Key>& members);
  graph::Joined join(const std::set<graph::Key>& members);
  void note_open_pairs();
  // Of pairs that nobody is sure of: whether anything keeps their groups apart, as
  // they are now. Only one of the two may be of this component. Of all that a model
  // said: whether it rests.
  void note_barred_pairs(const graph::Joined& joined);
  void note(const KeyPair& pair, const Decision& decision);
  bool met_anybody() const { return !looked_at_.empty(); }

  const std::int64_t graph_id_, job_id_;
  const bool recompare_;
  std::map<graph::Key, Known> known_;
  std::map<KeyPair, std::vector<Decision>> decisions_;
  std::vector<graph::DecidedPair> said_;
  std::vector<KeyPair> open_;  // candidates that nobody has decided on
  std::set<KeyPair> met_;

 private:
  void load_shared(const std::set<graph::Key>& few, const std::set<graph::Key>& all);
  const graph::Key& fewer(const graph::Key& a, const graph::Key& b);
  graph::Treatment treatment_of(const graph::Key& a, const graph::Key& b) const;
  void load_shared_of(const std::vector<KeyPair>& pairs);
  void load_shared_within(const std::set<graph::Key>& members);
  std::set<graph::Key> with_its_node(const std::set<graph::Key>& keys);
  std::vector<KeyPair> candidates(const std::set<graph::Key>& keys);
  bool says_same(const graph::Key& a, const graph::Key& b);
  bool rests(const KeyPair& pair, const Decision& decision) const;

  std::set<KeyPair> looked_at_, near_;
};

}  // namespace kg_batch::store
