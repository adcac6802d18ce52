#include "store/exporting.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "backend/spi.h"

namespace kg_batch::store {

using backend::execute;
using backend::Rows;

namespace {

constexpr int page_size = 2000;
constexpr int conversations_a_page = 100;

#define TIME_TEXT(column) "pg_catalog.to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

// Who a nameless user is.
#define SELF "(SELECT NULLIF(g.options ->> 'self', '') FROM kg_batch_internal.graph g WHERE g.graph_id = $1)"

std::vector<std::pair<std::string, std::string>> pairs_of(const std::vector<std::string>& texts, char between) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& text : texts) {
    const std::size_t at = std::min(text.find(between), text.size());
    pairs.emplace_back(text.substr(0, at), text.substr(std::min(at + 1, text.size())));
  }
  return pairs;
}

// In the order of their keys, which begin with no id: (graph_id, key) has an index.
void write_nodes(std::int64_t graph_id, formats::Writer& writer) {
  std::string after = "00000000-0000-0000-0000-000000000000";
  for (;;) {
    const Rows rows = execute(
        "SELECT n.key, n.is_statement, n.type, n.class, n.label, n.category, n.aliases, n.attributes, n.hash_tags, n.start_date, n.start_how, "
        " n.end_date, n.end_how, n.goal_status, "
        " ARRAY(SELECT to_char(lower(d.days), 'YYYY-MM-DD') || ' ' || to_char(upper(d.days) - 1, 'YYYY-MM-DD') "
        "  FROM unnest(n.asserted_on) AS d (days) ORDER BY d.days), "
        " n.negated, n.modality, n.confidence, n.importance, n.mentions, COALESCE(i.named, false), COALESCE(i.scope, '') "
        "FROM (SELECT * FROM kg_batch_internal.node o WHERE o.graph_id = $1 AND o.key > $2::uuid ORDER BY o.key LIMIT $3) n "
        "LEFT JOIN LATERAL (SELECT o.named, o.scope FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.key = n.key OFFSET 0) i ON true "
        "ORDER BY n.key",
        {graph_id, after, page_size});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      formats::Node node;
      node.key = rows.text(i, 0);
      node.is_statement = rows.boolean(i, 1);
      node.type = rows.text(i, 2);
      node.node_class = rows.text(i, 3);
      node.label = rows.text(i, 4);
      node.category = rows.text(i, 5);
      node.aliases = rows.texts(i, 6);
      node.attributes = pairs_of(rows.texts(i, 7), '\t');
      node.hash_tags = rows.texts(i, 8);
      node.start_date = rows.maybe_text(i, 9);
      node.start_how = rows.maybe_text(i, 10);
      node.end_date = rows.maybe_text(i, 11);
      node.end_how = rows.maybe_text(i, 12);
      node.goal_status = rows.maybe_text(i, 13);
      node.asserted_on = pairs_of(rows.texts(i, 14), ' ');
      node.negated = rows.boolean(i, 15);
      node.modality = rows.text(i, 16);
      node.confidence = static_cast<int>(rows.integer(i, 17));
      node.importance = static_cast<int>(rows.integer(i, 18));
      node.mentions = rows.integer(i, 19);
      node.named = rows.boolean(i, 20);
      node.scope = rows.text(i, 21);
      after = node.key;
      writer.node(node);
    }
    if (rows.size() < page_size) return;
  }
}

void write_edges(std::int64_t graph_id, formats::Writer& writer) {
  std::string after = "00000000-0000-0000-0000-000000000000";
  for (;;) {
    const Rows page = execute(
        "SELECT n.node_id, n.key FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.key > $2::uuid ORDER BY n.key LIMIT $3",
        {graph_id, after, page_size});
    std::vector<std::int64_t> ids;
    for (std::size_t i = 0; i < page.size(); ++i) ids.push_back(page.integer(i, 0));
    if (ids.empty()) return;
    after = page.text(page.size() - 1, 1);
    const Rows rows = execute(
        "SELECT s.key, e.predicate, t.key, e.negated, e.mentions FROM unnest($2) AS u (node_id) "
        "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.edge o WHERE o.graph_id = $1 AND o.source_id = u.node_id OFFSET 0) e "
        "CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.node o WHERE o.graph_id = $1 AND o.node_id = e.source_id OFFSET 0) s "
        "CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.node o WHERE o.graph_id = $1 AND o.node_id = e.target_id OFFSET 0) t "
        "ORDER BY s.key, e.predicate, t.key",
        {graph_id, ids});
    for (std::size_t i = 0; i < rows.size(); ++i)
      writer.edge({rows.text(i, 0), rows.text(i, 1), rows.text(i, 2), rows.boolean(i, 3), rows.integer(i, 4)});
  }
}

