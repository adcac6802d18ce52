#include "store/embedding_questions.h"

#include "store/inquiry.h"

#include <charconv>

#include "graph/sha256.h"
#include "openai/embeddings.h"
#include "stages/call_sizes.h"

#include "backend/bridge.h"
#include "backend/spi.h"

namespace kg_batch::store {

using backend::Bytes;
using backend::execute_generic;
using backend::Rows;

namespace {

constexpr std::size_t texts_a_call = 256;  // gather of batches (store/batch.cpp) counts on it
constexpr int most_texts_a_claim = 2'048;
// Enough to tell names apart, and a third of the room of what the model has. Other
// models and servers do not all know the parameter.
constexpr std::size_t dimensions = 512;
constexpr std::string_view takes_dimensions = "text-embedding-3";

bool has_pgvector() { return execute_generic("SELECT kg_batch_internal.vector_schema() IS NOT NULL").boolean(0, 0); }

// As PostgreSQL reads an array of real; the shortest digits that are this number.
std::string array_of(const std::vector<float>& vector) {
  std::string text = "{";
  char digits[32];
  for (const float x : vector) {
    if (text.size() > 1) text += ',';
    text.append(digits, std::to_chars(digits, digits + sizeof digits, x).ptr);
  }
  return text + "}";
}

class EmbeddingQuestions final : public InquirySort {
 public:
  std::string_view stage() const override { return embedding_stage; }
  bool is_chat() const override { return false; }
  const std::string& model(const JobOptions& options) const override { return options.embedding_model; }

  std::string body(const BodyParts& parts, const stages::Json& document) const override {
    const bool shorter = parts.model.compare(0, takes_dimensions.size(), takes_dimensions) == 0;
    return openai::embeddings_body(parts.model, document["texts"].get<std::vector<std::string>>(), openai::EncodingFormat::base64,
                                   shorter ? std::optional(dimensions) : std::nullopt);
  }

  std::vector<Inquiry> gather(std::int64_t graph_id, std::int64_t job_id) const override {
    // Dropped since they were noted: they wait for a job that names the model.
    if (!has_pgvector()) {
      leave(graph_id, job_id);
      return {};
    }
    const Rows rows = execute_generic(
        "SELECT e.embedding_id, e.asked, e.text FROM kg_batch_internal.embedding e WHERE e.graph_id = $1 AND e.job_id = $2 AND e.vector IS NULL "
        "AND e.request_id IS NULL AND e.error IS NULL ORDER BY e.asked, e.hash LIMIT $3 FOR NO KEY UPDATE",
        {graph_id, job_id, most_texts_a_claim});
    std::vector<int> asked;
    for (std::size_t i = 0; i < rows.size(); ++i) asked.push_back(static_cast<int>(rows.integer(i, 1)));
    std::vector<Inquiry> inquiries;
    std::size_t row = 0;
    for (const std::size_t size : stages::call_sizes(asked, texts_a_call, texts_a_call)) {
      Inquiry inquiry;
      inquiry.document = {{"task", "embed"}, {"texts", stages::Json::array()}};
      for (const std::size_t end = row + size; row < end; ++row) {
        inquiry.items.push_back(rows.integer(row, 0));
        inquiry.document["texts"].push_back(rows.text(row, 2));
      }
      inquiries.push_back(std::move(inquiry));
    }
    return inquiries;
  }

  void set_asked(std::int64_t graph_id, std::int64_t job_id, const Inquiry& inquiry, std::int64_t request_id) const override {
    execute_generic(
        "UPDATE kg_batch_internal.embedding e SET request_id = $3, job_id = $4 "
        "FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u WHERE e.graph_id = u.graph_id AND e.embedding_id = u.id",
        {graph_id, inquiry.items, request_id, job_id});
  }

  // A text whose thing was forgotten meanwhile has no row any more.
  Concluded read(std::int64_t graph_id, std::string_view answer, const Inquiry& inquiry, const JobOptions&) const override {
    Concluded concluded;
    const auto vectors = openai::unpack_vectors(answer);
    if (!vectors || vectors->size() != inquiry.items.size()) {
      concluded.unusable = !vectors ? "no vectors" : std::to_string(vectors->size()) + " embeddings for " + std::to_string(inquiry.items.size()) + " texts";
      return concluded;
    }
    std::vector<std::string> arrays;
    for (const auto& vector : *vectors) arrays.push_back(array_of(vector));
    execute_generic(
        "UPDATE kg_batch_internal.embedding e SET vector = u.vector::real[], text = NULL, to_compare = true, error = NULL, error_at = NULL "
        "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3) AS o (id, vector) OFFSET 0) u "
        "WHERE e.graph_id = u.graph_id AND e.embedding_id = u.id AND e.vector IS NULL",
        {graph_id, inquiry.items, arrays});
    concluded.changes_graph = true;
    return concluded;
  }

