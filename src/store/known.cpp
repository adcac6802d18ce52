#include "store/known.h"

#include "backend/spi.h"
#include "chunking/phrases.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;

namespace {

constexpr int most_facts = 20;
constexpr int most_mentions = 50;  // of one identity: the latest

std::vector<std::string> named_in(const LoadedChunk& chunk) {
  std::set<std::string> names;
  std::set<int> speakers;
  for (const stages::ShownMessage& message : chunk.question.messages) {
    if (message.by) speakers.insert(*message.by);
    for (const stages::ShownSentence& sentence : message.sentences) names.merge(chunking::phrases(sentence.text));
  }
  for (const int id : speakers) names.insert(chunk.place.participants.at(static_cast<std::size_t>(id - 1)).name);
  return {names.begin(), names.end()};
}

}  // namespace

void look_up_known(LoadedChunk& chunk) {
  if (chunk.is_known_looked_up || chunk.reading > 1 || chunk.step > 1) return;
  // A name that reaches no further than another conversation is somebody else's.
  const Rows rows = execute_generic(
      "WITH nodes AS MATERIALIZED (SELECT DISTINCT i.node_id FROM unnest($2) AS p (name) "
      "  CROSS JOIN LATERAL (SELECT a.identity_id FROM kg_batch_internal.alias a WHERE a.graph_id = $1 AND a.value = p.name AND a.sort IN ('label', 'alias') OFFSET 0) a "
      "  CROSS JOIN LATERAL (SELECT o.node_id FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.identity_id = a.identity_id AND o.named "
      "   AND o.type = 'Entity' AND o.scope IN ('', $3) AND o.node_id IS NOT NULL OFFSET 0) i), "
      "facts AS MATERIALIZED (SELECT m.chunk_id, u.n, pg_catalog.count(DISTINCT k.node_id) AS named, pg_catalog.max(m.order_key) AS latest FROM nodes k "
      "  CROSS JOIN LATERAL (SELECT o.key FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.node_id = k.node_id OFFSET 0) i "
      "  CROSS JOIN LATERAL (SELECT o.chunk_id, o.facts, o.order_key FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.key = i.key AND o.live "
      "   AND (SELECT c.folded FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.chunk_id = o.chunk_id) ORDER BY o.order_key DESC LIMIT $4) m "
      "  CROSS JOIN LATERAL unnest(m.facts) AS u (n) GROUP BY m.chunk_id, u.n), "
      "said AS MATERIALIZED (SELECT DISTINCT ON (f.text) f.fact_id, f.text, k.named, k.latest FROM facts k CROSS JOIN LATERAL (SELECT o.fact_id, "
      "   o.text COLLATE \"C\" AS text FROM kg_batch_internal.fact o WHERE o.graph_id = $1 AND o.chunk_id = k.chunk_id AND o.n = k.n AND o.live "
      "   AND o.modality IN ('asserted', 'reported') OFFSET 0) f ORDER BY f.text, k.named DESC, k.latest DESC) "
      "SELECT fact_id, text FROM said ORDER BY named DESC, latest DESC, text LIMIT $5",
      {chunk.graph_id, named_in(chunk), chunk.place.conversation_key, most_mentions, most_facts});
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ids.push_back(rows.integer(i, 0));
    chunk.question.known.push_back(rows.text(i, 1));
  }
  execute_generic("UPDATE kg_batch_internal.chunk SET known = $3 WHERE graph_id = $1 AND chunk_id = $2", {chunk.graph_id, chunk.chunk_id, ids});
}

}  // namespace kg_batch::store
