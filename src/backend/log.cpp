#include "backend/bridge.h"
#include "backend/log.h"
#include "formats/printable.h"

namespace kg_batch::backend {

void report(Level level, const std::string& message, const std::string& detail, const std::string& hint) {
  const int elevel = level == Level::debug    ? DEBUG1
                     : level == Level::log    ? LOG
                     : level == Level::notice ? NOTICE
                                              : WARNING;
  const std::string shown = formats::printable(message, false);
  const std::string shown_detail = formats::printable(detail);
  const std::string shown_hint = formats::printable(hint, false);
  backend_call([&] {
    ereport(elevel, (errmsg_internal("%s", shown.c_str()), shown_detail.empty() ? 0 : errdetail_internal("%s", shown_detail.c_str()),
                     shown_hint.empty() ? 0 : errhint("%s", shown_hint.c_str())));
  });
}

}  // namespace kg_batch::backend
