#include "store/predicate_questions.h"

#include "store/inquiry.h"

#include <algorithm>
#include <map>
#include <set>

#include "backend/bridge.h"
#include "backend/spi.h"
#include "stages/call_sizes.h"
#include "stages/decisions.h"
#include "store/statement_resolution.h"

namespace kg_batch::store {

using backend::execute;
using backend::execute_generic;
using backend::Rows;
using stages::CanonicalName;
using stages::KgPredicate;
using stages::PredicateMapping;
using stages::PredicateName;

namespace {

constexpr int most_words_a_claim = 600;
// Statements among which the example is looked for: a word that is in 100,000 of
// them costs what one of a few hundred does.
constexpr int most_statements = 200;

struct OpenWord {
  std::int64_t mapping_id = 0;
  std::string sort;  // kind or role
  std::string name;
  int asked = 0;
  std::string example;
};

class PredicateQuestions final : public InquirySort {
 public:
  std::string_view stage() const override { return KgPredicate::name; }
  std::string body(const BodyParts& parts, const stages::Json& document) const override { return chat_body(KgPredicate::name, KgPredicate::schema(), parts, document); }

  std::vector<Inquiry> gather(std::int64_t graph_id, std::int64_t job_id) const override {
    std::vector<OpenWord> words = open_words(graph_id, job_id);
    if (words.empty()) return {};
    show_examples(graph_id, words);
    std::vector<Inquiry> inquiries;
    // Kinds and roles are asked apart: their canonical names are.
    for (auto word = words.begin(); word != words.end();) {
      const auto end = std::find_if(word, words.end(), [&](const OpenWord& other) { return other.sort != word->sort; });
      const std::vector<CanonicalName> canonical = canonical_names(word->sort);
      std::vector<int> asked;
      for (auto one = word; one != end; ++one) asked.push_back(one->asked);
      for (const std::size_t size : stages::call_sizes(asked, KgPredicate::usual_a_call, KgPredicate::most_a_call)) {
        const auto next = word + static_cast<std::ptrdiff_t>(size);
        inquiries.push_back(question_of({word, next}, canonical));
        word = next;
      }
    }
    return inquiries;
  }

  void set_asked(std::int64_t graph_id, std::int64_t job_id, const Inquiry& inquiry, std::int64_t request_id) const override {
    execute_generic(
        "UPDATE kg_batch_internal.predicate_mapping m SET state = 'asked', request_id = $3, job_id = $4 "
        "FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
        "WHERE m.graph_id = u.graph_id AND m.mapping_id = u.id AND m.state = 'open'",
        {graph_id, inquiry.items, request_id, job_id});
  }

  Concluded read(std::int64_t graph_id, std::string_view answer, const Inquiry& inquiry, const JobOptions& options) const override {
    // As they were asked: the lists may have grown since.
    std::vector<PredicateName> asked;
    for (const stages::Json& name : inquiry.document["names"])
      asked.push_back({name["id"].get<int>(), name["name"].get<std::string>(), ""});
    std::vector<CanonicalName> canonical;
    for (const stages::Json& name : inquiry.document["canonical"]) canonical.push_back({name["name"].get<std::string>(), ""});
    const auto result = KgPredicate::read(answer, asked, canonical);
    Concluded concluded;
    if (const auto* bad = std::get_if<stages::BadAnswer>(&result)) {
      concluded.unusable = bad->reason;
      return concluded;
    }
    const auto& decided = std::get<stages::Decided<PredicateMapping>>(result);
    concluded.rejected = decided.rejected;
    concluded.is_whole = decided.unanswered.empty();
    concluded.changes_graph = write(graph_id, decided.decisions, inquiry.items, options);
    std::vector<std::int64_t> unanswered;
    for (const int id : decided.unanswered) unanswered.push_back(inquiry.items[static_cast<std::size_t>(id - 1)]);
    without_answer(graph_id, unanswered, "the answer said nothing of this word that could be used", options.max_attempts);
    return concluded;
  }

