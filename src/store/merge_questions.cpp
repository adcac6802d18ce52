#include "store/merge_questions.h"

#include "store/inquiry.h"

#include <algorithm>
#include <map>

#include "backend/bridge.h"
#include "backend/spi.h"
#include "stages/call_sizes.h"
#include "stages/decisions.h"
#include "store/resolution.h"
#include "store/unresolved.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;
using stages::KgMerge;
using stages::MergePair;
using stages::MergeSide;

namespace {

constexpr int most_pairs_a_claim = 600;
// Mentions of a side that are looked at, first by the total order: a thing of
// 100,000 mentions costs what one of a few hundred does.
constexpr int most_mentions = 200;

struct OpenPair {
  std::int64_t decision_id = 0;
  std::string a, b;  // keys
  int asked = 0;
};

// One way to read "the first mentions of each key, by the total order".
#define FIRST_MENTIONS                                                                                                     \
  "SELECT u.key, m.* FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("                                               \
  " SELECT o.chunk_id, o.n, o.facts, o.order_key, o.participant, o.said_at FROM kg_batch_internal.node_mention o "          \
  " WHERE o.graph_id = $1 AND o.key = u.key AND o.live ORDER BY o.order_key LIMIT $3) m"

class Sides {
 public:
  Sides(std::int64_t graph_id, const std::vector<std::string>& keys) : graph_id_(graph_id), keys_(keys) {
    load_names();
    load_places();
    load_facts();
    load_neighbors();
  }

  const MergeSide* find(const std::string& key) const {
    const auto found = sides_.find(key);
    return found == sides_.end() ? nullptr : &found->second;
  }
  // Of those that are shown: chunk and number.
  const std::vector<std::pair<std::int64_t, int>>& facts_of(const std::string& key) { return facts_[key]; }
  std::int64_t mentions_of(const std::string& key) const {
    const auto found = mentions_.find(key);
    return found == mentions_.end() ? 0 : found->second;
  }

 private:
  void load_names() {
    const Rows rows = execute_generic(
        "SELECT u.key, i.type, i.class, i.is_statement, i.named, i.mentions, "
        " ARRAY(SELECT a.value FROM kg_batch_internal.alias a WHERE a.graph_id = $1 AND a.identity_id = i.identity_id AND a.sort = 'label' "
        "  ORDER BY a.count DESC, pg_catalog.length(a.value) DESC, a.value LIMIT $3), "
        " ARRAY(SELECT a.value FROM kg_batch_internal.alias a WHERE a.graph_id = $1 AND a.identity_id = i.identity_id AND a.sort = 'alias' "
        "  ORDER BY a.count DESC, pg_catalog.length(a.value) DESC, a.value LIMIT $3) "
        "FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.identity o "
        " WHERE o.graph_id = $1 AND o.key = u.key OFFSET 0) i",
        {graph_id_, keys_, static_cast<int>(KgMerge::most_aliases) + 1});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      MergeSide& side = sides_[rows.text(i, 0)];
      side.type = rows.text(i, 1);
      if (!rows.boolean(i, 3)) side.thing_class = rows.text(i, 2);
      side.named = rows.boolean(i, 4);
      mentions_[rows.text(i, 0)] = rows.integer(i, 5);
      std::vector<std::string> forms = rows.texts(i, 6);
      if (!forms.empty()) side.label = forms.front();
      if (!forms.empty()) forms.erase(forms.begin());
      for (std::string& alias : rows.texts(i, 7)) forms.push_back(std::move(alias));
      for (std::string& form : forms)
        if (form != side.label && std::find(side.aliases.begin(), side.aliases.end(), form) == side.aliases.end())
          side.aliases.push_back(std::move(form));
    }
  }

