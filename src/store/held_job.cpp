#include "store/held_job.h"

#include "backend/spi.h"

namespace kg_batch::store {

bool some_job_is_held() {
  return backend::execute("SELECT 1 FROM kg_batch_internal.job j WHERE j.state IS DISTINCT FROM j.told "
                          "OR j.state = 'running' AND NOT kg_batch_internal.is_open(j.graph_id, j.job_id) LIMIT 1")
             .size() > 0;
}

}  // namespace kg_batch::store
