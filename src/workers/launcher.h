#pragma once

namespace kg_batch::workers {

// At preload: the launcher as a static worker, and the hook that ends a
// database's workers before it is dropped, renamed, moved or copied.
void register_launcher();

}  // namespace kg_batch::workers
