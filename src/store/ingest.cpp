#include "store/ingest.h"

#include <algorithm>
#include <set>

#include "store/boundary.h"

#include "backend/giving_way.h"
#include "backend/spi.h"
#include "store/job.h"
#include "store/queue.h"

namespace kg_batch::store {

using backend::execute;
using backend::execute_generic;

namespace {

constexpr std::size_t most_bytes_written_at_once = 32 << 20;  // an array must stay well under PostgreSQL's 1 GB
constexpr std::size_t most_conversations_finished_at_once = 5'000;

std::string_view bytes_of(const graph::Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

graph::Sha256Digest hash_fields(std::initializer_list<std::string_view> fields) {
  graph::Sha256 hash;
  for (const std::string_view field : fields) {
    hash.update(std::to_string(field.size()));
    hash.update(":");
    hash.update(field);
  }
  return hash.finish();
}

std::uint64_t first_bytes(const graph::Sha256Digest& digest) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | digest[i];
  return value;
}

std::string name_of_participant(std::string_view name, std::string_view speaker_id) {
  return speaker_id.empty() ? "n:" + std::string(name) : "i:" + std::string(speaker_id);
}

bool has_id(const std::string& message_key) { return message_key.starts_with("i:"); }

}  // namespace

struct Ingest::Incoming {
  const IncomingMessage* message = nullptr;
  std::size_t place = 0;  // in the page
  Conversation* conversation = nullptr;
  std::string message_key;
};

struct Ingest::Stored {
  std::int64_t message_id = 0;
  int version = 1;
  int position = 0;
  bool cut = false;
  std::string content_hash;  // of messages with an id
};

struct Ingest::Row {
  const Incoming* incoming = nullptr;
  std::int64_t message_id = 0;  // of the row that is edited in place or replaced
  int position = 0;
  int delivery = 0;
  int version = 1;
  std::optional<int> participant;
};

graph::Sha256Digest tombstone_hash(std::string_view conversation_key, std::string_view message_key) {
  return hash_fields({conversation_key, message_key});
}

Ingest::Ingest(const IngestTarget& target) : target_(target) {}

std::vector<std::size_t> Ingest::take(const std::vector<IncomingMessage>& page) {
  open_conversations(page);
  std::vector<Incoming> incoming = identify(page);
  // Looked at once the conversations are locked: one may have been forgotten while this waited for it.
  if (execute_generic("SELECT EXISTS (SELECT FROM kg_batch_internal.tombstone WHERE graph_id = $1)", {target_.graph_id}).boolean(0, 0))
    drop_forgotten(incoming);
  const auto stored = look_up(incoming);

  std::vector<std::size_t> to_read;
  std::vector<Row> added, replacing, in_place;
  for (std::size_t i = 0; i < incoming.size(); ++i) {
    const IncomingMessage& message = *incoming[i].message;
    Conversation& conversation = *incoming[i].conversation;
    if (stored[i] && (!has_id(incoming[i].message_key) ||
                      stored[i]->content_hash == graph::hex(graph::sha256(message.content)))) {
      ++report_.repeats;
      continue;
    }
    Row row;
    row.incoming = &incoming[i];
    row.participant = participant_of(conversation, message);
    if (!stored[i]) {
      if (conversation.delivery == 0) conversation.delivery = ++conversation.deliveries;
      row.delivery = conversation.delivery;
      row.position = ++conversation.messages;
      added.push_back(row);
      ++report_.added;
    } else {
      row.message_id = stored[i]->message_id;
      row.position = stored[i]->position;
      row.version = stored[i]->version;
      if (stored[i]->cut) {
        if (conversation.edit_delivery == 0) conversation.edit_delivery = ++conversation.deliveries;
        row.delivery = conversation.edit_delivery;
        ++row.version;
        replacing.push_back(row);
      } else {
        in_place.push_back(row);
      }
      ++report_.edits;
    }
    conversation.changed = true;
    count(message);
    if (!message.skipped.empty()) continue;
    if (!stored[i] || !stored[i]->cut) conversation.fresh = true;
    to_read.push_back(incoming[i].place);
  }
  for (const Incoming& one : incoming) one.conversation->taken = true;
  if (target_.dry_run) return to_read;
  insert(replacing);
  insert(added);
  edit_in_place(in_place);
  return to_read;
}

void Ingest::touch(const std::string& conversation) {
  if (target_.dry_run || conversations_.contains(conversation)) return;
  backend::Rows found;
  backend::again_after_deadlock([&] {
    found = execute_generic(
        "SELECT conversation_id, messages, deliveries FROM kg_batch_internal.conversation "
        "WHERE graph_id = $1 AND key = $2 FOR NO KEY UPDATE",
        {target_.graph_id, conversation});
  });
  if (found.empty()) return;
  Conversation& known = conversations_[conversation];
  known.conversation_id = found.integer(0, 0);
  known.messages = static_cast<int>(found.integer(0, 1));
  known.deliveries = static_cast<int>(found.integer(0, 2));
  ++report_.conversations;
}

void Ingest::finish() {
  if (target_.dry_run) return;
  std::vector<Conversation*> all;
  std::vector<std::int64_t> without_messages;
  for (auto& [key, conversation] : conversations_) {
    if (conversation.messages == 0) without_messages.push_back(conversation.conversation_id);
    else if (conversation.changed || target_.final) all.push_back(&conversation);
  }
  // Equal hand-ins give equal ids: nothing depends on the order of a hash map.
  std::sort(all.begin(), all.end(),
            [](const Conversation* a, const Conversation* b) { return a->conversation_id < b->conversation_id; });
  for (std::size_t from = 0; from < all.size(); from += most_conversations_finished_at_once) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(from);
    const auto last = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), from + most_conversations_finished_at_once));
    finish_conversations({first, last});
  }
  if (!without_messages.empty())
    execute_generic("DELETE FROM kg_batch_internal.conversation WHERE graph_id = $1 AND conversation_id = ANY ($2) AND messages = 0 AND deliveries = 0",
            {target_.graph_id, without_messages});
}

