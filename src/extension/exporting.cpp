// SQL: export, import.
//
// Lines of an export go to the result as they are made, so what is held in memory does not
// grow with the graph. Nothing of the caller's runs meanwhile.

#include "store/exporting.h"

#include "extension/incoming.h"
#include "store/importing.h"

#include "backend/one_snapshot.h"
#include "backend/wake.h"
#include "extension/call.h"
#include "extension/intake.h"
#include "extension/table.h"
#include "graph/sha256.h"
#include "store/access.h"

using namespace kg_batch;
using backend::Error;

namespace {

[[noreturn]] void unknown_format(const std::string& format) {
  std::string names;
  for (const std::string_view name : formats::format_names()) names += (names.empty() ? "" : ", ") + std::string(name);
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "unknown format \"" + format + "\"", "", "Formats are " + names + ".");
}

// Whoever imports the same twice says nothing new.
std::string key_of(const std::string& data) {
  std::string key = "import ";
  char digits[3];
  for (const std::uint8_t byte : graph::sha256(data)) {
    snprintf(digits, sizeof digits, "%02x", byte);
    key += digits;
  }
  return key;
}

formats::Imported lines_of(const std::string& data) {
  try {
    return formats::read_lines(data);
  } catch (const formats::BadLine& bad) {
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, bad.what(), "", "Nothing was imported.");
  }
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
    const bool with_quotes = store::has_right(work.caller(), graph_id, store::Right::auditor);
    {
      const backend::OneSnapshot of_the_caller;
      store::write_document(graph_id, with_quotes, *writer);
    }
    work.done();
    return Datum{0};
  });
}

PG_FUNCTION_INFO_V1(kg_batch_import);
Datum kg_batch_import(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    extension::require_utf8();
    const auto format = call.text(0), data = call.text(1);
    const std::string graph = call.graph(2);
    const std::string warning = backend::announce_work();
    extension::OwnerWork work;
    const std::int64_t graph_id = store::graph_for(work.caller(), graph, store::Right::admin);
    if (!format) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "argument \"format\" must not be null");
    if (!data) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "argument \"data\" must not be null");
    if (*format != "jsonl")
      throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "format \"" + *format + "\" cannot be imported", "",
                  "Import jsonl: what export('jsonl') wrote, or lines as {\"from\":\"Anna\",\"relation\":\"works at\",\"to\":\"Acme\"}.");
    const store::ImportCounts counts = store::take_imported(graph_id, key_of(*data), lines_of(*data), work.caller());
    work.done();
    extension::warn_of_slots(warning);
    return extension::give_table(fcinfo, {{std::to_string(counts.nodes), std::to_string(counts.edges), std::to_string(counts.facts)}});
  });
}

}  // extern "C"
