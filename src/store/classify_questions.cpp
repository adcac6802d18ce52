#include "store/classify_questions.h"

#include "store/inquiry.h"

#include <algorithm>
#include <map>
#include <set>

#include "backend/bridge.h"
#include "backend/spi.h"
#include "stages/call_sizes.h"
#include "stages/decisions.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;
using stages::KgClassify;
using stages::KindToClassify;

namespace {

constexpr int most_kinds_a_claim = 100;
// Mentions of a kind that are looked at, first by the total order.
constexpr int most_mentions = 200;
// Of the candidates of a kind, beside the root, where embeddings have any.
constexpr int most_near_taxa = 3;
constexpr std::size_t most_by_words = 5;

struct OpenKind {
  std::int64_t kind_id = 0;
  int asked = 0;
  KindToClassify question;
  std::set<std::int64_t> chunks;  // of which it shows something
};

// A change of the taxonomy that is under way ends first, or waits.
void share_taxonomy(std::int64_t graph_id) {
  execute_generic("SELECT FROM kg_batch_internal.graph WHERE graph_id = $1 FOR SHARE", {graph_id});
}

#define FIRST_MENTIONS                                                                                                         \
  "first AS MATERIALIZED (SELECT a.nth, m.* FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS a (type, category, nth) "     \
  " CROSS JOIN LATERAL (SELECT o.chunk_id, o.facts, o.order_key, o.label COLLATE \"C\" AS label FROM kg_batch_internal.node_mention o " \
  "  WHERE o.graph_id = $1 AND o.type = a.type AND o.category_key = a.category AND o.live ORDER BY o.order_key, o.label COLLATE \"C\" LIMIT $4) m)"

// What the nodes of these kinds are called and what is said of them: what was said
// first by the total order, so that it does not depend on when it is asked where
// nothing earlier comes in.
class Evidence {
 public:
  Evidence(std::int64_t graph_id, std::int64_t job_id, std::vector<OpenKind>& kinds) : graph_id_(graph_id), job_id_(job_id), kinds_(kinds) {
    for (const OpenKind& kind : kinds) {
      types_.push_back(kind.question.type);
      categories_.push_back(kind.question.category);
    }
    load_labels();
    load_facts();
    load_candidates();
  }

 private:
  OpenKind& nth(const Rows& rows, std::size_t row) { return kinds_[static_cast<std::size_t>(rows.integer(row, 0) - 1)]; }

  void load_labels() {
    const Rows rows = execute_generic(
        "WITH " FIRST_MENTIONS " SELECT nth, label, chunk_id FROM (SELECT d.*, pg_catalog.row_number() OVER (PARTITION BY nth ORDER BY order_key, label) AS place "
        "  FROM (SELECT DISTINCT ON (f.nth, f.label) f.nth, f.label, f.order_key, f.chunk_id FROM first f ORDER BY f.nth, f.label, f.order_key) d) ranked "
        "WHERE place <= $5 ORDER BY nth, place",
        {graph_id_, types_, categories_, most_mentions, static_cast<int>(KgClassify::most_labels)});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      nth(rows, i).question.labels.push_back(rows.text(i, 1));
      nth(rows, i).chunks.insert(rows.integer(i, 2));
    }
  }

