#include "backend/as_role.h"

#include "backend/bridge.h"

namespace kg_batch::backend {

namespace {
// Below the default of deadlock_timeout: who alters a table and then touches what the
// worker holds gets it, and is not picked as the one to fail.
constexpr const char* longest_wait_for_a_lock = "500ms";
}  // namespace

AsRole::AsRole(unsigned int role, int limit_ms) : role_(role), limit_ms_(limit_ms) {}

void AsRole::enter() {
  backend_call([&] {
    Oid user;
    GetUserIdAndSecContext(&user, &security_context_);
    user_ = user;
    guc_level_ = NewGUCNestLevel();
    SetUserIdAndSecContext(role_, security_context_ | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
    (void)set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    (void)set_config_option("lock_timeout", longest_wait_for_a_lock, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    enable_timeout_after(STATEMENT_TIMEOUT, limit_ms_);
  });
}

void AsRole::leave() {
  backend_call([&] {
    disable_timeout(STATEMENT_TIMEOUT, false);
    AtEOXact_GUC(false, guc_level_);
    SetUserIdAndSecContext(user_, security_context_);
  });
}

}  // namespace kg_batch::backend