  void load_places() {
    const Rows rows = execute_generic(
        "WITH first AS MATERIALIZED (" FIRST_MENTIONS "), "
        "placed AS MATERIALIZED (SELECT f.*, (SELECT c.conversation_id FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.chunk_id = f.chunk_id) "
        "  AS conversation_id FROM first f) "
        "SELECT key, conversation_id, pg_catalog.bool_or(participant IS NOT NULL), "
        " pg_catalog.to_char(pg_catalog.min(said_at) AT TIME ZONE 'UTC', 'YYYY-MM'), "
        " pg_catalog.to_char(pg_catalog.max(said_at) AT TIME ZONE 'UTC', 'YYYY-MM') "
        "FROM placed GROUP BY key, conversation_id ORDER BY key, pg_catalog.min(order_key)",
        {graph_id_, keys_, most_mentions});
    std::map<std::string, std::pair<std::string, std::string>> dates;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      MergeSide& side = sides_[rows.text(i, 0)];
      side.conversations.push_back(rows.integer(i, 1));
      side.participant = side.participant || rows.boolean(i, 2);
      if (rows.is_null(i, 3)) continue;
      auto& [from, to] = dates[rows.text(i, 0)];
      if (from.empty() || rows.text(i, 3) < from) from = rows.text(i, 3);
      if (rows.text(i, 4) > to) to = rows.text(i, 4);
    }
    for (const auto& [key, span] : dates) sides_[key].dates = span.first == span.second ? span.first : span.first + " to " + span.second;
  }

  void load_facts() {
    const Rows rows = execute_generic(
        "WITH first AS MATERIALIZED (" FIRST_MENTIONS ") "
        "SELECT key, chunk_id, n, text FROM (SELECT d.*, pg_catalog.row_number() OVER (PARTITION BY key ORDER BY order_key, text) AS place FROM ("
        "  SELECT DISTINCT ON (f.key, t.text) f.key, f.order_key, f.chunk_id, t.n, t.text FROM first f CROSS JOIN LATERAL unnest(f.facts) AS q (fact) "
        "  CROSS JOIN LATERAL (SELECT x.n, x.text COLLATE \"C\" AS text FROM kg_batch_internal.fact x "
        "   WHERE x.graph_id = $1 AND x.chunk_id = f.chunk_id AND x.n = q.fact AND x.live OFFSET 0) t "
        "  ORDER BY f.key, t.text, f.order_key) d) ranked WHERE place <= $4 ORDER BY key, place",
        {graph_id_, keys_, most_mentions, static_cast<int>(KgMerge::most_facts)});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      sides_[rows.text(i, 0)].facts.push_back(rows.text(i, 3));
      facts_[rows.text(i, 0)].emplace_back(rows.integer(i, 1), static_cast<int>(rows.integer(i, 2)));
    }
  }

  // What else takes part in the statements in which it does; of a statement what takes
  // part in it, too.
  void load_neighbors() {
    const Rows rows = execute_generic(
        "WITH first AS MATERIALIZED (" FIRST_MENTIONS "), "
        "near AS MATERIALIZED (SELECT DISTINCT f.key, o.role, w.label FROM first f "
        " CROSS JOIN LATERAL (SELECT e.statement FROM kg_batch_internal.edge_mention e "
        "   WHERE e.graph_id = $1 AND e.chunk_id = f.chunk_id AND e.target = f.n OFFSET 0) s "
        " CROSS JOIN LATERAL (SELECT e.role, e.target FROM kg_batch_internal.edge_mention e "
        "   WHERE e.graph_id = $1 AND e.chunk_id = f.chunk_id AND e.statement = s.statement AND e.target <> f.n OFFSET 0) o "
        " CROSS JOIN LATERAL (SELECT m.label FROM kg_batch_internal.node_mention m "
        "   WHERE m.graph_id = $1 AND m.chunk_id = f.chunk_id AND m.n = o.target OFFSET 0) w "
        " UNION SELECT f.key, o.role, w.label FROM first f "
        " CROSS JOIN LATERAL (SELECT e.role, e.target FROM kg_batch_internal.edge_mention e "
        "   WHERE e.graph_id = $1 AND e.chunk_id = f.chunk_id AND e.statement = f.n OFFSET 0) o "
        " CROSS JOIN LATERAL (SELECT m.label FROM kg_batch_internal.node_mention m "
        "   WHERE m.graph_id = $1 AND m.chunk_id = f.chunk_id AND m.n = o.target OFFSET 0) w) "
        "SELECT key, role, label FROM (SELECT n.*, pg_catalog.row_number() OVER (PARTITION BY key ORDER BY role, label) AS place FROM near n) ranked "
        "WHERE place <= $4 ORDER BY key, place",
        {graph_id_, keys_, most_mentions, static_cast<int>(KgMerge::most_neighbors)});
    for (std::size_t i = 0; i < rows.size(); ++i) sides_[rows.text(i, 0)].neighbors.push_back({rows.text(i, 1), rows.text(i, 2)});
  }

  const std::int64_t graph_id_;
  const std::vector<std::string>& keys_;
  std::map<std::string, MergeSide> sides_;
  std::map<std::string, std::vector<std::pair<std::int64_t, int>>> facts_;
  std::map<std::string, std::int64_t> mentions_;
};

