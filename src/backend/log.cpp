#include "backend/bridge.h"
#include "backend/log.h"

namespace kg_batch::backend {

void report(Level level, const std::string& message, const std::string& detail, const std::string& hint) {
  const int elevel = level == Level::debug    ? DEBUG1
                     : level == Level::log    ? LOG
                     : level == Level::notice ? NOTICE
                                              : WARNING;
  backend_call([&] {
    ereport(elevel, (errmsg_internal("%s", message.c_str()), detail.empty() ? 0 : errdetail_internal("%s", detail.c_str()),
                     hint.empty() ? 0 : errhint("%s", hint.c_str())));
  });
}

}  // namespace kg_batch::backend
