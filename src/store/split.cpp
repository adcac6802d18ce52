#include "store/split.h"

#include <map>
#include <optional>
#include <set>
#include <string>

#include "graph/keys_that_count.h"

#include "backend/spi.h"
#include "store/resolution.h"
#include "store/statement_resolution.h"
#include "store/unresolved.h"
#include "store/round.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;
using graph::Key;

namespace {

// A mention whose key or owner is not what it should be.
struct Change {
  std::int64_t chunk_id = 0;
  int n = 0;
  bool is_statement = false;
  Key given{}, before{}, now{};
  std::optional<Key> given_owner, owner;
};

struct ChunkHere {
  std::vector<graph::GivenMention> mentions;
  std::vector<graph::GivenRole> roles;
  std::vector<graph::SplitHere> splits;
  std::map<int, std::pair<Key, std::optional<Key>>> now;  // key and owner as they stand, by n
};

std::optional<Key> maybe_key(const Rows& rows, std::size_t row, std::size_t column) {
  if (rows.is_null(row, column)) return std::nullopt;
  return graph::key_from(rows.text(row, column));
}

// Chunks that a split reaches, or once reached, with those splits.
std::map<std::int64_t, ChunkHere> reached(std::int64_t graph_id, const std::vector<std::int64_t>& chunks) {
  std::map<std::int64_t, ChunkHere> found;
  const Rows places = execute_generic(
      "WITH chunks AS MATERIALIZED (SELECT c.chunk_id, (SELECT v.key FROM kg_batch_internal.conversation v WHERE v.graph_id = $1 "
      "   AND v.conversation_id = (SELECT o.conversation_id FROM kg_batch_internal.chunk o WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id)) AS key "
      "  FROM unnest($2) AS c (chunk_id)) "
      "SELECT c.chunk_id, s.decision_id, NULL::int AS fact FROM (SELECT DISTINCT key FROM chunks) k CROSS JOIN LATERAL ("
      "  SELECT o.decision_id FROM kg_batch_internal.split_that_counts o WHERE o.graph_id = $1 AND o.conversation = k.key OFFSET 0) s "
      " JOIN chunks c ON c.key = k.key "
      "UNION ALL SELECT c.chunk_id, f.decision_id, f.fact FROM chunks c CROSS JOIN LATERAL ("
      "  SELECT o.decision_id, o.fact FROM kg_batch_internal.word_fact o WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id OFFSET 0) f "
      " CROSS JOIN LATERAL (SELECT FROM kg_batch_internal.split_that_counts o WHERE o.graph_id = $1 AND o.decision_id = f.decision_id OFFSET 0) s "
      "UNION ALL SELECT c.chunk_id, NULL, NULL FROM chunks c WHERE (SELECT pg_catalog.count(*) FROM kg_batch_internal.node_mention m "
      "  WHERE m.graph_id = $1 AND m.chunk_id = c.chunk_id AND m.given_key IS NOT NULL) > 0 "
      "ORDER BY 1, 2",
      {graph_id, chunks});
  std::set<std::int64_t> decisions;
  for (std::size_t i = 0; i < places.size(); ++i) {
    found[places.integer(i, 0)];
    if (!places.is_null(i, 1)) decisions.insert(places.integer(i, 1));
  }
  if (found.empty()) return found;

  std::map<std::int64_t, std::map<Key, Key>> keys_of;
  const Rows keys = execute_generic(
      "SELECT k.decision_id, k.key, k.split_key FROM unnest($2) AS u (decision_id) CROSS JOIN LATERAL ("
      " SELECT * FROM kg_batch_internal.word_key o WHERE o.graph_id = $1 AND o.decision_id = u.decision_id OFFSET 0) k",
      {graph_id, std::vector<std::int64_t>(decisions.begin(), decisions.end())});
  for (std::size_t i = 0; i < keys.size(); ++i)
    keys_of[keys.integer(i, 0)].emplace(graph::key_from(keys.text(i, 1)), graph::key_from(keys.text(i, 2)));
  std::int64_t last_chunk = 0, last_decision = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places.is_null(i, 1)) continue;
    const std::int64_t chunk = places.integer(i, 0), decision = places.integer(i, 1);
    auto& splits = found.at(chunk).splits;
    if (chunk != last_chunk || decision != last_decision) splits.push_back({keys_of[decision], false, {}});
    if (places.is_null(i, 2))
      splits.back().everywhere = true;
    else
      splits.back().facts.insert(static_cast<int>(places.integer(i, 2)));
    last_chunk = chunk;
    last_decision = decision;
  }
  return found;
}

