#include "store/comparison.h"

#include <algorithm>

#include "graph/barriers.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/merge_questions.h"
#include "store/resolution_caps.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;
using graph::IdentityView;
using graph::Key;

KeyPair in_order(const Key& a, const Key& b) { return a < b ? KeyPair{a, b} : KeyPair{b, a}; }

std::vector<std::string> texts_of(const std::set<Key>& keys) {
  std::vector<std::string> texts;
  for (const Key& key : keys) texts.push_back(graph::text_of(key));
  return texts;
}

std::set<Key> with_their_nodes(std::int64_t graph_id, const std::set<Key>& keys) {
  std::set<Key> all = keys;
  const Rows rows = execute_generic(
      "SELECT DISTINCT o.key FROM (SELECT DISTINCT (SELECT i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = u.key) "
      "  AS node_id FROM unnest($2::uuid[]) AS u (key)) n "
      "CROSS JOIN LATERAL (SELECT i.key FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id = n.node_id OFFSET 0) o",
      {graph_id, texts_of(keys)});
  for (std::size_t i = 0; i < rows.size(); ++i) all.insert(graph::key_from(rows.text(i, 0)));
  return all;
}

// Statements in which one of `few` takes part and another of `all` does too.
void Comparison::load_shared(const std::set<Key>& few, const std::set<Key>& all) {
  if (few.empty()) return;
  const Rows rows = execute_generic(
      "SELECT DISTINCT u.key, w.key, s.key FROM unnest($2::uuid[]) AS u (key) "
      "CROSS JOIN LATERAL (SELECT x.chunk_id, x.n FROM kg_batch_internal.node_mention x WHERE x.graph_id = $1 AND x.key = u.key AND x.live OFFSET 0) m "
      "CROSS JOIN LATERAL (SELECT x.statement FROM kg_batch_internal.edge_mention x WHERE x.graph_id = $1 AND x.chunk_id = m.chunk_id "
      "  AND x.target = m.n OFFSET 0) e "
      "CROSS JOIN LATERAL (SELECT x.target FROM kg_batch_internal.edge_mention x WHERE x.graph_id = $1 AND x.chunk_id = m.chunk_id "
      "  AND x.statement = e.statement AND x.target <> m.n OFFSET 0) o "
      "CROSS JOIN LATERAL (SELECT x.key FROM kg_batch_internal.node_mention x WHERE x.graph_id = $1 AND x.chunk_id = m.chunk_id "
      "  AND x.n = o.target OFFSET 0) w "
      "CROSS JOIN LATERAL (SELECT x.key FROM kg_batch_internal.node_mention x WHERE x.graph_id = $1 AND x.chunk_id = m.chunk_id "
      "  AND x.n = e.statement AND x.live AND (SELECT c.folded FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.chunk_id = m.chunk_id) OFFSET 0) s "
      // Hashed: an array of a kept plan is searched from its beginning, for each row.
      "WHERE (w.key IN (SELECT k.key FROM unnest($3::uuid[]) AS k (key))) IS TRUE AND w.key <> u.key",
      {graph_id_, texts_of(few), texts_of(all)});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Key statement = graph::key_from(rows.text(i, 2));
    for (const std::size_t column : {std::size_t{0}, std::size_t{1}}) {
      std::vector<Key>& statements = known_.at(graph::key_from(rows.text(i, column))).view.statements;
      if (std::find(statements.begin(), statements.end(), statement) == statements.end()) statements.push_back(statement);
    }
  }
}

// The cheaper end of a pair to look from: the one with fewer mentions.
const Key& Comparison::fewer(const Key& a, const Key& b) {
  return std::pair(known_.at(a).mentions, a) < std::pair(known_.at(b).mentions, b) ? a : b;
}

