// The background workers of this database, as shared memory has them.

#include "backend/shared_memory.h"
#include "extension/call.h"
#include "extension/table.h"

using namespace kg_batch;

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_live_workers);
Datum kg_batch_live_workers(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    static const char* const kinds[] = {"launcher", "coordinator", "batch manager", "pipeline"};
    static const char* const doings[] = {"waiting for work", "waiting for answers", "cutting conversations", "putting questions together",
                                         "storing answers", "reading answers", "folding into the graph"};
    // ISO with a numeric offset whatever the session shows times in.
    const auto shown = [](std::int64_t wall_us) {
      const TimestampTz at = wall_us - (static_cast<std::int64_t>(POSTGRES_EPOCH_JDATE) - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
      return std::string(backend::backend_call([&] { return timestamptz_to_str(at); }));
    };
    backend::attach_shared_memory();
    std::vector<extension::Row> rows;
    for (const auto& worker : backend::workers(MyDatabaseId)) {
      const std::string doing = worker.phase != backend::Phase::busy               ? doings[static_cast<int>(worker.phase)]
                                : worker.kind == backend::WorkerKind::batch_manager ? "looking after batches"
                                : worker.kind == backend::WorkerKind::coordinator   ? "supervising"
                                                                                    : "working";
      rows.push_back({kinds[static_cast<int>(worker.kind)], std::to_string(worker.pid), std::to_string(worker.worker_id),
                      std::to_string(worker.in_flight), shown(worker.beat_us), doing, shown(worker.phase_since_us), backend::hangs(worker) ? "t" : "f",
                      worker.rests_until_us == 0 ? std::nullopt : std::optional(shown(worker.rests_until_us))});
    }
    return extension::give_table(fcinfo, rows);
  });
}

}  // extern "C"
