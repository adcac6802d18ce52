#include "backend/plain_text.h"

#include "backend/bridge.h"

namespace kg_batch::backend {

PlainText::PlainText(bool needed) : needed_(needed) {
  if (!needed_) return;
  level_ = backend_call([] {
    const int level = NewGUCNestLevel();
    for (const Setting& setting : settings_of_text)
      (void)set_config_option(setting.name, setting.value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    return level;
  });
}

void PlainText::leave() {
  if (needed_) backend_call([&] { AtEOXact_GUC(true, level_); });
}

}  // namespace kg_batch::backend