  void without_answer(std::int64_t graph_id, const std::vector<std::int64_t>& items, const std::string& reason, int max_attempts) const override {
    if (items.empty()) return;
    execute_generic(
        "UPDATE kg_batch_internal.predicate_mapping m SET request_id = NULL, asked = m.asked + 1, "
        " state = CASE WHEN m.asked + 1 >= $4 THEN 'kept' ELSE 'open' END, error = CASE WHEN m.asked + 1 >= $4 THEN $3 END, "
        " at = pg_catalog.clock_timestamp() "
        "FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
        "WHERE m.graph_id = u.graph_id AND m.mapping_id = u.id AND m.state IN ('open', 'asked')",
        {graph_id, items, reason, max_attempts});
  }

  void set_open(std::int64_t graph_id, const std::vector<std::int64_t>& items) const override {
    execute_generic(
        "UPDATE kg_batch_internal.predicate_mapping m SET state = 'open', request_id = NULL "
        "FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
        "WHERE m.graph_id = u.graph_id AND m.mapping_id = u.id AND m.state = 'asked'",
        {graph_id, items});
  }

  void lock_open(std::int64_t graph_id, std::int64_t job_id) const override {
    execute_generic("SELECT FROM kg_batch_internal.predicate_mapping WHERE graph_id = $1 AND ($2 = 0 OR job_id = $2) AND state IN ('open', 'asked') "
            "ORDER BY sort, asked, name FOR NO KEY UPDATE",
            {graph_id, job_id});
  }

  void leave(std::int64_t graph_id, std::int64_t job_id) const override {
    execute_generic("UPDATE kg_batch_internal.predicate_mapping SET job_id = NULL WHERE graph_id = $1 AND job_id = $2 AND state = 'open'", {graph_id, job_id});
  }

  std::int64_t reopen_given_up(std::int64_t graph_id, std::int64_t job_id) const override {
    const Rows rows = execute_generic(
        "UPDATE kg_batch_internal.predicate_mapping SET state = 'open', error = NULL, asked = 0, request_id = NULL, job_id = $2 "
        "WHERE graph_id = $1 AND (job_id = $2 AND error IS NOT NULL "
        // What was not asked when the job was cancelled is nobody's since.
        " OR job_id IS NULL AND state = 'open' AND (SELECT j.state FROM kg_batch_internal.job j "
        "  WHERE j.graph_id = $1 AND j.job_id = $2) = 'cancelled') RETURNING 1",
        {graph_id, job_id});
    return static_cast<std::int64_t>(rows.size());
  }

  // A word was decided on by its example. What it stood for it no longer does until
  // it was asked about with another.
  Forgotten forget(std::int64_t graph_id, const Gone& gone) const override {
    // Whoever is about to ask ends first, and its example is seen.
    execute_generic("SELECT FROM kg_batch_internal.predicate_mapping m WHERE m.graph_id = $1 AND m.state = 'open' ORDER BY m.sort, m.asked, m.name FOR NO KEY UPDATE",
            {graph_id});
    const Rows touched = execute_generic(
        // A cancelled job pays for nothing more: they are whose round comes next.
        "WITH touched AS MATERIALIZED (SELECT m.graph_id, m.mapping_id, m.request_id, (SELECT j.job_id FROM kg_batch_internal.job j "
        "   WHERE j.graph_id = $1 AND j.job_id = m.job_id AND j.state <> 'cancelled') AS job_id FROM kg_batch_internal.predicate_mapping m "
        "  WHERE m.graph_id = $1 AND m.chunk_id = ANY ($2) AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.fact f WHERE f.graph_id = $1 "
        "   AND f.chunk_id = m.chunk_id AND f.n = m.fact) = 0), "
        "opened AS (UPDATE kg_batch_internal.predicate_mapping m SET state = 'open', canonical = NULL, inverse = false, confidence = NULL, reason = NULL, "
        "  error = NULL, asked = 0, to_apply = m.to_apply OR m.state = 'mapped', request_id = NULL, job_id = t.job_id, chunk_id = NULL, fact = NULL, "
        "  at = pg_catalog.clock_timestamp() FROM touched t WHERE m.graph_id = t.graph_id AND m.mapping_id = t.mapping_id) "
        "SELECT DISTINCT COALESCE(request_id, 0), COALESCE(job_id, 0) FROM touched ORDER BY 1, 2",
        {graph_id, gone.chunks});
    Forgotten forgotten;
    for (std::size_t i = 0; i < touched.size(); ++i) {
      if (touched.integer(i, 0) != 0) forgotten.requests.insert(touched.integer(i, 0));
      if (touched.integer(i, 1) != 0) forgotten.jobs.insert(touched.integer(i, 1));
    }
    return forgotten;
  }

