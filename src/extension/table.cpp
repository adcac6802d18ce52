#include "extension/table.h"

namespace kg_batch::extension {

Datum give_table(FunctionCallInfo info, const std::vector<Row>& rows) {
  backend::backend_call([&] {
    InitMaterializedSRF(info, 0);
    const ReturnSetInfo* const result = reinterpret_cast<const ReturnSetInfo*>(info->resultinfo);
    AttInMetadata* const columns = TupleDescGetAttInMetadata(result->setDesc);
    char** const values = static_cast<char**>(palloc(sizeof(char*) * static_cast<std::size_t>(result->setDesc->natts)));
    for (const Row& row : rows) {
      for (int i = 0; i < result->setDesc->natts; ++i) {
        const auto& value = row[static_cast<std::size_t>(i)];
        values[i] = value ? const_cast<char*>(value->c_str()) : nullptr;
      }
      const HeapTuple tuple = BuildTupleFromCStrings(columns, values);
      tuplestore_puttuple(result->setResult, tuple);
      heap_freetuple(tuple);
    }
  });
  return Datum{0};
}

}  // namespace kg_batch::extension