void Comparison::write_blocks(const std::set<Key>& keys, const std::set<Key>& found_by_theirs) {
  std::vector<std::string> owners, sorts, kinds;
  std::vector<std::int64_t> hashes;
  for (const Key& key : found_by_theirs) {
    const auto found = known_.find(key);
    if (found == known_.end()) continue;
    for (const graph::BlockKey& block : graph::block_keys(found->second.view)) {
      owners.push_back(graph::text_of(key));
      sorts.push_back(found->second.view.label_key);
      hashes.push_back(block.key);
      kinds.emplace_back(graph::name_of(block.kind));
    }
  }
  execute_generic("DELETE FROM kg_batch_internal.block b USING (SELECT $1 AS graph_id, k.key FROM unnest($2::uuid[]) AS k (key) OFFSET 0) u "
          "WHERE b.graph_id = u.graph_id AND b.key = u.key",
          {graph_id_, texts_of(keys)});
  execute_generic("INSERT INTO kg_batch_internal.block (graph_id, block_key, sort, key, kind) "
          "SELECT $1, u.block_key, u.sort, u.key::uuid, u.kind FROM unnest($2, $3, $4, $5) AS u (block_key, sort, key, kind) "
          "ORDER BY 2, 3, 4 ON CONFLICT DO NOTHING",
          {graph_id_, hashes, sorts, owners, kinds});
  note_crowded_blocks(graph_id_, hashes);
}

// From the new ones over whatever is said to be the same, until nothing more is
// reached. What is one node now is looked at whole: it may fall apart.
void Comparison::expand(const std::set<Key>& fresh, std::set<Key>& members) {
  std::set<Key> frontier = with_its_node(fresh);
  while (!frontier.empty()) {
    members.insert(frontier.begin(), frontier.end());
    std::set<Key> reached;
    std::vector<KeyPair> pairs;
    for (const KeyPair& pair : candidates(frontier))
      if (looked_at_.insert(pair).second) pairs.push_back(pair);
    load_shared_of(pairs);
    for (const auto& [a, b] : pairs) {
      if (says_same(a, b)) {
        if (!members.contains(a)) reached.insert(a);
        if (!members.contains(b)) reached.insert(b);
      }
    }
    frontier.clear();
    for (const Key& key : with_its_node(reached))
      if (!members.contains(key)) frontier.insert(key);
  }
}

graph::Treatment Comparison::treatment_of(const Key& a, const Key& b) const {
  return graph::treatment(known_.at(a).view, known_.at(b).view, nullptr, near_.contains(in_order(a, b)));
}

// Only a few of those that meet look alike.
void Comparison::load_shared_of(const std::vector<KeyPair>& pairs) {
  std::set<Key> few, all;
  for (const auto& [a, b] : pairs) {
    const graph::Treatment treatment = treatment_of(a, b);
    if (treatment != graph::Treatment::rule && treatment != graph::Treatment::model) continue;
    few.insert(fewer(a, b));
    all.insert(a);
    all.insert(b);
  }
  load_shared(few, all);
}

// Between any two that may become one, of each component all but its largest member
// are looked from.
void Comparison::load_shared_within(const std::set<Key>& members) {
  std::map<Key, Key> above;
  const auto top = [&](Key key) {
    for (auto found = above.find(key); found != above.end(); found = above.find(key)) key = found->second;
    return key;
  };
  std::set<Key> all;
  for (const graph::DecidedPair& pair : said_) {
    if (pair.verdict != graph::Verdict::same || !members.contains(pair.a) || !members.contains(pair.b)) continue;
    all.insert(pair.a);
    all.insert(pair.b);
    const Key a = top(pair.a), b = top(pair.b);
    if (a == b) continue;
    const Key& small = fewer(a, b);
    above.emplace(small, small == a ? b : a);
  }
  std::set<Key> few;
  for (const Key& key : all)
    if (above.contains(key)) few.insert(key);
  load_shared(few, all);
}

std::set<Key> Comparison::with_its_node(const std::set<Key>& keys) {
  if (keys.empty()) return keys;
  std::set<Key> all = with_their_nodes(graph_id_, keys);
  load(all);
  return all;
}

// Read again when the other end is reached: once is enough.
void Comparison::note(const KeyPair& pair, const Decision& decision) {
  auto& said = decisions_[pair];
  if (std::none_of(said.begin(), said.end(), [&](const Decision& one) { return one.said == decision.said; })) said.push_back(decision);
}