// Facts of some conversations. A fact is known by its chunk, as in graph_digest,
// and its place in the answer.
std::vector<formats::Fact> facts_of(std::int64_t graph_id, const std::vector<std::int64_t>& conversations, bool with_quotes) {
  const Rows rows = execute(
      "SELECT f.chunk_id, f.n, (encode(substr(sha256(convert_to(ROW (v.key, a.message_key, a.version, c.starts[c.context_size + 1], "
      "   b.message_key, b.version, c.ends[cardinality(c.ends)], f.n)::text, 'UTF8')), 1, 16), 'hex'))::uuid, "
      " f.text, f.modality, f.negated, "
      " CASE WHEN f.said_by IS NOT NULL THEN COALESCE(NULLIF(v.participant_names[f.said_by], ''), " SELF ", 'user') END, " TIME_TEXT("f.said_at") ", v.key, "
      " ARRAY(SELECT DISTINCT (SELECT n.key FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.node_id = i.node_id)::text COLLATE \"C\" "
      "  FROM kg_batch_internal.node_mention m CROSS JOIN LATERAL (SELECT o.node_id FROM kg_batch_internal.identity o "
      "   WHERE o.graph_id = $1 AND o.key = m.key AND o.node_id IS NOT NULL OFFSET 0) i "
      "  WHERE m.graph_id = $1 AND m.chunk_id = f.chunk_id AND f.n = ANY (m.facts) AND m.live ORDER BY 1) "
      "FROM unnest($2) AS u (conversation_id) "
      "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.conversation o WHERE o.graph_id = $1 AND o.conversation_id = u.conversation_id OFFSET 0) v "
      "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.fact o WHERE o.graph_id = $1 AND o.conversation_id = v.conversation_id AND o.live OFFSET 0) f "
      "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.chunk o WHERE o.graph_id = $1 AND o.chunk_id = f.chunk_id OFFSET 0) c "
      "LEFT JOIN LATERAL (SELECT o.message_key, o.version FROM kg_batch_internal.message o WHERE o.graph_id = $1 "
      " AND o.message_id = c.message_ids[c.context_size + 1] OFFSET 0) a ON true "
      "LEFT JOIN LATERAL (SELECT o.message_key, o.version FROM kg_batch_internal.message o WHERE o.graph_id = $1 "
      " AND o.message_id = c.message_ids[cardinality(c.message_ids)] OFFSET 0) b ON true",
      {graph_id, conversations});
  std::vector<formats::Fact> facts;
  std::map<std::pair<std::int64_t, std::int64_t>, std::size_t> place;  // by chunk and number
  std::vector<std::int64_t> chunks;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    place[{rows.integer(i, 0), rows.integer(i, 1)}] = facts.size();
    chunks.push_back(rows.integer(i, 0));
    formats::Fact fact;
    fact.id = rows.text(i, 2);
    fact.text = rows.text(i, 3);
    fact.modality = rows.text(i, 4);
    fact.negated = rows.boolean(i, 5);
    fact.said_by = rows.maybe_text(i, 6);
    fact.said_at = rows.maybe_text(i, 7);
    fact.conversation = rows.text(i, 8);
    fact.nodes = rows.texts(i, 9);
    facts.push_back(std::move(fact));
  }
  if (!with_quotes) return facts;
  std::ranges::sort(chunks);
  chunks.erase(std::unique(chunks.begin(), chunks.end()), chunks.end());
  const Rows quotes = execute(
      "SELECT q.chunk_id, q.fact, v.key, CASE WHEN starts_with(m.message_key, 'i:') THEN substr(m.message_key, 3) END, m.position, "
      " CASE WHEN m.role = 'user' THEN COALESCE(NULLIF(v.participant_names[m.participant], ''), " SELF ", 'user') ELSE m.role END, " TIME_TEXT("m.sent_at") ", "
      " q.quote, q.matched, q.span_start, q.span_end "
      "FROM unnest($2) AS u (chunk_id) "
      "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.fact_source o WHERE o.graph_id = $1 AND o.chunk_id = u.chunk_id OFFSET 0) q "
      "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.message o WHERE o.graph_id = $1 AND o.message_id = q.message_id OFFSET 0) m "
      "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.conversation o WHERE o.graph_id = $1 AND o.conversation_id = m.conversation_id OFFSET 0) v "
      "ORDER BY q.chunk_id, q.fact, q.n",
      {graph_id, chunks});
  for (std::size_t i = 0; i < quotes.size(); ++i) {
    const auto of = place.find({quotes.integer(i, 0), quotes.integer(i, 1)});
    if (of == place.end()) continue;  // of a fact that rests
    facts[of->second].evidence.push_back({quotes.text(i, 2), quotes.maybe_text(i, 3), quotes.integer(i, 4), quotes.text(i, 5),
                                          quotes.maybe_text(i, 6), quotes.text(i, 7), quotes.boolean(i, 8),
                                          static_cast<int>(quotes.integer(i, 9)), static_cast<int>(quotes.integer(i, 10))});
  }
  return facts;
}

void write_facts(std::int64_t graph_id, bool with_quotes, formats::Writer& writer) {
  std::string after;
  for (;;) {
    const Rows page = execute(
        "SELECT v.conversation_id, v.key FROM kg_batch_internal.conversation v WHERE v.graph_id = $1 AND v.key > $2 ORDER BY v.key LIMIT $3",
        {graph_id, after, conversations_a_page});
    if (page.empty()) return;
    after = page.text(page.size() - 1, 1);
    std::vector<std::int64_t> conversations;
    for (std::size_t i = 0; i < page.size(); ++i) conversations.push_back(page.integer(i, 0));
    std::vector<formats::Fact> facts = facts_of(graph_id, conversations, with_quotes);
    std::ranges::sort(facts, [](const formats::Fact& a, const formats::Fact& b) {
      return std::tie(a.conversation, a.id) < std::tie(b.conversation, b.id);
    });
    for (const formats::Fact& fact : facts) writer.fact(fact);
  }
}

}  // namespace

void write_document(std::int64_t graph_id, bool with_quotes, formats::Writer& writer) {
  writer.begin();
  write_nodes(graph_id, writer);
  write_edges(graph_id, writer);
  if (writer.has_facts()) write_facts(graph_id, with_quotes, writer);
  writer.end();
}

}  // namespace kg_batch::store
