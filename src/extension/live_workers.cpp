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
    backend::attach_shared_memory();
    std::vector<extension::Row> rows;
    for (const auto& worker : backend::workers(MyDatabaseId)) {
      // ISO with a numeric offset whatever the session shows times in.
      const TimestampTz beat = worker.beat_us - (static_cast<std::int64_t>(POSTGRES_EPOCH_JDATE) - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
      const char* const last_beat = backend::backend_call([&] { return timestamptz_to_str(beat); });
      rows.push_back({kinds[static_cast<int>(worker.kind)], std::to_string(worker.pid), std::to_string(worker.worker_id),
                      std::to_string(worker.in_flight), std::string(last_beat)});
    }
    return extension::give_table(fcinfo, rows);
  });
}

}  // extern "C"