void load_mentions(std::int64_t graph_id, std::map<std::int64_t, ChunkHere>& chunks) {
  std::vector<std::int64_t> ids;
  for (const auto& [id, chunk] : chunks) ids.push_back(id);
  const Rows mentions = execute_generic(
      "SELECT m.chunk_id, m.n, m.is_statement, COALESCE(m.given_key, m.key), m.type, m.class, m.label, m.scope, m.named, "
      " m.participant IS NOT NULL, COALESCE(m.given_owner, m.owner), m.relation, m.facts, m.key, m.owner "
      "FROM unnest($2) AS c (chunk_id) CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.node_mention o "
      " WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id OFFSET 0) m ORDER BY 1, 2",
      {graph_id, ids});
  for (std::size_t i = 0; i < mentions.size(); ++i) {
    ChunkHere& chunk = chunks.at(mentions.integer(i, 0));
    graph::GivenMention mention;
    mention.n = static_cast<int>(mentions.integer(i, 1));
    mention.is_statement = mentions.boolean(i, 2);
    mention.given = graph::key_from(mentions.text(i, 3));
    mention.type = mentions.text(i, 4);
    mention.node_class = mentions.text(i, 5);
    mention.label = mentions.text(i, 6);
    mention.scope = mentions.text(i, 7);
    mention.named = mentions.boolean(i, 8);
    mention.participates = mentions.boolean(i, 9);
    mention.given_owner = maybe_key(mentions, i, 10);
    mention.relation = mentions.maybe_text(i, 11);
    for (const std::int64_t fact : mentions.integers(i, 12)) mention.facts.insert(static_cast<int>(fact));
    chunk.now.emplace(mention.n, std::pair(graph::key_from(mentions.text(i, 13)), maybe_key(mentions, i, 14)));
    chunk.mentions.push_back(std::move(mention));
  }
  const Rows roles = execute_generic(
      "SELECT e.chunk_id, e.statement, e.target, e.role FROM unnest($2) AS c (chunk_id) CROSS JOIN LATERAL ("
      " SELECT * FROM kg_batch_internal.edge_mention o WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id OFFSET 0) e",
      {graph_id, ids});
  for (std::size_t i = 0; i < roles.size(); ++i)
    chunks.at(roles.integer(i, 0))
        .roles.push_back({static_cast<int>(roles.integer(i, 1)), static_cast<int>(roles.integer(i, 2)), roles.text(i, 3)});
}

std::vector<Change> changes_in(std::int64_t graph_id, const std::vector<std::int64_t>& chunk_ids) {
  std::vector<Change> changes;
  std::map<std::int64_t, ChunkHere> chunks = reached(graph_id, chunk_ids);
  if (chunks.empty()) return changes;
  load_mentions(graph_id, chunks);
  for (const auto& [chunk_id, chunk] : chunks) {
    const graph::KeysThatCount keys = graph::keys_that_count(chunk.mentions, chunk.roles, chunk.splits);
    for (const graph::GivenMention& mention : chunk.mentions) {
      const auto& [before, owner_before] = chunk.now.at(mention.n);
      const auto owner = keys.of_owner.find(mention.n);
      Change change{chunk_id, mention.n, mention.is_statement, mention.given, before, keys.of_mention.at(mention.n), mention.given_owner, {}};
      if (owner != keys.of_owner.end()) change.owner = owner->second;
      if (change.now != before || change.owner != owner_before) changes.push_back(change);
    }
  }
  return changes;
}

