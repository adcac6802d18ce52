#include "store/resolution.h"

#include "graph/embedding_text.h"
#include "graph/naming.h"
#include "graph/prepared_identity.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/comparison.h"
#include "store/embedding_questions.h"
#include "store/merge_questions.h"
#include "store/near_texts.h"
#include "store/resolution_caps.h"
#include "store/statement_resolution.h"

namespace kg_batch::store {

using backend::execute;
using backend::execute_generic;
using backend::Rows;
using graph::IdentityView;
using graph::Key;

namespace {

constexpr int most_a_round = 2'000;
// From here on a thing's conversations are looked up instead of read, which takes as
// long as reading some ten.
constexpr std::int64_t many_mentions = 1'000;

class ThingRound : Comparison {
 public:
  using Comparison::Comparison;

  Resolved run() {
    Resolved result;
    const std::set<Key> fresh = unresolved(result.more);
    if (fresh.empty()) {
      note_open_pairs();
      return result;
    }
    load(fresh);
    write_blocks(fresh, fresh);
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
    const Rows rows = execute_generic(
        "SELECT i.key FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.unresolved AND NOT i.is_statement ORDER BY i.identity_id LIMIT $2",
        {graph_id_, most_a_round + 1});
    std::set<Key> keys;
    more = rows.size() > static_cast<std::size_t>(most_a_round);
    for (std::size_t i = 0; i < rows.size() && i < static_cast<std::size_t>(most_a_round); ++i) keys.insert(graph::key_from(rows.text(i, 0)));
    return keys;
  }