// Locks those that are there and that nobody has. Of the others one that a worker
// makes just now is of a table that is followed.
bool Ingest::nobody_has(const std::vector<std::string>& keys) const {
  return execute(
             "WITH free AS MATERIALIZED (SELECT FROM kg_batch_internal.conversation v WHERE v.graph_id = $1 AND v.key = ANY ($2) "
             "  ORDER BY v.key COLLATE \"C\" FOR NO KEY UPDATE SKIP LOCKED), "
             "there AS (SELECT pg_catalog.count(*) AS n FROM kg_batch_internal.conversation v WHERE v.graph_id = $1 AND v.key = ANY ($2)) "
             "SELECT there.n = (SELECT pg_catalog.count(*) FROM free) "
             "AND (there.n = pg_catalog.cardinality($2) OR NOT EXISTS (SELECT FROM kg_batch_internal.follow f WHERE f.graph_id = $1)) FROM there",
             {target_.graph_id, keys})
      .boolean(0, 0);
}

// Makes or locks the conversations of a page that this call has not met, in the
// order of their keys, so that two calls at once do not wait for each other.
void Ingest::open_conversations(const std::vector<IncomingMessage>& page) {
  std::set<std::string> unmet;
  for (const IncomingMessage& message : page)
    if (!conversations_.contains(message.conversation)) unmet.insert(message.conversation);
  if (unmet.empty()) return;
  const std::vector<std::string> keys(unmet.begin(), unmet.end());
  backend::Rows rows;
  const auto open = [&] {
    rows = target_.dry_run
               ? execute_generic(
                     "SELECT key, conversation_id, messages, deliveries, cut_deliveries, participant_names, participant_ids "
                     "FROM kg_batch_internal.conversation WHERE graph_id = $1 AND key = ANY ($2)",
                     {target_.graph_id, keys})
               : execute_generic(
                     "INSERT INTO kg_batch_internal.conversation AS v (graph_id, key, job_id, priority) "
                     "SELECT $1, k.key, $3, $4 FROM unnest($2::text[]) WITH ORDINALITY k(key, n) ORDER BY k.n "
                     "ON CONFLICT (graph_id, key) DO UPDATE SET key = EXCLUDED.key "
                     "RETURNING v.key, v.conversation_id, v.messages, v.deliveries, v.cut_deliveries, v.participant_names, v.participant_ids",
                     {target_.graph_id, keys, target_.job_id, target_.priority});
  };
  if (target_.dry_run || !backend::may_hold_rows() || nobody_has(keys))
    open();
  else
    backend::again_after_deadlock(open);
  for (const std::string& key : keys) {
    Conversation& conversation = conversations_[key];
    conversation.number = conversations_.size();
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Conversation& conversation = conversations_[rows.text(i, 0)];
    conversation.conversation_id = rows.integer(i, 1);
    conversation.messages = static_cast<int>(rows.integer(i, 2));
    conversation.deliveries = static_cast<int>(rows.integer(i, 3));
    conversation.cut_deliveries = static_cast<int>(rows.integer(i, 4));
    conversation.existed = conversation.messages > 0;
    report_.known += conversation.existed ? 1 : 0;
    const auto names = rows.texts(i, 5), speaker_ids = rows.texts(i, 6);
    for (std::size_t n = 0; n < names.size() && n < speaker_ids.size(); ++n)
      conversation.participants.emplace(name_of_participant(names[n], speaker_ids[n]), static_cast<int>(n) + 1);
  }
  report_.conversations += static_cast<std::int64_t>(keys.size());
}

