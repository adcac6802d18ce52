#include "store/resolution.h"

#include "graph/barriers.h"
#include "graph/embedding_text.h"
#include "graph/joining.h"
#include "graph/naming.h"
#include "graph/resolution.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/embedding_questions.h"
#include "store/merge_questions.h"
#include "store/near_texts.h"
#include "store/resolution_caps.h"

namespace kg_batch::store {

using backend::execute;
using backend::Rows;
using graph::IdentityView;
using graph::Key;

namespace {

constexpr int most_a_round = 2'000;

using KeyPair = std::pair<Key, Key>;

KeyPair in_order(const Key& a, const Key& b) { return a < b ? KeyPair{a, b} : KeyPair{b, a}; }

std::vector<std::string> texts_of(const std::set<Key>& keys) {
  std::vector<std::string> texts;
  for (const Key& key : keys) texts.push_back(graph::text_of(key));
  return texts;
}

struct Known {
  IdentityView view;
  std::int64_t identity_id = 0, node_id = 0, first_node_id = 0, mentions = 0;
};

std::set<Key> with_their_nodes(std::int64_t graph_id, const std::set<Key>& keys) {
  std::set<Key> all = keys;
  const Rows rows = execute(
      "SELECT DISTINCT o.key FROM (SELECT DISTINCT (SELECT i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = u.key) "
      "  AS node_id FROM unnest($2::uuid[]) AS u (key)) n "
      "CROSS JOIN LATERAL (SELECT i.key FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id = n.node_id OFFSET 0) o",
      {graph_id, texts_of(keys)});
  for (std::size_t i = 0; i < rows.size(); ++i) all.insert(graph::key_from(rows.text(i, 0)));
  return all;
}

// Statements in which any of these takes part.
std::set<Key> statements_with(std::int64_t graph_id, const std::set<Key>& keys) {
  const Rows rows = execute(
      "SELECT DISTINCT s.key FROM unnest($2::uuid[]) AS u (key) "
      "CROSS JOIN LATERAL (SELECT t.chunk_id, t.n FROM kg_batch_internal.node_mention t WHERE t.graph_id = $1 AND t.key = u.key OFFSET 0) t "
      "CROSS JOIN LATERAL (SELECT e.chunk_id, e.statement FROM kg_batch_internal.edge_mention e "
      "  WHERE e.graph_id = $1 AND e.chunk_id = t.chunk_id AND e.target = t.n OFFSET 0) e "
      "CROSS JOIN LATERAL (SELECT m.key FROM kg_batch_internal.node_mention m "
      "  WHERE m.graph_id = $1 AND m.chunk_id = e.chunk_id AND m.n = e.statement OFFSET 0) s",
      {graph_id, texts_of(keys)});
  std::set<Key> found;
  for (std::size_t i = 0; i < rows.size(); ++i) found.insert(graph::key_from(rows.text(i, 0)));
  return found;
}

// These statements and those on them, each with all identities of its node: equal
// by what took part, they may no longer be.
std::set<Key> with_statements_on(std::int64_t graph_id, std::set<Key> frontier) {
  std::set<Key> found;
  while (!frontier.empty()) {
    std::set<Key> fresh;
    for (const Key& key : with_their_nodes(graph_id, frontier))
      if (found.insert(key).second) fresh.insert(key);
    frontier = statements_with(graph_id, fresh);
  }
  return found;
}

// They find their nodes again by what takes part now. Until then their nodes
// stay, without being found by what took part before, and lend their ids.
void take_nodes_from(std::int64_t graph_id, const std::vector<std::string>& keys) {
  if (keys.empty()) return;
  execute("WITH freed AS (UPDATE kg_batch_internal.identity i SET node_id = NULL, former_node_id = i.node_id "
          "  FROM (SELECT $1 AS graph_id, o.key FROM unnest($2::uuid[]) AS o (key) OFFSET 0) u "
          "  WHERE i.graph_id = u.graph_id AND i.key = u.key AND i.node_id IS NOT NULL RETURNING i.former_node_id), "
          "nodes AS MATERIALIZED (SELECT DISTINCT $1 AS graph_id, former_node_id AS node_id FROM freed), "
          "edges AS (DELETE FROM kg_batch_internal.edge e USING nodes n WHERE e.graph_id = n.graph_id AND e.source_id = n.node_id) "
          "UPDATE kg_batch_internal.node o SET derived = NULL FROM nodes n WHERE o.graph_id = n.graph_id AND o.node_id = n.node_id",
          {graph_id, keys});
}

// What a round knows of identities, loaded when it is needed.
class Round {
 public:
  Round(std::int64_t graph_id, std::int64_t job_id, bool recompare) : graph_id_(graph_id), job_id_(job_id), recompare_(recompare) {}

