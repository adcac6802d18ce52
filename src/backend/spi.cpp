#include "backend/bridge.h"
#include "backend/one_snapshot.h"
#include "backend/planning.h"
#include "backend/read_only.h"
#include "backend/shared_memory.h"
#include "backend/spi.h"

namespace kg_batch::backend {

namespace {

const std::int64_t unix_to_postgres_us = (static_cast<std::int64_t>(POSTGRES_EPOCH_JDATE) - UNIX_EPOCH_JDATE) * USECS_PER_DAY;

Oid type_oid(Param::Type type) {
  switch (type) {
    case Param::Type::boolean: return BOOLOID;
    case Param::Type::int32: return INT4OID;
    case Param::Type::int64: return INT8OID;
    case Param::Type::float64: return FLOAT8OID;
    case Param::Type::null:
    case Param::Type::text: return TEXTOID;
    case Param::Type::bytes: return BYTEAOID;
    case Param::Type::uuid: return UUIDOID;
    case Param::Type::time: return TIMESTAMPTZOID;
    case Param::Type::booleans: return BOOLARRAYOID;
    case Param::Type::int16s: return INT2ARRAYOID;
    case Param::Type::int32s:
    case Param::Type::maybe_int32s: return INT4ARRAYOID;
    case Param::Type::int64s:
    case Param::Type::maybe_int64s: return INT8ARRAYOID;
    case Param::Type::texts:
    case Param::Type::maybe_texts: return TEXTARRAYOID;
    case Param::Type::maybe_times: return TIMESTAMPTZARRAYOID;
    case Param::Type::uuids: return UUIDARRAYOID;
    case Param::Type::bytes_array: return BYTEAARRAYOID;
  }
  return InvalidOid;
}

// ---- below: called inside backend_call, so plain memory only ----

Datum text_datum(std::string_view text) {
  return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

Datum uuid_datum(const Uuid& uuid) {
  pg_uuid_t* const copy = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
  std::memcpy(copy->data, uuid.bytes, sizeof uuid.bytes);
  return UUIDPGetDatum(copy);
}

// `element(i, &null)` gives element i.
template <typename Element>
Datum array_datum(std::size_t size, Oid type, Element element) {
  int16 length;
  bool by_value;
  char alignment;
  get_typlenbyvalalign(type, &length, &by_value, &alignment);
  Datum* const values = static_cast<Datum*>(palloc(sizeof(Datum) * (size + 1)));
  bool* const nulls = static_cast<bool*>(palloc0(sizeof(bool) * (size + 1)));
  for (std::size_t i = 0; i < size; ++i) values[i] = element(i, &nulls[i]);
  int dimensions[1] = {static_cast<int>(size)};
  int lower_bounds[1] = {1};
  return PointerGetDatum(
      construct_md_array(values, nulls, size == 0 ? 0 : 1, dimensions, lower_bounds, type, length, by_value, alignment));
}

template <typename Value, typename Convert>
Datum maybe_array_datum(const std::vector<std::optional<Value>>& values, Oid type, Convert convert) {
  return array_datum(values.size(), type, [&](std::size_t i, bool* null) {
    *null = !values[i].has_value();
    return *null ? Datum{0} : convert(*values[i]);
  });
}

Datum param_datum(const Param& param) {
  switch (param.type()) {
    case Param::Type::null: return Datum{0};
    case Param::Type::boolean: return BoolGetDatum(param.integer() != 0);
    case Param::Type::int32: return Int32GetDatum(static_cast<int32>(param.integer()));
    case Param::Type::int64: return Int64GetDatum(param.integer());
    case Param::Type::float64: return Float8GetDatum(param.number());
    case Param::Type::text: return text_datum(param.text());
    case Param::Type::bytes: return text_datum(param.text());  // bytea has the same layout
    case Param::Type::uuid: return uuid_datum(param.get<Uuid>());
    case Param::Type::time: return TimestampTzGetDatum(param.integer() - unix_to_postgres_us);
    case Param::Type::booleans: {
      const auto& values = param.get<std::vector<bool>>();
      return array_datum(values.size(), BOOLOID, [&](std::size_t i, bool*) { return BoolGetDatum(values[i]); });
    }
    case Param::Type::int16s: {
      const auto& values = param.get<std::vector<std::int16_t>>();
      return array_datum(values.size(), INT2OID, [&](std::size_t i, bool*) { return Int16GetDatum(values[i]); });
    }
    case Param::Type::int32s: {
      const auto& values = param.get<std::vector<int>>();
      return array_datum(values.size(), INT4OID, [&](std::size_t i, bool*) { return Int32GetDatum(values[i]); });
    }
    case Param::Type::int64s: {
      const auto& values = param.get<std::vector<std::int64_t>>();
      return array_datum(values.size(), INT8OID, [&](std::size_t i, bool*) { return Int64GetDatum(values[i]); });
    }
    case Param::Type::texts: {
      const auto& values = param.get<std::vector<std::string>>();
      return array_datum(values.size(), TEXTOID, [&](std::size_t i, bool*) { return text_datum(values[i]); });
    }
    case Param::Type::maybe_int32s:
      return maybe_array_datum(param.get<std::vector<std::optional<int>>>(), INT4OID,
                               [](int value) { return Int32GetDatum(value); });
    case Param::Type::maybe_int64s:
      return maybe_array_datum(param.get<std::vector<std::optional<std::int64_t>>>(), INT8OID,
                               [](std::int64_t value) { return Int64GetDatum(value); });
    case Param::Type::maybe_texts:
      return maybe_array_datum(param.get<std::vector<std::optional<std::string>>>(), TEXTOID,
                               [](const std::string& value) { return text_datum(value); });
    case Param::Type::maybe_times:
      return maybe_array_datum(param.get<std::vector<std::optional<Time>>>(), TIMESTAMPTZOID,
                               [](Time value) { return TimestampTzGetDatum(value.us - unix_to_postgres_us); });
    case Param::Type::uuids: {
      const auto& values = param.get<std::vector<Uuid>>();
      return array_datum(values.size(), UUIDOID, [&](std::size_t i, bool*) { return uuid_datum(values[i]); });
    }
    case Param::Type::bytes_array: {
      const auto& values = param.get<std::vector<Bytes>>();
      return array_datum(values.size(), BYTEAOID, [&](std::size_t i, bool*) { return text_datum(values[i].bytes); });
    }
  }
  return Datum{0};
}

std::unordered_map<const char*, SPIPlanPtr>& kept_plans() {
  static std::unordered_map<const char*, SPIPlanPtr> plans;
  return plans;
}

SPIPlanPtr plan_of(const char* sql, std::initializer_list<Param> params, int cursor_options) {
  auto& plans = kept_plans();
  if (auto found = plans.find(sql); found != plans.end()) return found->second;
  constexpr std::size_t most_params = 64;
  if (params.size() > most_params) throw Error(ERRCODE_INTERNAL_ERROR, "too many parameters of a statement");
  Oid types[most_params];
  int count = 0;
  for (const Param& param : params) types[count++] = type_oid(param.type());
  const SPIPlanPtr plan = backend_call([&] {
    const SPIPlanPtr prepared = SPI_prepare_cursor(sql, count, types, cursor_options);
    if (prepared == nullptr) elog(ERROR, "could not prepare a statement: %s", SPI_result_code_string(SPI_result));
    SPI_keepplan(prepared);
    return prepared;
  });
  plans.emplace(sql, plan);
  return plan;
}

bool has_one_snapshot = false;

struct Copied {  // cells of a result in the backend's memory
  char** cells;
  std::uint64_t rows;
  int columns;
  std::uint64_t processed;
};

std::function<void()>& call_after_each() {
  static std::function<void()> call;
  return call;
}

// While a kept plan is made: at its first use, and again after the tables were
// analyzed. Not while it runs: functions that it calls plan their own statements.
class NothingButIndexes {
 public:
  NothingButIndexes() {
    for (std::size_t i = 0; i < methods.size(); ++i) {
      were_[i] = *methods[i];
      *methods[i] = false;
    }
  }
  ~NothingButIndexes() {
    for (std::size_t i = 0; i < methods.size(); ++i) *methods[i] = were_[i];
  }
  NothingButIndexes(const NothingButIndexes&) = delete;
  NothingButIndexes& operator=(const NothingButIndexes&) = delete;

 private:
  // Sorting too: the first few in the order of an index are not to be found by
  // sorting all of them.
  static constexpr std::array methods{&enable_seqscan, &enable_bitmapscan, &enable_hashjoin, &enable_mergejoin, &enable_sort};
  std::array<bool, methods.size()> were_{};
};

// It locks the tables, so a plan that is no longer valid is found out here and not
// when it is run.
void plan_by_indexes(SPIPlanPtr plan) {
  const NothingButIndexes here;
  const OurPlanning now(true);
  backend_call([&] {
    CachedPlan* const kept = SPI_plan_get_cached_plan(plan);
    if (kept != nullptr) ReleaseCachedPlan(kept, CurrentResourceOwner);
  });
}

}  // namespace

void refuse_if_read_only() {
  if (backend_call([] { return RecoveryInProgress(); }))
    throw Error(ERRCODE_READ_ONLY_SQL_TRANSACTION, "kg_batch cannot write on a standby", "",
                "Call it on the primary; workers start here after promotion.");
  if (XactReadOnly)
    throw Error(ERRCODE_READ_ONLY_SQL_TRANSACTION, "kg_batch cannot write in a read-only transaction", "",
                "Call it in a transaction that may write: BEGIN READ WRITE, or SET default_transaction_read_only = off.");
}

OneSnapshot::OneSnapshot() { has_one_snapshot = true; }
OneSnapshot::~OneSnapshot() { has_one_snapshot = false; }

// Who watches tells a long statement from a worker that hangs.
class StatementNoted {
 public:
  StatementNoted() { note_statement(true); }
  ~StatementNoted() { note_statement(false); }
  StatementNoted(const StatementNoted&) = delete;
  StatementNoted& operator=(const StatementNoted&) = delete;
};

Rows run_statement(const char* sql, std::initializer_list<Param> params, int cursor_options) {
  const StatementNoted noted;  // to plan it may need locks, too
  const OurPlanning here(false);
  const SPIPlanPtr plan = plan_of(sql, params, cursor_options);
  if (cursor_options == CURSOR_OPT_GENERIC_PLAN) plan_by_indexes(plan);
  const Param* const first = params.begin();
  const int count = static_cast<int>(params.size());
  const auto run = [&] {
    Datum* const values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<std::size_t>(count + 1)));
    char* const nulls = static_cast<char*>(palloc(static_cast<std::size_t>(count + 1)));
    for (int i = 0; i < count; ++i) {
      nulls[i] = first[i].is_null() ? 'n' : ' ';
      values[i] = first[i].is_null() ? Datum{0} : param_datum(first[i]);
    }
    const int code = SPI_execute_plan(plan, values, nulls, has_one_snapshot, 0);
    if (code < 0) elog(ERROR, "could not execute a statement: %s", SPI_result_code_string(code));
    Copied result{nullptr, 0, 0, SPI_processed};
    if (SPI_tuptable != nullptr && SPI_tuptable->tupdesc != nullptr) {
      result.rows = SPI_processed;
      result.columns = SPI_tuptable->tupdesc->natts;
      const std::size_t cells = result.rows * static_cast<std::size_t>(result.columns);
      result.cells = static_cast<char**>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(char*) * (cells + 1)));
      std::size_t at = 0;
      for (std::uint64_t row = 0; row < result.rows; ++row)
        for (int column = 1; column <= result.columns; ++column)
          result.cells[at++] = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
    }
    return result;
  };
  Copied copied;
  try {
    copied = backend_call(run);
  } catch (const Error& error) {
    // Instead of PostgreSQL's own words, which speak of a statement that nobody typed.
    if (error.sqlstate() == ERRCODE_READ_ONLY_SQL_TRANSACTION) refuse_if_read_only();
    throw;
  }
  Rows rows;
  rows.processed_ = copied.processed;
  rows.columns_ = static_cast<std::size_t>(copied.columns);
  const std::size_t cells = copied.rows * rows.columns_;
  rows.cells_.reserve(cells);
  for (std::size_t i = 0; i < cells; ++i) {
    if (copied.cells[i] == nullptr)
      rows.cells_.emplace_back(std::nullopt);
    else
      rows.cells_.emplace_back(copied.cells[i]);
  }
  backend_call([&] {
    for (std::size_t i = 0; i < cells; ++i)
      if (copied.cells[i] != nullptr) pfree(copied.cells[i]);
    if (copied.cells != nullptr) pfree(copied.cells);
    if (SPI_tuptable != nullptr) SPI_freetuptable(SPI_tuptable);
  });
  if (call_after_each()) call_after_each()();
  return rows;
}

