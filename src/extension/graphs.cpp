// What views and SQL functions ask before they show anything: which graphs the
// caller may see. They run inside queries of the caller and write nothing; my_graphs,
// which every view asks, uses no SPI either, which would count a command of its own.

#include "backend/bridge.h"
#include "extension/call.h"
#include "store/access.h"

using namespace kg_batch;
using backend::backend_call;
using backend::Error;

namespace {

int level_number(const std::string& level) {
  if (level == "reader") return 1;
  if (level == "auditor") return 2;
  if (level == "writer") return 3;
  if (level == "admin") return 4;
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "unknown level \"" + level + "\"", "",
              "Valid levels are reader, auditor, writer and admin.");
}

// kg_batch_internal.graphs_of as the owner: a bigint[].
Datum graphs_of(Oid role, int level) {
  backend::AsOwner owner;
  const Datum graphs = backend_call([&] {
    static const Oid types[] = {OIDOID, INT4OID};
    char schema[] = "kg_batch_internal", name[] = "graphs_of";
    const Oid function = LookupFuncName(list_make2(makeString(schema), makeString(name)), 2, types, false);
    return OidFunctionCall2(function, ObjectIdGetDatum(role), Int32GetDatum(level));
  });
  owner.leave();
  return graphs;
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_my_graphs);
Datum kg_batch_my_graphs(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const int level = level_number(*call.text(1));
    const Oid role = backend_call([&] {
      const Oid found = get_role_oid(NameStr(*PG_GETARG_NAME(0)), false);
      return found == GetUserId() || has_privs_of_role(GetUserId(), found) ? found : InvalidOid;
    });
    if (role == InvalidOid)
      throw Error(ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to ask for the graphs of another role");
    return graphs_of(role, level);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_graph_id);
Datum kg_batch_graph_id(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const std::string graph = call.graph(0);
    extension::OwnerWork work;
    // The default graph is made by what writes; who reads before finds nothing.
    if (graph == "default" && backend::execute("SELECT FROM kg_batch_internal.graph WHERE name = 'default'").processed() == 0 &&
        store::is_all_powerful(work.caller())) {
      work.done();
      return call.nothing();
    }
    const std::int64_t graph_id = store::graph_for(work.caller(), graph, store::Right::reader);
    work.done();
    return call.give(graph_id);
  });
}

}  // extern "C"
