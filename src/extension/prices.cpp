// Prices of one's own for models.

#include "extension/call.h"
#include "store/access.h"

using namespace kg_batch;
using backend::Error;

namespace {

std::optional<std::string> numeric(const extension::Call& call, int argument) {
  if (call.is_null(argument)) return std::nullopt;
  const char* const text =
      backend::backend_call([&] { return DatumGetCString(DirectFunctionCall1(numeric_out, call.info()->args[argument].value)); });
  return std::string(text);
}

std::optional<std::string> day(const extension::Call& call, int argument) {
  if (call.is_null(argument)) return std::nullopt;
  const char* const text = backend::backend_call([&] {
    Oid output;
    bool is_varlena;
    getTypeOutputInfo(DATEOID, &output, &is_varlena);
    return OidOutputFunctionCall(output, call.info()->args[argument].value);
  });
  return std::string(text);
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_set_model_price);
Datum kg_batch_set_model_price(PG_FUNCTION_ARGS) {
  return backend::entry_point([&] {
    extension::Call call(fcinfo);
    const auto prefix = call.text(0);
    if (!prefix || prefix->empty())
      throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "argument \"model_prefix\" must not be empty", "",
                  "It is the name of a model, or what the names of several begin with.");
    static const char* const names[] = {"", "input", "output", "cached_input", "cache_write", "batch_input", "batch_cached_input",
                                        "batch_output"};
    std::optional<std::string> prices[8];
    for (int i = 1; i < 8; ++i) {
      prices[i] = numeric(call, i);
      if (!prices[i] && i <= 2)
        throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, std::string("argument \"") + names[i] + "\" must not be null");
      if (prices[i] && (prices[i]->front() == '-' || prices[i]->find_first_not_of("0123456789.") != std::string::npos))
        throw Error(ERRCODE_INVALID_PARAMETER_VALUE, std::string("invalid price for \"") + names[i] + "\": " + *prices[i], "",
                    "Prices are US dollars per million tokens, from 0 up.");
    }
    const int tier_above = call.integer(8).value_or(0);
    if (tier_above < 0) throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "argument \"tier_above\" must not be negative");
    const auto valid_from = day(call, 9);
    const auto source = call.text(10);
    extension::OwnerWork work;
    store::require_all_powerful(work.caller(), "set the price of a model");
    backend::execute(
        "INSERT INTO kg_batch_internal.model_price (model_prefix, valid_from, tier_above, input, output, cached_input, cache_write, "
        "batch_input, batch_cached_input, batch_output, source, checked_on) "
        "SELECT $1, COALESCE($9::date, today), $10, $2::numeric, $3::numeric, $4::numeric, $5::numeric, "
        "COALESCE($6::numeric, $2::numeric / 2), $7::numeric, COALESCE($8::numeric, $3::numeric / 2), COALESCE($11, 'set_model_price'), "
        "today FROM (SELECT (pg_catalog.now() AT TIME ZONE 'UTC')::date AS today) t "
        "ON CONFLICT (model_prefix, valid_from, tier_above, shipped) DO UPDATE SET input = EXCLUDED.input, output = EXCLUDED.output, "
        "cached_input = EXCLUDED.cached_input, cache_write = EXCLUDED.cache_write, batch_input = EXCLUDED.batch_input, "
        "batch_cached_input = EXCLUDED.batch_cached_input, batch_output = EXCLUDED.batch_output, source = EXCLUDED.source, "
        "checked_on = EXCLUDED.checked_on",
        {*prefix, *prices[1], *prices[2], prices[3], prices[4], prices[5], prices[6], prices[7], valid_from, tier_above, source});
    work.done();
    return call.nothing();
  });
}

}  // extern "C"