  Resolved run() {
    Resolved result;
    const std::set<Key> fresh = unresolved(result.more);
    if (fresh.empty()) {
      note_open_pairs();
      return result;
    }
    load(fresh);
    write_blocks(fresh);
    write_texts(fresh);
    std::set<Key> members;
    expand(fresh, members);
    const graph::Joined joined = join(members);
    note_held_apart(graph_id_, members, joined.skipped);
    note_open_pairs();
    note_barred_pairs(joined);
    settle(joined, result);
    return result;
  }

 private:
  std::set<Key> unresolved(bool& more) {
    const Rows rows = execute(
        "SELECT i.key FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.unresolved ORDER BY i.identity_id LIMIT $2",
        {graph_id_, most_a_round + 1});
    std::set<Key> keys;
    more = rows.size() > static_cast<std::size_t>(most_a_round);
    for (std::size_t i = 0; i < rows.size() && i < static_cast<std::size_t>(most_a_round); ++i) keys.insert(graph::key_from(rows.text(i, 0)));
    return keys;
  }

  // Views of those that are not known yet.
  void load(const std::set<Key>& keys) {
    std::set<Key> missing;
    for (const Key& key : keys)
      if (!known_.contains(key)) missing.insert(key);
    if (missing.empty()) return;
    const std::vector<std::string> texts = texts_of(missing);
    const Rows rows = execute(
        "SELECT i.key, i.identity_id, COALESCE(i.node_id, 0), i.mentions, i.type, i.class, i.kind, i.label_key, i.scope, i.named, i.negated, "
        " COALESCE(i.first_node_id, 0), i.owner, i.relation FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.identity o "
        " WHERE o.graph_id = $1 AND o.key = u.key OFFSET 0) i",
        {graph_id_, texts});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Known known;
      IdentityView& view = known.view;
      view.key = graph::key_from(rows.text(i, 0));
      known.identity_id = rows.integer(i, 1);
      known.node_id = rows.integer(i, 2);
      known.mentions = rows.integer(i, 3);
      view.type = rows.text(i, 4);
      view.node_class = rows.text(i, 5);
      view.kind = rows.text(i, 6);
      view.label_key = rows.text(i, 7);
      view.scope = rows.text(i, 8);
      view.named = rows.boolean(i, 9);
      view.negated = rows.boolean(i, 10);
      known.first_node_id = rows.integer(i, 11);
      if (!rows.is_null(i, 12)) view.owner = graph::key_from(rows.text(i, 12));
      if (!rows.is_null(i, 13)) view.relation = rows.text(i, 13);
      known_.emplace(view.key, std::move(known));
    }
    load_forms(texts);
    find_unique_names(texts);
    load_places(texts);
  }

  void load_forms(const std::vector<std::string>& texts) {
    const Rows rows = execute(
        "SELECT u.key, a.sort, a.value, a.count FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("
        " SELECT o.sort, o.value, o.count FROM kg_batch_internal.alias o WHERE o.graph_id = $1 AND o.identity_id = "
        "  (SELECT i.identity_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = u.key) "
        "  AND o.sort IN ('label', 'alias', 'attribute') OFFSET 0) a "
        "ORDER BY u.key, a.sort, a.count DESC, pg_catalog.length(a.value) DESC, a.value",
        {graph_id_, texts});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      IdentityView& view = known_.at(graph::key_from(rows.text(i, 0))).view;
      const std::string& sort = rows.text(i, 1);
      if (sort == "attribute")
        view.attributes.push_back(rows.text(i, 2));
      else if (sort == "label" && view.label.empty())
        view.label = rows.text(i, 2);
      else
        view.aliases.push_back({rows.text(i, 2), rows.integer(i, 3)});
    }
  }