// Keys of the messages. An id that comes twice in a page is one message, with
// the text that came last.
std::vector<Ingest::Incoming> Ingest::identify(const std::vector<IncomingMessage>& page) {
  std::vector<Incoming> incoming;
  incoming.reserve(page.size());
  std::unordered_map<std::string, std::size_t> by_id;
  for (std::size_t place = 0; place < page.size(); ++place) {
    const IncomingMessage& message = page[place];
    Incoming one;
    one.message = &message;
    one.place = place;
    one.conversation = &conversations_.at(message.conversation);
    if (message.id) {
      one.message_key = "i:" + *message.id;
      const auto [met, first] =
          by_id.emplace(std::to_string(one.conversation->number) + ":" + one.message_key, incoming.size());
      if (!first) {
        Incoming& earlier = incoming[met->second];
        ++(earlier.message->content == message.content ? report_.repeats : report_.edits);
        if (earlier.message->content != message.content) earlier.message = &message;
        earlier.place = place;
        continue;
      }
    } else {
      const std::string& speaker = message.speaker_id.empty() ? message.speaker : message.speaker_id;
      const auto digest = hash_fields({message.role, speaker, message.content});
      const std::uint64_t slot = first_bytes(digest) + one.conversation->number * 0x9e3779b97f4a7c15u;
      one.message_key = "h:" + graph::hex(digest, 16) + ":" + std::to_string(equal_before_[slot]++);
    }
    incoming.push_back(std::move(one));
  }
  return incoming;
}

void Ingest::drop_forgotten(std::vector<Incoming>& incoming) {
  std::vector<graph::Sha256Digest> digests;
  std::vector<backend::Bytes> hashes;
  digests.reserve(incoming.size());
  for (const Incoming& one : incoming) {
    digests.push_back(tombstone_hash(one.message->conversation, one.message_key));
    hashes.push_back({bytes_of(digests.back())});
  }
  // Hex by encode: the caller's bytea_output is not ours to trust.
  backend::Rows rows;
  // Where nothing was forgotten that costs nothing: no row is written.
  backend::again_after_deadlock([&] {
    rows = target_.dry_run
               ? execute_generic(
                     "SELECT pg_catalog.encode(hash, 'hex') FROM kg_batch_internal.tombstone WHERE graph_id = $1 AND hash = ANY ($2)",
                     {target_.graph_id, hashes})
               : execute_generic(
                     "UPDATE kg_batch_internal.tombstone SET skipped = skipped + 1 WHERE graph_id = $1 AND hash = ANY ($2) "
                     "RETURNING pg_catalog.encode(hash, 'hex')",
                     {target_.graph_id, hashes});
  });
  std::set<std::string> forgotten;
  for (std::size_t i = 0; i < rows.size(); ++i) forgotten.insert(rows.text(i, 0));
  if (forgotten.empty()) return;
  report_.forgotten += static_cast<std::int64_t>(rows.size());
  std::vector<Incoming> kept;
  for (std::size_t i = 0; i < incoming.size(); ++i)
    if (!forgotten.contains(graph::hex(digests[i]))) kept.push_back(std::move(incoming[i]));
  incoming = std::move(kept);
}