  void without_answer(std::int64_t graph_id, const std::vector<std::int64_t>& items, const std::string& reason, int max_attempts) const override {
    if (items.empty()) return;
    execute_generic(
        "UPDATE kg_batch_internal.embedding e SET request_id = NULL, asked = e.asked + 1, error = CASE WHEN e.asked + 1 >= $4 THEN $3 END, "
        " error_at = CASE WHEN e.asked + 1 >= $4 THEN pg_catalog.clock_timestamp() END "
        "FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
        "WHERE e.graph_id = u.graph_id AND e.embedding_id = u.id AND e.vector IS NULL",
        {graph_id, items, reason, max_attempts});
  }

  void set_open(std::int64_t graph_id, const std::vector<std::int64_t>& items) const override {
    execute_generic(
        "UPDATE kg_batch_internal.embedding e SET request_id = NULL FROM (SELECT $1 AS graph_id, o.id FROM unnest($2) AS o (id) OFFSET 0) u "
        "WHERE e.graph_id = u.graph_id AND e.embedding_id = u.id AND e.vector IS NULL",
        {graph_id, items});
  }

  void lock_open(std::int64_t graph_id, std::int64_t job_id) const override {
    execute_generic("SELECT FROM kg_batch_internal.embedding WHERE graph_id = $1 AND ($2 = 0 OR job_id = $2) AND vector IS NULL ORDER BY asked, hash FOR NO KEY UPDATE",
            {graph_id, job_id});
  }

  // Not whoever comes next: another job may name another model, or none. They wait
  // for one that names theirs.
  void leave(std::int64_t graph_id, std::int64_t job_id) const override {
    execute_generic(
        "UPDATE kg_batch_internal.embedding SET job_id = NULL WHERE graph_id = $1 AND job_id = $2 AND vector IS NULL AND request_id IS NULL AND error IS NULL",
        {graph_id, job_id});
  }

  std::int64_t reopen_given_up(std::int64_t graph_id, std::int64_t job_id) const override {
    if (!has_pgvector()) return 0;
    const Rows rows = execute_generic(
        "UPDATE kg_batch_internal.embedding e SET error = NULL, error_at = NULL, asked = 0, request_id = NULL, job_id = $2 "
        "WHERE e.graph_id = $1 AND e.vector IS NULL AND (e.job_id = $2 AND e.error IS NOT NULL "
        // What was not asked when the job was cancelled is nobody's since.
        " OR e.job_id IS NULL AND e.request_id IS NULL AND e.error IS NULL AND e.model = (SELECT j.options ->> 'embedding_model' "
        "  FROM kg_batch_internal.job j WHERE j.graph_id = $1 AND j.job_id = $2)) RETURNING 1",
        {graph_id, job_id});
    return static_cast<std::int64_t>(rows.size());
  }