  void load_facts() {
    const Rows rows = execute_generic(
        "WITH " FIRST_MENTIONS " SELECT nth, text, chunk_id FROM (SELECT d.*, pg_catalog.row_number() OVER (PARTITION BY nth ORDER BY order_key, text) AS place FROM ("
        "  SELECT DISTINCT ON (f.nth, t.text) f.nth, t.text, f.order_key, f.chunk_id FROM first f CROSS JOIN LATERAL unnest(f.facts) AS q (fact) "
        "  CROSS JOIN LATERAL (SELECT x.text COLLATE \"C\" AS text FROM kg_batch_internal.fact x "
        "   WHERE x.graph_id = $1 AND x.chunk_id = f.chunk_id AND x.n = q.fact AND x.live OFFSET 0) t "
        "  ORDER BY f.nth, t.text, f.order_key) d) ranked WHERE place <= $5 ORDER BY nth, place",
        {graph_id_, types_, categories_, most_mentions, static_cast<int>(KgClassify::most_facts)});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      nth(rows, i).question.facts.push_back(rows.text(i, 1));
      nth(rows, i).chunks.insert(rows.integer(i, 2));
    }
  }

  void load_candidates() {
    std::vector<std::int64_t> places;
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < kinds_.size(); ++i)
      for (const std::string& label : kinds_[i].question.labels) {
        places.push_back(static_cast<std::int64_t>(i) + 1);
        labels.push_back(label);
      }
    const Rows rows = execute_generic(
        "SELECT nth, taxon_id, path FROM kg_batch_internal.candidate_taxa($1, $2, $3, $4, $5) ORDER BY nth, rank",
        {graph_id_, types_, categories_, places, labels});
    for (std::size_t i = 0; i < rows.size(); ++i) nth(rows, i).question.candidates.push_back({rows.integer(i, 1), rows.text(i, 2)});
    add_near_taxa();
  }

  // What embeddings find comes before the worst of what words find, the root last as ever.
  void add_near_taxa() {
    const Rows rows = execute_generic(
        "SELECT a.nth, t.taxon_id, t.path FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS a (type, category, nth) "
        "CROSS JOIN LATERAL kg_batch_internal.near_taxa($1, $4, a.type, a.category, $5) WITH ORDINALITY AS t (taxon_id, path, place) ORDER BY a.nth, t.place",
        {graph_id_, types_, categories_, job_id_, most_near_taxa});
    std::map<std::int64_t, std::vector<stages::TaxonCandidate>> near;
    for (std::size_t i = 0; i < rows.size(); ++i) near[rows.integer(i, 0)].push_back({rows.integer(i, 1), rows.text(i, 2)});
    for (auto& [nth, taxa] : near) {
      std::vector<stages::TaxonCandidate>& candidates = kinds_[static_cast<std::size_t>(nth - 1)].question.candidates;
      std::erase_if(taxa, [&](const stages::TaxonCandidate& taxon) {
        return std::any_of(candidates.begin(), candidates.end(), [&](const auto& candidate) { return candidate.taxon == taxon.taxon; });
      });
      if (candidates.empty() || taxa.empty()) continue;
      const std::size_t by_words = std::min(candidates.size() - 1, most_by_words);
      candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(by_words), candidates.end() - 1);
      candidates.insert(candidates.end() - 1, taxa.begin(), taxa.end());
    }
  }

  const std::int64_t graph_id_, job_id_;
  std::vector<OpenKind>& kinds_;
  std::vector<std::string> types_, categories_;
};

// The candidates that the answer may choose among, out of the document.
std::vector<KindToClassify> asked_in(const stages::Json& document, std::size_t count) {
  std::vector<KindToClassify> asked(count);
  for (std::size_t i = 0; i < count; ++i) asked[i].id = static_cast<int>(i) + 1;
  if (!document.is_object() || !document.contains("kinds") || document["kinds"].size() != count) return asked;
  for (std::size_t i = 0; i < count; ++i)
    for (const stages::Json& candidate : document["kinds"][i]["candidates"])
      asked[i].candidates.push_back({candidate["taxon"].get<std::int64_t>(), candidate["path"].get<std::string>()});
  return asked;
}

class ClassifyQuestions final : public InquirySort {
 public:
  std::string_view stage() const override { return KgClassify::name; }
  std::string body(const BodyParts& parts, const stages::Json& document) const override { return chat_body(KgClassify::name, KgClassify::schema(), parts, document); }