// Pairs of which something may be said: that meet in a block, or were decided on.
std::vector<KeyPair> Comparison::candidates(const std::set<Key>& keys) {
  const std::vector<std::string> texts = texts_of(keys);
  std::vector<KeyPair> pairs;
  const auto take = [&](const Rows& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) pairs.push_back(in_order(graph::key_from(rows.text(i, 0)), graph::key_from(rows.text(i, 1))));
  };
  take(execute_generic(
      "SELECT DISTINCT b.key, o.key FROM unnest($2::uuid[]) AS u (key) "
      "CROSS JOIN LATERAL (SELECT x.block_key, x.sort, x.key FROM kg_batch_internal.block x WHERE x.graph_id = $1 AND x.key = u.key OFFSET 0) b "
      "CROSS JOIN LATERAL ("
      " (SELECT x.key FROM kg_batch_internal.block x WHERE x.graph_id = $1 AND x.block_key = b.block_key AND (x.sort, x.key) > (b.sort, b.key) "
      "  ORDER BY x.sort, x.key LIMIT $3) UNION ALL "
      " (SELECT x.key FROM kg_batch_internal.block x WHERE x.graph_id = $1 AND x.block_key = b.block_key AND (x.sort, x.key) < (b.sort, b.key) "
      "  ORDER BY x.sort DESC, x.key DESC LIMIT $3)) o",
      {graph_id_, texts, window}));
  for (const KeyPair& pair : pairs_by_names(texts)) {
    near_.insert(pair);
    pairs.push_back(pair);
  }
  met_.insert(pairs.begin(), pairs.end());
  const Rows decided = execute_generic(
      "SELECT d.key_a, d.key_b, d.made_by, d.verdict, d.confidence, d.decision_id, COALESCE(d.barred = 'no neighbours', false) FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("
      " SELECT * FROM kg_batch_internal.decision x WHERE x.graph_id = $1 AND x.key_a = u.key AND x.undone_at IS NULL "
      " UNION ALL SELECT * FROM kg_batch_internal.decision x WHERE x.graph_id = $1 AND x.key_b = u.key AND x.undone_at IS NULL) d",
      {graph_id_, texts});
  take(decided);
  for (std::size_t i = 0; i < decided.size(); ++i) {
    Decision decision;
    decision.by_person = decided.text(i, 2) == "person";
    decision.verdict = decided.text(i, 3);
    decision.confidence = static_cast<int>(decided.integer(i, 4));
    decision.said = decided.integer(i, 5);
    decision.rests = decided.boolean(i, 6);
    note(in_order(graph::key_from(decided.text(i, 0)), graph::key_from(decided.text(i, 1))), decision);
  }
  for (const KeyPair& pair : pairs_of_splits(texts)) pairs.push_back(pair);
  std::set<Key> ends;
  for (const KeyPair& pair : pairs) ends.insert({pair.first, pair.second});
  load(ends);
  std::erase_if(pairs, [&](const KeyPair& pair) { return !known_.contains(pair.first) || !known_.contains(pair.second); });
  return pairs;
}

// Notes what is said of the pair; true when somebody says that they are one. A
// model's word counts while the two are a pair that it would be asked about: else
// it would matter in which order the evidence came.
bool Comparison::says_same(const Key& a, const Key& b) {
  const IdentityView &one = known_.at(a).view, &other = known_.at(b).view;
  const graph::Treatment treatment = treatment_of(a, b);
  bool same = false, decided = false;
  if (const auto found = decisions_.find({a, b}); found != decisions_.end()) {
    for (const Decision& decision : found->second) {
      decided = true;
      if (!is_heard(a, b) || (!decision.by_person && (treatment != graph::Treatment::model || rests({a, b}, decision)))) continue;
      const auto origin = decision.by_person ? graph::Origin::person : graph::Origin::model;
      if (decision.verdict == "same") {
        said_.push_back({a, b, graph::Verdict::same, decision.confidence, origin, decision.said});
        same = true;
      } else if (decision.verdict == "different") {
        said_.push_back({a, b, graph::Verdict::different, decision.confidence, origin, decision.said});
      }
    }
  }
  if (treatment == graph::Treatment::rule) {
    if (const auto rule = graph::rule(one, other)) {
      said_.push_back({a, b, rule->verdict, 1000, graph::Origin::rule, 0});
      same |= rule->verdict == graph::Verdict::same;
    }
  } else if (treatment == graph::Treatment::model && !decided) {
    open_.emplace_back(a, b);
  }
  return same;
}

