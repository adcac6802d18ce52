#include "store/rekeying.h"

#include <map>
#include <set>

#include "graph/mentions.h"
#include "store/chunk.h"
#include "store/inquiry.h"
#include "store/job.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "formats/printable.h"
#include "store/rebuild.h"
#include "store/resolution.h"
#include "store/stored_reading.h"

namespace kg_batch::store {

using backend::Error;
using backend::execute;
using backend::Rows;

namespace {

constexpr std::size_t chunks_at_once = 200;

struct NewKeys {
  std::vector<std::int64_t> chunks;
  std::vector<int> ns;
  std::vector<std::string> keys, scopes;
  std::vector<std::optional<std::string>> owners;
};

[[noreturn]] void answers_are_gone(const std::string& graph, std::int64_t chunks) {
  throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "option names cannot be changed: answers of " + std::to_string(chunks) + " chunks of graph \"" + graph + "\" are not stored any more",
              "The keys by which things are known are made anew from the answers; retention has cut these, or something of them was forgotten.",
              "SELECT kg_batch.reread(graph => " + formats::sql_literal(graph) + ") has the conversations read again; with kg_batch.retention = -1 the answers stay until then.");
}

// Whoever reads one of them ends first, or waits and finds the new option.
std::vector<std::int64_t> lock_chunks(std::int64_t graph_id) {
  const Rows rows = execute("SELECT c.chunk_id FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 ORDER BY c.chunk_id FOR UPDATE", {graph_id});
  std::vector<std::int64_t> chunks;
  for (std::size_t i = 0; i < rows.size(); ++i) chunks.push_back(rows.integer(i, 0));
  return chunks;
}

void refuse_what_cannot_be(std::int64_t graph_id, const std::string& graph) {
  if (execute("SELECT FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.stage = 'import' LIMIT 1", {graph_id}).processed() > 0)
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "option names cannot be changed in graph \"" + graph + "\", into which something was imported", "",
                "Import it into a graph that is made with the option: kg_batch.create_graph.");
  if (execute("SELECT FROM kg_batch_internal.inquiry q WHERE q.graph_id = $1 LIMIT 1", {graph_id}).processed() > 0)
    throw Error(ERRCODE_OBJECT_IN_USE, "option names cannot be changed while a question about graph \"" + graph + "\" is out", "",
                "CALL kg_batch.wait(graph => " + formats::sql_literal(graph) + ") returns when it is answered.");
  const Rows splits = execute("SELECT w.decision_id FROM kg_batch_internal.word w WHERE w.graph_id = $1 AND w.verb = 'split' AND w.undone_at IS NULL "
                              "ORDER BY 1 LIMIT 1",
                              {graph_id});
  if (!splits.empty())
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "option names cannot be changed while split " + splits.text(0, 0) + " counts",
                "It is said of keys that would be others.", "SELECT kg_batch.undo(" + splits.text(0, 0) + ", " + formats::sql_literal(graph) + "), and split again afterwards.");
}