void write(std::int64_t graph_id, const std::vector<Change>& changes) {
  std::vector<std::int64_t> chunks;
  std::vector<int> ns;
  std::vector<std::string> keys, given;
  std::vector<std::optional<std::string>> owners, given_owners;
  const auto text = [](const std::optional<Key>& key) { return key ? std::optional(graph::text_of(*key)) : std::nullopt; };
  for (const Change& change : changes) {
    chunks.push_back(change.chunk_id);
    ns.push_back(change.n);
    keys.push_back(graph::text_of(change.now));
    given.push_back(graph::text_of(change.given));
    owners.push_back(text(change.owner));
    given_owners.push_back(text(change.given_owner));
  }
  execute_generic(
      "UPDATE kg_batch_internal.node_mention m SET key = u.key::uuid, given_key = NULLIF(u.given, u.key)::uuid, owner = u.owner::uuid, "
      " given_owner = NULLIF(u.given_owner, u.owner)::uuid "
      "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3, $4, $5, $6, $7) AS o (chunk_id, n, key, given, owner, given_owner) OFFSET 0) u "
      "WHERE m.graph_id = u.graph_id AND m.chunk_id = u.chunk_id AND m.n = u.n",
      {graph_id, chunks, ns, keys, given, owners, given_owners});
}

// Identities all of whose mentions have one other key now, which nobody has yet,
// go on under it with their ids. Returns old and new keys.
std::map<std::string, std::string> rename(std::int64_t graph_id, const std::map<Key, std::set<Key>>& moved) {
  std::vector<std::string> from, to;
  for (const auto& [before, now] : moved) {
    if (now.size() != 1) continue;
    from.push_back(graph::text_of(before));
    to.push_back(graph::text_of(*now.begin()));
  }
  // Of those that rest the ids that they had.
  execute_generic(
      "WITH free AS MATERIALIZED (SELECT DISTINCT ON (u.new_key) $1 AS graph_id, u.old_key, u.new_key "
      "  FROM unnest($2::uuid[], $3::uuid[]) AS u (old_key, new_key) "
      "  WHERE (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.node_mention m WHERE m.graph_id = $1 AND m.key = u.old_key LIMIT 1) x) = 0 "
      "   AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key IN (u.old_key, u.new_key)) = 0 "
      "   AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.former_identity i WHERE i.graph_id = $1 AND i.key = u.new_key) = 0 "
      "  ORDER BY u.new_key, u.old_key) "
      "UPDATE kg_batch_internal.former_identity i SET key = f.new_key FROM free f WHERE i.graph_id = f.graph_id AND i.key = f.old_key",
      {graph_id, from, to});
  const Rows rows = execute_generic(
      "SELECT DISTINCT ON (u.new_key) u.old_key::text, u.new_key::text FROM unnest($2::uuid[], $3::uuid[]) AS u (old_key, new_key) "
      "WHERE (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.node_mention m WHERE m.graph_id = $1 AND m.key = u.old_key LIMIT 1) x) = 0 "
      " AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = u.new_key) = 0 "
      " AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = u.old_key) = 1 "
      "ORDER BY u.new_key, u.old_key",
      {graph_id, from, to});
  std::map<std::string, std::string> renamed;
  from.clear();
  to.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    from.push_back(rows.text(i, 0));
    to.push_back(rows.text(i, 1));
    renamed.emplace(from.back(), to.back());
  }
  if (from.empty()) return renamed;
  // The round that comes writes their blocks anew.
  execute_generic("DELETE FROM kg_batch_internal.block b USING (SELECT $1 AS graph_id, o.key FROM unnest($2::uuid[]) AS o (key) OFFSET 0) u "
          "WHERE b.graph_id = u.graph_id AND b.key = u.key",
          {graph_id, from});
  execute_generic("UPDATE kg_batch_internal.identity i SET key = u.new_key "
          "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2::uuid[], $3::uuid[]) AS o (old_key, new_key) OFFSET 0) u "
          "WHERE i.graph_id = u.graph_id AND i.key = u.old_key",
          {graph_id, from, to});
  return renamed;
}

