// SQL: what an upgrade script begins with.

#include "backend/log.h"
#include "backend/spi.h"
#include "backend/wake.h"
#include "extension/call.h"

using namespace kg_batch;

extern "C" {

// Workers lock the extension first of all in each transaction, so this waits for
// the short ones they are in and then has every table to itself: a script that took
// tables one by one could deadlock with them. Not as the owner with a look at the
// version: that of the schema is the new one here already.
PG_FUNCTION_INFO_V1(kg_batch_begin_upgrade);
Datum kg_batch_begin_upgrade(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    // First lock E, as whoever holds it may wait for the extension; and the
    // coordinator, which looks again when this is committed.
    (void)backend::announce_work();
    const auto extension = backend::installed_extension();
    if (!extension) throw backend::Error(ERRCODE_UNDEFINED_OBJECT, "extension \"kg_batch\" is not installed in this database");
    backend::backend_call([&] { LockDatabaseObject(ExtensionRelationId, extension->oid, 0, AccessExclusiveLock); });
    return call.nothing();
  });
}

}  // extern "C"