NewKeys keys_by_answers(std::int64_t graph_id, const std::string& graph, const std::vector<std::int64_t>& chunk_ids) {
  NewKeys made;
  std::int64_t gone = 0;
  // In whose place a newer reading is: they never count again.
  const Rows former = execute(
      "SELECT c.chunk_id FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND EXISTS (SELECT FROM kg_batch_internal.chunk r WHERE r.graph_id = $1 "
      " AND r.rereads = COALESCE(c.rereads, c.chunk_id) AND r.reading > c.reading GROUP BY r.reading HAVING pg_catalog.bool_and(r.folded))",
      {graph_id});
  std::set<std::int64_t> superseded;
  for (std::size_t i = 0; i < former.size(); ++i) superseded.insert(former.integer(i, 0));
  for (std::size_t from = 0; from < chunk_ids.size(); from += chunks_at_once) {
    const std::vector<std::int64_t> some(chunk_ids.begin() + static_cast<std::ptrdiff_t>(from),
                                         chunk_ids.begin() + static_cast<std::ptrdiff_t>(std::min(chunk_ids.size(), from + chunks_at_once)));
    std::map<std::int64_t, std::map<int, std::string>> there;
    const Rows rows = execute(
        "SELECT m.chunk_id, m.n, m.label FROM unnest($2) AS c (chunk_id) CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.node_mention o "
        " WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id OFFSET 0) m",
        {graph_id, some});
    for (std::size_t i = 0; i < rows.size(); ++i) there[rows.integer(i, 0)].emplace(static_cast<int>(rows.integer(i, 1)), rows.text(i, 2));
    for (const LoadedChunk& chunk : load_chunks(graph_id, some)) {
      const auto rest = there.find(chunk.chunk_id);
      if (rest == there.end()) continue;
      std::vector<std::int64_t> requests = chunk.answered_requests;
      if (chunk.request_id) requests.push_back(*chunk.request_id);
      const auto reading = stored_reading(chunk, requests);
      std::map<int, const graph::MentionRow*> nodes;
      graph::Mentions mentions;
      if (reading) mentions = graph::mentions_of(*reading, chunk.question, chunk.place);
      for (const graph::MentionRow& node : mentions.nodes) nodes.emplace(node.n, &node);
      bool same = true;
      for (const auto& [n, label] : rest->second) same = same && nodes.contains(n) && nodes.at(n)->label == label;
      if (!same) {
        gone += superseded.contains(chunk.chunk_id) ? 0 : 1;
        continue;
      }
      for (const auto& [n, label] : rest->second) {
        const graph::MentionRow& node = *nodes.at(n);
        made.chunks.push_back(chunk.chunk_id);
        made.ns.push_back(n);
        made.keys.push_back(graph::text_of(node.key));
        made.scopes.push_back(node.scope);
        made.owners.push_back(node.owner ? std::optional(graph::text_of(*node.owner)) : std::nullopt);
      }
    }
  }
  if (gone > 0) answers_are_gone(graph, gone);
  return made;
}

using Becomes = std::map<std::string, std::set<std::string>>;

// Writes them; returns what each key has become.
Becomes write(std::int64_t graph_id, const NewKeys& made) {
  const Rows rows = execute(
      "WITH made AS MATERIALIZED (SELECT $1 AS graph_id, o.* FROM unnest($2, $3, $4, $5, $6) AS o (chunk_id, n, key, scope, owner)), "
      "before AS MATERIALIZED (SELECT u.chunk_id, u.n, m.key FROM made u CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.node_mention o "
      "  WHERE o.graph_id = $1 AND o.chunk_id = u.chunk_id AND o.n = u.n OFFSET 0) m), "
      "written AS (UPDATE kg_batch_internal.node_mention m SET key = u.key::uuid, given_key = NULL, scope = u.scope, owner = u.owner::uuid, given_owner = NULL "
      "  FROM made u WHERE m.graph_id = u.graph_id AND m.chunk_id = u.chunk_id AND m.n = u.n RETURNING m.chunk_id, m.n, m.key) "
      "SELECT DISTINCT b.key, w.key FROM before b JOIN written w ON w.chunk_id = b.chunk_id AND w.n = b.n",
      {graph_id, made.chunks, made.ns, made.keys, made.scopes, made.owners});
  Becomes becomes;
  for (std::size_t i = 0; i < rows.size(); ++i) becomes[rows.text(i, 0)].insert(rows.text(i, 1));
  return becomes;
}

// Which old key goes on as which new one, with its ids: one that stays what it is,
// else the lowest of those that become it, as the lowest of what it becomes.
std::map<std::string, std::string> goes_on_as(const Becomes& becomes) {
  std::map<std::string, std::string> first_of;
  for (const auto& [before, now] : becomes)
    for (const std::string& key : now)
      if (before == key || !first_of.contains(key)) first_of[key] = before;
  std::map<std::string, std::string> goes_on;
  for (const auto& [before, now] : becomes)
    for (const std::string& key : now)
      if (first_of.at(key) == before && (before == key || !goes_on.contains(before)) && (before == key || !becomes.contains(key))) goes_on[before] = key;
  return goes_on;
}

