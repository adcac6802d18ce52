// The frame of every SQL function: read arguments as the caller, then work as
// the extension's owner with static SQL, then hand back a value.
//
//   Datum kg_batch_stop(PG_FUNCTION_ARGS) {
//     return entry_point([&] {
//       Call call(fcinfo);
//       OwnerWork work;
//       store::require_all_powerful(work.caller(), "stop kg_batch");
//       store::set_stopped(true);
//       work.done();
//       return call.nothing();
//     });
//   }

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backend/bridge.h"
#include "backend/extension.h"
#include "backend/settings.h"
#include "backend/spi.h"

namespace kg_batch::extension {

class Call {
 public:
  explicit Call(FunctionCallInfo info) : info_(info) {}

  bool is_null(int argument) const { return info_->args[argument].isnull; }
  std::optional<std::string> text(int argument) const;   // text, detoasted
  std::optional<std::string> jsonb(int argument) const;  // as JSON text
  std::optional<std::int64_t> bigint(int argument) const;
  std::vector<std::int64_t> bigints(int argument) const;  // of bigint[]; nothing for null; an Error for nulls in it
  std::optional<int> integer(int argument) const;
  std::optional<bool> boolean(int argument) const;
  std::optional<double> number(int argument) const;      // float8
  // The graph argument: what was given, else the setting.
  std::string graph(int argument) const;

  Datum give(const std::string& text) const;
  Datum give(std::int64_t value) const;
  Datum give_numeric(const std::string& value) const;
  Datum nothing() const;  // void or null

  FunctionCallInfo info() const { return info_; }

 private:
  FunctionCallInfo info_;
};

// SPI connected and the owner's rights, between construction and `done`.
class OwnerWork {
 public:
  OwnerWork();
  unsigned int caller() const { return caller_; }
  void done();

 private:
  unsigned int caller_;
  backend::SpiSession spi_;
  backend::AsOwner owner_;
};

// The same for what changes rows that a worker may have or want, in a transaction that
// may hold others. The coordinator looks again at its end. Done again after a deadlock with
// a worker (backend/giving_way.h), so what it writes into is made anew each time.
void do_as_owner(const std::function<void(const OwnerWork& work)>& change);

}  // namespace kg_batch::extension
