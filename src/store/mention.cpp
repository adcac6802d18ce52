#include "store/mention.h"

#include "backend/array_literal.h"
#include "backend/bridge.h"
#include "backend/spi.h"

namespace kg_batch::store {

using backend::array_literal;
using backend::execute_generic;
using backend::Time;
using backend::Uuid;

namespace {

const char* modality_text(graph::Modality modality) {
  switch (modality) {
    case graph::Modality::asserted: return "asserted";
    case graph::Modality::reported: return "reported";
    case graph::Modality::planned: return "planned";
    case graph::Modality::possible: return "possible";
    case graph::Modality::hypothetical: return "hypothetical";
  }
  return "asserted";
}

const char* how_text(graph::How how) {
  switch (how) {
    case graph::How::actual: return "actual";
    case graph::How::inferred: return "inferred";
    case graph::How::estimated: return "estimated";
  }
  return "inferred";
}

std::optional<Time> time_of(const std::optional<std::int64_t>& us) {
  if (!us) return std::nullopt;
  return Time{*us};
}

std::string padded(std::int64_t value, int width) {
  std::string digits = std::to_string(value);
  return digits.size() < static_cast<std::size_t>(width) ? std::string(static_cast<std::size_t>(width) - digits.size(), '0') + digits
                                                         : digits;
}

// The total order as text that sorts bytewise: time said (none last),
// conversation, message, place in the answer.
std::string order_key(const LoadedChunk& chunk, const std::optional<std::int64_t>& said_at_us, std::int64_t message_id, int n) {
  // Before 1970 counts too: shifted so that no time of this millennium is negative.
  constexpr std::int64_t shift = 1'000'000'000'000'000'000;  // microseconds: 31,700 years
  int position = 0;
  for (const auto& [id, at] : chunk.positions)
    if (id == message_id) position = at;
  return (said_at_us ? padded(*said_at_us + shift, 19) : std::string("~")) + "\x1f" + chunk.place.conversation_key + "\x1f" +
         padded(position, 9) + "\x1f" + padded(n, 5);
}

}  // namespace

void write_mentions(const std::vector<ReadChunk>& read) {
  if (read.empty()) return;
  const std::int64_t graph_id = read.front().chunk->graph_id;
  {
    std::vector<std::int64_t> chunks, conversations, first_messages;
    std::vector<int> ns;
    std::vector<std::string> texts, modalities;
    std::vector<bool> negated;
    std::vector<std::optional<int>> said_by;
    std::vector<std::optional<Time>> said_at;
    for (const ReadChunk& one : read)
      for (const auto& fact : one.mentions.facts) {
        chunks.push_back(one.chunk->chunk_id);
        conversations.push_back(one.chunk->conversation_id);
        ns.push_back(fact.n);
        texts.push_back(fact.text);
        modalities.emplace_back(modality_text(fact.modality));
        negated.push_back(fact.negated);
        said_by.push_back(fact.said_by);
        said_at.push_back(time_of(fact.said_at_us));
        first_messages.push_back(fact.first_message_id);
      }
    if (!ns.empty())
      execute_generic(
          "INSERT INTO kg_batch_internal.fact (graph_id, chunk_id, conversation_id, n, text, modality, negated, said_by, said_at, "
          "first_message_id) SELECT $1, u.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10) AS u",
          {graph_id, chunks, conversations, ns, texts, modalities, negated, said_by, said_at, first_messages});
  }
  {
    std::vector<std::int64_t> chunks, messages;
    std::vector<int> facts, ns, sentence_starts, sentence_ends, span_starts, span_ends;
    std::vector<std::string> quotes;
    std::vector<bool> matched;
    for (const ReadChunk& one : read)
      for (const auto& source : one.mentions.sources) {
        chunks.push_back(one.chunk->chunk_id);
        facts.push_back(source.fact);
        ns.push_back(source.n);
        messages.push_back(source.message_id);
        sentence_starts.push_back(source.sentence_start);
        sentence_ends.push_back(source.sentence_end);
        quotes.push_back(source.quote);
        matched.push_back(source.matched);
        span_starts.push_back(source.span_start);
        span_ends.push_back(source.span_end);
      }
    if (!ns.empty()) {
      execute_generic(
          "INSERT INTO kg_batch_internal.fact_source (graph_id, chunk_id, fact, n, message_id, sentence_start, sentence_end, quote, "
          "matched, span_start, span_end) SELECT $1, u.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS u",
          {graph_id, chunks, facts, ns, messages, sentence_starts, sentence_ends, quotes, matched, span_starts, span_ends});
    }
  }
  {
    std::vector<std::int64_t> chunks;
    std::vector<int> ns, confidences, importances;
    std::vector<Uuid> keys;
    std::vector<bool> statements, named, replaces, negated;
    std::vector<std::string> types, classes, labels, label_keys, categories, aliases, attributes, tags, modalities, facts, scopes, orders,
        stated, addressed;
    std::vector<std::optional<std::string>> owners, relations;
    std::vector<std::optional<std::string>> start_dates, start_hows, end_dates, end_hows, goals;
    std::vector<std::optional<Time>> said_at;
    std::vector<std::optional<int>> participants;
    for (const ReadChunk& one : read) {
      std::map<int, std::int64_t> first_message_of;
      for (const auto& fact : one.mentions.facts) first_message_of[fact.n] = fact.first_message_id;
      for (const auto& node : one.mentions.nodes) {
        chunks.push_back(one.chunk->chunk_id);
        ns.push_back(node.n);
        Uuid key;
        std::memcpy(key.bytes, node.key.data(), sizeof key.bytes);
        keys.push_back(key);
        statements.push_back(node.is_statement);
        types.push_back(node.type);
        classes.push_back(node.node_class);
        labels.push_back(node.label);
        label_keys.push_back(node.label_key);
        categories.push_back(node.category);
        named.push_back(node.named);
        aliases.push_back(array_literal(node.aliases));
        stated.push_back(array_literal(node.stated_aliases));
        addressed.push_back(array_literal(node.addressed_by));
        std::vector<std::string> pairs;
        for (const auto& [name, value] : node.attributes) pairs.push_back(name + "\t" + value);
        attributes.push_back(array_literal(pairs));
        tags.push_back(array_literal(node.hash_tags));
        confidences.push_back(node.confidence);
        importances.push_back(node.importance);
        start_dates.push_back(node.start ? std::optional(node.start->date) : std::nullopt);
        start_hows.push_back(node.start ? std::optional<std::string>(how_text(node.start->how)) : std::nullopt);
        end_dates.push_back(node.end ? std::optional(node.end->date) : std::nullopt);
        end_hows.push_back(node.end ? std::optional<std::string>(how_text(node.end->how)) : std::nullopt);
        replaces.push_back(node.replaces);
        goals.push_back(node.goal_status);
        negated.push_back(node.negated);
        modalities.emplace_back(modality_text(node.modality));
        facts.push_back(array_literal(node.facts));
        said_at.push_back(time_of(node.said_at_us));
        participants.push_back(node.participant);
        scopes.push_back(node.scope);
        owners.push_back(node.owner ? std::optional(graph::text_of(*node.owner)) : std::nullopt);
        relations.push_back(node.relation);
        std::int64_t first_message = 0;
        if (!node.facts.empty()) first_message = first_message_of[node.facts.front()];
        orders.push_back(order_key(*one.chunk, node.said_at_us, first_message, node.n));
      }
    }
    if (!ns.empty())
      execute_generic(
          "INSERT INTO kg_batch_internal.node_mention (graph_id, chunk_id, n, key, is_statement, type, class, label, label_key, category, "
          "named, aliases, attributes, hash_tags, confidence, importance, start_date, start_how, end_date, end_how, replaces, goal_status, "
          "negated, modality, facts, said_at, participant, scope, order_key, owner, relation, stated_aliases, addressed_by) "
          "SELECT $1, u.chunk_id, u.n, u.key, u.is_statement, u.type, u.class, u.label, u.label_key, u.category, u.named, u.aliases::text[], "
          " u.attributes::text[], u.hash_tags::text[], u.confidence, u.importance, u.start_date, u.start_how, u.end_date, u.end_how, "
          " u.replaces, u.goal_status, u.negated, u.modality, u.facts::int[], u.said_at, u.participant, u.scope, u.order_key, u.owner::uuid, u.relation, "
          " u.stated_aliases::text[], u.addressed_by::int[] "
          "FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, "
          " $27, $28, $29, $30, $31, $32, $33) AS u (chunk_id, n, key, is_statement, type, class, label, label_key, category, named, aliases, attributes, hash_tags, "
          " confidence, importance, start_date, start_how, end_date, end_how, replaces, goal_status, negated, modality, facts, said_at, "
          " participant, scope, order_key, owner, relation, stated_aliases, addressed_by)",
          {graph_id, chunks, ns, keys, statements, types, classes, labels, label_keys, categories, named, aliases,
           attributes, tags, confidences, importances, start_dates, start_hows, end_dates, end_hows, replaces, goals, negated, modalities,
           facts, said_at, participants, scopes, orders, owners, relations, stated, addressed});
  }
  {
    std::vector<std::int64_t> chunks;
    std::vector<int> ns, statements, targets;
    std::vector<std::string> roles;
    for (const ReadChunk& one : read)
      for (const auto& edge : one.mentions.edges) {
        chunks.push_back(one.chunk->chunk_id);
        ns.push_back(edge.n);
        statements.push_back(edge.statement);
        targets.push_back(edge.target);
        roles.push_back(edge.role_text && edge.role == "other" ? *edge.role_text : edge.role);
      }
    if (!ns.empty())
      execute_generic(
          "INSERT INTO kg_batch_internal.edge_mention (graph_id, chunk_id, n, statement, target, role) "
          "SELECT $1, u.* FROM unnest($2, $3, $4, $5, $6) AS u",
          {graph_id, chunks, ns, statements, targets, roles});
  }
  // The reading that was there counts until all of this one is folded.
  std::vector<std::int64_t> again;
  for (const ReadChunk& one : read)
    if (one.chunk->reading > 1) again.push_back(one.chunk->chunk_id);
  if (!again.empty()) {
    execute_generic("UPDATE kg_batch_internal.fact SET live = false WHERE graph_id = $1 AND chunk_id = ANY ($2)", {graph_id, again});
    execute_generic("UPDATE kg_batch_internal.node_mention SET live = false WHERE graph_id = $1 AND chunk_id = ANY ($2)", {graph_id, again});
  }
  std::vector<std::int64_t> jobs, chunks, requests;
  std::vector<std::string> items, reasons, bodies;
  for (const ReadChunk& one : read)
    for (const auto& rejected : one.mentions.rejected) {
      jobs.push_back(one.chunk->job_id);
      chunks.push_back(one.chunk->chunk_id);
      requests.push_back(one.request_id);
      items.push_back(rejected.item);
      reasons.push_back(rejected.reason);
      bodies.push_back(rejected.body);
    }
  if (!items.empty())
    execute_generic(
        "INSERT INTO kg_batch_internal.rejected (graph_id, job_id, chunk_id, request_id, source, item, reason, body) "
        "SELECT $1, u.job_id, u.chunk_id, u.request_id, 'answer', u.item, u.reason, u.body "
        "FROM unnest($2, $3, $4, $5, $6, $7) AS u (job_id, chunk_id, request_id, item, reason, body)",
        {graph_id, jobs, chunks, requests, items, reasons, bodies});
}

}  // namespace kg_batch::store