std::vector<std::string> distinct_keys(const std::vector<OpenPair>& pairs) {
  std::set<std::string> keys;
  for (const OpenPair& pair : pairs) {
    keys.insert(pair.a);
    keys.insert(pair.b);
  }
  return {keys.begin(), keys.end()};
}

// Pairs as they are asked about, and with each the facts that are shown.
struct Asked {
  std::vector<std::int64_t> decisions, evidence;
  std::vector<std::int64_t> fact_decisions, fact_chunks;
  std::vector<int> fact_numbers;
};

class MergeQuestions final : public InquirySort {
 public:
  std::string_view stage() const override { return KgMerge::name; }
  std::string body(const BodyParts& parts, const stages::Json& document) const override { return chat_body(KgMerge::name, KgMerge::schema(), parts, document); }

  std::vector<Inquiry> gather(std::int64_t graph_id, std::int64_t job_id) const override {
    std::vector<OpenPair> pairs = open_pairs(graph_id, job_id);
    if (pairs.empty()) return {};
    const std::vector<std::string> keys = distinct_keys(pairs);
    Sides sides(graph_id, keys);
    // One of the two is in the graph no more: the pair is found again if it comes back.
    std::vector<std::int64_t> gone;
    std::erase_if(pairs, [&](const OpenPair& pair) {
      const bool there = sides.find(pair.a) != nullptr && sides.find(pair.b) != nullptr;
      if (!there) gone.push_back(pair.decision_id);
      return !there;
    });
    if (!gone.empty())
      execute_generic("DELETE FROM kg_batch_internal.decision WHERE graph_id = $1 AND decision_id = ANY ($2)", {graph_id, gone});
    Asked shown;
    std::vector<Inquiry> inquiries;
    std::vector<int> asked;
    for (const OpenPair& pair : pairs) asked.push_back(pair.asked);
    auto pair = pairs.begin();
    for (const std::size_t size : stages::call_sizes(asked, KgMerge::usual_a_call, KgMerge::most_a_call)) {
      const auto end = pair + static_cast<std::ptrdiff_t>(size);
      inquiries.push_back(question_of({pair, end}, sides, shown));
      pair = end;
    }
    note_shown(graph_id, shown);
    return inquiries;
  }

  void set_asked(std::int64_t graph_id, std::int64_t job_id, const Inquiry& inquiry, std::int64_t request_id) const override {
    execute_generic(
        "UPDATE kg_batch_internal.decision d SET request_id = $3, job_id = $4 "
        "FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u WHERE d.graph_id = u.graph_id AND d.decision_id = u.id",
        {graph_id, inquiry.items, request_id, job_id});
  }

  Concluded read(std::int64_t graph_id, std::string_view answer, const Inquiry& inquiry, const JobOptions& options) const override {
    std::vector<MergePair> asked(inquiry.items.size());
    for (std::size_t i = 0; i < asked.size(); ++i) asked[i].id = static_cast<int>(i) + 1;
    const auto result = KgMerge::read(answer, asked);
    Concluded concluded;
    if (const auto* bad = std::get_if<stages::BadAnswer>(&result)) {
      concluded.unusable = bad->reason;
      return concluded;
    }
    const auto& decided = std::get<stages::Decided<stages::MergeDecision>>(result);
    concluded.rejected = decided.rejected;
    concluded.changes_graph = !decided.decisions.empty();
    concluded.is_whole = decided.unanswered.empty();
    write(graph_id, decided.decisions, inquiry.items, options);
    std::vector<std::int64_t> unanswered;
    for (const int id : decided.unanswered) unanswered.push_back(inquiry.items[static_cast<std::size_t>(id - 1)]);
    without_answer(graph_id, unanswered, "the answer said nothing of this pair that could be used", options.max_attempts);
    return concluded;
  }

