#include "extension/call.h"

#include "backend/giving_way.h"
#include "backend/wake.h"

namespace kg_batch::extension {

using backend::backend_call;

namespace {

struct View {
  const char* data;
  std::size_t size;
};

}  // namespace

std::optional<std::string> Call::text(int argument) const {
  if (is_null(argument)) return std::nullopt;
  const View view = backend_call([&] {
    const varlena* const value = pg_detoast_datum_packed(reinterpret_cast<varlena*>(DatumGetPointer(info_->args[argument].value)));
    return View{VARDATA_ANY(value), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value))};
  });
  return std::string(view.data, view.size);
}

std::optional<std::string> Call::jsonb(int argument) const {
  if (is_null(argument)) return std::nullopt;
  const char* const value = backend_call([&] {
    Oid output;
    bool is_varlena;
    getTypeOutputInfo(JSONBOID, &output, &is_varlena);
    return OidOutputFunctionCall(output, info_->args[argument].value);
  });
  return std::string(value);
}

std::optional<std::int64_t> Call::bigint(int argument) const {
  if (is_null(argument)) return std::nullopt;
  return DatumGetInt64(info_->args[argument].value);
}

std::vector<std::int64_t> Call::bigints(int argument) const {
  if (is_null(argument)) return {};
  struct Elements {
    const std::int64_t* first;
    int count;
    bool nulls;
  };
  const Elements elements = backend::backend_call([&] {
    ArrayType* const array = DatumGetArrayTypeP(info_->args[argument].value);
    return Elements{reinterpret_cast<const std::int64_t*>(ARR_DATA_PTR(array)), ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)),
                    array_contains_nulls(array)};
  });
  if (elements.nulls) throw backend::Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "the array must not contain nulls");
  return {elements.first, elements.first + elements.count};
}

std::optional<int> Call::integer(int argument) const {
  if (is_null(argument)) return std::nullopt;
  return DatumGetInt32(info_->args[argument].value);
}

std::optional<bool> Call::boolean(int argument) const {
  if (is_null(argument)) return std::nullopt;
  return DatumGetBool(info_->args[argument].value);
}

std::optional<double> Call::number(int argument) const {
  if (is_null(argument)) return std::nullopt;
  return DatumGetFloat8(info_->args[argument].value);
}

std::string Call::graph(int argument) const {
  const auto given = text(argument);
  return given ? *given : backend::settings::graph();
}

Datum Call::give(const std::string& value) const {
  return backend_call([&] { return PointerGetDatum(cstring_to_text_with_len(value.data(), static_cast<int>(value.size()))); });
}

Datum Call::give(std::int64_t value) const {
  return backend_call([&] { return Int64GetDatum(value); });
}

Datum Call::give_numeric(const std::string& value) const {
  return backend_call([&] {
    return DirectFunctionCall3(numeric_in, CStringGetDatum(value.c_str()), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
  });
}

Datum Call::nothing() const {
  info_->isnull = backend_call([&] { return get_func_rettype(info_->flinfo->fn_oid) != VOIDOID; });
  return Datum{0};
}

OwnerWork::OwnerWork() : caller_(GetUserId()) {}

void OwnerWork::done() {
  backend::note_rows_held();
  owner_.leave();
  spi_.finish();
}

void do_as_owner(const std::function<void(const OwnerWork& work)>& change) {
  backend::wake_at_commit();
  backend::again_after_deadlock([&] {
    OwnerWork work;
    change(work);
    work.done();
  });
}

}  // namespace kg_batch::extension