void rename(std::int64_t graph_id, const std::map<std::string, std::string>& goes_on) {
  std::vector<std::string> from, to;
  for (const auto& [before, now] : goes_on) {
    if (before == now) continue;
    from.push_back(before);
    to.push_back(now);
  }
  // What refers to identities by key is made anew with all the rest.
  execute("DELETE FROM kg_batch_internal.block b WHERE b.graph_id = $1", {graph_id});
  execute("DELETE FROM kg_batch_internal.held_apart h WHERE h.graph_id = $1", {graph_id});
  execute("UPDATE kg_batch_internal.identity i SET key = u.new_key FROM (SELECT $1 AS graph_id, o.* FROM unnest($2::uuid[], $3::uuid[]) AS o (old_key, new_key) "
          "OFFSET 0) u WHERE i.graph_id = u.graph_id AND i.key = u.old_key",
          {graph_id, from, to});
}

// What was said of two things, and of one.
void carry_words(std::int64_t graph_id, const Becomes& becomes, const std::string& graph) {
  struct Pair {
    std::int64_t decision = 0;
    std::string a, b;
  };
  std::vector<Pair> kept;
  std::vector<std::int64_t> asked_again;
  const Rows rows = execute("SELECT d.decision_id, d.key_a, d.key_b, d.made_by = 'person', d.undone_at IS NULL, d.verdict FROM kg_batch_internal.decision d "
                            "WHERE d.graph_id = $1 ORDER BY 1",
                            {graph_id});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto a = becomes.find(rows.text(i, 1)), b = becomes.find(rows.text(i, 2));
    const bool by_person = rows.boolean(i, 3);
    const auto now = [](const Becomes::const_iterator& key, const Becomes& all, const std::string& old) {
      return key == all.end() ? std::set<std::string>{old} : key->second;
    };
    const std::set<std::string> now_a = now(a, becomes, rows.text(i, 1)), now_b = now(b, becomes, rows.text(i, 2));
    if (now_a.size() == 1 && now_b.size() == 1 && *now_a.begin() != *now_b.begin()) {
      kept.push_back({rows.integer(i, 0), std::min(*now_a.begin(), *now_b.begin()), std::max(*now_a.begin(), *now_b.begin())});
    } else if (!by_person) {
      asked_again.push_back(rows.integer(i, 0));
    } else if (rows.boolean(i, 4) && (rows.text(i, 5) != "same" || now_a.size() > 1 || now_b.size() > 1)) {
      throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "option names cannot be changed while decision " + rows.text(i, 0) + " counts",
                  "It is said of things that would become several, or one.",
                  "SELECT kg_batch.undo(" + rows.text(i, 0) + ", " + formats::sql_literal(graph) + "), and say it again afterwards.");
    }
  }
  execute("DELETE FROM kg_batch_internal.decision d WHERE d.graph_id = $1 AND d.decision_id = ANY ($2)", {graph_id, asked_again});
  std::vector<std::int64_t> ids;
  std::vector<std::string> as, bs;
  for (const Pair& pair : kept) {
    ids.push_back(pair.decision);
    as.push_back(pair.a);
    bs.push_back(pair.b);
  }
  // Of one pair a model has said one thing: of several that became one, none.
  execute("DELETE FROM kg_batch_internal.decision d USING (SELECT o.id, pg_catalog.count(*) OVER (PARTITION BY o.a, o.b) AS n FROM unnest($2, $3, $4) AS o (id, a, b) "
          " WHERE (SELECT x.made_by FROM kg_batch_internal.decision x WHERE x.graph_id = $1 AND x.decision_id = o.id) = 'model') u "
          "WHERE d.graph_id = $1 AND d.decision_id = u.id AND u.n > 1",
          {graph_id, ids, as, bs});
  execute("UPDATE kg_batch_internal.decision d SET key_a = u.a::uuid, key_b = u.b::uuid FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3, $4) AS o (id, a, b) "
          "OFFSET 0) u WHERE d.graph_id = u.graph_id AND d.decision_id = u.id AND (d.key_a <> u.a::uuid OR d.key_b <> u.b::uuid)",
          {graph_id, ids, as, bs});

  std::vector<std::string> from, to;
  for (const auto& [before, now] : becomes)
    for (const std::string& key : now) {
      from.push_back(before);
      to.push_back(key);
    }
  execute(
      "WITH said AS MATERIALIZED (SELECT k.decision_id, k.key, k.split_key FROM kg_batch_internal.word_key k WHERE k.graph_id = $1 AND k.split_key IS NULL), "
      "becomes AS MATERIALIZED (SELECT o.old_key, o.new_key FROM unnest($2::uuid[], $3::uuid[]) AS o (old_key, new_key)), "
      "gone AS (DELETE FROM kg_batch_internal.word_key k USING said s, becomes b WHERE k.graph_id = $1 AND k.decision_id = s.decision_id AND k.key = s.key "
      "  AND b.old_key = s.key AND (SELECT pg_catalog.count(*) FROM becomes o WHERE o.new_key = s.key) = 0) "
      "INSERT INTO kg_batch_internal.word_key (graph_id, decision_id, key) SELECT DISTINCT $1, s.decision_id, b.new_key FROM said s JOIN becomes b ON b.old_key = s.key "
      "ON CONFLICT DO NOTHING",
      {graph_id, from, to});
}