  void without_answer(std::int64_t graph_id, const std::vector<std::int64_t>& items, const std::string& reason, int max_attempts) const override {
    if (items.empty()) return;
    execute_generic(
        "UPDATE kg_batch_internal.decision d SET request_id = NULL, asked = d.asked + 1, "
        " verdict = CASE WHEN d.asked + 1 >= $4 THEN 'unsure' ELSE d.verdict END, "
        " error = CASE WHEN d.asked + 1 >= $4 THEN $3 END, reason = CASE WHEN d.asked + 1 >= $4 THEN 'not answered: ' || $3 END, "
        " at = pg_catalog.clock_timestamp() "
        "FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
        "WHERE d.graph_id = u.graph_id AND d.decision_id = u.id AND d.verdict = 'open'",
        {graph_id, items, reason, max_attempts});
  }

  void set_open(std::int64_t graph_id, const std::vector<std::int64_t>& items) const override {
    execute_generic(
        "UPDATE kg_batch_internal.decision d SET request_id = NULL "
        "FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
        "WHERE d.graph_id = u.graph_id AND d.decision_id = u.id AND d.verdict = 'open'",
        {graph_id, items});
  }

  void lock_open(std::int64_t graph_id, std::int64_t job_id) const override {
    execute_generic("SELECT FROM kg_batch_internal.decision WHERE graph_id = $1 AND ($2 = 0 OR job_id = $2) AND verdict = 'open' AND made_by = 'model' "
            "ORDER BY asked, key_a, key_b FOR NO KEY UPDATE",
            {graph_id, job_id});
  }

  void leave(std::int64_t graph_id, std::int64_t job_id) const override {
    execute_generic("UPDATE kg_batch_internal.decision SET job_id = NULL WHERE graph_id = $1 AND job_id = $2 AND verdict = 'open' AND request_id IS NULL",
            {graph_id, job_id});
  }

  std::int64_t reopen_given_up(std::int64_t graph_id, std::int64_t job_id) const override {
    const Rows rows = execute_generic(
        "UPDATE kg_batch_internal.decision SET verdict = 'open', error = NULL, reason = NULL, asked = 0, request_id = NULL, job_id = $2 "
        "WHERE graph_id = $1 AND made_by = 'model' AND (job_id = $2 AND error IS NOT NULL "
        // What was not asked when the job was cancelled is nobody's since.
        " OR job_id IS NULL AND verdict = 'open' AND request_id IS NULL AND (SELECT j.state FROM kg_batch_internal.job j "
        "  WHERE j.graph_id = $1 AND j.job_id = $2) = 'cancelled') RETURNING 1",
        {graph_id, job_id});
    return static_cast<std::int64_t>(rows.size());
  }

  // What a model said of identities of which something was taken it said of what is gone, too.
  Forgotten forget(std::int64_t graph_id, const Gone& gone) const override {
    const Rows touched = execute_generic(
        // A cancelled job pays for nothing more: they are whose round comes next.
        "WITH touched AS MATERIALIZED (SELECT DISTINCT d.graph_id, d.decision_id, d.request_id, (SELECT j.job_id FROM kg_batch_internal.job j "
        "   WHERE j.graph_id = $1 AND j.job_id = d.job_id AND j.state <> 'cancelled') AS job_id FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("
        "  SELECT * FROM kg_batch_internal.decision x WHERE x.graph_id = $1 AND x.key_a = u.key AND x.made_by = 'model' "
        "  UNION ALL SELECT * FROM kg_batch_internal.decision x WHERE x.graph_id = $1 AND x.key_b = u.key AND x.made_by = 'model') d), "
        "shown AS (DELETE FROM kg_batch_internal.decision_fact f USING touched t WHERE f.graph_id = t.graph_id AND f.decision_id = t.decision_id), "
        "opened AS (UPDATE kg_batch_internal.decision d SET verdict = 'open', confidence = 0, reason = NULL, error = NULL, asked = 0, to_apply = false, "
        "  request_id = NULL, job_id = t.job_id, at = pg_catalog.clock_timestamp() FROM touched t WHERE d.graph_id = t.graph_id AND d.decision_id = t.decision_id) "
        "SELECT DISTINCT COALESCE(request_id, 0), COALESCE(job_id, 0) FROM touched ORDER BY 1, 2",
        {graph_id, gone.keys});
    Forgotten forgotten;
    for (std::size_t i = 0; i < touched.size(); ++i) {
      if (touched.integer(i, 0) != 0) forgotten.requests.insert(touched.integer(i, 0));
      if (touched.integer(i, 1) != 0) forgotten.jobs.insert(touched.integer(i, 1));
    }
    return forgotten;
  }

