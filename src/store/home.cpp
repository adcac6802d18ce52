#include "backend/bridge.h"
#include "backend/locks.h"
#include "backend/spi.h"
#include "store/batch.h"
#include "store/counting.h"
#include "store/home.h"
#include "store/queue.h"

namespace kg_batch::store {

using backend::execute;

namespace {

std::int64_t system_identifier() { return static_cast<std::int64_t>(GetSystemIdentifier()); }
std::int64_t database_oid() { return static_cast<std::int64_t>(MyDatabaseId); }

}  // namespace

Home look_at_home() {
  const auto rows = execute("SELECT system_identifier = $1 AND database = $2::oid FROM kg_batch_internal.home",
                            {system_identifier(), database_oid()});
  if (rows.empty()) return Home::missing;
  return rows.boolean(0, 0) ? Home::ours : Home::foreign;
}

void make_home_if_new() {
  execute(
      "INSERT INTO kg_batch_internal.home (installation_id, system_identifier, database) "
      "SELECT pg_catalog.gen_random_uuid(), $1, $2::oid WHERE NOT EXISTS (SELECT FROM kg_batch_internal.graph) "
      "ON CONFLICT DO NOTHING",
      {system_identifier(), database_oid()});
}

void take_home(bool same) {
  backend::lock_exclusive(backend::LockClass::home, 0, backend::LockSpan::transaction);
  // Said twice, or where nothing was to be said: batches that are out stay this database's own.
  if (look_at_home() == Home::ours) {
    set_stopped(false);
    return;
  }
  execute(
      "INSERT INTO kg_batch_internal.home (installation_id, system_identifier, database) "
      "VALUES (pg_catalog.gen_random_uuid(), $1, $2::oid) "
      "ON CONFLICT (one) DO UPDATE SET system_identifier = EXCLUDED.system_identifier, database = EXCLUDED.database, "
      "installation_id = CASE WHEN $3 THEN home.installation_id ELSE EXCLUDED.installation_id END, stopped = false",
      {system_identifier(), database_oid(), same});
  if (!same) {
    // Batches that are out belong to the original: a copy neither polls, reads nor
    // deletes them. What they asked is asked anew, as this database's own.
    const auto batches = execute("SELECT batch_id FROM kg_batch_internal.batch WHERE ended_at IS NULL");
    for (std::size_t i = 0; i < batches.size(); ++i)
      finish(batches.integer(i, 0), "lost", "it belongs to the database that this one is a copy of", Rest::batch_again);
  }
  // A copy has the claims of workers that never lived here; a dump has no queue, and
  // what was handed in since stands in it alone.
  for (const std::int64_t worker_id : claiming_workers()) free_claims(worker_id);
  refill_ready();
  // What was counted while it came back is right unless somebody left the triggers aside.
  count_anew();
}

std::string installation_id() {
  const auto rows = execute("SELECT installation_id FROM kg_batch_internal.home");
  return rows.empty() ? "" : rows.text(0, 0);
}

bool is_stopped() {
  const auto rows = execute("SELECT stopped FROM kg_batch_internal.home");
  return !rows.empty() && rows.boolean(0, 0);
}

void set_stopped(bool stopped) {
  make_home_if_new();
  execute("UPDATE kg_batch_internal.home SET stopped = $1 WHERE stopped <> $1", {stopped});
}

}  // namespace kg_batch::store
