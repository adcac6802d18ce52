// The library's entry: settings, hooks, and, when preloaded, shared memory and
// the launcher. Without preload everything but the launcher works the same.

#include "backend/bridge.h"
#include "backend/planning.h"
#include "backend/settings.h"
#include "backend/shared_memory.h"
#include "backend/wake.h"
#include "workers/launcher.h"

extern "C" {
PG_MODULE_MAGIC;
void _PG_init(void);
}

namespace {

shmem_request_hook_type previous_shmem_request = nullptr;
shmem_startup_hook_type previous_shmem_startup = nullptr;

void request_memory() {
  if (previous_shmem_request != nullptr) previous_shmem_request();
  kg_batch::backend::request_shared_memory();
}

void start_memory() {
  if (previous_shmem_startup != nullptr) previous_shmem_startup();
  kg_batch::backend::entry_point([] { kg_batch::backend::attach_shared_memory(); });
}

}  // namespace

extern "C" void _PG_init(void) {
  using namespace kg_batch;
  backend::entry_point([] {
    backend::register_settings();
    backend::register_wake_callbacks();
    backend::register_planning();
    if (!process_shared_preload_libraries_in_progress) return;
    previous_shmem_request = shmem_request_hook;
    shmem_request_hook = request_memory;
    previous_shmem_startup = shmem_startup_hook;
    shmem_startup_hook = start_memory;
    if (!IsBinaryUpgrade) workers::register_launcher();
  });
}
