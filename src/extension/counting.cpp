// SQL: folding what is noted of the counts of jobs, for triggers that note much.

#include "backend/spi.h"
#include "extension/call.h"
#include "store/counting.h"

using namespace kg_batch;

extern "C" {

// Not as the owner with a look at the version: whoever changes the rows is the owner
// already, and an upgrade script may do it.
PG_FUNCTION_INFO_V1(kg_batch_fold_now);
Datum kg_batch_fold_now(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    backend::SpiSession spi;
    while (store::fold_counts()) {
    }
    spi.finish();
    return call.nothing();
  });
}

}  // extern "C"