Rows execute(const char* sql, std::initializer_list<Param> params) { return run_statement(sql, params, CURSOR_OPT_CUSTOM_PLAN); }

Rows execute_generic(const char* sql, std::initializer_list<Param> params) { return run_statement(sql, params, CURSOR_OPT_GENERIC_PLAN); }

void after_each_statement(std::function<void()> call) { call_after_each() = std::move(call); }

const std::string& Rows::text(std::size_t row, std::size_t column) const {
  static const std::string none;
  const auto& value = cell(row, column);
  return value ? *value : none;
}

std::int64_t Rows::integer(std::size_t row, std::size_t column) const { return maybe_integer(row, column).value_or(0); }

std::optional<std::int64_t> Rows::maybe_integer(std::size_t row, std::size_t column) const {
  const auto& value = cell(row, column);
  if (!value) return std::nullopt;
  return std::stoll(*value);
}

std::vector<std::int64_t> Rows::column(std::size_t column) const {
  std::vector<std::int64_t> values;
  for (std::size_t row = 0; row < size(); ++row) values.push_back(integer(row, column));
  return values;
}

double Rows::number(std::size_t row, std::size_t column) const {
  const auto& value = cell(row, column);
  return value ? std::stod(*value) : 0;
}

bool Rows::boolean(std::size_t row, std::size_t column) const { return text(row, column) == "t"; }