  std::vector<Inquiry> gather(std::int64_t graph_id, std::int64_t job_id) const override {
    share_taxonomy(graph_id);
    std::vector<OpenKind> kinds = open_kinds(graph_id, job_id);
    if (kinds.empty()) return {};
    Evidence(graph_id, job_id, kinds);
    drop_unsaid(graph_id, kinds);
    std::vector<int> asked;
    for (const OpenKind& kind : kinds) asked.push_back(kind.asked);
    std::vector<Inquiry> inquiries;
    auto kind = kinds.begin();
    for (const std::size_t size : stages::call_sizes(asked, KgClassify::usual_a_call, KgClassify::most_a_call)) {
      Inquiry inquiry;
      std::vector<KindToClassify> questions;
      for (const auto end = kind + static_cast<std::ptrdiff_t>(size); kind != end; ++kind) {
        kind->question.id = static_cast<int>(questions.size()) + 1;
        questions.push_back(std::move(kind->question));
        inquiry.items.push_back(kind->kind_id);
        for (const std::int64_t chunk : kind->chunks) inquiry.shown.emplace_back(kind->kind_id, chunk);
      }
      inquiry.document = KgClassify::question(questions);
      inquiry.max_output = KgClassify::max_output_tokens(questions.size());
      inquiries.push_back(std::move(inquiry));
    }
    return inquiries;
  }

  void set_asked(std::int64_t graph_id, std::int64_t job_id, const Inquiry& inquiry, std::int64_t request_id) const override {
    execute_generic(
        "UPDATE kg_batch_internal.kind k SET request_id = $3, job_id = $4 "
        "FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u WHERE k.graph_id = u.graph_id AND k.kind_id = u.id",
        {graph_id, inquiry.items, request_id, job_id});
    std::vector<std::int64_t> kinds, chunks;
    for (const auto& [kind, chunk] : inquiry.shown) {
      kinds.push_back(kind);
      chunks.push_back(chunk);
    }
    execute_generic(
        "INSERT INTO kg_batch_internal.kind_shown (graph_id, kind_id, request_id, chunk_id) "
        "SELECT $1, u.kind_id, $4, u.chunk_id FROM unnest($2, $3) AS u (kind_id, chunk_id) ON CONFLICT DO NOTHING",
        {graph_id, kinds, chunks, request_id});
  }

  Concluded read(std::int64_t graph_id, std::string_view answer, const Inquiry& inquiry, const JobOptions& options) const override {
    const auto result = KgClassify::read(answer, asked_in(inquiry.document, inquiry.items.size()));
    Concluded concluded;
    if (const auto* bad = std::get_if<stages::BadAnswer>(&result)) {
      concluded.unusable = bad->reason;
      return concluded;
    }
    const auto& decided = std::get<stages::Decided<stages::KindChoice>>(result);
    concluded.rejected = decided.rejected;
    std::vector<std::int64_t> unanswered, kinds, taxa;
    std::vector<int> confidences;
    std::vector<std::optional<std::string>> suggestions;
    for (const int id : decided.unanswered) unanswered.push_back(inquiry.items[static_cast<std::size_t>(id - 1)]);
    share_taxonomy(graph_id);
    for (const stages::KindChoice& choice : decided.decisions) {
      kinds.push_back(inquiry.items[static_cast<std::size_t>(choice.kind - 1)]);
      taxa.push_back(choice.taxon);
      confidences.push_back(choice.confidence);
      suggestions.push_back(choice.suggestion);
    }
    const std::vector<std::int64_t> lost =
        execute_generic("SELECT kg_batch_internal.file_kinds_by_model($1, $2, $3, $4, $5)", {graph_id, kinds, taxa, confidences, suggestions}).column(0);
    without_answer(graph_id, unanswered, "the answer said nothing of this kind that could be used", options.max_attempts);
    without_answer(graph_id, lost, "the taxon that was chosen is gone meanwhile", options.max_attempts);
    concluded.is_whole = unanswered.empty();
    return concluded;
  }

