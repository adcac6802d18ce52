// SQL: graph_digest.

#include "extension/call.h"
#include "store/access.h"
#include "store/digest.h"

using namespace kg_batch;

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_graph_digest);
Datum kg_batch_graph_digest(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const std::string graph = call.graph(0);
    extension::OwnerWork work;
    const std::string digest = store::graph_digest(store::graph_for(work.caller(), graph, store::Right::reader));
    work.done();
    return call.give(digest);
  });
}

}  // extern "C"
