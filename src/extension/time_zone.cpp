#include "extension/time_zone.h"

#include "openai/json_text.h"

#include "backend/bridge.h"

namespace kg_batch::extension {

using backend::backend_call;
using backend::Error;

TimeZone::TimeZone(const std::optional<std::string>& name) {
  if (!name) return;
  try {
    guc_level_ = backend_call([&] {
      const int level = NewGUCNestLevel();
      (void)set_config_option("TimeZone", name->c_str(), PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
      return level;
    });
  } catch (const Error& error) {
    if (error.sqlstate() != ERRCODE_INVALID_PARAMETER_VALUE) throw;
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "unknown timezone \"" + openai::short_text(*name, 80) + "\"", "",
                "pg_timezone_names has those that there are, as Europe/Berlin.");
  }
}

void TimeZone::leave() const {
  if (guc_level_ != 0) backend_call([&] { AtEOXact_GUC(true, guc_level_); });
}

}  // namespace kg_batch::extension