  void load_places(const std::vector<std::string>& texts) {
    const Rows rows = execute(
        "SELECT u.key, o.conversation_id, o.participant IS NOT NULL, o.addressed_by FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("
        " SELECT x.conversation_id, x.participant, x.addressed_by FROM kg_batch_internal.occurrence x WHERE x.graph_id = $1 AND x.identity_id = "
        "  (SELECT i.identity_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = u.key) OFFSET 0) o",
        {graph_id_, texts});
    std::vector<Addressing> addressing;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      IdentityView& view = known_.at(graph::key_from(rows.text(i, 0))).view;
      view.conversations.push_back(rows.integer(i, 1));
      if (rows.boolean(i, 2)) view.participates_in.push_back(rows.integer(i, 1));
      for (const std::int64_t speaker : rows.integers(i, 3)) addressing.push_back({&view, rows.integer(i, 1), speaker});
    }
    find_addressees(addressing);
  }

  struct Addressing {
    IdentityView* view;
    std::int64_t conversation_id, speaker;
  };

  // Those who speak in a conversation, by number. Who is never spoken of has no
  // identity, but a name that may be meant.
  std::map<std::int64_t, std::map<std::int64_t, graph::ConversationParticipant>> participants_in(const std::set<std::int64_t>& conversations) {
    const Rows rows = execute(
        "SELECT u.conversation_id, p.number, c.participant_names[p.number], (SELECT pg_catalog.min(i.key::text) FROM kg_batch_internal.occurrence o "
        "  CROSS JOIN LATERAL (SELECT x.key FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.identity_id = o.identity_id OFFSET 0) i "
        "  WHERE o.graph_id = $1 AND o.conversation_id = u.conversation_id AND o.participant = p.number) "
        "FROM unnest($2) AS u (conversation_id) CROSS JOIN LATERAL (SELECT x.participant_names FROM kg_batch_internal.conversation x "
        "  WHERE x.graph_id = $1 AND x.conversation_id = u.conversation_id OFFSET 0) c "
        "CROSS JOIN LATERAL pg_catalog.generate_subscripts(c.participant_names, 1) AS p (number) "
        "WHERE (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.message m WHERE m.graph_id = $1 AND m.conversation_id = u.conversation_id "
        "  AND m.participant = p.number AND m.segment_id IS NOT NULL LIMIT 1) one) > 0",
        {graph_id_, std::vector<std::int64_t>(conversations.begin(), conversations.end())});
    std::map<std::int64_t, std::map<std::int64_t, graph::ConversationParticipant>> found;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::int64_t number = rows.integer(i, 1);
      Key key{};
      if (rows.is_null(i, 3))
        key[0] = static_cast<std::uint8_t>(number), key[1] = static_cast<std::uint8_t>(number >> 8), key[15] = 1;
      else
        key = graph::key_from(rows.text(i, 3));
      found[rows.integer(i, 0)].emplace(number, graph::ConversationParticipant{key, rows.text(i, 2)});
    }
    return found;
  }

  // A name that fits two is nobody's, and so it is in all conversations.
  void find_addressees(const std::vector<Addressing>& addressing) {
    if (addressing.empty()) return;
    std::set<std::int64_t> conversations;
    for (const Addressing& one : addressing) conversations.insert(one.conversation_id);
    const auto participants = participants_in(conversations);
    for (const Addressing& one : addressing) {
      std::vector<graph::ConversationParticipant> there;
      Key speaker{};
      if (const auto found = participants.find(one.conversation_id); found != participants.end())
        for (const auto& [number, participant] : found->second) {
          there.push_back(participant);
          if (number == one.speaker) speaker = participant.key;
        }
      one.view->addressed.push_back({one.conversation_id, graph::addressee(one.view->label, speaker, there).value_or(Key{})});
    }
  }

  // Of names that words state: whether anybody else has them but the one that they
  // make one with it.
  void find_unique_names(const std::vector<std::string>& texts) {
    const Rows rows = execute(
        "SELECT u.key, a.value, (SELECT pg_catalog.count(*) FROM ("
        "  (SELECT o.identity_id FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.label_key = a.value AND NOT o.is_statement LIMIT 3) UNION "
        "  (SELECT o.identity_id FROM kg_batch_internal.alias o WHERE o.graph_id = $1 AND o.sort = 'stated' AND o.value = a.value LIMIT 3)) n "
        " WHERE n.identity_id <> i.identity_id) < 2 "
        "FROM unnest($2::uuid[]) AS u (key) "
        "CROSS JOIN LATERAL (SELECT o.identity_id FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.key = u.key OFFSET 0) i "
        "CROSS JOIN LATERAL (SELECT o.value FROM kg_batch_internal.alias o WHERE o.graph_id = $1 AND o.identity_id = i.identity_id "
        "  AND o.sort = 'stated' OFFSET 0) a ORDER BY 1, 2",
        {graph_id_, texts});
    for (std::size_t i = 0; i < rows.size(); ++i)
      known_.at(graph::key_from(rows.text(i, 0))).view.stated_aliases.push_back({rows.text(i, 1), rows.boolean(i, 2)});
  }

  // Statements in which one of `few` takes part and another of `all` does too.
  void load_shared(const std::set<Key>& few, const std::set<Key>& all) {
    if (few.empty()) return;
    const Rows rows = execute(
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
        "WHERE w.key = ANY ($3::uuid[]) AND w.key <> u.key",
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
  const Key& fewer(const Key& a, const Key& b) {
    return std::pair(known_.at(a).mentions, a) < std::pair(known_.at(b).mentions, b) ? a : b;
  }

  void write_blocks(const std::set<Key>& keys) {
    std::vector<std::string> owners, sorts, kinds;
    std::vector<std::int64_t> hashes;
    for (const Key& key : keys) {
      const auto found = known_.find(key);
      if (found == known_.end()) continue;
      for (const graph::BlockKey& block : graph::block_keys(found->second.view)) {
        owners.push_back(graph::text_of(key));
        sorts.push_back(found->second.view.label_key);
        hashes.push_back(block.key);
        kinds.emplace_back(graph::name_of(block.kind));
      }
    }
    execute("DELETE FROM kg_batch_internal.block b USING (SELECT $1 AS graph_id, k.key FROM unnest($2::uuid[]) AS k (key) OFFSET 0) u "
            "WHERE b.graph_id = u.graph_id AND b.key = u.key",
            {graph_id_, texts_of(keys)});
    execute("INSERT INTO kg_batch_internal.block (graph_id, block_key, sort, key, kind) "
            "SELECT $1, u.block_key, u.sort, u.key::uuid, u.kind FROM unnest($2, $3, $4, $5) AS u (block_key, sort, key, kind) "
            "ORDER BY 2, 3, 4 ON CONFLICT DO NOTHING",
            {graph_id_, hashes, sorts, owners, kinds});
    note_crowded_blocks(graph_id_, hashes);
  }

  void write_texts(const std::set<Key>& keys) {
    std::vector<TextOfIdentity> texts;
    for (const Key& key : keys)
      if (const auto found = known_.find(key); found != known_.end())
        texts.push_back({found->second.identity_id, graph::embedding_text(found->second.view).value_or("")});
    note_texts(graph_id_, texts);
  }

  // From the new ones over whatever is said to be the same, until nothing more is
  // reached. What is one node now is looked at whole: it may fall apart.
  void expand(const std::set<Key>& fresh, std::set<Key>& members) {
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

  graph::Treatment treatment_of(const Key& a, const Key& b) const {
    return graph::treatment(known_.at(a).view, known_.at(b).view, nullptr, near_.contains(in_order(a, b)));
  }

  // Only a few of those that meet look alike.
  void load_shared_of(const std::vector<KeyPair>& pairs) {
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
  void load_shared_within(const std::set<Key>& members) {
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

  std::set<Key> with_its_node(const std::set<Key>& keys) {
    std::set<Key> all = keys;
    if (keys.empty()) return all;
    const Rows rows = execute(
        "SELECT DISTINCT o.key FROM (SELECT DISTINCT (SELECT i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = u.key) "
        "  AS node_id FROM unnest($2::uuid[]) AS u (key)) n "
        "CROSS JOIN LATERAL (SELECT i.key FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id = n.node_id OFFSET 0) o",
        {graph_id_, texts_of(keys)});
    for (std::size_t i = 0; i < rows.size(); ++i) all.insert(graph::key_from(rows.text(i, 0)));
    load(all);
    return all;
  }

  struct Decision {
    bool by_person = false;
    bool rests = false;  // since a recomparison in which the two did not meet
    std::string verdict;
    int confidence = 0;
    std::int64_t said = 0;
  };

  // Read again when the other end is reached: once is enough.
  void note(const KeyPair& pair, const Decision& decision) {
    auto& said = decisions_[pair];
    if (std::none_of(said.begin(), said.end(), [&](const Decision& one) { return one.said == decision.said; })) said.push_back(decision);
  }

  // What a person split off is one thing, what it was split from is one still, and
  // neither is the other.
  std::set<KeyPair> parted_by_splits(const std::vector<std::string>& texts) {
    const Rows rows = execute(
        "SELECT DISTINCT s.decision_id, o.key, o.split_key FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("
        "  SELECT x.decision_id FROM kg_batch_internal.word_key x WHERE x.graph_id = $1 AND x.key = u.key AND x.split_key IS NOT NULL "
        "  UNION SELECT x.decision_id FROM kg_batch_internal.word_key x WHERE x.graph_id = $1 AND x.split_key = u.key) k "
        "CROSS JOIN LATERAL (SELECT c.decision_id FROM kg_batch_internal.split_that_counts c WHERE c.graph_id = $1 AND c.decision_id = k.decision_id "
        "  OFFSET 0) s "
        "CROSS JOIN LATERAL (SELECT x.key, x.split_key FROM kg_batch_internal.word_key x WHERE x.graph_id = $1 AND x.decision_id = s.decision_id "
        "  OFFSET 0) o ORDER BY 1, 2",
        {graph_id_, texts});
    std::map<std::int64_t, std::pair<std::vector<Key>, std::vector<Key>>> of_split;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto& [from, split_off] = of_split[rows.integer(i, 0)];
      from.push_back(graph::key_from(rows.text(i, 1)));
      split_off.push_back(graph::key_from(rows.text(i, 2)));
    }
    std::set<KeyPair> pairs;
    for (const auto& [said, keys] : of_split) {
      const auto say = [&, of = said](const Key& one, const Key& other, const char* verdict) {
        pairs.insert(in_order(one, other));
        note(in_order(one, other), {true, false, verdict, 1000, of});
      };
      for (const Key& from : keys.first)
        for (const Key& split_off : keys.second) say(from, split_off, "different");
      for (const auto* const side : {&keys.first, &keys.second})
        for (const Key& one : *side)
          for (const Key& other : *side)
            if (one < other) say(one, other, "same");
    }
    return pairs;
  }

  // Pairs of which something may be said: that meet in a block, or were decided on.
  std::vector<KeyPair> candidates(const std::set<Key>& keys) {
    const std::vector<std::string> texts = texts_of(keys);
    std::vector<KeyPair> pairs;
    std::set<Key> others;
    const auto take = [&](const Rows& rows) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        pairs.push_back(in_order(graph::key_from(rows.text(i, 0)), graph::key_from(rows.text(i, 1))));
        others.insert(pairs.back().first);
        others.insert(pairs.back().second);
      }
    };
    take(execute(
        "SELECT DISTINCT b.key, o.key FROM unnest($2::uuid[]) AS u (key) "
        "CROSS JOIN LATERAL (SELECT x.block_key, x.sort, x.key FROM kg_batch_internal.block x WHERE x.graph_id = $1 AND x.key = u.key OFFSET 0) b "
        "CROSS JOIN LATERAL ("
        " (SELECT x.key FROM kg_batch_internal.block x WHERE x.graph_id = $1 AND x.block_key = b.block_key AND (x.sort, x.key) > (b.sort, b.key) "
        "  ORDER BY x.sort, x.key LIMIT $3) UNION ALL "
        " (SELECT x.key FROM kg_batch_internal.block x WHERE x.graph_id = $1 AND x.block_key = b.block_key AND (x.sort, x.key) < (b.sort, b.key) "
        "  ORDER BY x.sort DESC, x.key DESC LIMIT $3)) o",
        {graph_id_, texts, window}));
    for (const auto& [one, other] : near_pairs(graph_id_, texts)) {
      pairs.push_back(in_order(graph::key_from(one), graph::key_from(other)));
      near_.insert(pairs.back());
      others.insert(pairs.back().first);
      others.insert(pairs.back().second);
    }
    met_.insert(pairs.begin(), pairs.end());
    const Rows decided = execute(
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
    for (const KeyPair& pair : parted_by_splits(texts)) {
      pairs.push_back(pair);
      others.insert(pair.first);
      others.insert(pair.second);
    }
    load(others);
    std::erase_if(pairs, [&](const KeyPair& pair) { return !known_.contains(pair.first) || !known_.contains(pair.second); });
    return pairs;
  }

  // Notes what is said of the pair; true when somebody says that they are one. A
  // model's word counts while the two are a pair that it would be asked about: else
  // it would matter in which order the evidence came.
  bool says_same(const Key& a, const Key& b) {
    const IdentityView &one = known_.at(a).view, &other = known_.at(b).view;
    const graph::Treatment treatment = treatment_of(a, b);
    bool same = false, decided = false;
    if (const auto found = decisions_.find({a, b}); found != decisions_.end()) {
      for (const Decision& decision : found->second) {
        decided = true;
        if (!decision.by_person && (treatment != graph::Treatment::model || rests({a, b}, decision))) continue;
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
  bool rests(const KeyPair& pair, const Decision& decision) const { return !decision.by_person && (recompare_ || decision.rests) && !met_.contains(pair); }

  graph::Joined join(const std::set<Key>& members) {
    load_shared_within(members);
    std::vector<IdentityView> views;
    for (const Key& key : members)
      if (const auto found = known_.find(key); found != known_.end()) views.push_back(found->second.view);
    return graph::join(views, said_);
  }

  void note_open_pairs() {
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
  void note_barred_pairs(const graph::Joined& joined) {
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

  // Nodes for the groups: the lowest id that one of its members has, unless that is
  // another group's by right or taken; else one of its own that is free again; else
  // a new one.
  void settle(const graph::Joined& joined, Resolved& result) {
    std::set<std::int64_t> taken;
    std::vector<std::int64_t> identities, nodes, made;
    std::vector<std::string> made_keys;
    std::map<std::int64_t, std::int64_t> moved_to;  // from a node that a member left
    std::set<Key> moved;
    std::vector<std::pair<std::int64_t, std::string>> alone;
    // An id that was one's own before anything was joined is nobody else's.
    std::map<std::int64_t, const std::vector<Key>*> owner_of;
    for (const auto& group : joined.groups)
      for (const Key& key : group) owner_of.emplace(known_.at(key).first_node_id, &group);
    for (const auto& group : joined.groups) {
      std::set<std::int64_t> had;
      for (const Key& key : group) {
        const std::int64_t node = known_.at(key).node_id;
        const auto owner = owner_of.find(node);
        if (node != 0 && !taken.contains(node) && (owner == owner_of.end() || owner->second == &group)) had.insert(node);
      }
      std::int64_t node_id;
      if (had.empty()) {
        node_id = free_id_of(group, taken);
        made.push_back(node_id);
        made_keys.push_back(graph::text_of(group.front()));
      } else {
        node_id = *had.begin();
      }
      taken.insert(node_id);
      bool changed = had.empty();
      for (const Key& key : group) {
        const Known& member = known_.at(key);
        if (member.node_id == node_id) continue;
        changed = true;
        identities.push_back(member.identity_id);
        nodes.push_back(node_id);
        if (member.node_id == 0) continue;
        moved.insert(key);
        moved_to.emplace(member.node_id, node_id);
      }
      if (changed || group.size() > 1)
        for (const Key& key : group) result.things.push_back(graph::text_of(key));
      else
        alone.emplace_back(node_id, graph::text_of(group.front()));
    }
    // Whoever stays behind shows less than before.
    for (const auto& [node_id, key] : alone)
      if (moved_to.contains(node_id)) result.things.push_back(key);
    result.made = static_cast<std::int64_t>(made.size());
    if (!moved.empty()) result.statements = texts_of(with_statements_on(graph_id_, statements_with(graph_id_, moved)));
    if (!made.empty())
      execute("INSERT INTO kg_batch_internal.node (graph_id, node_id, key, is_statement) "
              "SELECT $1, u.node_id, u.key::uuid, false FROM unnest($2, $3) AS u (node_id, key)",
              {graph_id_, made, made_keys});
    execute("UPDATE kg_batch_internal.identity i SET node_id = u.node_id, first_node_id = COALESCE(i.first_node_id, u.node_id) "
            "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3) AS o (identity_id, node_id) OFFSET 0) u "
            "WHERE i.graph_id = u.graph_id AND i.identity_id = u.identity_id",
            {graph_id_, identities, nodes});
    std::set<Key> seen;
    for (const auto& group : joined.groups) seen.insert(group.begin(), group.end());
    execute("UPDATE kg_batch_internal.identity i SET unresolved = false "
            "FROM (SELECT $1 AS graph_id, o.key FROM unnest($2::uuid[]) AS o (key) OFFSET 0) u "
            "WHERE i.graph_id = u.graph_id AND i.key = u.key AND i.unresolved",
            {graph_id_, texts_of(seen)});
    take_nodes_from(graph_id_, result.statements);
    redirect(graph_id_, moved_to);
  }

  // The id that one of them had before it was joined with another, if that is free
  // again: what is undone leaves no trace. Else a new one.
  std::int64_t free_id_of(const std::vector<Key>& group, const std::set<std::int64_t>& taken) {
    std::vector<std::int64_t> first;
    for (const Key& key : group)
      if (const std::int64_t id = known_.at(key).first_node_id; id != 0 && !taken.contains(id)) first.push_back(id);
    if (!first.empty()) {
      const Rows rows = execute(
          "WITH free AS MATERIALIZED (SELECT pg_catalog.min(u.id) AS id FROM unnest($2) AS u (id) WHERE (SELECT pg_catalog.count(*) "
          "  FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.node_id = u.id) = 0), "
          "led AS (DELETE FROM kg_batch_internal.node_redirect r USING free f WHERE r.graph_id = $1 AND r.old_node_id = f.id) "
          "SELECT id FROM free WHERE id IS NOT NULL",
          {graph_id_, first});
      if (!rows.empty()) return rows.integer(0, 0);
    }
    return execute("SELECT pg_catalog.nextval('kg_batch_internal.node_node_id_seq')").integer(0, 0);
  }

  const std::int64_t graph_id_, job_id_;
  const bool recompare_;
  std::map<Key, Known> known_;
  std::map<KeyPair, std::vector<Decision>> decisions_;
  std::set<KeyPair> looked_at_, met_, near_;
  std::vector<graph::DecidedPair> said_;
  std::vector<KeyPair> open_;
};

}  // namespace

Resolved resolve_things(std::int64_t graph_id, std::int64_t job_id, bool recompare) {
  take_decisions(graph_id);
  compare_new_vectors(graph_id);
  return Round(graph_id, job_id, recompare).run();
}

void redirect(std::int64_t graph_id, const std::map<std::int64_t, std::int64_t>& moved_to) {
  std::vector<std::int64_t> from, to;
  for (const auto& [old_id, new_id] : moved_to) {
    from.push_back(old_id);
    to.push_back(new_id);
  }
  if (from.empty()) return;
  // A node that kept some of its identities is none that redirects.
  execute("WITH empty AS MATERIALIZED (SELECT $1 AS graph_id, u.old_id, u.new_id FROM unnest($2, $3) AS u (old_id, new_id) WHERE NOT EXISTS ("
          "  SELECT FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id = u.old_id)), "
          "before AS (UPDATE kg_batch_internal.node_redirect r SET node_id = e.new_id FROM empty e "
          "  WHERE r.graph_id = e.graph_id AND r.node_id = e.old_id), "
          "now AS (INSERT INTO kg_batch_internal.node_redirect (graph_id, old_node_id, node_id) SELECT graph_id, old_id, new_id FROM empty "
          "  ON CONFLICT (graph_id, old_node_id) DO UPDATE SET node_id = EXCLUDED.node_id) "
          "DELETE FROM kg_batch_internal.node n USING empty e WHERE n.graph_id = e.graph_id AND n.node_id = e.old_id",
          {graph_id, from, to});
}

std::vector<std::string> free_statements(std::int64_t graph_id, const std::vector<std::string>& keys) {
  std::set<Key> named;
  for (const std::string& key : keys) named.insert(graph::key_from(key));
  std::vector<std::string> all = texts_of(with_statements_on(graph_id, named));
  take_nodes_from(graph_id, all);
  return all;
}

void settle_statements(std::int64_t graph_id) {
  const Rows rows = execute(
      "SELECT i.former_node_id, i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.former_node_id IS NOT NULL "
      "AND i.node_id IS NOT NULL ORDER BY i.key",
      {graph_id});
  if (rows.empty()) return;
  std::map<std::int64_t, std::int64_t> moved_to;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows.integer(i, 0) != rows.integer(i, 1)) moved_to.emplace(rows.integer(i, 0), rows.integer(i, 1));
  execute("UPDATE kg_batch_internal.identity SET former_node_id = NULL WHERE graph_id = $1 AND former_node_id IS NOT NULL AND node_id IS NOT NULL",
          {graph_id});
  redirect(graph_id, moved_to);
}

}  // namespace kg_batch::store
