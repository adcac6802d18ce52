// SQL: load_taxonomy, accept_suggestion, refuse_suggestion.

#include "extension/call.h"
#include "store/access.h"
#include "store/taxonomy.h"

using namespace kg_batch;
using backend::Error;

namespace {

std::int64_t suggestion_of(const extension::Call& call) {
  const auto suggestion = call.bigint(0);
  if (!suggestion) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "argument \"suggestion_id\" must not be null");
  return *suggestion;
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_load_taxonomy);
Datum kg_batch_load_taxonomy(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const auto taxonomy = call.jsonb(0);
    if (!taxonomy) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "argument \"taxonomy\" must not be null");
    const std::string graph = call.graph(1);
    std::int64_t loaded = 0;
    extension::do_as_owner([&](const extension::OwnerWork& work) {
      loaded = store::load_taxonomy(store::graph_for(work.caller(), graph, store::Right::admin), *taxonomy);
    });
    return call.give(loaded);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_accept_suggestion);
Datum kg_batch_accept_suggestion(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const std::int64_t suggestion = suggestion_of(call);
    const std::string graph = call.graph(1);
    std::int64_t taxon = 0;
    extension::do_as_owner([&](const extension::OwnerWork& work) {
      taxon = store::accept_suggestion(store::graph_for(work.caller(), graph, store::Right::admin), suggestion,
          work.caller());
    });
    return call.give(taxon);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_refuse_suggestion);
Datum kg_batch_refuse_suggestion(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const std::int64_t suggestion = suggestion_of(call);
    const std::string graph = call.graph(1);
    extension::do_as_owner([&](const extension::OwnerWork& work) {
      store::refuse_suggestion(store::graph_for(work.caller(), graph, store::Right::admin), suggestion, work.caller());
    });
    return call.nothing();
  });
}

}  // extern "C"