// The newest version of each message that is there.
std::vector<std::optional<Ingest::Stored>> Ingest::look_up(const std::vector<Incoming>& incoming) const {
  std::vector<std::optional<Stored>> stored(incoming.size());
  std::vector<std::int64_t> conversation_ids, places;
  std::vector<std::string> message_keys;
  for (std::size_t i = 0; i < incoming.size(); ++i) {
    const Conversation& conversation = *incoming[i].conversation;
    // Without an id no two messages of one call have one key.
    if (!conversation.existed && !(conversation.taken && has_id(incoming[i].message_key))) continue;
    conversation_ids.push_back(conversation.conversation_id);
    message_keys.push_back(incoming[i].message_key);
    places.push_back(static_cast<std::int64_t>(i));
  }
  if (places.empty()) return stored;
  const auto rows = execute_generic(
      "SELECT i.place, m.message_id, m.version, m.position, m.delivery, m.segment_id IS NOT NULL, m.skipped IS NOT NULL, "
      "CASE WHEN pg_catalog.left(m.message_key, 2) = 'i:' "
      " THEN pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(m.content, 'UTF8')), 'hex') END "
      "FROM unnest($2::bigint[], $3::text[], $4::bigint[]) i(conversation_id, message_key, place) "
      "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.message m WHERE m.graph_id = $1 "
      " AND m.conversation_id = i.conversation_id AND m.message_key = i.message_key ORDER BY m.version DESC LIMIT 1) m",
      {target_.graph_id, conversation_ids, message_keys, places});
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto place = static_cast<std::size_t>(rows.integer(row, 0));
    Stored& found = stored[place].emplace();
    found.message_id = rows.integer(row, 1);
    found.version = static_cast<int>(rows.integer(row, 2));
    found.position = static_cast<int>(rows.integer(row, 3));
    // What was skipped has no segment; once the cut has passed it, it is as if it had one.
    found.cut = rows.boolean(row, 5) || (rows.boolean(row, 6) && rows.integer(row, 4) <= incoming[place].conversation->cut_deliveries);
    found.content_hash = rows.text(row, 7);
  }
  return stored;
}

std::optional<int> Ingest::participant_of(Conversation& conversation, const IncomingMessage& message) const {
  if (message.role != "user") return std::nullopt;
  const int next = static_cast<int>(conversation.participants.size()) + 1;
  const auto [found, is_new] =
      conversation.participants.emplace(name_of_participant(message.speaker, message.speaker_id), next);
  if (is_new) conversation.new_participants.emplace_back(message.speaker, message.speaker_id);
  return found->second;
}

// All rows replace the one of their message_id, or none does.
void Ingest::insert(const std::vector<Row>& rows) const {
  for (std::size_t from = 0; from < rows.size();) {
    std::vector<std::int64_t> conversation_ids;
    std::vector<int> positions, deliveries, versions, repaired;
    std::vector<std::string> message_keys, roles, contents;
    std::vector<std::optional<int>> participants;
    std::vector<std::optional<backend::Time>> times;
    std::vector<std::optional<std::string>> sessions, replies, skipped;
    std::vector<std::optional<std::int64_t>> replaces;
    for (std::size_t bytes = 0; from < rows.size() && bytes < most_bytes_written_at_once; ++from) {
      const Row& row = rows[from];
      const IncomingMessage& message = *row.incoming->message;
      conversation_ids.push_back(row.incoming->conversation->conversation_id);
      positions.push_back(row.position);
      deliveries.push_back(row.delivery);
      message_keys.push_back(row.incoming->message_key);
      versions.push_back(row.version);
      roles.push_back(message.role);
      participants.push_back(row.participant);
      contents.push_back(message.content);
      times.push_back(message.sent_at_us ? std::optional(backend::Time{*message.sent_at_us}) : std::nullopt);
      sessions.push_back(message.session);
      replies.push_back(message.reply_to);
      skipped.push_back(message.skipped.empty() ? std::nullopt : std::optional(message.skipped));
      replaces.push_back(row.message_id == 0 ? std::nullopt : std::optional(row.message_id));
      repaired.push_back(message.repaired);
      bytes += message.content.size() + 200;
    }
    execute_generic(
        "INSERT INTO kg_batch_internal.message (graph_id, conversation_id, position, delivery, message_key, version, role, "
        "participant, content, sent_at, session, reply_to, skipped, replaces, repaired) "
        "SELECT $1, conversation_id, position, delivery, message_key, version, role, participant, content, sent_at, session, "
        "reply_to, skipped, replaces, repaired "
        "FROM unnest($2::bigint[], $3::int[], $4::int[], $5::text[], $6::int[], $7::text[], $8::int[], $9::text[], "
        "$10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::int[]) WITH ORDINALITY "
        "m(conversation_id, position, delivery, message_key, version, role, participant, content, sent_at, session, reply_to, "
        "skipped, replaces, repaired, n) ORDER BY n",
        {target_.graph_id, conversation_ids, positions, deliveries, message_keys, versions, roles, participants, contents, times,
         sessions, replies, skipped, replaces, repaired});
    if (rows[0].message_id == 0) continue;
    // A round rests what the old versions said. Each asks for one of its own: a row
    // that somebody else put up may be served before this transaction is seen.
    execute_generic(
        "WITH gone AS (UPDATE kg_batch_internal.message SET replaced = true WHERE graph_id = $1 AND message_id = ANY ($2::bigint[]) AND NOT replaced "
        "  RETURNING message_id) "
        "INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
        "SELECT $1, $3, 2, 1, -message_id, $4 FROM gone ON CONFLICT DO NOTHING",
        {target_.graph_id, replaces, target_.priority, target_.job_id});
  }
}