  // Views of those that are not known yet.
  void load(const std::set<Key>& keys) override {
    std::set<Key> missing;
    for (const Key& key : keys)
      if (!known_.contains(key)) missing.insert(key);
    if (missing.empty()) return;
    const std::vector<std::string> texts = texts_of(missing);
    const Rows rows = execute_generic(
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
    load_places(missing);
  }

  void load_forms(const std::vector<std::string>& texts) {
    const Rows rows = execute_generic(
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

  // Where things occur. Of what is in very many conversations, no more than it is
  // compared by: a round should not read all that was ever said of it.
  void load_places(const std::set<Key>& keys) {
    std::set<Key> few, many;
    std::set<std::int64_t> local;
    for (const Key& key : keys)
      if (const auto found = known_.find(key); found != known_.end()) (is_in_many(found->second) ? many : few).insert(key);
    take_places(execute_generic(
        "SELECT u.key, o.conversation_id, o.participant IS NOT NULL, o.addressed_by FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("
        " SELECT x.conversation_id, x.participant, x.addressed_by FROM kg_batch_internal.occurrence x WHERE x.graph_id = $1 AND x.identity_id = "
        "  (SELECT i.identity_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = u.key) OFFSET 0) o",
        {graph_id_, texts_of(few)}));
    for (const Key& key : few)
      if (const IdentityView& view = known_.at(key).view; graph::has_conversation_name(view))
        for (const std::int64_t conversation : view.conversations)
          if (!local_.contains(conversation)) local.insert(conversation);
    if (!many.empty()) {
      take_places(execute_generic(
          "SELECT u.key, o.conversation_id, o.participant IS NOT NULL, o.addressed_by FROM unnest($2::uuid[]) AS u (key) "
          "CROSS JOIN LATERAL (SELECT x.identity_id FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.key = u.key OFFSET 0) i "
          "CROSS JOIN LATERAL ((SELECT x.conversation_id, x.participant, x.addressed_by FROM kg_batch_internal.occurrence x "
          "   WHERE x.graph_id = $1 AND x.identity_id = i.identity_id AND (x.participant IS NOT NULL OR x.addressed_by <> '{}') OFFSET 0) "
          "  UNION ALL (SELECT x.conversation_id, x.participant, x.addressed_by FROM kg_batch_internal.occurrence x "
          "   WHERE x.graph_id = $1 AND x.identity_id = i.identity_id AND x.participant IS NULL AND x.addressed_by = '{}' LIMIT 1)) o",
          {graph_id_, texts_of(many)}));
      load_places_in(many, local_);
    }
    many_.insert(many.begin(), many.end());
    load_places_in(many_, local);
    local_.insert(local.begin(), local.end());
  }

  // In which of these conversations those are only spoken of.
  void load_places_in(const std::set<Key>& keys, const std::set<std::int64_t>& conversations) {
    if (keys.empty() || conversations.empty()) return;
    take_places(execute_generic(
        "SELECT u.key, c.conversation_id, false, '{}'::int[] FROM unnest($2::uuid[]) AS u (key) "
        "CROSS JOIN LATERAL (SELECT x.identity_id FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.key = u.key OFFSET 0) i "
        "CROSS JOIN unnest($3) AS c (conversation_id) WHERE (SELECT x.participant IS NULL AND x.addressed_by = '{}' FROM kg_batch_internal.occurrence x "
        " WHERE x.graph_id = $1 AND x.identity_id = i.identity_id AND x.conversation_id = c.conversation_id)",
        {graph_id_, texts_of(keys), std::vector<std::int64_t>(conversations.begin(), conversations.end())}));
  }

  static bool is_in_many(const Known& known) { return known.mentions > many_mentions && !graph::has_conversation_name(known.view); }

  void take_places(const Rows& rows) {
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
    const Rows rows = execute_generic(
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
    const Rows rows = execute_generic(
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

  std::set<KeyPair> pairs_by_names(const std::vector<std::string>& texts) override {
    std::set<KeyPair> pairs;
    for (const auto& [one, other] : near_pairs(graph_id_, texts)) pairs.insert(in_order(graph::key_from(one), graph::key_from(other)));
    return pairs;
  }

  // What a person split off is one thing, what it was split from is one still, and
  // neither is the other.
  std::set<KeyPair> pairs_of_splits(const std::vector<std::string>& texts) override {
    const Rows rows = execute_generic(
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

  void write_texts(const std::set<Key>& keys) {
    std::vector<TextOfIdentity> texts;
    for (const Key& key : keys)
      if (const auto found = known_.find(key); found != known_.end())
        texts.push_back({found->second.identity_id, graph::embedding_text(found->second.view).value_or("")});
    note_texts(graph_id_, texts);
  }

  // Nodes for the groups: the id that most of its mentions have, the lowest of those,
  // unless that is another group's by right or taken; else one of its own that is free
  // again; else a new one. What moves to another id takes all its statements along, so
  // the smaller side moves.
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
      std::map<std::int64_t, std::int64_t> had;  // with how many mentions
      for (const Key& key : group) {
        const std::int64_t node = known_.at(key).node_id;
        const auto owner = owner_of.find(node);
        if (node != 0 && !taken.contains(node) && (owner == owner_of.end() || owner->second == &group)) had[node] += known_.at(key).mentions;
      }
      std::int64_t node_id;
      if (had.empty()) {
        node_id = free_id_of(group, taken);
        made.push_back(node_id);
        made_keys.push_back(graph::text_of(group.front()));
      } else {
        node_id = std::max_element(had.begin(), had.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
      }
      taken.insert(node_id);
      bool changed = had.empty();
      for (const Key& key : group) {
        const Known& member = known_.at(key);
        identities.push_back(member.identity_id);
        nodes.push_back(node_id);
        if (member.node_id == node_id) continue;
        changed = true;
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
    if (!made.empty())
      execute_generic("INSERT INTO kg_batch_internal.node (graph_id, node_id, key, is_statement) "
              "SELECT $1, u.node_id, u.key::uuid, false FROM unnest($2, $3) AS u (node_id, key)",
              {graph_id_, made, made_keys});
    // Once: what was inserted in this round is checked again with each update of it.
    execute("UPDATE kg_batch_internal.identity i SET node_id = u.node_id, first_node_id = COALESCE(i.first_node_id, u.node_id), unresolved = false "
            "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3) AS o (identity_id, node_id) OFFSET 0) u "
            "WHERE i.graph_id = u.graph_id AND i.identity_id = u.identity_id AND (i.unresolved OR i.node_id IS DISTINCT FROM u.node_id)",
            {graph_id_, identities, nodes});
    result.statements = free_statements_with(graph_id_, moved);
    redirect(graph_id_, moved_to);
  }

  // The id that one of them had before it was joined with another, if that is free
  // again: what is undone leaves no trace. Else a new one.
  std::int64_t free_id_of(const std::vector<Key>& group, const std::set<std::int64_t>& taken) {
    std::vector<std::int64_t> first;
    for (const Key& key : group)
      if (const std::int64_t id = known_.at(key).first_node_id; id != 0 && !taken.contains(id)) first.push_back(id);
    if (!first.empty()) {
      const Rows rows = execute_generic(
          "WITH free AS MATERIALIZED (SELECT pg_catalog.min(u.id) AS id FROM unnest($2) AS u (id) WHERE (SELECT pg_catalog.count(*) "
          "  FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.node_id = u.id) = 0), "
          "led AS (DELETE FROM kg_batch_internal.node_redirect r USING free f WHERE r.graph_id = $1 AND r.old_node_id = f.id) "
          "SELECT id FROM free WHERE id IS NOT NULL",
          {graph_id_, first});
      if (!rows.empty()) return rows.integer(0, 0);
    }
    return execute_generic("SELECT pg_catalog.nextval('kg_batch_internal.node_node_id_seq')").integer(0, 0);
  }

  std::set<Key> many_;            // of known_, in very many conversations
  std::set<std::int64_t> local_;  // conversations of those of known_ whose names reach no further
};

}  // namespace

Resolved resolve_things(std::int64_t graph_id, std::int64_t job_id, bool recompare) {
  take_decisions(graph_id);
  compare_new_vectors(graph_id);
  return ThingRound(graph_id, job_id, recompare).run();
}

void redirect(std::int64_t graph_id, const std::map<std::int64_t, std::int64_t>& moved_to) {
  std::vector<std::int64_t> from, to;
  for (const auto& [old_id, new_id] : moved_to) {
    from.push_back(old_id);
    to.push_back(new_id);
  }
  if (from.empty()) return;
  // A node that kept some of its identities is none that redirects.
  execute_generic("WITH empty AS MATERIALIZED (SELECT $1 AS graph_id, u.old_id, u.new_id FROM unnest($2, $3) AS u (old_id, new_id) WHERE NOT EXISTS ("
          "  SELECT FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id = u.old_id)), "
          "before AS (UPDATE kg_batch_internal.node_redirect r SET node_id = e.new_id FROM empty e "
          "  WHERE r.graph_id = e.graph_id AND r.node_id = e.old_id), "
          "now AS (INSERT INTO kg_batch_internal.node_redirect (graph_id, old_node_id, node_id) SELECT graph_id, old_id, new_id FROM empty "
          "  ON CONFLICT (graph_id, old_node_id) DO UPDATE SET node_id = EXCLUDED.node_id) "
          "DELETE FROM kg_batch_internal.node n USING empty e WHERE n.graph_id = e.graph_id AND n.node_id = e.old_id",
          {graph_id, from, to});
}

}  // namespace kg_batch::store