  // Texts that are out and stand for one of these: others of their calls are asked
  // about again. A vector has no words; drop_unused_texts takes what nothing is
  // called by any more.
  Forgotten forget(std::int64_t graph_id, const Gone& gone) const override {
    const Rows out = execute_generic(
        "SELECT DISTINCT e.request_id, COALESCE(e.job_id, 0) FROM unnest($2::uuid[]) AS u (key) "
        "CROSS JOIN LATERAL (SELECT x.identity_id FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.key = u.key OFFSET 0) i "
        "CROSS JOIN LATERAL (SELECT x.embedding_id FROM kg_batch_internal.identity_text x WHERE x.graph_id = $1 AND x.identity_id = i.identity_id OFFSET 0) t "
        "CROSS JOIN LATERAL (SELECT x.* FROM kg_batch_internal.embedding x WHERE x.graph_id = $1 AND x.embedding_id = t.embedding_id OFFSET 0) e "
        "WHERE e.vector IS NULL AND e.request_id IS NOT NULL "
        // And kinds that nothing is of any more: their words are those of who was forgotten.
        "UNION SELECT e.request_id, COALESCE(e.job_id, 0) FROM kg_batch_internal.kind k CROSS JOIN LATERAL (SELECT x.* FROM kg_batch_internal.embedding x "
        "  WHERE x.graph_id = $1 AND x.hash = kg_batch_internal.hash_of_text(kg_batch_internal.text_of_kind(k.type, k.category)) OFFSET 0) e "
        "WHERE k.graph_id = $1 AND k.taxon_id IS NULL AND e.vector IS NULL AND e.request_id IS NOT NULL AND (SELECT pg_catalog.count(*) FROM ("
        "  SELECT FROM kg_batch_internal.node_mention m WHERE m.graph_id = $1 AND m.type = k.type AND m.category_key = k.category AND m.live LIMIT 1) one) = 0 "
        "ORDER BY 1, 2",
        {graph_id, gone.keys});
    Forgotten forgotten;
    for (std::size_t i = 0; i < out.size(); ++i) {
      forgotten.requests.insert(out.integer(i, 0));
      if (out.integer(i, 1) != 0) forgotten.jobs.insert(out.integer(i, 1));
    }
    return forgotten;
  }
};

}  // namespace

const InquirySort& embedding_questions() {
  static const EmbeddingQuestions sort;
  return sort;
}

void note_embedding_models(std::int64_t graph_id, const std::vector<std::int64_t>& chunks, const std::vector<std::string>& keys) {
  const bool wanted = execute_generic(
                          "SELECT kg_batch_internal.vector_schema() IS NOT NULL AND EXISTS (SELECT FROM kg_batch_internal.job j "
                          " WHERE j.graph_id = $1 AND COALESCE(j.options ->> 'embedding_model', '') <> '')",
                          {graph_id})
                          .boolean(0, 0);
  if (!wanted) return;
  execute_generic(
      "WITH mentions AS MATERIALIZED (SELECT m.key, m.chunk_id FROM unnest($2::bigint[]) AS c (chunk_id) CROSS JOIN LATERAL ("
      "   SELECT o.key, o.chunk_id FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.chunk_id = c.chunk_id AND o.live "
      "    AND NOT o.is_statement OFFSET 0) m "
      " UNION ALL SELECT m.key, m.chunk_id FROM unnest($3::uuid[]) AS k (key) CROSS JOIN LATERAL ("
      "   SELECT o.key, o.chunk_id FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.key = k.key AND o.live AND NOT o.is_statement OFFSET 0) m), "
      "jobs AS MATERIALIZED (SELECT DISTINCT m.key, (SELECT c.job_id FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.chunk_id = m.chunk_id) AS job_id "
      "  FROM mentions m), "
      "named AS MATERIALIZED (SELECT $1 AS graph_id, i.identity_id, o.model, pg_catalog.max(j.job_id) AS job_id FROM jobs j "
      "  CROSS JOIN LATERAL (SELECT x.options ->> 'embedding_model' AS model FROM kg_batch_internal.job x WHERE x.graph_id = $1 AND x.job_id = j.job_id OFFSET 0) o "
      "  CROSS JOIN LATERAL (SELECT x.identity_id FROM kg_batch_internal.identity x WHERE x.graph_id = $1 AND x.key = j.key OFFSET 0) i "
      "  WHERE o.model <> '' GROUP BY i.identity_id, o.model), "
      "put AS (INSERT INTO kg_batch_internal.identity_text AS t (graph_id, identity_id, model, job_id) SELECT graph_id, identity_id, model, job_id FROM named "
      "  ORDER BY identity_id, model ON CONFLICT (graph_id, identity_id, model) DO UPDATE SET job_id = EXCLUDED.job_id "
      "  WHERE t.job_id < EXCLUDED.job_id RETURNING t.graph_id, t.identity_id, t.embedding_id) "
      "UPDATE kg_batch_internal.identity i SET unresolved = true FROM put p WHERE i.graph_id = p.graph_id AND i.identity_id = p.identity_id "
      " AND p.embedding_id IS NULL AND NOT i.unresolved",
      {graph_id, chunks, keys});
}

void note_texts(std::int64_t graph_id, const std::vector<TextOfIdentity>& texts) {
  std::vector<std::int64_t> identities;
  std::vector<std::string> wanted;
  std::vector<graph::Sha256Digest> digests;
  std::vector<Bytes> hashes;
  digests.reserve(texts.size());
  for (const TextOfIdentity& one : texts) {
    identities.push_back(one.identity_id);
    wanted.push_back(one.text);
    digests.push_back(graph::sha256(one.text));
    hashes.push_back({{reinterpret_cast<const char*>(digests.back().data()), digests.back().size()}});
  }
  if (execute_generic("SELECT FROM kg_batch_internal.identity_text t WHERE t.graph_id = $1 AND t.identity_id = ANY ($2) LIMIT 1", {graph_id, identities})
          .processed() == 0)
    return;
  const Rows payers = execute_generic(
      "WITH called AS MATERIALIZED (SELECT t.model, u.hash, u.text, t.job_id FROM unnest($2, $3, $4) AS u (identity_id, text, hash) "
      "  CROSS JOIN LATERAL (SELECT x.model, x.job_id FROM kg_batch_internal.identity_text x WHERE x.graph_id = $1 AND x.identity_id = u.identity_id OFFSET 0) t "
      "  WHERE u.text <> ''), "
      "fresh AS MATERIALIZED (SELECT c.model, c.hash, pg_catalog.min(c.text COLLATE \"C\") AS text, pg_catalog.max(c.job_id) AS job_id FROM called c "
      "  GROUP BY c.model, c.hash), "
      "put AS (INSERT INTO kg_batch_internal.embedding AS e (graph_id, model, hash, text, job_id) "
      "  SELECT $1, f.model, f.hash, f.text, (SELECT j.job_id FROM kg_batch_internal.job j WHERE j.graph_id = $1 AND j.job_id = f.job_id AND j.state <> 'cancelled') "
      "  FROM fresh f ORDER BY f.model, f.hash ON CONFLICT (graph_id, model, hash) DO UPDATE SET job_id = EXCLUDED.job_id "
      "  WHERE e.vector IS NULL AND e.request_id IS NULL AND e.error IS NULL AND e.job_id IS NULL AND EXCLUDED.job_id IS NOT NULL RETURNING e.job_id) "
      "SELECT DISTINCT job_id FROM put WHERE job_id IS NOT NULL ORDER BY 1",
      {graph_id, identities, wanted, hashes});
  execute_generic(
      "UPDATE kg_batch_internal.identity_text t SET embedding_id = n.embedding_id FROM ("
      " SELECT $1 AS graph_id, u.identity_id, t.model, (SELECT e.embedding_id FROM kg_batch_internal.embedding e WHERE e.graph_id = $1 AND e.model = t.model "
      "   AND e.hash = u.hash AND u.text <> '') AS embedding_id FROM unnest($2, $3, $4) AS u (identity_id, text, hash) "
      " CROSS JOIN LATERAL (SELECT x.model FROM kg_batch_internal.identity_text x WHERE x.graph_id = $1 AND x.identity_id = u.identity_id OFFSET 0) t OFFSET 0) n "
      "WHERE t.graph_id = n.graph_id AND t.identity_id = n.identity_id AND t.model = n.model AND t.embedding_id IS DISTINCT FROM n.embedding_id",
      {graph_id, identities, wanted, hashes});
  for (std::size_t i = 0; i < payers.size(); ++i) {
    touch_job(graph_id, payers.integer(i, 0));  // done since, where it is rebuilt or an older one
    put_up_open(graph_id, payers.integer(i, 0));
  }
}

void drop_unused_texts(std::int64_t graph_id) {
  execute_generic("DELETE FROM kg_batch_internal.embedding e WHERE e.graph_id = $1 AND e.sort = 'thing' AND (SELECT pg_catalog.count(*) "
          " FROM kg_batch_internal.identity_text t WHERE t.graph_id = $1 AND t.embedding_id = e.embedding_id) = 0",
          {graph_id});
  execute_generic("DELETE FROM kg_batch_internal.embedding e WHERE e.graph_id = $1 AND e.sort = 'kind' AND e.hash NOT IN ("
          " SELECT kg_batch_internal.hash_of_text(kg_batch_internal.text_of_kind(k.type, k.category)) FROM kg_batch_internal.kind k WHERE k.graph_id = $1)",
          {graph_id});
}

}  // namespace kg_batch::store