 private:
  static std::vector<OpenPair> open_pairs(std::int64_t graph_id, std::int64_t job_id) {
    const Rows rows = execute_generic(
        "SELECT d.decision_id, d.key_a, d.key_b, d.asked FROM kg_batch_internal.decision d WHERE d.graph_id = $1 AND d.verdict = 'open' "
        "AND d.request_id IS NULL AND (d.job_id = $2 OR d.job_id IS NULL) AND d.made_by = 'model' "
        "ORDER BY d.asked, d.key_a, d.key_b LIMIT $3 FOR NO KEY UPDATE",
        {graph_id, job_id, most_pairs_a_claim});
    std::vector<OpenPair> pairs;
    for (std::size_t i = 0; i < rows.size(); ++i)
      pairs.push_back({rows.integer(i, 0), rows.text(i, 1), rows.text(i, 2), static_cast<int>(rows.integer(i, 3))});
    return pairs;
  }

  static Inquiry question_of(const std::vector<OpenPair>& pairs, Sides& sides, Asked& shown) {
    Inquiry inquiry;
    std::vector<MergePair> asked;
    for (const OpenPair& pair : pairs) {
      asked.push_back({static_cast<int>(asked.size()) + 1, *sides.find(pair.a), *sides.find(pair.b)});
      inquiry.items.push_back(pair.decision_id);
      shown.decisions.push_back(pair.decision_id);
      shown.evidence.push_back(sides.mentions_of(pair.a) + sides.mentions_of(pair.b));
      for (const std::string& key : {pair.a, pair.b})
        for (const auto& [chunk_id, fact] : sides.facts_of(key)) {
          shown.fact_decisions.push_back(pair.decision_id);
          shown.fact_chunks.push_back(chunk_id);
          shown.fact_numbers.push_back(fact);
        }
    }
    inquiry.document = KgMerge::question(asked);
    inquiry.max_output = KgMerge::max_output_tokens(asked.size());
    return inquiry;
  }

  static void note_shown(std::int64_t graph_id, const Asked& shown) {
    execute_generic("UPDATE kg_batch_internal.decision d SET evidence = u.evidence "
            "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3) AS o (id, evidence) OFFSET 0) u "
            "WHERE d.graph_id = u.graph_id AND d.decision_id = u.id AND d.evidence <> u.evidence",
            {graph_id, shown.decisions, shown.evidence});
    execute_generic("DELETE FROM kg_batch_internal.decision_fact f USING (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
            "WHERE f.graph_id = u.graph_id AND f.decision_id = u.id",
            {graph_id, shown.decisions});
    execute_generic("INSERT INTO kg_batch_internal.decision_fact (graph_id, decision_id, chunk_id, fact) "
            "SELECT $1, u.* FROM unnest($2, $3, $4) AS u ON CONFLICT DO NOTHING",
            {graph_id, shown.fact_decisions, shown.fact_chunks, shown.fact_numbers});
  }

  // What a model is not sure enough of stays as it is, in `review`, like what it
  // said itself that it is unsure of.
  static void write(std::int64_t graph_id, const std::vector<stages::MergeDecision>& decisions, const std::vector<std::int64_t>& items,
                    const JobOptions& options) {
    const int enough = static_cast<int>(options.merge_confidence * 1000 + 0.5);
    std::vector<std::int64_t> ids;
    std::vector<std::string> verdicts, reasons;
    std::vector<int> confidences;
    for (const auto& decision : decisions) {
      ids.push_back(items[static_cast<std::size_t>(decision.pair - 1)]);
      const bool too_little = decision.verdict == stages::Verdict::same && decision.confidence < enough;
      verdicts.emplace_back(too_little ? "unsure" : stages::verdicts[static_cast<std::size_t>(decision.verdict)]);
      reasons.push_back((too_little ? "same, but less sure than merge_confidence: " : "") + decision.reason);
      confidences.push_back(decision.confidence);
    }
    if (ids.empty()) return;
    execute_generic(
        "UPDATE kg_batch_internal.decision d SET verdict = u.verdict, confidence = u.confidence, reason = NULLIF(u.reason, ''), error = NULL, "
        " to_apply = u.verdict <> 'unsure', at = pg_catalog.clock_timestamp() "
        "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3, $4, $5) AS o (id, verdict, confidence, reason) OFFSET 0) u "
        "WHERE d.graph_id = u.graph_id AND d.decision_id = u.id AND d.verdict = 'open'",
        {graph_id, ids, verdicts, confidences, reasons});
  }
};

}  // namespace