// Which pairs met in a crowded block depends on who came first. Compared again, those
// count that meet now that all are there, until they meet once more.
bool Comparison::rests(const KeyPair& pair, const Decision& decision) const { return !decision.by_person && (recompare_ || decision.rests) && !have_met(pair); }

graph::Joined Comparison::join(const std::set<Key>& members) {
  load_shared_within(members);
  std::vector<IdentityView> views;
  for (const Key& key : members)
    if (const auto found = known_.find(key); found != known_.end()) views.push_back(found->second.view);
  return graph::join(views, said_);
}

void Comparison::note_open_pairs() {
  std::vector<std::string> as, bs;
  std::vector<std::int64_t> evidence;
  for (const auto& [a, b] : open_) {
    as.push_back(graph::text_of(a));
    bs.push_back(graph::text_of(b));
    evidence.push_back(known_.at(a).mentions + known_.at(b).mentions);
  }
  store::note_open_pairs(graph_id_, job_id_, as, bs, evidence);
}

// Of pairs that nobody is sure of: whether anything keeps their groups apart, as
// they are now. Only one of the two may be of this component. Of all that a model
// said: whether it rests.
void Comparison::note_barred_pairs(const graph::Joined& joined) {
  std::set<KeyPair> unsure(open_.begin(), open_.end());
  std::vector<BarredPair> barred;
  for (const auto& [pair, said] : decisions_) {
    const auto model = std::find_if(said.begin(), said.end(), [](const Decision& one) { return !one.by_person; });
    if (model == said.end()) continue;
    if (rests(pair, *model))
      barred.push_back({graph::text_of(pair.first), graph::text_of(pair.second), "no neighbours"});
    else if (model->verdict == "open" || model->verdict == "unsure")
      unsure.insert(pair);
    else if (model->rests)
      barred.push_back({graph::text_of(pair.first), graph::text_of(pair.second), ""});
  }
  std::erase_if(unsure, [&](const KeyPair& pair) { return !known_.contains(pair.first) || !known_.contains(pair.second); });
  std::map<Key, std::size_t> group_of;
  std::vector<std::vector<const IdentityView*>> groups;
  const auto add = [&](const Key& key, std::size_t group) {
    if (group == groups.size()) groups.emplace_back();
    groups[group].push_back(&known_.at(key).view);
    group_of.emplace(key, group);
  };
  for (const auto& group : joined.groups) {
    const std::size_t index = groups.size();
    for (const Key& key : group) add(key, index);
  }
  std::set<Key> others;
  for (const auto& [a, b] : unsure)
    for (const Key& key : {a, b})
      if (!group_of.contains(key)) others.insert(key);
  std::map<std::int64_t, std::size_t> group_of_node;
  for (const Key& key : with_its_node(others)) {
    if (group_of.contains(key) || !known_.contains(key)) continue;
    const std::int64_t node = known_.at(key).node_id;
    add(key, node == 0 ? groups.size() : group_of_node.try_emplace(node, groups.size()).first->second);
  }
  graph::Barriers barriers(said_);
  std::map<std::pair<std::size_t, std::size_t>, std::string> known;
  for (const auto& [a, b] : unsure) {
    const auto ends = std::minmax(group_of.at(a), group_of.at(b));
    if (treatment_of(a, b) != graph::Treatment::model) {
      barred.push_back({graph::text_of(a), graph::text_of(b), "no candidate"});
      continue;
    }
    const auto found = known.try_emplace(ends);
    if (found.second && ends.first != ends.second)
      found.first->second = barriers.between(groups[ends.first], groups[ends.second]).value_or("");
    barred.push_back({graph::text_of(a), graph::text_of(b), found.first->second});
  }
  if (!barred.empty()) set_barred(graph_id_, barred);
}

}  // namespace kg_batch::store