// Things that are several now may look alike, and are asked about as they would have been.
void ask_about_new_pairs(std::int64_t graph_id) {
  execute("UPDATE kg_batch_internal.decision d SET job_id = NULL FROM kg_batch_internal.job j WHERE d.graph_id = $1 AND d.verdict = 'open' "
          "AND d.request_id IS NULL AND j.graph_id = d.graph_id AND j.job_id = d.job_id AND j.state = 'cancelled'",
          {graph_id});
  const Rows jobs = execute("SELECT DISTINCT d.job_id FROM kg_batch_internal.decision d WHERE d.graph_id = $1 AND d.verdict = 'open' AND d.request_id IS NULL "
                            "AND d.job_id IS NOT NULL ORDER BY 1",
                            {graph_id});
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    touch_job(graph_id, jobs.integer(i, 0));
    put_up_decide(graph_id, jobs.integer(i, 0));
  }
}

std::map<std::string, std::int64_t> nodes_by_key(std::int64_t graph_id) {
  const Rows rows = execute("SELECT i.key, i.node_id FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id IS NOT NULL", {graph_id});
  std::map<std::string, std::int64_t> nodes;
  for (std::size_t i = 0; i < rows.size(); ++i) nodes.emplace(rows.text(i, 0), rows.integer(i, 1));
  return nodes;
}

}  // namespace

void make_keys_anew(std::int64_t graph_id, const std::string& graph) {
  const std::vector<std::int64_t> chunks = lock_chunks(graph_id);
  if (execute("SELECT FROM kg_batch_internal.node_mention m WHERE m.graph_id = $1 LIMIT 1", {graph_id}).processed() == 0) return;
  refuse_what_cannot_be(graph_id, graph);
  const std::map<std::string, std::int64_t> before = nodes_by_key(graph_id);
  const Becomes becomes = write(graph_id, keys_by_answers(graph_id, graph, chunks));
  carry_words(graph_id, becomes, graph);
  rename(graph_id, goes_on_as(becomes));
  rebuild(graph_id, false);
  // Ids of what is another thing's now lead there.
  const std::map<std::string, std::int64_t> now = nodes_by_key(graph_id);
  std::set<std::int64_t> there;
  for (const auto& [key, node] : now) there.insert(node);
  std::map<std::int64_t, std::int64_t> leads_to;
  for (const auto& [key, node] : before) {
    const auto went = becomes.find(key);
    if (there.contains(node) || went == becomes.end()) continue;
    if (const auto found = now.find(*went->second.begin()); found != now.end()) leads_to.emplace(node, found->second);
  }
  redirect(graph_id, leads_to);
  ask_about_new_pairs(graph_id);
}

}  // namespace kg_batch::store