const InquirySort& merge_questions() {
  static const MergeQuestions sort;
  return sort;
}

void note_open_pairs(std::int64_t graph_id, std::int64_t job_id, const std::vector<std::string>& as, const std::vector<std::string>& bs,
                     const std::vector<std::int64_t>& evidence) {
  std::optional<std::int64_t> payer;
  if (job_id != 0) payer = job_id;
  if (!as.empty())
    execute_generic("INSERT INTO kg_batch_internal.decision AS d (graph_id, key_a, key_b, made_by, verdict, evidence, job_id) "
            "SELECT $1, u.a::uuid, u.b::uuid, 'model', 'open', u.evidence, $5 FROM unnest($2, $3, $4) AS u (a, b, evidence) ORDER BY 2, 3 "
            "ON CONFLICT (graph_id, key_a, key_b) WHERE made_by = 'model' DO UPDATE SET verdict = 'open', evidence = EXCLUDED.evidence, "
            " job_id = EXCLUDED.job_id, request_id = NULL, asked = 0, error = NULL, reason = NULL "
            "WHERE d.verdict = 'unsure' AND EXCLUDED.evidence >= 2 * GREATEST(d.evidence, 1)",
            {graph_id, as, bs, evidence, payer});
  put_up_open(graph_id, job_id);
}

void set_barred(std::int64_t graph_id, const std::vector<BarredPair>& pairs) {
  std::vector<std::string> as, bs, reasons;
  for (const BarredPair& pair : pairs) {
    as.push_back(pair.a);
    bs.push_back(pair.b);
    reasons.push_back(pair.by);
  }
  execute_generic("UPDATE kg_batch_internal.decision d SET barred = NULLIF(u.by, '') "
          "FROM (SELECT $1 AS graph_id, o.a::uuid AS a, o.b::uuid AS b, o.by FROM unnest($2, $3, $4) AS o (a, b, by) OFFSET 0) u "
          "WHERE d.graph_id = u.graph_id AND d.key_a = u.a AND d.key_b = u.b AND d.made_by = 'model' AND COALESCE(d.barred, '') <> u.by",
          {graph_id, as, bs, reasons});
}

void reopen_doubled(std::int64_t graph_id, std::int64_t job_id, const std::vector<std::string>& keys) {
  std::optional<std::int64_t> payer;
  if (job_id != 0) payer = job_id;
  execute_generic("WITH unsure AS MATERIALIZED (SELECT DISTINCT d.decision_id, d.key_a, d.key_b, d.evidence FROM unnest($2::uuid[]) AS u (key) CROSS JOIN LATERAL ("
          "  SELECT * FROM kg_batch_internal.decision x WHERE x.graph_id = $1 AND x.key_a = u.key "
          "  UNION ALL SELECT * FROM kg_batch_internal.decision x WHERE x.graph_id = $1 AND x.key_b = u.key) d "
          "  WHERE d.verdict = 'unsure' AND d.made_by = 'model'), "
          "grown AS MATERIALIZED (SELECT $1 AS graph_id, s.decision_id, s.evidence, "
          "  (SELECT i.mentions FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = s.key_a) "
          "  + (SELECT i.mentions FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.key = s.key_b) AS mentions FROM unsure s) "
          "UPDATE kg_batch_internal.decision d SET verdict = 'open', evidence = g.mentions, job_id = $3, request_id = NULL, asked = 0, "
          " error = NULL, reason = NULL FROM grown g "
          "WHERE d.graph_id = g.graph_id AND d.decision_id = g.decision_id AND g.mentions >= 2 * GREATEST(g.evidence, 1)",
          {graph_id, keys, payer});
}

void take_decisions(std::int64_t graph_id) {
  const Rows rows = execute_generic(
      "UPDATE kg_batch_internal.decision SET to_apply = false WHERE graph_id = $1 AND to_apply RETURNING key_a, key_b", {graph_id});
  std::set<std::string> keys;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    keys.insert(rows.text(i, 0));
    keys.insert(rows.text(i, 1));
  }
  if (!keys.empty()) mark_unresolved(graph_id, {keys.begin(), keys.end()});
}

}  // namespace kg_batch::store