  void without_answer(std::int64_t graph_id, const std::vector<std::int64_t>& items, const std::string& reason, int max_attempts) const override {
    if (items.empty()) return;
    execute_generic(
        "UPDATE kg_batch_internal.kind k SET request_id = NULL, asked = k.asked + 1, error = CASE WHEN k.asked + 1 >= $4 THEN $3 END, "
        " error_at = CASE WHEN k.asked + 1 >= $4 THEN pg_catalog.clock_timestamp() END "
        "FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
        "WHERE k.graph_id = u.graph_id AND k.kind_id = u.id AND k.taxon_id IS NULL",
        {graph_id, items, reason, max_attempts});
  }

  void set_open(std::int64_t graph_id, const std::vector<std::int64_t>& items) const override {
    execute_generic(
        "UPDATE kg_batch_internal.kind k SET request_id = NULL FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
        "WHERE k.graph_id = u.graph_id AND k.kind_id = u.id AND k.taxon_id IS NULL",
        {graph_id, items});
  }

  void lock_open(std::int64_t graph_id, std::int64_t job_id) const override {
    execute_generic("SELECT FROM kg_batch_internal.kind WHERE graph_id = $1 AND ($2 = 0 OR job_id = $2) AND taxon_id IS NULL "
            "ORDER BY asked, type COLLATE \"C\", category FOR NO KEY UPDATE",
            {graph_id, job_id});
  }

  void leave(std::int64_t graph_id, std::int64_t job_id) const override {
    execute_generic("UPDATE kg_batch_internal.kind SET job_id = NULL WHERE graph_id = $1 AND job_id = $2 AND taxon_id IS NULL AND request_id IS NULL AND error IS NULL",
            {graph_id, job_id});
  }

  std::int64_t reopen_given_up(std::int64_t graph_id, std::int64_t job_id) const override {
    const Rows rows = execute_generic(
        "UPDATE kg_batch_internal.kind SET error = NULL, error_at = NULL, asked = 0, request_id = NULL, job_id = $2 "
        "WHERE graph_id = $1 AND taxon_id IS NULL AND (job_id = $2 AND error IS NOT NULL "
        // What was not asked when the job was cancelled is nobody's since.
        " OR job_id IS NULL AND request_id IS NULL AND error IS NULL AND (SELECT j.state FROM kg_batch_internal.job j "
        "  WHERE j.graph_id = $1 AND j.job_id = $2) = 'cancelled') RETURNING 1",
        {graph_id, job_id});
    return static_cast<std::int64_t>(rows.size());
  }

  // Of a kind that a question showed something of these chunks for, nothing was said;
  // one that stands on others alone stays where it is.
  Forgotten forget(std::int64_t graph_id, const Gone& gone) const override {
    Forgotten forgotten;
    const Rows quoted = execute_generic(
        "DELETE FROM kg_batch_internal.kind_shown s WHERE s.graph_id = $1 AND s.chunk_id = ANY ($2) RETURNING s.kind_id, s.request_id",
        {graph_id, gone.chunks});
    if (quoted.empty()) return forgotten;
    std::vector<std::int64_t> kinds, requests;
    for (std::size_t i = 0; i < quoted.size(); ++i) {
      kinds.push_back(quoted.integer(i, 0));
      requests.push_back(quoted.integer(i, 1));
      forgotten.requests.insert(quoted.integer(i, 1));
    }
    const Rows opened = execute_generic(
        "WITH quoted AS MATERIALIZED (SELECT DISTINCT $1 AS graph_id, u.kind_id, u.request_id FROM unnest($2, $3) AS u (kind_id, request_id)), "
        "others AS (DELETE FROM kg_batch_internal.kind_shown s USING quoted q "
        "  WHERE s.graph_id = q.graph_id AND s.kind_id = q.kind_id AND s.request_id = q.request_id), "
        "touched AS MATERIALIZED (SELECT DISTINCT k.graph_id, k.kind_id, k.suggestion_id, (SELECT j.job_id FROM kg_batch_internal.job j "
        "   WHERE j.graph_id = $1 AND j.job_id = k.job_id AND j.state <> 'cancelled') AS job_id "
        "  FROM quoted q CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.kind o WHERE o.graph_id = $1 AND o.kind_id = q.kind_id OFFSET 0) k "
        "  WHERE (k.taxon_id IS NULL OR k.decided_by = 'model') AND (k.request_id IS NULL OR k.request_id = q.request_id)), "
        "opened AS (UPDATE kg_batch_internal.kind k SET taxon_id = NULL, decided_by = NULL, confidence = NULL, suggestion_id = NULL, request_id = NULL, "
        "  asked = 0, error = NULL, error_at = NULL, job_id = t.job_id FROM touched t WHERE k.graph_id = t.graph_id AND k.kind_id = t.kind_id) "
        "SELECT DISTINCT COALESCE(job_id, 0), COALESCE(suggestion_id, 0) FROM touched ORDER BY 1, 2",
        {graph_id, kinds, requests});
    std::vector<std::int64_t> suggestions;
    for (std::size_t i = 0; i < opened.size(); ++i) {
      if (opened.integer(i, 0) != 0) forgotten.jobs.insert(opened.integer(i, 0));
      if (opened.integer(i, 1) != 0) suggestions.push_back(opened.integer(i, 1));
    }
    // A person's word on one stays; what was suggested for others too.
    execute_generic(
        "DELETE FROM kg_batch_internal.taxon_suggestion s WHERE s.graph_id = $1 AND s.suggestion_id = ANY ($2) AND s.state = 'waiting' "
        "AND NOT EXISTS (SELECT FROM kg_batch_internal.kind k WHERE k.graph_id = $1 AND k.suggestion_id = s.suggestion_id)",
        {graph_id, suggestions});
    return forgotten;
  }