void Ingest::edit_in_place(const std::vector<Row>& rows) const {
  for (std::size_t from = 0; from < rows.size();) {
    std::vector<std::int64_t> message_ids;
    std::vector<int> repaired;
    std::vector<std::string> roles, contents;
    std::vector<std::optional<int>> participants;
    std::vector<std::optional<backend::Time>> times;
    std::vector<std::optional<std::string>> skipped;
    for (std::size_t bytes = 0; from < rows.size() && bytes < most_bytes_written_at_once; ++from) {
      const IncomingMessage& message = *rows[from].incoming->message;
      message_ids.push_back(rows[from].message_id);
      roles.push_back(message.role);
      participants.push_back(rows[from].participant);
      contents.push_back(message.content);
      times.push_back(message.sent_at_us ? std::optional(backend::Time{*message.sent_at_us}) : std::nullopt);
      skipped.push_back(message.skipped.empty() ? std::nullopt : std::optional(message.skipped));
      repaired.push_back(message.repaired);
      bytes += message.content.size() + 200;
    }
    execute_generic(
        "UPDATE kg_batch_internal.message m SET role = e.role, participant = e.participant, content = e.content, "
        "sent_at = COALESCE(e.sent_at, m.sent_at), skipped = e.skipped, repaired = e.repaired "
        "FROM unnest($2::bigint[], $3::text[], $4::int[], $5::text[], $6::timestamptz[], $7::text[], $8::int[]) "
        "e(message_id, role, participant, content, sent_at, skipped, repaired) "
        "WHERE m.graph_id = $1 AND m.message_id = e.message_id",
        {target_.graph_id, message_ids, roles, participants, contents, times, skipped, repaired});
    drop_boundaries(target_.graph_id, message_ids);
  }
}

void Ingest::count(const IncomingMessage& message) {
  report_.repaired += message.repaired;
  if (!message.skipped.empty()) ++report_.skipped[message.skipped];
}

