// SQL: export.
//
// Lines go to the result as they are made, so what is held in memory does not
// grow with the graph. Nothing of the caller's runs meanwhile.

#include "store/exporting.h"

#include "backend/locks.h"
#include "extension/call.h"
#include "store/access.h"

using namespace kg_batch;
using backend::Error;

namespace {

[[noreturn]] void unknown_format(const std::string& format) {
  std::string names;
  for (const std::string_view name : formats::format_names()) names += (names.empty() ? "" : ", ") + std::string(name);
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "unknown format \"" + format + "\"", "", "Formats are " + names + ".");
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_export);
Datum kg_batch_export(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const auto format = call.text(0);
    const std::string graph = call.graph(1);
    backend::backend_call([&] { InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC); });
    const ReturnSetInfo* const result = reinterpret_cast<const ReturnSetInfo*>(fcinfo->resultinfo);
    extension::OwnerWork work;
    const std::int64_t graph_id = store::graph_for(work.caller(), graph, store::Right::reader);
    if (!format) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "argument \"format\" must not be null");
    const auto writer = formats::make_writer(*format, [&](const std::string& line) {
      backend::backend_call([&] {
        Datum value = PointerGetDatum(cstring_to_text_with_len(line.data(), static_cast<int>(line.size())));
        bool is_null = false;
        tuplestore_putvalues(result->setResult, result->setDesc, &value, &is_null);
        pfree(DatumGetPointer(value));
      });
    });
    if (!writer) unknown_format(*format);
    backend::lock_shared(backend::LockClass::graph, graph_id, backend::LockSpan::transaction);
    store::write_document(graph_id, store::has_right(work.caller(), graph_id, store::Right::auditor), *writer);
    work.done();
    return Datum{0};
  });
}

}  // extern "C"
