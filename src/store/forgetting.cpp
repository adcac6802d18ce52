#include "store/forgetting.h"

#include <set>
#include <vector>

#include "chunking/function_words.h"
#include "store/boundary.h"
#include "store/budget.h"
#include "store/chunk.h"
#include "store/embedding_questions.h"
#include "store/inquiry.h"
#include "store/job.h"
#include "store/ingest.h"

#include "backend/bridge.h"
#include "backend/spi.h"
#include "store/live_facts.h"
#include "store/nearest_name.h"
#include "store/request.h"
#include "store/rereading.h"
#include "store/resolution.h"
#include "store/resolution_caps.h"
#include "store/round.h"

namespace kg_batch::store {

using backend::Bytes;
using backend::Error;
using backend::execute;
using backend::Rows;

namespace {

std::vector<std::int64_t> integers_of(const Rows& rows) {
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < rows.size(); ++i) values.push_back(rows.integer(i, 0));
  return values;
}

std::vector<std::string> texts_of(const Rows& rows) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < rows.size(); ++i) values.push_back(rows.text(i, 0));
  return values;
}

// ---- what stays: hashes ----

std::string_view bytes_of(const graph::Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

bool is_forgotten(std::int64_t graph_id, const std::string& key, const std::string& message_key) {
  const graph::Sha256Digest digest = tombstone_hash(key, message_key);
  return !execute("SELECT 1 FROM kg_batch_internal.tombstone WHERE graph_id = $1 AND hash = $2", {graph_id, Bytes{bytes_of(digest)}}).empty();
}

void set_tombstones(std::int64_t graph_id, const std::string& key, const std::vector<std::string>& message_keys) {
  std::vector<graph::Sha256Digest> digests;
  std::vector<Bytes> hashes;
  digests.reserve(message_keys.size());
  for (const std::string& message_key : message_keys) {
    digests.push_back(tombstone_hash(key, message_key));
    hashes.push_back({bytes_of(digests.back())});
  }
  execute("INSERT INTO kg_batch_internal.tombstone (graph_id, hash) SELECT DISTINCT $1::bigint, u.hash FROM unnest($2) AS u (hash) ON CONFLICT DO NOTHING",
          {graph_id, hashes});
}

// ---- the ledger: rows stay, texts go ----

// What was not sent yet is not; what it could have cost is free again.
void cancel_unsent(std::int64_t graph_id, const std::vector<std::int64_t>& requests) {
  lock_ledger_of(std::vector<std::int64_t>(requests.size(), graph_id), requests);
  execute(
      "WITH unsent AS (DELETE FROM kg_batch_internal.ready q USING kg_batch_internal.request r WHERE q.graph_id = $1 AND q.kind IN (4, 5) "
      "  AND q.chunk_id = ANY ($2) AND r.graph_id = q.graph_id AND r.request_id = q.chunk_id AND r.chunk_id = 0 "
      "  RETURNING r.request_id, r.job_id, r.reserved, r.reserved_day), "
      "jobs AS (UPDATE kg_batch_internal.job j SET reserved = j.reserved - u.total FROM (SELECT job_id, pg_catalog.sum(reserved) AS total FROM unsent "
      "  GROUP BY job_id) u WHERE j.graph_id = $1 AND j.job_id = u.job_id), "
      "days AS (UPDATE kg_batch_internal.spending s SET reserved = s.reserved - u.total FROM (SELECT reserved_day, pg_catalog.sum(reserved) AS total "
      "  FROM unsent GROUP BY reserved_day) u WHERE s.day = u.reserved_day) "
      "UPDATE kg_batch_internal.request r SET state = 'cancelled', reserved = 0 FROM unsent u WHERE r.graph_id = $1 AND r.request_id = u.request_id",
      {graph_id, requests});
}

// Before the requests: a batch that is being gathered holds these and waits for those.
void lock_ready(std::int64_t graph_id, const std::vector<std::int64_t>& requests) {
  execute("SELECT FROM kg_batch_internal.ready q WHERE q.graph_id = $1 AND q.kind IN (4, 5) AND q.chunk_id = ANY ($2) ORDER BY q.chunk_id, q.kind FOR UPDATE",
          {graph_id, requests});
}

void lock_asked(std::int64_t graph_id, const std::vector<std::int64_t>& requests) {
  lock_ready(graph_id, requests);
  execute("SELECT FROM kg_batch_internal.request r WHERE r.graph_id = $1 AND r.request_id = ANY ($2) ORDER BY r.request_id FOR UPDATE",
          {graph_id, requests});
}

std::vector<std::int64_t> requests_of(std::int64_t graph_id, const std::vector<std::int64_t>& chunks) {
  return integers_of(execute(
      "SELECT r.request_id FROM (SELECT o.request_id FROM unnest($2) AS u (chunk_id) CROSS JOIN LATERAL ("
      "   SELECT x.request_id FROM kg_batch_internal.request x WHERE x.graph_id = $1 AND x.chunk_id = u.chunk_id "
      "   UNION ALL SELECT unnest(c.answered_requests || c.request_id) FROM kg_batch_internal.chunk c "
      "    WHERE c.graph_id = $1 AND c.chunk_id = u.chunk_id OFFSET 0) o) n "
      "JOIN kg_batch_internal.request r ON r.graph_id = $1 AND r.request_id = n.request_id GROUP BY r.request_id ORDER BY r.request_id",
      {graph_id, chunks}));
}

// All of them before any money is given back: whoever stores an answer has its request
// and waits for the ledger. What they are about comes after them, as for whoever reads an
// answer, and before the ledger, as for whoever plans a question. Which questions about
// the graph speak of what is gone is known only when it is.
void lock_what_may_go(std::int64_t graph_id, std::int64_t conversation_id, const std::vector<std::int64_t>& chunks) {
  std::vector<std::int64_t> requests = requests_of(graph_id, chunks);
  for (const std::int64_t request : integers_of(execute(
           "SELECT w.request_id FROM kg_batch_internal.boundary_window w WHERE w.graph_id = $1 AND w.conversation_id = $2 "
           "UNION SELECT q.request_id FROM kg_batch_internal.inquiry q WHERE q.graph_id = $1",
           {graph_id, conversation_id})))
    requests.push_back(request);
  lock_asked(graph_id, requests);
  lock_open_items(graph_id, 0);
}

// Answers that these chunks were or would have been read from, also where others
// share them: those ask again when they come to it.
void cut_answers(std::int64_t graph_id, const std::vector<std::int64_t>& chunks) {
  const std::vector<std::int64_t> requests = requests_of(graph_id, chunks);
  if (requests.empty()) return;
  lock_asked(graph_id, requests);
  execute(
      "UPDATE kg_batch_internal.request r SET error = NULL, chunk_id = COALESCE((SELECT pg_catalog.min(c.chunk_id) FROM kg_batch_internal.chunk c "
      " WHERE c.graph_id = $1 AND c.request_id = r.request_id AND NOT c.chunk_id = ANY ($3)), 0) "
      "WHERE r.graph_id = $1 AND r.request_id = ANY ($2)",
      {graph_id, requests, chunks});
  execute("UPDATE kg_batch_internal.answer SET body = NULL, error = NULL WHERE graph_id = $1 AND request_id = ANY ($2)", {graph_id, requests});
  execute("DELETE FROM kg_batch_internal.rejected WHERE graph_id = $1 AND (chunk_id = ANY ($3) OR request_id = ANY ($2))",
          {graph_id, requests, chunks});
  cancel_unsent(graph_id, requests);
  const Rows waited_for = execute(
      "SELECT DISTINCT r.request_id FROM kg_batch_internal.request r JOIN kg_batch_internal.chunk c ON c.graph_id = r.graph_id "
      " AND c.request_id = r.request_id WHERE r.graph_id = $1 AND r.request_id = ANY ($2) AND r.state = 'answered' AND c.state = 'asking' "
      " AND NOT c.chunk_id = ANY ($3)",
      {graph_id, requests, chunks});
  for (const std::int64_t request : integers_of(waited_for)) plan_anew(graph_id, request, "its answer was forgotten with another conversation");
}

// Of a chunk that was halved the answer that was too long speaks of both halves.
void cut_answers_of_wholes(std::int64_t graph_id, std::int64_t conversation_id) {
  execute(
      "UPDATE kg_batch_internal.answer a SET body = NULL FROM (SELECT $1 AS graph_id, r.request_id FROM (SELECT c.chunk_id FROM kg_batch_internal.chunk c "
      "  WHERE c.graph_id = $1 AND c.conversation_id = $2 AND c.splits > 0 OFFSET 0) c CROSS JOIN LATERAL (SELECT o.request_id "
      "  FROM kg_batch_internal.request o WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id OFFSET 0) r OFFSET 0) u "
      "WHERE a.graph_id = u.graph_id AND a.request_id = u.request_id AND a.outcome = 'length'",
      {graph_id, conversation_id});
}

// The same of what was asked about where its topics begin, of all messages or of some: topics
// are the model's words for what was said. True when the conversation waited for one of these.
bool cut_boundary_answers(std::int64_t graph_id, std::int64_t conversation_id, const std::vector<std::int64_t>& messages) {
  const std::vector<std::int64_t> requests = integers_of(execute(
      "SELECT DISTINCT w.request_id FROM kg_batch_internal.boundary_window w WHERE w.graph_id = $1 AND w.conversation_id = $2 "
      "AND w.message_ids && $3 ORDER BY 1",
      {graph_id, conversation_id, messages}));
  if (requests.empty()) return false;
  lock_asked(graph_id, requests);
  const Rows waited = execute("UPDATE kg_batch_internal.boundary_window w SET waits = false WHERE w.graph_id = $1 AND w.conversation_id = $2 "
                              "AND w.request_id = ANY ($3) AND w.waits RETURNING 1",
                              {graph_id, conversation_id, requests});
  execute("UPDATE kg_batch_internal.request r SET error = NULL, chunk_id = CASE WHEN EXISTS (SELECT FROM kg_batch_internal.boundary_window w "
          " WHERE w.graph_id = $1 AND w.request_id = r.request_id AND w.waits) THEN NULL ELSE 0 END WHERE r.graph_id = $1 AND r.request_id = ANY ($2)",
          {graph_id, requests});
  execute("UPDATE kg_batch_internal.answer SET body = NULL, error = NULL WHERE graph_id = $1 AND request_id = ANY ($2)", {graph_id, requests});
  execute("DELETE FROM kg_batch_internal.rejected WHERE graph_id = $1 AND request_id = ANY ($2)", {graph_id, requests});
  cancel_unsent(graph_id, requests);
  const Rows waited_for = execute(
      "SELECT r.request_id FROM kg_batch_internal.request r WHERE r.graph_id = $1 AND r.request_id = ANY ($2) AND r.state = 'answered' "
      "AND r.chunk_id IS NULL ORDER BY 1",
      {graph_id, requests});
  for (const std::int64_t request : integers_of(waited_for)) plan_anew(graph_id, request, "its answer was forgotten with another conversation");
  return !waited.empty();
}

// ---- what was said of what is gone ----

// Questions and answers about the graph that speak of what is gone go with it, also
// those that are out: what comes is paid for and not kept. What they were about is
// asked again.
void forget_inquiries(std::int64_t graph_id, const Gone& gone) {
  std::set<std::int64_t> asked, jobs;
  for (const InquirySort* const sort : inquiry_sorts()) {
    Forgotten forgotten = sort->forget(graph_id, gone);
    asked.merge(forgotten.requests);
    jobs.merge(forgotten.jobs);
  }
  const std::vector<std::int64_t> requests(asked.begin(), asked.end());
  if (!requests.empty()) {
    lock_asked(graph_id, requests);
    for (const std::int64_t request : requests) withdraw_inquiry(graph_id, 0, request);  // others that it asks about
    execute("UPDATE kg_batch_internal.request r SET error = NULL, chunk_id = 0 WHERE r.graph_id = $1 AND r.request_id = ANY ($2)", {graph_id, requests});
    execute("UPDATE kg_batch_internal.answer SET body = NULL, error = NULL WHERE graph_id = $1 AND request_id = ANY ($2)", {graph_id, requests});
    execute("DELETE FROM kg_batch_internal.rejected WHERE graph_id = $1 AND request_id = ANY ($2)", {graph_id, requests});
    cancel_unsent(graph_id, requests);
  }
  for (const std::int64_t job : jobs) {
    touch_job(graph_id, job);
    put_up_decide(graph_id, job);
  }
}

// What is left of things of which nothing is left.
void drop_traces(std::int64_t graph_id, const std::vector<std::string>& keys, const std::vector<std::string>& types,
                 const std::vector<std::string>& categories) {
  const std::vector<std::string> gone = texts_of(execute(
      "SELECT u.key::text FROM unnest($2::uuid[]) AS u (key) WHERE (SELECT pg_catalog.count(*) FROM kg_batch_internal.identity i "
      " WHERE i.graph_id = $1 AND i.key = u.key) = 0",
      {graph_id, keys}));
  execute("DELETE FROM kg_batch_internal.former_identity WHERE graph_id = $1 AND key = ANY ($2::uuid[])", {graph_id, gone});
  execute("DELETE FROM kg_batch_internal.decision WHERE graph_id = $1 AND made_by = 'model' AND (key_a = ANY ($2::uuid[]) OR key_b = ANY ($2::uuid[]))",
          {graph_id, gone});
  execute("UPDATE kg_batch_internal.decision SET reason = NULL WHERE graph_id = $1 AND made_by = 'person' "
          "AND (key_a = ANY ($2::uuid[]) OR key_b = ANY ($2::uuid[]))",
          {graph_id, gone});
  // A correction of what is gone, a retraction of a fact that is, a split by what is.
  execute(
      "DELETE FROM kg_batch_internal.word w WHERE w.graph_id = $1 AND ("
      " w.verb = 'correct' AND w.decision_id IN (SELECT k.decision_id FROM kg_batch_internal.word_key k WHERE k.graph_id = $1 AND k.key = ANY ($2::uuid[])) "
      "  AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.word_key k JOIN kg_batch_internal.identity i ON i.graph_id = k.graph_id "
      "   AND (i.key = k.key OR i.given_key = k.key) WHERE k.graph_id = $1 AND k.decision_id = w.decision_id) = 0 "
      " OR (w.verb = 'retract' OR w.verb = 'split' AND w.conversation IS NULL) AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.word_fact f "
      "   WHERE f.graph_id = $1 AND f.decision_id = w.decision_id) = 0)",
      {graph_id, gone});
  drop_uncrowded_blocks(graph_id);
  execute("DELETE FROM kg_batch_internal.node_redirect r WHERE r.graph_id = $1 AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.node n "
          " WHERE n.graph_id = $1 AND n.node_id = r.node_id) = 0",
          {graph_id});
  // Words that nothing uses any more are what was forgotten.
  execute("DELETE FROM kg_batch_internal.predicate_mapping m WHERE m.graph_id = $1 AND (SELECT pg_catalog.count(*) FROM ("
          " SELECT FROM kg_batch_internal.predicate_use u WHERE u.graph_id = $1 AND u.mapping_id = m.mapping_id LIMIT 1) x) = 0",
          {graph_id});
  execute(
      "WITH gone AS (DELETE FROM kg_batch_internal.kind k USING unnest($2, $3) AS u (type, category) WHERE k.graph_id = $1 AND k.type = u.type "
      "  AND k.category = u.category AND NOT EXISTS (SELECT FROM kg_batch_internal.node_mention m WHERE m.graph_id = $1 AND m.type = u.type "
      "   AND m.category_key = u.category) RETURNING k.kind_id, k.suggestion_id) "
      "DELETE FROM kg_batch_internal.taxon_suggestion s USING gone g WHERE s.graph_id = $1 AND s.suggestion_id = g.suggestion_id AND s.state = 'waiting' "
      "AND NOT EXISTS (SELECT FROM kg_batch_internal.kind k WHERE k.graph_id = $1 AND k.suggestion_id = s.suggestion_id "
      " AND NOT k.kind_id IN (SELECT kind_id FROM gone))",
      {graph_id, types, categories});
  drop_unused_texts(graph_id);
}

std::int64_t conversation_to_change(std::int64_t graph_id, const std::string& key) {
  const Rows rows = execute("SELECT conversation_id FROM kg_batch_internal.conversation WHERE graph_id = $1 AND key = $2 FOR UPDATE", {graph_id, key});
  return rows.empty() ? 0 : rows.integer(0, 0);
}

[[noreturn]] void unknown_conversation(std::int64_t graph_id, const std::string& key) {
  const std::string near = nearest_name(
      key, texts_of(execute("SELECT key FROM kg_batch_internal.conversation WHERE graph_id = $1 ORDER BY pg_catalog.abs(pg_catalog.length(key) - "
                            "pg_catalog.length($2)), key LIMIT 1000",
                            {graph_id, key})));
  throw Error(ERRCODE_UNDEFINED_OBJECT, "conversation \"" + key + "\" does not exist", "",
              near.empty() ? "It is given by the key with which it was handed in, as kg_batch.fact shows it." : "Perhaps you mean \"" + near + "\".");
}

// Whoever has one in hand ends first; the statements after this see what it did.
// Those of other conversations that share an answer with one are locked with them:
// they ask again when it is gone.
std::vector<std::int64_t> lock_chunks(std::int64_t graph_id, std::int64_t conversation_id) {
  execute("SELECT FROM (SELECT o.chunk_id FROM kg_batch_internal.chunk o WHERE o.graph_id = $1 AND o.conversation_id = $2 "
          "  UNION SELECT s.chunk_id FROM kg_batch_internal.chunk o CROSS JOIN LATERAL (SELECT x.request_id FROM kg_batch_internal.request x "
          "    WHERE x.graph_id = $1 AND x.chunk_id = o.chunk_id UNION ALL SELECT unnest(o.answered_requests || o.request_id) OFFSET 0) r "
          "   CROSS JOIN LATERAL (SELECT y.chunk_id FROM kg_batch_internal.chunk y WHERE y.graph_id = $1 AND y.request_id = r.request_id "
          "    AND y.state = 'asking' OFFSET 0) s WHERE o.graph_id = $1 AND o.conversation_id = $2) k "
          "JOIN kg_batch_internal.chunk c ON c.graph_id = $1 AND c.chunk_id = k.chunk_id ORDER BY c.chunk_id FOR UPDATE OF c",
          {graph_id, conversation_id});
  return integers_of(execute("SELECT c.chunk_id FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.conversation_id = $2 ORDER BY c.chunk_id",
                             {graph_id, conversation_id}));
}

void drop_input_of(std::int64_t graph_id, const std::string& key) {
  execute("DELETE FROM kg_batch_internal.rejected WHERE graph_id = $1 AND source = 'input' AND pg_catalog.strpos(body, pg_catalog.to_json($2::text)::text) > 0",
          {graph_id, key});
}

[[noreturn]] void unknown_message(std::int64_t graph_id, const std::string& key, std::int64_t conversation_id, const std::string& message_id) {
  const std::string near = nearest_name(
      message_id, texts_of(execute("SELECT DISTINCT pg_catalog.substr(message_key, 3) FROM kg_batch_internal.message WHERE graph_id = $1 "
                                   "AND conversation_id = $2 AND pg_catalog.left(message_key, 2) = 'i:' ORDER BY 1 LIMIT 1000",
                                   {graph_id, conversation_id})));
  throw Error(ERRCODE_UNDEFINED_OBJECT, "message \"" + message_id + "\" does not exist in conversation \"" + key + "\"", "",
              near.empty() ? "It is given by the id with which it was handed in; without one only the whole conversation can be forgotten."
                           : "Perhaps you mean \"" + near + "\".");
}

// ---- one message of several ----

// Words that stand in these messages and in none other of the conversation: what a
// model made of several messages may carry them without citing this one. Not those
// that anybody would use: function words, another form of what others say, and what
// kinds, categories and roles are called.
std::vector<std::string> words_of_these_alone(std::int64_t graph_id, std::int64_t conversation_id, const std::vector<std::int64_t>& messages) {
  std::vector<std::string> words = texts_of(execute(
      "WITH said AS MATERIALIZED (SELECT w, pg_catalog.lower(w) AS word, m.message_id = ANY ($3) AS here FROM kg_batch_internal.message m "
      "  CROSS JOIN LATERAL unnest(kg_batch_internal.words_of(m.content)) w WHERE m.graph_id = $1 AND m.conversation_id = $2) "
      "SELECT DISTINCT s.word FROM said s WHERE s.here AND NOT EXISTS (SELECT FROM said o WHERE NOT o.here AND (o.word = s.word "
      "  OR s.w = s.word AND pg_catalog.left(o.word, 4) = pg_catalog.left(s.word, 4))) "
      " AND NOT EXISTS (SELECT FROM kg_batch_internal.predicate p WHERE s.word = ANY (pg_catalog.string_to_array(p.name, ' '))) "
      " AND NOT EXISTS (SELECT FROM kg_batch_internal.shipped_taxon t WHERE t.name = s.word OR s.word = ANY (t.aliases)) ORDER BY 1",
      {graph_id, conversation_id, messages}));
  std::erase_if(words, [](const std::string& word) { return chunking::marks_of(word).function != 0; });
  return words;
}

struct Carried {
  std::set<std::string> keys;
  std::vector<std::string> types, categories;
  std::vector<std::int64_t> facts;
};

// Facts that cite it or carry its words go, with what stands on them alone; of the
// rest its words.
Carried drop_what_it_carried(std::int64_t graph_id, const std::vector<std::int64_t>& chunks, const std::vector<std::int64_t>& messages,
                          const std::vector<std::string>& words) {
  Carried gone;
  const auto take = [&](const Rows& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      gone.keys.insert(rows.text(i, 0));
      gone.types.push_back(rows.text(i, 1));
      gone.categories.push_back(rows.text(i, 2));
    }
    return !rows.empty();
  };
  // All mentions of these chunks: what they are called may change with it.
  take(execute("SELECT DISTINCT m.key, m.type, m.category_key FROM kg_batch_internal.node_mention m WHERE m.graph_id = $1 AND m.chunk_id = ANY ($2)",
               {graph_id, chunks}));
  gone.facts = integers_of(execute(
      "DELETE FROM kg_batch_internal.fact f WHERE f.graph_id = $1 AND f.chunk_id = ANY ($2) AND (f.first_message_id = ANY ($3) "
      " OR kg_batch_internal.has_word(f.text, $4::text[]) OR EXISTS (SELECT FROM kg_batch_internal.fact_source s WHERE s.graph_id = $1 "
      "  AND s.chunk_id = f.chunk_id AND s.fact = f.n AND (s.message_id = ANY ($3) OR kg_batch_internal.has_word(s.quote, $4::text[])))) RETURNING f.fact_id",
      {graph_id, chunks, messages, words}));
  execute(
      "UPDATE kg_batch_internal.node_mention m SET facts = ARRAY(SELECT f.n FROM unnest(m.facts) AS f (n) WHERE EXISTS ("
      "  SELECT FROM kg_batch_internal.fact x WHERE x.graph_id = $1 AND x.chunk_id = m.chunk_id AND x.n = f.n)), "
      " aliases = kg_batch_internal.without_words(m.aliases, $3::text[]), attributes = kg_batch_internal.without_words(m.attributes, $3::text[]), "
      " hash_tags = kg_batch_internal.without_words(m.hash_tags, $3::text[]) "
      "WHERE m.graph_id = $1 AND m.chunk_id = ANY ($2)",
      {graph_id, chunks, words});
  // A statement without all that took part in it is none; a thing needs a fact or a
  // statement that speaks of it. Until nothing falls any more.
  while (take(execute(
      "WITH bad AS MATERIALIZED (SELECT m.chunk_id, m.n FROM kg_batch_internal.node_mention m WHERE m.graph_id = $1 AND m.chunk_id = ANY ($2) AND ("
      "   kg_batch_internal.has_word(pg_catalog.concat_ws(' ', m.label, m.label_key, m.category, m.relation), $3::text[]) "
      "   OR pg_catalog.cardinality(m.facts) = 0 AND NOT EXISTS (SELECT FROM kg_batch_internal.edge_mention e WHERE e.graph_id = $1 "
      "    AND e.chunk_id = m.chunk_id AND e.target = m.n) "
      "   OR m.is_statement AND pg_catalog.cardinality(m.facts) = 0 "
      "   OR EXISTS (SELECT FROM kg_batch_internal.edge_mention e WHERE e.graph_id = $1 AND e.chunk_id = m.chunk_id AND e.statement = m.n "
      "    AND kg_batch_internal.has_word(e.role, $3::text[])))), "
      "all_bad AS (SELECT chunk_id, n FROM bad UNION SELECT e.chunk_id, e.statement FROM bad b JOIN kg_batch_internal.edge_mention e "
      "  ON e.graph_id = $1 AND e.chunk_id = b.chunk_id AND e.target = b.n) "
      "DELETE FROM kg_batch_internal.node_mention m USING all_bad b WHERE m.graph_id = $1 AND m.chunk_id = b.chunk_id AND m.n = b.n "
      "RETURNING m.key, m.type, m.category_key",
      {graph_id, chunks, words}))) {
  }
  return gone;
}

