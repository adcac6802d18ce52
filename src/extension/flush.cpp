// flush: what is open in a graph is read now.

#include "backend/wake.h"
#include "extension/intake.h"
#include "store/access.h"

using namespace kg_batch;
using namespace kg_batch::extension;

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_flush);
Datum kg_batch_flush(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    Call call(fcinfo);
    const std::string graph = call.graph(0);
    const std::string warning = backend::announce_work();
    std::int64_t closed = 0;
    do_as_owner([&](const OwnerWork& work) { closed = store::flush(store::graph_for(work.caller(), graph, store::Right::writer)); });
    warn_of_slots(warning);
    return call.give(closed);
  });
}

}  // extern "C"