 private:
  static std::vector<OpenKind> open_kinds(std::int64_t graph_id, std::int64_t job_id) {
    const Rows rows = execute_generic(
        "SELECT k.kind_id, k.asked, k.type, k.category FROM kg_batch_internal.kind k WHERE k.graph_id = $1 AND k.taxon_id IS NULL "
        "AND k.request_id IS NULL AND k.error IS NULL AND (k.job_id = $2 OR k.job_id IS NULL) "
        "ORDER BY k.asked, k.type COLLATE \"C\", k.category LIMIT $3 FOR NO KEY UPDATE",
        {graph_id, job_id, most_kinds_a_claim});
    std::vector<OpenKind> kinds;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      OpenKind kind;
      kind.kind_id = rows.integer(i, 0);
      kind.asked = static_cast<int>(rows.integer(i, 1));
      kind.question.type = rows.text(i, 2);
      kind.question.category = rows.text(i, 3);
      kinds.push_back(std::move(kind));
    }
    return kinds;
  }

  // Nothing that counts is of that kind any more: it is noted again if it comes back.
  static void drop_unsaid(std::int64_t graph_id, std::vector<OpenKind>& kinds) {
    std::vector<std::int64_t> unsaid;
    std::erase_if(kinds, [&](const OpenKind& kind) {
      if (kind.question.labels.empty()) unsaid.push_back(kind.kind_id);
      return kind.question.labels.empty();
    });
    if (!unsaid.empty()) execute_generic("DELETE FROM kg_batch_internal.kind WHERE graph_id = $1 AND kind_id = ANY ($2)", {graph_id, unsaid});
  }
};

}  // namespace

const InquirySort& classify_questions() {
  static const ClassifyQuestions sort;
  return sort;
}

void note_kinds(std::int64_t graph_id, std::int64_t job_id, const std::vector<std::int64_t>& chunks, const std::vector<std::string>& keys) {
  std::optional<std::int64_t> payer;
  if (job_id != 0) payer = job_id;
  const bool has_new = execute_generic("SELECT kg_batch_internal.note_kinds($1, $2, $3::uuid[], $4) > 0", {graph_id, chunks, keys, payer}).boolean(0, 0);
  if (has_new && payer) execute_generic("SELECT kg_batch_internal.note_taxonomy_texts($1, $2)", {graph_id, job_id});
  put_up_open(graph_id, job_id);
}

}  // namespace kg_batch::store