// The chunks show it no more. What is out about them is asked again.
void take_out_of_chunks(std::int64_t graph_id, std::int64_t conversation_id, const std::vector<std::int64_t>& chunks,
                        const std::vector<std::int64_t>& messages, const std::vector<std::string>& words) {
  execute(
      "UPDATE kg_batch_internal.chunk c SET error = NULL, cast_seen = kg_batch_internal.without_words(c.cast_seen, $4::text[]), message_ids = k.ids, starts = k.starts, ends = k.ends, "
      " shown = k.shown, context_size = k.context_size, countable = LEAST(c.countable, pg_catalog.cardinality(k.ids) - k.context_size), "
      " answered_requests = CASE WHEN c.state = 'done' THEN c.answered_requests ELSE '{}' END "
      "FROM (SELECT o.chunk_id, COALESCE(pg_catalog.array_agg(s.id ORDER BY s.n) FILTER (WHERE s.stays), '{}') AS ids, "
      "   COALESCE(pg_catalog.array_agg(s.first ORDER BY s.n) FILTER (WHERE s.stays), '{}') AS starts, "
      "   COALESCE(pg_catalog.array_agg(s.last ORDER BY s.n) FILTER (WHERE s.stays), '{}') AS ends, "
      "   COALESCE(pg_catalog.array_agg(s.shown ORDER BY s.n) FILTER (WHERE s.stays), '{}') AS shown, "
      "   (pg_catalog.count(*) FILTER (WHERE s.stays AND s.n <= o.context_size))::int AS context_size "
      "  FROM kg_batch_internal.chunk o CROSS JOIN LATERAL (SELECT u.*, NOT u.id = ANY ($3) AS stays FROM unnest(o.message_ids, o.starts, o.ends, o.shown) "
      "    WITH ORDINALITY AS u (id, first, last, shown, n)) s WHERE o.graph_id = $1 AND o.chunk_id = ANY ($2) GROUP BY o.chunk_id) k "
      "WHERE c.graph_id = $1 AND c.chunk_id = k.chunk_id",
      {graph_id, chunks, messages, words});
  execute("UPDATE kg_batch_internal.conversation v SET cut_error = NULL, cast_seen = kg_batch_internal.without_words(v.cast_seen, $3::text[]) "
          "WHERE v.graph_id = $1 AND v.conversation_id = $2",
          {graph_id, conversation_id, words});
  execute(
      "WITH empty AS (DELETE FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.chunk_id = ANY ($2) "
      "  AND pg_catalog.cardinality(c.message_ids) = c.context_size RETURNING c.chunk_id), "
      "queued AS (DELETE FROM kg_batch_internal.ready q USING empty e WHERE q.graph_id = $1 AND q.kind IN (2, 3, 6) AND q.chunk_id = e.chunk_id) "
      "DELETE FROM kg_batch_internal.claimed q USING empty e WHERE q.graph_id = $1 AND q.kind IN (2, 3, 6) AND q.chunk_id = e.chunk_id",
      {graph_id, chunks});
  execute(
      "WITH again AS (UPDATE kg_batch_internal.chunk c SET state = 'ready', request_id = NULL, step = 1, stage = (SELECT p.stage "
      "   FROM kg_batch_internal.prompt p WHERE p.plan = (SELECT j.options ->> 'extraction' FROM kg_batch_internal.job j WHERE j.graph_id = $1 "
      "    AND j.job_id = c.job_id) ORDER BY p.step, p.shipped, p.version DESC LIMIT 1) "
      "  WHERE c.graph_id = $1 AND c.chunk_id = ANY ($2) AND c.state IN ('ready', 'asking') RETURNING c.chunk_id, c.tokens, c.job_id) "
      "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      "SELECT $1, 2 + CASE WHEN j.state = 'paused' THEN 1000 ELSE 0 END, 3, a.tokens, a.chunk_id, a.job_id FROM again a "
      "JOIN kg_batch_internal.job j ON j.graph_id = $1 AND j.job_id = a.job_id ON CONFLICT DO NOTHING",
      {graph_id, chunks});
}