// An edit of what was cut closes its own delivery, `final` the one that came with
// it. When nothing came but something is still open, `final` is a delivery of its
// own: closing one that may be cut already would be replayed differently.
void Ingest::finish_conversations(const std::vector<Conversation*>& conversations) {
  std::vector<std::int64_t> conversation_ids, speaks_in;
  std::vector<int> messages, deliveries, edit_deliveries;
  std::vector<bool> fresh, changed;
  std::vector<std::string> names, speaker_ids;
  for (const Conversation* conversation : conversations) {
    conversation_ids.push_back(conversation->conversation_id);
    messages.push_back(conversation->messages);
    deliveries.push_back(conversation->deliveries);
    edit_deliveries.push_back(conversation->edit_delivery);
    fresh.push_back(conversation->fresh);
    changed.push_back(conversation->changed);
    for (const auto& [name, speaker_id] : conversation->new_participants) {
      speaks_in.push_back(conversation->conversation_id);
      names.push_back(name);
      speaker_ids.push_back(speaker_id);
    }
  }
  const Job job = read_job(target_.graph_id, target_.job_id);
  const int priority = target_.priority + (job.state == "paused" ? parked : 0);
  const auto rows = execute(
      "WITH speaking AS (SELECT p.conversation_id, pg_catalog.array_agg(p.name ORDER BY p.n) AS names, "
      "  pg_catalog.array_agg(p.speaker_id ORDER BY p.n) AS speaker_ids "
      " FROM unnest($8::bigint[], $9::text[], $10::text[]) WITH ORDINALITY p(conversation_id, name, speaker_id, n) "
      " GROUP BY p.conversation_id), "
      "finished AS (UPDATE kg_batch_internal.conversation v SET "
      "  participant_names = v.participant_names || COALESCE(p.names, '{}'), "
      "  participant_ids = v.participant_ids || COALESCE(p.speaker_ids, '{}'), "
      "  messages = t.messages, deliveries = t.deliveries + t.closes_alone, job_id = $11, priority = $12, "
      "  closing = CASE WHEN $13 OR t.edit_delivery > 0 THEN ARRAY(SELECT DISTINCT c FROM unnest(v.closing "
      "   || t.edit_delivery || CASE WHEN $13 THEN t.deliveries + t.closes_alone ELSE 0 END) c WHERE c > 0 ORDER BY c) ELSE v.closing END, "
      "  settle_at = CASE WHEN $13 THEN NULL WHEN t.fresh THEN pg_catalog.now() + pg_catalog.make_interval(secs => $14) "
      "   ELSE v.settle_at END "
      " FROM (SELECT u.*, CASE WHEN $13 AND NOT u.fresh AND w.settle_at IS NOT NULL THEN 1 ELSE 0 END AS closes_alone "
      "  FROM unnest($2::bigint[], $3::int[], $4::int[], $5::int[], $6::boolean[], $7::boolean[]) "
      "   u(conversation_id, messages, deliveries, edit_delivery, fresh, changed) "
      "  JOIN kg_batch_internal.conversation w ON w.graph_id = $1 AND w.conversation_id = u.conversation_id) t "
      " LEFT JOIN speaking p ON p.conversation_id = t.conversation_id "
      " WHERE v.graph_id = $1 AND v.conversation_id = t.conversation_id AND (t.changed OR ($13 AND v.settle_at IS NOT NULL)) "
      " RETURNING v.conversation_id, v.messages, t.fresh OR t.edit_delivery > 0 OR $13 AS to_cut), "
      "queued AS (INSERT INTO kg_batch_internal.ready AS r (graph_id, priority, kind, work, chunk_id, job_id) "
      " SELECT $1, $15, 1, f.messages, f.conversation_id, $11 FROM finished f WHERE f.to_cut ORDER BY f.conversation_id "
      " ON CONFLICT (graph_id, kind, chunk_id) DO UPDATE SET job_id = EXCLUDED.job_id, priority = EXCLUDED.priority "
      "  WHERE r.job_id <> EXCLUDED.job_id) "
      "SELECT pg_catalog.count(*) FILTER (WHERE to_cut) FROM finished",
      {target_.graph_id, conversation_ids, messages, deliveries, edit_deliveries, fresh, changed, speaks_in, names, speaker_ids,
       target_.job_id, target_.priority, target_.final, static_cast<double>(job.options.settle_s), priority});
  if (rows.integer(0, 0) > 0) touch_job(target_.graph_id, target_.job_id);
}

std::int64_t flush(std::int64_t graph_id) {
  const auto rows = execute_generic(
      "WITH closed AS (UPDATE kg_batch_internal.conversation v SET settle_at = NULL, "
      "  deliveries = v.deliveries + 1, closing = v.closing || (v.deliveries + 1) "
      " WHERE v.graph_id = $1 AND v.settle_at IS NOT NULL RETURNING v.conversation_id, v.job_id, v.priority, v.messages), "
      "queued AS (INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) "
      " SELECT $1, c.priority + CASE WHEN j.state = 'paused' THEN $2 ELSE 0 END, 1, c.messages, c.conversation_id, c.job_id "
      " FROM closed c JOIN kg_batch_internal.job j ON j.graph_id = $1 AND j.job_id = c.job_id ON CONFLICT DO NOTHING) "
      "SELECT c.job_id, pg_catalog.count(*) FROM closed c GROUP BY c.job_id",
      {graph_id, parked});
  std::int64_t closed = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    touch_job(graph_id, rows.integer(i, 0));
    closed += rows.integer(i, 1);
  }
  return closed;
}

}  // namespace kg_batch::store