 private:
  static std::vector<OpenWord> open_words(std::int64_t graph_id, std::int64_t job_id) {
    const Rows rows = execute_generic(
        "SELECT m.mapping_id, m.sort, m.name, m.asked FROM kg_batch_internal.predicate_mapping m WHERE m.graph_id = $1 AND m.state = 'open' "
        "AND (m.job_id = $2 OR m.job_id IS NULL) ORDER BY m.sort, m.asked, m.name LIMIT $3 FOR NO KEY UPDATE",
        {graph_id, job_id, most_words_a_claim});
    std::vector<std::int64_t> ids;
    for (std::size_t i = 0; i < rows.size(); ++i) ids.push_back(rows.integer(i, 0));
    // What no statement uses any more is noted again if it comes back.
    const Rows unused = execute_generic(
        "DELETE FROM kg_batch_internal.predicate_mapping m USING (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
        "WHERE m.graph_id = u.graph_id AND m.mapping_id = u.id AND (SELECT pg_catalog.count(*) FROM (SELECT FROM kg_batch_internal.predicate_use p "
        " WHERE p.graph_id = $1 AND p.mapping_id = u.id LIMIT 1) x) = 0 RETURNING m.mapping_id",
        {graph_id, ids});
    std::set<std::int64_t> gone;
    for (std::size_t i = 0; i < unused.size(); ++i) gone.insert(unused.integer(i, 0));
    std::vector<OpenWord> words;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (!gone.contains(rows.integer(i, 0)))
        words.push_back({rows.integer(i, 0), rows.text(i, 1), rows.text(i, 2), static_cast<int>(rows.integer(i, 3)), ""});
    return words;
  }

  static Inquiry question_of(const std::vector<OpenWord>& words, const std::vector<CanonicalName>& canonical) {
    Inquiry inquiry;
    std::vector<PredicateName> asked;
    for (const OpenWord& word : words) {
      asked.push_back({static_cast<int>(asked.size()) + 1, word.name, word.example});
      inquiry.items.push_back(word.mapping_id);
    }
    inquiry.document = KgPredicate::question(asked, canonical);
    inquiry.max_output = KgPredicate::max_output_tokens(asked.size());
    return inquiry;
  }

  // The first fact, by the total order, whose statement uses the word.
  static void show_examples(std::int64_t graph_id, std::vector<OpenWord>& words) {
    std::vector<std::int64_t> ids;
    for (const OpenWord& word : words) ids.push_back(word.mapping_id);
    const Rows rows = execute_generic(
        "WITH shown AS MATERIALIZED (SELECT $1 AS graph_id, u.id, e.chunk_id, e.n, e.text FROM unnest($2) AS u (id) CROSS JOIN LATERAL ("
        "  SELECT m.chunk_id, t.n, t.text FROM (SELECT o.identity_id FROM kg_batch_internal.predicate_use o WHERE o.graph_id = $1 "
        "    AND o.mapping_id = u.id ORDER BY o.identity_id LIMIT $3) s "
        "  CROSS JOIN LATERAL (SELECT i.key FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.identity_id = s.identity_id OFFSET 0) i "
        "  CROSS JOIN LATERAL (SELECT o.chunk_id, o.facts, o.order_key FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 "
        "    AND o.key = i.key AND o.live ORDER BY o.order_key LIMIT 1) m "
        "  CROSS JOIN LATERAL (SELECT x.n, x.text FROM kg_batch_internal.fact x WHERE x.graph_id = $1 AND x.chunk_id = m.chunk_id "
        "    AND x.n = ANY (m.facts) AND x.live ORDER BY x.n LIMIT 1) t ORDER BY m.order_key LIMIT 1) e), "
        "noted AS (UPDATE kg_batch_internal.predicate_mapping p SET chunk_id = s.chunk_id, fact = s.n FROM shown s "
        "  WHERE p.graph_id = s.graph_id AND p.mapping_id = s.id) "
        "SELECT id, text FROM shown",
        {graph_id, ids, most_statements});
    std::map<std::int64_t, std::string> texts;
    for (std::size_t i = 0; i < rows.size(); ++i) texts.emplace(rows.integer(i, 0), rows.text(i, 1));
    for (OpenWord& word : words)
      if (const auto found = texts.find(word.mapping_id); found != texts.end()) word.example = found->second;
  }