// Questions of other chunks that showed these facts as known: what came of them may
// carry their words.
void cut_what_was_shown(std::int64_t graph_id, std::int64_t conversation_id, const std::vector<std::int64_t>& facts) {
  if (facts.empty()) return;
  const std::vector<std::int64_t> chunks = integers_of(execute(
      "SELECT c.chunk_id FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.known && $2 ORDER BY c.chunk_id FOR UPDATE", {graph_id, facts}));
  if (chunks.empty()) return;
  cut_answers(graph_id, chunks);
  execute("UPDATE kg_batch_internal.chunk c SET known = ARRAY(SELECT k.id FROM unnest(c.known) WITH ORDINALITY AS k (id, n) WHERE NOT k.id = ANY ($3) ORDER BY k.n) "
          "WHERE c.graph_id = $1 AND c.chunk_id = ANY ($2)",
          {graph_id, chunks, facts});
  take_out_of_chunks(graph_id, conversation_id, chunks, {}, {});
}

}  // namespace

std::int64_t forget_conversation(std::int64_t graph_id, const std::string& key) {
  const std::int64_t conversation_id = conversation_to_change(graph_id, key);
  if (conversation_id == 0) {
    if (is_forgotten(graph_id, key, "")) return 0;
    unknown_conversation(graph_id, key);
  }
  const std::vector<std::int64_t> chunks = lock_chunks(graph_id, conversation_id);
  lock_what_may_go(graph_id, conversation_id, chunks);
  std::vector<std::string> message_keys = texts_of(execute(
      "SELECT DISTINCT message_key FROM kg_batch_internal.message WHERE graph_id = $1 AND conversation_id = $2", {graph_id, conversation_id}));
  const auto count = static_cast<std::int64_t>(message_keys.size());
  message_keys.emplace_back();  // the conversation itself, so that a second call knows it
  set_tombstones(graph_id, key, message_keys);

  // Those that rest too: what they were called stands in the identities' traces.
  const Rows mentions = execute(
      "SELECT DISTINCT m.key, m.type, m.category_key, m.given_key FROM unnest($2) AS c (chunk_id) CROSS JOIN LATERAL ("
      " SELECT * FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id OFFSET 0) m",
      {graph_id, chunks});
  std::set<std::string> keys, traces;
  std::vector<std::string> types, categories;
  for (std::size_t i = 0; i < mentions.size(); ++i) {
    keys.insert(mentions.text(i, 0));
    types.push_back(mentions.text(i, 1));
    categories.push_back(mentions.text(i, 2));
    if (!mentions.is_null(i, 3)) traces.insert(mentions.text(i, 3));
  }
  traces.insert(keys.begin(), keys.end());
  const std::vector<std::string> touched(keys.begin(), keys.end());

  cut_what_was_shown(graph_id, conversation_id, integers_of(execute(
      "SELECT f.fact_id FROM kg_batch_internal.fact f WHERE f.graph_id = $1 AND f.chunk_id = ANY ($2)", {graph_id, chunks})));
  cut_answers(graph_id, chunks);
  cut_boundary_answers(graph_id, conversation_id, integers_of(execute(
      "SELECT DISTINCT unnest(message_ids) FROM kg_batch_internal.boundary_window WHERE graph_id = $1 AND conversation_id = $2",
      {graph_id, conversation_id})));
  drop_input_of(graph_id, key);
  execute("DELETE FROM kg_batch_internal.ready WHERE graph_id = $1 AND (kind IN (2, 3, 6) AND chunk_id = ANY ($2) OR kind = 1 AND chunk_id = $3)",
          {graph_id, chunks, conversation_id});
  execute("DELETE FROM kg_batch_internal.claimed WHERE graph_id = $1 AND (kind IN (2, 3, 6) AND chunk_id = ANY ($2) OR kind = 1 AND chunk_id = $3)",
          {graph_id, chunks, conversation_id});
  execute("DELETE FROM kg_batch_internal.word WHERE graph_id = $1 AND verb = 'split' AND conversation = $2", {graph_id, key});
  execute("DELETE FROM kg_batch_internal.chunk WHERE graph_id = $1 AND chunk_id = ANY ($2)", {graph_id, chunks});  // with facts, quotes and mentions
  execute("DELETE FROM kg_batch_internal.message WHERE graph_id = $1 AND conversation_id = $2", {graph_id, conversation_id});
  execute("DELETE FROM kg_batch_internal.conversation WHERE graph_id = $1 AND conversation_id = $2", {graph_id, conversation_id});
  forget_inquiries(graph_id, {touched, chunks});
  fold_again(graph_id, keys);
  drop_traces(graph_id, {traces.begin(), traces.end()}, types, categories);
  return count;
}