std::map<std::string, std::int64_t> nodes_of(std::int64_t graph_id, const std::vector<std::string>& keys) {
  const Rows rows = execute_generic(
      "SELECT u.key, i.node_id FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL (SELECT o.node_id FROM kg_batch_internal.identity o "
      " WHERE o.graph_id = $1 AND o.key = u.key AND o.node_id IS NOT NULL OFFSET 0) i",
      {graph_id, keys});
  std::map<std::string, std::int64_t> nodes;
  for (std::size_t i = 0; i < rows.size(); ++i) nodes.emplace(rows.text(i, 0), rows.integer(i, 1));
  return nodes;
}

}  // namespace

void count_keys(std::int64_t graph_id, const std::vector<std::int64_t>& chunks) {
  const std::vector<Change> changes = changes_in(graph_id, chunks);
  if (!changes.empty()) write(graph_id, changes);
}

void count_keys_again(std::int64_t graph_id, const std::vector<std::int64_t>& chunks) {
  const std::vector<Change> changes = changes_in(graph_id, chunks);
  if (changes.empty()) return;
  std::map<Key, std::set<Key>> moved;
  std::set<std::string> touched, statements;
  for (const Change& change : changes) {
    touched.insert(graph::text_of(change.before));
    if (change.now == change.before) continue;
    moved[change.before].insert(change.now);
    if (change.is_statement) statements.insert(graph::text_of(change.before));
  }
  std::vector<std::string> before(touched.begin(), touched.end());
  const std::map<std::string, std::int64_t> nodes_before = nodes_of(graph_id, before);
  // Found by their keys, so before those change.
  mark_unresolved(graph_id, before);
  std::vector<std::string> freed = free_statements(graph_id, {statements.begin(), statements.end()});
  write(graph_id, changes);
  const std::map<std::string, std::string> renamed = rename(graph_id, moved);
  for (std::string& key : freed)
    if (const auto found = renamed.find(key); found != renamed.end()) key = found->second;
  std::vector<std::string> now;
  for (const auto& [old_key, new_keys] : moved)
    for (const Key& key : new_keys) now.push_back(graph::text_of(key));
  touched.insert(now.begin(), now.end());
  fold_again(graph_id, touched, freed);

  // What is one with something else again leads there.
  const std::map<std::string, std::int64_t> nodes_now = nodes_of(graph_id, {touched.begin(), touched.end()});
  std::map<std::int64_t, std::int64_t> leads_to;
  for (const auto& [key, node] : nodes_before) {
    if (nodes_now.contains(key)) continue;
    const auto went = moved.find(graph::key_from(key));
    if (went == moved.end()) continue;
    const auto found = nodes_now.find(graph::text_of(*went->second.begin()));
    if (found != nodes_now.end() && found->second != node) leads_to.emplace(node, found->second);
  }
  redirect(graph_id, leads_to);
}

std::vector<std::int64_t> chunks_of_splits(std::int64_t graph_id, const std::vector<std::int64_t>& decision_ids) {
  const Rows rows = execute_generic(
      "SELECT c.chunk_id FROM unnest($2) AS u (decision_id) CROSS JOIN LATERAL (SELECT o.chunk_id FROM kg_batch_internal.chunk o "
      "  WHERE o.graph_id = $1 AND o.conversation_id = (SELECT v.conversation_id FROM kg_batch_internal.conversation v WHERE v.graph_id = $1 "
      "   AND v.key = (SELECT w.conversation FROM kg_batch_internal.word w WHERE w.graph_id = $1 AND w.decision_id = u.decision_id)) OFFSET 0) c "
      "UNION SELECT f.chunk_id FROM unnest($2) AS u (decision_id) CROSS JOIN LATERAL (SELECT o.chunk_id FROM kg_batch_internal.word_fact o "
      "  WHERE o.graph_id = $1 AND o.decision_id = u.decision_id OFFSET 0) f ORDER BY 1",
      {graph_id, decision_ids});
  std::vector<std::int64_t> chunks;
  for (std::size_t i = 0; i < rows.size(); ++i) chunks.push_back(rows.integer(i, 0));
  return chunks;
}

}  // namespace kg_batch::store