  static std::vector<CanonicalName> canonical_names(const std::string& sort) {
    // Nothing means "other".
    const Rows rows = execute_generic(
        "SELECT DISTINCT ON (p.name) p.name, COALESCE(p.definition, '') FROM kg_batch_internal.predicate p "
        "WHERE p.sort = $1 AND p.name = p.canonical AND NOT (p.sort = 'role' AND p.name = 'other') ORDER BY p.name, p.shipped",
        {sort});
    std::vector<CanonicalName> names;
    for (std::size_t i = 0; i < rows.size(); ++i) names.push_back({rows.text(i, 0), rows.text(i, 1)});
    return names;
  }

  // What is not sure enough stays as it is. True when something stands for something
  // else now.
  static bool write(std::int64_t graph_id, const std::vector<PredicateMapping>& decisions, const std::vector<std::int64_t>& items,
                    const JobOptions& options) {
    if (decisions.empty()) return false;
    const int enough = static_cast<int>(options.merge_confidence * 1000 + 0.5);
    const Rows roles = execute_generic(
        "SELECT m.mapping_id FROM kg_batch_internal.predicate_mapping m WHERE m.graph_id = $1 AND m.mapping_id = ANY ($2) AND m.sort = 'role'",
        {graph_id, items});
    std::set<std::int64_t> is_role;
    for (std::size_t i = 0; i < roles.size(); ++i) is_role.insert(roles.integer(i, 0));
    const std::map<std::string, std::string> other_side = is_role.empty() ? std::map<std::string, std::string>{} : inverses();
    std::vector<std::int64_t> ids;
    std::vector<std::optional<std::string>> names, reasons;
    std::vector<bool> inverse;
    std::vector<int> confidences;
    for (const PredicateMapping& decision : decisions) {
      const std::int64_t id = items[static_cast<std::size_t>(decision.id - 1)];
      std::optional<std::string> name = decision.canonical, reason;
      bool from_the_other_end = decision.inverse;
      if (name && decision.confidence < enough) {
        reason = *name + ", but less sure than merge_confidence";
        name.reset();
      } else if (name && from_the_other_end && is_role.contains(id)) {
        const auto found = other_side.find(*name);
        if (found == other_side.end()) reason = "the other side of " + *name + ", which has no name";
        name = found == other_side.end() ? std::nullopt : std::optional(found->second);
        from_the_other_end = false;
      }
      ids.push_back(id);
      names.push_back(name);
      inverse.push_back(name && from_the_other_end);
      confidences.push_back(decision.confidence);
      reasons.push_back(reason);
    }
    const Rows mapped = execute_generic(
        "UPDATE kg_batch_internal.predicate_mapping m SET state = CASE WHEN u.canonical IS NULL THEN 'kept' ELSE 'mapped' END, "
        " canonical = u.canonical, inverse = u.inverse, confidence = u.confidence, reason = u.reason, error = NULL, "
        " to_apply = m.to_apply OR u.canonical IS NOT NULL, at = pg_catalog.clock_timestamp() "
        "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3, $4, $5, $6) AS o (id, canonical, inverse, confidence, reason) OFFSET 0) u "
        "WHERE m.graph_id = u.graph_id AND m.mapping_id = u.id AND m.state = 'asked' RETURNING m.to_apply",
        {graph_id, ids, names, inverse, confidences, reasons});
    for (std::size_t i = 0; i < mapped.size(); ++i)
      if (mapped.boolean(i, 0)) return true;
    return false;
  }