std::int64_t forget_message(std::int64_t graph_id, const std::string& key, const std::string& message_id) {
  const std::string message_key = "i:" + message_id;
  const std::int64_t conversation_id = conversation_to_change(graph_id, key);
  if (conversation_id == 0) {
    if (is_forgotten(graph_id, key, message_key) || is_forgotten(graph_id, key, "")) return 0;
    unknown_conversation(graph_id, key);
  }
  const std::vector<std::int64_t> messages = integers_of(execute(
      "SELECT message_id FROM kg_batch_internal.message WHERE graph_id = $1 AND conversation_id = $2 AND message_key = $3 ORDER BY version",
      {graph_id, conversation_id, message_key}));
  if (messages.empty()) {
    if (is_forgotten(graph_id, key, message_key)) return 0;
    unknown_message(graph_id, key, conversation_id, message_id);
  }
  const std::vector<std::int64_t> all_chunks = lock_chunks(graph_id, conversation_id);
  lock_what_may_go(graph_id, conversation_id, all_chunks);
  set_tombstones(graph_id, key, {message_key});
  const std::vector<std::string> words = words_of_these_alone(graph_id, conversation_id, messages);
  // Chunks that show it, or where it is said who was spoken of before.
  const std::vector<std::int64_t> chunks = integers_of(execute(
      "SELECT c.chunk_id FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.conversation_id = $2 "
      "AND (c.message_ids && $3 OR EXISTS (SELECT FROM unnest(c.cast_seen) s WHERE kg_batch_internal.has_word(s, $4::text[]))) ORDER BY 1",
      {graph_id, conversation_id, messages, words}));
  cut_answers(graph_id, chunks);
  const bool waited = cut_boundary_answers(graph_id, conversation_id, messages);
  drop_boundaries(graph_id, messages);
  execute("UPDATE kg_batch_internal.boundary SET topic = '' WHERE graph_id = $1 AND conversation_id = $2 AND kg_batch_internal.has_word(topic, $3::text[])",
          {graph_id, conversation_id, words});
  cut_answers_of_wholes(graph_id, conversation_id);
  drop_input_of(graph_id, key);
  Carried gone = drop_what_it_carried(graph_id, chunks, messages, words);
  take_out_of_chunks(graph_id, conversation_id, chunks, messages, words);
  cut_what_was_shown(graph_id, conversation_id, gone.facts);
  // A reading that waited for nothing but what is gone is whole now.
  const Readings readings = readings_of(graph_id, chunks);
  gone.keys.merge(settle_facts(graph_id, {readings.all.begin(), readings.all.end()}));
  execute("UPDATE kg_batch_internal.message SET replaces = NULL WHERE graph_id = $1 AND conversation_id = $2 AND replaces = ANY ($3)",
          {graph_id, conversation_id, messages});
  execute("DELETE FROM kg_batch_internal.message WHERE graph_id = $1 AND message_id = ANY ($2)", {graph_id, messages});
  if (waited) hand_in_again(graph_id, {conversation_id}, true);
  forget_inquiries(graph_id, {{gone.keys.begin(), gone.keys.end()}, chunks});
  fold_again(graph_id, gone.keys);
  drop_traces(graph_id, {gone.keys.begin(), gone.keys.end()}, gone.types, gone.categories);
  return 1;
}

}  // namespace kg_batch::store
