// SQL through SPI, with values in and out as C++ types.
//
// Statements are string literals: their address is the key under which the plan
// is kept for the life of the session. Values are never put into the text.
// Every name in a statement is qualified; the caller's search_path is not
// trusted (see identity.h).

#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kg_batch::backend {

struct Uuid {
  std::uint8_t bytes[16];
};
struct Bytes {
  std::string_view bytes;
};
struct Time {
  std::int64_t us;  // microseconds since 1970-01-01 UTC
};

// One value of a statement. Refers to what it was made from: it lives as long as
// the call it is an argument of.
class Param {
 public:
  enum class Type {
    null, boolean, int32, int64, float64, text, bytes, uuid, time,
    booleans, int16s, int32s, int64s, texts, maybe_int32s, maybe_int64s, maybe_texts, maybe_times, uuids, bytes_array
  };

  Param(std::nullptr_t) : type_(Type::null) {}
  Param(bool value) : type_(Type::boolean), int_(value) {}
  Param(int value) : type_(Type::int32), int_(value) {}
  Param(std::int64_t value) : type_(Type::int64), int_(value) {}
  Param(double value) : type_(Type::float64), float_(value) {}
  Param(const char* value) : type_(Type::text), text_(value) {}
  Param(std::string_view value) : type_(Type::text), text_(value) {}
  Param(const std::string& value) : type_(Type::text), text_(value) {}
  Param(Bytes value) : type_(Type::bytes), text_(value.bytes) {}
  Param(const Uuid& value) : type_(Type::uuid), pointer_(&value) {}
  Param(Time value) : type_(Type::time), int_(value.us) {}
  Param(const std::optional<std::int64_t>& value) : type_(Type::int64), null_(!value), int_(value.value_or(0)) {}
  Param(const std::optional<int>& value) : type_(Type::int32), null_(!value), int_(value.value_or(0)) {}
  Param(const std::optional<bool>& value) : type_(Type::boolean), null_(!value), int_(value.value_or(false)) {}
  Param(const std::optional<double>& value) : type_(Type::float64), null_(!value), float_(value.value_or(0)) {}
  Param(const std::optional<Time>& value) : type_(Type::time), null_(!value), int_(value ? value->us : 0) {}
  Param(const std::optional<std::string>& value) : type_(Type::text), null_(!value) {
    if (value) text_ = *value;
  }
  Param(const std::vector<bool>& values) : type_(Type::booleans), pointer_(&values) {}
  Param(const std::vector<std::int16_t>& values) : type_(Type::int16s), pointer_(&values) {}
  Param(const std::vector<int>& values) : type_(Type::int32s), pointer_(&values) {}
  Param(const std::vector<std::int64_t>& values) : type_(Type::int64s), pointer_(&values) {}
  Param(const std::vector<std::string>& values) : type_(Type::texts), pointer_(&values) {}
  Param(const std::vector<std::optional<int>>& values) : type_(Type::maybe_int32s), pointer_(&values) {}
  Param(const std::vector<std::optional<std::int64_t>>& values) : type_(Type::maybe_int64s), pointer_(&values) {}
  Param(const std::vector<std::optional<std::string>>& values) : type_(Type::maybe_texts), pointer_(&values) {}
  Param(const std::vector<std::optional<Time>>& values) : type_(Type::maybe_times), pointer_(&values) {}
  Param(const std::vector<Uuid>& values) : type_(Type::uuids), pointer_(&values) {}
  Param(const std::vector<Bytes>& values) : type_(Type::bytes_array), pointer_(&values) {}

  Type type() const { return type_; }
  bool is_null() const { return null_ || type_ == Type::null; }
  std::int64_t integer() const { return int_; }
  double number() const { return float_; }
  std::string_view text() const { return text_; }
  template <typename T>
  const T& get() const { return *static_cast<const T*>(pointer_); }

 private:
  Type type_;
  bool null_ = false;
  std::int64_t int_ = 0;
  double float_ = 0;
  std::string_view text_;
  const void* pointer_ = nullptr;
};

// Rows as text, copied out of the backend.
class Rows {
 public:
  std::size_t size() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
  bool empty() const { return size() == 0; }
  std::uint64_t processed() const { return processed_; }

  bool is_null(std::size_t row, std::size_t column) const { return !cell(row, column).has_value(); }
  const std::string& text(std::size_t row, std::size_t column) const;  // "" for null
  std::optional<std::string> maybe_text(std::size_t row, std::size_t column) const { return cell(row, column); }
  std::int64_t integer(std::size_t row, std::size_t column) const;  // 0 for null
  std::optional<std::int64_t> maybe_integer(std::size_t row, std::size_t column) const;
  std::vector<std::int64_t> column(std::size_t column) const;  // integer of each row
  double number(std::size_t row, std::size_t column) const;
  bool boolean(std::size_t row, std::size_t column) const;
  std::vector<std::int64_t> integers(std::size_t row, std::size_t column) const;  // of int[] or bigint[] without nulls
  std::vector<std::string> texts(std::size_t row, std::size_t column) const;      // of text[]; nulls become ""
  std::string bytes(std::size_t row, std::size_t column) const;                   // of bytea in hex output

 private:
  friend Rows run_statement(const char* sql, std::initializer_list<Param> params, int cursor_options);
  const std::optional<std::string>& cell(std::size_t row, std::size_t column) const {
    return cells_.at(row * columns_ + column);
  }
  std::size_t columns_ = 0;
  std::uint64_t processed_ = 0;
  std::vector<std::optional<std::string>> cells_;
};

// Runs one statement, planned for these values and for the tables as they are
// now; an Error when it fails. SPI must be connected. For statements that read much of
// a graph, and those that a person calls once.
Rows execute(const char* sql, std::initializer_list<Param> params = {});

// The same with a plan that is made once and kept: for statements that find every row
// by index whatever the values are. The plan has to serve tables that were empty when
// it was made, so it joins by nested loops over indexes and nothing else, each table
// looked up row by row (LATERAL with OFFSET 0, a scalar subquery, or a primary key).
// A plan for the values would be worse, not better: statistics that were made before a
// graph was there say that it has no rows, and then any index that begins with
// graph_id passes for as good as the one that finds the row. That once made a round
// read 7 million pages to look up 2,000 blocks.
Rows execute_generic(const char* sql, std::initializer_list<Param> params = {});

// Called after every statement, inside its transaction: for what must not be put
// off until the transaction's end. It may neither wait nor touch the database.
void after_each_statement(std::function<void()> call);

// SPI for the length of an SQL function. `finish` is called on the way out that
// succeeds; on an Error the backend cleans up.
class SpiSession {
 public:
  SpiSession();
  explicit SpiSession(bool nonatomic);
  void finish();
};

}  // namespace kg_batch::backend