  static std::map<std::string, std::string> inverses() {
    const Rows rows = execute_generic(
        "SELECT DISTINCT ON (p.name) p.name, p.inverse FROM kg_batch_internal.predicate p WHERE p.sort = 'role' AND p.name = p.canonical "
        "AND p.inverse IS NOT NULL ORDER BY p.name, p.shipped");
    std::map<std::string, std::string> found;
    for (std::size_t i = 0; i < rows.size(); ++i) found.emplace(rows.text(i, 0), rows.text(i, 1));
    return found;
  }
};

}  // namespace

const InquirySort& predicate_questions() {
  static const PredicateQuestions sort;
  return sort;
}

void note_own_words(std::int64_t graph_id, std::int64_t job_id) {
  std::optional<std::int64_t> payer;
  if (job_id != 0) payer = job_id;
  execute(
      "WITH used AS MATERIALIZED (SELECT DISTINCT f.identity_id, w.sort, w.name FROM (SELECT i.identity_id, i.kind, i.roles "
      "  FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id IS NULL AND i.is_statement AND i.mentions > 0 OFFSET 0) f "
      " CROSS JOIN LATERAL (SELECT 'kind' COLLATE \"C\" AS sort, f.kind AS name UNION ALL SELECT 'role', o.role COLLATE \"C\" FROM unnest(f.roles) AS o (role)) w "
      " WHERE w.name <> '' AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.predicate p WHERE p.sort = w.sort AND p.name = w.name) = 0), "
      "names AS MATERIALIZED (SELECT DISTINCT sort, name FROM used), "
      "there AS MATERIALIZED (SELECT n.sort, n.name, m.mapping_id FROM names n CROSS JOIN LATERAL (SELECT o.mapping_id "
      "  FROM kg_batch_internal.predicate_mapping o WHERE o.graph_id = $1 AND o.sort = n.sort AND o.name = n.name OFFSET 0) m), "
      "made AS (INSERT INTO kg_batch_internal.predicate_mapping (graph_id, sort, name, job_id) SELECT $1, n.sort, n.name, $2 FROM names n "
      "  WHERE (n.sort, n.name) NOT IN (SELECT t.sort, t.name FROM there t) ORDER BY n.sort, n.name RETURNING sort, name, mapping_id), "
      // The mapping of each use by sorting, since neither side has an index: the planner
      // takes each for a row or two, and would compare all with all.
      "known AS MATERIALIZED (SELECT * FROM there UNION ALL SELECT * FROM made), "
      "found AS (SELECT b.identity_id, pg_catalog.max(b.mapping_id) OVER (PARTITION BY b.sort, b.name) AS mapping_id FROM ("
      "  SELECT sort, name, identity_id, NULL::bigint AS mapping_id FROM used UNION ALL SELECT sort, name, NULL, mapping_id FROM known) b) "
      "INSERT INTO kg_batch_internal.predicate_use (graph_id, mapping_id, identity_id) "
      "SELECT $1, f.mapping_id, f.identity_id FROM found f WHERE f.identity_id IS NOT NULL AND f.mapping_id IS NOT NULL ORDER BY 2, 3 ON CONFLICT DO NOTHING",
      {graph_id, payer});
  put_up_open(graph_id, job_id);
}

std::vector<std::string> take_mappings(std::int64_t graph_id) {
  const Rows rows = execute_generic(
      "WITH changed AS (UPDATE kg_batch_internal.predicate_mapping SET to_apply = false WHERE graph_id = $1 AND to_apply RETURNING mapping_id), "
      "which AS MATERIALIZED (SELECT mapping_id FROM changed) "
      "SELECT DISTINCT i.key FROM which w CROSS JOIN LATERAL (SELECT o.identity_id FROM kg_batch_internal.predicate_use o "
      "  WHERE o.graph_id = $1 AND o.mapping_id = w.mapping_id OFFSET 0) p "
      "CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.identity_id = p.identity_id OFFSET 0) i",
      {graph_id});
  if (rows.empty()) return {};
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < rows.size(); ++i) keys.push_back(rows.text(i, 0));
  return free_statements(graph_id, keys);
}

}  // namespace kg_batch::store
