#include "store/statement_resolution.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/canonical.h"
#include "store/comparison.h"
#include "store/resolution.h"
#include "store/resolution_caps.h"

namespace kg_batch::store {

using backend::execute;
using backend::execute_generic;
using backend::Rows;
using graph::IdentityView;
using graph::Key;

namespace {

// Statements in which any of these takes part.
std::set<Key> statements_with(std::int64_t graph_id, const std::set<Key>& keys) {
  const Rows rows = execute_generic(
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
  execute_generic("WITH freed AS (UPDATE kg_batch_internal.identity i SET node_id = NULL, former_node_id = i.node_id "
          "  FROM (SELECT $1 AS graph_id, o.key FROM unnest($2::uuid[]) AS o (key) OFFSET 0) u "
          "  WHERE i.graph_id = u.graph_id AND i.key = u.key AND i.node_id IS NOT NULL RETURNING i.former_node_id), "
          "nodes AS MATERIALIZED (SELECT DISTINCT $1 AS graph_id, former_node_id AS node_id FROM freed), "
          "edges AS (DELETE FROM kg_batch_internal.edge e USING nodes n WHERE e.graph_id = n.graph_id AND e.source_id = n.node_id), "
          "also AS (DELETE FROM kg_batch_internal.joined_statement j USING nodes n WHERE j.graph_id = n.graph_id AND j.node_id = n.node_id) "
          "UPDATE kg_batch_internal.node o SET derived = NULL FROM nodes n WHERE o.graph_id = n.graph_id AND o.node_id = n.node_id",
          {graph_id, keys});
}

// Views of statements "f" all of whose participants have nodes. `derived` is what
// those that are one without anybody's word have in common. A label that is but
// another name of the kind says no more than the kind does.
#define STATEMENT_VIEWS                                                                                                                  \
  "SELECT f.key, f.identity_id, COALESCE(f.node_id, 0), f.mentions, f.type, k.kind, l.label, f.scope, f.negated, r.roles, r.nodes, "     \
  " pg_catalog.encode(pg_catalog.substr(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat_ws(E'\\x1f', f.type, k.kind, "          \
  "  f.negated::text, l.label, f.scope, r.whole), 'UTF8')), 1, 16), 'hex')::uuid, "                                                      \
  " CASE WHEN f.type = 'Event' THEN ARRAY(SELECT a.value FROM kg_batch_internal.alias a WHERE a.graph_id = $1 "                          \
  "  AND a.identity_id = f.identity_id AND a.sort = 'start' ORDER BY a.value) ELSE '{}' END, "                                           \
  " CASE WHEN f.type = 'Event' THEN ARRAY(SELECT a.value FROM kg_batch_internal.alias a WHERE a.graph_id = $1 "                          \
  "  AND a.identity_id = f.identity_id AND a.sort = 'end' ORDER BY a.value) ELSE '{}' END "                                              \
  "FROM statements f CROSS JOIN LATERAL (SELECT " KG_BATCH_CANONICAL_KIND("f.kind") " AS kind OFFSET 0) k "                                \
  "CROSS JOIN LATERAL (SELECT CASE WHEN f.label_key = f.kind OR k.kind = (SELECT c.canonical FROM kg_batch_internal.predicate c "        \
  "  WHERE c.sort = 'kind' AND c.name = f.label_key ORDER BY c.shipped LIMIT 1) THEN k.kind ELSE f.label_key END AS label OFFSET 0) l "  \
  "CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS expected, pg_catalog.count(y.node_id) AS there, "                                   \
  "  COALESCE(pg_catalog.array_agg(y.role ORDER BY y.role COLLATE \"C\", y.node_id), '{}') AS roles, "                                   \
  "  COALESCE(pg_catalog.array_agg(y.node_id ORDER BY y.role COLLATE \"C\", y.node_id), '{}') AS nodes, "                                \
  "  pg_catalog.string_agg(y.role || E'\\x1e' || y.node_id, E'\\x1d' ORDER BY y.role COLLATE \"C\", y.node_id) AS whole "                \
  " FROM (SELECT DISTINCT " KG_BATCH_CANONICAL_ROLE("x.role", "f.kind") " AS role, "                                                     \
  "   (SELECT t.node_id FROM kg_batch_internal.identity t WHERE t.graph_id = $1 AND t.key = x.key) AS node_id "                          \
  "  FROM unnest(f.roles, f.role_keys) AS x (role, key) OFFSET 0) y) r "                                                                 \
  "WHERE r.expected = r.there"

Key key_of_node(std::int64_t node_id) {
  Key key{};
  for (std::size_t i = 0; i < 8; ++i) key[i] = static_cast<std::uint8_t>(node_id >> (8 * (7 - i)));
  return key;
}

std::vector<Key> participants_of(const IdentityView& statement) {
  std::vector<Key> nodes;
  for (const graph::RoleTarget& role : statement.roles) nodes.push_back(role.node);
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

// Statements without a node all of whose participants have one.
class Level : Comparison {
 public:
  using Comparison::Comparison;

  // False when there are none.
  bool run(ResolvedStatements& result) {
    const std::set<Key> fresh = ready();
    if (fresh.empty()) return false;
    const std::set<Key> roots = with_equal_ones(fresh);
    write_blocks(fresh, one_of_each(fresh, roots));
    std::set<Key> members;
    expand(roots, members);
    say_equal(members);
    const graph::Joined joined = join(members);
    if (met_anybody()) {
      note_held_apart(graph_id_, members, joined.skipped);
      ask_once_a_pair();
      if (!open_.empty()) note_open_pairs();
      note_barred_pairs(joined);
    }
    settle(joined, fresh, result);
    return true;
  }

 private:
  std::set<Key> ready() {
    return take(execute_generic("WITH statements AS MATERIALIZED (SELECT i.* FROM kg_batch_internal.identity i WHERE i.graph_id = $1 "
                        " AND i.node_id IS NULL AND i.is_statement AND i.mentions > 0) " STATEMENT_VIEWS,
                        {graph_id_}));
  }

  void load(const std::set<Key>& keys) override {
    std::set<Key> missing;
    for (const Key& key : keys)
      if (!known_.contains(key)) missing.insert(key);
    if (missing.empty()) return;
    take(execute_generic("WITH statements AS MATERIALIZED (SELECT i.* FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("
                 " SELECT * FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.key = u.key AND o.is_statement AND o.mentions > 0 OFFSET 0) i) " STATEMENT_VIEWS,
                 {graph_id_, texts_of(missing)}));
  }

  std::set<Key> take(const Rows& rows) {
    std::set<Key> keys;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Known known;
      IdentityView& view = known.view;
      view.is_statement = true;
      view.key = graph::key_from(rows.text(i, 0));
      known.identity_id = rows.integer(i, 1);
      known.node_id = rows.integer(i, 2);
      known.mentions = rows.integer(i, 3);
      view.type = rows.text(i, 4);
      view.kind = rows.text(i, 5);
      // How it is written may differ from mention to mention, and is no reason for anything.
      view.label_key = view.label = rows.text(i, 6);
      view.scope = rows.text(i, 7);
      view.negated = rows.boolean(i, 8);
      const std::vector<std::string> roles = rows.texts(i, 9);
      const std::vector<std::int64_t> nodes = rows.integers(i, 10);
      for (std::size_t role = 0; role < roles.size(); ++role) view.roles.push_back({roles[role], key_of_node(nodes[role])});
      derived_[view.key] = rows.text(i, 11);
      view.starts = rows.texts(i, 12);
      view.ends = rows.texts(i, 13);
      keys.insert(view.key);
      known_.insert_or_assign(view.key, std::move(known));
    }
    return keys;
  }

  // With those of which they are equals, and which have a node.
  std::set<Key> with_equal_ones(const std::set<Key>& fresh) {
    std::vector<std::string> derived;
    for (const Key& key : fresh) derived.push_back(derived_.at(key));
    const Rows rows = execute_generic(
        "SELECT DISTINCT i.key FROM unnest($2::uuid[]) AS u (derived) CROSS JOIN LATERAL ("
        " (SELECT o.node_id FROM kg_batch_internal.node o WHERE o.graph_id = $1 AND o.derived = u.derived) UNION ALL "
        " (SELECT o.node_id FROM kg_batch_internal.joined_statement o WHERE o.graph_id = $1 AND o.derived = u.derived)) n "
        "CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.node_id = n.node_id OFFSET 0) i",
        {graph_id_, derived});
    std::set<Key> all = fresh;
    for (std::size_t i = 0; i < rows.size(); ++i) all.insert(graph::key_from(rows.text(i, 0)));
    load(all);
    return all;
  }

  // Of equals one is found by what they say: a participant of twenty names shall not
  // make a crowd of a statement.
  std::set<Key> one_of_each(const std::set<Key>& fresh, const std::set<Key>& roots) const {
    std::set<std::string> found;
    for (const Key& key : roots)
      if (!fresh.contains(key))
        if (const auto derived = derived_.find(key); derived != derived_.end()) found.insert(derived->second);
    std::set<Key> ones;
    for (const Key& key : fresh)
      if (found.insert(derived_.at(key)).second) ones.insert(key);
    return ones;
  }

  // Equals are one in spite of all.
  void say_equal(const std::set<Key>& members) {
    std::map<std::string, Key> first;
    for (const Key& key : members) {
      const auto found = derived_.find(key);
      if (found == derived_.end()) continue;
      const auto [equal, is_first] = first.emplace(found->second, key);
      if (!is_first)
        said_.push_back({equal->second, key, graph::Verdict::same, 1000, graph::Origin::person, std::numeric_limits<std::int64_t>::max()});
    }
  }

  // A person's word, like a model's, is of statements in which the same take part.
  bool is_heard(const Key& a, const Key& b) const override {
    const IdentityView &x = known_.at(a).view, &y = known_.at(b).view;
    return x.type == y.type && x.negated == y.negated && participants_of(x) == participants_of(y);
  }

  // Of each of the two what its equals have in common, sorted.
  using Sides = std::pair<std::string, std::string>;
  Sides sides_of(const KeyPair& pair) const {
    const auto a = derived_.find(pair.first), b = derived_.find(pair.second);
    if (a == derived_.end() || b == derived_.end()) return {};
    return std::minmax(a->second, b->second);
  }

  bool have_met(const KeyPair& pair) const override {
    const Sides sides = sides_of(pair);
    return std::any_of(met_.begin(), met_.end(), [&](const KeyPair& met) { return sides_of(met) == sides; });
  }

  // Equals are asked about once.
  void ask_once_a_pair() {
    std::set<Sides> settled;
    for (const auto& [pair, decisions] : decisions_) settled.insert(sides_of(pair));
    std::sort(open_.begin(), open_.end());
    std::erase_if(open_, [&](const KeyPair& pair) {
      const Sides sides = sides_of(pair);
      return sides.first == sides.second || !settled.insert(sides).second;
    });
  }

  void settle(const graph::Joined& joined, const std::set<Key>& fresh, ResolvedStatements& result) {
    std::map<std::int64_t, std::set<std::size_t>> groups_of_node;
    std::vector<std::set<std::int64_t>> nodes(joined.groups.size());
    for (std::size_t group = 0; group < joined.groups.size(); ++group)
      for (const Key& key : joined.groups[group])
        if (const std::int64_t node = known_.at(key).node_id; node != 0) {
          nodes[group].insert(node);
          groups_of_node[node].insert(group);
        }
    // What is joined or parted is made anew with all that is on it.
    std::set<std::int64_t> changed;
    for (const auto& [node, groups] : groups_of_node)
      if (groups.size() > 1) changed.insert(node);
    for (const std::set<std::int64_t>& of_group : nodes)
      if (of_group.size() > 1) changed.insert(of_group.begin(), of_group.end());
    if (!changed.empty()) {
      std::set<Key> keys;
      for (const auto& group : joined.groups)
        for (const Key& key : group)
          if (changed.contains(known_.at(key).node_id)) keys.insert(key);
      const std::vector<std::string> freed = free_statements(graph_id_, texts_of(keys));
      result.freed.insert(result.freed.end(), freed.begin(), freed.end());
      return;
    }
    std::vector<std::int64_t> identities, named;
    std::vector<std::string> derived, names, also, whose;
    for (std::size_t group = 0; group < joined.groups.size(); ++group) {
      std::set<std::string> all;
      for (const Key& key : joined.groups[group]) all.insert(derived_.at(key));
      for (const Key& key : joined.groups[group]) {
        if (!fresh.contains(key)) continue;
        identities.push_back(known_.at(key).identity_id);
        derived.push_back(*all.begin());
      }
      if (all.size() == 1) continue;
      if (!nodes[group].empty()) {
        named.push_back(*nodes[group].begin());
        names.push_back(*all.begin());
      }
      for (auto other = std::next(all.begin()); other != all.end(); ++other) {
        also.push_back(*other);
        whose.push_back(*all.begin());
      }
    }
    // What it is found by is the lowest of what its statements are equal by.
    if (!named.empty())
      execute_generic("UPDATE kg_batch_internal.node n SET derived = u.derived FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3::uuid[]) AS o (node_id, derived) OFFSET 0) u "
              "WHERE n.graph_id = u.graph_id AND n.node_id = u.node_id AND n.derived IS DISTINCT FROM u.derived",
              {graph_id_, named, names});
    result.made += find_nodes_of(identities, derived);
    if (also.empty()) return;
    execute_generic("WITH found AS MATERIALIZED (SELECT $1 AS graph_id, u.also, (SELECT n.node_id FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.derived = u.derived) AS node_id "
            "  FROM unnest($2::uuid[], $3::uuid[]) AS u (also, derived)), "
            "before AS (DELETE FROM kg_batch_internal.joined_statement j USING found f WHERE j.graph_id = f.graph_id AND j.node_id = f.node_id "
            "  AND j.derived NOT IN (SELECT o.also FROM found o)) "
            "INSERT INTO kg_batch_internal.joined_statement (graph_id, derived, node_id) SELECT graph_id, also, node_id FROM found ORDER BY also "
            "ON CONFLICT (graph_id, derived) DO UPDATE SET node_id = EXCLUDED.node_id",
            {graph_id_, also, whose});
  }

  std::int64_t find_nodes_of(const std::vector<std::int64_t>& identities, const std::vector<std::string>& derived) {
    return execute(
        "WITH derived AS MATERIALIZED (SELECT u.identity_id, u.derived, i.key, i.former_node_id, i.first_node_id FROM unnest($2, $3::uuid[]) AS u (identity_id, derived) "
        "  CROSS JOIN LATERAL (SELECT o.key, o.former_node_id, o.first_node_id FROM kg_batch_internal.identity o "
        "   WHERE o.graph_id = $1 AND o.identity_id = u.identity_id OFFSET 0) i), "
        "wanted AS MATERIALIZED (SELECT derived, pg_catalog.min(key::text)::uuid AS key FROM derived GROUP BY derived), "
        "there AS MATERIALIZED (SELECT w.derived, n.node_id FROM wanted w CROSS JOIN LATERAL (SELECT o.node_id FROM kg_batch_internal.node o "
        "  WHERE o.graph_id = $1 AND o.derived = w.derived OFFSET 0) n), "
        // Whose participants were joined or parted keeps its id where it can: the one
        // it had first, else the one it had last, if that is nobody else's now.
        "claims AS MATERIALIZED (SELECT c.derived, c.node_id, c.own, pg_catalog.min(c.key::text) AS key FROM ("
        "   SELECT derived, key, first_node_id AS node_id, true AS own FROM derived WHERE first_node_id IS NOT NULL "
        "   UNION ALL SELECT derived, key, former_node_id, false FROM derived WHERE former_node_id IS NOT NULL) c "
        "  WHERE c.derived NOT IN (SELECT t.derived FROM there t) AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.node n "
        "   WHERE n.graph_id = $1 AND n.node_id = c.node_id AND n.derived IS NOT NULL) = 0 GROUP BY 1, 2, 3), "
        "own AS MATERIALIZED (SELECT DISTINCT ON (o.derived) o.derived, o.node_id FROM (SELECT DISTINCT ON (c.node_id) c.node_id, c.derived "
        "   FROM claims c WHERE c.own ORDER BY c.node_id, c.key) o ORDER BY o.derived, o.node_id), "
        "last AS MATERIALIZED (SELECT DISTINCT ON (o.derived) o.derived, o.node_id FROM (SELECT DISTINCT ON (c.node_id) c.node_id, c.derived "
        "   FROM claims c WHERE NOT c.own AND c.node_id NOT IN (SELECT w.node_id FROM own w) AND c.derived NOT IN (SELECT w.derived FROM own w) "
        "   ORDER BY c.node_id, c.key) o ORDER BY o.derived, o.node_id), "
        "kept AS MATERIALIZED (SELECT $1 AS graph_id, node_id, derived FROM own UNION ALL SELECT $1, node_id, derived FROM last), "
        "named AS (UPDATE kg_batch_internal.node n SET derived = k.derived FROM kept k "
        "  WHERE n.graph_id = k.graph_id AND n.node_id = k.node_id RETURNING n.node_id, n.derived), "
        "back AS (INSERT INTO kg_batch_internal.node (graph_id, node_id, key, derived, is_statement) "
        "  SELECT $1, k.node_id, w.key, w.derived, true FROM kept k JOIN wanted w ON w.derived = k.derived WHERE (SELECT pg_catalog.count(*) "
        "   FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.node_id = k.node_id) = 0 RETURNING node_id, derived), "
        "led AS (DELETE FROM kg_batch_internal.node_redirect r USING back b WHERE r.graph_id = $1 AND r.old_node_id = b.node_id), "
        "made AS (INSERT INTO kg_batch_internal.node (graph_id, key, derived, is_statement) "
        "  SELECT $1, w.key, w.derived, true FROM wanted w WHERE w.derived NOT IN (SELECT t.derived FROM there t) "
        "   AND w.derived NOT IN (SELECT k.derived FROM kept k) ORDER BY w.key RETURNING node_id, derived), "
        "known AS MATERIALIZED (SELECT node_id, derived FROM there UNION ALL SELECT node_id, derived FROM named UNION ALL SELECT node_id, derived FROM back "
        "  UNION ALL SELECT node_id, derived FROM made), "
        "found AS MATERIALIZED (SELECT $1 AS graph_id, d.identity_id, k.node_id FROM derived d JOIN known k ON k.derived = d.derived), "
        "linked AS (UPDATE kg_batch_internal.identity i SET node_id = f.node_id, first_node_id = COALESCE(i.first_node_id, f.node_id) FROM found f "
        "  WHERE i.graph_id = f.graph_id AND i.identity_id = f.identity_id RETURNING 1) "
        "SELECT (SELECT pg_catalog.count(*) FROM made) + (SELECT pg_catalog.count(*) FROM back)",
        {graph_id_, identities, derived}).integer(0, 0);
  }

  std::map<Key, std::string> derived_;
};

// Those of which something was said, or which say something else now.
std::vector<std::string> free_unresolved(std::int64_t graph_id) {
  const Rows rows = execute_generic(
      "UPDATE kg_batch_internal.identity i SET unresolved = false WHERE i.graph_id = $1 AND i.unresolved AND i.is_statement RETURNING i.key", {graph_id});
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < rows.size(); ++i) keys.push_back(rows.text(i, 0));
  return keys.empty() ? keys : free_statements(graph_id, keys);
}

}  // namespace

ResolvedStatements resolve_statements(std::int64_t graph_id, std::int64_t job_id, bool recompare) {
  ResolvedStatements result;
  result.freed = free_unresolved(graph_id);
  while (Level(graph_id, job_id, recompare).run(result)) {
  }
  return result;
}

std::vector<std::string> free_statements_with(std::int64_t graph_id, const std::set<Key>& participants) {
  if (participants.empty()) return {};
  std::vector<std::string> all = texts_of(with_statements_on(graph_id, statements_with(graph_id, participants)));
  take_nodes_from(graph_id, all);
  return all;
}

std::vector<std::string> free_statements(std::int64_t graph_id, const std::vector<std::string>& keys) {
  std::set<Key> named;
  for (const std::string& key : keys) named.insert(graph::key_from(key));
  std::vector<std::string> all = texts_of(with_statements_on(graph_id, named));
  take_nodes_from(graph_id, all);
  return all;
}

void settle_statements(std::int64_t graph_id) {
  const Rows rows = execute_generic(
      "SELECT i.former_node_id, i.node_id, i.key FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.former_node_id IS NOT NULL "
      "AND i.node_id IS NOT NULL",
      {graph_id});
  if (rows.empty()) return;
  // In the order of keys. Asked for in that order, they would be looked for in all of the graph.
  std::map<Key, std::size_t> by_key;
  for (std::size_t i = 0; i < rows.size(); ++i) by_key.emplace(graph::key_from(rows.text(i, 2)), i);
  std::map<std::int64_t, std::int64_t> moved_to;
  for (const auto& [key, i] : by_key)
    if (rows.integer(i, 0) != rows.integer(i, 1)) moved_to.emplace(rows.integer(i, 0), rows.integer(i, 1));
  execute_generic("UPDATE kg_batch_internal.identity SET former_node_id = NULL WHERE graph_id = $1 AND former_node_id IS NOT NULL AND node_id IS NOT NULL",
          {graph_id});
  redirect(graph_id, moved_to);
}

}  // namespace kg_batch::store