std::vector<std::int64_t> Rows::integers(std::size_t row, std::size_t column) const {
  std::vector<std::int64_t> values;
  const std::string& array = text(row, column);
  for (std::size_t at = 1; at + 1 < array.size();) {
    std::size_t used = 0;
    values.push_back(std::stoll(array.substr(at, 24), &used));
    at += used + 1;
  }
  return values;
}

std::vector<std::string> Rows::texts(std::size_t row, std::size_t column) const {
  std::vector<std::string> values;
  const std::string& array = text(row, column);
  std::size_t at = 1;
  while (at < array.size() && array[at] != '}') {
    std::string value;
    if (array[at] == '"') {
      for (++at; at < array.size() && array[at] != '"'; ++at) {
        if (array[at] == '\\') ++at;
        value += array[at];
      }
      ++at;
    } else {
      while (at < array.size() && array[at] != ',' && array[at] != '}') value += array[at++];
      if (value == "NULL") value.clear();
    }
    values.push_back(std::move(value));
    if (at < array.size() && array[at] == ',') ++at;
  }
  return values;
}

std::string Rows::bytes(std::size_t row, std::size_t column) const {
  const std::string& hex = text(row, column);
  std::string value;
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t at = 2; at + 1 < hex.size(); at += 2) value += static_cast<char>(digit(hex[at]) * 16 + digit(hex[at + 1]));
  return value;
}

SpiSession::SpiSession() : SpiSession(false) {}

SpiSession::SpiSession(bool nonatomic) {
  backend_call([&] {
    if (SPI_connect_ext(nonatomic ? SPI_OPT_NONATOMIC : 0) != SPI_OK_CONNECT) elog(ERROR, "could not connect to SPI");
  });
}

void SpiSession::finish() {
  backend_call([] { SPI_finish(); });
}

}  // namespace kg_batch::backend
